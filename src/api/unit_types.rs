//! `/v1/properties/{id}/unit-types`: what is sold.

use crate::api::etag::expected;
use crate::api::page::Page;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use innkeep_domain::property;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct UnitTypes;

#[derive(Object)]
pub struct UnitType {
    id: Uuid,
    property_id: Uuid,
    /// Short, unique in the property.
    code: String,
    name: String,
    kind: UnitKind,
    /// Persons of any age.
    max_occupancy: i32,
    /// Neither offered nor sold when false.
    active: bool,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewUnitType {
    code: String,
    name: String,
    /// `room` if absent.
    #[oai(default)]
    kind: UnitKind,
    /// 1 to 100 persons of any age.
    max_occupancy: i32,
}

/// What the units of a type are.
#[derive(Debug, Clone, Copy, Default, Enum)]
#[oai(rename_all = "snake_case")]
pub enum UnitKind {
    #[default]
    Room,
    Apartment,
    Bed,
    Berth,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct UnitTypeChange {
    name: MaybeUndefined<String>,
    /// 1 to 100 persons of any age, in what is sold from now on.
    max_occupancy: MaybeUndefined<i32>,
    /// False = archived: neither offered nor sold any more.
    active: MaybeUndefined<bool>,
}

#[OpenApi(prefix_path = "/v1/properties", tag = "Tag::Inventory")]
impl UnitTypes {
    /// List unit types
    #[oai(path = "/:id/unit-types", method = "get", operation_id = "list_unit_types")]
    async fn unit_types(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<Page<UnitType>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
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
            kind,
            max_occupancy,
        } = body.0;
        let new = property::NewUnitType {
            code,
            name,
            kind: kind.name().into(),
            max_occupancy,
        };
        write(&app, &auth.0, &once, "create_unit_type", async |tx| {
            let made = property::create_unit_type(tx, &auth.0, id.0, new, app.now()).await?;
            let version = made.version;
            Ok(Created::new(&UnitType::from(made)).version(version))
        })
        .await
    }

    /// Change a unit type
    ///
    /// Reservations keep what they were sold as. 409 `in_use` when it is to be archived while stays or groups have
    /// nights of it to come, or a channel sells it.
    #[oai(
        path = "/:id/unit-types/:unit_type_id",
        method = "patch",
        operation_id = "change_unit_type"
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
        unit_type_id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<UnitTypeChange>,
    ) -> ApiResult<Changed<UnitType>> {
        let change = property::UnitTypeChange {
            name: patch::required(body.0.name, "/name")?,
            max_occupancy: patch::required(body.0.max_occupancy, "/max_occupancy")?,
            active: patch::required(body.0.active, "/active")?,
        };
        let (ids, version) = ((id.0, unit_type_id.0), expected(&if_match)?);
        write(&app, &auth.0, &once, "change_unit_type", async |tx| {
            let now = app.now();
            let changed = property::change_unit_type(tx, &auth.0, ids, change, version, now).await?;
            let version = changed.version;
            Ok(Changed::new(&UnitType::from(changed)).version(version))
        })
        .await
    }
}

impl UnitKind {
    const ALL: [(&'static str, Self); 4] = [
        ("room", Self::Room),
        ("apartment", Self::Apartment),
        ("bed", Self::Bed),
        ("berth", Self::Berth),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Apartment => "apartment",
            Self::Bed => "bed",
            Self::Berth => "berth",
        }
    }

    /// What is stored is one of the four: the table has a CHECK.
    pub fn show(name: &str) -> Self {
        let known = Self::ALL.into_iter().find(|(n, _)| *n == name);
        known.map(|(_, kind)| kind).unwrap_or_default()
    }
}

impl From<property::UnitType> for UnitType {
    fn from(u: property::UnitType) -> Self {
        let property::UnitType {
            id,
            property_id,
            code,
            name,
            kind,
            max_occupancy,
            active,
            version,
        } = u;
        Self {
            id,
            property_id,
            code,
            name,
            kind: UnitKind::show(&kind),
            max_occupancy,
            active,
            version,
        }
    }
}
