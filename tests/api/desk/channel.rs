//! A channel's guest at the desk: what the channel says afterwards moves nobody.

use super::{Server, Stay};
use super::{action, assert_verified, assign, book, check_in, next_business_date, says, segments, unit};
use innkeep_domain::booking::channel::apply;
use innkeep_domain::channel::connection::{self, Connection, NewConnection};
use innkeep_domain::channel::mapping::{Mapping, set_mapping};
use innkeep_domain::channel::revision::{Booker, ChannelRevision, ChannelRoom, Particulars, RevisionStatus};
use innkeep_domain::ports::channel::Way;
use innkeep_domain::{booking, db};
use serde_json::json;

struct Agent<'a> {
    server: &'a Server,
    connection: Connection,
}

impl<'a> Agent<'a> {
    async fn new(server: &'a Server) -> Self {
        let (house, now) = (&server.adler, server.app.clock.now());
        let mut tx = server.app.db.begin(house.tenant).await.unwrap();
        let new = NewConnection {
            property_id: house.property_id,
            protocol: "webhook".into(),
            name: "Agent".into(),
            base_url: None,
            external_property: None,
            api_key: None,
            safety_buffer: 0,
            calls_per_minute: 10,
            terms: connection::Terms::default(),
        };
        let made = connection::create(&mut tx, &house.owner(), new, Way::Signs, now).await;
        let connection = made.unwrap().connection;
        let suite = (house.unit_type("STE").unwrap(), "STE".to_owned());
        let mapping = Mapping {
            rooms: [suite].into(),
            ..Mapping::default()
        };
        set_mapping(&mut tx, &house.owner(), connection.id, &mapping, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Self { server, connection }
    }

    /// The suite from one business date to another, counted from today, as the channel's `revision` says it.
    async fn says(&self, revision: i64, status: RevisionStatus, (from, to): (i64, i64)) -> Stay {
        let (house, now) = (&self.server.adler, self.server.app.clock.now());
        let day = |n| house.business_date + chrono::Duration::days(n);
        let room = ChannelRoom {
            room_ref: Some("1".into()),
            room_type: Some("STE".into()),
            rate_plan: None,
            arrival: day(from),
            departure: day(to),
            nights: (from..to).map(|n| (day(n), 90.into())).collect(),
            amount: (90 * (to - from)).into(),
            adults: 1,
            children: 0,
            guest_name: Some("Grace Hopper".into()),
        };
        let message = ChannelRevision {
            booking_ref: "A1".into(),
            revision: revision.to_string(),
            revised_at: Some(now + chrono::Duration::seconds(revision)),
            status,
            code: "A1".into(),
            sold_by: "Agent".into(),
            currency: "EUR".into(),
            total: room.amount,
            commission: None,
            particulars: Particulars::default(),
            booker: Booker {
                name: "Grace Hopper".into(),
                ..Booker::default()
            },
            notes: None,
            rooms: vec![room],
        };
        let mut tx = self.server.app.db.begin(house.tenant).await.unwrap();
        let applied = apply(&mut tx, &house.owner(), &self.connection, &message, now).await;
        let booking = read(&mut tx, self.server, applied.unwrap().booking_id).await;
        tx.commit().await.unwrap();
        Stay {
            id: booking.reservations[0].id.to_string(),
            reference: booking.reference,
        }
    }
}

async fn read(tx: &mut db::TenantTx, server: &Server, id: uuid::Uuid) -> booking::entity::Booking {
    booking::store::get(tx, &server.adler.owner(), id).await.unwrap()
}

/// Two guests in one unit is what must not happen, whatever a message says of nights that are over.
#[tokio::test]
async fn a_guest_who_is_here_stays_in_the_unit_when_the_channel_says_the_stay_was_before() {
    let server = Server::start().await;
    let manager = server.manager();
    let agent = Agent::new(&server).await;
    let suite = unit(&server, "STE-1").await;
    let guest = agent.says(1, RevisionStatus::New, (0, 3)).await;
    assign(&server, &guest, &suite).await.is(200);
    check_in(&server, &guest).await.is(200);
    agent.says(2, RevisionStatus::Modified, (-2, 0)).await;
    let tonight = json!([{ "unit_id": suite, "unit_name": "STE-1", "from": "2027-01-04", "to": "2027-01-05",
                           "locked": false }]);
    assert_eq!(segments(&server, &guest).await, tonight);
    let next = book(&server, "STE", 0, 2).await;
    let taken = assign(&server, &next, &suite).await.problem(409, "unit_taken");
    says(&taken, &guest.reference);
    next_business_date(&server).await;
    let rest = json!({ "unit_id": suite, "from": "2027-01-05" });
    manager.post(&action(&next, "assign-unit"), &rest).await.is(200);
    let there = check_in(&server, &next).await.problem(409, "unit_occupied");
    says(&there, &guest.reference);
    manager.act(&action(&guest, "check-out")).await.is(200);
    let used = manager.get(&format!("/v1/units/{suite}")).await.is(200);
    assert_eq!(used.body["cleanliness"], "dirty");
    assert_verified(&server).await;
}

/// A booking stands as its stays do.
#[tokio::test]
async fn a_booking_is_on_while_its_guest_is_here_though_the_channel_cancels_it() {
    let server = Server::start().await;
    let manager = server.manager();
    let agent = Agent::new(&server).await;
    let guest = agent.says(1, RevisionStatus::New, (0, 3)).await;
    assign(&server, &guest, &unit(&server, "STE-1").await)
        .await
        .is(200);
    check_in(&server, &guest).await.is(200);
    agent.says(2, RevisionStatus::Cancelled, (0, 3)).await;
    let status = async || {
        let found = manager
            .get(&format!("/v1/reservations/{}", guest.id))
            .await
            .is(200)
            .body;
        let url = format!("/v1/bookings/{}", found["booking_id"].as_str().unwrap());
        let booking = manager.get(&url).await.is(200).body;
        json!([found["status"], booking["status"]])
    };
    assert_eq!(status().await, json!(["in_house", "confirmed"]));
    manager.act(&action(&guest, "undo-check-in")).await.is(200);
    assert_eq!(status().await, json!(["confirmed", "confirmed"]));
    assert_verified(&server).await;
    manager.act(&action(&guest, "cancel")).await.is(200);
    assert_eq!(status().await, json!(["cancelled", "cancelled"]));
    assert_verified(&server).await;
}
