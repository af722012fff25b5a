//! Pure rules of a stay: its nights, and which restrictions its dates meet.

use crate::error::Refusal;
use crate::inventory::LONGEST_RANGE;
use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::Decimal;

/// Half-open `[arrival, departure)`, at least one night and at most two years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    arrival: NaiveDate,
    departure: NaiveDate,
}

impl Stay {
    pub fn new(arrival: NaiveDate, departure: NaiveDate) -> Result<Self, Refusal> {
        if departure <= arrival {
            return Err(Refusal::invalid(
                "departure_before_arrival",
                "departure must be after arrival",
            ));
        }
        if (departure - arrival).num_days() > LONGEST_RANGE {
            let detail = format!("a stay has at most {LONGEST_RANGE} nights");
            return Err(Refusal::invalid("stay_too_long", detail));
        }
        if !(1970..=9000).contains(&arrival.year()) {
            return Err(Refusal::invalid(
                "date_out_of_range",
                "that year is not in this calendar",
            ));
        }
        Ok(Self { arrival, departure })
    }
    pub fn arrival(self) -> NaiveDate {
        self.arrival
    }
    pub fn departure(self) -> NaiveDate {
        self.departure
    }
    pub fn nights(self) -> impl Iterator<Item = NaiveDate> {
        let n = self.len();
        self.arrival.iter_days().take(n)
    }
    /// Number of nights.
    pub fn len(self) -> usize {
        usize::try_from((self.departure - self.arrival).num_days()).unwrap_or(0)
    }
    pub fn is_empty(self) -> bool {
        false
    }
    pub fn last_night(self) -> NaiveDate {
        self.departure - Days::new(1)
    }
}

/// Price and restrictions of one night, after derivation and inheritance. `None` price = not for sale.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NightRate {
    pub price: Option<Decimal>,
    pub min_stay_arrival: Option<i32>,
    pub min_stay_through: Option<i32>,
    pub max_stay: Option<i32>,
    pub closed_to_arrival: bool,
    pub closed_to_departure: bool,
    pub stop_sell: bool,
}

/// Why a stay is not offered. Names are stable: they are the `reasons` of the offers endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    NoPrice(NaiveDate),
    StopSell(NaiveDate),
    ClosedToArrival(NaiveDate),
    ClosedToDeparture(NaiveDate),
    MinStay(i32),
    MaxStay(i32),
    TooManyGuests(i32),
    ArrivalInPast(NaiveDate),
    /// The plan is sold until so many days before the arrival.
    BookedTooLate(i32),
    /// The plan is sold from so many days before the arrival on.
    BookedTooEarly(i32),
    NoAvailability(NaiveDate),
}

impl Reason {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPrice(_) => "no_price",
            Self::StopSell(_) => "stop_sell",
            Self::ClosedToArrival(_) => "closed_to_arrival",
            Self::ClosedToDeparture(_) => "closed_to_departure",
            Self::MinStay(_) => "min_stay",
            Self::MaxStay(_) => "max_stay",
            Self::TooManyGuests(_) => "too_many_guests",
            Self::ArrivalInPast(_) => "arrival_in_past",
            Self::BookedTooLate(_) => "booked_too_late",
            Self::BookedTooEarly(_) => "booked_too_early",
            Self::NoAvailability(_) => "no_availability",
        }
    }
    pub fn detail(&self) -> String {
        match self {
            Self::NoPrice(d) => format!("no price is set for {d}"),
            Self::StopSell(d) => format!("sales are stopped on {d}"),
            Self::ClosedToArrival(d) => format!("no arrival on {d}"),
            Self::ClosedToDeparture(d) => format!("no departure on {d}"),
            Self::MinStay(n) => format!("at least {n} nights"),
            Self::MaxStay(n) => format!("at most {n} nights"),
            Self::TooManyGuests(n) => format!("at most {n} guests in one unit"),
            Self::ArrivalInPast(d) => format!("the business date is {d}"),
            Self::BookedTooLate(n) => format!("to be booked at least {n} days before arrival"),
            Self::BookedTooEarly(n) => format!("to be booked at most {n} days before arrival"),
            Self::NoAvailability(d) => format!("nothing is free on {d}"),
        }
    }
}

/// Checks a stay against its nights (in order) and the night of departure, whose closed-to-departure counts.
/// min_stay_arrival and max_stay bind on the arrival night; min_stay_through on every night slept.
pub fn check(stay: Stay, nights: &[NightRate], departure: &NightRate) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (date, night) in stay.nights().zip(nights) {
        if night.price.is_none() {
            reasons.push(Reason::NoPrice(date));
        }
        if night.stop_sell {
            reasons.push(Reason::StopSell(date));
        }
    }
    if nights.len() < stay.len() {
        reasons.push(Reason::NoPrice(stay.last_night()));
    }
    let length = i32::try_from(stay.len()).unwrap_or(i32::MAX);
    let through = nights.iter().filter_map(|n| n.min_stay_through).max();
    if let Some(arrival) = nights.first() {
        if arrival.closed_to_arrival {
            reasons.push(Reason::ClosedToArrival(stay.arrival()));
        }
        if let Some(min) = arrival.min_stay_arrival.max(through).filter(|m| *m > length) {
            reasons.push(Reason::MinStay(min));
        }
        if let Some(max) = arrival.max_stay.filter(|m| *m < length) {
            reasons.push(Reason::MaxStay(max));
        }
    }
    if departure.closed_to_departure {
        reasons.push(Reason::ClosedToDeparture(stay.departure()));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn open() -> NightRate {
        NightRate {
            price: Some(dec!(80)),
            ..NightRate::default()
        }
    }
    fn codes(stay: Stay, nights: &[NightRate], departure: &NightRate) -> Vec<&'static str> {
        check(stay, nights, departure).iter().map(Reason::code).collect()
    }

    #[test]
    fn a_stay_has_nights_and_the_departure_is_none_of_them() {
        let stay = Stay::new(date("2028-02-28"), date("2028-03-01")).unwrap();
        assert_eq!(
            stay.nights().collect::<Vec<_>>(),
            [date("2028-02-28"), date("2028-02-29")]
        );
        assert_eq!(
            Stay::new(date("2027-01-02"), date("2027-01-02"))
                .unwrap_err()
                .code,
            "departure_before_arrival"
        );
        assert_eq!(
            Stay::new(date("2027-01-01"), date("2054-05-19"))
                .unwrap_err()
                .code,
            "stay_too_long"
        );
    }

    #[test]
    fn each_restriction_refuses_by_its_own_name() {
        let stay = Stay::new(date("2027-01-01"), date("2027-01-03")).unwrap();
        let with = |change: fn(&mut NightRate)| {
            let mut n = open();
            change(&mut n);
            n
        };
        assert!(codes(stay, &[open(), open()], &open()).is_empty());
        let cases: [(&[NightRate], NightRate, &str); 7] = [
            (
                &[with(|n| n.closed_to_arrival = true), open()],
                open(),
                "closed_to_arrival",
            ),
            (
                &[open(), open()],
                with(|n| n.closed_to_departure = true),
                "closed_to_departure",
            ),
            (
                &[with(|n| n.min_stay_arrival = Some(3)), open()],
                open(),
                "min_stay",
            ),
            (
                &[open(), with(|n| n.min_stay_through = Some(3))],
                open(),
                "min_stay",
            ),
            (&[with(|n| n.max_stay = Some(1)), open()], open(), "max_stay"),
            (&[open(), with(|n| n.stop_sell = true)], open(), "stop_sell"),
            (&[open(), with(|n| n.price = None)], open(), "no_price"),
        ];
        for (nights, departure, code) in cases {
            assert_eq!(codes(stay, nights, &departure), [code]);
        }
    }

    #[test]
    fn restrictions_of_other_days_do_not_bind() {
        let stay = Stay::new(date("2027-01-01"), date("2027-01-03")).unwrap();
        let mut second = open();
        second.closed_to_arrival = true;
        second.closed_to_departure = true;
        second.min_stay_arrival = Some(9);
        second.max_stay = Some(1);
        assert!(codes(stay, &[open(), second], &open()).is_empty());
    }
}
