//! `/v1/users`: a tenant's staff.

use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::session::Done;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::error::Refusal;
use innkeep_domain::identity::membership::{self, Member, Post};
use innkeep_domain::identity::role::RoleRef;
use innkeep_domain::principal::Role;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Users;

/// A role that every tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum BuiltInRole {
    Owner,
    Manager,
    FrontDesk,
    Accountant,
    Housekeeping,
    ReadOnly,
}

#[derive(Object)]
struct User {
    id: Uuid,
    name: String,
    email: String,
    /// The role's name.
    role: String,
    /// Of a role of the tenant's own.
    #[oai(skip_serializing_if_is_none)]
    role_id: Option<Uuid>,
    permissions: Vec<String>,
    /// The properties the user may see; absent: all.
    #[oai(skip_serializing_if_is_none)]
    property_ids: Option<Vec<Uuid>>,
    /// True: cannot log in.
    disabled: bool,
    #[oai(skip_serializing_if_is_none)]
    since: Option<DateTime<Utc>>,
    version: i32,
}

/// What somebody is to be: either `role` or `role_id`.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct UserChange {
    role: Option<BuiltInRole>,
    /// A role of the tenant's own.
    role_id: Option<Uuid>,
    /// The properties to be seen; absent: all.
    #[oai(validator(min_items = 1, max_items = 200))]
    property_ids: Option<Vec<Uuid>>,
}

#[OpenApi(prefix_path = "/v1/users", tag = "Tag::Tenant")]
impl Users {
    /// List the tenant's staff
    #[oai(path = "/", method = "get", operation_id = "list_users")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<User>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = membership::list(&mut tx, &auth.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |m| m.user_id, User::from)))
    }

    /// Read one of the staff
    #[oai(path = "/:id", method = "get", operation_id = "get_user")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<User>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = membership::get(&mut tx, &auth.0, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, found))
    }

    /// Give one of the staff another role or other properties
    ///
    /// Takes effect everywhere within a minute.
    #[oai(path = "/:id", method = "put", operation_id = "change_user")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<UserChange>,
    ) -> ApiResult<Changed<User>> {
        let UserChange {
            role,
            role_id,
            property_ids,
        } = body.0;
        let (post, version) = (post(role, role_id, property_ids)?, expected(&if_match)?);
        let done = write(&app, &auth.0, &once, "change_user", async |tx| {
            let changed = membership::change(tx, &auth.0, id.0, post, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&User::from(changed)).version(version))
        })
        .await;
        app.grants.forget();
        done
    }

    /// Remove one of the staff
    ///
    /// The account stays, without this tenant.
    #[oai(path = "/:id", method = "delete", operation_id = "remove_user")]
    async fn remove(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Done> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        membership::remove(&mut tx, &auth.0, id.0, app.now()).await?;
        tx.commit().await?;
        app.grants.forget();
        Ok(Done::NoContent)
    }
}

/// Exactly one of the two ways to name a role.
pub fn post(
    role: Option<BuiltInRole>,
    role_id: Option<Uuid>,
    property_ids: Option<Vec<Uuid>>,
) -> Result<Post, Refusal> {
    let role = match (role, role_id) {
        (Some(role), None) => RoleRef::BuiltIn(role.into()),
        (None, Some(id)) => RoleRef::Own(id),
        _ => return Err(Refusal::invalid("missing_field", "either role or role_id").at("/role")),
    };
    Ok(Post { role, property_ids })
}

/// A role as `role` and `role_id` show it.
pub fn own_id(role: &RoleRef) -> Option<Uuid> {
    match role {
        RoleRef::BuiltIn(_) => None,
        RoleRef::Own(id) => Some(*id),
    }
}

impl From<BuiltInRole> for Role {
    fn from(role: BuiltInRole) -> Self {
        match role {
            BuiltInRole::Owner => Self::Owner,
            BuiltInRole::Manager => Self::Manager,
            BuiltInRole::FrontDesk => Self::FrontDesk,
            BuiltInRole::Accountant => Self::Accountant,
            BuiltInRole::Housekeeping => Self::Housekeeping,
            BuiltInRole::ReadOnly => Self::ReadOnly,
        }
    }
}

impl From<Member> for User {
    fn from(m: Member) -> Self {
        Self {
            role_id: own_id(&m.role),
            id: m.user_id,
            name: m.name,
            email: m.email,
            role: m.role_name,
            permissions: m.permissions.names(),
            property_ids: m.property_ids,
            disabled: m.disabled,
            since: m.since,
            version: m.version,
        }
    }
}
