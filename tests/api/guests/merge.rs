//! Doubles, and what a merge leaves.

use super::{ada, add};
use crate::support::{Server, booking, room, unknown};
use innkeep_domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn guests_who_agree_in_something_unique_are_shown_as_pairs() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let first = add(&desk, &ada()).await;
    let mut second = ada();
    second["email"] = json!("ADA@example.com ");
    second["phone"] = json!("0044 20 7946 0018");
    second["last_name"] = json!("lovelace");
    let second = add(&desk, &second).await;
    let third = json!({ "first_name": "Ada", "last_name": "Lovelace", "birth_date": "1985-12-10" });
    let third = add(&desk, &third).await;
    add(&desk, &json!({ "first_name": "Ada", "last_name": "Lovelace" })).await;
    let pairs = async |query: &str| desk.get(&format!("/v1/guests/duplicates{query}")).await.is(200);
    let all = pairs("").await;
    let shown: Vec<_> = all
        .items()
        .iter()
        .map(|p| {
            (
                p["first"]["id"].as_str().unwrap(),
                p["second"]["id"].as_str().unwrap(),
                p["same"].clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (first.id(), second.id(), json!(["email", "name_birth", "phone"])),
            (first.id(), third.id(), json!(["name_birth"])),
            (second.id(), third.id(), json!(["name_birth"])),
        ]
    );
    let page = pairs("?limit=2").await;
    let rest = pairs(&format!(
        "?limit=2&cursor={}",
        page.body["next_cursor"].as_str().unwrap()
    ))
    .await;
    assert_eq!([page.items(), rest.items()].concat(), all.items());
    let foreign = server.caller(&server.mare, Role::Owner);
    add(&foreign, &ada()).await;
    assert_eq!(pairs("").await.items().len(), 3);
    assert_eq!(
        foreign.get("/v1/guests/duplicates").await.is(200).items().len(),
        0
    );
}

#[tokio::test]
async fn a_merge_moves_stays_fills_gaps_and_leaves_a_signpost() {
    let server = Server::start().await;
    let house = &server.adler;
    let desk = server.caller(house, Role::FrontDesk);
    let kept = json!({ "last_name": "Lovelace", "email": "ada@new.example", "notes": "quiet", "preferences": ["tea"] });
    let kept = add(&desk, &kept).await;
    let mut other = ada();
    other["blacklist_reason"] = json!("broke the engine");
    let other = add(&desk, &other).await;
    let two = booking(house, &[room(house, "DBL", 3, 1), room(house, "DBL", 5, 1)]);
    let made = desk.post("/v1/bookings", &two).await.is(201);
    let path = |i: usize| {
        format!(
            "/v1/reservations/{}/guests",
            made.body["reservations"][i]["id"].as_str().unwrap()
        )
    };
    // On the first both stand, the other in whose name it is; on the second the other alone.
    let both = json!({ "guests": [{ "guest_id": other.id(), "role": "primary" },
                                  { "guest_id": kept.id(), "role": "accompanying" }] });
    desk.put(&path(0), &both).await.is(200);
    let alone = json!({ "guests": [{ "guest_id": other.id(), "role": "primary",
                                     "registration": { "nationality": "GB" } }] });
    desk.put(&path(1), &alone).await.is(200);

    let merge = format!("/v1/guests/{}/actions/merge", kept.id());
    let body = json!({ "other_id": other.id() });
    let merged = desk.post(&merge, &body).await.is(200);
    let m = &merged.body;
    assert_eq!(
        (&m["email"], &m["first_name"]),
        (&json!("ada@new.example"), &json!("Ada"))
    );
    assert_eq!(
        (&m["notes"], &m["preferences"]),
        (&json!("quiet\nlikes engines"), &json!(["tea", "high floor"]))
    );
    assert_eq!(
        (&m["blacklisted"], &m["document"]["number"]),
        (&json!(true), &json!("X1234567"))
    );
    for i in 0..2 {
        let guests = desk.get(&path(i)).await.is(200);
        let shown: Vec<_> = guests
            .items()
            .iter()
            .map(|g| (&g["guest_id"], &g["role"], &g["blacklisted"]))
            .collect();
        assert_eq!(
            shown,
            [(&json!(kept.id()), &json!("primary"), &json!(true))],
            "{i}"
        );
    }
    let second = desk.get(&path(1)).await.is(200);
    assert_eq!(
        second.items()[0]["registration"]["nationality"],
        "GB",
        "opens after the move"
    );
    let signpost = desk.get(&format!("/v1/guests/{}", other.id())).await.is(200);
    assert_eq!(signpost.body["merged_into"], json!(kept.id()));
    let found = desk.get("/v1/guests?name=love").await.is(200);
    assert_eq!(found.items().len(), 1, "lists show who goes on");
    assert_eq!(
        desk.get("/v1/guests?email=ada@example.com")
            .await
            .is(200)
            .items()
            .len(),
        0
    );

    let stored = server.stored().await;
    let again = desk.post(&merge, &body).await.is(200);
    assert_eq!(again.body, merged.body);
    assert_eq!(server.stored().await, stored, "again changes nothing");
    desk.patch(&format!("/v1/guests/{}", other.id()), &json!({ "vip": true }))
        .await
        .problem(409, "guest_merged");
    desk.put(&path(0), &alone).await.problem(409, "guest_merged");
}

#[tokio::test]
async fn merges_that_make_no_sense_are_refused_and_chains_stay_short() {
    let server = Server::start().await;
    let desk = server.caller(&server.adler, Role::FrontDesk);
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(add(&desk, &json!({ "last_name": name })).await.id().to_owned());
    }
    let foreign = server.caller(&server.mare, Role::Owner);
    let theirs = add(&foreign, &ada()).await;
    let merge = async |into: &str, other: &str| {
        let path = format!("/v1/guests/{into}/actions/merge");
        desk.post(&path, &json!({ "other_id": other })).await
    };
    merge(&ids[0], &ids[0]).await.problem(422, "same_guest");
    merge(&ids[0], &unknown().to_string())
        .await
        .problem(404, "not_found")
        .at("/other_id");
    merge(&ids[0], theirs.id())
        .await
        .problem(404, "not_found")
        .at("/other_id");
    let accountant = server.caller(&server.adler, Role::Accountant);
    let path = format!("/v1/guests/{}/actions/merge", ids[1]);
    accountant
        .post(&path, &json!({ "other_id": ids[0] }))
        .await
        .problem(403, "missing_permission");
    merge(&ids[1], &ids[0]).await.is(200);
    merge(&ids[0], &ids[2]).await.problem(409, "guest_merged");
    merge(&ids[2], &ids[0]).await.problem(409, "guest_merged");
    merge(&ids[2], &ids[1]).await.is(200);
    for id in &ids[..2] {
        let signpost = desk.get(&format!("/v1/guests/{id}")).await.is(200);
        assert_eq!(
            signpost.body["merged_into"],
            json!(ids[2]),
            "one step to who goes on"
        );
    }
    let events = crate::support::events(&server, "guest.merged").await;
    let said: Vec<Value> = events.iter().map(|e| e["data"]["other_id"].clone()).collect();
    assert_eq!(said, [json!(ids[0]), json!(ids[1])]);
}
