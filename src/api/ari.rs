//! `/v1/properties/{id}/ari`: availability, rates and restrictions by night; read over a range, changed in bulk.

mod change;

use crate::api::money::Money;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use change::AriChange;
use chrono::NaiveDate;
use innkeep_domain::inventory::Night;
use innkeep_domain::property;
use innkeep_domain::rates::ari::{self, UnitTypeAri};
use innkeep_domain::rates::stay::NightRate;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Ari;

#[derive(Object)]
struct AriRange {
    property_id: Uuid,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    unit_types: Vec<UnitTypeNights>,
}

#[derive(Object)]
struct UnitTypeNights {
    unit_type_id: Uuid,
    /// Stock of each night that is open; nights are open for about two years.
    nights: Vec<StockNight>,
    rate_plans: Vec<RatePlanNights>,
}

/// Units of one type on one night.
#[derive(Object)]
struct StockNight {
    date: NaiveDate,
    capacity: i32,
    out_of_order: i32,
    blocked: i32,
    held: i32,
    sold: i32,
    overbooking_limit: i32,
    /// Sold beyond the limit, because a channel had sold it already.
    forced: i32,
    /// What may still be sold.
    free: i32,
}

#[derive(Object)]
struct RatePlanNights {
    rate_plan_id: Uuid,
    nights: Vec<RateNight>,
}

/// Price and restrictions of one night, after derivation and inheritance.
#[derive(Object)]
struct RateNight {
    date: NaiveDate,
    /// Absent: not for sale.
    #[oai(skip_serializing_if_is_none)]
    price: Option<Money>,
    #[oai(skip_serializing_if_is_none)]
    min_stay_arrival: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    min_stay_through: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    max_stay: Option<i32>,
    closed_to_arrival: bool,
    closed_to_departure: bool,
    stop_sell: bool,
}

#[derive(Object)]
struct AriChanged {
    /// Nights set, counted once for each product and kind.
    cells: u64,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Ari")]
impl Ari {
    /// Read availability, rates and restrictions
    #[oai(path = "/:id/ari", method = "get", operation_id = "get_ari")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The first night.
        from: Query<NaiveDate>,
        /// The last night, at most 730 nights on.
        to: Query<NaiveDate>,
    ) -> ApiResult<Json<AriRange>> {
        let (property_id, from, to) = (id.0, from.0, to.0);
        let mut tx = app.db.begin_for(&auth.0).await?;
        let all = ari::read(&mut tx, &auth.0, property_id, from, to).await?;
        let currency = property::get(&mut tx, property_id).await?.currency;
        let unit_types = all
            .into_iter()
            .map(|u| UnitTypeNights::show(u, &currency))
            .collect();
        Ok(Json(AriRange {
            property_id,
            from,
            to,
            unit_types,
        }))
    }

    /// Change prices, restrictions and availability in bulk
    ///
    /// The whole change is applied, or nothing; where entries overlap, the later one wins. Channels are told at once.
    #[oai(path = "/:id/ari", method = "patch", operation_id = "change_ari")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<AriChange>,
    ) -> ApiResult<Changed<AriChanged>> {
        let change = body.0.parse();
        write(&app, &auth.0, &once, "change_ari", async |tx| {
            let cells = ari::change(tx, &auth.0, id.0, change, app.now()).await?;
            Ok(Changed::new(&AriChanged { cells: cells as u64 }))
        })
        .await
    }
}

impl UnitTypeNights {
    fn show(ari: UnitTypeAri, currency: &str) -> Self {
        let mut rate_plans: Vec<RatePlanNights> = Vec::new();
        for (rate_plan_id, date, rate) in ari.rates {
            let night = RateNight::show(date, rate, currency);
            // They come ordered by plan.
            match rate_plans.last_mut().filter(|p| p.rate_plan_id == rate_plan_id) {
                Some(plan) => plan.nights.push(night),
                None => rate_plans.push(RatePlanNights {
                    rate_plan_id,
                    nights: vec![night],
                }),
            }
        }
        let nights = ari
            .nights
            .into_iter()
            .map(|(date, n)| StockNight::show(date, n))
            .collect();
        Self {
            unit_type_id: ari.unit_type_id,
            nights,
            rate_plans,
        }
    }
}

impl StockNight {
    fn show(date: NaiveDate, night: Night) -> Self {
        let free = night.free();
        let Night {
            capacity,
            out_of_order,
            blocked,
            held,
            sold,
            overbooking_limit,
            forced,
        } = night;
        Self {
            date,
            capacity,
            out_of_order,
            blocked,
            held,
            sold,
            overbooking_limit,
            forced,
            free,
        }
    }
}

impl RateNight {
    fn show(date: NaiveDate, rate: NightRate, currency: &str) -> Self {
        Self {
            date,
            price: rate.price.map(|p| Money::new(p, currency)),
            min_stay_arrival: rate.min_stay_arrival,
            min_stay_through: rate.min_stay_through,
            max_stay: rate.max_stay,
            closed_to_arrival: rate.closed_to_arrival,
            closed_to_departure: rate.closed_to_departure,
            stop_sell: rate.stop_sell,
        }
    }
}
