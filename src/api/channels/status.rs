//! How far a channel is in step, as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::channel::status::{self, Outlook};
use innkeep_domain::channel::{deadline, exposure};
use poem_openapi::Object;
use uuid::Uuid;

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
    /// Calls about availability that failed in a row, and when the next comes at the earliest.
    push_failures: i32,
    next_push_at: DateTime<Utc>,
    /// The same of calls about rates.
    rates_failures: i32,
    next_rates_at: DateTime<Utc>,
    #[oai(skip_serializing_if_is_none)]
    last_error: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    last_accepted_at: Option<DateTime<Utc>>,
    /// When the channel was asked last for bookings and told all it had.
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
    /// For a channel that is told availability and rates.
    #[oai(skip_serializing_if_is_none)]
    exposure: Option<Exposure>,
    /// Messages that are not applied, or that the channel does not know we have: the most urgent hundred.
    waiting_messages: Vec<WaitingMessage>,
    unmapped: Unmapped,
}

/// How long the channel may sell what is gone: measured, not promised. `safety_buffer` is what helps.
#[derive(Object)]
struct Exposure {
    /// The last accepted calls, of 24 hours and at most 1,000: what is measured.
    calls: i64,
    /// From a change to the channel's acceptance, in milliseconds: half of the calls took longer,
    #[oai(skip_serializing_if_is_none)]
    push_p50_ms: Option<i64>,
    /// and one in a hundred longer than this.
    #[oai(skip_serializing_if_is_none)]
    push_p99_ms: Option<i64>,
    /// What the channel then takes to show it, as entered.
    apply_seconds: i32,
    /// Both together.
    #[oai(skip_serializing_if_is_none)]
    exposure_ms: Option<i64>,
    /// Nights of unit types that are free, and that only the safety buffer keeps from this channel.
    cells_kept_back: i64,
    /// Nights of unit types of which the channel is told one unit: the next sale elsewhere is a race.
    cells_last_unit: i64,
}

#[derive(Object)]
struct WaitingMessage {
    /// As in `/messages`.
    id: String,
    received_at: DateTime<Utc>,
    /// `received` (not applied yet), `processed`, `parked` or `asked`.
    state: String,
    /// Does the channel know that we have it? Then nothing runs out.
    acknowledged: bool,
    /// When the channel gives up and falls back to e-mail: 30 minutes after it came for an arrival on the same day, 60
    /// for one on the next, else 24 hours.
    deadline: DateTime<Utc>,
    /// Until then; negative when it has passed.
    minutes_left: i64,
}

/// What the property sells and this channel cannot, for it is mapped to nothing there: the first hundred of each.
#[derive(Object)]
struct Unmapped {
    unit_type_ids: Vec<Uuid>,
    /// Of unit types that are mapped, rate plans that have a price.
    rates: Vec<UnmappedRate>,
}

#[derive(Object)]
struct UnmappedRate {
    unit_type_id: Uuid,
    rate_plan_id: Uuid,
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

impl SyncStatus {
    pub fn new(s: status::SyncStatus, outlook: Outlook, now: DateTime<Utc>) -> Self {
        let waiting = outlook.waiting.into_iter();
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
            rates_failures: s.rates_failures,
            next_rates_at: s.next_rates_at,
            last_error: s.last_error,
            last_accepted_at: s.last_accepted_at,
            last_polled_at: s.last_polled_at,
            last_read_back_at: s.last_read_back_at,
            drifted: s.drifted,
            drifted_at: s.drifted_at,
            unacknowledged: s.unacknowledged,
            parked: s.parked,
            alarms: s.alarms.into_iter().map(CellAlarm::from).collect(),
            exposure: outlook.exposure.map(Exposure::from),
            waiting_messages: waiting.map(|w| WaitingMessage::new(w, now)).collect(),
            unmapped: outlook.unmapped.into(),
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

impl From<exposure::Exposure> for Exposure {
    fn from(e: exposure::Exposure) -> Self {
        Self {
            calls: e.calls,
            push_p50_ms: e.push_p50_ms,
            push_p99_ms: e.push_p99_ms,
            apply_seconds: e.apply_seconds,
            exposure_ms: e.total_ms(),
            cells_kept_back: e.kept_back,
            cells_last_unit: e.last_units,
        }
    }
}

impl WaitingMessage {
    fn new(w: deadline::Waiting, now: DateTime<Utc>) -> Self {
        Self {
            id: w.id.to_string(),
            received_at: w.received_at,
            state: w.state,
            acknowledged: w.acknowledged,
            deadline: w.deadline,
            minutes_left: (w.deadline - now).num_seconds().div_euclid(60),
        }
    }
}

impl From<exposure::Unmapped> for Unmapped {
    fn from(u: exposure::Unmapped) -> Self {
        let rate = |(unit_type_id, rate_plan_id)| UnmappedRate {
            unit_type_id,
            rate_plan_id,
        };
        Self {
            unit_type_ids: u.unit_types,
            rates: u.rates.into_iter().map(rate).collect(),
        }
    }
}
