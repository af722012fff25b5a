//! `/v1/companies`: companies whose people stay, and travel agents who send them.

use crate::api::etag::{Found, expected};
use crate::api::guests::Address;
use crate::api::money::Amount;
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::company;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Companies;

#[derive(Object)]
struct Company {
    id: Uuid,
    kind: CompanyKind,
    name: String,
    #[oai(skip_serializing_if_is_none)]
    tax_id: Option<String>,
    /// Of a travel agent: seven or eight digits.
    #[oai(skip_serializing_if_is_none)]
    iata_code: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    email: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    phone: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    address: Option<Address>,
    #[oai(skip_serializing_if_is_none)]
    commission_percent: Option<Amount>,
    #[oai(skip_serializing_if_is_none)]
    notes: Option<String>,
    /// False: kept, but bookings are not given to it any more.
    active: bool,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum CompanyKind {
    Company,
    TravelAgent,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewCompany {
    kind: CompanyKind,
    /// 1 to 200 characters.
    name: String,
    tax_id: Option<String>,
    /// Of a travel agent: seven or eight digits.
    iata_code: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    address: Option<Address>,
    /// `"10"`: ten percent of what is sold through it.
    commission_percent: Option<Amount>,
    notes: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CompanyChange {
    name: MaybeUndefined<String>,
    tax_id: MaybeUndefined<String>,
    iata_code: MaybeUndefined<String>,
    email: MaybeUndefined<String>,
    phone: MaybeUndefined<String>,
    /// Replaced as a whole.
    address: MaybeUndefined<Address>,
    commission_percent: MaybeUndefined<Amount>,
    notes: MaybeUndefined<String>,
    active: MaybeUndefined<bool>,
}

#[OpenApi(prefix_path = "/v1/companies", tag = "Tag::Guests")]
impl Companies {
    /// List companies and travel agents
    ///
    /// In the order of their names.
    #[oai(path = "/", method = "get", operation_id = "list_companies")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        kind: Query<Option<CompanyKind>>,
        /// How the name begins.
        name: Query<Option<String>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Company>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let (kind, prefix) = (kind.0.map(Into::into), name.0.unwrap_or_default());
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = company::list(&mut tx, &auth.0, &prefix, kind, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |c| c.id, Company::from)))
    }

    /// Add a company or travel agent
    #[oai(path = "/", method = "post", operation_id = "create_company")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewCompany>,
    ) -> ApiResult<Created<Company>> {
        let kind = body.0.kind.into();
        let new = body.0.into();
        write(&app, &auth.0, &once, "create_company", async |tx| {
            let made = company::create(tx, &auth.0, kind, new, app.now()).await?;
            let (path, version) = (format!("/v1/companies/{}", made.id), made.version);
            Ok(Created::new(&Company::from(made)).location(path).version(version))
        })
        .await
    }

    /// Read a company or travel agent
    #[oai(path = "/:id", method = "get", operation_id = "get_company")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Company>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = company::get(&mut tx, &auth.0, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Change a company or travel agent
    #[oai(path = "/:id", method = "patch", operation_id = "change_company")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<CompanyChange>,
    ) -> ApiResult<Changed<Company>> {
        let (change, version) = (body.0.parse()?, expected(&if_match)?);
        write(&app, &auth.0, &once, "change_company", async |tx| {
            let changed = company::change(tx, &auth.0, id.0, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&Company::from(changed)).version(version))
        })
        .await
    }
}

impl From<CompanyKind> for company::Kind {
    fn from(kind: CompanyKind) -> Self {
        match kind {
            CompanyKind::Company => Self::Company,
            CompanyKind::TravelAgent => Self::TravelAgent,
        }
    }
}

impl From<company::Kind> for CompanyKind {
    fn from(kind: company::Kind) -> Self {
        match kind {
            company::Kind::Company => Self::Company,
            company::Kind::TravelAgent => Self::TravelAgent,
        }
    }
}

impl From<NewCompany> for company::CompanyChange {
    fn from(n: NewCompany) -> Self {
        Self {
            name: Some(n.name),
            tax_id: Some(n.tax_id),
            iata_code: Some(n.iata_code),
            email: Some(n.email),
            phone: Some(n.phone),
            address: Some(n.address.map(Into::into)),
            commission: Some(n.commission_percent.map(|c| c.0)),
            notes: Some(n.notes),
            active: None,
        }
    }
}

impl CompanyChange {
    fn parse(self) -> ApiResult<company::CompanyChange> {
        Ok(company::CompanyChange {
            name: patch::required(self.name, "/name")?,
            tax_id: patch::change(self.tax_id),
            iata_code: patch::change(self.iata_code),
            email: patch::change(self.email),
            phone: patch::change(self.phone),
            address: patch::change(self.address).map(|a| a.map(Into::into)),
            commission: patch::change(self.commission_percent).map(|c| c.map(|c| c.0)),
            notes: patch::change(self.notes),
            active: patch::required(self.active, "/active")?,
        })
    }
}

impl From<company::Company> for Company {
    fn from(c: company::Company) -> Self {
        Self {
            id: c.id,
            kind: c.kind.into(),
            name: c.name,
            tax_id: c.tax_id,
            iata_code: c.iata_code,
            email: c.contact.email,
            phone: c.contact.phone,
            address: c.contact.address.map(Address::from),
            commission_percent: c.commission.map(Amount),
            notes: c.notes,
            active: c.active,
            version: c.version,
            created_at: c.created_at,
            updated_at: c.updated_at,
        }
    }
}
