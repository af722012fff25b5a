//! `/v1/properties/{id}/taxes-and-fees`: what is charged beside or within a stay's price.

use crate::api::etag::expected;
use crate::api::money::Amount;
use crate::api::page::Page;
use crate::api::pricing::Per;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use chrono::NaiveDate;
use innkeep_domain::Refusal;
use innkeep_domain::booking::line::LineKind;
use innkeep_domain::property;
use innkeep_domain::rates::tax::{self, Base, Charge};
use innkeep_domain::rates::taxes;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Taxes;

#[derive(Object)]
struct TaxFee {
    id: Uuid,
    property_id: Uuid,
    /// Short, unique in the property; lines carry it.
    code: String,
    name: String,
    kind: TaxFeeKind,
    charge: TaxFeeCharge,
    /// Percent, or an amount in the property's currency.
    value: Amount,
    included: bool,
    #[oai(skip_serializing_if_is_none)]
    percent_of: Option<TaxBase>,
    #[oai(skip_serializing_if_is_none)]
    from_age: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    to_age: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    cap_nights: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    cap_amount: Option<Amount>,
    #[oai(skip_serializing_if_is_none)]
    valid_from: Option<NaiveDate>,
    #[oai(skip_serializing_if_is_none)]
    valid_to: Option<NaiveDate>,
    /// Is it charged on new prices?
    active: bool,
    version: i32,
}

/// A percentage is taken on the sum of what it applies to, rounded once, half up, and split over the nights. Included
/// percentages of the same base are gross / (1 + their sum); others are taken of what is left without those.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewTaxFee {
    code: String,
    name: String,
    kind: TaxFeeKind,
    charge: TaxFeeCharge,
    /// Percent, or an amount in the property's currency.
    value: Amount,
    /// In the prices already, or on top of them?
    included: bool,
    /// Required for a percentage, and only there.
    percent_of: Option<TaxBase>,
    /// Persons that count where it is charged per person, both ages included; adults count where 18 or more does.
    from_age: Option<i32>,
    to_age: Option<i32>,
    /// Charged for the first so many nights only.
    cap_nights: Option<i32>,
    /// At most this a stay.
    cap_amount: Option<Amount>,
    /// First and last night it applies to; what is charged once goes by the night of arrival.
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

/// The kind, the charge, ages and whether it is included are said once: make another entry and end this one.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct TaxFeeChange {
    name: MaybeUndefined<String>,
    value: MaybeUndefined<Amount>,
    cap_nights: MaybeUndefined<i32>,
    cap_amount: MaybeUndefined<Amount>,
    valid_from: MaybeUndefined<NaiveDate>,
    valid_to: MaybeUndefined<NaiveDate>,
    active: MaybeUndefined<bool>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum TaxFeeKind {
    Tax,
    Fee,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum TaxFeeCharge {
    Percent,
    PerStay,
    PerNight,
    PerPerson,
    PerPersonNight,
}

/// What a percentage is taken of.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum TaxBase {
    Room,
    Extras,
    All,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Ari")]
impl Taxes {
    /// List taxes and fees
    #[oai(
        path = "/:id/taxes-and-fees",
        method = "get",
        operation_id = "list_taxes_and_fees"
    )]
    async fn list(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Page<TaxFee>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let (all, currency) = taxes::list(&mut tx, &auth.0, id.0).await?;
        Ok(Json(Page::all(all, |t| TaxFee::show(t, &currency))))
    }

    /// Add a tax or fee
    #[oai(
        path = "/:id/taxes-and-fees",
        method = "post",
        operation_id = "create_tax_or_fee"
    )]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewTaxFee>,
    ) -> ApiResult<Created<TaxFee>> {
        let new = body.0.parse()?;
        write(&app, &auth.0, &once, "create_tax_or_fee", async |tx| {
            let made = taxes::create(tx, &auth.0, id.0, new, app.now()).await?;
            let (version, currency) = (made.version, property::get(tx, id.0).await?.currency);
            Ok(Created::new(&TaxFee::show(made, &currency)).version(version))
        })
        .await
    }

    /// Change a tax or fee
    ///
    /// Reservations keep what they were sold with.
    #[oai(
        path = "/:id/taxes-and-fees/:tax_fee_id",
        method = "patch",
        operation_id = "change_tax_or_fee"
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
        tax_fee_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<TaxFeeChange>,
    ) -> ApiResult<Changed<TaxFee>> {
        let (change, version) = (body.0.parse()?, expected(&if_match)?);
        write(&app, &auth.0, &once, "change_tax_or_fee", async |tx| {
            let ids = (id.0, tax_fee_id.0);
            let changed = taxes::change(tx, &auth.0, ids, change, version, app.now()).await?;
            let (version, currency) = (changed.version, property::get(tx, id.0).await?.currency);
            Ok(Changed::new(&TaxFee::show(changed, &currency)).version(version))
        })
        .await
    }
}

impl NewTaxFee {
    fn parse(self) -> ApiResult<taxes::NewTaxFee> {
        let base = self.percent_of.map(|b| match b {
            TaxBase::Room => Base::Room,
            TaxBase::Extras => Base::Extras,
            TaxBase::All => Base::All,
        });
        let charge = match (self.charge, base) {
            (TaxFeeCharge::Percent, Some(base)) => Charge::Percent(base),
            (TaxFeeCharge::PerStay, None) => Charge::Amount(Per::PerStay.parse()),
            (TaxFeeCharge::PerNight, None) => Charge::Amount(Per::PerNight.parse()),
            (TaxFeeCharge::PerPerson, None) => Charge::Amount(Per::PerPerson.parse()),
            (TaxFeeCharge::PerPersonNight, None) => Charge::Amount(Per::PerPersonNight.parse()),
            _ => {
                let detail = "a percentage says what it is taken of, and nothing else does";
                return Err(Refusal::invalid("percent_of", detail).at("/percent_of").into());
            }
        };
        Ok(taxes::NewTaxFee {
            code: self.code,
            name: self.name,
            kind: match self.kind {
                TaxFeeKind::Tax => LineKind::Tax,
                TaxFeeKind::Fee => LineKind::Fee,
            },
            charge,
            value: self.value.0,
            included: self.included,
            from_age: self.from_age,
            to_age: self.to_age,
            cap_nights: self.cap_nights,
            cap_amount: self.cap_amount.map(|a| a.0),
            valid_from: self.valid_from,
            valid_to: self.valid_to,
        })
    }
}

impl TaxFeeChange {
    fn parse(self) -> ApiResult<taxes::TaxFeeChange> {
        Ok(taxes::TaxFeeChange {
            name: patch::required(self.name, "/name")?,
            value: patch::required(self.value, "/value")?.map(|a| a.0),
            cap_nights: patch::change(self.cap_nights),
            cap_amount: patch::change(self.cap_amount).map(|a| a.map(|a| a.0)),
            valid_from: patch::change(self.valid_from),
            valid_to: patch::change(self.valid_to),
            active: patch::required(self.active, "/active")?,
        })
    }
}

impl TaxFee {
    fn show(t: tax::TaxFee, currency: &str) -> Self {
        let (charge, percent_of) = match t.charge {
            Charge::Percent(Base::Room) => (TaxFeeCharge::Percent, Some(TaxBase::Room)),
            Charge::Percent(Base::Extras) => (TaxFeeCharge::Percent, Some(TaxBase::Extras)),
            Charge::Percent(Base::All) => (TaxFeeCharge::Percent, Some(TaxBase::All)),
            Charge::Amount(per) => (TaxFeeCharge::by(Per::show(per)), None),
        };
        let value = match percent_of {
            Some(_) => Amount(t.value.normalize()),
            None => Amount::of(t.value, currency),
        };
        Self {
            id: t.id,
            property_id: t.property_id,
            code: t.code,
            name: t.name,
            kind: if t.kind == LineKind::Tax {
                TaxFeeKind::Tax
            } else {
                TaxFeeKind::Fee
            },
            charge,
            value,
            included: t.included,
            percent_of,
            from_age: t.from_age,
            to_age: t.to_age,
            cap_nights: t.cap_nights,
            cap_amount: t.cap_amount.map(|a| Amount::of(a, currency)),
            valid_from: t.valid_from,
            valid_to: t.valid_to,
            active: t.active,
            version: t.version,
        }
    }
}

impl TaxFeeCharge {
    fn by(per: Per) -> Self {
        match per {
            Per::PerStay => Self::PerStay,
            Per::PerNight => Self::PerNight,
            Per::PerPerson => Self::PerPerson,
            Per::PerPersonNight => Self::PerPersonNight,
        }
    }
}
