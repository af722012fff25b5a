//! Groups as JSON.

use crate::api::{ApiResult, patch};
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::Refusal;
use innkeep_domain::booking::change::Force;
use innkeep_domain::group::entity::{self, Wash};
use innkeep_domain::group::{allotment, plan, store};
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

#[derive(Object)]
pub struct Group {
    id: Uuid,
    property_id: Uuid,
    /// Short, unique in the property.
    code: String,
    name: String,
    status: GroupStatus,
    arrival: NaiveDate,
    /// The day after the last night.
    departure: NaiveDate,
    /// On this business date what remains is released.
    #[oai(skip_serializing_if_is_none)]
    cutoff: Option<NaiveDate>,
    /// The company or travel agent it comes through; its bookings get it too.
    #[oai(skip_serializing_if_is_none)]
    company_id: Option<Uuid>,
    /// Agreed for its bookings.
    #[oai(skip_serializing_if_is_none)]
    rate_plan_id: Option<Uuid>,
    #[oai(skip_serializing_if_is_none)]
    notes: Option<String>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum GroupStatus {
    /// Asked for; keeps its units all the same.
    Tentative,
    Definite,
    /// What was left went back.
    Released,
    /// Takes no bookings any more.
    Cancelled,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewGroup {
    property_id: Uuid,
    /// Short, unique in the property.
    code: String,
    name: String,
    /// `tentative` or `definite`. Default: tentative.
    status: Option<GroupStatus>,
    arrival: NaiveDate,
    /// The day after the last night.
    departure: NaiveDate,
    /// On this business date what remains is released; not after the arrival.
    cutoff: Option<NaiveDate>,
    company_id: Option<Uuid>,
    rate_plan_id: Option<Uuid>,
    notes: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct GroupChange {
    code: MaybeUndefined<String>,
    name: MaybeUndefined<String>,
    /// `tentative` or `definite`; releasing and cancelling are actions.
    status: MaybeUndefined<GroupStatus>,
    arrival: MaybeUndefined<NaiveDate>,
    departure: MaybeUndefined<NaiveDate>,
    cutoff: MaybeUndefined<NaiveDate>,
    company_id: MaybeUndefined<Uuid>,
    rate_plan_id: MaybeUndefined<Uuid>,
    notes: MaybeUndefined<String>,
}

/// A group with its nights and bookings.
#[derive(Object)]
pub struct GroupView {
    #[oai(flatten)]
    group: Group,
    /// In the order of unit types and nights.
    nights: Vec<GroupNight>,
    /// The newest first, at most 500.
    bookings: Vec<GroupBooking>,
}

/// Units of one type on one night.
#[derive(Object)]
struct GroupNight {
    unit_type_id: Uuid,
    night: NaiveDate,
    allotted: i32,
    /// Sold or held for the group's bookings now, out of what was allotted or beyond it.
    picked_up: i32,
    /// Still kept. What a cancelled booking had picked up is free for everybody and does not return here.
    remaining: i32,
}

#[derive(Object)]
struct GroupBooking {
    id: Uuid,
    reference: String,
    /// `tentative`, `confirmed` or `cancelled`.
    status: String,
    booker_name: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewAllotment {
    /// All of it: a night that no range names keeps nothing. Where ranges overlap the later one counts.
    #[oai(validator(max_items = 200))]
    allotment: Vec<AllotmentRange>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct ForcedAllotment {
    /// As in the plain operation.
    #[oai(validator(max_items = 200))]
    allotment: Vec<AllotmentRange>,
    /// 1 to 200 characters; stays in the event log.
    reason: String,
}

/// So many units of a type on each of the nights.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct AllotmentRange {
    unit_type_id: Uuid,
    /// The first night.
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// With those picked up already.
    units: i32,
}

/// One of the two.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct WashBy {
    /// 1 to 100 percent of what remains, rounded down.
    percent: Option<i32>,
    /// At most so many units a night.
    units: Option<i32>,
}

impl From<GroupStatus> for entity::Status {
    fn from(status: GroupStatus) -> Self {
        match status {
            GroupStatus::Tentative => Self::Tentative,
            GroupStatus::Definite => Self::Definite,
            GroupStatus::Released => Self::Released,
            GroupStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<entity::Status> for GroupStatus {
    fn from(status: entity::Status) -> Self {
        match status {
            entity::Status::Tentative => Self::Tentative,
            entity::Status::Definite => Self::Definite,
            entity::Status::Released => Self::Released,
            entity::Status::Cancelled => Self::Cancelled,
        }
    }
}

impl GroupStatus {
    fn definite(self) -> Result<bool, Refusal> {
        match self {
            Self::Tentative => Ok(false),
            Self::Definite => Ok(true),
            Self::Released | Self::Cancelled => {
                let detail = "tentative or definite; release and cancel are actions";
                Err(Refusal::invalid("use_an_action", detail).at("/status"))
            }
        }
    }
}

impl NewGroup {
    pub fn parse(self) -> ApiResult<plan::NewGroup> {
        Ok(plan::NewGroup {
            property_id: self.property_id,
            code: self.code,
            name: self.name,
            definite: self.status.map_or(Ok(false), GroupStatus::definite)?,
            arrival: self.arrival,
            departure: self.departure,
            cutoff: self.cutoff,
            company_id: self.company_id,
            rate_plan_id: self.rate_plan_id,
            notes: self.notes,
        })
    }
}

impl GroupChange {
    pub fn parse(self) -> ApiResult<plan::GroupChange> {
        let status = patch::required(self.status, "/status")?;
        Ok(plan::GroupChange {
            code: patch::required(self.code, "/code")?,
            name: patch::required(self.name, "/name")?,
            definite: status.map(GroupStatus::definite).transpose()?,
            arrival: patch::required(self.arrival, "/arrival")?,
            departure: patch::required(self.departure, "/departure")?,
            cutoff: patch::change(self.cutoff),
            company_id: patch::change(self.company_id),
            rate_plan_id: patch::change(self.rate_plan_id),
            notes: patch::change(self.notes),
        })
    }
}

impl NewAllotment {
    pub fn parse(self) -> Vec<allotment::Range> {
        self.allotment.into_iter().map(AllotmentRange::parse).collect()
    }
}

impl ForcedAllotment {
    pub fn parse(self) -> (Vec<allotment::Range>, Force) {
        let ranges = self.allotment.into_iter().map(AllotmentRange::parse).collect();
        (ranges, Force { reason: self.reason })
    }
}

impl AllotmentRange {
    fn parse(self) -> allotment::Range {
        allotment::Range {
            unit_type_id: self.unit_type_id,
            from: self.from,
            last: self.to,
            units: self.units,
        }
    }
}

impl WashBy {
    pub fn parse(self) -> Result<Wash, Refusal> {
        match (self.percent, self.units) {
            (Some(percent), None) => Ok(Wash::Percent(percent)),
            (None, Some(units)) => Ok(Wash::Units(units)),
            _ => Err(Refusal::invalid("one_of", "either percent or units").at("/percent")),
        }
    }
}

impl From<entity::Group> for Group {
    fn from(g: entity::Group) -> Self {
        Self {
            id: g.id,
            property_id: g.property_id,
            code: g.code,
            name: g.name,
            status: g.status.into(),
            arrival: g.arrival,
            departure: g.departure,
            cutoff: g.cutoff,
            company_id: g.company_id,
            rate_plan_id: g.rate_plan_id,
            notes: g.notes,
            version: g.version,
            created_at: g.created_at,
            updated_at: g.updated_at,
        }
    }
}

impl GroupView {
    pub fn new(
        group: entity::Group,
        nights: Vec<allotment::GroupNight>,
        bookings: Vec<store::GroupBooking>,
    ) -> Self {
        let night = |n: allotment::GroupNight| GroupNight {
            unit_type_id: n.unit_type_id,
            night: n.night,
            allotted: n.allotted,
            picked_up: n.picked_up,
            remaining: n.remaining,
        };
        let booking = |b: store::GroupBooking| GroupBooking {
            id: b.id,
            reference: b.reference,
            status: b.status,
            booker_name: b.booker_name,
        };
        Self {
            group: group.into(),
            nights: nights.into_iter().map(night).collect(),
            bookings: bookings.into_iter().map(booking).collect(),
        }
    }
}
