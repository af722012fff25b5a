//! The sandbox's control side: here the demo registers properties, plays guests and looks at what channels believe.

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, Utc};
use poem::endpoint::BoxEndpoint;
use poem::http::{Method, Uri};
use poem::{Endpoint, EndpointExt, Request};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Asked within the process; what the channels tell and are told still goes over the network.
pub struct Outside {
    control: BoxEndpoint<'static>,
}

/// A booking message that the sandbox put into a property's feed.
#[derive(Debug, Deserialize)]
pub struct Receipt {
    pub revision_id: String,
    pub status: String,
    #[serde(default)]
    pub ota_reservation_code: Option<String>,
    pub booking_id: String,
}

/// What the sandbox knows of one of its messages.
#[derive(Debug, Deserialize)]
pub struct Revision {
    pub revision_id: String,
    pub acked_at: Vec<DateTime<Utc>>,
}

/// A call by which a channel was told something.
#[derive(Debug, Deserialize)]
pub struct Call {
    pub sequence: u64,
    pub time: DateTime<Utc>,
    pub kind: String,
    pub applied: u64,
    pub status: Option<u16>,
    pub body: Option<Body>,
}

#[derive(Debug, Deserialize)]
pub struct Body {
    #[serde(default)]
    pub values: Vec<Told>,
}

/// One value of a call; nights `from..=last`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Told {
    pub room_type_id: Option<String>,
    #[serde(alias = "date")]
    pub date_from: NaiveDate,
    pub date_to: Option<NaiveDate>,
    pub availability: Option<i64>,
}

impl Told {
    pub fn last(&self) -> NaiveDate {
        self.date_to.unwrap_or(self.date_from)
    }
}

/// Availability by (the channel's room type, night); `None` = never told.
pub type Calendar = BTreeMap<(String, NaiveDate), Option<i64>>;

impl Outside {
    pub fn new(sandbox: innkeep_sandbox::Sandbox) -> Self {
        Self {
            control: innkeep_sandbox::routes(sandbox).map_to_response().boxed(),
        }
    }

    pub async fn register(&self, property: &str, described: &Value) -> anyhow::Result<()> {
        self.ask(Method::PUT, &format!("properties/{property}"), Some(described))
            .await
            .map(drop)
    }

    /// One recorded message, its earliest arrival moved to `arrival`.
    pub async fn replay(
        &self,
        property: &str,
        message: &Value,
        arrival: NaiveDate,
        currency: &str,
    ) -> anyhow::Result<Receipt> {
        let request = json!({ "property_id": property, "messages": [message], "arrival": arrival, "currency": currency });
        let mut answer = self.ask(Method::POST, "replay", Some(&request)).await?;
        serde_json::from_value(answer["revisions"][0].take()).context("the sandbox's receipt")
    }

    pub async fn calendar(&self, property: &str, from: NaiveDate, to: NaiveDate) -> anyhow::Result<Calendar> {
        let path = format!("properties/{property}/calendar?from={from}&to={to}");
        let answer = self.ask(Method::GET, &path, None).await?;
        let mut calendar = Calendar::new();
        for room in answer["room_types"].as_array().into_iter().flatten() {
            let id = room["id"].as_str().unwrap_or_default();
            for (night, cell) in room["dates"].as_object().into_iter().flatten() {
                calendar.insert((id.to_owned(), night.parse()?), cell["availability"].as_i64());
            }
        }
        Ok(calendar)
    }

    /// Calls after a sequence number, oldest first.
    pub async fn calls(&self, property: &str, since: u64) -> anyhow::Result<Vec<Call>> {
        let mut answer = self
            .ask(
                Method::GET,
                &format!("calls?property_id={property}&since={since}"),
                None,
            )
            .await?;
        serde_json::from_value(answer["calls"].take()).context("the sandbox's journal")
    }

    pub async fn revision(&self, property: &str, id: &str) -> anyhow::Result<Option<Revision>> {
        let mut answer = self
            .ask(Method::GET, &format!("revisions?property_id={property}"), None)
            .await?;
        let all: Vec<Revision> =
            serde_json::from_value(answer["revisions"].take()).context("the sandbox's revisions")?;
        Ok(all.into_iter().find(|r| r.revision_id == id))
    }

    /// A guest books what the channel was told; `None` when it is not for sale there.
    pub async fn sell(&self, property: &str, stay: &Value) -> anyhow::Result<Option<Receipt>> {
        match self
            .ask(
                Method::POST,
                &format!("properties/{property}/bookings"),
                Some(stay),
            )
            .await
        {
            Ok(receipt) => Ok(Some(serde_json::from_value(receipt)?)),
            Err(error) if error.to_string().contains("not_available") => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub async fn cancel(&self, booking: &str) -> anyhow::Result<()> {
        self.ask(Method::POST, &format!("bookings/{booking}/cancel"), None)
            .await
            .map(drop)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let uri: Uri = format!("/sandbox/{path}").parse()?;
        let request = Request::builder().method(method).uri(uri);
        let request = match body {
            Some(body) => request
                .content_type("application/json")
                .body(serde_json::to_vec(body)?),
            None => request.finish(),
        };
        let mut response = self.control.get_response(request).await;
        let text = response
            .take_body()
            .into_string()
            .await
            .context("the sandbox's answer")?;
        if !response.status().is_success() {
            bail!("the sandbox answered {} to {path}: {text}", response.status());
        }
        serde_json::from_str(&text).with_context(|| format!("the sandbox's answer to {path}"))
    }
}
