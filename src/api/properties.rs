//! `/v1/properties`: hotels, hosts' places, marinas.

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use chrono::{NaiveDate, NaiveTime};
use innkeep_domain::property;
use innkeep_domain::{Permission, Refusal};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Properties;

#[derive(Object)]
pub struct Property {
    id: Uuid,
    name: String,
    /// `hotel`, `host`, `hostel` or `marina`.
    kind: String,
    /// IANA time zone, e.g. `Europe/Berlin`.
    zone: String,
    /// ISO 4217; everything here is sold in it.
    currency: String,
    /// The day the house is working on; only the night audit moves it.
    business_date: NaiveDate,
    /// From when on a guest may come on the day of arrival, by the house's clock: `15:00`. Terms of cancellation count
    /// from it.
    check_in: String,
    /// Until when a guest may stay on the day of departure.
    check_out: String,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewProperty {
    /// 1 to 200 characters.
    name: String,
    /// `hotel`, `host`, `hostel` or `marina`.
    kind: String,
    /// IANA time zone, e.g. `Europe/Berlin`.
    zone: String,
    /// ISO 4217.
    currency: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PropertyChange {
    name: MaybeUndefined<String>,
    zone: MaybeUndefined<String>,
    /// `HH:MM`.
    check_in: MaybeUndefined<String>,
    /// `HH:MM`.
    check_out: MaybeUndefined<String>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Inventory")]
impl Properties {
    /// List properties
    #[oai(path = "/", method = "get", operation_id = "list_properties")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Property>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = property::list(&mut tx, &auth.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |p| p.id, Property::from)))
    }

    /// Add a property
    #[oai(path = "/", method = "post", operation_id = "create_property")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewProperty>,
    ) -> ApiResult<Created<Property>> {
        let NewProperty {
            name,
            kind,
            zone,
            currency,
        } = body.0;
        let new = property::NewProperty {
            name,
            kind,
            zone,
            currency,
        };
        write(&app, &auth.0, &once, "create_property", async |tx| {
            let made = property::create(tx, &auth.0, new, app.now()).await?;
            let (path, version) = (format!("/v1/properties/{}", made.id), made.version);
            Ok(Created::new(&Property::from(made))
                .location(path)
                .version(version))
        })
        .await
    }

    /// Read a property
    #[oai(path = "/:id", method = "get", operation_id = "get_property")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Property>> {
        auth.0.require(Permission::ReadInventory)?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = property::get(&mut tx, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Change a property
    #[oai(path = "/:id", method = "patch", operation_id = "change_property")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<PropertyChange>,
    ) -> ApiResult<Changed<Property>> {
        let change = property::PropertyChange {
            name: patch::required(body.0.name, "/name")?,
            zone: patch::required(body.0.zone, "/zone")?,
            check_in: time(body.0.check_in, "/check_in")?,
            check_out: time(body.0.check_out, "/check_out")?,
        };
        let version = expected(&if_match)?;
        write(&app, &auth.0, &once, "change_property", async |tx| {
            let now = app.now();
            let changed = property::change(tx, &auth.0, id.0, change, version, now).await?;
            let version = changed.version;
            Ok(Changed::new(&Property::from(changed)).version(version))
        })
        .await
    }
}

impl From<property::Property> for Property {
    fn from(p: property::Property) -> Self {
        let property::Property {
            id,
            name,
            kind,
            zone,
            currency,
            business_date,
            check_in,
            check_out,
            version,
        } = p;
        Self {
            id,
            name,
            kind,
            zone,
            currency,
            business_date,
            check_in: check_in.format("%H:%M").to_string(),
            check_out: check_out.format("%H:%M").to_string(),
            version,
        }
    }
}

fn time(field: MaybeUndefined<String>, pointer: &str) -> Result<Option<NaiveTime>, Refusal> {
    let text = patch::required(field, pointer)?;
    let read = |text: String| NaiveTime::parse_from_str(&text, "%H:%M");
    text.map(read)
        .transpose()
        .map_err(|_| Refusal::invalid("invalid_time", "HH:MM").at(pointer))
}
