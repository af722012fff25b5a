//! The portal: what it is told it believes, what it sells waits until it is acknowledged, and it can be made to fail.

use crate::support::{Answer, Fixture, is_ahead};
use serde_json::{Value, json};

const BOUNDARY: &str = "test-boundary";
const CONTROL: &str = "/sandbox/alpinebits/hotels/H7";
const FREE_ROOMS: &str = "OTA_HotelInvCountNotif:FreeRooms";
const READ: &str = "OTA_Read:GuestRequests";
const REPORT: &str = "OTA_NotifReport:GuestRequests";

/// A portal that knows the hotel `H7`, which logs in as `h7`.
async fn portal() -> Fixture {
    let fixture = Fixture::start().await;
    let spec = json!({ "user": "h7", "password": "secret", "categories": ["DZ", "EZ"] });
    assert_eq!(fixture.put(CONTROL, spec).await.status, 200);
    fixture
}

/// What a hotel sends: an action and its message, logged in and in a version.
pub struct Message<'a> {
    action: &'a str,
    text: String,
    log_in: (&'a str, &'a str),
    version: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// Of the hotel `h7`, in the newest version.
    pub fn new(action: &'a str, root: &str, inside: &str) -> Self {
        Self {
            action,
            text: format!(
                "<{root} xmlns=\"http://www.opentravel.org/OTA/2003/05\" Version=\"1.000\">{inside}</{root}>"
            ),
            log_in: ("h7", "secret"),
            version: Some("2024-10"),
        }
    }

    /// All that we can, asked of what the portal can.
    fn handshake() -> Self {
        let asked = json!({ "versions": [
            { "version": "2024-10", "actions": [{ "action": "action_OTA_Read" }] },
            { "version": "2022-10", "actions": [{ "action": "action_OTA_Read" }] },
        ] });
        let data = format!("<EchoData>{asked}</EchoData>");
        Self::new("OTA_Ping:Handshaking", "OTA_PingRQ", &data)
    }

    pub fn of(self, user: &'a str, password: &'a str) -> Self {
        Self {
            log_in: (user, password),
            ..self
        }
    }

    fn under(self, version: Option<&'a str>) -> Self {
        Self { version, ..self }
    }

    pub async fn sent(&self, fixture: &Fixture) -> Answer {
        let part = |name: &str, value: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let form = part("action", self.action) + &part("request", &self.text);
        let request = fixture
            .http
            .post(format!("{}/alpinebits", fixture.base))
            .basic_auth(self.log_in.0, Some(self.log_in.1))
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            );
        let request = match self.version {
            Some(version) => request.header("x-alpinebits-clientprotocolversion", version),
            None => request,
        };
        fixture
            .send(request.body(form + &format!("--{BOUNDARY}--\r\n")))
            .await
    }
}

async fn says(fixture: &Fixture, password: &str, action: &str, root: &str, inside: &str) -> Answer {
    let message = Message::new(action, root, inside);
    message.of("h7", password).sent(fixture).await
}

fn text(answer: &Answer) -> &str {
    answer.body.as_str().unwrap_or_default()
}

async fn free_rooms(fixture: &Fixture, complete: bool, told: &[(&str, &str, &str, u32)]) -> Answer {
    let set = "<UniqueID Type=\"16\" ID=\"1\" Instance=\"CompleteSet\"/>";
    let all: String = told
        .iter()
        .map(|(room, from, to, free)| {
            let counts = format!("<InvCounts><InvCount CountType=\"2\" Count=\"{free}\"/></InvCounts>");
            let counts = if *free > 0 { counts } else { String::new() };
            format!(
                "<Inventory><StatusApplicationControl Start=\"{from}\" End=\"{to}\" InvTypeCode=\"{room}\"/>{counts}\
                 </Inventory>"
            )
        })
        .collect();
    let set = if complete { set } else { "" };
    let inside = format!("{set}<Inventories HotelCode=\"H7\">{all}</Inventories>");
    says(fixture, "secret", FREE_ROOMS, "OTA_HotelInvCountNotifRQ", &inside).await
}

async fn free(fixture: &Fixture, room: &str, night: &str) -> Value {
    let path = format!("{CONTROL}/calendar?from={night}&to={night}");
    fixture.get(&path).await.body["free"][room][night].clone()
}

#[tokio::test]
async fn a_delta_changes_what_it_names_and_a_complete_set_forgets_the_rest() {
    let fixture = portal().await;
    let all = [
        ("DZ", "2027-02-01", "2027-02-10", 3),
        ("EZ", "2027-02-01", "2027-02-10", 1),
    ];
    assert!(text(&free_rooms(&fixture, true, &all).await).contains("<Success/>"));
    free_rooms(&fixture, false, &[("DZ", "2027-02-03", "2027-02-03", 0)]).await;
    assert_eq!(free(&fixture, "DZ", "2027-02-02").await, 3);
    assert_eq!(free(&fixture, "DZ", "2027-02-03").await, 0);
    assert_eq!(
        free(&fixture, "DZ", "2027-02-10").await,
        3,
        "the last night is included"
    );
    assert_eq!(free(&fixture, "DZ", "2027-02-11").await, Value::Null);
    free_rooms(&fixture, true, &all[..1]).await;
    assert_eq!(free(&fixture, "DZ", "2027-02-03").await, 3);
    assert_eq!(free(&fixture, "EZ", "2027-02-01").await, Value::Null, "forgotten");
    let strange = free_rooms(&fixture, false, &[("XX", "2027-02-01", "2027-02-01", 1)]).await;
    assert!(text(&strange).contains("RecordID=\"XX\""), "{}", text(&strange));
}

async fn waiting(fixture: &Fixture, criteria: &str) -> String {
    let inside = format!(
        "<ReadRequests><HotelReadRequest HotelCode=\"H7\">{criteria}</HotelReadRequest></ReadRequests>"
    );
    text(&says(fixture, "secret", READ, "OTA_ReadRQ", &inside).await).to_owned()
}

async fn acknowledge(fixture: &Fixture, kind: &str, id: &str) {
    let inside = format!(
        "<Success/><NotifDetails><HotelNotifReport><HotelReservations><HotelReservation>\
         <UniqueID Type=\"{kind}\" ID=\"{id}\"/></HotelReservation></HotelReservations></HotelNotifReport></NotifDetails>"
    );
    let answer = says(fixture, "secret", REPORT, "OTA_NotifReportRQ", &inside).await;
    assert!(text(&answer).contains("<Success/>"), "{}", text(&answer));
}

#[tokio::test]
async fn what_it_sells_waits_until_it_is_acknowledged() {
    let fixture = portal().await;
    let path = format!("{CONTROL}/reservations");
    let stay = json!({ "category": "DZ", "plan": "STD", "arrival": "2027-02-01", "departure": "2027-02-03" });
    assert_eq!(
        fixture.post(&path, stay.clone()).await.status,
        409,
        "nothing was told"
    );
    let mut forced = stay;
    forced["force"] = json!(true);
    let sold = fixture.post(&path, forced).await;
    assert_eq!(sold.status, 201, "{}", sold.body);
    let id = sold.body["id"].as_str().unwrap();
    assert!(waiting(&fixture, "").await.contains(id));
    acknowledge(&fixture, "14", id).await;
    assert!(!waiting(&fixture, "").await.contains(id));
    let since = "<SelectionCriteria Start=\"2020-01-01T00:00:00Z\"/>";
    assert!(waiting(&fixture, since).await.contains(id), "recovered by date");

    assert_eq!(
        fixture
            .post(&format!("{path}/{id}/cancel"), json!({}))
            .await
            .status,
        201
    );
    let listed = waiting(&fixture, "").await;
    assert!(listed.contains(&format!("Type=\"15\" ID=\"{id}\"")), "{listed}");
    acknowledge(&fixture, "14", id).await;
    assert!(waiting(&fixture, "").await.contains(id), "that was the sale's");
    acknowledge(&fixture, "15", id).await;
    assert!(!waiting(&fixture, "").await.contains(id));
}

#[tokio::test]
async fn it_fails_as_it_is_told_to() {
    let fixture = portal().await;
    let told = [("DZ", "2027-02-01", "2027-02-01", 3)];
    let stranger = says(&fixture, "wrong", FREE_ROOMS, "OTA_HotelInvCountNotifRQ", "").await;
    assert_eq!(stranger.status, 401);
    fixture.faults(json!({ "error_rate": 1.0 })).await;
    assert!((500..504).contains(&free_rooms(&fixture, true, &told).await.status));
    fixture.faults(json!({ "outage": true })).await;
    assert_eq!(free_rooms(&fixture, true, &told).await.status, 503);
    fixture
        .faults(json!({ "timeout_before_apply_rate": 1.0, "hang_ms": 1 }))
        .await;
    assert_eq!(free_rooms(&fixture, true, &told).await.status, 504);
    assert_eq!(
        free(&fixture, "DZ", "2027-02-01").await,
        Value::Null,
        "nothing was applied"
    );
    fixture
        .faults(json!({ "timeout_after_apply_rate": 1.0, "hang_ms": 1 }))
        .await;
    assert_eq!(free_rooms(&fixture, true, &told).await.status, 504);
    assert_eq!(
        free(&fixture, "DZ", "2027-02-01").await,
        3,
        "applied, and never said"
    );
    fixture.faults(json!({})).await;
    assert_eq!(free_rooms(&fixture, true, &told).await.status, 200);
}

fn period(kind: &str, from: &str, to: &str, counts: &str) -> String {
    format!(
        "<Inventory><StatusApplicationControl Start=\"2027-02-{from}\" End=\"2027-02-{to}\" {kind}/>{counts}</Inventory>"
    )
}

#[tokio::test]
async fn seasons_stand_first_in_a_complete_set_and_close_the_house() {
    let fixture = portal().await;
    let set = "<UniqueID Type=\"16\" ID=\"1\" Instance=\"CompleteSet\"/>";
    let three = "<InvCounts><InvCount CountType=\"2\" Count=\"3\"/></InvCounts>";
    let room = period("InvTypeCode=\"DZ\"", "01", "04", three);
    let season = period("AllInvCode=\"true\"", "05", "08", "");
    let says = async |set: &str, all: &[&str]| {
        let inside = format!(
            "{set}<Inventories HotelCode=\"H7\">{}</Inventories>",
            all.concat()
        );
        let answer = says(
            &fixture,
            "secret",
            FREE_ROOMS,
            "OTA_HotelInvCountNotifRQ",
            &inside,
        )
        .await;
        text(&answer).contains("<Success/>")
    };
    let meeting = period("AllInvCode=\"true\"", "08", "09", "");
    let counted = period("AllInvCode=\"true\"", "10", "11", three);
    for (set, all) in [
        ("", vec![season.as_str(), &room]),
        (set, vec![&room, &season]),
        (set, vec![&season, &meeting, &room]),
        (set, vec![&counted, &room]),
        (set, vec![&season, &room, &room]),
        ("", vec!["<Inventory/>"]),
    ] {
        assert!(!says(set, &all).await, "{all:?}");
    }
    assert_eq!(
        free(&fixture, "DZ", "2027-02-01").await,
        Value::Null,
        "nothing was taken"
    );
    assert!(says(set, &[&season, &room]).await);
    assert_eq!(free(&fixture, "DZ", "2027-02-05").await, 0);
    assert_eq!(free(&fixture, "DZ", "2027-02-09").await, Value::Null);
    // A change does not open the house.
    let change = period("InvTypeCode=\"DZ\"", "05", "05", three);
    assert!(says("", &[&change]).await);
    assert_eq!(free(&fixture, "DZ", "2027-02-05").await, 0);
    assert!(says(set, &["<Inventory/>"]).await);
    assert_eq!(free(&fixture, "DZ", "2027-02-05").await, Value::Null);
}

#[tokio::test]
async fn an_inventory_names_each_category_and_then_its_rooms() {
    let fixture = portal().await;
    let category = |code: &str| {
        format!(
            "<GuestRoom Code=\"{code}\" MinOccupancy=\"1\" MaxOccupancy=\"2\"><TypeRoom StandardOccupancy=\"2\" \
             RoomClassificationCode=\"42\"/><MultimediaDescriptions><MultimediaDescription InfoCode=\"25\"><TextItems>\
             <TextItem><Description TextFormat=\"PlainText\" Language=\"en\">Suite</Description></TextItem></TextItems>\
             </MultimediaDescription></MultimediaDescriptions></GuestRoom>"
        )
    };
    let room = "<GuestRoom Code=\"SU\"><TypeRoom RoomID=\"301\"/></GuestRoom>";
    let says = async |rooms: &str| {
        let inside = format!(
            "<HotelDescriptiveContents><HotelDescriptiveContent HotelCode=\"H7\"><FacilityInfo><GuestRooms>{rooms}\
             </GuestRooms></FacilityInfo></HotelDescriptiveContent></HotelDescriptiveContents>"
        );
        let action = "OTA_HotelDescriptiveContentNotif:Inventory";
        let root = "OTA_HotelDescriptiveContentNotifRQ";
        text(&says(&fixture, "secret", action, root, &inside).await).contains("<Success/>")
    };
    for wrong in [
        room.to_owned(),
        category("SU") + &category("DZ") + &category("SU"),
        category("SU") + &category("DZ") + room,
    ] {
        assert!(!says(&wrong).await, "{wrong}");
    }
    let told = [("SU", "2027-02-01", "2027-02-01", 1)];
    assert!(text(&free_rooms(&fixture, true, &told).await).contains("RecordID=\"SU\""));
    assert!(says(&(category("SU") + room)).await);
    let there = fixture.get(&format!("{CONTROL}/inventory")).await.body;
    assert_eq!(there["categories"]["SU"]["rooms"], json!(["301"]));
    free_rooms(&fixture, true, &told).await;
    assert_eq!(free(&fixture, "SU", "2027-02-01").await, 1);
}

/// The standard has the header in every request; the handshake's may name any version, there it is only asked.
#[tokio::test]
async fn every_request_names_its_version() {
    let fixture = portal().await;
    let read = || Message::new(READ, "OTA_ReadRQ", "");
    for message in [
        Message::handshake().under(None),
        Message::handshake().under(Some("newest")),
        Message::handshake().under(Some("2024-1")),
        Message::handshake().under(Some("2024-10bb")),
        read().under(None),
        Message::new("OTA_Nonsense", "OTA_Nonsense", "").under(None),
    ] {
        let refused = message.sent(&fixture).await;
        assert_eq!(refused.status, 400, "{:?}", message.version);
        let why = "ERROR:X-AlpineBits-ClientProtocolVersion";
        assert!(text(&refused).starts_with(why), "{}", text(&refused));
    }
    for version in ["2024-10", "2022-10", "2020-10", "2012-05b"] {
        let greeted = Message::handshake().under(Some(version)).sent(&fixture).await;
        assert_eq!(greeted.status, 200, "{version}: {}", text(&greeted));
    }
    let unspoken = read().under(Some("2020-10")).sent(&fixture).await;
    assert_eq!(
        unspoken.status, 400,
        "but for the handshake it has to be agreed on"
    );
    let calls = fixture.get(&format!("{CONTROL}/calls")).await.body["calls"].clone();
    assert_eq!(
        (&calls[0]["version"], &calls[0]["status"]),
        (&Value::Null, &json!(400))
    );
}

#[tokio::test]
async fn a_strict_portal_shakes_hands_in_its_own_versions_only() {
    let fixture = portal().await;
    let mut spec = json!({ "user": "h7", "password": "secret", "versions": ["2022-10"] });
    assert_eq!(fixture.put(CONTROL, spec.clone()).await.status, 200);
    let lenient = Message::handshake().sent(&fixture).await;
    assert_eq!(lenient.status, 200, "{}", text(&lenient));
    spec["strict_handshake"] = json!(true);
    assert_eq!(fixture.put(CONTROL, spec).await.status, 200);
    let refused = Message::handshake().sent(&fixture).await;
    assert!(
        refused.status == 400 && text(&refused).starts_with("ERROR:"),
        "{}",
        text(&refused)
    );
    let older = Message::handshake().under(Some("2022-10")).sent(&fixture).await;
    assert_eq!(older.status, 200, "{}", text(&older));
    assert!(text(&older).contains("&quot;2022-10&quot;"), "{}", text(&older));
}

/// Sold whatever the portal was told; the id.
async fn sold(fixture: &Fixture, more: Value) -> String {
    let mut stay = json!({ "category": "DZ", "plan": "STD", "arrival": "2027-02-01", "departure": "2027-02-03",
        "force": true });
    stay.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = fixture.post(&format!("{CONTROL}/reservations"), stay).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn changes_need_not_say_when_they_were_made() {
    let fixture = portal().await;
    let id = sold(&fixture, json!({})).await;
    let path = format!("{CONTROL}/reservations/{id}");
    let stay = json!({ "category": "EZ", "plan": "STD", "arrival": "2027-02-01", "departure": "2027-02-02" });
    assert_eq!(fixture.post(&format!("{path}/modify"), stay).await.status, 201);
    assert!(waiting(&fixture, "").await.contains(" LastModifyDateTime=\""));
    let spec = json!({ "user": "h7", "password": "secret", "omits_last_modified": true });
    assert_eq!(fixture.put(CONTROL, spec).await.status, 200);
    let created = |listed: &str| {
        let (_, rest) = listed.split_once("CreateDateTime=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let modified = waiting(&fixture, "").await;
    assert!(modified.contains("ResStatus=\"Modify\""), "{modified}");
    assert_eq!(
        fixture.post(&format!("{path}/cancel"), json!({})).await.status,
        201
    );
    acknowledge(&fixture, "14", &id).await;
    let cancelled = waiting(&fixture, "").await;
    assert!(cancelled.contains("ResStatus=\"Cancelled\""), "{cancelled}");
    assert_eq!(created(&modified), created(&cancelled), "the booking's, again");
    assert!(!(modified + &cancelled).contains("LastModify"));
}

/// One of three that breaks the schema, which has no blanks there.
#[tokio::test]
async fn a_phone_number_is_passed_on_as_it_was_typed() {
    let fixture = portal().await;
    for more in [
        json!({}),
        json!({ "phone": "+39 0471 12345" }),
        json!({ "phone": "+39047112345" }),
    ] {
        sold(&fixture, more).await;
    }
    let listed = waiting(&fixture, "").await;
    let typed = "</PersonName><Telephone PhoneTechType=\"5\" PhoneNumber=\"+39 0471 12345\"/><Email>";
    assert!(listed.contains(typed), "{listed}");
    assert_eq!(listed.matches("<Telephone").count(), 2);
    assert_eq!(listed.matches("<HotelReservation ").count(), 3);
}

#[tokio::test]
async fn a_wrong_clock_shows_in_reservations() {
    let fixture = portal().await;
    fixture.faults(json!({ "clock_skew_s": 7200 })).await;
    let id = sold(&fixture, json!({})).await;
    let path = format!("{CONTROL}/reservations/{id}/cancel");
    assert_eq!(fixture.post(&path, json!({})).await.status, 201);
    let listed = waiting(&fixture, "").await;
    for name in ["CreateDateTime", "LastModifyDateTime"] {
        let (_, rest) = listed.split_once(&format!("{name}=\"")).unwrap();
        assert!(is_ahead(&json!(rest.split_once('"').unwrap().0)), "{listed}");
    }
}
