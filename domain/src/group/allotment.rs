//! The allotment: units of a type kept for a group, night by night. What remains of it is counted as held, so nobody
//! else can sell it and every channel shows less.

use super::entity::{Blocks, Group, Wash, held_between};
use super::plan::log;
use super::store;
use crate::booking::cancel::mark_dirty;
use crate::booking::change::Force;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::{self, Stock, horizon};
use crate::principal::{Permission, Principal};
use crate::property::{self, check_version};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most ranges in one allotment, and most units in one of them.
pub const MOST_RANGES: usize = 200;
pub const MOST_UNITS: i32 = 10_000;

/// So many units of a type on each of the nights `from..=last`.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    pub unit_type_id: Uuid,
    pub from: NaiveDate,
    pub last: NaiveDate,
    pub units: i32,
}

/// Replaces the whole allotment: a night that no range names keeps nothing. A block never falls below what was sold
/// out of it. Where ranges overlap the later one counts.
///
/// # Errors
/// 409 `no_availability` when more would be kept than is free, unless it is forced, with a reason, by somebody who may
/// override; 409 `wrong_state` for a group that is closed; 422 for nights that are not the group's, over, or not open.
pub async fn set(
    tx: &mut TenantTx,
    who: &Principal,
    group_id: Uuid,
    ranges: &[Range],
    expected: Option<i32>,
    force: Option<&Force>,
    now: DateTime<Utc>,
) -> Result<Group> {
    who.require(Permission::WriteBookings)?;
    Force::check(force, who)?;
    let mut group = store::lock(tx, group_id).await?;
    check_version(group.version, expected)?;
    group.require_open()?;
    check(tx, &group, ranges).await?;
    let before = store::lock_blocks(tx, group_id, None).await?;
    let after = wanted(&before, ranges);
    let mut data = json!({ "units": after.values().map(|b| b.allotted).sum::<i32>() });
    if let Some(force) = force {
        data["forced"] = force.said();
    }
    write(tx, &mut group, (&before, &after), Force::stock(force), now).await?;
    log(tx, who, "group.allotted", &group, data, now).await?;
    Ok(group)
}

/// What the ranges say, over what was drawn.
fn wanted(before: &Blocks, ranges: &[Range]) -> Blocks {
    let mut after: Blocks = before.iter().map(|(cell, b)| (*cell, Wash::All.of(*b))).collect();
    for range in ranges {
        for night in range.from.iter_days().take_while(|d| *d <= range.last) {
            let block = after.entry((range.unit_type_id, night)).or_default();
            block.allotted = range.units.max(block.drawn);
        }
    }
    after
}

async fn check(tx: &mut TenantTx, group: &Group, ranges: &[Range]) -> Result<()> {
    if ranges.len() > MOST_RANGES {
        let detail = format!("at most {MOST_RANGES} ranges");
        return Err(Refusal::invalid("out_of_range", detail).at("/allotment").into());
    }
    let property = property::get(tx, group.property_id).await?;
    let mut unit_types = BTreeSet::new();
    for (i, range) in ranges.iter().enumerate() {
        let refuse = |field: &str, detail: String| {
            let at = format!("/allotment/{i}/{field}");
            Err(Refusal::invalid("out_of_range", detail).at(at).into())
        };
        let (first, end) = (group.arrival.max(property.business_date), group.departure);
        if range.from < first {
            return refuse("from", format!("from {first} on"));
        }
        if range.last < range.from || range.last >= end.min(horizon(property.business_date)) {
            return refuse(
                "to",
                format!("the last night, not before `from`, and before {end}"),
            );
        }
        if !(0..=MOST_UNITS).contains(&range.units) {
            return refuse("units", format!("0 to {MOST_UNITS}"));
        }
        if unit_types.insert(range.unit_type_id) {
            let unknown = || Refusal::not_found("unit type").at(format!("/allotment/{i}/unit_type_id"));
            let ours = store::is_unit_type_of(tx, range.unit_type_id, group.property_id).await?;
            ours.then_some(()).ok_or_else(unknown)?;
        }
    }
    Ok(())
}

/// Blocks as they are to be, the stock that follows, and the channels that must hear of it.
pub(super) async fn write(
    tx: &mut TenantTx,
    group: &mut Group,
    (before, after): (&Blocks, &Blocks),
    stock: Stock,
    now: DateTime<Utc>,
) -> Result<()> {
    let delta = held_between(before, after);
    inventory::change(tx, &delta, stock).await?;
    mark_dirty(tx, &delta).await?;
    store::save_blocks(tx, group.id, after).await?;
    group.version += 1;
    group.updated_at = now;
    store::save(tx, group).await
}

/// The group's block on one night, as people plan with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupNight {
    pub unit_type_id: Uuid,
    pub night: NaiveDate,
    pub allotted: i32,
    /// Sold or held for the group's bookings now, out of the block or beyond it.
    pub picked_up: i32,
    /// Still kept.
    pub remaining: i32,
}

/// Every night on which the group has a block or a stay.
pub async fn nights(tx: &mut TenantTx, group_id: Uuid) -> Result<Vec<GroupNight>> {
    Ok(sqlx::query_as!(
        GroupNight,
        r#"with picked as (
             select n.unit_type_id, n.night, count(*)::int as n
             from booking b
             join reservation r on r.tenant_id = $1 and r.booking_id = b.id
                  and r.status in ('tentative', 'confirmed', 'in_house', 'departed')
             join reservation_night n on n.tenant_id = $1 and n.reservation_id = r.id
             where b.tenant_id = $1 and b.group_id = $2 and n.unit_type_id is not null group by 1, 2)
           select coalesce(a.unit_type_id, p.unit_type_id) as "unit_type_id!", coalesce(a.night, p.night) as "night!",
                  coalesce(a.allotted, 0) as "allotted!", coalesce(p.n, 0) as "picked_up!",
                  coalesce(a.allotted - a.drawn, 0) as "remaining!"
           from (select unit_type_id, night, allotted, drawn from group_allotment
                 where tenant_id = $1 and group_id = $2) a
           full join picked p on p.unit_type_id = a.unit_type_id and p.night = a.night
           order by 1, 2"#,
        tx.t(),
        group_id
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The nights of cells as `[{from, to}]`, half-open, for the log.
pub(super) fn span(blocks: &Blocks) -> Value {
    let nights = || blocks.keys().map(|(_, night)| *night);
    match (nights().min(), nights().max()) {
        (Some(first), Some(last)) => json!([{ "from": first, "to": last + Days::new(1) }]),
        _ => json!([]),
    }
}
