//! What `innkeep verify` finds when the desk's tables are corrupted behind the program's back.

use super::{assert_verified, assign, book, property, unit};
use crate::support::Server;
use innkeep_domain::verify;
use serde_json::json;
use sqlx::AssertSqlSafe;

/// The rules that are broken after this statement; it is rolled back.
async fn broken_by(server: &Server, sql: &str) -> Vec<&'static str> {
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut conn)
        .await
        .unwrap();
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    let found = verify::tenant(&mut tx, server.app.clock.now()).await.unwrap();
    let mut rules: Vec<_> = found.into_iter().map(|f| f.rule).collect();
    rules.dedup();
    rules
}

#[tokio::test]
async fn each_rule_of_the_desk_finds_its_corruption() {
    let server = Server::start().await;
    let stay = book(&server, "DBL", 3, 2).await;
    assign(&server, &stay, &unit(&server, "DBL-1").await)
        .await
        .is(200);
    let broken = json!({ "unit_id": unit(&server, "SGL-1").await, "kind": "out_of_order", "reason": "x",
                         "from": "2027-01-06", "to": "2027-01-08" });
    server
        .manager()
        .post(&property(&server, "/maintenance"), &broken)
        .await
        .is(201);
    assert_verified(&server).await;
    let single = unit(&server, "SGL-2").await;
    let id = &stay.id;
    let of_stay = format!("update stay_segment set {{}} where reservation_id = '{id}'");
    let of_maintenance = "update stay_segment set {} where maintenance_id is not null";
    for (table, wrong, right, rule) in [
        (
            "update inventory set {} where night = '2027-01-06' and out_of_order > 0",
            "out_of_order = 2",
            "out_of_order = 1",
            "out_of_order_equals_maintenance",
        ),
        (
            of_maintenance,
            "from_night = '2027-01-07'",
            "from_night = '2027-01-06'",
            "maintenance_is_in_its_unit",
        ),
        (
            &of_stay,
            "to_night = '2027-01-10'",
            "to_night = '2027-01-09'",
            "segments_lie_in_their_stay",
        ),
        (
            &of_stay,
            "from_night = '2027-01-01'",
            "from_night = '2027-01-07'",
            "segments_lie_in_their_stay",
        ),
    ] {
        let rules = broken_by(&server, &table.replace("{}", wrong)).await;
        assert!(rules.contains(&rule), "{wrong}: {rules:?}");
        assert_eq!(broken_by(&server, &table.replace("{}", right)).await, [""; 0]);
    }
    let wrong = of_stay.replace("{}", &format!("unit_id = '{single}'"));
    assert_eq!(broken_by(&server, &wrong).await, ["units_are_of_the_nights_type"]);
    let cancelled = format!("update reservation set status = 'no_show' where id = '{id}'");
    assert!(
        broken_by(&server, &cancelled)
            .await
            .contains(&"segments_lie_in_their_stay")
    );
}
