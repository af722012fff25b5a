//! `/v1/properties/{id}/extras`: what a guest may add to a stay.

use crate::api::etag::expected;
use crate::api::money::Money;
use crate::api::page::Page;
use crate::api::pricing::Per;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use innkeep_domain::property;
use innkeep_domain::rates::extra;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Extras;

/// Breakfast, parking, final cleaning.
#[derive(Object)]
pub struct Extra {
    id: Uuid,
    property_id: Uuid,
    /// Short, unique in the property; lines carry it.
    code: String,
    name: String,
    charge: Per,
    price: Money,
    /// Can it be chosen?
    active: bool,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewExtra {
    code: String,
    name: String,
    charge: Per,
    price: Money,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ExtraChange {
    name: MaybeUndefined<String>,
    price: MaybeUndefined<Money>,
    active: MaybeUndefined<bool>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Ari")]
impl Extras {
    /// List extras
    #[oai(path = "/:id/extras", method = "get", operation_id = "list_extras")]
    async fn list(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Page<Extra>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let all = extra::list(&mut tx, &auth.0, id.0).await?;
        let currency = property::get(&mut tx, id.0).await?.currency;
        Ok(Json(Page::all(all, |e| Extra::show(e, &currency))))
    }

    /// Add an extra
    #[oai(path = "/:id/extras", method = "post", operation_id = "create_extra")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewExtra>,
    ) -> ApiResult<Created<Extra>> {
        let b = body.0;
        write(&app, &auth.0, &once, "create_extra", async |tx| {
            let currency = property::get(tx, id.0).await?.currency;
            let new = extra::NewExtra {
                code: b.code,
                name: b.name,
                per: b.charge.parse(),
                price: b.price.of(&currency, "/price")?,
            };
            let made = extra::create(tx, &auth.0, id.0, new, app.now()).await?;
            let version = made.version;
            Ok(Created::new(&Extra::show(made, &currency)).version(version))
        })
        .await
    }

    /// Change an extra
    ///
    /// Reservations keep what they were sold with.
    #[oai(
        path = "/:id/extras/:extra_id",
        method = "patch",
        operation_id = "change_extra"
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
        extra_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ExtraChange>,
    ) -> ApiResult<Changed<Extra>> {
        let b = body.0;
        let (name, price, active) = (
            patch::required(b.name, "/name")?,
            patch::required(b.price, "/price")?,
            patch::required(b.active, "/active")?,
        );
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "change_extra", async |tx| {
            let currency = property::get(tx, id.0).await?.currency;
            let price = price.map(|p| p.of(&currency, "/price")).transpose()?;
            let change = extra::ExtraChange { name, price, active };
            let ids = (id.0, extra_id.0);
            let changed = extra::change(tx, &auth.0, ids, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&Extra::show(changed, &currency)).version(version))
        })
        .await
    }
}

impl Extra {
    pub fn show(e: extra::Extra, currency: &str) -> Self {
        Self {
            id: e.id,
            property_id: e.property_id,
            code: e.code,
            name: e.name,
            charge: Per::show(e.per),
            price: Money::new(e.price, currency),
            active: e.active,
            version: e.version,
        }
    }
}
