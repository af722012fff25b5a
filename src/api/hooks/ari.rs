//! `GET /hooks/channels/{token}/ari`: what is true now, for a seller that asks instead of being told.

use super::find;
use crate::api::etag::unless_known;
use crate::api::polled::Polled;
use crate::api::{ApiResult, Tag};
use crate::app::Shared;
use chrono::NaiveDate;
use innkeep_domain::Refusal;
use innkeep_domain::channel::connection;
use innkeep_domain::channel::current::{self, Current};
use innkeep_domain::ports::channel::{AvailabilityRange, RateRange};
use innkeep_integrations::open_webhook;
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, Object, OpenApi};

pub struct HookAri;

/// What a seller may sell now, by its own ids. Nights outside the time that is sold are missing: sell none of them.
#[derive(Object)]
struct SellerAri {
    /// The seller's id of the property, or ours.
    property: String,
    /// ISO 4217; of all prices.
    currency: String,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    availability: Vec<SellerAvailability>,
    rates: Vec<SellerRate>,
}

/// One room type over nights that are all alike.
#[derive(Object)]
struct SellerAvailability {
    room_type: String,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// Units that may be sold; what is kept back from this channel is gone from it.
    availability: i32,
}

/// One rate plan over nights that are all alike.
#[derive(Object)]
struct SellerRate {
    rate_plan: String,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
    /// A night, as a decimal number in text; without one the nights are not for sale.
    #[oai(skip_serializing_if_is_none)]
    price: Option<String>,
    /// For stays that arrive in these nights.
    min_stay_arrival: i32,
    /// For stays that touch these nights.
    min_stay_through: i32,
    /// 0 = no limit.
    max_stay: i32,
    closed_to_arrival: bool,
    closed_to_departure: bool,
    stop_sell: bool,
}

#[OpenApi(prefix_path = "/hooks/channels", tag = "Tag::Channels")]
impl HookAri {
    /// Read what a seller may sell
    ///
    /// For a connection of protocol `webhook`; the path is its hook's, followed by `/ari`. At most 92 nights at once,
    /// from today on unless `from` is given. Send the `ETag` as `If-None-Match` to hear 304 while nothing changed.
    #[oai(path = "/:token/ari", method = "get", operation_id = "read_channel_ari")]
    async fn read(
        &self,
        app: Data<&Shared>,
        token: Path<String>,
        from: Query<Option<NaiveDate>>,
        /// The last night.
        to: Query<Option<NaiveDate>>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Tagged> {
        let (tenant, connection_id) = find(&app, &token.0).await?;
        let mut tx = app.db.begin(tenant).await?;
        let connection = connection::get(&mut tx, connection_id).await?;
        if connection.protocol != open_webhook::NAME {
            return Err(Refusal::not_found("channel endpoint").into());
        }
        let current = current::read(&mut tx, &connection, from.0, to.0).await?;
        tx.commit().await?;
        Ok(Tagged::new(&current.into(), if_none_match.0.as_deref()))
    }
}

impl From<Current> for SellerAri {
    fn from(current: Current) -> Self {
        Self {
            property: current.property,
            currency: current.currency,
            from: current.from,
            to: current.last,
            availability: current.availability.into_iter().map(Into::into).collect(),
            rates: current.rates.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<AvailabilityRange> for SellerAvailability {
    fn from(range: AvailabilityRange) -> Self {
        Self {
            room_type: range.room,
            from: range.from,
            to: range.last,
            availability: range.availability.max(0),
        }
    }
}

impl From<RateRange> for SellerRate {
    fn from(range: RateRange) -> Self {
        let fields = range.fields;
        Self {
            rate_plan: range.rate,
            from: range.from,
            to: range.last,
            price: fields.price.map(open_webhook::amount),
            min_stay_arrival: fields.min_stay_arrival.unwrap_or(1),
            min_stay_through: fields.min_stay_through.unwrap_or(1),
            max_stay: fields.max_stay.unwrap_or(0),
            closed_to_arrival: fields.closed_to_arrival.unwrap_or(false),
            closed_to_departure: fields.closed_to_departure.unwrap_or(false),
            stop_sell: fields.stop_sell.unwrap_or(false),
        }
    }
}

struct Tagged(Polled);

impl Tagged {
    fn new(ari: &SellerAri, known: Option<&str>) -> Self {
        Self(Polled::new(
            Json::<SellerAri>::CONTENT_TYPE,
            ari.to_json_string(),
            known,
        ))
    }
}

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl ApiResponse for Tagged {
    fn meta() -> MetaResponses {
        unless_known::<SellerAri>(
            "Changes with what is told.",
            "What may be sold.",
            "Unchanged since the tag named.",
        )
    }
    fn register(registry: &mut Registry) {
        SellerAri::register(registry);
    }
}
