//! Other dates, another type, other guests.

use super::{MOST_ADULTS, Model, Night, Outcome, Status, Stay};
use crate::suites::stay_model::ops::Amend;

impl Model {
    pub(super) fn amend(&mut self, at: usize, change: &Amend, force: bool) -> Outcome {
        let after = self.amended(&self.stays[at], change, force)?;
        self.put(Some(at), after, force)
    }

    /// Nights that stay keep their price, unless type or guests change for them; nights that have passed keep all.
    fn amended(&self, stay: &Stay, change: &Amend, force: bool) -> Result<Stay, &'static str> {
        if !stay.status.occupies() || stay.status == Status::Departed {
            return Err("wrong_state");
        }
        let (arrival, departure) = self.dates(stay, change)?;
        if change.anew.is_some_and(|day| day < arrival || day >= departure) {
            return Err("outside_stay");
        }
        let kind = change.kind.unwrap_or(stay.kind);
        let adults = change.adults.unwrap_or(stay.adults);
        if !force && (adults > MOST_ADULTS || (arrival < self.today && arrival != stay.arrival())) {
            return Err("not_bookable");
        }
        let from = change.anew.unwrap_or(arrival).max(self.today.min(departure));
        // The stay may be what it was booked as and sleep elsewhere.
        let elsewhere = |wanted| stay.nights.iter().any(|n| n.day >= from && n.kind != wanted);
        let moved = change.kind.is_some_and(elsewhere);
        let anew_from = (moved || kind != stay.kind || adults != stay.adults).then_some(from);
        let anew = |day: usize| anew_from.is_some_and(|from| day >= from);
        let slept = |day: usize| {
            let before = stay.nights.iter().rev().find(|n| n.day <= day);
            before.or(stay.nights.first()).map_or(kind, |n| n.kind)
        };
        let moves = change.kind.is_some() && anew_from.is_some();
        let night = |day: usize| {
            let old = stay.nights.iter().find(|n| n.day == day);
            let kept = old.filter(|_| change.keep_prices || !anew(day));
            Night {
                day,
                kind: if moves && anew(day) { kind } else { slept(day) },
                price: kept.map_or(self.prices[kind], |n| n.price),
            }
        };
        Ok(Stay {
            kind: if change.keep_prices { stay.kind } else { kind },
            adults,
            nights: (arrival..departure).map(night).collect(),
            ..stay.clone()
        })
    }

    fn dates(&self, stay: &Stay, change: &Amend) -> Result<(usize, usize), &'static str> {
        let arrival = change.from.unwrap_or(stay.arrival());
        let departure = change.len.map_or(stay.departure(), |len| arrival + len);
        if stay.status == Status::InHouse && arrival != stay.arrival() {
            return Err("arrived_already");
        }
        if departure != stay.departure() && departure < self.today {
            return Err("past_departure");
        }
        if departure <= arrival {
            return Err("departure_before_arrival");
        }
        Ok((arrival, departure))
    }
}
