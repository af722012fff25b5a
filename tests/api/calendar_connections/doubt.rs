//! Calendars have no cancellations: what disappears is doubted first, and what lost much is not believed.

use super::{CLOSED, RESERVED, World, claim, other_side};
use serde_json::json;

#[tokio::test]
async fn what_disappears_is_given_free_after_some_readings_over_some_hours() {
    let world = World::start().await;
    let closed = (CLOSED, world.night(40), world.night(60));
    world
        .side
        .shows(&[closed, (RESERVED, world.night(30), world.night(32))]);
    let connection = world.connected().await;
    world.side.shows(&[closed]);
    for hours in [0, 3, 6] {
        connection.read_after(if hours == 0 { 2 } else { 180 }).await;
        assert_eq!(world.free(30).await, 0, "missing for {hours} hours");
    }
    assert!(
        connection
            .claims()
            .await
            .contains(&claim(world.night(30), world.night(32), "stay", true))
    );
    // Back once: it was never gone.
    world
        .side
        .shows(&[closed, (RESERVED, world.night(30), world.night(32))]);
    connection.read_after(60).await;
    world.side.shows(&[closed]);
    for _ in 0..4 {
        connection.read_after(150).await;
        assert_eq!(world.free(30).await, 0);
    }
    connection.read_after(60).await;
    assert_eq!(
        world.free(30).await,
        1,
        "five readings over eight and a half hours"
    );
    assert_eq!(
        connection.claims().await,
        [claim(world.night(40), world.night(60), "closed", false)]
    );
    assert_eq!(world.alerts().await, [""; 0]);
    world.book(30, 2).await.is(201);
    world.is_sound().await;
}

#[tokio::test]
async fn a_reservation_that_is_moved_moves_at_once() {
    let world = World::start().await;
    world.side.shows(&[(RESERVED, world.night(30), world.night(32))]);
    let connection = world.connected().await;
    world.side.shows(&[(RESERVED, world.night(31), world.night(34))]);
    connection.read_after(15).await;
    let free = [
        world.free(30).await,
        world.free(31).await,
        world.free(33).await,
        world.free(34).await,
    ];
    assert_eq!(free, [1, 0, 0, 1]);
}

#[tokio::test]
async fn an_empty_calendar_gives_nothing_free_until_a_person_says_so() {
    let world = World::start().await;
    world.side.shows(&[(CLOSED, world.night(20), world.night(40))]);
    let connection = world.connected().await;
    world.side.shows(&[]);
    for _ in 0..16 {
        connection.read_after(240).await;
    }
    assert_eq!(world.free(25).await, 0, "after 64 hours");
    let status = connection.status().await;
    assert_eq!(status["frozen"]["why"], "empty");
    assert_eq!(world.alerts().await, ["calendar_frozen"]);
    world.is_sound().await;
    connection.act("believe").await.is(200);
    assert_eq!(world.free(25).await, 1);
    assert_eq!(connection.status().await["frozen"], json!(null));
    assert_eq!(world.alerts().await, [""; 0]);
    world.is_sound().await;
}

#[tokio::test]
async fn what_is_no_calendar_freezes_until_there_is_one() {
    let world = World::start().await;
    world.side.shows(&[(CLOSED, world.night(20), world.night(40))]);
    let connection = world.connected().await;
    let cut = other_side::calendar(&[]).replace("END:VCALENDAR", "");
    for answer in ["<html>Log in</html>", &cut] {
        world.side.says(200, "", answer);
        let status = connection.read_after(300).await;
        assert_eq!(status["frozen"]["why"], "unreadable");
        assert_ne!(status["read_at"], status["tried_at"]);
        assert_eq!(world.alerts().await, ["calendar_frozen"]);
    }
    assert_eq!(connection.status().await["failures"], 2);
    assert_eq!(
        connection.status().await["last_error"],
        "breaks off before its end"
    );
    assert_eq!(world.free(25).await, 0);
    world.side.shows(&[(CLOSED, world.night(20), world.night(40))]);
    let status = connection.read_after(60).await;
    assert_eq!(
        (&status["failures"], &status["frozen"]),
        (&json!(0), &json!(null))
    );
    assert_eq!(world.alerts().await, [""; 0]);
}

#[tokio::test]
async fn no_answer_changes_nothing_but_when_to_ask_again() {
    let world = World::start().await;
    world.side.shows(&[(CLOSED, world.night(20), world.night(22))]);
    let connection = world.connected().await;
    let minutes = |status: &serde_json::Value| {
        let at = |field: &str| {
            status[field]
                .as_str()
                .unwrap()
                .parse::<chrono::DateTime<chrono::Utc>>()
                .unwrap()
        };
        (at("next_read_at") - at("tried_at")).num_minutes()
    };
    world.side.says(429, "retry-after: 10800\r\n", "");
    let status = connection.read_after(20).await;
    assert_eq!(minutes(&status), 180, "as the channel wants it");
    assert_eq!(status["last_error"], "asked to wait 10800s");
    world.side.says(500, "", "");
    let waits = [
        minutes(&connection.read_after(20).await),
        minutes(&connection.read_after(20).await),
    ];
    assert!((45..=75).contains(&waits[0]), "{waits:?}");
    assert!((90..=150).contains(&waits[1]), "{waits:?}");
    assert_eq!(
        world.alerts().await,
        ["calendar_unread"],
        "the third time in a row"
    );
    assert_eq!(connection.status().await["failures"], 3);
    world.side.shows(&[(CLOSED, world.night(20), world.night(22))]);
    connection.read_after(20).await;
    assert_eq!(world.alerts().await, [""; 0]);
    world.side.says(404, "", "");
    connection.read_after(20).await;
    assert_eq!(
        world.alerts().await,
        ["calendar_unread"],
        "the address is wrong: at once"
    );
    assert_eq!(world.free(20).await, 0);
    assert_eq!(
        connection.claims().await,
        [claim(world.night(20), world.night(22), "closed", false)]
    );
}
