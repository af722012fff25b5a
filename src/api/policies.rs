//! `/v1/properties/{id}/policies`: what cancelling or not coming costs, for rate plans to point to.

use crate::api::etag::expected;
use crate::api::money::Amount;
use crate::api::page::Page;
use crate::api::pricing::{Penalty, Tier};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use innkeep_domain::rates::{policies, policy};
use innkeep_domain::{Permission, property};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use rust_decimal::Decimal;
use uuid::Uuid;

pub struct Policies;

#[derive(Object)]
struct CancellationPolicy {
    id: Uuid,
    property_id: Uuid,
    /// Short, unique in the property.
    code: String,
    name: String,
    /// What the guest reads and agrees to.
    text: String,
    /// From the earliest on; before the first of them cancelling is free.
    cancellation: Vec<Tier>,
    no_show: Penalty,
    /// Percent of the total due when booking.
    deposit_percent: Amount,
    /// May rate plans point to it?
    active: bool,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewPolicy {
    code: String,
    name: String,
    /// What the guest reads and agrees to; 1 to 4000 characters.
    text: String,
    /// Before the first of them cancelling is free.
    #[oai(default, validator(max_items = 10))]
    cancellation: Vec<Tier>,
    no_show: Penalty,
    /// 0 to 100: percent of the total due when booking.
    #[oai(default = "nothing")]
    deposit_percent: Amount,
}

fn nothing() -> Amount {
    Amount(Decimal::ZERO)
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PolicyChange {
    name: MaybeUndefined<String>,
    text: MaybeUndefined<String>,
    cancellation: MaybeUndefined<Vec<Tier>>,
    no_show: MaybeUndefined<Penalty>,
    deposit_percent: MaybeUndefined<Amount>,
    /// False = archived: refused with `in_use` while a rate plan is sold under it.
    active: MaybeUndefined<bool>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Ari")]
impl Policies {
    /// List policies
    #[oai(path = "/:id/policies", method = "get", operation_id = "list_policies")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<Page<CancellationPolicy>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let (all, currency) = policies::list(&mut tx, &auth.0, id.0).await?;
        Ok(Json(Page::all(all, |p| CancellationPolicy::show(p, &currency))))
    }

    /// Add a policy
    #[oai(path = "/:id/policies", method = "post", operation_id = "create_policy")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewPolicy>,
    ) -> ApiResult<Created<CancellationPolicy>> {
        let b = body.0;
        write(&app, &auth.0, &once, "create_policy", async |tx| {
            let currency = property::get(tx, id.0).await?.currency;
            let new = policy::Policy {
                code: b.code,
                name: b.name,
                text: b.text,
                cancellation: Tier::parse_all(b.cancellation, &currency)?,
                no_show: b.no_show.parse(&currency, "/no_show")?,
                deposit_percent: b.deposit_percent.0,
            };
            let (made, currency) = policies::create(tx, &auth.0, id.0, new, app.now()).await?;
            let (path, version) = (
                format!("/v1/properties/{}/policies/{}", id.0, made.id),
                made.version,
            );
            Ok(Created::new(&CancellationPolicy::show(made, &currency))
                .location(path)
                .version(version))
        })
        .await
    }

    /// Read a policy
    #[oai(
        path = "/:id/policies/:policy_id",
        method = "get",
        operation_id = "get_policy"
    )]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        policy_id: Path<Uuid>,
    ) -> ApiResult<Json<CancellationPolicy>> {
        auth.0.require(Permission::ReadInventory)?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = policies::find(&mut tx, id.0, policy_id.0).await?;
        let currency = property::get(&mut tx, id.0).await?.currency;
        Ok(Json(CancellationPolicy::show(found, &currency)))
    }

    /// Change a policy
    ///
    /// Reservations keep the terms they were sold under.
    #[oai(
        path = "/:id/policies/:policy_id",
        method = "patch",
        operation_id = "change_policy"
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
        policy_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<PolicyChange>,
    ) -> ApiResult<Changed<CancellationPolicy>> {
        let b = body.0;
        let (tiers, no_show) = (
            patch::required(b.cancellation, "/cancellation")?,
            patch::required(b.no_show, "/no_show")?,
        );
        let (name, text) = (
            patch::required(b.name, "/name")?,
            patch::required(b.text, "/text")?,
        );
        let deposit_percent = patch::required(b.deposit_percent, "/deposit_percent")?.map(|a| a.0);
        let active = patch::required(b.active, "/active")?;
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "change_policy", async |tx| {
            let currency = property::get(tx, id.0).await?.currency;
            let change = policies::PolicyChange {
                name,
                text,
                cancellation: tiers.map(|t| Tier::parse_all(t, &currency)).transpose()?,
                no_show: no_show.map(|p| p.parse(&currency, "/no_show")).transpose()?,
                deposit_percent,
                active,
            };
            let ids = (id.0, policy_id.0);
            let (changed, currency) = policies::change(tx, &auth.0, ids, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&CancellationPolicy::show(changed, &currency)).version(version))
        })
        .await
    }
}

impl CancellationPolicy {
    fn show(p: policies::PolicyEntry, currency: &str) -> Self {
        let terms = p.terms;
        Self {
            id: p.id,
            property_id: p.property_id,
            code: terms.code,
            name: terms.name,
            text: terms.text,
            cancellation: Tier::all(terms.cancellation, currency),
            no_show: Penalty::show(terms.no_show, currency),
            deposit_percent: Amount(terms.deposit_percent.normalize()),
            active: p.active,
            version: p.version,
        }
    }
}
