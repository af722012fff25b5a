//! What a portal asks, it is told by the published rules.

use super::{BASE_RATES, INVENTORY, PING, Portal, form, inventory_request, published};
use crate::support::Server;
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::alpinebits::{handshake, receive};

fn base_rates(range: &str, plans: &str) -> String {
    format!(
        "<OTA_HotelRatePlanRQ xmlns=\"http://www.opentravel.org/OTA/2003/05\" Version=\"3.000\"><RatePlans><RatePlan>\
         {range}{plans}<HotelRef HotelCode=\"H7\"/></RatePlan></RatePlans></OTA_HotelRatePlanRQ>"
    )
}

fn ping(echo: &str) -> String {
    format!(
        "<OTA_PingRQ xmlns=\"http://www.opentravel.org/OTA/2003/05\" Version=\"8.000\"><EchoData>{echo}</EchoData>\
         </OTA_PingRQ>"
    )
}

#[tokio::test]
async fn a_handshake_answers_what_both_sides_can_do() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let echo = r#"{"versions":[{"version":"2024-10","actions":[{"action":"action_OTA_Ping"},
        {"action":"action_OTA_HotelResNotif_GuestRequests","supports":["OTA_HotelResNotif_GuestRequests_accept_RoomRates"]},
        {"action":"action_OTA_HotelInvCountNotif"}]},{"version":"2020-10","actions":[{"action":"action_OTA_Ping"}]}]}"#;
    // No version is agreed on yet.
    let request = portal
        .bare()
        .body(form(&[("action", PING), ("request", &ping(echo))]));
    let answer = portal.send(request).await.is(200);
    assert_eq!(answer.header("x-alpinebits-server-accept-encoding"), Some("gzip"));
    let agreed = handshake::agreed(answer.text.as_bytes()).unwrap();
    let versions: Vec<&str> = agreed.versions.iter().map(|v| v.version.as_str()).collect();
    assert_eq!(versions, ["2024-10"]);
    let actions: Vec<&str> = agreed.versions[0]
        .actions
        .iter()
        .map(|a| a.action.as_str())
        .collect();
    assert_eq!(
        actions,
        ["action_OTA_Ping", "action_OTA_HotelResNotif_GuestRequests"]
    );
    assert_eq!(agreed.versions[0].actions[1].supports.len(), 1);
    let refused = portal.says(PING, &ping("no json")).await.is(200);
    assert!(refused.text.contains("<Errors>"), "{}", refused.text);
}

#[tokio::test]
async fn categories_are_what_is_mapped() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let answer = portal.says(INVENTORY, &inventory_request("H7")).await.is(200);
    let agreed = Agreed::all(Version::V2024_10);
    let told = receive::categories(answer.text.as_bytes(), Side::Answer, &agreed).unwrap();
    let told: Vec<_> = told.iter().map(|c| (c.code.as_str(), c.rooms.len())).collect();
    assert_eq!(told, [("DZ", 5), ("EZ", 2)], "{}", answer.text);
    let other = portal.says(INVENTORY, &inventory_request("H8")).await.is(200);
    assert!(other.text.contains("Type=\"13\" Code=\"392\""), "{}", other.text);
}

#[tokio::test]
async fn prices_are_of_the_plan_in_every_mapped_category() {
    let server = Server::start().await;
    let portal = Portal::new(&server).await;
    let range = "<DateRange Start=\"2027-02-01\" End=\"2027-02-10\"/>";
    let answer = portal.says(BASE_RATES, &base_rates(range, "")).await.is(200);
    let text = &answer.text;
    check(
        text.as_bytes(),
        Action::BaseRates,
        Side::Answer,
        &Agreed::all(Version::V2024_10),
    )
    .unwrap();
    // Neighbours of one price are one.
    for (category, price) in [("DZ", "150"), ("EZ", "100")] {
        let rate = format!("<Rate InvTypeCode=\"{category}\" Start=\"2027-02-01\" End=\"2027-02-10\">");
        assert_eq!(text.matches(&rate).count(), 1, "{text}");
        assert!(text.contains(&format!("AmountAfterTax=\"{price}")), "{text}");
    }
    assert!(
        text.contains("RatePlanCode=\"STD\"") && text.contains("CurrencyCode=\"EUR\""),
        "{text}"
    );
    let only = "<RatePlanCandidates><RatePlanCandidate RatePlanCode=\"other\"/></RatePlanCandidates>";
    let none = portal.says(BASE_RATES, &base_rates(range, only)).await.is(200);
    assert!(none.text.contains("<Errors>"), "{}", none.text);
    // What changed is not offered, so it cannot be asked for.
    let delta = portal.says(BASE_RATES, &base_rates("", "")).await.is(200);
    assert!(
        delta.text.contains("OTA_HotelRatePlan_BaseRates_deltas"),
        "{}",
        delta.text
    );
}

#[tokio::test]
async fn published_questions_are_answered_by_the_published_rules() {
    let server = Server::start().await;
    let portal = Portal::calling(&server, "123").await;
    for version in Version::ALL {
        for (action, name, file) in [
            (Action::Handshake, PING, "Handshake-OTA_PingRQ.xml"),
            (
                Action::InventoryPull,
                INVENTORY,
                "Inventory-Pull-OTA_HotelDescriptiveInfoRQ-basic.xml",
            ),
            (Action::BaseRates, BASE_RATES, "BaseRates-OTA_HotelRatePlanRQ.xml"),
        ] {
            let Some(message) = published(version.as_str(), file) else {
                return;
            };
            let form = form(&[("action", name), ("request", &message)]);
            let request = portal.bare().header(super::VERSION, version.as_str()).body(form);
            let answer = portal.send(request).await.is(200);
            let verdict = check(
                answer.text.as_bytes(),
                action,
                Side::Answer,
                &Agreed::all(version),
            );
            verdict.unwrap_or_else(|refusal| panic!("{version:?} {name}: {refusal}\n{}", answer.text));
        }
    }
}
