//! What the portal's guests ask for and book, as it is told to the hotel.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::hotel::{Hotel, Spec};
use super::message::escaped;
use crate::clock;

/// As it is entered; a change that leaves something out keeps it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stay {
    pub(crate) category: String,
    pub(crate) plan: String,
    pub(crate) arrival: NaiveDate,
    pub(crate) departure: NaiveDate,
    #[serde(default = "two")]
    pub(crate) adults: u32,
    #[serde(default = "hundred")]
    pub(crate) price_per_night: Decimal,
    #[serde(default = "ada")]
    pub(crate) surname: String,
    /// As the guest typed it: the standard takes no blanks, and portals that do not look pass them on.
    #[serde(default)]
    pub(crate) phone: Option<String>,
    /// A question: nothing is sold.
    #[serde(default)]
    pub(crate) question: bool,
    /// Sold although nothing is believed to be free.
    #[serde(default)]
    pub(crate) force: bool,
}

fn two() -> u32 {
    2
}

fn hundred() -> Decimal {
    Decimal::ONE_HUNDRED
}

fn ada() -> String {
    "Lovelace".to_owned()
}

/// One thing the hotel has to hear of.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// `Requested`, `Reserved`, `Modify` or `Cancelled`.
    pub(crate) status: &'static str,
    pub(crate) stay: Stay,
    created: DateTime<Utc>,
    pub(crate) changed: DateTime<Utc>,
    /// Was it in an answer already? Only then an acknowledgement can mean it.
    pub(crate) shown: bool,
    pub(crate) acknowledged: bool,
    /// The hotel's words.
    pub(crate) refused: Option<String>,
    /// What the hotel says became of it.
    pub(crate) standing: Option<String>,
}

impl Stay {
    pub(crate) fn nights(&self) -> impl Iterator<Item = NaiveDate> {
        let departure = self.departure;
        self.arrival
            .iter_days()
            .take_while(move |night| *night < departure)
    }

    /// Is it believed to be for sale?
    pub(crate) fn is_free(&self, hotel: &Hotel) -> bool {
        self.nights().all(|night| {
            let free = hotel.believed(&self.category, night).unwrap_or_default();
            let cell = hotel
                .plans
                .get(&(self.plan.clone(), self.category.clone(), night));
            free > 0 && cell.is_some_and(|cell| cell.open && cell.price.is_some())
        })
    }

    fn xml(&self, currency: &str) -> String {
        let nights = Decimal::from((self.departure - self.arrival).num_days());
        format!(
            "<RoomStays><RoomStay><RoomTypes><RoomType RoomTypeCode=\"{}\"/></RoomTypes><RatePlans>\
             <RatePlan RatePlanCode=\"{}\"/></RatePlans><GuestCounts><GuestCount Count=\"{}\"/></GuestCounts>\
             <TimeSpan Start=\"{}\" End=\"{}\"/><Total AmountAfterTax=\"{}\" CurrencyCode=\"{currency}\"/>\
             </RoomStay></RoomStays>",
            escaped(&self.category),
            escaped(&self.plan),
            self.adults,
            self.arrival,
            self.departure,
            self.price_per_night * nights
        )
    }

    fn customer(&self) -> String {
        let phone = self.phone.as_deref().map_or_else(String::new, |phone| {
            format!(
                "<Telephone PhoneTechType=\"5\" PhoneNumber=\"{}\"/>",
                escaped(phone)
            )
        });
        format!(
            "<Customer><PersonName><GivenName>Ada</GivenName><Surname>{}</Surname></PersonName>{phone}\
             <Email>ada@example.com</Email></Customer>",
            escaped(&self.surname)
        )
    }
}

impl Item {
    pub(crate) fn new(stay: Stay, now: DateTime<Utc>) -> Self {
        let status = if stay.question { "Requested" } else { "Reserved" };
        Self {
            id: uuid::Uuid::new_v4().simple().to_string(),
            status,
            stay,
            created: now,
            changed: now,
            shown: false,
            acknowledged: false,
            refused: None,
            standing: None,
        }
    }

    /// What becomes of it.
    pub(crate) fn next(&self, status: &'static str, stay: Stay, now: DateTime<Utc>) -> Self {
        Self {
            status,
            stay,
            changed: now,
            shown: false,
            acknowledged: false,
            refused: None,
            standing: None,
            ..self.clone()
        }
    }

    /// 14, or 15 for a cancellation.
    pub(crate) fn kind(&self) -> &'static str {
        if self.status == "Cancelled" { "15" } else { "14" }
    }

    pub(crate) fn waits(&self) -> bool {
        !self.acknowledged && self.refused.is_none()
    }

    pub(crate) fn view(&self) -> Value {
        json!({
            "id": self.id, "status": self.status, "acknowledged": self.acknowledged, "refused": self.refused,
            "standing": self.standing,
            "changed": clock::rfc3339(self.changed), "arrival": self.stay.arrival, "departure": self.stay.departure,
            "category": self.stay.category, "plan": self.stay.plan,
        })
    }

    pub(crate) fn xml(&self, code: &str, spec: &Spec) -> String {
        let changed = match self.status {
            "Requested" | "Reserved" => String::new(),
            _ if spec.omits_last_modified => String::new(),
            _ => format!(" LastModifyDateTime=\"{}\"", clock::rfc3339(self.changed)),
        };
        let head = format!(
            "<HotelReservation CreateDateTime=\"{}\"{changed} ResStatus=\"{}\"><UniqueID Type=\"{}\" ID=\"{}\"/>",
            clock::rfc3339(self.created),
            self.status,
            self.kind(),
            self.id
        );
        if self.status == "Cancelled" {
            return head + "</HotelReservation>";
        }
        format!(
            "{head}{}<ResGuests><ResGuest><Profiles><ProfileInfo><Profile>{}</Profile></ProfileInfo></Profiles>\
             </ResGuest></ResGuests><ResGlobalInfo><BasicPropertyInfo HotelCode=\"{}\"/></ResGlobalInfo>\
             </HotelReservation>",
            self.stay.xml(&spec.currency),
            self.stay.customer(),
            escaped(code)
        )
    }
}
