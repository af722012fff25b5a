//! `/v1/properties/{id}/rate-plans`: under which name, price and policy a unit type is sold.

use crate::api::etag::expected;
use crate::api::money::Amount;
use crate::api::page::Page;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use innkeep_domain::rates::plan::{self, Adjustment, Advance};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct RatePlans;

#[derive(Object)]
pub struct RatePlan {
    id: Uuid,
    property_id: Uuid,
    /// Short, unique in the property.
    code: String,
    name: String,
    /// Absent for a base plan, whose prices are set by hand.
    #[oai(skip_serializing_if_is_none)]
    derived: Option<Derived>,
    /// Sold until so many days before the arrival, counted from the property's business date.
    #[oai(skip_serializing_if_is_none)]
    min_advance_days: Option<i32>,
    /// Sold from so many days before the arrival on.
    #[oai(skip_serializing_if_is_none)]
    max_advance_days: Option<i32>,
    /// The terms it is sold under.
    #[oai(skip_serializing_if_is_none)]
    policy_id: Option<Uuid>,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewRatePlan {
    code: String,
    name: String,
    derived: Option<Derived>,
    /// 0 to 730: sold until so many days before the arrival, counted from the property's business date.
    min_advance_days: Option<i32>,
    /// 0 to 730: sold from so many days before the arrival on.
    max_advance_days: Option<i32>,
    /// A policy of the same property.
    policy_id: Option<Uuid>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RatePlanChange {
    name: MaybeUndefined<String>,
    min_advance_days: MaybeUndefined<i32>,
    max_advance_days: MaybeUndefined<i32>,
    policy_id: MaybeUndefined<Uuid>,
}

/// The price of every night follows a base plan's.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Derived {
    /// A base plan of the same property.
    parent_id: Uuid,
    kind: DerivedKind,
    /// `"-10"`: ten percent, or ten units of currency a night, less.
    value: Amount,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum DerivedKind {
    Percent,
    /// In the property's currency, per night.
    Amount,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Ari")]
impl RatePlans {
    /// List rate plans
    #[oai(path = "/:id/rate-plans", method = "get", operation_id = "list_rate_plans")]
    async fn list(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Page<RatePlan>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let all = plan::list(&mut tx, &auth.0, id.0).await?;
        Ok(Json(Page::all(all, RatePlan::from)))
    }

    /// Add a rate plan
    #[oai(path = "/:id/rate-plans", method = "post", operation_id = "create_rate_plan")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewRatePlan>,
    ) -> ApiResult<Created<RatePlan>> {
        let b = body.0;
        let new = plan::NewRatePlan {
            code: b.code,
            name: b.name,
            derived: b.derived.map(Derived::parse),
            advance: Advance {
                min_days: b.min_advance_days,
                max_days: b.max_advance_days,
            },
            policy_id: b.policy_id,
        };
        write(&app, &auth.0, &once, "create_rate_plan", async |tx| {
            let made = plan::create(tx, &auth.0, id.0, new, app.now()).await?;
            let version = made.version;
            Ok(Created::new(&RatePlan::from(made)).version(version))
        })
        .await
    }

    /// Change a rate plan
    #[oai(
        path = "/:id/rate-plans/:plan_id",
        method = "patch",
        operation_id = "change_rate_plan"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "one argument for each part of the request"
    )]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        plan_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<RatePlanChange>,
    ) -> ApiResult<Changed<RatePlan>> {
        let b = body.0;
        let change = plan::RatePlanChange {
            name: patch::required(b.name, "/name")?,
            min_advance_days: patch::change(b.min_advance_days),
            max_advance_days: patch::change(b.max_advance_days),
            policy_id: patch::change(b.policy_id),
        };
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "change_rate_plan", async |tx| {
            let changed = plan::change(tx, &auth.0, (id.0, plan_id.0), change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&RatePlan::from(changed)).version(version))
        })
        .await
    }
}

impl Derived {
    fn parse(self) -> (Uuid, Adjustment) {
        let value = self.value.0;
        let adjustment = match self.kind {
            DerivedKind::Percent => Adjustment::Percent(value),
            DerivedKind::Amount => Adjustment::Amount(value),
        };
        (self.parent_id, adjustment)
    }
    fn show((parent_id, by): (Uuid, Adjustment)) -> Self {
        let (kind, value) = match by {
            Adjustment::Percent(v) => (DerivedKind::Percent, v),
            Adjustment::Amount(v) => (DerivedKind::Amount, v),
        };
        Self {
            parent_id,
            kind,
            value: Amount(value.normalize()),
        }
    }
}

impl From<plan::RatePlan> for RatePlan {
    fn from(p: plan::RatePlan) -> Self {
        Self {
            id: p.id,
            property_id: p.property_id,
            code: p.code,
            name: p.name,
            derived: p.derived.map(Derived::show),
            min_advance_days: p.advance.min_days,
            max_advance_days: p.advance.max_days,
            policy_id: p.policy_id,
            version: p.version,
        }
    }
}
