//! `GET /v1/properties/{id}/offers`: what could be booked for given dates, at which price, or why not.

use crate::api::error::ApiError;
use crate::api::money::Money;
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
    /// The nights that have a price.
    nights: Vec<NightPrice>,
    /// Their sum.
    total: Money,
}

#[derive(Object)]
struct OfferReason {
    /// Stable: `no_price`, `stop_sell`, `closed_to_arrival`, `closed_to_departure`, `min_stay`, `max_stay`,
    /// `too_many_guests`, `arrival_in_past`, `no_availability`.
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
    ) -> ApiResult<Json<OfferList>> {
        let (property_id, arrival, departure) = (id.0, arrival.0, departure.0);
        let stay = Stay::new(arrival, departure).map_err(|r| r.at("departure"))?;
        let children = children(children_ages.0.as_deref().unwrap_or_default())?;
        let search = Search {
            property_id,
            stay,
            adults: adults.0,
            children,
        };
        let mut tx = app.db.begin(auth.0.tenant).await?;
        let offers = offer::search(&mut tx, &auth.0, &search).await?;
        Ok(Json(OfferList {
            property_id,
            arrival,
            departure,
            items: offers.into_iter().map(Offer::from).collect(),
        }))
    }
}

fn two() -> i32 {
    2
}

/// How many ages there are; each must be a child's.
fn children(ages: &str) -> ApiResult<i32> {
    let ages = ages.split(',').filter(|a| !a.is_empty());
    ages.map(|age| match age.parse::<u8>() {
        Ok(age) if age < ADULT => Ok(1),
        _ => Err(ApiError::parameter(
            "children_ages",
            "a child is 0 to 17 years old",
        )),
    })
    .sum()
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

impl From<offer::Offer> for Offer {
    fn from(o: offer::Offer) -> Self {
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
            nights: NightPrice::all(o.nights, &o.currency),
            total: Money::new(o.total, &o.currency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_counted_by_their_ages() {
        assert_eq!(children("").unwrap(), 0);
        assert_eq!(children("0,4,17").unwrap(), 3);
        for bad in ["18", "4,x", "-1"] {
            assert!(children(bad).is_err(), "{bad}");
        }
    }
}
