//! Who works for a tenant, in which role, at which of its properties.

use super::role::{self, RoleRef};
use crate::db::{PlatformTx, TenantTx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::TenantId;
use crate::principal::{Permission, Permissions, Principal, Role};
use crate::property;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// One of a user's tenants.
#[derive(Debug, Clone)]
pub struct Membership {
    pub tenant: TenantId,
    pub tenant_name: String,
    /// Its name.
    pub role: String,
}

/// One of a tenant's staff.
#[derive(Debug, Clone)]
pub struct Member {
    pub user_id: Uuid,
    pub name: String,
    pub email: String,
    pub role: RoleRef,
    pub role_name: String,
    pub permissions: Permissions,
    /// `None`: all.
    pub property_ids: Option<Vec<Uuid>>,
    pub disabled: bool,
    pub since: Option<DateTime<Utc>>,
    pub version: i32,
}

/// What somebody is to be: a role, at some properties or at all.
#[derive(Debug, Clone)]
pub struct Post {
    pub role: RoleRef,
    pub property_ids: Option<Vec<Uuid>>,
}

/// Where a role of the tenant's own is not seen (its name is the tenant's), it is called `custom`.
pub async fn of_user(tx: &mut PlatformTx, user_id: Uuid) -> Result<Vec<Membership>> {
    let rows = sqlx::query!(
        r#"select m.tenant_id, t.name, coalesce(m.role, 'custom') as "role!" from membership m
           join tenant t on t.id = m.tenant_id
           where m.user_id = $1 and t.suspended_at is null order by t.created_at, t.id"#,
        user_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let membership = |r: _| {
        let (tenant, tenant_name, role): (Uuid, String, String) = r;
        Membership {
            tenant: TenantId(tenant),
            tenant_name,
            role,
        }
    };
    Ok(rows
        .into_iter()
        .map(|r| membership((r.tenant_id, r.name, r.role)))
        .collect())
}

pub(super) async fn role_name(tx: &mut PlatformTx, user: Uuid, tenant: TenantId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(role, 'custom') as "role!" from membership where user_id = $1 and tenant_id = $2"#,
        user,
        tenant.0
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Gives a user a built-in role in a tenant, replacing an earlier one.
pub async fn set(tx: &mut PlatformTx, user: Uuid, tenant: TenantId, role: Role) -> Result<()> {
    sqlx::query!(
        "insert into membership (user_id, tenant_id, role, since) values ($1, $2, $3, now())
         on conflict (user_id, tenant_id) do update set role = excluded.role, role_id = null,
             version = membership.version + 1",
        user,
        tenant.0,
        role.name()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// As `post` says; what somebody was before is replaced. For who may do that, see `invitation` and [`change`].
pub(super) async fn put(
    conn: &mut PgConnection,
    user: Uuid,
    tenant: TenantId,
    post: &Post,
    now: DateTime<Utc>,
) -> Result<()> {
    let (role, role_id) = post.role.columns();
    sqlx::query!(
        "insert into membership (user_id, tenant_id, role, role_id, property_ids, since) values ($1, $2, $3, $4, $5, $6)
         on conflict (user_id, tenant_id) do update set role = excluded.role, role_id = excluded.role_id,
             property_ids = excluded.property_ids, version = membership.version + 1",
        user,
        tenant.0,
        role,
        role_id,
        post.property_ids.as_deref(),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Row {
    user_id: Uuid,
    name: String,
    email: String,
    role: Option<String>,
    role_id: Option<Uuid>,
    role_name: Option<String>,
    permissions: Option<Vec<String>>,
    property_ids: Option<Vec<Uuid>>,
    disabled: bool,
    since: Option<DateTime<Utc>>,
    version: i32,
}

impl TryFrom<Row> for Member {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        let role = RoleRef::from_columns(r.role.as_deref(), r.role_id)?;
        let permissions = role::permissions(&role, r.permissions.as_deref())?;
        Ok(Self {
            user_id: r.user_id,
            name: r.name,
            email: r.email,
            role_name: r.role_name.unwrap_or_else(|| role.to_string()),
            role,
            permissions,
            property_ids: r.property_ids,
            disabled: r.disabled,
            since: r.since,
            version: r.version,
        })
    }
}

/// By id, after `after`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Member>> {
    who.require(Permission::ReadUsers)?;
    let rows = sqlx::query_as!(
        Row,
        r#"select m.user_id, u.name, u.email, m.role, m.role_id, r.name as "role_name?", r.permissions as "permissions?",
                  m.property_ids, u.disabled_at is not null as "disabled!", m.since, m.version
           from membership m join app_user u on u.id = m.user_id
           left join role r on r.tenant_id = m.tenant_id and r.id = m.role_id
           where m.tenant_id = $1 and ($2::uuid is null or m.user_id > $2) order by m.user_id limit $3"#,
        tx.t(),
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Member::try_from).collect()
}

/// The member, or the same 404 for somebody of another tenant.
pub async fn get(tx: &mut TenantTx, who: &Principal, user: Uuid) -> Result<Member> {
    who.require(Permission::ReadUsers)?;
    let found = sqlx::query_as!(
        Row,
        r#"select m.user_id, u.name, u.email, m.role, m.role_id, r.name as "role_name?", r.permissions as "permissions?",
                  m.property_ids, u.disabled_at is not null as "disabled!", m.since, m.version
           from membership m join app_user u on u.id = m.user_id
           left join role r on r.tenant_id = m.tenant_id and r.id = m.role_id
           where m.tenant_id = $1 and m.user_id = $2"#,
        tx.t(),
        user
    )
    .fetch_optional(&mut **tx)
    .await?;
    found.ok_or_else(|| Refusal::not_found("user"))?.try_into()
}

/// Is the post one that the tenant has, and no more than `who` may give?
pub async fn check_post(tx: &mut TenantTx, who: &Principal, post: &Post) -> Result<()> {
    who.require_all_properties()?;
    let stored = match &post.role {
        RoleRef::BuiltIn(_) => None,
        RoleRef::Own(id) => Some(
            role::get(tx, *id)
                .await
                .map_err(|e| e.at("/role_id"))?
                .permissions
                .names(),
        ),
    };
    who.require_at_least(role::permissions(&post.role, stored.as_deref())?)?;
    for id in post.property_ids.iter().flatten() {
        property::get(tx, *id).await.map_err(|e| e.at("/property_ids"))?;
    }
    Ok(())
}

/// Gives a member another post. A right that was taken away is gone within [`super::grant::FRESH_SECONDS`].
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    user: Uuid,
    post: Post,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Member> {
    who.require(Permission::WriteUsers)?;
    lock(tx).await?;
    let before = get(tx, who, user).await?;
    property::check_version(before.version, expected)?;
    who.require_at_least(before.permissions)?;
    check_post(tx, who, &post).await?;
    let tenant = tx.tenant();
    put(tx, user, tenant, &post, now).await?;
    keep_an_owner(tx).await?;
    let after = get(tx, who, user).await?;
    let data = json!({ "from": before.role.to_string(), "to": after.role.to_string(), "property_ids": after.property_ids });
    logged(tx, who, "user.changed", user, data, now).await?;
    Ok(after)
}

/// Ends a membership, and with it every session in this tenant; the account stays.
pub async fn remove(tx: &mut TenantTx, who: &Principal, user: Uuid, now: DateTime<Utc>) -> Result<()> {
    who.require(Permission::WriteUsers)?;
    who.require_all_properties()?;
    lock(tx).await?;
    let member = get(tx, who, user).await?;
    who.require_at_least(member.permissions)?;
    sqlx::query!(
        "delete from membership where tenant_id = $1 and user_id = $2",
        tx.t(),
        user
    )
    .execute(&mut **tx)
    .await?;
    keep_an_owner(tx).await?;
    logged(
        tx,
        who,
        "user.removed",
        user,
        json!({ "role": member.role.to_string() }),
        now,
    )
    .await
}

/// Two who remove each other at once would leave nobody: changes of a tenant's staff come one after the other.
async fn lock(tx: &mut TenantTx) -> Result<()> {
    let key = format!("staff/{}", tx.tenant());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn keep_an_owner(tx: &mut TenantTx) -> Result<()> {
    let owners = sqlx::query_scalar!(
        r#"select count(*) as "n!" from membership m join app_user u on u.id = m.user_id
           where m.tenant_id = $1 and m.role = 'owner' and m.property_ids is null and u.disabled_at is null"#,
        tx.t()
    )
    .fetch_one(&mut **tx)
    .await?;
    if owners > 0 {
        return Ok(());
    }
    let detail = "a tenant has at least one owner of all its properties: make somebody else one first";
    Err(Refusal::conflict("last_owner", detail).into())
}

pub(super) async fn logged(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    subject_id: Uuid,
    data: serde_json::Value,
    at: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: None,
        subject_id,
        actor: &who.actor,
        data,
        at,
    };
    event::append(tx, event).await
}
