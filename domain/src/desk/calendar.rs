//! The tape chart: units against nights, in six statements however many there are.

use super::maintenance;
use super::segment::runs;
use crate::booking::entity::Status;
use crate::booking::personal;
use crate::channel::calendar::desk::{HeldUnit, of_units};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::LONGEST_RANGE;
use crate::principal::{Permission, Principal};
use crate::property::unit::Cleanliness;
use crate::rates::nights::{self, Want};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Longest range, in days.
pub const MOST_DAYS: i64 = 100;
/// Stays and pieces of maintenance on one chart.
const MOST_BARS: i64 = 20_000;
/// No stay and no maintenance that begins before the chart's end ends so many nights after it.
const LONGEST: i32 = LONGEST_RANGE as i32;

#[derive(Debug, Clone)]
pub struct Calendar {
    pub currency: String,
    pub business_date: NaiveDate,
    /// The plan whose prices are shown: the property's oldest base plan.
    pub rate_plan_id: Option<Uuid>,
    pub unit_types: Vec<TypeRows>,
    /// Nights that are sold or held and have no unit.
    pub unassigned: Vec<StayBar>,
}

#[derive(Debug, Clone)]
pub struct TypeRows {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub units: Vec<UnitRow>,
    pub nights: Vec<TypeNight>,
}

#[derive(Debug, Clone)]
pub struct UnitRow {
    pub id: Uuid,
    pub name: String,
    pub cleanliness: Cleanliness,
    pub bars: Vec<Bar>,
}

#[derive(Debug, Clone)]
pub struct TypeNight {
    pub date: NaiveDate,
    pub free: i32,
    pub price: Option<Decimal>,
}

/// What a unit has in some nights, whole even where it reaches beyond the chart.
#[derive(Debug, Clone)]
pub enum Bar {
    Stay {
        stay: StayBar,
        locked: bool,
    },
    Maintenance {
        id: Uuid,
        kind: maintenance::Kind,
        reason: String,
        from: NaiveDate,
        to: NaiveDate,
    },
    /// Held by a channel's calendar; within the chart only.
    Held(HeldUnit),
}

#[derive(Debug, Clone)]
pub struct StayBar {
    pub reservation_id: Uuid,
    pub reference: String,
    pub guest_name: String,
    pub status: Status,
    /// Of a hold.
    pub hold_expires_at: Option<DateTime<Utc>>,
    pub unit_type_id: Option<Uuid>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
}

/// Days `[from, to)`.
pub async fn calendar(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Calendar> {
    who.require(Permission::ReadBookings)?;
    if from >= to || (to - from).num_days() > MOST_DAYS {
        let detail = format!("`to` is after `from`, at most {MOST_DAYS} days");
        return Err(Refusal::invalid("invalid_range", detail).at("to").into());
    }
    let head = sqlx::query!(
        r#"select p.currency, p.business_date, (select r.id from rate_plan r
               where r.tenant_id = $1 and r.property_id = $2 and r.parent_id is null order by r.id limit 1) as plan
           from property p where p.tenant_id = $1 and p.id = $2"#,
        tx.t(),
        property_id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Refusal::not_found("property"))?;
    let mut unit_types = rows(tx, property_id).await?;
    hang_bars(tx, property_id, from, to, &mut unit_types).await?;
    hang_nights(tx, property_id, head.plan, (from, to), &mut unit_types).await?;
    Ok(Calendar {
        currency: head.currency,
        business_date: head.business_date,
        rate_plan_id: head.plan,
        unit_types,
        unassigned: unassigned(tx, property_id, from, to).await?,
    })
}

/// Unit types by code, their units by position.
async fn rows(tx: &mut TenantTx, property_id: Uuid) -> Result<Vec<TypeRows>> {
    let rows = sqlx::query!(
        r#"select t.id, t.code, t.name, t.kind, u.id as "unit_id?", u.name as "unit_name?",
                  u.cleanliness as "cleanliness?"
           from unit_type t left join unit u on u.tenant_id = $1 and u.unit_type_id = t.id
           where t.tenant_id = $1 and t.property_id = $2 order by t.code, u.position, u.name"#,
        tx.t(),
        property_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut out: Vec<TypeRows> = Vec::new();
    for r in rows {
        if out.last().is_none_or(|t| t.id != r.id) {
            out.push(TypeRows {
                id: r.id,
                code: r.code,
                name: r.name,
                kind: r.kind,
                units: Vec::new(),
                nights: Vec::new(),
            });
        }
        if let (Some(last), Some(id), Some(name), Some(c)) =
            (out.last_mut(), r.unit_id, r.unit_name, r.cleanliness)
        {
            last.units.push(UnitRow {
                id,
                name,
                cleanliness: Cleanliness::parse(&c)?,
                bars: Vec::new(),
            });
        }
    }
    Ok(out)
}

/// Stays and segments are found by their end: of those that have ended none is read. Bounded on both sides, since the
/// planner, which does not know the dates, takes such a range for a narrow one.
async fn hang_bars(
    tx: &mut TenantTx,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    unit_types: &mut [TypeRows],
) -> Result<()> {
    let rows = sqlx::query!(
        r#"select s.unit_id, s.from_night, s.to_night, s.locked, s.maintenance_id, m.kind as "kind?",
                  m.reason as "reason?", r.id as "reservation_id?", b.id as "booking_id?",
                  b.reference as "reference?", coalesce(r.guest_name, b.booker_name) as guest_name,
                  case when r.guest_name is null then b.personal end as personal, r.status as "status?", b.hold_expires_at,
                  r.unit_type_id, r.arrival as "arrival?", r.departure as "departure?"
           from stay_segment s
           left join maintenance m on m.tenant_id = $1 and m.id = s.maintenance_id
           left join reservation r on r.tenant_id = $1 and r.id = s.reservation_id
           left join booking b on b.tenant_id = $1 and b.id = r.booking_id
           where s.tenant_id = $1 and s.property_id = $2 and s.from_night < $4
             and s.to_night > $3 and s.to_night < $4 + $6::int
           order by s.from_night limit $5"#,
        tx.t(),
        property_id,
        from,
        to,
        MOST_BARS,
        LONGEST
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows
        .iter()
        .map(|r| (r.guest_name.as_deref(), r.booking_id, r.personal.as_deref()));
    let names = personal::names(tx, named).await?;
    let units = unit_types.iter_mut().flat_map(|t| &mut t.units);
    let mut by_id: BTreeMap<Uuid, &mut UnitRow> = units.map(|u| (u.id, u)).collect();
    for (r, guest_name) in rows.into_iter().zip(names) {
        let (from, to) = (r.from_night, r.to_night);
        let bar = match (r.maintenance_id, r.kind, r.reason) {
            (Some(id), Some(kind), Some(reason)) => Bar::Maintenance {
                id,
                kind: maintenance::Kind::parse(&kind)?,
                reason,
                from,
                to,
            },
            _ => Bar::Stay {
                locked: r.locked,
                stay: StayBar {
                    reservation_id: r.reservation_id.unwrap_or_default(),
                    reference: r.reference.unwrap_or_default(),
                    guest_name,
                    status: Status::parse(r.status.as_deref().unwrap_or_default())?,
                    hold_expires_at: r.hold_expires_at,
                    unit_type_id: r.unit_type_id,
                    from,
                    to,
                    arrival: r.arrival.unwrap_or(from),
                    departure: r.departure.unwrap_or(to),
                },
            },
        };
        if let Some(unit) = by_id.get_mut(&r.unit_id) {
            unit.bars.push(bar);
        }
    }
    let units: Vec<Uuid> = by_id.keys().copied().collect();
    for held in of_units(tx, &units, (from, to)).await? {
        if let Some(unit) = by_id.get_mut(&held.unit_id) {
            unit.bars.push(Bar::Held(held));
        }
    }
    Ok(())
}

async fn hang_nights(
    tx: &mut TenantTx,
    property_id: Uuid,
    plan: Option<Uuid>,
    (from, to): (NaiveDate, NaiveDate),
    unit_types: &mut [TypeRows],
) -> Result<()> {
    let Some(last) = to.pred_opt() else { return Ok(()) };
    let all = || unit_types.iter().map(|t| t.id);
    let want = Want {
        rates: plan
            .into_iter()
            .flat_map(|plan| all().map(move |t| (plan, t, from, last)))
            .collect(),
        stock: all().map(|t| (t, from, last)).collect(),
    };
    let (_, nights) = nights::read(tx, property_id, None, &want).await?;
    for unit_type in unit_types {
        let night = |&(date, free): &(NaiveDate, i32)| TypeNight {
            date,
            free: free.max(0),
            price: plan.and_then(|plan| nights.price(plan, unit_type.id, date)),
        };
        unit_type.nights = nights.stock(unit_type.id).iter().map(night).collect();
    }
    Ok(())
}

/// Spans without a unit, of stays that are expected or here.
async fn unassigned(
    tx: &mut TenantTx,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<StayBar>> {
    let rows = sqlx::query!(
        r#"select r.id, r.booking_id, b.reference, coalesce(r.guest_name, b.booker_name) as guest_name,
                  case when r.guest_name is null then b.personal end as personal, r.status, b.hold_expires_at,
                  r.unit_type_id, r.arrival, r.departure, n.nights as "nights!"
           from reservation r
           join booking b on b.tenant_id = $1 and b.id = r.booking_id
           cross join lateral (
               select array_agg(n.night order by n.night) as nights from reservation_night n
               where n.tenant_id = $1 and n.reservation_id = r.id and n.night >= $3 and n.night < $4
                 and not exists (select from stay_segment s where s.tenant_id = $1 and s.reservation_id = r.id
                                 and s.from_night <= n.night and s.to_night > n.night)) n
           where r.tenant_id = $1 and r.property_id = $2 and r.arrival < $4
             and r.departure > $3 and r.departure < $4 + $6::int
             and r.status in ('tentative', 'confirmed', 'in_house')
             and r.departure - r.arrival > (select coalesce(sum(s.to_night - s.from_night), 0) from stay_segment s
                                            where s.tenant_id = $1 and s.reservation_id = r.id)
             and n.nights is not null
           order by r.arrival, r.id limit $5"#,
        tx.t(),
        property_id,
        from,
        to,
        MOST_BARS,
        LONGEST
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows
        .iter()
        .map(|r| (r.guest_name.as_deref(), Some(r.booking_id), r.personal.as_deref()));
    let names = personal::names(tx, named).await?;
    let mut out = Vec::new();
    for (r, guest_name) in rows.into_iter().zip(names) {
        for (from, to) in runs(r.nights.iter().copied()) {
            out.push(StayBar {
                reservation_id: r.id,
                reference: r.reference.clone(),
                guest_name: guest_name.clone(),
                status: Status::parse(&r.status)?,
                hold_expires_at: r.hold_expires_at,
                unit_type_id: r.unit_type_id,
                from,
                to,
                arrival: r.arrival,
                departure: r.departure,
            });
        }
    }
    Ok(out)
}
