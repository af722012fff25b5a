//! Changes of a reservation as JSON.

use crate::api::bookings::Reservation;
use crate::api::money::Money;
use crate::api::patch;
use chrono::NaiveDate;
use innkeep_domain::Refusal;
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::{amend, entity};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use rust_decimal::Decimal;
use uuid::Uuid;

/// What an operator overrides is done with a reason, which stays in the timeline.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Reason {
    /// 1 to 200 characters.
    reason: String,
}

impl From<Reason> for Force {
    fn from(r: Reason) -> Self {
        Self { reason: r.reason }
    }
}

/// Absent = as it is.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct Amendment {
    arrival: Option<NaiveDate>,
    departure: Option<NaiveDate>,
    unit_type_id: Option<Uuid>,
    rate_plan_id: Option<Uuid>,
    adults: Option<i32>,
    /// 0 to 17, one for each child.
    #[oai(validator(max_items = 100))]
    children_ages: Option<Vec<i32>>,
    #[oai(validator(max_length = 200))]
    guest_name: MaybeUndefined<String>,
    /// The first night in the other unit type, at the other rate, for the other guests. Absent: every night to come.
    from: Option<NaiveDate>,
    /// An upgrade: nights that have a price keep it.
    #[oai(default)]
    keep_prices: bool,
    /// What the preview said: refused with `price_changed` when it is another by now.
    expected_total: Option<Money>,
}

impl Amendment {
    pub fn parse(self) -> (amend::Amendment, Option<(Decimal, String)>) {
        let expected = self.expected_total.map(|m| (m.decimal(), m.currency));
        let amendment = amend::Amendment {
            arrival: self.arrival,
            departure: self.departure,
            unit_type_id: self.unit_type_id,
            rate_plan_id: self.rate_plan_id,
            adults: self.adults,
            children_ages: self.children_ages,
            guest_name: patch::change(self.guest_name),
            from: self.from,
            keep_prices: self.keep_prices,
        };
        (amendment, expected)
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct ForcedAmendment {
    pub amendment: Amendment,
    /// 1 to 200 characters; stays in the timeline.
    pub reason: String,
}

/// A stay before and after a change.
#[derive(Object)]
pub struct Amended {
    before: Reservation,
    after: Reservation,
    /// What it costs more, or less.
    difference: Money,
    /// Of the whole booking, afterwards.
    booking_total: Money,
}

impl From<amend::Amended> for Amended {
    fn from(a: amend::Amended) -> Self {
        let currency = a.booking.currency.clone();
        Self {
            difference: Money::new(a.difference(), &currency),
            booking_total: Money::new(a.booking.total, &currency),
            before: Reservation::show(a.before, &currency),
            after: Reservation::show(a.after, &currency),
        }
    }
}

#[derive(Object)]
pub struct CancellationFee {
    fee: Money,
    /// Hours until check-in, rounded up, on the day of arrival; negative afterwards.
    hours_before_check_in: i64,
}

impl CancellationFee {
    pub fn new(r: &entity::Reservation, hours: i64, currency: &str) -> Result<Self, Refusal> {
        Ok(Self {
            fee: Money::new(r.cancellation_fee(hours, currency)?, currency),
            hours_before_check_in: hours,
        })
    }
}
