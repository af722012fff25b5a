//! Maintenance: nights in which a unit is not to be slept in. Out of order takes it from sale, out of service only from
//! the front desk.

mod store;

use crate::booking::cancel::mark_dirty;
use crate::booking::change::Force;
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::inventory::{self, Delta, LONGEST_RANGE, Take};
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
pub use store::{get, list};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not sold.
    OutOfOrder,
    /// Sold, but nobody is put there.
    OutOfService,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::OutOfOrder, Self::OutOfService];

    pub fn name(self) -> &'static str {
        match self {
            Self::OutOfOrder => "out_of_order",
            Self::OutOfService => "out_of_service",
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|k| k.name() == name);
        known.ok_or_else(|| Error::internal(format!("unknown kind of maintenance `{name}`")))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Maintenance {
    pub id: Uuid,
    pub property_id: Uuid,
    pub unit_id: Uuid,
    pub kind: Kind,
    pub reason: String,
    pub from: NaiveDate,
    /// The first night after; moved to the business date when it was closed early.
    pub to: NaiveDate,
    pub closed_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct NewMaintenance {
    pub unit_id: Uuid,
    pub kind: Kind,
    pub reason: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Absent = leave.
#[derive(Debug, Clone, Default)]
pub struct MaintenanceChange {
    pub reason: Option<String>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// Takes a unit for some nights; `force` even if more is sold than is left then.
///
/// # Errors
/// 409 `unit_taken` naming the stay that is there; `no_availability` when the nights are sold out, unless forced.
pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: NewMaintenance,
    force: Option<&Force>,
    now: DateTime<Utc>,
) -> Result<Maintenance> {
    who.require(Permission::WriteMaintenance)?;
    let reason = property::name(&new.reason, "/reason")?;
    let property = property::get(tx, property_id).await?;
    check_span(new.from, new.to, property.business_date)?;
    let unit = property::get_unit(tx, who, new.unit_id).await?;
    if unit.property_id != property_id {
        return Err(Refusal::not_found("unit").at("/unit_id").into());
    }
    let made = Maintenance {
        id: new_id(),
        property_id,
        unit_id: unit.id,
        kind: new.kind,
        reason,
        from: new.from,
        to: new.to,
        closed_at: None,
        version: 1,
        created_at: now,
    };
    let delta = delta(made.kind, unit.unit_type_id, None, Some((made.from, made.to)));
    take(tx, who, &delta, force).await?;
    store::insert(tx, &made).await?;
    store::occupy(tx, &unit, &made).await?;
    log(
        tx,
        who,
        &made,
        "maintenance.created",
        (made.from, made.to),
        force,
        now,
    )
    .await?;
    Ok(made)
}

fn check_span(from: NaiveDate, to: NaiveDate, today: NaiveDate) -> Result<(), Refusal> {
    if from < today {
        let detail = format!("from the business date on, {today}");
        return Err(Refusal::invalid("in_the_past", detail).at("/from"));
    }
    if to <= from || (to - from).num_days() > LONGEST_RANGE {
        let detail = format!("`to` is after `from`, at most {LONGEST_RANGE} nights");
        return Err(Refusal::invalid("invalid_range", detail).at("/to"));
    }
    Ok(())
}

/// Nights given back and nights taken, where the kind takes any.
fn delta(
    kind: Kind,
    unit_type_id: Uuid,
    before: Option<(NaiveDate, NaiveDate)>,
    after: Option<(NaiveDate, NaiveDate)>,
) -> Delta {
    let mut delta = Delta::new();
    for (span, sign) in [(before, -1), (after, 1)] {
        let Some((from, to)) = span.filter(|_| kind == Kind::OutOfOrder) else {
            continue;
        };
        for night in from.iter_days().take_while(|d| *d < to) {
            delta.entry((unit_type_id, night)).or_default().out_of_order += sign;
        }
    }
    delta.retain(|_, take| *take != Take::default());
    delta
}

async fn take(tx: &mut TenantTx, who: &Principal, delta: &Delta, force: Option<&Force>) -> Result<()> {
    Force::check(force, who)?;
    inventory::change(tx, delta, Force::stock(force)).await?;
    mark_dirty(tx, delta).await
}

/// Other words, other nights. Nights before the business date are history and stay.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: MaintenanceChange,
    force: Option<&Force>,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Maintenance> {
    who.require(Permission::WriteMaintenance)?;
    let before = store::open(tx, property_id, id, expected).await?;
    let today = property::get(tx, property_id).await?.business_date;
    let mut after = before.clone();
    if let Some(reason) = &change.reason {
        after.reason = property::name(reason, "/reason")?;
    }
    after.from = change.from.unwrap_or(before.from);
    after.to = change.to.unwrap_or(before.to);
    check_change(&before, &after, today)?;
    after.version += 1;
    write(tx, who, &before, &after, Some((after.from, after.to)), force).await?;
    let touched = (before.from.min(after.from), before.to.max(after.to));
    log(tx, who, &after, "maintenance.changed", touched, force, now).await?;
    Ok(after)
}

fn check_change(before: &Maintenance, after: &Maintenance, today: NaiveDate) -> Result<(), Refusal> {
    let past = |at: &str| {
        let detail = format!("nights before the business date, {today}, are history");
        Refusal::invalid("in_the_past", detail).at(at)
    };
    if after.from != before.from && after.from.min(before.from) < today {
        return Err(past("/from"));
    }
    if after.to != before.to && after.to.min(before.to) < today {
        return Err(past("/to"));
    }
    check_span(after.from, after.to, after.from)
}

/// Done: tonight and later nights are given back.
pub async fn close(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Maintenance> {
    who.require(Permission::WriteMaintenance)?;
    let before = store::open(tx, property_id, id, expected).await?;
    let today = property::get(tx, property_id).await?.business_date;
    let mut after = before.clone();
    after.closed_at = Some(now);
    after.version += 1;
    // Closed before it began: the plan stays written, nothing of it is occupied.
    let left = (before.from < today).then(|| (before.from, before.to.min(today)));
    after.to = left.map_or(before.to, |(_, to)| to);
    write(tx, who, &before, &after, left, None).await?;
    log(
        tx,
        who,
        &after,
        "maintenance.closed",
        (before.from, before.to),
        None,
        now,
    )
    .await?;
    Ok(after)
}

/// Stock first, unit second: the order of locks everywhere. `left` = the nights it occupies from now on.
async fn write(
    tx: &mut TenantTx,
    who: &Principal,
    before: &Maintenance,
    after: &Maintenance,
    left: Option<(NaiveDate, NaiveDate)>,
    force: Option<&Force>,
) -> Result<()> {
    let unit = property::get_unit(tx, who, after.unit_id).await?;
    let delta = delta(
        after.kind,
        unit.unit_type_id,
        Some((before.from, before.to)),
        left,
    );
    take(tx, who, &delta, force).await?;
    match left {
        Some(_) => store::occupy(tx, &unit, after).await?,
        None => store::leave(tx, after.id).await?,
    }
    store::update(tx, after).await
}

/// `touched` nights may have changed in stock: projections follow.
async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    m: &Maintenance,
    kind: &'static str,
    (from, to): (NaiveDate, NaiveDate),
    force: Option<&Force>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut data = json!({
        "unit_id": m.unit_id,
        "kind": m.kind.name(),
        "reason": m.reason,
        "nights": [{ "from": from, "to": to }],
    });
    if let Some(force) = force {
        data["forced"] = force.said();
    }
    let event = NewEvent {
        kind,
        property_id: Some(m.property_id),
        subject_id: m.id,
        actor: &who.actor,
        data,
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
