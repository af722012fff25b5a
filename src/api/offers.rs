//! `GET /v1/properties/{id}/offers`: what could be booked for given dates, at which price, or why not.

use crate::api::error::ApiError;
use crate::api::extras::Extra;
use crate::api::money::Money;
use crate::api::pricing::{Line, Policy};
use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use chrono::NaiveDate;
use innkeep_domain::rates::offer::{self, Search};
use innkeep_domain::rates::stay::{Reason, Stay};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// Younger than this is a child.
const ADULT: u8 = 18;

pub struct Offers;

#[derive(Object)]
struct OfferList {
    property_id: Uuid,
    arrival: NaiveDate,
    departure: NaiveDate,
    /// Bookable ones first, cheapest first.
    items: Vec<Offer>,
    /// What may be added to any of them.
    extras: Vec<Extra>,
    /// Only when nothing is bookable: other arrivals for as many nights, at most 14 days away, nearest first.
    alternatives: Vec<Alternative>,
}

/// One unit type under one rate plan.
#[derive(Object)]
struct Offer {
    unit_type_id: Uuid,
    unit_type_name: String,
    rate_plan_id: Uuid,
    rate_plan_name: String,
    bookable: bool,
    /// Why it is not bookable; empty when it is.
    reasons: Vec<OfferReason>,
    /// Units free on every night of the stay.
    free: i32,
    /// The nights that have a price, for these guests.
    nights: Vec<NightPrice>,
    /// Taxes and fees.
    lines: Vec<Line>,
    /// Nights and what taxes and fees add.
    total: Money,
    /// The terms the guest would agree to.
    #[oai(skip_serializing_if_is_none)]
    policy: Option<Policy>,
    /// Is the promo code in the price?
    promo_applied: bool,
}

/// The cheapest that can be booked for these dates.
#[derive(Object)]
struct Alternative {
    arrival: NaiveDate,
    departure: NaiveDate,
    unit_type_id: Uuid,
    rate_plan_id: Uuid,
    total: Money,
}

#[derive(Object)]
struct OfferReason {
    /// Stable: `no_price`, `stop_sell`, `closed_to_arrival`, `closed_to_departure`, `min_stay`, `max_stay`,
    /// `too_many_guests`, `arrival_in_past`, `booked_too_late`, `booked_too_early`, `no_availability`.
    code: String,
    detail: String,
}

#[derive(Object)]
pub struct NightPrice {
    date: NaiveDate,
    price: Money,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Selling")]
impl Offers {
    /// Search what can be booked
    #[oai(path = "/:id/offers", method = "get", operation_id = "list_offers")]
    #[expect(clippy::too_many_arguments, reason = "one argument for each query parameter")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        arrival: Query<NaiveDate>,
        departure: Query<NaiveDate>,
        #[oai(default = "two")] adults: Query<i32>,
        /// Ages of the children, 0 to 17, e.g. `4,11`.
        #[oai(validator(pattern = "^([0-9]{1,2}(,[0-9]{1,2})*)?$"))]
        children_ages: Query<Option<String>>,
        /// In any case of letters; 422 `unknown_promo_code`.
        #[oai(validator(max_length = 200))]
        promo_code: Query<Option<String>>,
    ) -> ApiResult<Json<OfferList>> {
        let (property_id, arrival, departure) = (id.0, arrival.0, departure.0);
        let stay = Stay::new(arrival, departure).map_err(|r| r.at("departure"))?;
        let children_ages = children(children_ages.0.as_deref().unwrap_or_default())?;
        let search = Search {
            property_id,
            stay,
            adults: adults.0,
            children_ages,
            promo_code: promo_code.0,
        };
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = offer::search(&mut tx, &auth.0, &search).await?;
        let currency = found.currency.as_str();
        Ok(Json(OfferList {
            property_id,
            arrival,
            departure,
            items: found
                .offers
                .into_iter()
                .map(|o| Offer::show(o, currency))
                .collect(),
            extras: found
                .extras
                .into_iter()
                .map(|e| Extra::show(e, currency))
                .collect(),
            alternatives: found
                .alternatives
                .iter()
                .map(|a| Alternative::show(a, currency))
                .collect(),
        }))
    }
}

fn two() -> i32 {
    2
}

/// The ages, each a child's.
fn children(ages: &str) -> ApiResult<Vec<i32>> {
    let ages = ages.split(',').filter(|a| !a.is_empty());
    ages.map(|age| match age.parse::<u8>() {
        Ok(age) if age < ADULT => Ok(i32::from(age)),
        _ => Err(ApiError::parameter(
            "children_ages",
            "a child is 0 to 17 years old",
        )),
    })
    .collect()
}

impl NightPrice {
    pub fn all(nights: Vec<(NaiveDate, rust_decimal::Decimal)>, currency: &str) -> Vec<Self> {
        nights
            .into_iter()
            .map(|(date, price)| Self {
                date,
                price: Money::new(price, currency),
            })
            .collect()
    }
}

impl Offer {
    fn show(o: offer::Offer, currency: &str) -> Self {
        let reason = |r: &Reason| OfferReason {
            code: r.code().into(),
            detail: r.detail(),
        };
        Self {
            unit_type_id: o.unit_type_id,
            unit_type_name: o.unit_type_name,
            rate_plan_id: o.rate_plan_id,
            rate_plan_name: o.rate_plan_name,
            bookable: o.reasons.is_empty(),
            reasons: o.reasons.iter().map(reason).collect(),
            free: o.free,
            nights: NightPrice::all(o.nights, currency),
            lines: o.lines.into_iter().map(|l| Line::show(l, currency)).collect(),
            total: Money::new(o.total, currency),
            policy: o.policy.map(|p| Policy::show(p, currency)),
            promo_applied: o.promo,
        }
    }
}

impl Alternative {
    fn show(a: &offer::Alternative, currency: &str) -> Self {
        Self {
            arrival: a.stay.arrival(),
            departure: a.stay.departure(),
            unit_type_id: a.unit_type_id,
            rate_plan_id: a.rate_plan_id,
            total: Money::new(a.total, currency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_have_ages() {
        assert!(children("").unwrap().is_empty());
        assert_eq!(children("0,4,17").unwrap(), [0, 4, 17]);
        for bad in ["18", "4,x", "-1"] {
            assert!(children(bad).is_err(), "{bad}");
        }
    }
}
