//! `/v1/channel-connections/{id}/closed-dates`: nights on which one channel sells nothing.

use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::{Days, NaiveDate};
use innkeep_domain::channel::closure::{self, Closure};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use std::collections::BTreeSet;
use uuid::Uuid;

pub struct ClosedDates;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ChannelClosedDates {
    #[oai(validator(max_items = 500))]
    ranges: Vec<ClosedRange>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ClosedRange {
    /// Absent: every unit type.
    #[oai(skip_serializing_if_is_none)]
    unit_type_id: Option<Uuid>,
    from: NaiveDate,
    /// The last night.
    to: NaiveDate,
}

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl ClosedDates {
    /// Read on which nights the channel sells nothing
    #[oai(
        path = "/:id/closed-dates",
        method = "get",
        operation_id = "get_channel_closed_dates"
    )]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<ChannelClosedDates>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        Ok(Json(closure::read(&mut tx, &auth.0, id.0).await?.into()))
    }

    /// Replace the nights on which the channel sells nothing
    ///
    /// It is told that no unit is free and no rate is sold then, while others sell on; no range opens everything again.
    #[oai(
        path = "/:id/closed-dates",
        method = "put",
        operation_id = "set_channel_closed_dates"
    )]
    async fn set(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<ChannelClosedDates>,
    ) -> ApiResult<Changed<ChannelClosedDates>> {
        let wanted: BTreeSet<Closure> = body.0.ranges.into_iter().map(Closure::from).collect();
        write(&app, &auth.0, &once, "set_channel_closed_dates", async |tx| {
            let set = closure::replace(tx, &auth.0, id.0, wanted, app.now()).await?;
            Ok(Changed::new(&ChannelClosedDates::from(set)))
        })
        .await
    }
}

impl From<ClosedRange> for Closure {
    fn from(r: ClosedRange) -> Self {
        Self {
            unit_type_id: r.unit_type_id,
            from: r.from,
            to: r.to.checked_add_days(Days::new(1)).unwrap_or(r.to),
        }
    }
}

impl From<Vec<Closure>> for ChannelClosedDates {
    fn from(all: Vec<Closure>) -> Self {
        let range = |c: Closure| ClosedRange {
            unit_type_id: c.unit_type_id,
            from: c.from,
            to: c.to.checked_sub_days(Days::new(1)).unwrap_or(c.to),
        };
        Self {
            ranges: all.into_iter().map(range).collect(),
        }
    }
}
