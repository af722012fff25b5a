//! Properties, room types and rate plans at Channex: listed, and made. And the webhook that says when to look.

use super::answer;
use super::api::Api;
use super::identity::attributes;
use super::listing::{self, count, id, related, text};
use async_trait::async_trait;
use innkeep_domain::ports::channel::{
    Access, Catalogue, ChannelError, NewRemoteProperty, NewRemoteRate, NewRemoteRoom, RemoteProducts,
    RemoteProperty, RemoteRate, RemoteRoom,
};
use serde_json::{Value, json};

/// A property has at most 20 room types, 200 rate plans and a few webhooks: three pages hold them.
const PAGES: usize = 3;
const LONGEST_TITLE: usize = 255;
const LONGEST_URL: usize = 2000;

pub(super) struct Shelf {
    api: Api,
}

impl Shelf {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    async fn list(&self, access: &Access, what: &str) -> Result<Vec<Value>, ChannelError> {
        let query = [("filter[property_id]", access.property.as_str())];
        listing::all(&self.api, access, &[what], &query, PAGES).await
    }

    /// The id of what was made.
    async fn create(&self, access: &Access, what: &str, body: &Value) -> Result<String, ChannelError> {
        let body =
            serde_json::to_vec(body).map_err(|error| answer::ours("invalid_request", error.to_string()))?;
        let answer = self.api.post(access, &[what], body).await?;
        let made = answer.get("data").and_then(id);
        made.ok_or_else(|| ChannelError::Unknown(format!("{what}: no id in the answer")))
    }
}

#[async_trait]
impl Catalogue for Shelf {
    async fn products(&self, access: &Access) -> Result<RemoteProducts, ChannelError> {
        let answer = self
            .api
            .get(access, &["properties", &access.property], &[])
            .await?;
        let property = answer.get("data").and_then(property);
        let property =
            property.ok_or_else(|| ChannelError::Unknown("properties: no id in the answer".to_owned()))?;
        let rooms = self.list(access, "room_types").await?;
        let rates = self.list(access, "rate_plans").await?;
        Ok(RemoteProducts {
            property,
            rooms: rooms.iter().filter_map(room).collect(),
            rates: rates.iter().filter_map(rate).collect(),
        })
    }

    async fn create_property(
        &self,
        access: &Access,
        new: &NewRemoteProperty,
    ) -> Result<String, ChannelError> {
        let property = json!({ "title": new.title, "currency": new.currency, "timezone": new.zone });
        self.create(access, "properties", &json!({ "property": property }))
            .await
    }

    async fn create_room(&self, access: &Access, new: &NewRemoteRoom) -> Result<String, ChannelError> {
        let room = json!({
            "property_id": access.property, "title": new.title, "count_of_rooms": new.units,
            "occ_adults": new.occupancy, "occ_children": 0, "occ_infants": 0,
            "default_occupancy": new.occupancy, "room_kind": "room",
        });
        self.create(access, "room_types", &json!({ "room_type": room }))
            .await
    }

    async fn create_rate(&self, access: &Access, new: &NewRemoteRate) -> Result<String, ChannelError> {
        let rate = json!({
            "property_id": access.property, "room_type_id": new.room, "title": new.title,
            "currency": new.currency, "sell_mode": "per_room", "rate_mode": "manual",
            "options": [{ "occupancy": new.occupancy, "is_primary": true, "rate": 0 }],
        });
        self.create(access, "rate_plans", &json!({ "rate_plan": rate }))
            .await
    }

    async fn callbacks(&self, access: &Access, prefix: &str) -> Result<Vec<String>, ChannelError> {
        let hooks = self.list(access, "webhooks").await?;
        let mine = hooks
            .iter()
            .filter(|hook| related(hook, "property").is_none_or(|of| of == access.property));
        let urls = mine.filter_map(|hook| text(hook, "callback_url", LONGEST_URL));
        Ok(urls.filter(|url| url.starts_with(prefix)).collect())
    }

    /// Without data: what is called is told to look, and nothing of a guest is sent to an address that a secret guards.
    async fn call_back(&self, access: &Access, url: &str) -> Result<(), ChannelError> {
        let hook = json!({
            "property_id": access.property, "callback_url": url, "event_mask": "*", "request_params": {},
            "headers": {}, "is_active": true, "send_data": false,
        });
        let made = self.create(access, "webhooks", &json!({ "webhook": hook })).await;
        made.map(drop)
    }
}

fn property(entry: &Value) -> Option<RemoteProperty> {
    Some(RemoteProperty {
        id: id(entry)?,
        title: text(entry, "title", LONGEST_TITLE).unwrap_or_default(),
        currency: text(entry, "currency", 3),
    })
}

fn room(entry: &Value) -> Option<RemoteRoom> {
    Some(RemoteRoom {
        id: id(entry)?,
        title: text(entry, "title", LONGEST_TITLE).unwrap_or_default(),
        occupancy: count(entry, "occ_adults").or_else(|| count(entry, "default_occupancy")),
    })
}

fn rate(entry: &Value) -> Option<RemoteRate> {
    Some(RemoteRate {
        id: id(entry)?,
        title: text(entry, "title", LONGEST_TITLE).unwrap_or_default(),
        room: related(entry, "room_type"),
        occupancy: primary(entry),
        currency: text(entry, "currency", 3),
    })
}

/// The occupancy that a price without one is for.
fn primary(entry: &Value) -> Option<u32> {
    let options = attributes(entry).get("options")?.as_array()?;
    let primary = options
        .iter()
        .find(|o| o["is_primary"] == true)
        .or(options.first())?;
    u32::try_from(primary.get("occupancy")?.as_u64()?).ok()
}
