//! Offers: what a guest could book for given dates, at which price and terms, or why not and when instead.

use super::Party;
use super::cost::Wish;
use super::extra::Extra;
use super::nights::{self, Nights, Want};
use super::policy::Policy;
use super::promo::Promo;
use super::stay::{NightRate, Reason, Stay};
use super::terms::{Tariff, Terms};
use crate::booking::line::Line;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Most guests one search asks for.
pub const MOST_GUESTS: i32 = 100;
/// How far from the dates asked for alternatives are looked for, and how many are named.
const NEARBY: u64 = 14;
const MOST_ALTERNATIVES: usize = 5;

#[derive(Debug, Clone)]
pub struct Search {
    pub property_id: Uuid,
    pub stay: Stay,
    pub adults: i32,
    pub children_ages: Vec<i32>,
    pub promo_code: Option<String>,
}

/// One unit type under one rate plan: bookable when `reasons` is empty.
#[derive(Debug, Clone)]
pub struct Offer {
    pub unit_type_id: Uuid,
    pub unit_type_name: String,
    pub rate_plan_id: Uuid,
    pub rate_plan_name: String,
    /// Units free on every night of the stay.
    pub free: i32,
    pub nights: Vec<(NaiveDate, Decimal)>,
    pub lines: Vec<Line>,
    pub total: Decimal,
    pub policy: Option<Policy>,
    /// Is the promo code in the price?
    pub promo: bool,
    pub reasons: Vec<Reason>,
}

/// The cheapest bookable product of other dates.
#[derive(Debug, Clone)]
pub struct Alternative {
    pub stay: Stay,
    pub unit_type_id: Uuid,
    pub rate_plan_id: Uuid,
    pub total: Decimal,
}

#[derive(Debug, Clone)]
pub struct Found {
    pub currency: String,
    /// Every combination of unit type and rate plan that has a price on any of the nights, cheapest bookable first.
    pub offers: Vec<Offer>,
    pub extras: Vec<Extra>,
    /// Only when nothing is bookable: nearest first.
    pub alternatives: Vec<Alternative>,
}

/// One read; a second one, for other dates, when nothing is bookable.
pub async fn search(tx: &mut TenantTx, who: &Principal, search: &Search) -> Result<Found> {
    who.require(Permission::ReadInventory)?;
    let party = Party {
        adults: search.adults,
        children_ages: search.children_ages.clone(),
    };
    if search.adults < 1 || party.persons() > MOST_GUESTS {
        let detail = "1 to 100 guests, at least one adult";
        return Err(Refusal::invalid("out_of_range", detail).at("adults").into());
    }
    let stay = search.stay;
    let sold = |tariff: &Tariff| everything(tariff, stay.arrival(), stay.departure());
    let (property_id, code) = (search.property_id, search.promo_code.as_deref());
    let (terms, nights) = Terms::with_nights(tx, property_id, code, sold).await?;
    let all = wishes(&terms, &nights, stay, &party);
    let mut offers: Vec<Offer> = all.filter_map(|wish| offer(&terms, &nights, &wish)).collect();
    offers.sort_by_key(|o| (!o.reasons.is_empty(), o.total, o.unit_type_id, o.rate_plan_id));
    let alternatives = if offers.iter().any(|o| o.reasons.is_empty()) {
        Vec::new()
    } else {
        nearby(tx, property_id, &terms, stay, &party).await?
    };
    Ok(Found {
        currency: terms.code.clone(),
        offers,
        extras: terms.extras.clone(),
        alternatives,
    })
}

/// Prices and stock of all that the property sells, both dates included.
fn everything(tariff: &Tariff, first: NaiveDate, last: NaiveDate) -> Want {
    let products = tariff.unit_types.keys().flat_map(|unit_type| {
        tariff
            .plans
            .keys()
            .map(move |plan| (*plan, *unit_type, first, last))
    });
    Want {
        rates: products.collect(),
        stock: tariff.unit_types.keys().map(|u| (*u, first, last)).collect(),
    }
}

fn wishes<'a>(
    terms: &'a Terms,
    nights: &'a Nights,
    stay: Stay,
    party: &'a Party,
) -> impl Iterator<Item = Wish<'a>> {
    terms.unit_types.values().flat_map(move |unit_type| {
        let sold = terms
            .plans
            .values()
            .filter(move |p| nights.any(p.source(), unit_type.id));
        sold.map(move |plan| Wish {
            unit_type,
            plan,
            stay,
            party,
            promo: promo(terms, stay, plan.id),
        })
    })
}

/// The promo code, where it holds.
fn promo(terms: &Terms, stay: Stay, plan: Uuid) -> Option<&Promo> {
    let asked = terms.promo.as_ref().filter(|p| !p.used_up());
    asked.filter(|p| p.obstacle(stay, plan, terms.business_date).is_none())
}

fn priced(stay: Stay, rates: Vec<NightRate>) -> Vec<(NaiveDate, Decimal)> {
    stay.nights()
        .zip(rates)
        .filter_map(|(date, r)| Some((date, r.price?)))
        .collect()
}

/// `None` for a price beyond what this system counts.
fn offer(terms: &Terms, nights: &Nights, wish: &Wish<'_>) -> Option<Offer> {
    let (rates, departure) = terms.rates(nights, wish);
    let mut reasons = terms.reasons(wish, &rates, &departure);
    let (free, scarce) = nights.free(wish.unit_type.id, wish.stay);
    if free == 0 {
        reasons.push(Reason::NoAvailability(scarce));
    }
    let dated = priced(wish.stay, rates);
    let cost = terms.cost(&dated, Vec::new(), wish.party).ok()?;
    Some(Offer {
        unit_type_id: wish.unit_type.id,
        unit_type_name: wish.unit_type.name.clone(),
        rate_plan_id: wish.plan.id,
        rate_plan_name: wish.plan.name.clone(),
        free,
        nights: dated,
        lines: cost.lines,
        total: cost.total,
        policy: terms.policy_of(wish.plan).cloned(),
        promo: wish.promo.is_some(),
        reasons,
    })
}

/// Stays of the same length that can be booked, nearest arrival first, the earlier of two first.
async fn nearby(
    tx: &mut TenantTx,
    property_id: Uuid,
    terms: &Terms,
    stay: Stay,
    party: &Party,
) -> Result<Vec<Alternative>> {
    let (Some(first), Some(last)) = (
        stay.arrival().checked_sub_days(Days::new(NEARBY)),
        stay.departure().checked_add_days(Days::new(NEARBY)),
    ) else {
        return Ok(Vec::new());
    };
    let want = everything(terms, first.max(terms.business_date), last);
    let (_, nights) = nights::read(tx, property_id, None, &want).await?;
    let mut found = Vec::new();
    for days in (1..=NEARBY).map(Days::new) {
        let moved = [
            (stay.arrival() - days, stay.departure() - days),
            (stay.arrival() + days, stay.departure() + days),
        ];
        for (arrival, departure) in moved {
            found.extend(cheapest(terms, &nights, Stay::new(arrival, departure)?, party));
            if found.len() == MOST_ALTERNATIVES {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

fn cheapest(terms: &Terms, nights: &Nights, stay: Stay, party: &Party) -> Option<Alternative> {
    let bookable = wishes(terms, nights, stay, party).filter_map(|wish| {
        let (rates, departure) = terms.rates(nights, &wish);
        let free = nights.free(wish.unit_type.id, stay).0;
        if free == 0 || !terms.reasons(&wish, &rates, &departure).is_empty() {
            return None;
        }
        let total = terms.cost(&priced(stay, rates), Vec::new(), party).ok()?.total;
        Some(Alternative {
            stay,
            unit_type_id: wish.unit_type.id,
            rate_plan_id: wish.plan.id,
            total,
        })
    });
    bookable.min_by_key(|a| (a.total, a.unit_type_id, a.rate_plan_id))
}
