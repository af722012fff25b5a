//! `/v1/properties/{id}/unit-types` and `/units`: what is sold, and what it is made of.

use crate::api::page::Page;
use crate::api::{ApiResult, Auth, Body, Created, Once, Tag, write};
use crate::app::Shared;
use innkeep_domain::{Refusal, property};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Units;

#[derive(Object)]
pub struct UnitType {
    id: Uuid,
    property_id: Uuid,
    /// Short, unique in the property.
    code: String,
    name: String,
    /// Persons of any age.
    max_occupancy: i32,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewUnitType {
    code: String,
    name: String,
    /// 1 to 100 persons of any age.
    max_occupancy: i32,
}

/// A room, apartment or berth.
#[derive(Object)]
pub struct Unit {
    id: Uuid,
    property_id: Uuid,
    unit_type_id: Uuid,
    name: String,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewUnits {
    unit_type_id: Uuid,
    /// One unit for each name, e.g. `["101", "102"]`.
    #[oai(validator(min_items = 1, max_items = 500))]
    names: Vec<String>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Inventory")]
impl Units {
    /// List unit types
    #[oai(path = "/:id/unit-types", method = "get", operation_id = "list_unit_types")]
    async fn unit_types(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<Page<UnitType>>> {
        let mut tx = app.db.begin(auth.0.tenant).await?;
        let all = property::unit_types(&mut tx, &auth.0, id.0).await?;
        Ok(Json(Page::all(all, UnitType::from)))
    }

    /// Add a unit type
    #[oai(path = "/:id/unit-types", method = "post", operation_id = "create_unit_type")]
    async fn create_unit_type(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewUnitType>,
    ) -> ApiResult<Created<UnitType>> {
        let NewUnitType {
            code,
            name,
            max_occupancy,
        } = body.0;
        let new = property::NewUnitType {
            code,
            name,
            max_occupancy,
        };
        write(&app, &auth.0, &once, "create_unit_type", async |tx| {
            let made = property::create_unit_type(tx, &auth.0, id.0, new, app.now()).await?;
            let version = made.version;
            Ok(Created::new(&UnitType::from(made)).version(version))
        })
        .await
    }

    /// List units
    #[oai(path = "/:id/units", method = "get", operation_id = "list_units")]
    async fn units(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Page<Unit>>> {
        let mut tx = app.db.begin(auth.0.tenant).await?;
        let all = property::units(&mut tx, &auth.0, id.0).await?;
        Ok(Json(Page::all(all, Unit::from)))
    }

    /// Add units
    ///
    /// Capacity of their type rises from the business date on, and channels are told.
    #[oai(path = "/:id/units", method = "post", operation_id = "create_units")]
    async fn create_units(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<NewUnits>,
    ) -> ApiResult<Created<Page<Unit>>> {
        let NewUnits { unit_type_id, names } = body.0;
        write(&app, &auth.0, &once, "create_units", async |tx| {
            let unit_type = property::get_unit_type(tx, unit_type_id).await?;
            if unit_type.property_id != id.0 {
                return Err(Refusal::not_found("unit type").at("/unit_type_id").into());
            }
            let made = property::create_units(tx, &auth.0, unit_type_id, &names, app.now()).await?;
            Ok(Created::new(&Page::all(made, Unit::from)))
        })
        .await
    }
}

impl From<property::UnitType> for UnitType {
    fn from(u: property::UnitType) -> Self {
        let property::UnitType {
            id,
            property_id,
            code,
            name,
            max_occupancy,
            version,
        } = u;
        Self {
            id,
            property_id,
            code,
            name,
            max_occupancy,
            version,
        }
    }
}

impl From<property::Unit> for Unit {
    fn from(u: property::Unit) -> Self {
        let property::Unit {
            id,
            property_id,
            unit_type_id,
            name,
            version,
        } = u;
        Self {
            id,
            property_id,
            unit_type_id,
            name,
            version,
        }
    }
}
