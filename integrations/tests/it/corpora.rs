//! Third-party samples, where they lie beside the workspace: every booking among them must read.

use crate::server::{Channel, access, reply};
use innkeep_domain::channel::revision::{ChannelRevision, RevisionStatus};
use innkeep_domain::ports::channel::{ChannelError, RateFields, RateRange};
use innkeep_integrations::channex;
use innkeep_integrations::outbound::{Options, Outbound};
use rust_decimal::Decimal;
use serde_json::Value;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/channex/json")
}

/// File name and content of the samples whose names begin so; none where the folder is absent.
fn samples(prefix: &str) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(folder()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(prefix) {
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn bookings() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, text) in samples("bookings-collection__") {
        let value: Value = serde_json::from_str(&text).unwrap();
        let entries = match value.get("data") {
            Some(Value::Array(entries)) => entries.clone(),
            Some(entry) => vec![entry.clone()],
            None => Vec::new(),
        };
        let bookings = entries
            .into_iter()
            .filter(|entry| entry.pointer("/attributes/rooms").is_some());
        found.extend(bookings.map(|entry| (name.clone(), entry)));
    }
    found
}

fn read(name: &str, entry: &Value) -> ChannelRevision {
    let reader = channex::protocol(Outbound::new(Options::default()).unwrap()).reader;
    reader
        .read(&entry.to_string())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_booking_reads() {
    let bookings = bookings();
    assert!(
        bookings.is_empty() || bookings.len() >= 10,
        "only {} samples",
        bookings.len()
    );
    for (name, entry) in &bookings {
        let revision = read(name, entry);
        let attributes = &entry["attributes"];
        assert_eq!(
            revision.total.to_string(),
            attributes["amount"].as_str().unwrap(),
            "{name}"
        );
        assert_eq!(revision.code, attributes["unique_id"].as_str().unwrap(), "{name}");
        assert!(
            revision.revised_at.is_some() && revision.booker.name.contains(' '),
            "{name}"
        );
        assert_ne!(revision.booking_ref, revision.revision, "{name}");
        for room in &revision.rooms {
            let sum: Decimal = room.nights.iter().map(|(_, price)| *price).sum();
            assert_eq!(sum, room.amount, "{name}");
            let length = (room.departure - room.arrival).num_days();
            assert_eq!(room.nights.len(), usize::try_from(length).unwrap(), "{name}");
        }
    }
}

/// Each service and tax of a sample is carried with its name and amount.
#[test]
fn services_and_taxes_are_carried() {
    for (name, entry) in &bookings() {
        let told = read(name, entry).particulars;
        let attributes = &entry["attributes"];
        let count = |key: &str| {
            let rooms = attributes["rooms"].as_array().into_iter().flatten();
            let places = std::iter::once(attributes).chain(rooms);
            places
                .filter_map(|place| place[key].as_array())
                .map(Vec::len)
                .sum::<usize>()
        };
        assert_eq!(
            (told.extras.len(), told.taxes.len()),
            (count("services"), count("taxes")),
            "{name}"
        );
    }
}

#[test]
fn a_cancellations_total_is_the_penalty() {
    let mut penalties = 0;
    for (name, entry) in &bookings() {
        let revision = read(name, entry);
        let rooms: Decimal = revision.rooms.iter().map(|room| room.amount).sum();
        if revision.status == RevisionStatus::Cancelled && revision.total != rooms {
            penalties += 1;
        }
    }
    assert!(penalties > 0 || bookings().is_empty());
}

/// The documented warnings, against calls that could have caused them.
#[tokio::test]
async fn every_warning_finds_its_range() {
    for (name, text) in samples("ari__") {
        let sample: Value = serde_json::from_str(&text).unwrap();
        let Some(warning) = sample.pointer("/meta/warnings/0") else {
            continue;
        };
        let of = |key: &str| warning[key].as_str();
        let channel = Channel::answering(reply(200, &text)).await;
        let mut access = access(channel.access.base_url.clone());
        access.property = of("property_id").unwrap().to_owned();
        let plan = of("rate_plan_id").unwrap();
        let from = of("date").or(of("date_from")).unwrap().parse().unwrap();
        let last = of("date").or(of("date_to")).unwrap().parse().unwrap();
        let fields = RateFields {
            price: Some(Decimal::ONE),
            ..RateFields::default()
        };
        let range = |rate: &str| RateRange {
            rate: rate.into(),
            from,
            last,
            fields: fields.clone(),
        };
        let ranges = [range("other"), range(plan)];
        let sink = channel.protocol.sink.clone().unwrap();
        let rejected = sink.push_rates(&access, &ranges).await.unwrap().rejected;
        assert_eq!(
            rejected.iter().map(|r| r.range).collect::<Vec<_>>(),
            [1],
            "{name}"
        );
        assert!(
            rejected.first().unwrap().reason.contains("rate "),
            "{name}: {rejected:?}"
        );
    }
}

/// Every documented error envelope gives its own code.
#[tokio::test]
async fn every_error_is_understood() {
    for (name, text) in samples("ari__")
        .into_iter()
        .chain(samples("bookings-collection__"))
    {
        let sample: Value = serde_json::from_str(&text).unwrap();
        let Some(told) = sample.pointer("/errors/code").and_then(Value::as_str) else {
            continue;
        };
        let channel = Channel::answering(reply(400, &text)).await;
        let feed = channel.protocol.feed.clone().unwrap();
        match feed.unacknowledged(&channel.access).await.unwrap_err() {
            ChannelError::Refused { code, detail, .. } => {
                assert_eq!(code, told, "{name}");
                assert!(!detail.is_empty() && !detail.contains('{'), "{name}: {detail}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}
