//! `/v1/properties/{id}/units` and `/v1/units/{id}`: rooms, apartments, beds, berths.

use crate::api::etag::{Found, expected};
use crate::api::money::Amount;
use crate::api::page::Page;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use innkeep_domain::{Refusal, property};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Units;

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Cleanliness {
    Clean,
    Dirty,
    /// Clean, and somebody looked.
    Inspected,
}

/// A room, apartment, bed or berth.
#[derive(Object)]
pub struct Unit {
    id: Uuid,
    property_id: Uuid,
    unit_type_id: Uuid,
    name: String,
    #[oai(skip_serializing_if_is_none)]
    floor: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    building: Option<String>,
    /// The dorm of a bed.
    #[oai(skip_serializing_if_is_none)]
    room: Option<String>,
    /// Neighbours have neighbouring positions.
    position: i32,
    /// In the house's own words: `accessible`, `sea_view`, `twin`.
    features: Vec<String>,
    /// The longest vessel a berth takes, in metres; absent = no limit.
    #[oai(skip_serializing_if_is_none)]
    max_length: Option<Amount>,
    #[oai(skip_serializing_if_is_none)]
    max_beam: Option<Amount>,
    #[oai(skip_serializing_if_is_none)]
    max_draft: Option<Amount>,
    cleanliness: Cleanliness,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct UnitChange {
    name: MaybeUndefined<String>,
    floor: MaybeUndefined<String>,
    building: MaybeUndefined<String>,
    room: MaybeUndefined<String>,
    /// 0 to 1000000.
    position: MaybeUndefined<i32>,
    /// Replaces all; at most 50 words of a-z, 0-9 and _.
    features: MaybeUndefined<Vec<String>>,
    /// Metres, with two decimal places at most.
    max_length: MaybeUndefined<Amount>,
    max_beam: MaybeUndefined<Amount>,
    max_draft: MaybeUndefined<Amount>,
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
    /// List units
    #[oai(path = "/:id/units", method = "get", operation_id = "list_units")]
    async fn units(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Page<Unit>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
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

/// Single units.
pub struct SingleUnits;

#[OpenApi(prefix_path = "/v1/units", tag = "Tag::Inventory")]
impl SingleUnits {
    /// Read a unit
    #[oai(path = "/:id", method = "get", operation_id = "get_unit")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Unit>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = property::get_unit(&mut tx, &auth.0, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Change a unit
    ///
    /// Where it is and what it has; stays choose units by it. Its type cannot change: nights were sold by it.
    #[oai(path = "/:id", method = "patch", operation_id = "change_unit")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<UnitChange>,
    ) -> ApiResult<Changed<Unit>> {
        let (change, version) = (body.0.parse()?, expected(&if_match)?);
        write(&app, &auth.0, &once, "change_unit", async |tx| {
            let changed = property::change_unit(tx, &auth.0, id.0, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&Unit::from(changed)).version(version))
        })
        .await
    }
}

impl UnitChange {
    fn parse(self) -> ApiResult<property::UnitChange> {
        let metres = |field| patch::change(field).map(|m: Option<Amount>| m.map(|m| m.0));
        Ok(property::UnitChange {
            name: patch::required(self.name, "/name")?,
            floor: patch::change(self.floor),
            building: patch::change(self.building),
            room: patch::change(self.room),
            position: patch::required(self.position, "/position")?,
            features: patch::required(self.features, "/features")?,
            max_length: metres(self.max_length),
            max_beam: metres(self.max_beam),
            max_draft: metres(self.max_draft),
        })
    }
}

impl From<property::Cleanliness> for Cleanliness {
    fn from(c: property::Cleanliness) -> Self {
        match c {
            property::Cleanliness::Clean => Self::Clean,
            property::Cleanliness::Dirty => Self::Dirty,
            property::Cleanliness::Inspected => Self::Inspected,
        }
    }
}

impl From<property::Unit> for Unit {
    fn from(u: property::Unit) -> Self {
        Self {
            id: u.id,
            property_id: u.property_id,
            unit_type_id: u.unit_type_id,
            name: u.name,
            floor: u.floor,
            building: u.building,
            room: u.room,
            position: u.position,
            features: u.features,
            max_length: u.max_length.map(Amount),
            max_beam: u.max_beam.map(Amount),
            max_draft: u.max_draft.map(Amount),
            cleanliness: u.cleanliness.into(),
            version: u.version,
        }
    }
}
