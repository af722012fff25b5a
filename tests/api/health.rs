//! `/health/*` and `/metrics`.

use crate::support::Server;
use innkeep_domain::clock::Clock;

#[tokio::test]
async fn alive_and_ready_say_what_they_depend_on() {
    let server = Server::start().await;
    server.nobody().get("/health/live").await.is(200);
    let ready = server.nobody().get("/health/ready").await.is(200).body;
    assert_eq!(ready["checks"]["postgres"], "up");
    assert_eq!(ready["checks"]["migrations"], "up");
    // Nobody works in the background here: late, but correct.
    assert_eq!(
        (&ready["checks"]["workers"], &ready["status"]),
        (&"down".into(), &"degraded".into())
    );
    let mut tx = server.app.db.begin_platform().await.unwrap();
    innkeep_domain::heartbeat::beat(&mut tx, "w", server.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ready = server.nobody().get("/health/ready").await.is(200).body;
    assert_eq!(ready["checks"]["workers"], "up");
    assert!(matches!(server.app.clock, Clock::Fixed(_)));
}

#[tokio::test]
async fn a_schema_of_another_version_takes_no_requests() {
    let server = Server::start().await;
    let mut conn = server.database.superuser().await.unwrap();
    sqlx::query("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .execute(&mut conn)
        .await
        .unwrap();
    let ready = server.nobody().get("/health/ready").await.is(503).body;
    assert_eq!(
        (&ready["checks"]["migrations"], &ready["status"]),
        (&"down".into(), &"down".into())
    );
}

#[tokio::test]
async fn measurements_name_operations_and_no_tenant() {
    let server = Server::start().await;
    server.manager().get("/v1/properties").await.is(200);
    let metrics = server.nobody().get("/metrics").await.is(200);
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
    assert!(
        metrics.text.contains("innkeep_http_request_seconds"),
        "{}",
        metrics.text
    );
    assert!(
        metrics.text.contains("operation=\"list_properties\""),
        "{}",
        metrics.text
    );
    assert!(!metrics.text.contains(&server.adler.tenant.to_string()));
}
