//! Prices stays, and checks every restriction: the seam between bookings and rates.

use super::entity::Night;
use super::line::Line;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::rates::Party;
use crate::rates::cost::Wish;
use crate::rates::extra::{Chosen, SoldExtras};
use crate::rates::nights::{Nights, Want};
use crate::rates::policy::Policy;
use crate::rates::stay::{NightRate, Reason, Stay};
use crate::rates::terms::{Tariff, Terms};
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
    pub extras: Vec<Chosen>,
    /// Off the nights that are priced anew; the same for all asks.
    pub promo_code: Option<String>,
    /// Extras agreed before, at their prices.
    pub sold_extras: Option<SoldExtras>,
    /// Nights whose price was agreed before and stays.
    pub kept: BTreeMap<NaiveDate, Decimal>,
    /// The stay as it was sold before: what it met then does not bind again.
    pub sold: Option<Stay>,
    /// An operator's override: restrictions do not bind. A night without a price still cannot be sold.
    pub unrestricted: bool,
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

/// Prices each stay by its nights and the property's terms: one read for all. 404 for ids that are not the property's,
/// 409 `not_bookable` with every reason, `promo_code_not_applicable`; `/rooms/{i}` says which.
pub(super) async fn price(tx: &mut TenantTx, property_id: Uuid, asks: &[Ask]) -> Result<Vec<Priced>> {
    let promo_code = asks.iter().find_map(|a| a.promo_code.as_deref());
    let want = |tariff: &Tariff| {
        let mut want = Want::default();
        asks.iter().for_each(|ask| ask.wants(tariff, &mut want));
        want
    };
    let (terms, nights) = Terms::with_nights(tx, property_id, promo_code, want)
        .await
        .map_err(|e| match e.code() {
            Some("unknown_promo_code") => e.at("/promo_code"),
            Some(_) => unknown("/rooms/0").into(),
            None => e,
        })?;
    let parties: Vec<Party> = asks.iter().map(Ask::party).collect();
    let wishes = asks
        .iter()
        .zip(&parties)
        .enumerate()
        .map(|(i, (ask, party))| ask.wish(&terms, party, &format!("/rooms/{i}")))
        .collect::<Result<Vec<_>, _>>()?;
    asks.iter()
        .zip(&wishes)
        .enumerate()
        .map(|(i, (ask, wish))| ask.price(&terms, &nights, wish, &format!("/rooms/{i}")))
        .collect()
}

/// One answer for an unknown property, unit type or plan, and for another tenant's.
fn unknown(at: &str) -> Refusal {
    Refusal::not_found("property, unit type or rate plan").at(at)
}

impl Ask {
    fn party(&self) -> Party {
        Party {
            adults: self.adults,
            children_ages: self.children_ages.clone(),
        }
    }

    /// Nothing for what is not the tariff's: `wish` refuses it.
    fn wants(&self, tariff: &Tariff, want: &mut Want) {
        if let Some(plan) = tariff.plans.get(&self.rate_plan_id) {
            want.stay(plan, self.unit_type_id, self.stay);
        }
    }

    fn wish<'a>(&self, terms: &'a Terms, party: &'a Party, at: &str) -> Result<Wish<'a>, Refusal> {
        let unit_type = terms.unit_types.get(&self.unit_type_id);
        let plan = terms.plans.get(&self.rate_plan_id);
        let (unit_type, plan) = unit_type.zip(plan).ok_or_else(|| unknown(at))?;
        let promo = terms.promo.as_ref().filter(|_| self.promo_code.is_some());
        let obstacle = promo.and_then(|p| p.obstacle(self.stay, plan.id, terms.business_date));
        // A stay that changes is not refused for its code: nights priced anew go without it.
        let lenient = self.unrestricted || self.sold.is_some();
        let promo = promo.filter(|_| obstacle.is_none());
        if let Some(why) = obstacle.filter(|_| !lenient) {
            return Err(
                Refusal::conflict("promo_code_not_applicable", format!("the promo code: {why}")).at(at),
            );
        }
        Ok(Wish {
            unit_type,
            plan,
            stay: self.stay,
            party,
            promo,
        })
    }

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

    fn extra_lines(&self, terms: &Terms, party: &Party, at: &str) -> Result<Vec<Line>, Refusal> {
        let chosen = terms.extras(&self.extras, self.stay, party);
        let mut lines = chosen.map_err(|mut r| {
            let field = r.pointer.take().unwrap_or_default();
            r.at(format!("{at}/{field}"))
        })?;
        if let Some(sold) = &self.sold_extras {
            lines.extend(sold.again(&terms.extras, self.stay, party, terms.currency));
        }
        Ok(lines)
    }

    fn price(&self, terms: &Terms, nights: &Nights, wish: &Wish<'_>, at: &str) -> Result<Priced> {
        let (mut rates, mut departure) = terms.rates(nights, wish);
        self.keep(&mut rates, &mut departure);
        let mut reasons = terms.reasons(wish, &rates, &departure);
        if self.sold.is_some_and(|s| s.arrival() == self.stay.arrival()) {
            use Reason::{ArrivalInPast, BookedTooEarly, BookedTooLate};
            reasons.retain(|r| !matches!(r, ArrivalInPast(_) | BookedTooEarly(_) | BookedTooLate(_)));
        }
        if self.unrestricted {
            reasons.retain(|r| matches!(r, Reason::NoPrice(_)));
        }
        refuse(&reasons, at)?;
        let dated: Vec<(NaiveDate, Decimal)> = self
            .stay
            .nights()
            .zip(rates)
            .filter_map(|(date, r)| Some((date, r.price?)))
            .collect();
        let extras = self.extra_lines(terms, wish.party, at)?;
        let cost = terms.cost(&dated, extras, wish.party).map_err(|r| r.at(at))?;
        let night = |(date, price)| Night {
            date,
            unit_type_id: Some(self.unit_type_id),
            price,
        };
        Ok(Priced {
            currency: terms.code.clone(),
            nights: dated.into_iter().map(night).collect(),
            lines: cost.lines,
            policy: terms.policy_of(wish.plan).cloned(),
            total: cost.total,
        })
    }
}

fn refuse(reasons: &[Reason], at: &str) -> Result<(), Refusal> {
    if reasons.is_empty() {
        return Ok(());
    }
    let detail = reasons.iter().map(Reason::detail).collect::<Vec<_>>().join("; ");
    Err(Refusal::conflict("not_bookable", detail).at(at))
}
