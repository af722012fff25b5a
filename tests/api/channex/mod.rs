//! A house and Channex, played by the sandbox: set up from here, mapped, and asked again for what was lost.

mod beside;
mod recover;
mod rules;
mod setup;
mod talk;

use crate::support::{Caller, Server};
use innkeep_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};
use std::future::pending;
use tokio::net::TcpListener;
use uuid::Uuid;

/// A server, and beside it the channel.
pub struct World {
    pub server: Server,
    pub channel: String,
    http: reqwest::Client,
}

impl World {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(innkeep_sandbox::serve(listener, Options::default(), pending()));
        Self {
            server: Server::beside(&address).await,
            channel: format!("http://{address}"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub fn manager(&self) -> Caller<'_> {
        self.server.manager()
    }

    /// At the channel; the status and the body.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.request(method, format!("{}{path}", self.channel));
        let request = request.header("user-api-key", "key");
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// What the channel lists of a property.
    pub async fn listed(&self, what: &str, property: &str) -> Vec<Value> {
        let path = format!("/api/v1/{what}?filter[property_id]={property}&pagination[limit]=100");
        let (status, body) = self.ask(Method::GET, &path, &Value::Null).await;
        assert_eq!(status, 200, "{body}");
        body["data"].as_array().unwrap().clone()
    }

    /// The path of a new connection of the hotel.
    pub async fn connect(&self, property: Option<&str>) -> String {
        let new = json!({
            "property_id": self.server.adler.property_id, "protocol": "channex", "name": "Channex",
            "base_url": self.channel, "external_property": property, "api_key": "key",
        });
        let made = self.manager().post("/v1/channel-connections", &new).await.is(201);
        let id = made.body["connection"]["id"].as_str().unwrap();
        format!("/v1/channel-connections/{id}")
    }

    /// A hotel at the channel with these rooms, each with a rate of the same name.
    pub async fn hotel(&self, currency: &str, rooms: &[(&str, &str, u8)]) -> String {
        let property = Uuid::new_v4().to_string();
        let rooms = rooms.iter().map(|(title, rate, occupancy)| {
            json!({ "id": Uuid::new_v4(), "title": title, "occupancy": occupancy,
                    "rate_plans": [{ "id": Uuid::new_v4(), "title": rate }] })
        });
        let spec = json!({ "title": "Adler", "currency": currency, "room_types": rooms.collect::<Vec<_>>() });
        let path = format!("/sandbox/properties/{property}");
        let (status, body) = self.ask(Method::PUT, &path, &spec).await;
        assert_eq!(status, 200, "{body}");
        property
    }
}
