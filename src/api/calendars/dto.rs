//! Calendar connections as JSON. The channel's address comes in and never goes out.

use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::channel::calendar::{connection, status};
use innkeep_domain::channel::feed::{self, ClaimKind, Collapse, Why};
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewCalendarConnection {
    /// What is sold there.
    pub unit_id: Uuid,
    /// 1 to 200 characters, for people: who the channel is.
    pub name: String,
    /// Where the channel's calendar of the unit is: an `https` address on the public Internet; `webcal` and `webcals` are
    /// taken as `https`. At most three redirects are followed, to such addresses only. Absent: none is read, and the
    /// channel only reads ours.
    #[oai(validator(max_length = 2000))]
    pub import_url: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct CalendarConnectionChange {
    pub name: MaybeUndefined<String>,
    pub import_url: MaybeUndefined<String>,
}

#[derive(Object)]
pub struct CalendarConnection {
    id: Uuid,
    property_id: Uuid,
    unit_id: Uuid,
    name: String,
    state: CalendarState,
    /// Where the channel's calendar is read from; the rest of the address is secret. Absent: none is read.
    #[oai(skip_serializing_if_is_none)]
    import_host: Option<String>,
    /// Our calendar has an address.
    exported: bool,
    version: i32,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum CalendarState {
    Active,
    Paused,
}

/// A connection and the address of our calendar, shown this once.
#[derive(Object)]
pub struct CalendarConnectionAddress {
    connection: CalendarConnection,
    /// For the channel to read; anyone who knows it can.
    export_path: String,
}

#[derive(Object)]
pub struct CalendarReading {
    pub connection_id: Uuid,
}

#[derive(Object)]
pub struct CalendarSyncStatus {
    connection_id: Uuid,
    state: CalendarState,
    /// The last calendar, or the last word that it is unchanged.
    #[oai(skip_serializing_if_is_none)]
    read_at: Option<DateTime<Utc>>,
    /// The last try, however it ended.
    #[oai(skip_serializing_if_is_none)]
    tried_at: Option<DateTime<Utc>>,
    #[oai(skip_serializing_if_is_none)]
    next_read_at: Option<DateTime<Utc>>,
    /// Tries in a row without a calendar.
    failures: i32,
    #[oai(skip_serializing_if_is_none)]
    last_error: Option<String>,
    /// Nothing is given free, and why.
    #[oai(skip_serializing_if_is_none)]
    frozen: Option<CalendarFreeze>,
    /// When the channel read our calendar last.
    #[oai(skip_serializing_if_is_none)]
    exported_at: Option<DateTime<Utc>>,
    /// What is held.
    claims: Vec<CalendarClaim>,
}

#[derive(Object)]
struct CalendarFreeze {
    why: CalendarDoubt,
    since: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum CalendarDoubt {
    /// Nothing is left: `actions/believe`, if that is right.
    Empty,
    /// More than half of what was known is missing.
    Shrunk,
    /// The last answer was no calendar.
    Unreadable,
}

/// Nights `[from, to)` that the channel's calendar holds.
#[derive(Object)]
struct CalendarClaim {
    from: NaiveDate,
    to: NaiveDate,
    kind: CalendarClaimKind,
    /// The channel's code of the reservation.
    #[oai(skip_serializing_if_is_none)]
    code: Option<String>,
    /// The last calendar did not have it: it is given free when it has been missing for long enough.
    doubted: bool,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum CalendarClaimKind {
    /// A reservation that the calendar names.
    Stay,
    /// Not for sale there; why, nobody says.
    Closed,
    /// Ours, coming back although the channel has read that they are free: it may have sold them since.
    Lingering,
}

impl CalendarState {
    fn of(active: bool) -> Self {
        if active { Self::Active } else { Self::Paused }
    }
}

impl From<connection::CalendarConnection> for CalendarConnection {
    fn from(c: connection::CalendarConnection) -> Self {
        Self {
            id: c.id,
            property_id: c.property_id,
            unit_id: c.unit_id,
            name: c.name,
            state: CalendarState::of(c.active),
            import_host: c.import_host,
            exported: c.exported,
            version: c.version,
        }
    }
}

impl CalendarConnectionAddress {
    pub fn new(connection: connection::CalendarConnection, token: &str) -> Self {
        Self {
            connection: connection.into(),
            export_path: format!("/ical/{token}.ics"),
        }
    }
}

impl From<status::CalendarStatus> for CalendarSyncStatus {
    fn from(s: status::CalendarStatus) -> Self {
        Self {
            connection_id: s.connection_id,
            state: CalendarState::of(s.active),
            read_at: s.read_at,
            tried_at: s.tried_at,
            next_read_at: s.next_read_at,
            failures: s.failures,
            last_error: s.last_error,
            frozen: s.frozen.map(CalendarFreeze::from),
            exported_at: s.fetched_at,
            claims: s.claims.into_iter().map(CalendarClaim::from).collect(),
        }
    }
}

impl From<feed::Freeze> for CalendarFreeze {
    fn from(freeze: feed::Freeze) -> Self {
        Self {
            why: match freeze.why {
                Why::Collapsed(Collapse::Empty) => CalendarDoubt::Empty,
                Why::Collapsed(Collapse::Shrunk) => CalendarDoubt::Shrunk,
                Why::Unreadable => CalendarDoubt::Unreadable,
            },
            since: freeze.since,
        }
    }
}

impl From<feed::Claim> for CalendarClaim {
    fn from(claim: feed::Claim) -> Self {
        Self {
            from: claim.dates.from(),
            to: claim.dates.to(),
            kind: match claim.kind {
                ClaimKind::Stay => CalendarClaimKind::Stay,
                ClaimKind::Closed => CalendarClaimKind::Closed,
                ClaimKind::Lingering => CalendarClaimKind::Lingering,
            },
            code: claim.code,
            doubted: claim.doubted,
        }
    }
}
