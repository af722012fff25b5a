//! Connections and mappings as JSON. A channel's key comes in and never goes out.

use crate::api::money::Amount;
use crate::api::{ApiResult, patch};
use innkeep_domain::Refusal;
use innkeep_domain::channel::markup::Markup;
use innkeep_domain::channel::{change, connection, mapping};
use innkeep_integrations::alpinebits;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewConnection {
    property_id: Uuid,
    /// `channex` (we push and poll), `webhook` (signed booking messages are posted to us) or `alpinebits` (a portal logs
    /// in at `/alpinebits`, and is called where its address is known).
    pub protocol: String,
    /// 1 to 200 characters, for people.
    name: String,
    /// Where the channel's API is; for protocols that we call, and for portals that shall be called. For `webhook`, the
    /// seller's endpoint, if changes of availability and rates are to be posted there. An `https` address on the public
    /// Internet, at port 443 or above 1023, unless this installation's operator allowed another.
    #[oai(validator(max_length = 500, pattern = "^https?://"))]
    pub base_url: Option<String>,
    /// The channel's own id of the property; for `webhook` if it has one (else ours is told); for `alpinebits` the
    /// `HotelCode` of 1 to 16 characters. Absent for `channex`: the property is made there by `set-up`.
    #[oai(validator(max_length = 200))]
    external_property: Option<String>,
    /// The channel's API key; for protocols that we call. Of a portal that is called `user:password`.
    #[oai(validator(max_length = 500))]
    api_key: Option<String>,
    /// The last N units are not offered on this channel; 0 to 1000.
    #[oai(default)]
    safety_buffer: i32,
    /// Of each kind of call, in any 60 seconds; what the channel allows.
    #[oai(default = "ten")]
    calls_per_minute: i32,
    /// Added to every price here: `"12.5"` percent; -50 to 200, none if absent. Rounded half up, once.
    markup_percent: Option<Amount>,
    /// Added to every price of a night after that, in the property's currency.
    markup_amount: Option<Amount>,
    /// How long the channel takes until its guests see what it was told, in seconds, as its operator says; 0 to 604800.
    #[oai(default)]
    apply_seconds: i32,
}

/// Each as when connecting. A new address or key is called from then on.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct ConnectionChange {
    name: MaybeUndefined<String>,
    #[oai(validator(max_length = 500, pattern = "^https?://"))]
    pub base_url: MaybeUndefined<String>,
    #[oai(validator(max_length = 500))]
    api_key: MaybeUndefined<String>,
    safety_buffer: MaybeUndefined<i32>,
    calls_per_minute: MaybeUndefined<i32>,
    markup_percent: MaybeUndefined<Amount>,
    markup_amount: MaybeUndefined<Amount>,
    apply_seconds: MaybeUndefined<i32>,
}

impl ConnectionChange {
    pub fn parse(self) -> ApiResult<change::ConnectionChange> {
        use patch::required;
        let amount = |field, at| Ok::<_, Refusal>(required(field, at)?.map(|a: Amount| a.0));
        Ok(change::ConnectionChange {
            name: required(self.name, "/name")?,
            base_url: required(self.base_url, "/base_url")?,
            api_key: required(self.api_key, "/api_key")?,
            safety_buffer: required(self.safety_buffer, "/safety_buffer")?,
            calls_per_minute: required(self.calls_per_minute, "/calls_per_minute")?,
            markup_percent: amount(self.markup_percent, "/markup_percent")?,
            markup_amount: amount(self.markup_amount, "/markup_amount")?,
            apply_seconds: required(self.apply_seconds, "/apply_seconds")?,
        })
    }
}

fn ten() -> i32 {
    10
}

#[derive(Object)]
pub struct Connection {
    id: Uuid,
    property_id: Uuid,
    protocol: String,
    name: String,
    state: State,
    #[oai(skip_serializing_if_is_none)]
    base_url: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    external_property: Option<String>,
    /// Does the channel take availability and rates from us?
    receives_ari: bool,
    safety_buffer: i32,
    calls_per_minute: i32,
    markup_percent: Amount,
    markup_amount: Amount,
    apply_seconds: i32,
    version: i32,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum State {
    Active,
    Paused,
    /// Disconnected: bookings keep it, and nothing else works.
    Closed,
}

/// A new connection and its inbound secrets, shown this once.
#[derive(Object)]
pub struct NewConnectionSecrets {
    connection: Connection,
    /// The path the channel posts to; but for `alpinebits`, anyone who knows it can post.
    hook_path: String,
    /// By which the channel logs in (HTTP Basic); for `alpinebits`.
    #[oai(skip_serializing_if_is_none)]
    user_name: Option<String>,
    /// Kept as a hash: it cannot be shown again.
    #[oai(skip_serializing_if_is_none)]
    password: Option<String>,
    /// Signs what is posted (Standard Webhooks, `whsec_…`); for protocols that sign.
    #[oai(skip_serializing_if_is_none)]
    signing_secret: Option<String>,
}

/// The channel's ids of what is sold there. An unmapped unit type is not sold on the channel.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Mappings {
    #[oai(validator(max_items = 1000))]
    rooms: Vec<RoomMapping>,
    #[oai(validator(max_items = 5000))]
    rates: Vec<RateMapping>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RoomMapping {
    unit_type_id: Uuid,
    /// The channel's room type.
    #[oai(validator(min_length = 1, max_length = 200))]
    external_id: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RateMapping {
    unit_type_id: Uuid,
    rate_plan_id: Uuid,
    /// The channel's rate plan. With `alpinebits` it may stand at several unit types, with one rate plan; who asks for
    /// prices hears it for all mapped unit types that have nothing of their own.
    #[oai(validator(min_length = 1, max_length = 200))]
    external_id: String,
}

#[derive(Object)]
pub struct FullSync {
    pub connection_id: Uuid,
}

impl From<NewConnection> for connection::NewConnection {
    fn from(n: NewConnection) -> Self {
        Self {
            property_id: n.property_id,
            protocol: n.protocol,
            name: n.name,
            base_url: n.base_url,
            external_property: n.external_property,
            api_key: n.api_key,
            safety_buffer: n.safety_buffer,
            calls_per_minute: n.calls_per_minute,
            terms: connection::Terms {
                markup: Markup {
                    percent: n.markup_percent.map(|p| p.0).unwrap_or_default(),
                    amount: n.markup_amount.map(|a| a.0).unwrap_or_default(),
                },
                apply_seconds: n.apply_seconds,
            },
        }
    }
}

impl From<connection::Connection> for Connection {
    fn from(c: connection::Connection) -> Self {
        Self {
            state: match c.state.as_str() {
                "active" => State::Active,
                "closed" => State::Closed,
                _ => State::Paused,
            },
            id: c.id,
            property_id: c.property_id,
            protocol: c.protocol,
            name: c.name,
            base_url: c.base_url,
            external_property: c.external_property,
            receives_ari: c.receives_ari,
            safety_buffer: c.safety_buffer,
            calls_per_minute: c.calls_per_minute,
            markup_percent: Amount(c.terms.markup.percent),
            markup_amount: Amount(c.terms.markup.amount),
            apply_seconds: c.terms.apply_seconds,
            version: c.version,
        }
    }
}

impl From<connection::Created> for NewConnectionSecrets {
    fn from(made: connection::Created) -> Self {
        let connection::Created {
            connection,
            endpoint_token,
            signing_secret,
        } = made;
        if connection.protocol == alpinebits::NAME {
            return Self {
                user_name: Some(connection.id.to_string()),
                password: Some(endpoint_token),
                connection: connection.into(),
                hook_path: "/alpinebits".into(),
                signing_secret,
            };
        }
        Self {
            connection: connection.into(),
            hook_path: format!("/hooks/channels/{endpoint_token}"),
            user_name: None,
            password: None,
            signing_secret,
        }
    }
}

impl Mappings {
    /// Each product at most once.
    pub fn parse(self) -> ApiResult<mapping::Mapping> {
        let twice =
            |at: String| Refusal::invalid("mapped_twice", "each product is mapped at most once").at(at);
        let mut all = mapping::Mapping::default();
        for (i, m) in self.rooms.into_iter().enumerate() {
            if all.rooms.insert(m.unit_type_id, m.external_id).is_some() {
                return Err(twice(format!("/rooms/{i}")).into());
            }
        }
        for (i, m) in self.rates.into_iter().enumerate() {
            if all
                .rates
                .insert((m.unit_type_id, m.rate_plan_id), m.external_id)
                .is_some()
            {
                return Err(twice(format!("/rates/{i}")).into());
            }
        }
        Ok(all)
    }
}

impl From<mapping::Mapping> for Mappings {
    fn from(mapping: mapping::Mapping) -> Self {
        let room = |(unit_type_id, external_id)| RoomMapping {
            unit_type_id,
            external_id,
        };
        let rate = |((unit_type_id, rate_plan_id), external_id)| RateMapping {
            unit_type_id,
            rate_plan_id,
            external_id,
        };
        let mut rooms: Vec<_> = mapping.rooms.into_iter().map(room).collect();
        let mut rates: Vec<_> = mapping.rates.into_iter().map(rate).collect();
        rooms.sort_by_key(|m| m.unit_type_id);
        rates.sort_by_key(|m| (m.unit_type_id, m.rate_plan_id));
        Self { rooms, rates }
    }
}
