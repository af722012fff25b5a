//! Invitations: a mail that makes whoever reads it one of a tenant's staff.

use super::account::{self, Account, Class};
use super::mail_token::{self, Purpose};
use super::membership::{self, Post, logged};
use super::password::hash_password;
use super::role::RoleRef;
use crate::db::{Db, TenantTx};
use crate::error::{Error, Refusal, Result};
use crate::ids::{TenantId, new_id};
use crate::mail::{self, Mail};
use crate::principal::{Actor, Grant, Permission, Principal, Role};
use crate::private::private;
use crate::property;
use crate::vault::{Place, Vault};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use uuid::Uuid;

private!(Invitation[id]);

pub const GOOD_FOR_DAYS: i64 = 7;

#[derive(Clone)]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub post: Post,
    pub invited_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    address: String,
    role: Option<String>,
    role_id: Option<Uuid>,
    property_ids: Option<Vec<Uuid>>,
    invited_by: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

fn place(id: Uuid) -> Place {
    Place::new("invitation", "address", id)
}

fn entity(vault: &Vault, r: Row) -> Result<Invitation> {
    Ok(Invitation {
        email: vault.open_json(&place(r.id), &r.address)?,
        post: Post {
            role: RoleRef::from_columns(r.role.as_deref(), r.role_id)?,
            property_ids: r.property_ids,
        },
        id: r.id,
        invited_by: r.invited_by,
        created_at: r.created_at,
        expires_at: r.expires_at,
        accepted_at: r.accepted_at,
        revoked_at: r.revoked_at,
    })
}

/// Invites an address to a post that is no more than the inviter's own.
pub async fn create(
    tx: &mut TenantTx,
    who: &Principal,
    email: &str,
    post: Post,
    now: DateTime<Utc>,
) -> Result<Invitation> {
    who.require(Permission::WriteUsers)?;
    membership::check_post(tx, who, &post).await?;
    let email = account::email(email, "/email")?;
    let id = new_id();
    let (role, role_id) = post.role.columns();
    sqlx::query!(
        "insert into invitation (tenant_id, id, address, role, role_id, property_ids, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.t(),
        id,
        tx.vault().await?.seal_json(&place(id), &email)?,
        role,
        role_id,
        post.property_ids.as_deref(),
        who.actor.to_string(),
        now,
        now + Duration::days(GOOD_FOR_DAYS)
    )
    .execute(&mut **tx)
    .await?;
    let (vault, tenant) = (tx.platform_vault().await?, tx.tenant());
    mail::enqueue(tx, &vault, &Mail::Invitation { tenant, id, email }, now).await?;
    let data = json!({ "role": post.role.to_string(), "property_ids": post.property_ids });
    logged(tx, who, "invitation.created", id, data, now).await?;
    get(tx, id).await
}

pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Invitation> {
    let found = sqlx::query_as!(
        Row,
        "select id, address, role, role_id, property_ids, invited_by, created_at, expires_at, accepted_at, revoked_at
         from invitation where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let found = found.ok_or_else(|| Refusal::not_found("invitation"))?;
    let vault = tx.vault_knowing(&[&found.address]).await?;
    entity(&vault, found)
}

/// By id, after `after`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Invitation>> {
    who.require(Permission::ReadUsers)?;
    let rows = sqlx::query_as!(
        Row,
        "select id, address, role, role_id, property_ids, invited_by, created_at, expires_at, accepted_at, revoked_at
         from invitation where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        tx.t(),
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    let sealed: Vec<&str> = rows.iter().map(|r| r.address.as_str()).collect();
    let vault = tx.vault_knowing(&sealed).await?;
    rows.into_iter().map(|r| entity(&vault, r)).collect()
}

/// Takes it back; 409 when it was accepted.
pub async fn revoke(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<Invitation> {
    who.require(Permission::WriteUsers)?;
    who.require_all_properties()?;
    let before = get(tx, id).await?;
    if before.accepted_at.is_some() {
        return Err(
            Refusal::conflict("already_accepted", "the invitation was accepted: remove the user").into(),
        );
    }
    if before.revoked_at.is_some() {
        return Ok(before);
    }
    sqlx::query!(
        "update invitation set revoked_at = $3 where tenant_id = $1 and id = $2 and accepted_at is null",
        tx.t(),
        id,
        now
    )
    .execute(&mut **tx)
    .await?;
    logged(tx, who, "invitation.revoked", id, json!({}), now).await?;
    get(tx, id).await
}

/// May it still be accepted?
async fn open(tx: &mut TenantTx, id: Uuid, now: DateTime<Utc>) -> Result<Invitation> {
    sqlx::query!(
        "select id from invitation where tenant_id = $1 and id = $2 for update",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let invitation = get(tx, id)
        .await
        .map_err(|_| Error::from(mail_token::refused()))?;
    let open =
        invitation.accepted_at.is_none() && invitation.revoked_at.is_none() && invitation.expires_at > now;
    if open {
        Ok(invitation)
    } else {
        Err(mail_token::refused().into())
    }
}

/// The account, and whether it is new.
pub struct Accepted {
    pub account: Account,
    pub tenant: TenantId,
    pub new: bool,
}

/// What a new account needs; somebody who has one needs nothing.
pub struct Newcomer {
    pub name: Option<String>,
    pub password: Option<String>,
}

/// Joins the account of the invited address to the tenant, making it first if there is none.
///
/// # Errors
/// 422 `invalid_token`; 422 `missing_field` when there is no account and no name or password for one; 409
/// `already_a_member`.
pub async fn accept(db: &Db, token: &str, newcomer: Newcomer, now: DateTime<Utc>) -> Result<Accepted> {
    let mut tx = db.begin_platform().await?;
    let found = mail_token::peek(&mut tx, Purpose::Invitation, token, now).await?;
    tx.commit().await?;
    let (tenant, id) = found
        .subject
        .tenant_id
        .zip(found.subject.subject_id)
        .ok_or_else(mail_token::refused)?;
    let tenant = TenantId(tenant);
    let mut tx = db.begin(tenant).await?;
    let invitation = open(&mut tx, id, now).await?;
    let existing = account::find(&mut tx, Class::Staff, &invitation.email).await?;
    tx.commit().await?;
    let made = match &existing {
        Some(_) => None,
        None => Some(credentials(&invitation.email, newcomer).await?),
    };
    let mut tx = db.begin(tenant).await?;
    mail_token::take(&mut tx, Purpose::Invitation, token, now).await?;
    let invitation = open(&mut tx, id, now).await?;
    let new = existing.is_none();
    let user = match (existing, made) {
        (Some(account), _) => account.id,
        (None, Some((name, hash))) => {
            account::add(&mut tx, Class::Staff, &invitation.email, &name, &hash, now).await?
        }
        (None, None) => return Err(Error::internal("an account neither found nor made")),
    };
    join(&mut tx, user, &invitation, now).await?;
    let account = account::get(&mut tx, user).await?;
    tx.commit().await?;
    Ok(Accepted { account, tenant, new })
}

async fn credentials(email: &str, newcomer: Newcomer) -> Result<(String, String)> {
    let missing = |field| Refusal::invalid("missing_field", "a new account needs it").at(field);
    let name = property::name(&newcomer.name.ok_or_else(|| missing("/name"))?, "/name")?;
    let password = newcomer.password.ok_or_else(|| missing("/password"))?;
    let hash = hash_password(password, &[email, &name]).await?;
    Ok((name, hash))
}

async fn join(tx: &mut TenantTx, user: Uuid, invitation: &Invitation, now: DateTime<Utc>) -> Result<()> {
    let tenant = tx.tenant();
    let member = sqlx::query_scalar!(
        "select user_id from membership where tenant_id = $1 and user_id = $2",
        tx.t(),
        user
    );
    if member.fetch_optional(&mut **tx).await?.is_some() {
        let detail = "this address belongs to the tenant already";
        return Err(Refusal::conflict("already_a_member", detail).into());
    }
    membership::put(tx, user, tenant, &invitation.post, now).await?;
    sqlx::query!(
        "update invitation set accepted_at = $3 where tenant_id = $1 and id = $2",
        tx.t(),
        invitation.id,
        now
    )
    .execute(&mut **tx)
    .await?;
    let who = Principal::new(tenant, Actor::User(user), Grant::role(Role::ReadOnly));
    let data = json!({ "user_id": user, "role": invitation.post.role.to_string() });
    logged(tx, &who, "invitation.accepted", invitation.id, data, now).await
}
