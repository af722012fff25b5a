//! `/v1/roles`: sets of permissions, six built in and the tenant's own.

use crate::api::etag::expected;
use crate::api::page::Page;
use crate::api::session::Done;
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, patch, write};
use crate::app::Shared;
use innkeep_domain::identity::role::{self, OwnRole, RoleChange};
use innkeep_domain::principal;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Roles;

#[derive(Object)]
struct Role {
    /// Of a role of the tenant's own; built-in ones go by their name.
    #[oai(skip_serializing_if_is_none)]
    id: Option<Uuid>,
    name: String,
    built_in: bool,
    permissions: Vec<String>,
    #[oai(skip_serializing_if_is_none)]
    version: Option<i32>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewRole {
    /// 1 to 200 characters.
    name: String,
    /// Names of permissions, as built-in roles list them; none that the maker lacks.
    #[oai(validator(max_items = 100))]
    permissions: Vec<String>,
}

#[derive(Object)]
#[oai(rename = "RoleChange", deny_unknown_fields)]
struct RoleChangeDto {
    name: MaybeUndefined<String>,
    /// Replaces all.
    #[oai(validator(max_items = 100))]
    permissions: MaybeUndefined<Vec<String>>,
}

#[OpenApi(prefix_path = "/v1/roles", tag = "Tag::Tenant")]
impl Roles {
    /// List roles
    ///
    /// The built-in ones first.
    #[oai(path = "/", method = "get", operation_id = "list_roles")]
    async fn list(&self, auth: Auth, app: Data<&Shared>) -> ApiResult<Json<Page<Role>>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let own = role::list(&mut tx, &auth.0).await?;
        let built_in = principal::Role::ALL.into_iter().map(Role::from);
        let all = built_in.chain(own.into_iter().map(Role::from)).collect();
        Ok(Json(Page::all(all, |r| r)))
    }

    /// Make a role
    #[oai(path = "/", method = "post", operation_id = "create_role")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewRole>,
    ) -> ApiResult<Created<Role>> {
        write(&app, &auth.0, &once, "create_role", async |tx| {
            let made = role::create(tx, &auth.0, &body.0.name, &body.0.permissions, app.now()).await?;
            let (path, version) = (format!("/v1/roles/{}", made.id), made.version);
            Ok(Created::new(&Role::from(made)).location(path).version(version))
        })
        .await
    }

    /// Change a role, and what everybody who has it may do
    ///
    /// Takes effect everywhere within a minute.
    #[oai(path = "/:id", method = "patch", operation_id = "change_role")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<RoleChangeDto>,
    ) -> ApiResult<Changed<Role>> {
        let change = RoleChange {
            name: patch::required(body.0.name, "/name")?,
            permissions: patch::required(body.0.permissions, "/permissions")?,
        };
        let version = expected(&if_match)?;
        let done = write(&app, &auth.0, &once, "change_role", async |tx| {
            let changed = role::change(tx, &auth.0, id.0, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&Role::from(changed)).version(version))
        })
        .await;
        app.grants.forget();
        done
    }

    /// Delete a role that nobody has
    #[oai(path = "/:id", method = "delete", operation_id = "delete_role")]
    async fn delete(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Done> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        role::delete(&mut tx, &auth.0, id.0, app.now()).await?;
        tx.commit().await?;
        Ok(Done::NoContent)
    }
}

impl From<principal::Role> for Role {
    fn from(role: principal::Role) -> Self {
        Self {
            id: None,
            name: role.name().into(),
            built_in: true,
            permissions: role.permissions().names(),
            version: None,
        }
    }
}

impl From<OwnRole> for Role {
    fn from(role: OwnRole) -> Self {
        Self {
            id: Some(role.id),
            name: role.name,
            built_in: false,
            permissions: role.permissions.names(),
            version: Some(role.version),
        }
    }
}
