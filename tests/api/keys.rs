//! Tenants' keys: made once, changed beside running processes, wrapped by master keys that change too.

use crate::support::{NOW, Server, booking, room};
use chrono::{DateTime, Duration, Utc};
use innkeep_domain::booking::personal;
use innkeep_domain::channel::{inbox, messages};
use innkeep_domain::db::{Db, DbOptions};
use innkeep_domain::ports::channel::RawMessage;
use innkeep_domain::testing::TestDatabase;
use innkeep_domain::vault::rotate::{self, Rotated};
use innkeep_domain::vault::{MasterKey, MasterKeys, verify};
use innkeep_domain::{Role, TenantId};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Another process with these master keys.
async fn process(server: &Server, current: [u8; 32], old: Option<[u8; 32]>) -> Db {
    let keys = MasterKeys {
        current: MasterKey::new(current).unwrap(),
        old: old.map(|key| MasterKey::new(key).unwrap()),
    };
    let options = DbOptions {
        master_keys: Some(Arc::new(keys)),
        ..DbOptions::new(server.database.app_url())
    };
    Db::connect(&options).await.unwrap()
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

/// What a column of the table holds, past row security.
async fn column(server: &Server, sql: &'static str) -> Vec<String> {
    let mut conn = server.database.superuser().await.unwrap();
    let tenant = server.adler.tenant.0;
    let found = sqlx::query_scalar(sql).bind(tenant).fetch_all(&mut conn);
    found.await.unwrap()
}

const KEYS: &str = "select id from tenant_key where tenant_id = $1 and purpose = 'seal' order by created_at";
const GUESTS: &str = "select split_part(personal, '.', 2) from guest where tenant_id = $1 order by id";

async fn add(server: &Server, name: &str) -> String {
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let guest = json!({ "last_name": name, "email": format!("{name}@example.com") });
    desk.post("/v1/guests", &guest).await.is(201).id().to_owned()
}

async fn email(server: &Server, id: &str) -> Value {
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let guest = desk.get(&format!("/v1/guests/{id}")).await.is(200);
    guest.body["email"].clone()
}

#[tokio::test]
async fn two_processes_that_need_a_tenants_first_key_make_one() {
    let server = Server::start().await;
    let other = process(&server, TestDatabase::MASTER_KEY, None).await;
    let (ours, theirs) = (
        server.app.db.begin(server.adler.tenant).await.unwrap(),
        other.begin(server.adler.tenant).await.unwrap(),
    );
    let (a, b) = tokio::join!(ours.vault(), theirs.vault());
    let (a, b) = (
        a.unwrap().blind("email", "x").unwrap(),
        b.unwrap().blind("email", "x").unwrap(),
    );
    assert_eq!(a, b);
    assert_eq!(column(&server, KEYS).await.len(), 1);
}

#[tokio::test]
async fn keys_are_changed_while_a_process_works_with_the_ones_it_has() {
    let server = Server::start().await;
    let (tenant, operator) = (
        server.adler.tenant,
        process(&server, TestDatabase::MASTER_KEY, None).await,
    );
    let ada = add(&server, "ada").await;
    let first = column(&server, KEYS).await;
    let rotated = rotate::tenant(&operator, tenant, now()).await.unwrap();
    assert_eq!((rotated.resealed, rotated.unreadable), (1, 0));
    let keys = column(&server, KEYS).await;
    assert_eq!((keys.len(), &keys[0]), (2, &first[0]));
    assert_eq!(column(&server, GUESTS).await, [keys[1].clone()]);
    // The server has the old keys in its memory: it finds the new one where a value names it, or seals with the old.
    assert_eq!(email(&server, &ada).await, "ada@example.com");
    let eve = add(&server, "eve").await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let found = desk.get("/v1/guests?email=ADA@example.com").await.is(200);
    assert_eq!(found.items()[0]["id"], *ada);
    // The replaced key is kept for an hour; then what is left under it is sealed anew first.
    let finish = async |minutes| {
        let at = now() + Duration::minutes(minutes);
        rotate::finish(&operator, tenant, at).await.unwrap()
    };
    assert_eq!(finish(rotate::KEPT_MINUTES - 1).await, Rotated::default());
    assert_eq!(finish(rotate::KEPT_MINUTES + 1).await.dropped, 1);
    assert_eq!(column(&server, KEYS).await, [keys[1].clone()]);
    for (id, name) in [(ada, "ada"), (eve, "eve")] {
        assert_eq!(email(&server, &id).await, format!("{name}@example.com"));
    }
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_is_ended_and_not_begun_anew() {
    let server = Server::start().await;
    let operator = process(&server, TestDatabase::MASTER_KEY, None).await;
    let tenant = server.adler.tenant;
    add(&server, "ada").await;
    let sealed: Vec<String> = column(&server, "select personal from guest where tenant_id = $1").await;
    rotate::tenant(&operator, tenant, now()).await.unwrap();
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query("update guest set personal = $2 where tenant_id = $1")
        .bind(tenant.0)
        .bind(&sealed[0])
        .execute(&mut conn)
        .await
        .unwrap();
    let again = rotate::tenant(&operator, tenant, now()).await.unwrap();
    assert_eq!((again.resealed, column(&server, KEYS).await.len()), (1, 2));
}

#[tokio::test]
async fn the_master_key_is_replaced_while_two_are_valid() {
    let server = Server::start().await;
    let ada = add(&server, "ada").await;
    let (old, new) = (TestDatabase::MASTER_KEY, [8; 32]);
    let tenant = server.adler.tenant;
    let refused = process(&server, new, None).await;
    let refused = refused.begin(tenant).await.unwrap().vault().await;
    assert!(refused.is_err(), "keys wrapped by another master key opened");
    let both = process(&server, new, Some(old)).await;
    let mut tx = both.begin(tenant).await.unwrap();
    assert_eq!(rotate::rewrap(&mut tx).await.unwrap(), (2, false));
    assert_eq!(rotate::rewrap(&mut tx).await.unwrap(), (0, false));
    tx.commit().await.unwrap();
    let after = process(&server, new, None).await;
    let tx = after.begin(tenant).await.unwrap();
    let blind = tx.vault().await.unwrap().blind("email", "ada@example.com");
    let stored = column(&server, "select value from guest_key where tenant_id = $1").await;
    assert_eq!(stored, [blind.unwrap()]);
    assert_eq!(email(&server, &ada).await, "ada@example.com");
}

#[tokio::test]
async fn a_value_under_a_key_that_is_gone_is_found_by_verify() {
    let server = Server::start().await;
    add(&server, "ada").await;
    let db = &server.app.db;
    let mut tx = db.begin(server.adler.tenant).await.unwrap();
    assert_eq!(verify::unknown_keys(&mut tx).await.unwrap(), Vec::<String>::new());
    sqlx::query("update guest set personal = 'v1.0123456789abcdef.' || split_part(personal, '.', 3)")
        .execute(&mut *tx)
        .await
        .unwrap();
    let found = verify::unknown_keys(&mut tx).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("1 values of guest.personal"), "{found:?}");
    let mut tx = db.begin(TenantId::PLATFORM).await.unwrap();
    assert_eq!(verify::unknown_keys(&mut tx).await.unwrap(), Vec::<String>::new());
}

/// Bookers, notes and channels' messages stand sealed; what versions before that kept in clear is read all the same, and
/// sealed by the hourly job.
#[tokio::test]
async fn bookings_and_messages_are_sealed_and_old_ones_too() {
    const CANARIES: [&str; 4] = [
        "canary-name",
        "canary@example.com",
        "canary-notes",
        "canary-message",
    ];
    let server = Server::start().await;
    let (house, db) = (&server.adler, &server.app.db);
    let mut new = booking(house, &[room(house, "DBL", 3, 2)]);
    new["booker"] = json!({ "name": "canary-name", "email": "canary@example.com", "country": "DE" });
    new["notes"] = json!("canary-notes");
    let made = server.manager().post("/v1/bookings", &new).await.is(201).body;
    let path = format!("/v1/bookings/{}", made["id"].as_str().unwrap());
    let channel = json!({ "property_id": house.property_id, "protocol": "webhook", "name": "Agent" });
    let channel = server
        .manager()
        .post("/v1/channel-connections", &channel)
        .await
        .is(201);
    let channel: Uuid = channel.body["connection"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let message = RawMessage {
        message_id: "\\x1".into(),
        raw: "canary-message".into(),
    };
    let mut tx = db.begin(house.tenant).await.unwrap();
    inbox::store(&mut tx, channel, &[message], now()).await.unwrap();
    tx.commit().await.unwrap();
    let in_clear = async || {
        let mut found = Vec::new();
        for canary in CANARIES {
            found.extend(server.database.holding(canary).await.unwrap());
        }
        found
    };
    assert_eq!(in_clear().await, Vec::<String>::new());
    let mut conn = server.database.superuser().await.unwrap();
    for sql in [
        "update booking set personal = null, email_key = null, booker_name = 'canary-name',
             booker_email = 'canary@example.com', booker_country = 'DE', notes = 'canary-notes'",
        "update inbox set message = null, raw = 'canary-message'",
    ] {
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    }
    assert_eq!(in_clear().await, ["booking", "booking", "booking", "inbox"]);
    for seal in [false, true] {
        if seal {
            let mut tx = db.begin(house.tenant).await.unwrap();
            assert_eq!(personal::seal_old(&mut tx).await.unwrap(), 1);
            assert_eq!(messages::seal_old(&mut tx).await.unwrap(), 1);
            tx.commit().await.unwrap();
            assert_eq!(in_clear().await, Vec::<String>::new());
        }
        assert_eq!(server.manager().get(&path).await.is(200).body, made);
        let mut tx = db.begin(house.tenant).await.unwrap();
        let next = inbox::next(&mut tx, channel, now()).await.unwrap().unwrap();
        assert_eq!(next.raw(), "canary-message");
    }
    let rotated = rotate::tenant(db, house.tenant, now()).await.unwrap();
    assert_eq!(rotated.unreadable, 0);
    assert_eq!(server.manager().get(&path).await.is(200).body, made);
}

/// A channel's key and signing secrets stand sealed; what stood in clear is sealed by the hourly job.
#[tokio::test]
async fn channels_credentials_are_sealed_and_old_ones_too() {
    let server = Server::start().await;
    let house = &server.adler;
    let new = json!({ "property_id": house.property_id, "protocol": "webhook", "name": "Own site" });
    let made = server
        .manager()
        .post("/v1/channel-connections", &new)
        .await
        .is(201);
    let secret = made.body["signing_secret"].as_str().unwrap().to_owned();
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query("update channel_connection set credentials = null, webhook_secrets = array[$1]")
        .bind(&secret)
        .execute(&mut conn)
        .await
        .unwrap();
    let id = made.body["connection"]["id"].as_str().unwrap().parse().unwrap();
    for _ in 0..2 {
        let mut tx = server.app.db.begin(house.tenant).await.unwrap();
        let found = innkeep_domain::channel::connection::get(&mut tx, id)
            .await
            .unwrap();
        assert_eq!(
            found.webhook_secrets(server.app.now()),
            std::slice::from_ref(&secret)
        );
        innkeep_domain::channel::credentials::seal_old(&mut tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let rows = column(
        &server,
        "select c::text from channel_connection c where tenant_id = $1",
    )
    .await;
    assert!(!rows[0].contains("whsec_"), "{rows:?}");
}
