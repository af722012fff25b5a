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
use std::collections::{BTreeMap, BTreeSet};
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
    let dates = (from, to);
    let mut unit_types = rows(tx, property_id).await?;
    let segments = segments(tx, property_id, dates).await?;
    let stays = stays_of(tx, property_id, dates, &segments).await?;
    hang_bars(tx, dates, &segments, &stays, &mut unit_types).await?;
    hang_nights(tx, property_id, head.plan, dates, &mut unit_types).await?;
    Ok(Calendar {
        currency: head.currency,
        business_date: head.business_date,
        rate_plan_id: head.plan,
        unassigned: unassigned(&stays, &segments, dates),
        unit_types,
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

/// Nights of a unit, for a stay or for maintenance.
struct Segment {
    unit_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    locked: bool,
    reservation_id: Option<Uuid>,
    maintenance_id: Option<Uuid>,
    kind: Option<String>,
    reason: Option<String>,
}

/// Found by their end: of those that have ended none is read. Bounded on both sides, since the planner, which does not
/// know the dates, takes such a range for a narrow one.
async fn segments(
    tx: &mut TenantTx,
    property_id: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Segment>> {
    Ok(sqlx::query_as!(
        Segment,
        r#"select s.unit_id, s.from_night as "from", s.to_night as "to", s.locked, s.reservation_id, s.maintenance_id,
                  m.kind as "kind?", m.reason as "reason?"
           from stay_segment s
           left join maintenance m on m.tenant_id = $1 and m.id = s.maintenance_id
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
    .await?)
}

/// Stays by arrival, each on all its nights: those of the dates, found by their end like segments and once for the whole
/// chart, or the ones that are named.
async fn stays(
    tx: &mut TenantTx,
    property_id: Uuid,
    (from, to): (NaiveDate, NaiveDate),
    named: &[Uuid],
) -> Result<Vec<StayBar>> {
    let rows = sqlx::query!(
        r#"select r.id, r.booking_id, b.reference, coalesce(r.guest_name, b.booker_name) as guest_name,
                  case when r.guest_name is null then b.personal end as personal, r.status, b.hold_expires_at,
                  r.unit_type_id, r.arrival, r.departure
           from reservation r
           join booking b on b.tenant_id = $1 and b.id = r.booking_id
           where r.tenant_id = $1 and r.status not in ('cancelled', 'no_show')
             and (r.property_id = $2 and r.arrival < $4 and r.departure > $3 and r.departure < $4 + $6::int
                  or r.id = any($7))
           order by r.arrival, r.id limit $5"#,
        tx.t(),
        property_id,
        from,
        to,
        MOST_BARS,
        LONGEST,
        named
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows
        .iter()
        .map(|r| (r.guest_name.as_deref(), Some(r.booking_id), r.personal.as_deref()));
    let names = personal::names(tx, named).await?;
    let stays = rows.into_iter().zip(names).map(|(r, guest_name)| {
        Ok(StayBar {
            reservation_id: r.id,
            reference: r.reference,
            guest_name,
            status: Status::parse(&r.status)?,
            hold_expires_at: r.hold_expires_at,
            unit_type_id: r.unit_type_id,
            from: r.arrival,
            to: r.departure,
            arrival: r.arrival,
            departure: r.departure,
        })
    });
    stays.collect()
}

/// The stays of the dates and of the segments. A guest who is here may have slept on other nights than a channel says now.
async fn stays_of(
    tx: &mut TenantTx,
    property_id: Uuid,
    dates: (NaiveDate, NaiveDate),
    segments: &[Segment],
) -> Result<Vec<StayBar>> {
    let found = stays(tx, property_id, dates, &[]).await?;
    let known: BTreeSet<Uuid> = found.iter().map(|s| s.reservation_id).collect();
    let slept = segments.iter().filter_map(|s| s.reservation_id);
    let elsewhere: Vec<Uuid> = slept.filter(|id| !known.contains(id)).collect();
    if elsewhere.is_empty() {
        return Ok(found);
    }
    stays(tx, property_id, dates, &elsewhere).await
}

async fn hang_bars(
    tx: &mut TenantTx,
    dates: (NaiveDate, NaiveDate),
    segments: &[Segment],
    stays: &[StayBar],
    unit_types: &mut [TypeRows],
) -> Result<()> {
    let units = unit_types.iter_mut().flat_map(|t| &mut t.units);
    let mut units: BTreeMap<Uuid, &mut UnitRow> = units.map(|u| (u.id, u)).collect();
    let stays: BTreeMap<Uuid, &StayBar> = stays.iter().map(|s| (s.reservation_id, s)).collect();
    for segment in segments {
        let stay = segment.reservation_id.and_then(|id| stays.get(&id).copied());
        if let (Some(unit), Some(bar)) = (units.get_mut(&segment.unit_id), bar(segment, stay)?) {
            unit.bars.push(bar);
        }
    }
    let ids: Vec<Uuid> = units.keys().copied().collect();
    for held in of_units(tx, &ids, dates).await? {
        if let Some(unit) = units.get_mut(&held.unit_id) {
            unit.bars.push(Bar::Held(held));
        }
    }
    Ok(())
}

/// Nothing, where the stay has been cancelled since its segments were read.
fn bar(segment: &Segment, stay: Option<&StayBar>) -> Result<Option<Bar>> {
    let (from, to) = (segment.from, segment.to);
    Ok(match (segment.maintenance_id, &segment.kind, &segment.reason) {
        (Some(id), Some(kind), Some(reason)) => Some(Bar::Maintenance {
            id,
            kind: maintenance::Kind::parse(kind)?,
            reason: reason.clone(),
            from,
            to,
        }),
        _ => stay.map(|stay| Bar::Stay {
            locked: segment.locked,
            stay: StayBar {
                from,
                to,
                ..stay.clone()
            },
        }),
    })
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

/// Nights without a unit, of stays that are expected or here.
fn unassigned(stays: &[StayBar], segments: &[Segment], (from, to): (NaiveDate, NaiveDate)) -> Vec<StayBar> {
    let mut taken: BTreeMap<Uuid, Vec<&Segment>> = BTreeMap::new();
    for segment in segments {
        let id = segment.reservation_id.unwrap_or_default();
        taken.entry(id).or_default().push(segment);
    }
    let mut out = Vec::new();
    let open = [Status::Tentative, Status::Confirmed, Status::InHouse];
    for stay in stays.iter().filter(|s| open.contains(&s.status)) {
        let taken = taken
            .get(&stay.reservation_id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let nights = stay.arrival.max(from).iter_days();
        let bare = nights
            .take_while(|n| *n < stay.departure.min(to))
            .filter(|n| !taken.iter().any(|s| s.from <= *n && s.to > *n));
        out.extend(runs(bare).into_iter().map(|(from, to)| StayBar {
            from,
            to,
            ..stay.clone()
        }));
    }
    out
}
