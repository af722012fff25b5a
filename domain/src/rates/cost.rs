//! What a stay costs: its nights for these guests, its extras, taxes and fees; and what stands in its way.

use super::Party;
use super::extra::Chosen;
use super::nights::Nights;
use super::plan::RatePlan;
use super::promo::Promo;
use super::stay::{NightRate, Reason, Stay, check};
use super::tax::{self, Basis};
use super::terms::{Terms, UnitType};
use crate::booking::line::Line;
use crate::error::{Refusal, Result};
use crate::money;
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// One product for one party and stay.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    pub unit_type: &'a UnitType,
    pub plan: &'a RatePlan,
    pub stay: Stay,
    pub party: &'a Party,
    /// Known to hold for this stay and plan.
    pub promo: Option<&'a Promo>,
}

/// Lines and total of a stay whose nights are known.
pub struct Cost {
    pub lines: Vec<Line>,
    /// Nights, extras and what taxes and fees add.
    pub total: Decimal,
}

impl Terms {
    /// The stay's nights, priced for these guests, and the night of departure. The guests first, then the derived
    /// plan's difference, then the promo code; each rounded.
    pub fn rates(&self, nights: &Nights, wish: &Wish<'_>) -> (Vec<NightRate>, NightRate) {
        let (source, plan) = (wish.plan.source(), wish.plan.id);
        let (mut rates, departure) = nights.rates(source, plan, wish.unit_type.id, wish.stay);
        let occupancy = self.occupancy.get(&(source, wish.unit_type.id));
        let adjustments = [
            wish.plan.derived.map(|(_, a)| a),
            wish.promo.map(|p| p.discount.adjustment()),
        ];
        for rate in &mut rates {
            let Some(set) = rate.price else { continue };
            let price = occupancy.map_or(set, |o| o.apply(set, wish.party));
            let by = adjustments.iter().flatten();
            rate.price = Some(by.fold(money::round(price, self.currency), |p, a| {
                a.apply(p, self.currency)
            }));
        }
        (rates, departure)
    }

    /// Everything but stock that forbids the stay.
    pub fn reasons(&self, wish: &Wish<'_>, rates: &[NightRate], departure: &NightRate) -> Vec<Reason> {
        let mut reasons = check(wish.stay, rates, departure);
        if wish.party.persons() > wish.unit_type.max_occupancy {
            reasons.push(Reason::TooManyGuests(wish.unit_type.max_occupancy));
        }
        let arrival = wish.stay.arrival();
        if arrival < self.business_date {
            reasons.push(Reason::ArrivalInPast(self.business_date));
            return reasons;
        }
        let ahead = (arrival - self.business_date).num_days();
        let advance = wish.plan.advance;
        if let Some(min) = advance.min_days.filter(|d| ahead < i64::from(*d)) {
            reasons.push(Reason::BookedTooLate(min));
        }
        if let Some(max) = advance.max_days.filter(|d| ahead > i64::from(*d)) {
            reasons.push(Reason::BookedTooEarly(max));
        }
        reasons
    }

    /// Extras, taxes and fees of these nights.
    pub fn cost(
        &self,
        nights: &[(NaiveDate, Decimal)],
        extras: Vec<Line>,
        party: &Party,
    ) -> Result<Cost, Refusal> {
        let currency = self.currency;
        let basis = Basis {
            nights,
            extras: &extras,
            party,
            currency,
        };
        let taxes = tax::lines(&self.taxes, &basis);
        let mut lines = extras;
        lines.extend(taxes);
        let room: Decimal = nights.iter().map(|(_, price)| *price).sum();
        let beside: Decimal = lines.iter().filter(|l| !l.included).map(|l| l.amount).sum();
        let total = money::round(room + beside, currency);
        if total > money::LARGEST || lines.iter().any(|l| l.amount > money::LARGEST) {
            let detail = format!("a stay costs at most {}", money::LARGEST);
            return Err(Refusal::invalid("price_too_large", detail));
        }
        Ok(Cost { lines, total })
    }

    /// The lines of the extras chosen; pointers begin at `extras`.
    pub fn extras(&self, chosen: &[Chosen], stay: Stay, party: &Party) -> Result<Vec<Line>, Refusal> {
        let mut lines = Vec::new();
        for (i, choice) in chosen.iter().enumerate() {
            let found = self.extras.iter().find(|e| e.id == choice.extra_id);
            let extra =
                found.ok_or_else(|| Refusal::not_found("extra").at(format!("extras/{i}/extra_id")))?;
            lines.extend(extra.lines(choice.quantity, stay, party, self.currency));
        }
        Ok(lines)
    }
}
