//! The numbers of the business, one definition for dashboard, export and sweep.
//!
//! Definition 2, per property and night: rooms = capacity; sold = nights of reservations that are confirmed, in house
//! or departed; room revenue = their night prices in the property's currency, less the taxes included in them (what is
//! charged beside them was never in). In definition 1 included taxes counted.
//! occupancy = sold / rooms; adjusted occupancy leaves out-of-order and blocked out of the denominator;
//! ADR = revenue / sold; RevPAR = revenue / rooms.

use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event, Position};
use crate::money;
use crate::principal::{Permission, Principal};
use crate::property;
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Raised when a number changes its meaning; stored with every row.
pub const DEFINITION: i32 = 2;
/// Longest dashboard range, in nights.
pub const LONGEST_RANGE: i64 = 400;
/// Events a projection reads at once.
pub const BATCH: usize = 500;

/// One night of one property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub night: NaiveDate,
    pub rooms: i32,
    pub out_of_order: i32,
    pub blocked: i32,
    pub sold: i32,
    pub room_revenue: Decimal,
}

/// A range of nights, with its ratios; a ratio over nothing is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    pub property_id: Uuid,
    pub currency: String,
    pub definition: i32,
    pub business_date: NaiveDate,
    pub as_of: DateTime<Utc>,
    pub days: Vec<Day>,
    pub rooms: i64,
    pub sold: i64,
    pub room_revenue: Decimal,
    /// 0 to 1 and beyond when overbooked, four decimals; so is `adjusted_occupancy`.
    pub occupancy: Option<Decimal>,
    pub adjusted_occupancy: Option<Decimal>,
    pub adr: Option<Decimal>,
    pub revpar: Option<Decimal>,
}

/// Reads the projection where it is current, and computes from the reservations where it is not.
pub async fn dashboard(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Dashboard> {
    who.require(Permission::ReadInsight)?;
    let property = property::get(tx, property_id).await?;
    if to < from || (to - from).num_days() >= LONGEST_RANGE {
        let detail = format!("`to` is the last night, not before `from`, at most {LONGEST_RANGE} nights");
        return Err(Refusal::invalid("invalid_range", detail).at("to").into());
    }
    let current = cursor(tx).await? == event::newest(tx).await?;
    let days = if current {
        stored(tx, property_id, from, to).await?
    } else {
        None
    };
    let days = match days {
        Some(days) => days,
        None => live(tx, property_id, from, to).await?,
    };
    summarise(&property, days, now)
}

fn summarise(property: &property::Property, days: Vec<Day>, now: DateTime<Utc>) -> Result<Dashboard> {
    let currency = money::currency(&property.currency)?;
    let sum = |f: fn(&Day) -> i32| days.iter().map(|d| i64::from(f(d))).sum::<i64>();
    let (rooms, sold) = (sum(|d| d.rooms), sum(|d| d.sold));
    let sellable = rooms - sum(|d| d.out_of_order) - sum(|d| d.blocked);
    let room_revenue: Decimal = days.iter().map(|d| d.room_revenue).sum();
    let ratio = |n: i64, d: i64| (d > 0).then(|| (Decimal::from(n) / Decimal::from(d)).round_dp(4));
    let each = |d: i64| (d > 0).then(|| money::round(room_revenue / Decimal::from(d), currency));
    Ok(Dashboard {
        property_id: property.id,
        currency: property.currency.clone(),
        definition: DEFINITION,
        business_date: property.business_date,
        as_of: now,
        rooms,
        sold,
        room_revenue: money::round(room_revenue, currency),
        occupancy: ratio(sold, rooms),
        adjusted_occupancy: ratio(sold, sellable),
        adr: each(sold),
        revpar: each(rooms),
        days,
    })
}

/// From the reservations themselves.
pub async fn live(tx: &mut TenantTx, property_id: Uuid, from: NaiveDate, to: NaiveDate) -> Result<Vec<Day>> {
    let rows = sqlx::query_as!(
        Day,
        r#"with stock as (
             select i.night, sum(i.capacity)::int as rooms, sum(i.out_of_order)::int as out_of_order,
                    sum(i.blocked)::int as blocked
             from unit_type u
             join inventory i on i.tenant_id = $1 and i.unit_type_id = u.id and i.night between $3 and $4
             where u.tenant_id = $1 and u.property_id = $2 group by i.night),
           slept as (
             select n.night, count(*)::int as sold,
                    sum(n.price - coalesce(t.tax, 0)) filter (where b.currency = p.currency) as room_revenue
             from property p
             join reservation_night n on n.tenant_id = $1 and n.property_id = $2 and n.night between $3 and $4
             join reservation r on r.tenant_id = $1 and r.id = n.reservation_id
                  and r.status in ('confirmed', 'in_house', 'departed')
             join booking b on b.tenant_id = $1 and b.id = r.booking_id
             left join lateral (
                 select sum(l.amount) as tax from reservation_line l
                 where l.tenant_id = $1 and l.reservation_id = n.reservation_id and l.night = n.night
                   and l.included and l.kind = 'tax' and l.source = 'room') t on true
             where p.tenant_id = $1 and p.id = $2 group by n.night)
           select d.night::date as "night!", coalesce(s.rooms, 0) as "rooms!",
                  coalesce(s.out_of_order, 0) as "out_of_order!", coalesce(s.blocked, 0) as "blocked!",
                  coalesce(l.sold, 0) as "sold!", coalesce(l.room_revenue, 0) as "room_revenue!"
           from generate_series($3::date, $4::date, interval '1 day') as d (night)
           left join stock s on s.night = d.night left join slept l on l.night = d.night order by d.night"#,
        tx.t(),
        property_id,
        from,
        to
    );
    Ok(rows.fetch_all(&mut **tx).await?)
}

/// From the projection; `None` unless every night is in it, by the current definition.
async fn stored(
    tx: &mut TenantTx,
    property_id: Uuid,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Option<Vec<Day>>> {
    let days = sqlx::query_as!(
        Day,
        "select night, rooms, out_of_order, blocked, sold, room_revenue from metric_day
         where tenant_id = $1 and property_id = $2 and night between $3 and $4 and definition = $5 order by night",
        tx.t(),
        property_id,
        from,
        to,
        DEFINITION
    )
    .fetch_all(&mut **tx)
    .await?;
    let complete = i64::try_from(days.len()).ok() == Some((to - from).num_days() + 1);
    Ok(complete.then_some(days))
}

async fn cursor(tx: &mut TenantTx) -> Result<Position> {
    let row = sqlx::query!("select xid, seq from metric_cursor where tenant_id = $1", tx.t())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row
        .map(|r| Position {
            xid: r.xid,
            seq: r.seq,
        })
        .unwrap_or_default())
}

/// Follows the event log for one batch: recomputes exactly the nights that its events touched. Returns how many events
/// it read; fewer than [`BATCH`] = these were all. Doing it twice changes nothing, because a night is recomputed, not
/// added to.
pub async fn follow(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<usize> {
    sqlx::query!(
        "insert into metric_cursor (tenant_id, xid, seq) values ($1, 0, 0) on conflict do nothing",
        tx.t()
    )
    .execute(&mut **tx)
    .await?;
    let locked = sqlx::query!(
        "select xid, seq from metric_cursor where tenant_id = $1 for update",
        tx.t()
    )
    .fetch_one(&mut **tx)
    .await?;
    let events = event::after(
        tx,
        Position {
            xid: locked.xid,
            seq: locked.seq,
        },
        BATCH as i64,
    )
    .await?;
    let Some(last) = events.last() else {
        return Ok(0);
    };
    for (property_id, nights) in touched(tx, &events).await? {
        recompute(tx, property_id, &nights, now).await?;
    }
    sqlx::query!(
        "update metric_cursor set xid = $2, seq = $3 where tenant_id = $1",
        tx.t(),
        last.position.xid,
        last.position.seq
    )
    .execute(&mut **tx)
    .await?;
    Ok(events.len())
}

/// Properties and nights that events changed. An event that changes stock without naming nights touches the whole
/// stored range of its property.
async fn touched(tx: &mut TenantTx, events: &[Event]) -> Result<BTreeMap<Uuid, BTreeSet<NaiveDate>>> {
    let mut out: BTreeMap<Uuid, BTreeSet<NaiveDate>> = BTreeMap::new();
    for event in events {
        let Some(property_id) = event.property_id else {
            continue;
        };
        let nights = out.entry(property_id).or_default();
        match event.kind.as_str() {
            "units.created" | "property.created" => nights.extend(window(tx, property_id).await?),
            "ari.changed" => nights.extend(stock_nights(event)),
            _ => nights.extend(stay_nights(event)?),
        }
    }
    Ok(out)
}

/// What the projection keeps at least: a year either side of the business date.
async fn window(tx: &mut TenantTx, property_id: Uuid) -> Result<Vec<NaiveDate>> {
    let today = property::get(tx, property_id).await?.business_date;
    Ok((today - Days::new(30))
        .iter_days()
        .take_while(|d| *d <= today + Days::new(400))
        .collect())
}

fn stock_nights(event: &Event) -> Vec<NaiveDate> {
    let date = |key: &str| {
        event.data["nights"][key]
            .as_str()
            .and_then(|d| d.parse::<NaiveDate>().ok())
    };
    match (date("from"), date("last")) {
        (Some(from), Some(last)) => from.iter_days().take_while(|d| *d <= last).collect(),
        _ => Vec::new(),
    }
}

fn stay_nights(event: &Event) -> Result<Vec<NaiveDate>> {
    let spans = event.data["nights"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut nights = Vec::new();
    for span in spans {
        let date = |key: &str| span[key].as_str().and_then(|d| d.parse::<NaiveDate>().ok());
        let (Some(from), Some(to)) = (date("from"), date("to")) else {
            return Err(Error::internal(format!(
                "event {:?} has no readable nights",
                event.position
            )));
        };
        nights.extend(from.iter_days().take_while(|d| *d < to));
    }
    Ok(nights)
}

async fn recompute(
    tx: &mut TenantTx,
    property_id: Uuid,
    nights: &BTreeSet<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut days = Vec::with_capacity(nights.len());
    for (first, last) in runs(nights) {
        days.extend(live(tx, property_id, first, last).await?);
    }
    let column = |f: fn(&Day) -> i32| days.iter().map(f).collect::<Vec<i32>>();
    let dates: Vec<NaiveDate> = days.iter().map(|d| d.night).collect();
    let revenues: Vec<Decimal> = days.iter().map(|d| d.room_revenue).collect();
    sqlx::query!(
        "insert into metric_day (tenant_id, property_id, night, definition, rooms, out_of_order, blocked, sold,
             room_revenue, as_of)
         select $1, $2, d.night, $3, d.rooms, d.ooo, d.blocked, d.sold, d.revenue, $4
         from unnest($5::date[], $6::int[], $7::int[], $8::int[], $9::int[], $10::numeric[])
              as d (night, rooms, ooo, blocked, sold, revenue)
         on conflict (tenant_id, property_id, night) do update set
             definition = excluded.definition, rooms = excluded.rooms, out_of_order = excluded.out_of_order,
             blocked = excluded.blocked, sold = excluded.sold, room_revenue = excluded.room_revenue,
             as_of = excluded.as_of",
        tx.t(),
        property_id,
        DEFINITION,
        now,
        &dates,
        &column(|d| d.rooms),
        &column(|d| d.out_of_order),
        &column(|d| d.blocked),
        &column(|d| d.sold),
        &revenues
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Consecutive nights as (first, last): a stay that moved by years must not recompute the years between.
fn runs(nights: &BTreeSet<NaiveDate>) -> Vec<(NaiveDate, NaiveDate)> {
    let mut out: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for night in nights {
        match out.last_mut() {
            Some(run) if run.1 + Days::new(1) == *night => run.1 = *night,
            _ => out.push((*night, *night)),
        }
    }
    out
}

/// The hourly sweep: every night of the projection's window anew, whatever the events said.
pub async fn sweep(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<()> {
    let properties = sqlx::query_scalar!("select id from property where tenant_id = $1", tx.t())
        .fetch_all(&mut **tx)
        .await?;
    for property_id in properties {
        let nights = window(tx, property_id).await?.into_iter().collect();
        recompute(tx, property_id, &nights, now).await?;
    }
    Ok(())
}
