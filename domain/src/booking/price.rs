//! Prices stays from their nights, and checks every restriction: one read for all.

use super::entity::{Line, Night};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::money;
use crate::rates::ari::RateRow;
use crate::rates::policy::Policy;
use crate::rates::stay::{NightRate, Reason, Stay, check};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A stay to be priced.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub unit_type_id: Uuid,
    pub rate_plan_id: Uuid,
    pub stay: Stay,
    pub adults: i32,
    pub children_ages: Vec<i32>,
    /// Nights whose price was agreed before and stays.
    pub kept: BTreeMap<NaiveDate, Decimal>,
    /// The stay as it was sold before: what it met then does not bind again.
    pub sold: Option<Stay>,
    /// An operator's override: restrictions do not bind. A night without a price still cannot be sold.
    pub unrestricted: bool,
}

impl Ask {
    /// Nights agreed before keep their price, and dates that do not change are not judged again.
    fn keep(&self, rates: &mut [NightRate], departure: &mut NightRate) {
        for (date, rate) in self.stay.nights().zip(rates.iter_mut()) {
            if let Some(price) = self.kept.get(&date) {
                rate.price = Some(*price);
                rate.stop_sell = false;
            }
        }
        let Some(sold) = self.sold else { return };
        if sold.departure() == self.stay.departure() {
            departure.closed_to_departure = false;
        }
        if let Some(first) = rates
            .first_mut()
            .filter(|_| sold.arrival() == self.stay.arrival())
        {
            first.closed_to_arrival = false;
        }
        if sold.len() == self.stay.len() {
            for rate in rates {
                (rate.min_stay_arrival, rate.min_stay_through, rate.max_stay) = (None, None, None);
            }
        }
    }
}

/// What a stay costs, to be frozen.
#[derive(Debug, Clone)]
pub(super) struct Priced {
    pub currency: String,
    pub nights: Vec<Night>,
    pub lines: Vec<Line>,
    pub policy: Option<Policy>,
    pub total: Decimal,
}

/// Prices each stay by its nights: one read for all. 404 for ids that are not the property's, 409 `not_bookable` with
/// every reason; `/rooms/{i}` says which.
pub(super) async fn price(tx: &mut TenantTx, property_id: Uuid, asks: &[Ask]) -> Result<Vec<Priced>> {
    let mut by_room: Vec<Vec<QuoteRow>> = asks.iter().map(|_| Vec::new()).collect();
    for row in read_nights(tx, property_id, asks).await? {
        let room = usize::try_from(row.room).ok().and_then(|i| by_room.get_mut(i));
        room.ok_or_else(|| Error::internal("a quote row for no room"))?
            .push(row);
    }
    asks.iter()
        .zip(by_room)
        .enumerate()
        .map(|(i, (ask, rows))| price_stay(ask, &rows, &format!("/rooms/{i}")))
        .collect()
}

fn price_stay(ask: &Ask, rows: &[QuoteRow], at: &str) -> Result<Priced> {
    let Some(head) = rows.first() else {
        // One answer for an unknown property, unit type or plan, and for another tenant's.
        return Err(Refusal::not_found("property, unit type or rate plan")
            .at(at)
            .into());
    };
    let currency = money::currency(&head.currency)?;
    let mut rates = vec![NightRate::default(); ask.stay.len()];
    let mut departure = NightRate::default();
    for row in rows {
        let Some(rate_row) = row.rate_row() else { continue };
        let rate = rate_row.rate(currency)?;
        let offset = usize::try_from((rate_row.night - ask.stay.arrival()).num_days()).unwrap_or(usize::MAX);
        match rates.get_mut(offset) {
            Some(slot) => *slot = rate,
            None => departure = rate,
        }
    }
    ask.keep(&mut rates, &mut departure);
    refuse(&reasons(ask, head, &rates, &departure), at)?;
    let nights: Vec<Night> = ask
        .stay
        .nights()
        .zip(rates)
        .filter_map(|(date, rate)| {
            Some(Night {
                date,
                unit_type_id: Some(ask.unit_type_id),
                price: rate.price?,
            })
        })
        .collect();
    Ok(Priced {
        currency: head.currency.clone(),
        total: money::round(nights.iter().map(|n| n.price).sum(), currency),
        nights,
        lines: Vec::new(),
        policy: None,
    })
}

fn reasons(ask: &Ask, head: &QuoteRow, rates: &[NightRate], departure: &NightRate) -> Vec<Reason> {
    let mut reasons = check(ask.stay, rates, departure);
    if ask.adults + i32::try_from(ask.children_ages.len()).unwrap_or(i32::MAX) > head.max_occupancy {
        reasons.push(Reason::TooManyGuests(head.max_occupancy));
    }
    let arrival_stands = ask.sold.is_some_and(|s| s.arrival() == ask.stay.arrival());
    if ask.stay.arrival() < head.business_date && !arrival_stands {
        reasons.push(Reason::ArrivalInPast(head.business_date));
    }
    if ask.unrestricted {
        reasons.retain(|r| matches!(r, Reason::NoPrice(_)));
    }
    reasons
}

fn refuse(reasons: &[Reason], at: &str) -> Result<(), Refusal> {
    if reasons.is_empty() {
        return Ok(());
    }
    let detail = reasons.iter().map(Reason::detail).collect::<Vec<_>>().join("; ");
    Err(Refusal::conflict("not_bookable", detail).at(at))
}

/// One night of one room; the rate's columns are NULL when the room has no price at all.
struct QuoteRow {
    room: i64,
    currency: String,
    business_date: NaiveDate,
    max_occupancy: i32,
    rate_plan_id: Uuid,
    unit_type_id: Uuid,
    night: Option<NaiveDate>,
    source_price: Option<Decimal>,
    adjust_kind: Option<String>,
    adjust_value: Option<Decimal>,
    min_stay_arrival: Option<i32>,
    min_stay_through: Option<i32>,
    max_stay: Option<i32>,
    closed_to_arrival: Option<bool>,
    closed_to_departure: Option<bool>,
    stop_sell: Option<bool>,
}

impl QuoteRow {
    fn rate_row(&self) -> Option<RateRow> {
        Some(RateRow {
            rate_plan_id: self.rate_plan_id,
            unit_type_id: self.unit_type_id,
            night: self.night?,
            source_price: self.source_price,
            adjust_kind: self.adjust_kind.clone(),
            adjust_value: self.adjust_value,
            min_stay_arrival: self.min_stay_arrival,
            min_stay_through: self.min_stay_through,
            max_stay: self.max_stay,
            closed_to_arrival: self.closed_to_arrival?,
            closed_to_departure: self.closed_to_departure?,
            stop_sell: self.stop_sell?,
        })
    }
}

/// Everything a decision needs, for all rooms, in one statement: at least one row for each room whose ids exist.
async fn read_nights(tx: &mut TenantTx, property_id: Uuid, asks: &[Ask]) -> Result<Vec<QuoteRow>> {
    let unit_types: Vec<Uuid> = asks.iter().map(|r| r.unit_type_id).collect();
    let plans: Vec<Uuid> = asks.iter().map(|r| r.rate_plan_id).collect();
    let arrivals: Vec<NaiveDate> = asks.iter().map(|r| r.stay.arrival()).collect();
    let departures: Vec<NaiveDate> = asks.iter().map(|r| r.stay.departure()).collect();
    Ok(sqlx::query_as!(
        QuoteRow,
        r#"select w.i - 1 as "room!", p.currency, p.business_date, u.max_occupancy,
                  rp.id as rate_plan_id, u.id as unit_type_id, e.night as "night?", e.source_price as "source_price?",
                  rp.adjust_kind, rp.adjust_value, e.min_stay_arrival as "min_stay_arrival?",
                  e.min_stay_through as "min_stay_through?", e.max_stay as "max_stay?",
                  e.closed_to_arrival as "closed_to_arrival?", e.closed_to_departure as "closed_to_departure?",
                  e.stop_sell as "stop_sell?"
           from unnest($3::uuid[], $4::uuid[], $5::date[], $6::date[]) with ordinality
                as w (unit_type_id, rate_plan_id, arrival, departure, i)
           join property p on p.tenant_id = $1 and p.id = $2
           join unit_type u on u.tenant_id = $1 and u.id = w.unit_type_id and u.property_id = $2
           join rate_plan rp on rp.tenant_id = $1 and rp.id = w.rate_plan_id and rp.property_id = $2
           left join effective_rate e on e.tenant_id = $1 and e.rate_plan_id = w.rate_plan_id
                and e.unit_type_id = w.unit_type_id and e.night between w.arrival and w.departure
           order by w.i, e.night"#,
        tx.t(),
        property_id,
        &unit_types,
        &plans,
        &arrivals,
        &departures
    )
    .fetch_all(&mut **tx)
    .await?)
}
