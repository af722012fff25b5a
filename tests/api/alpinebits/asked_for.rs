//! What guests ask through a portal, and nothing is sold.

use super::sale::Sale;
use serde_json::{Value, json};

impl Sale {
    async fn question(&self) -> Value {
        self.until("told at first", async || self.doubles(4).await.0.is_number())
            .await;
        let mut question = self.stay(4);
        question["question"] = json!(true);
        self.act("/reservations", &question).await
    }

    async fn asked(&self) -> Vec<Value> {
        let path = self.path("messages?state=asked");
        self.server.manager().get(&path).await.is(200).items().to_vec()
    }

    async fn alerts(&self) -> Vec<Value> {
        let alerts = self.server.manager().get("/v1/alerts").await.is(200);
        alerts.items().to_vec()
    }
}

#[tokio::test]
async fn a_question_waits_for_a_person_and_is_no_booking() {
    let sale = Sale::start().await;
    sale.question().await;
    let acknowledged = async || sale.get("/reservations").await["reservations"][0]["acknowledged"] == true;
    sale.until("acknowledged", acknowledged).await;
    let [asked]: [Value; 1] = sale.asked().await.try_into().unwrap();
    let about = asked["detail"].as_str().unwrap();
    assert!(about.contains("a guest asks for DZ for 2, from "), "{about}");
    let [alert]: [Value; 1] = sale.alerts().await.try_into().unwrap();
    assert_eq!(alert["kind"], "guest_question");
    assert!(!alert["detail"].as_str().unwrap().contains("Lovelace"), "{alert}");
    assert_eq!(sale.bookings().await, Vec::<Value>::new());
    // Who it is stands in the message, for those who may know guests.
    let path = sale.path(&format!("messages/{}", asked["id"].as_str().unwrap()));
    let manager = sale.server.manager();
    let read = manager.get(&path).await.is(200).body;
    assert!(read["text"].as_str().unwrap().contains("Lovelace"), "{read}");
    manager
        .act(&format!("{path}/actions/replay"))
        .await
        .problem(409, "wrong_state");
    let settled = manager.act(&format!("{path}/actions/settle")).await.is(200).body;
    assert_eq!(settled["state"], "processed");
    assert_eq!((sale.asked().await, sale.alerts().await), (vec![], vec![]));
    manager
        .act(&format!("{path}/actions/settle"))
        .await
        .problem(409, "wrong_state");
}

#[tokio::test]
async fn a_question_that_is_pushed_is_kept_too() {
    let sale = Sale::start().await;
    sale.until("told at first", async || sale.doubles(4).await.0.is_number())
        .await;
    let url = format!("http://{}/alpinebits", sale.server.address);
    let push = json!({ "url": url, "user": sale.log_in.0, "password": sale.log_in.1 });
    sale.portal(json!({ "push": push })).await;
    let asked = sale.question().await;
    assert_eq!(
        (&asked["acknowledged"], &asked["refused"]),
        (&json!(true), &Value::Null)
    );
    sale.until("kept", async || sale.asked().await.len() == 1).await;
    assert_eq!(sale.bookings().await, Vec::<Value>::new());
}
