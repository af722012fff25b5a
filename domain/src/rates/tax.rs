//! Taxes and fees of a stay: pure rules. Line, then tax rate, then total: a rate is taken on the sum of what it applies
//! to, rounded once half up, and split over the nights so that the parts sum to the whole.

use super::{Party, Per};
use crate::booking::line::{Line, LineKind, LineSource};
use crate::money;
use chrono::NaiveDate;
use iso_currency::Currency;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An adult is at least this old.
pub const ADULT: i32 = 18;

/// What a percentage is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Room,
    Extras,
    All,
}

impl Base {
    fn covers(self, source: LineSource) -> bool {
        match self {
            Self::Room => source == LineSource::Room,
            Self::Extras => source == LineSource::Extras,
            Self::All => true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// Included ones are in the price: gross / (1 + the sum of included rates). Others come on top of what is left of
    /// the price without those.
    Percent(Base),
    Amount(Per),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TaxFee {
    pub id: Uuid,
    pub property_id: Uuid,
    pub code: String,
    pub name: String,
    /// A tax or a fee.
    pub kind: LineKind,
    pub charge: Charge,
    /// Percent, or money.
    pub value: Decimal,
    pub included: bool,
    /// Persons that count, both ages included; an adult counts where 18 or more does.
    pub from_age: Option<i32>,
    pub to_age: Option<i32>,
    /// Charged for the first so many nights only.
    pub cap_nights: Option<i32>,
    /// At most this a stay.
    pub cap_amount: Option<Decimal>,
    /// Nights it applies to, both included. What is charged once goes by the night of arrival.
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub active: bool,
    pub version: i32,
}

/// What is taxed: the stay's nights and the lines of its extras.
pub struct Basis<'a> {
    pub nights: &'a [(NaiveDate, Decimal)],
    pub extras: &'a [Line],
    pub party: &'a Party,
    pub currency: Currency,
}

/// The part of a stay's price that belongs to one night, or to the whole stay.
struct Item {
    source: LineSource,
    night: Option<NaiveDate>,
    gross: Decimal,
}

impl Basis<'_> {
    fn items(&self) -> Vec<Item> {
        let room = self.nights.iter().map(|(date, price)| Item {
            source: LineSource::Room,
            night: Some(*date),
            gross: *price,
        });
        let mut extras: BTreeMap<(bool, Option<NaiveDate>), Decimal> = BTreeMap::new();
        for line in self.extras {
            // Nights first, then what is charged once.
            *extras.entry((line.night.is_none(), line.night)).or_default() += line.amount;
        }
        let extras = extras.into_iter().map(|((_, night), gross)| Item {
            source: LineSource::Extras,
            night,
            gross,
        });
        room.chain(extras).collect()
    }

    fn arrival(&self) -> Option<NaiveDate> {
        self.nights.first().map(|(date, _)| *date)
    }
}

/// The lines of all taxes and fees, in their order.
pub fn lines(all: &[TaxFee], on: &Basis<'_>) -> Vec<Line> {
    let items = on.items();
    let nights: Vec<Vec<NaiveDate>> = all.iter().map(|t| t.nights(on)).collect();
    // Of each item: the sum of the rates included in it.
    let included: Vec<Decimal> = items
        .iter()
        .map(|item| {
            let rates = all.iter().zip(&nights);
            rates
                .filter(|(t, n)| t.included && t.covers(item, n, on))
                .map(|(t, _)| t.value)
                .sum()
        })
        .collect();
    let mut out = Vec::new();
    for (tax, nights) in all.iter().zip(&nights) {
        match tax.charge {
            Charge::Percent(_) => {
                let covered = items
                    .iter()
                    .zip(&included)
                    .filter(|(i, _)| tax.covers(i, nights, on))
                    .collect::<Vec<_>>();
                out.extend(tax.percent(&covered, on.currency));
            }
            Charge::Amount(per) => out.extend(tax.amounts(per, nights, on)),
        }
    }
    out
}

impl TaxFee {
    fn valid(&self, night: NaiveDate) -> bool {
        self.valid_from.is_none_or(|d| d <= night) && self.valid_to.is_none_or(|d| night <= d)
    }

    /// The nights it is charged for.
    fn nights(&self, on: &Basis<'_>) -> Vec<NaiveDate> {
        let most = self
            .cap_nights
            .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0));
        let all = on.nights.iter().map(|(date, _)| *date);
        all.filter(|d| self.valid(*d)).take(most).collect()
    }

    /// Is this percentage taken of the item?
    fn covers(&self, item: &Item, nights: &[NaiveDate], on: &Basis<'_>) -> bool {
        let Charge::Percent(base) = self.charge else {
            return false;
        };
        base.covers(item.source)
            && match item.night {
                Some(night) => nights.contains(&night),
                None => on.arrival().is_some_and(|d| self.valid(d)),
            }
    }

    fn capped(&self, amount: Decimal, currency: Currency) -> Decimal {
        let rounded = money::round(amount, currency);
        self.cap_amount
            .map_or(rounded, |cap| rounded.min(money::round(cap, currency)))
    }

    /// Items with the same included rates are summed before they are divided, so that no cent hangs on a long fraction.
    fn percent(&self, items: &[(&Item, &Decimal)], currency: Currency) -> Vec<Line> {
        let mut sums: BTreeMap<Decimal, Decimal> = BTreeMap::new();
        for (item, included) in items {
            *sums.entry(**included).or_default() += item.gross;
        }
        let exact = sums
            .into_iter()
            .map(|(rates, gross)| gross * self.value / (Decimal::ONE_HUNDRED + rates));
        let weights: Vec<Decimal> = items.iter().map(|(item, _)| item.gross).collect();
        let parts = money::split(self.capped(exact.sum(), currency), &weights, currency);
        let lines = items
            .iter()
            .zip(parts)
            .map(|((item, _), part)| self.line(item.source, item.night, 1, part));
        lines.filter(|l| !l.amount.is_zero()).collect()
    }

    fn amounts(&self, per: Per, nights: &[NaiveDate], on: &Basis<'_>) -> Vec<Line> {
        let quantity = if per.by_person() {
            self.persons(on.party)
        } else {
            1
        };
        let each = self.value * Decimal::from(quantity);
        let (times, dates): (usize, Vec<NaiveDate>) = if per.by_night() {
            (nights.len(), nights.to_vec())
        } else {
            let valid = on.arrival().is_some_and(|d| self.valid(d));
            (
                usize::from(valid),
                on.nights.iter().map(|(date, _)| *date).collect(),
            )
        };
        let amount = self.capped(each * Decimal::from(times), on.currency);
        if times == 0 || quantity == 0 || amount.is_zero() {
            return Vec::new();
        }
        if !per.by_night() && !self.included {
            return vec![self.line(LineSource::Room, None, quantity, amount)];
        }
        // What is in the price is in the price of a night.
        let weights: Vec<Decimal> = if per.by_night() {
            vec![Decimal::ONE; dates.len()]
        } else {
            on.nights.iter().map(|(_, price)| *price).collect()
        };
        let parts = money::split(amount, &weights, on.currency);
        let lines = dates
            .into_iter()
            .zip(parts)
            .map(|(night, part)| self.line(LineSource::Room, Some(night), quantity, part));
        lines.filter(|l| !l.amount.is_zero()).collect()
    }

    fn persons(&self, party: &Party) -> i32 {
        let counts =
            |age: i32| self.from_age.is_none_or(|a| a <= age) && self.to_age.is_none_or(|a| age <= a);
        let adults = if self.to_age.is_none_or(|a| a >= ADULT) {
            party.adults
        } else {
            0
        };
        let children = party.children_ages.iter().filter(|a| counts(**a)).count();
        adults.saturating_add(i32::try_from(children).unwrap_or(i32::MAX))
    }

    fn line(&self, source: LineSource, night: Option<NaiveDate>, quantity: i32, amount: Decimal) -> Line {
        Line {
            kind: self.kind,
            source,
            code: self.code.clone(),
            name: self.name.clone(),
            night,
            quantity,
            amount,
            included: self.included,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::dec;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::default() + chrono::Days::new(n)
    }

    fn percent(code: &str, value: Decimal, included: bool, base: Base) -> TaxFee {
        TaxFee {
            id: Uuid::nil(),
            property_id: Uuid::nil(),
            code: code.into(),
            name: code.into(),
            kind: LineKind::Tax,
            charge: Charge::Percent(base),
            value,
            included,
            from_age: None,
            to_age: None,
            cap_nights: None,
            cap_amount: None,
            valid_from: None,
            valid_to: None,
            active: true,
            version: 1,
        }
    }

    fn amounts(all: &[TaxFee], prices: &[Decimal]) -> Vec<Decimal> {
        let nights: Vec<_> = (0..).map(day).zip(prices.iter().copied()).collect();
        let party = Party {
            adults: 2,
            children_ages: vec![4, 17],
        };
        let basis = Basis {
            nights: &nights,
            extras: &[],
            party: &party,
            currency: Currency::EUR,
        };
        lines(all, &basis).into_iter().map(|l| l.amount).collect()
    }

    /// Three nights of 33.33 taxed one by one would make 6.54; the rate is taken on their sum.
    #[test]
    fn a_rate_is_rounded_once_and_split() {
        let tax = [percent("VAT", dec!(7), true, Base::Room)];
        assert_eq!(
            amounts(&tax, &[dec!(33.33), dec!(33.33), dec!(33.33)]),
            [dec!(2.18), dec!(2.18), dec!(2.18)]
        );
        let tax = [percent("TAX", dec!(12.5), false, Base::Room)];
        assert_eq!(
            amounts(&tax, &[dec!(0.10), dec!(0.10), dec!(0.10)]),
            [dec!(0.02), dec!(0.01), dec!(0.01)]
        );
    }

    #[test]
    fn included_rates_share_the_gross_and_others_leave_them_out() {
        let all = [
            percent("A", dec!(7), true, Base::Room),
            percent("B", dec!(3), true, Base::All),
            percent("C", dec!(10), false, Base::Room),
        ];
        assert_eq!(amounts(&all, &[dec!(110)]), [dec!(7.00), dec!(3.00), dec!(10.00)]);
    }

    #[test]
    fn caps_hold_and_only_persons_of_the_age_count() {
        let mut city = TaxFee {
            charge: Charge::Amount(Per::PersonNight),
            from_age: Some(16),
            cap_nights: Some(2),
            ..percent("CITY", dec!(3.50), false, Base::Room)
        };
        let nights = [dec!(80), dec!(80), dec!(80)];
        assert_eq!(
            amounts(&[city.clone()], &nights),
            [dec!(10.50), dec!(10.50)],
            "two adults and one of 17"
        );
        city.cap_amount = Some(dec!(15));
        assert_eq!(amounts(&[city.clone()], &nights), [dec!(7.50), dec!(7.50)]);
        city.to_age = Some(17);
        assert_eq!(
            amounts(&[city], &nights),
            [dec!(3.50), dec!(3.50)],
            "no adult is 17 or younger"
        );
    }

    proptest! {
        /// Whatever the prices: what is included never exceeds the gross, and parts sum to the rounded whole.
        #[test]
        fn parts_sum_to_the_whole(cents in prop::collection::vec(0_i64..1_000_000, 1..20), rate in 0_i64..100_000) {
            let prices: Vec<Decimal> = cents.iter().map(|c| Decimal::new(*c, 2)).collect();
            let (gross, rate) = (prices.iter().copied().sum::<Decimal>(), Decimal::new(rate, 3));
            let inside: Decimal = amounts(&[percent("T", rate, true, Base::All)], &prices).into_iter().sum();
            let beside: Decimal = amounts(&[percent("T", rate, false, Base::All)], &prices).into_iter().sum();
            prop_assert!(inside <= gross);
            prop_assert_eq!(beside, money::round(gross * rate / dec!(100), Currency::EUR));
            prop_assert_eq!(inside, money::round(gross * rate / (dec!(100) + rate), Currency::EUR));
        }
    }
}
