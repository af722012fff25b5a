//! `amend`: other dates, another unit type or rate, other guests, priced as a difference before it is committed.
//!
//! What was agreed stays agreed: a night that is kept keeps its price. A change of unit type, rate or guests prices
//! anew the nights it applies to, and never one that has passed.

use super::change::{Change, Force, Said};
use super::entity::{Booking, Night, Reservation, Status};
use super::price::{Ask, Priced, price};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::principal::Principal;
use crate::rates::extra::SoldExtras;
use crate::rates::stay::Stay;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is to be different; absent = as it is.
#[derive(Debug, Clone, Default)]
pub struct Amendment {
    pub arrival: Option<NaiveDate>,
    pub departure: Option<NaiveDate>,
    pub unit_type_id: Option<Uuid>,
    pub rate_plan_id: Option<Uuid>,
    pub adults: Option<i32>,
    pub children_ages: Option<Vec<i32>>,
    pub guest_name: Option<Option<String>>,
    /// First night in the other unit type, at the other rate, for the other guests; absent = every night to come.
    /// A stay may so move to another type in its middle.
    pub from: Option<NaiveDate>,
    /// An upgrade: nights that have a price keep it whatever changes.
    pub keep_prices: bool,
}

impl Amendment {
    /// Does it ask for more than other dates, from that night on? To name what a channel's room was mapped to nothing for
    /// changes no terms.
    fn reprices(&self, r: &Reservation, from: NaiveDate) -> bool {
        let other = |wanted: Option<Uuid>, is: Option<Uuid>| wanted.zip(is).is_some_and(|(w, i)| w != i);
        let mut nights = r.nights.iter().filter(|n| n.date >= from);
        nights.any(|n| other(self.unit_type_id, n.unit_type_id))
            || other(self.unit_type_id, r.unit_type_id)
            || other(self.rate_plan_id, r.rate_plan_id)
            || self.adults.is_some_and(|a| a != r.adults)
            || self
                .children_ages
                .as_ref()
                .is_some_and(|ages| *ages != r.children_ages)
    }
}

/// The reservation before and after, with its booking as it would be or is.
#[derive(Debug, Clone)]
pub struct Amended {
    pub before: Reservation,
    pub after: Reservation,
    pub booking: Booking,
}

impl Amended {
    /// What the stay costs more (positive) or less.
    pub fn difference(&self) -> Decimal {
        self.after.due() - self.before.due()
    }
}

/// What `amend` would do, without doing it; stock is not looked at.
pub async fn preview(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    amendment: &Amendment,
    force: Option<&Force>,
) -> Result<Amended> {
    Force::check(force, who)?;
    let mut change = Change::of_reservation(tx, who, id, None).await?;
    apply(tx, &mut change, id, amendment, force).await?;
    let before = change.before.reservation(id)?.clone();
    let booking = change.preview();
    Ok(Amended {
        before,
        after: booking.reservation(id)?.clone(),
        booking,
    })
}

/// Amends a tentative, confirmed or in-house stay.
///
/// # Errors
/// 409 `wrong_state`, `not_bookable`, `no_availability` for what it takes more than before, `price_changed` when the
/// total is not `expected_total`; 422 `arrived_already`, `past_departure`, `outside_stay`; 412.
#[expect(clippy::too_many_arguments, reason = "an operation, its guards and the time")]
pub async fn amend(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    amendment: &Amendment,
    expected_total: Option<(Decimal, String)>,
    force: Option<&Force>,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Amended> {
    Force::check(force, who)?;
    let mut change = Change::of_reservation(tx, who, id, expected).await?;
    apply(tx, &mut change, id, amendment, force).await?;
    let before = change.before.reservation(id)?.clone();
    let is = change.after.reservation(id)?.total;
    if let Some((total, currency)) = expected_total
        && (total != is || currency != change.after.currency)
    {
        let detail = format!("the stay would cost {is} {}", change.after.currency);
        return Err(Refusal::conflict("price_changed", detail)
            .at("/expected_total")
            .into());
    }
    let said = Said::new("reservation.amended", force);
    let booking = change.commit(tx, who, Force::stock(force), &said, now).await?;
    Ok(Amended {
        before,
        after: booking.reservation(id)?.clone(),
        booking,
    })
}

async fn apply(
    tx: &mut TenantTx,
    change: &mut Change,
    id: Uuid,
    amendment: &Amendment,
    force: Option<&Force>,
) -> Result<()> {
    let before = change.before.reservation(id)?;
    let plan = Plan::new(before, amendment, change.today())?;
    let ask = plan.ask(force.is_some())?;
    let mut priced = price(tx, before.property_id, std::slice::from_ref(&ask)).await?;
    let priced = priced
        .pop()
        .ok_or_else(|| Error::internal("nothing was priced"))?;
    let currency = &change.after.currency;
    if priced.currency != *currency {
        let detail = format!("the booking is in {currency}, prices are in {}", priced.currency);
        return Err(Refusal::conflict("other_currency", detail).into());
    }
    plan.write(&ask, priced, change.after.reservation_mut(id)?);
    Ok(())
}

/// What an amendment means for one stay.
struct Plan<'a> {
    before: &'a Reservation,
    amendment: &'a Amendment,
    stay: Stay,
    /// The first night to which another unit type, rate or guests apply; `None` = nothing but dates changes.
    anew_from: Option<NaiveDate>,
}

impl<'a> Plan<'a> {
    fn new(before: &'a Reservation, amendment: &'a Amendment, today: NaiveDate) -> Result<Self, Refusal> {
        if !matches!(
            before.status,
            Status::Tentative | Status::Confirmed | Status::InHouse
        ) {
            let detail = format!("a stay that is {} cannot be amended", before.status.name());
            return Err(Refusal::conflict("wrong_state", detail));
        }
        let arrival = amendment.arrival.unwrap_or(before.arrival);
        let departure = amendment.departure.unwrap_or(before.departure);
        if before.status == Status::InHouse && arrival != before.arrival {
            let detail = format!("the guest arrived on {}", before.arrival);
            return Err(Refusal::invalid("arrived_already", detail).at("/arrival"));
        }
        if departure != before.departure && departure < today {
            let detail = format!("the business date is {today}: depart then or later");
            return Err(Refusal::invalid("past_departure", detail).at("/departure"));
        }
        let stay = Stay::new(arrival, departure).map_err(|r| r.at("/departure"))?;
        let from = amendment.from.unwrap_or(arrival).max(today.min(departure));
        let anew_from = amendment.reprices(before, from).then_some(from);
        if amendment.from.is_some_and(|f| f < arrival || f >= departure) {
            let detail = format!("a night of the stay, {arrival} to {}", stay.last_night());
            return Err(Refusal::invalid("outside_stay", detail).at("/from"));
        }
        Ok(Self {
            before,
            amendment,
            stay,
            anew_from,
        })
    }

    fn anew(&self, night: NaiveDate) -> bool {
        self.anew_from.is_some_and(|from| night >= from)
    }

    fn ask(&self, unrestricted: bool) -> Result<Ask, Refusal> {
        let (before, wanted) = (self.before, self.amendment);
        let missing = |what: &str| {
            let detail = format!("the stay has no {what} yet, its channel's room is unmapped: name one");
            Refusal::invalid("unmapped", detail).at(format!("/{what}_id"))
        };
        let kept = before
            .nights
            .iter()
            .filter(|n| wanted.keep_prices || !self.anew(n.date));
        Ok(Ask {
            unit_type_id: wanted
                .unit_type_id
                .or(before.unit_type_id)
                .ok_or_else(|| missing("unit_type"))?,
            rate_plan_id: wanted
                .rate_plan_id
                .or(before.rate_plan_id)
                .ok_or_else(|| missing("rate_plan"))?,
            stay: self.stay,
            adults: wanted.adults.unwrap_or(before.adults),
            children_ages: wanted
                .children_ages
                .clone()
                .unwrap_or_else(|| before.children_ages.clone()),
            extras: Vec::new(),
            promo_code: before.promo_code.clone(),
            sold_extras: Some(SoldExtras::of(before)),
            kept: kept.map(|n| (n.date, n.price)).collect(),
            sold: before.stay(),
            unrestricted,
        })
    }

    fn write(&self, ask: &Ask, priced: Priced, r: &mut Reservation) {
        let slept: BTreeMap<NaiveDate, Option<Uuid>> = self
            .before
            .nights
            .iter()
            .map(|n| (n.date, n.unit_type_id))
            .collect();
        let nearest = |date: NaiveDate| {
            let before = slept.range(..=date).next_back();
            before
                .or_else(|| slept.range(date..).next())
                .and_then(|(_, unit_type)| *unit_type)
        };
        let moves = self.amendment.unit_type_id.is_some() && self.anew_from.is_some();
        let night = |n: Night| Night {
            unit_type_id: if moves && self.anew(n.date) {
                Some(ask.unit_type_id)
            } else {
                nearest(n.date).or(Some(ask.unit_type_id))
            },
            ..n
        };
        r.nights = priced.nights.into_iter().map(night).collect();
        r.lines = priced.lines;
        r.total = priced.total;
        if !self.amendment.keep_prices || r.unit_type_id.is_none() {
            r.unit_type_id = Some(ask.unit_type_id);
        }
        if r.rate_plan_id != Some(ask.rate_plan_id) {
            r.policy = priced.policy;
        }
        r.rate_plan_id = Some(ask.rate_plan_id);
        (r.arrival, r.departure) = (self.stay.arrival(), self.stay.departure());
        r.adults = ask.adults;
        if self.amendment.children_ages.is_some() {
            r.children = i32::try_from(ask.children_ages.len()).unwrap_or(i32::MAX);
            r.children_ages.clone_from(&ask.children_ages);
        }
        if let Some(name) = &self.amendment.guest_name {
            r.guest_name.clone_from(name);
        }
    }
}
