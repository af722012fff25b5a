//! `/alpinebits`: a portal logs in, pushes what it sold, and asks what there is. Messages are our own, and the published
//! ones where they lie beside the workspace.

mod asked;
mod asked_for;
mod called;
mod refused;
mod sale;
mod shown;
mod sold;
mod standing;
mod whole;

use crate::support::{Answer, Server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use innkeep_domain::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::path::PathBuf;

pub const PUSH: &str = "OTA_HotelResNotif:GuestRequests";
pub const INVENTORY: &str = "OTA_HotelDescriptiveInfo:Inventory";
pub const BASE_RATES: &str = "OTA_HotelRatePlan:BaseRates";
pub const PING: &str = "OTA_Ping:Handshaking";
const VERSION: &str = "X-AlpineBits-ClientProtocolVersion";
const BOUNDARY: &str = "alpine-bits";

pub struct Portal<'a> {
    pub server: &'a Server,
    pub connection: String,
    pub user_name: String,
    pub password: String,
}

impl<'a> Portal<'a> {
    /// Calls the hotel `H7`, its doubles `DZ` and its singles `EZ`, and the base plan `STD`.
    pub async fn new(server: &'a Server) -> Self {
        Self::calling(server, "H7").await
    }

    pub async fn calling(server: &'a Server, hotel: &str) -> Self {
        let new = json!({ "property_id": server.adler.property_id, "protocol": "alpinebits", "name": "Portal",
                          "external_property": hotel });
        let made = server
            .manager()
            .post("/v1/channel-connections", &new)
            .await
            .is(201);
        assert_eq!(made.body["hook_path"], "/alpinebits");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let portal = Self {
            server,
            connection: text(&made.body["connection"]["id"]),
            user_name: text(&made.body["user_name"]),
            password: text(&made.body["password"]),
        };
        let house = &server.adler;
        let (single, double) = (house.unit_type("SGL"), house.unit_type("DBL"));
        let mapping = json!({
            "rooms": [{ "unit_type_id": single, "external_id": "EZ" }, { "unit_type_id": double, "external_id": "DZ" }],
            "rates": [{ "unit_type_id": single, "rate_plan_id": house.base_plan, "external_id": "STD" }],
        });
        let path = format!("/v1/channel-connections/{}/mappings", portal.connection);
        server.manager().put(&path, &mapping).await.is(200);
        portal
    }

    /// A request with everything it needs.
    pub fn request(&self, action: &str, message: &str) -> RequestBuilder {
        let body = form(&[("action", action), ("request", message)]);
        self.bare().header(VERSION, "2024-10").body(body)
    }

    /// Logged in, and a form; without version and body.
    pub fn bare(&self) -> RequestBuilder {
        let nobody = self.server.nobody();
        let pair = STANDARD.encode(format!("{}:{}", self.user_name, self.password));
        nobody
            .request(Method::POST, "/alpinebits")
            .header("authorization", format!("Basic {pair}"))
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.server.nobody().send(request).await
    }

    pub async fn says(&self, action: &str, message: &str) -> Answer {
        self.send(self.request(action, message)).await
    }

    /// The hotel's bookings, newest first.
    pub async fn bookings(&self) -> Vec<Value> {
        let desk = self.server.caller(&self.server.adler, Role::FrontDesk);
        desk.get("/v1/bookings").await.is(200).items().to_vec()
    }
}

pub fn form(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + &format!("--{BOUNDARY}--\r\n")
}

/// A published message; none where the folder is absent.
pub fn published(version: &str, name: &str) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/alpinebits/samples");
    std::fs::read_to_string(folder.join(version.replace('-', "_")).join(name)).ok()
}

/// What a portal sold, or what became of it.
pub struct Sold<'a> {
    pub id: &'a str,
    pub status: &'a str,
    /// When it was changed last; empty = never.
    pub changed: &'a str,
    pub hotel: &'a str,
    /// Category, arrival and departure of each room.
    pub rooms: &'a [(&'a str, &'a str, &'a str)],
}

impl Default for Sold<'_> {
    fn default() -> Self {
        Self {
            id: "r-1",
            status: "Reserved",
            changed: "",
            hotel: "H7",
            rooms: &[("DZ", "2027-02-01", "2027-02-03")],
        }
    }
}

impl Sold<'_> {
    fn xml(&self) -> String {
        let kind = if self.status == "Cancelled" { 15 } else { 14 };
        let changed = match self.changed {
            "" => String::new(),
            at => format!(" LastModifyDateTime=\"{at}\""),
        };
        let head = format!(
            "<HotelReservation CreateDateTime=\"2027-01-03T10:00:00Z\"{changed} ResStatus=\"{}\">\
             <UniqueID Type=\"{kind}\" ID=\"{}\"/>",
            self.status, self.id
        );
        if kind == 15 {
            return head + "</HotelReservation>";
        }
        let rooms: String = self.rooms.iter().map(room).collect();
        format!(
            "{head}<RoomStays>{rooms}</RoomStays><ResGuests><ResGuest><Profiles><ProfileInfo><Profile><Customer>\
             <PersonName><GivenName>Otto</GivenName><Surname>Booker</Surname></PersonName>\
             <Email>otto@example.com</Email></Customer></Profile></ProfileInfo></Profiles></ResGuest></ResGuests>\
             <ResGlobalInfo><Comments><Comment Name=\"customer comment\"><Text>My card is 4111 1111 1111 1111</Text>\
             </Comment></Comments><BasicPropertyInfo HotelCode=\"{}\"/></ResGlobalInfo></HotelReservation>",
            self.hotel
        )
    }
}

fn room((code, from, to): &(&str, &str, &str)) -> String {
    format!(
        "<RoomStay><RoomTypes><RoomType RoomTypeCode=\"{code}\"/></RoomTypes><RatePlans>\
         <RatePlan RatePlanCode=\"STD\"/></RatePlans><GuestCounts><GuestCount Count=\"2\"/></GuestCounts>\
         <TimeSpan Start=\"{from}\" End=\"{to}\"/><Guarantee><GuaranteesAccepted><GuaranteeAccepted>\
         <PaymentCard CardCode=\"VI\" ExpireDate=\"1230\"><CardHolderName>Otto Holder</CardHolderName><CardNumber>\
         <PlainText>4444333322221111 </PlainText></CardNumber></PaymentCard></GuaranteeAccepted></GuaranteesAccepted>\
         </Guarantee><Total AmountAfterTax=\"200.50\" CurrencyCode=\"EUR\"/></RoomStay>"
    )
}

pub fn push(all: &[Sold<'_>]) -> String {
    let all: String = all.iter().map(Sold::xml).collect();
    format!(
        "<OTA_HotelResNotifRQ xmlns=\"http://www.opentravel.org/OTA/2003/05\" Version=\"1.000\"><HotelReservations>\
         {all}</HotelReservations></OTA_HotelResNotifRQ>"
    )
}

pub fn inventory_request(hotel: &str) -> String {
    format!(
        "<OTA_HotelDescriptiveInfoRQ xmlns=\"http://www.opentravel.org/OTA/2003/05\" Version=\"3.000\">\
         <HotelDescriptiveInfos><HotelDescriptiveInfo HotelCode=\"{hotel}\"/></HotelDescriptiveInfos>\
         </OTA_HotelDescriptiveInfoRQ>"
    )
}
