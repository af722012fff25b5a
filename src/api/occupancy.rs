//! `/v1/properties/{id}/rate-plans/{plan_id}/occupancy-prices`: how a base plan's night price follows the guests.

use crate::api::money::Amount;
use crate::api::page::Page;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use innkeep_domain::rates::occupancy::{self, AgeBand};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use rust_decimal::Decimal;
use uuid::Uuid;

pub struct OccupancyPrices;

/// The night's price is for `included_adults`; what differs is taken off or added, in the property's currency. Without
/// one, a unit type costs the same for any number of guests. Derived plans follow their parent's price for the same
/// guests.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct OccupancyPrice {
    unit_type_id: Uuid,
    /// 1 to 100.
    included_adults: i32,
    /// Less a night for each adult fewer.
    #[oai(default = "nothing")]
    missing_adult: Amount,
    /// More a night for each adult beyond.
    #[oai(default = "nothing")]
    extra_adult: Amount,
    /// Ascending, without overlap. A child of an age without a band counts as an adult.
    #[oai(default, validator(max_items = 10))]
    children: Vec<ChildPrice>,
    /// Each person of any age beyond these needs an extra bed; absent = nobody does.
    #[oai(skip_serializing_if_is_none)]
    standard_places: Option<i32>,
    /// For each extra bed a night.
    #[oai(default = "nothing")]
    extra_bed: Amount,
}

/// What each child of these ages, both included, costs a night.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ChildPrice {
    /// 0 to 17.
    from_age: i32,
    to_age: i32,
    amount: Amount,
}

fn nothing() -> Amount {
    Amount(Decimal::ZERO)
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewOccupancyPrices {
    /// At most one for each unit type; a unit type left out has none.
    #[oai(validator(max_items = 200))]
    items: Vec<OccupancyPrice>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Ari")]
impl OccupancyPrices {
    /// List occupancy prices
    #[oai(
        path = "/:id/rate-plans/:plan_id/occupancy-prices",
        method = "get",
        operation_id = "list_occupancy_prices"
    )]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        plan_id: Path<Uuid>,
    ) -> ApiResult<Json<Page<OccupancyPrice>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let (all, currency) = occupancy::list(&mut tx, &auth.0, id.0, plan_id.0).await?;
        Ok(Json(Page::all(all, |p| OccupancyPrice::show(p, &currency))))
    }

    /// Replace occupancy prices
    ///
    /// All of one base plan.
    #[oai(
        path = "/:id/rate-plans/:plan_id/occupancy-prices",
        method = "put",
        operation_id = "replace_occupancy_prices"
    )]
    async fn replace(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        plan_id: Path<Uuid>,
        body: Body<NewOccupancyPrices>,
    ) -> ApiResult<Changed<Page<OccupancyPrice>>> {
        let prices: Vec<_> = body.0.items.into_iter().map(OccupancyPrice::parse).collect();
        write(&app, &auth.0, &once, "replace_occupancy_prices", async |tx| {
            let ids = (id.0, plan_id.0);
            let (all, currency) = occupancy::replace(tx, &auth.0, ids, prices, app.now()).await?;
            Ok(Changed::new(&Page::all(all, |p| {
                OccupancyPrice::show(p, &currency)
            })))
        })
        .await
    }
}

impl OccupancyPrice {
    fn parse(self) -> occupancy::OccupancyPrice {
        let band = |c: ChildPrice| AgeBand {
            from_age: c.from_age,
            to_age: c.to_age,
            amount: c.amount.0,
        };
        occupancy::OccupancyPrice {
            unit_type_id: self.unit_type_id,
            included_adults: self.included_adults,
            missing_adult: self.missing_adult.0,
            extra_adult: self.extra_adult.0,
            children: self.children.into_iter().map(band).collect(),
            standard_places: self.standard_places,
            extra_bed: self.extra_bed.0,
        }
    }

    fn show(p: occupancy::OccupancyPrice, currency: &str) -> Self {
        let child = |b: AgeBand| ChildPrice {
            from_age: b.from_age,
            to_age: b.to_age,
            amount: Amount::of(b.amount, currency),
        };
        Self {
            unit_type_id: p.unit_type_id,
            included_adults: p.included_adults,
            missing_adult: Amount::of(p.missing_adult, currency),
            extra_adult: Amount::of(p.extra_adult, currency),
            children: p.children.into_iter().map(child).collect(),
            standard_places: p.standard_places,
            extra_bed: Amount::of(p.extra_bed, currency),
        }
    }
}
