//! `/v1/properties/{id}/rate-plans`: under which name, price and policy a unit type is sold.

use crate::api::money::Amount;
use crate::api::page::Page;
use crate::api::{ApiResult, Auth, Body, Created, Once, Tag, write};
use crate::app::Shared;
use innkeep_domain::rates::plan::{self, Adjustment};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
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
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewRatePlan {
    code: String,
    name: String,
    derived: Option<Derived>,
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
        let mut tx = app.db.begin(auth.0.tenant).await?;
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
        let NewRatePlan { code, name, derived } = body.0;
        let new = plan::NewRatePlan {
            code,
            name,
            derived: derived.map(Derived::parse),
        };
        write(&app, &auth.0, &once, "create_rate_plan", async |tx| {
            let made = plan::create(tx, &auth.0, id.0, new, app.now()).await?;
            let version = made.version;
            Ok(Created::new(&RatePlan::from(made)).version(version))
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
        let plan::RatePlan {
            id,
            property_id,
            code,
            name,
            derived,
            version,
        } = p;
        Self {
            id,
            property_id,
            code,
            name,
            derived: derived.map(Derived::show),
            version,
        }
    }
}
