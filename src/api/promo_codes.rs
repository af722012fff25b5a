//! `/v1/properties/{id}/promo-codes`: less a night for those who know the word.

use crate::api::etag::expected;
use crate::api::money::Amount;
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use chrono::NaiveDate;
use innkeep_domain::rates::promo::{self, Discount, Limits};
use innkeep_domain::rates::promos;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct PromoCodes;

#[derive(Object)]
struct PromoCode {
    id: Uuid,
    property_id: Uuid,
    /// Upper case, unique in the property; asked for in any case.
    code: String,
    name: String,
    kind: DiscountKind,
    /// Percent, or an amount in the property's currency, off each night.
    value: Amount,
    #[oai(skip_serializing_if_is_none)]
    booking_from: Option<NaiveDate>,
    #[oai(skip_serializing_if_is_none)]
    booking_to: Option<NaiveDate>,
    #[oai(skip_serializing_if_is_none)]
    stay_from: Option<NaiveDate>,
    #[oai(skip_serializing_if_is_none)]
    stay_to: Option<NaiveDate>,
    #[oai(skip_serializing_if_is_none)]
    min_nights: Option<i32>,
    /// Absent = all.
    #[oai(skip_serializing_if_is_none)]
    rate_plan_ids: Option<Vec<Uuid>>,
    #[oai(skip_serializing_if_is_none)]
    usage_limit: Option<i32>,
    /// Bookings made with it; one that is cancelled still counts.
    used: i32,
    active: bool,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewPromoCode {
    /// 1 to 40 characters.
    code: String,
    name: String,
    kind: DiscountKind,
    /// Percent, or an amount in the property's currency, off each night.
    value: Amount,
    /// First and last day to book on, by the property's business date.
    booking_from: Option<NaiveDate>,
    booking_to: Option<NaiveDate>,
    /// First and last night that may be slept.
    stay_from: Option<NaiveDate>,
    stay_to: Option<NaiveDate>,
    /// 1 to 730.
    min_nights: Option<i32>,
    /// Absent = all.
    #[oai(validator(max_items = 100))]
    rate_plan_ids: Option<Vec<Uuid>>,
    /// So many bookings at most.
    usage_limit: Option<i32>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PromoCodeChange {
    name: MaybeUndefined<String>,
    booking_from: MaybeUndefined<NaiveDate>,
    booking_to: MaybeUndefined<NaiveDate>,
    stay_from: MaybeUndefined<NaiveDate>,
    stay_to: MaybeUndefined<NaiveDate>,
    min_nights: MaybeUndefined<i32>,
    rate_plan_ids: MaybeUndefined<Vec<Uuid>>,
    usage_limit: MaybeUndefined<i32>,
    active: MaybeUndefined<bool>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum DiscountKind {
    Percent,
    Amount,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Ari")]
impl PromoCodes {
    /// List promo codes
    ///
    /// In the order they were made.
    #[oai(path = "/:id/promo-codes", method = "get", operation_id = "list_promo_codes")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<PromoCode>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let (rows, currency) = promos::list(&mut tx, &auth.0, id.0, window.after, window.rows()).await?;
        Ok(Json(window.page(
            rows,
            |p| p.id,
            |p| PromoCode::show(p, &currency),
        )))
    }

    /// Add a promo code
    #[oai(
        path = "/:id/promo-codes",
        method = "post",
        operation_id = "create_promo_code"
    )]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewPromoCode>,
    ) -> ApiResult<Created<PromoCode>> {
        let new = body.0.parse();
        write(&app, &auth.0, &once, "create_promo_code", async |tx| {
            let (made, currency) = promos::create(tx, &auth.0, id.0, new, app.now()).await?;
            let version = made.version;
            Ok(Created::new(&PromoCode::show(made, &currency)).version(version))
        })
        .await
    }

    /// Change a promo code
    ///
    /// Bookings keep what they were sold with.
    #[oai(
        path = "/:id/promo-codes/:promo_code_id",
        method = "patch",
        operation_id = "change_promo_code"
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
        promo_code_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<PromoCodeChange>,
    ) -> ApiResult<Changed<PromoCode>> {
        let b = body.0;
        let change = promos::PromoChange {
            name: patch::required(b.name, "/name")?,
            booking_from: patch::change(b.booking_from),
            booking_to: patch::change(b.booking_to),
            stay_from: patch::change(b.stay_from),
            stay_to: patch::change(b.stay_to),
            min_nights: patch::change(b.min_nights),
            rate_plan_ids: patch::change(b.rate_plan_ids),
            usage_limit: patch::change(b.usage_limit),
            active: patch::required(b.active, "/active")?,
        };
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "change_promo_code", async |tx| {
            let ids = (id.0, promo_code_id.0);
            let (changed, currency) = promos::change(tx, &auth.0, ids, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&PromoCode::show(changed, &currency)).version(version))
        })
        .await
    }
}

impl NewPromoCode {
    fn parse(self) -> promos::NewPromo {
        promos::NewPromo {
            code: self.code,
            name: self.name,
            discount: match self.kind {
                DiscountKind::Percent => Discount::Percent(self.value.0),
                DiscountKind::Amount => Discount::Amount(self.value.0),
            },
            limits: Limits {
                booking_from: self.booking_from,
                booking_to: self.booking_to,
                stay_from: self.stay_from,
                stay_to: self.stay_to,
                min_nights: self.min_nights,
                rate_plan_ids: self.rate_plan_ids,
                usage_limit: self.usage_limit,
            },
        }
    }
}

impl PromoCode {
    fn show(p: promo::Promo, currency: &str) -> Self {
        let (kind, value) = match p.discount {
            Discount::Percent(v) => (DiscountKind::Percent, Amount(v.normalize())),
            Discount::Amount(v) => (DiscountKind::Amount, Amount::of(v, currency)),
        };
        let l = p.limits;
        Self {
            id: p.id,
            property_id: p.property_id,
            code: p.code,
            name: p.name,
            kind,
            value,
            booking_from: l.booking_from,
            booking_to: l.booking_to,
            stay_from: l.stay_from,
            stay_to: l.stay_to,
            min_nights: l.min_nights,
            rate_plan_ids: l.rate_plan_ids,
            usage_limit: l.usage_limit,
            used: p.used,
            active: p.active,
            version: p.version,
        }
    }
}
