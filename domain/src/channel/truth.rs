//! What is true now of the cells a channel may have to be told about, beside what it last accepted.

use super::connection::{Connection, sync_end};
use super::diff::{Cell, Value};
use super::dirty::Kind;
use super::markup::Markup;
use crate::db::TenantTx;
use crate::error::{Error, Result};
use crate::money;
use crate::ports::channel::RateFields;
use crate::property;
use crate::rates::ari::derived;
use crate::rates::stay::NightRate;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

/// A dirty mark as stored; nights half-open.
#[derive(Debug, Clone)]
pub struct Mark {
    pub id: i64,
    pub unit_type_id: Uuid,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Overlapping marks of one unit type become one span, so that no cell is read twice.
pub fn spans(marks: &[Mark]) -> Vec<(Uuid, NaiveDate, NaiveDate)> {
    let mut sorted: Vec<_> = marks.iter().map(|m| (m.unit_type_id, m.from, m.to)).collect();
    sorted.sort_unstable();
    let mut out: Vec<(Uuid, NaiveDate, NaiveDate)> = Vec::new();
    for (unit_type, from, to) in sorted {
        match out.last_mut() {
            Some(last) if last.0 == unit_type && from <= last.2 => last.2 = last.2.max(to),
            _ => out.push((unit_type, from, to)),
        }
    }
    out
}

/// The cells under the marks, from the business date up to the sync horizon, sorted by product and night.
pub async fn cells(
    tx: &mut TenantTx,
    connection: &Connection,
    kind: Kind,
    marks: &[Mark],
) -> Result<Vec<Cell>> {
    let property = property::get(tx, connection.property_id).await?;
    let (first, end) = (property.business_date, sync_end(property.business_date));
    let clipped: Vec<_> = spans(marks)
        .into_iter()
        .map(|(u, from, to)| (u, from.max(first), to.min(end)))
        .filter(|(_, from, to)| from < to)
        .collect();
    match kind {
        Kind::Availability => availability(tx, connection, &clipped).await,
        Kind::Rates => rates(tx, connection, &property.currency, &clipped).await,
    }
}

type Span = (Uuid, NaiveDate, NaiveDate);

fn columns(spans: &[Span]) -> (Vec<Uuid>, Vec<NaiveDate>, Vec<NaiveDate>) {
    let mut out = (Vec::new(), Vec::new(), Vec::new());
    for (unit_type, from, to) in spans {
        out.0.push(*unit_type);
        out.1.push(*from);
        out.2.push(*to);
    }
    out
}

/// The safety buffer is kept back from this channel only, and nothing is offered where it is closed out. Both are read
/// here, after the marks: whoever changes them marks what changes, and a sender that saw the marks must see the change.
async fn availability(tx: &mut TenantTx, connection: &Connection, spans: &[Span]) -> Result<Vec<Cell>> {
    let (unit_types, froms, tos) = columns(spans);
    let rows = sqlx::query!(
        r#"select m.external_id, i.unit_type_id, i.night, s.accepted as "accepted?",
                  case when exists (select from channel_closure x
                                    where x.tenant_id = $1 and x.connection_id = $2
                                      and (x.unit_type_id is null or x.unit_type_id = i.unit_type_id)
                                      and i.night >= x.from_night and i.night < x.to_night) then 0
                       else greatest(0, i.capacity + i.overbooking_limit - i.sold - i.held - i.out_of_order - i.blocked
                                        - c.safety_buffer) end as "free!"
           from unnest($3::uuid[], $4::date[], $5::date[]) as r (unit_type_id, from_night, to_night)
           join channel_connection c on c.tenant_id = $1 and c.id = $2
           join channel_room_map m on m.tenant_id = $1 and m.connection_id = $2 and m.unit_type_id = r.unit_type_id
           join inventory i on i.tenant_id = $1 and i.unit_type_id = r.unit_type_id
                and i.night >= r.from_night and i.night < r.to_night
           left join ari_shadow s on s.tenant_id = $1 and s.connection_id = $2 and s.unit_type_id = i.unit_type_id
                and s.rate_plan_id = '00000000-0000-0000-0000-000000000000' and s.night = i.night
           order by i.unit_type_id, i.night"#,
        tx.t(),
        connection.id,
        &unit_types,
        &froms,
        &tos
    )
    .fetch_all(&mut **tx)
    .await?;
    let cell = |external: String, unit_type_id, night, free, accepted: Option<serde_json::Value>| Cell {
        external,
        unit_type_id,
        rate_plan_id: Uuid::nil(),
        night,
        truth: Value::Free(free),
        accepted: accepted
            .and_then(|a| serde_json::from_value(a).ok())
            .map(Value::Free),
    };
    Ok(rows
        .into_iter()
        .map(|r| cell(r.external_id, r.unit_type_id, r.night, r.free, r.accepted))
        .collect())
}

async fn rates(tx: &mut TenantTx, connection: &Connection, code: &str, spans: &[Span]) -> Result<Vec<Cell>> {
    let currency = money::currency(code)?;
    let (unit_types, froms, tos) = columns(spans);
    let rows = sqlx::query_as!(
        TruthRow,
        r#"select m.external_id, m.rate_plan_id, m.unit_type_id, i.night, s.accepted as "accepted?",
                  e.source_price, e.adjust_kind, e.adjust_value,
                  e.min_stay_arrival, e.min_stay_through, e.max_stay, e.closed_to_arrival, e.closed_to_departure,
                  e.stop_sell, c.markup_percent, c.markup_amount,
                  exists (select from channel_closure x
                          where x.tenant_id = $1 and x.connection_id = $2
                            and (x.unit_type_id is null or x.unit_type_id = i.unit_type_id)
                            and i.night >= x.from_night and i.night < x.to_night) as "closed_out!"
           from unnest($3::uuid[], $4::date[], $5::date[]) as r (unit_type_id, from_night, to_night)
           join channel_connection c on c.tenant_id = $1 and c.id = $2
           join channel_rate_map m on m.tenant_id = $1 and m.connection_id = $2 and m.unit_type_id = r.unit_type_id
           join inventory i on i.tenant_id = $1 and i.unit_type_id = r.unit_type_id
                and i.night >= r.from_night and i.night < r.to_night
           left join effective_rate e on e.tenant_id = $1 and e.rate_plan_id = m.rate_plan_id
                and e.unit_type_id = m.unit_type_id and e.night = i.night
           left join ari_shadow s on s.tenant_id = $1 and s.connection_id = $2 and s.unit_type_id = m.unit_type_id
                and s.rate_plan_id = m.rate_plan_id and s.night = i.night
           order by m.unit_type_id, m.rate_plan_id, i.night"#,
        tx.t(),
        connection.id,
        &unit_types,
        &froms,
        &tos
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|r| r.cell(currency)).collect()
}

struct TruthRow {
    external_id: String,
    rate_plan_id: Uuid,
    unit_type_id: Uuid,
    night: NaiveDate,
    accepted: Option<serde_json::Value>,
    source_price: Option<Decimal>,
    adjust_kind: Option<String>,
    adjust_value: Option<Decimal>,
    min_stay_arrival: Option<i32>,
    min_stay_through: Option<i32>,
    max_stay: Option<i32>,
    closed_to_arrival: Option<bool>,
    closed_to_departure: Option<bool>,
    stop_sell: Option<bool>,
    markup_percent: Decimal,
    markup_amount: Decimal,
    closed_out: bool,
}

impl TruthRow {
    fn cell(self, currency: iso_currency::Currency) -> Result<Cell> {
        let markup = Markup {
            percent: self.markup_percent,
            amount: self.markup_amount,
        };
        let price = derived(
            self.source_price,
            self.adjust_kind.as_deref(),
            self.adjust_value,
            currency,
        )?;
        let rate = NightRate {
            price: price.map(|price| markup.told(price, currency)),
            min_stay_arrival: self.min_stay_arrival,
            min_stay_through: self.min_stay_through,
            max_stay: self.max_stay,
            closed_to_arrival: self.closed_to_arrival.unwrap_or(false),
            closed_to_departure: self.closed_to_departure.unwrap_or(false),
            stop_sell: self.stop_sell.unwrap_or(false) || self.closed_out,
        };
        let accepted = match self.accepted {
            Some(json) => {
                Some(Value::Rate(serde_json::from_value(json).map_err(|e| {
                    Error::internal(format!("shadow of {}: {e}", self.external_id))
                })?))
            }
            None => None,
        };
        Ok(Cell {
            external: self.external_id,
            unit_type_id: self.unit_type_id,
            rate_plan_id: self.rate_plan_id,
            night: self.night,
            truth: Value::Rate(told(&rate)),
            accepted,
        })
    }
}

/// A night's rate as a channel is told it: every field, neutral where nothing restricts. A night without a price is
/// closed, never free of charge.
fn told(rate: &NightRate) -> RateFields {
    let unpriced = rate.price.is_none_or(|p| p.is_zero());
    RateFields {
        price: rate.price.filter(|p| !p.is_zero()),
        min_stay_arrival: Some(rate.min_stay_arrival.unwrap_or(1)),
        min_stay_through: Some(rate.min_stay_through.unwrap_or(1)),
        max_stay: Some(rate.max_stay.unwrap_or(0)),
        closed_to_arrival: Some(rate.closed_to_arrival),
        closed_to_departure: Some(rate.closed_to_departure),
        stop_sell: Some(rate.stop_sell || unpriced),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_marks_become_one_span() {
        let (u, v) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let day = |d: u32| NaiveDate::from_ymd_opt(2027, 1, d).unwrap();
        let mark = |unit_type_id, from, to| Mark {
            id: 0,
            unit_type_id,
            from: day(from),
            to: day(to),
        };
        let marks = [
            mark(u, 5, 8),
            mark(v, 1, 3),
            mark(u, 1, 3),
            mark(u, 2, 5),
            mark(u, 9, 10),
        ];
        assert_eq!(
            spans(&marks),
            [(u, day(1), day(8)), (u, day(9), day(10)), (v, day(1), day(3))]
        );
    }
}
