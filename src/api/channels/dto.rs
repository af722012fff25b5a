//! Connections, mappings and their state as JSON. A channel's key comes in and never goes out.

use crate::api::ApiResult;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::Refusal;
use innkeep_domain::channel::{connection, mapping, status};
use innkeep_integrations::alpinebits;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewConnection {
    property_id: Uuid,
    /// `channex` (we push and poll), `webhook` (signed booking messages are posted to us) or `alpinebits` (a portal logs
    /// in at `/alpinebits`).
    pub protocol: String,
    /// 1 to 200 characters, for people.
    name: String,
    /// Where the channel's API is; for protocols that we call. For `webhook`, the seller's endpoint, if changes of
    /// availability and rates are to be posted there. An `https` address on the public Internet, at port 443
    /// or above 1023, unless this installation's operator allowed another.
    #[oai(validator(max_length = 500, pattern = "^https?://"))]
    pub base_url: Option<String>,
    /// The channel's own id of the property; for protocols that we call, for `webhook` if it has one (else ours is told),
    /// and for `alpinebits`, where it is the `HotelCode` of 1 to 16 characters.
    #[oai(validator(max_length = 200))]
    external_property: Option<String>,
    /// The channel's API key; for protocols that we call.
    #[oai(validator(max_length = 500))]
    api_key: Option<String>,
    /// The last N units are not offered on this channel; 0 to 1000.
    #[oai(default)]
    safety_buffer: i32,
    /// Of each kind of call, in any 60 seconds; what the channel allows.
    #[oai(default = "ten")]
    calls_per_minute: i32,
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
    version: i32,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum State {
    Active,
    Paused,
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
    /// The channel's rate plan. With `alpinebits` it is of no one room: what a rate plan is mapped to with one unit type
    /// holds for all mapped ones that have nothing of their own.
    #[oai(validator(min_length = 1, max_length = 200))]
    external_id: String,
}

#[derive(Object)]
pub struct FullSync {
    pub connection_id: Uuid,
}

/// Each cell (one product's availability or rate on one night) is converged, in flight or alarmed.
#[derive(Object)]
pub struct SyncStatus {
    connection_id: Uuid,
    state: String,
    converged: i64,
    in_flight: i64,
    alarmed: i64,
    /// Ranges changed and not sent yet, and since when the oldest.
    waiting: i64,
    #[oai(skip_serializing_if_is_none)]
    waiting_since: Option<DateTime<Utc>>,
    /// Calls that failed in a row.
    push_failures: i32,
    next_push_at: DateTime<Utc>,
    #[oai(skip_serializing_if_is_none)]
    last_error: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    last_accepted_at: Option<DateTime<Utc>>,
    #[oai(skip_serializing_if_is_none)]
    last_polled_at: Option<DateTime<Utc>>,
    /// When the channel was asked last what it believes, of some of the nights or all.
    #[oai(skip_serializing_if_is_none)]
    last_read_back_at: Option<DateTime<Utc>>,
    /// Cells that the channel was found to believe otherwise than it had accepted, since it was connected: each was told
    /// anew.
    drifted: i64,
    #[oai(skip_serializing_if_is_none)]
    drifted_at: Option<DateTime<Utc>>,
    /// Booking messages the channel does not know yet that we have.
    unacknowledged: i64,
    /// Booking messages nobody could read: a person must look.
    parked: i64,
    /// The first hundred refused cells.
    alarms: Vec<CellAlarm>,
}

#[derive(Object)]
struct CellAlarm {
    unit_type_id: Uuid,
    /// Absent: the availability was refused.
    #[oai(skip_serializing_if_is_none)]
    rate_plan_id: Option<Uuid>,
    night: NaiveDate,
    /// In the channel's words.
    reason: String,
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
        }
    }
}

impl From<connection::Connection> for Connection {
    fn from(c: connection::Connection) -> Self {
        Self {
            state: if c.is_active() {
                State::Active
            } else {
                State::Paused
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

impl From<status::SyncStatus> for SyncStatus {
    fn from(s: status::SyncStatus) -> Self {
        Self {
            connection_id: s.connection_id,
            state: s.state,
            converged: s.converged,
            in_flight: s.in_flight,
            alarmed: s.alarmed,
            waiting: s.waiting,
            waiting_since: s.waiting_since,
            push_failures: s.push_failures,
            next_push_at: s.next_push_at,
            last_error: s.last_error,
            last_accepted_at: s.last_accepted_at,
            last_polled_at: s.last_polled_at,
            last_read_back_at: s.last_read_back_at,
            drifted: s.drifted,
            drifted_at: s.drifted_at,
            unacknowledged: s.unacknowledged,
            parked: s.parked,
            alarms: s.alarms.into_iter().map(CellAlarm::from).collect(),
        }
    }
}

impl From<status::CellAlarm> for CellAlarm {
    fn from(a: status::CellAlarm) -> Self {
        let rate_plan_id = Some(a.rate_plan_id).filter(|id| !id.is_nil());
        Self {
            unit_type_id: a.unit_type_id,
            rate_plan_id,
            night: a.night,
            reason: a.reason,
        }
    }
}
