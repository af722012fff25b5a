//! Handshakes: what both sides can do, and what that makes of later messages.

use super::sample;
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::capability::Capability;
use innkeep_integrations::alpinebits::handshake::{Offer, Ping, agreed};
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::ota::document::Document;
use innkeep_integrations::ota::refusal::Kind;

fn ours() -> Offer {
    Offer::new(
        &[
            Action::Handshake,
            Action::FreeRooms,
            Action::RatePlans,
            Action::BaseRates,
        ],
        Capability::ALL,
    )
}

#[test]
fn the_intersection_is_what_both_said() {
    let ping = Ping::read(sample::ping.as_bytes()).unwrap();
    let text = ping.answer(&ours()).unwrap();
    check(
        text.as_bytes(),
        Action::Handshake,
        Side::Answer,
        &Agreed::all(Version::V2022_10),
    )
    .unwrap();
    let both = agreed(text.as_bytes()).unwrap();
    assert_eq!(
        serde_json::to_value(&both).unwrap(),
        serde_json::json!({ "versions": [{ "version": "2024-10", "actions": [
            { "action": "action_OTA_Ping" },
            { "action": "action_OTA_HotelInvCountNotif",
              "supports": ["OTA_HotelInvCountNotif_accept_categories", "OTA_HotelInvCountNotif_accept_deltas"] },
        ] }] })
    );
    // Unknown versions, actions and words are theirs; what was not agreed on may not be sent.
    assert!(both.agreed(Version::V2022_10, Action::FreeRooms).is_none());
    assert!(both.agreed(Version::V2024_10, Action::GuestRequests).is_none());
    let terms = both.agreed(Version::V2024_10, Action::FreeRooms).unwrap();
    let refusal = check(
        sample::free_rooms.as_bytes(),
        Action::FreeRooms,
        Side::Request,
        &terms,
    )
    .unwrap_err();
    assert_eq!(refusal.kind, Kind::Unsupported);
    check(
        sample::free_rooms_delta
            .replace(r#" InvCode="101""#, "")
            .replace(r#"DBL" InvCode="102""#, r#"TPL""#)
            .as_bytes(),
        Action::FreeRooms,
        Side::Request,
        &terms,
    )
    .unwrap();
}

#[test]
fn the_echo_is_unchanged() {
    let sent = Document::read(sample::ping.as_bytes())
        .unwrap()
        .root()
        .child("EchoData")
        .unwrap()
        .text();
    let text = Ping::read(sample::ping.as_bytes())
        .unwrap()
        .answer(&ours())
        .unwrap();
    let document = Document::read(text.as_bytes()).unwrap();
    assert_eq!(document.root().child("EchoData").unwrap().text(), sent);
}

#[test]
fn capabilities_stand_beside_their_action() {
    let offer = ours();
    for (offered, count) in offer.versions.iter().zip([7 + 13 + 1, 6 + 12 + 1]) {
        for action in &offered.actions {
            let family = action
                .action
                .trim_start_matches("action_")
                .trim_end_matches("_RatePlans");
            assert!(
                action.supports.iter().all(|one| one.starts_with(family)),
                "{action:?}"
            );
        }
        let told: usize = offered.actions.iter().map(|one| one.supports.len()).sum();
        assert_eq!(told, count, "{offered:?}");
    }
}

#[test]
fn our_own_handshake_reads_back() {
    let text = Ping::request(&ours()).unwrap();
    let ping = Ping::read(text.as_bytes()).unwrap();
    assert_eq!(ping.offer, ours());
    assert_eq!(ping.offer.intersection(&ours()), ours());
}

#[test]
fn handshakes_without_an_offer_are_refused() {
    for data in [
        "nothing",
        "{}",
        r#"{"versions":[]}"#,
        r#"{"versions":[{"actions":[]}]}"#,
        r#"{"versions":[{"version":"2024-10","actions":[{}]}]}"#,
    ] {
        let text = format!(
            r#"<OTA_PingRQ xmlns="http://www.opentravel.org/OTA/2003/05" Version="8.000"><EchoData>{data}</EchoData></OTA_PingRQ>"#
        );
        assert_eq!(
            Ping::read(text.as_bytes()).unwrap_err().kind,
            Kind::Rule,
            "{data}"
        );
    }
}
