//! Roles: sets of permissions. Six are built in; a tenant makes others for itself.

use super::membership::logged;
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::principal::{Permission, Permissions, Principal, Role};
use crate::property;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// Names a role wherever one is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleRef {
    BuiltIn(Role),
    /// One of the tenant's own, by id.
    Own(Uuid),
}

impl std::fmt::Display for RoleRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn(role) => f.write_str(role.name()),
            Self::Own(id) => write!(f, "{id}"),
        }
    }
}

impl RoleRef {
    pub(super) fn columns(&self) -> (Option<&'static str>, Option<Uuid>) {
        match self {
            Self::BuiltIn(role) => (Some(role.name()), None),
            Self::Own(id) => (None, Some(*id)),
        }
    }
    pub(super) fn from_columns(role: Option<&str>, id: Option<Uuid>) -> Result<Self> {
        let unknown = || Error::internal(format!("unknown role {role:?} {id:?}"));
        match (role, id) {
            (Some(name), None) => Role::parse(name).map(Self::BuiltIn).ok_or_else(unknown),
            (None, Some(id)) => Ok(Self::Own(id)),
            _ => Err(unknown()),
        }
    }
}

/// A built-in role's permissions, or those stored with a role of the tenant's own. A permission that a later version
/// dropped is not granted.
pub(super) fn permissions(role: &RoleRef, stored: Option<&[String]>) -> Result<Permissions> {
    match (role, stored) {
        (RoleRef::BuiltIn(role), _) => Ok(role.permissions()),
        (RoleRef::Own(_), Some(names)) => Ok(names.iter().filter_map(|n| Permission::parse(n)).collect()),
        (RoleRef::Own(id), None) => Err(Error::internal(format!("role {id} without permissions"))),
    }
}

/// A role of the tenant's own.
#[derive(Debug, Clone)]
pub struct OwnRole {
    pub id: Uuid,
    pub name: String,
    pub permissions: Permissions,
    pub version: i32,
}

#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    pub name: Option<String>,
    pub permissions: Option<Vec<String>>,
}

struct Row {
    id: Uuid,
    name: String,
    permissions: Vec<String>,
    version: i32,
}

impl From<Row> for OwnRole {
    fn from(r: Row) -> Self {
        Self {
            id: r.id,
            name: r.name,
            permissions: r
                .permissions
                .iter()
                .filter_map(|n| Permission::parse(n))
                .collect(),
            version: r.version,
        }
    }
}

/// All of the tenant's own, by name.
pub async fn list(tx: &mut TenantTx, who: &Principal) -> Result<Vec<OwnRole>> {
    who.require(Permission::ReadUsers)?;
    let rows = sqlx::query_as!(
        Row,
        "select id, name, permissions, version from role where tenant_id = $1 order by name",
        tx.t()
    );
    Ok(rows
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(OwnRole::from)
        .collect())
}

pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<OwnRole> {
    let found = sqlx::query_as!(
        Row,
        "select id, name, permissions, version from role where tenant_id = $1 and id = $2",
        tx.t(),
        id
    );
    let found = found.fetch_optional(&mut **tx).await?;
    Ok(found.ok_or_else(|| Refusal::not_found("role"))?.into())
}

/// Known permissions, and none that `who` lacks.
pub(super) fn given(who: &Principal, names: &[String], pointer: &str) -> Result<Permissions> {
    let set = Permissions::parse(names).map_err(|unknown| {
        let detail = format!("`{unknown}` is no permission");
        Refusal::invalid("unknown_permission", detail).at(pointer)
    })?;
    who.require_at_least(set)?;
    Ok(set)
}

/// No more than the maker may do; a name that is not a built-in role's.
pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    name: &str,
    permissions: &[String],
    now: DateTime<Utc>,
) -> Result<OwnRole> {
    who.require(Permission::WriteUsers)?;
    who.require_all_properties()?;
    let made = OwnRole {
        id: new_id(),
        name: own_name(name)?,
        permissions: given(who, permissions, "/permissions")?,
        version: 1,
    };
    sqlx::query!(
        "insert into role (tenant_id, id, name, permissions, created_at) values ($1, $2, $3, $4, $5)",
        tx.t(),
        made.id,
        made.name,
        &made.permissions.names(),
        now
    )
    .execute(&mut **tx)
    .await?;
    let data = json!({ "name": made.name, "permissions": made.permissions.names() });
    logged(tx, who, "role.created", made.id, data, now).await?;
    Ok(made)
}

fn own_name(text: &str) -> Result<String, Refusal> {
    let name = property::name(text, "/name")?;
    if Role::parse(&name).is_some() || name == "custom" || name == "api_key" {
        return Err(Refusal::conflict("name_taken", "a built-in role has this name").at("/name"));
    }
    Ok(name)
}

/// Changes what everybody with this role may do.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: RoleChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<OwnRole> {
    who.require(Permission::WriteUsers)?;
    who.require_all_properties()?;
    let before = get(tx, id).await?;
    property::check_version(before.version, expected)?;
    who.require_at_least(before.permissions)?;
    let name = change.name.as_deref().map(own_name).transpose()?;
    let permissions = match &change.permissions {
        Some(names) => given(who, names, "/permissions")?,
        None => before.permissions,
    };
    let after = sqlx::query_as!(
        Row,
        "update role set name = coalesce($3, name), permissions = $4, version = version + 1
         where tenant_id = $1 and id = $2 and version = $5 returning id, name, permissions, version",
        tx.t(),
        id,
        name,
        &permissions.names(),
        before.version
    )
    .fetch_optional(&mut **tx)
    .await?;
    let after: OwnRole = after
        .ok_or_else(|| Refusal::stale("someone else changed the role just now"))?
        .into();
    let data =
        json!({ "name": after.name, "from": before.permissions.names(), "to": after.permissions.names() });
    logged(tx, who, "role.changed", id, data, now).await?;
    Ok(after)
}

/// 409 `role_in_use` while anybody has it, or an invitation gave it.
pub async fn delete(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    who.require(Permission::WriteUsers)?;
    who.require_all_properties()?;
    let role = get(tx, id).await?;
    who.require_at_least(role.permissions)?;
    sqlx::query!("delete from role where tenant_id = $1 and id = $2", tx.t(), id)
        .execute(&mut **tx)
        .await?;
    logged(tx, who, "role.deleted", id, json!({ "name": role.name }), now).await
}
