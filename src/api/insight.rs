//! `/v1/dashboard` and `/v1/alerts`: the numbers of the business, and what a person should look at.

mod dto;

use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use crate::cache::Cached;
use chrono::NaiveDate;
use dto::{Alert, Dashboard};
use innkeep_domain::{Permission, alert, metrics};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use std::time::Duration;
use uuid::Uuid;

/// A change here forgets what is cached; this bounds how late a channel's change may show.
const DASHBOARD_TTL: Duration = Duration::from_secs(5);

pub struct Insight;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Insight")]
impl Insight {
    /// Occupancy, ADR and RevPAR of a range of nights
    ///
    /// May be a few seconds old; `as_of` says how old.
    #[oai(path = "/dashboard", method = "get", operation_id = "get_dashboard")]
    async fn dashboard(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        property_id: Query<Uuid>,
        /// The first night.
        from: Query<NaiveDate>,
        /// The last night, at most 400 nights on.
        to: Query<NaiveDate>,
    ) -> ApiResult<Json<Dashboard>> {
        // Before the cache, which does not ask who is reading.
        auth.0.require(Permission::ReadInsight)?;
        auth.0.require_property(property_id.0)?;
        let (property_id, from, to) = (property_id.0, from.0, to.0);
        let fill = async {
            let mut tx = app.db.begin_for(&auth.0).await?;
            let now = app.now();
            let numbers = metrics::dashboard(&mut tx, &auth.0, property_id, from, to, now).await?;
            ApiResult::Ok(Cached(Dashboard::from(numbers)))
        };
        let key = format!("dashboard:{property_id}:{from}:{to}");
        let Cached(dashboard) = app
            .cache
            .get_or_fill(auth.0.tenant, &key, DASHBOARD_TTL, fill)
            .await?;
        Ok(Json(dashboard))
    }

    /// List open alerts
    ///
    /// Newest first.
    #[oai(path = "/alerts", method = "get", operation_id = "list_alerts")]
    async fn alerts(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Alert>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = alert::open(&mut tx, &auth.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |a| a.id, Alert::from)))
    }
}
