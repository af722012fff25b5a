//! `/v1/quotes`: rooms priced and kept for a while, to be booked at that price.

use crate::api::bookings::dto::{NewRoom, Night};
use crate::api::money::Money;
use crate::api::pricing::{Line, Policy};
use crate::api::{ApiResult, Auth, Body, Created, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::booking::quote;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Quotes;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewQuote {
    property_id: Uuid,
    /// 1 to 50 unit stays.
    rooms: Vec<NewRoom>,
    promo_code: Option<String>,
    /// 1 to 1440: how long the price holds.
    #[oai(default = "half_an_hour")]
    valid_minutes: i32,
}

fn half_an_hour() -> i32 {
    30
}

/// A price that holds for a while; no unit is kept, stock is looked at when it is booked.
#[derive(Object)]
struct Quote {
    id: Uuid,
    property_id: Uuid,
    rooms: Vec<QuotedRoom>,
    total: Money,
    #[oai(skip_serializing_if_is_none)]
    promo_code: Option<String>,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    /// The booking made of it.
    #[oai(skip_serializing_if_is_none)]
    booking_id: Option<Uuid>,
}

#[derive(Object)]
struct QuotedRoom {
    unit_type_id: Uuid,
    rate_plan_id: Uuid,
    arrival: NaiveDate,
    departure: NaiveDate,
    adults: i32,
    children_ages: Vec<i32>,
    #[oai(skip_serializing_if_is_none)]
    guest_name: Option<String>,
    nights: Vec<Night>,
    /// Taxes, fees and extras.
    lines: Vec<Line>,
    /// The terms the guest would agree to.
    #[oai(skip_serializing_if_is_none)]
    policy: Option<Policy>,
    /// Nights, extras and what taxes and fees add.
    total: Money,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Selling")]
impl Quotes {
    /// Quote
    ///
    /// 409: `not_bookable` (a restriction forbids it), `promo_code_not_applicable`.
    #[oai(path = "/quotes", method = "post", operation_id = "create_quote")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewQuote>,
    ) -> ApiResult<Created<Quote>> {
        let b = body.0;
        let new = quote::NewQuote {
            property_id: b.property_id,
            rooms: NewRoom::parse_all(b.rooms)?,
            promo_code: b.promo_code,
            valid_minutes: b.valid_minutes,
        };
        write(&app, &auth.0, &once, "create_quote", async |tx| {
            let made = quote::create(tx, &auth.0, new, app.now()).await?;
            let path = format!("/v1/quotes/{}", made.id);
            Ok(Created::new(&Quote::from(made)).location(path))
        })
        .await
    }

    /// Read a quote
    #[oai(path = "/quotes/:id", method = "get", operation_id = "get_quote")]
    async fn get(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Quote>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        Ok(Json(quote::get(&mut tx, &auth.0, id.0).await?.into()))
    }
}

impl From<quote::Quote> for Quote {
    fn from(q: quote::Quote) -> Self {
        let currency = q.currency;
        let rooms = q.rooms.into_iter().map(|r| QuotedRoom::show(r, &currency));
        Self {
            id: q.id,
            property_id: q.property_id,
            rooms: rooms.collect(),
            total: Money::new(q.total, &currency),
            promo_code: q.promo_code,
            expires_at: q.expires_at,
            created_at: q.created_at,
            booking_id: q.booking_id,
        }
    }
}

impl QuotedRoom {
    fn show(r: quote::QuotedRoom, currency: &str) -> Self {
        Self {
            unit_type_id: r.unit_type_id,
            rate_plan_id: r.rate_plan_id,
            arrival: r.arrival,
            departure: r.departure,
            adults: r.adults,
            children_ages: r.children_ages,
            guest_name: r.guest_name,
            nights: r.nights.into_iter().map(|n| Night::show(n, currency)).collect(),
            lines: r.lines.into_iter().map(|l| Line::show(l, currency)).collect(),
            policy: r.policy.map(|p| Policy::show(p, currency)),
            total: Money::new(r.total, currency),
        }
    }
}
