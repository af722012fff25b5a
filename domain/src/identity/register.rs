//! Registration and a forgotten password: both begin with a mail, and end with whoever can read it setting a password.
//! Asking is answered the same whether the address is known or not: what to send is found out when the mail is sent.

use super::account::{self, Account, Class};
use super::mail_token::{self, Purpose};
use super::membership;
use super::password::hash_password;
use crate::db::{Db, PlatformTx};
use crate::error::{Refusal, Result};
use crate::mail::{self, Mail};
use crate::principal::Role;
use crate::private::private;
use crate::{property, tenancy};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

private!(Registration);

/// Somebody who wants an account: of staff, with a tenant of their own if they name one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub class: Class,
    pub email: String,
    pub name: String,
    pub tenant_name: Option<String>,
}

/// Sends a link to the address: to go on, or, if it has an account, to set a new password.
pub async fn ask(tx: &mut PlatformTx, asked: Registration, now: DateTime<Utc>) -> Result<()> {
    let asked = Registration {
        email: account::email(&asked.email, "/email")?,
        name: property::name(&asked.name, "/name")?,
        tenant_name: asked
            .tenant_name
            .map(|n| property::name(&n, "/tenant_name"))
            .transpose()?,
        class: asked.class,
    };
    if asked.class == Class::Guest && asked.tenant_name.is_some() {
        let detail = "a guest account has no tenant";
        return Err(Refusal::invalid("invalid_field", detail)
            .at("/tenant_name")
            .into());
    }
    let vault = tx.platform_vault().await?;
    mail::enqueue(tx, &vault, &Mail::Register(asked), now).await
}

/// Sends a link to set a new password, if there is such an account.
pub async fn ask_reset(tx: &mut PlatformTx, class: Class, email: &str, now: DateTime<Utc>) -> Result<()> {
    let email = account::email(email, "/email")?;
    let vault = tx.platform_vault().await?;
    mail::enqueue(tx, &vault, &Mail::Reset { class, email }, now).await
}

/// Makes the account, and the tenant with its owner.
pub async fn complete(db: &Db, token: &str, password: String, now: DateTime<Utc>) -> Result<Account> {
    let mut tx = db.begin_platform().await?;
    let found = mail_token::peek(&mut tx, Purpose::Register, token, now).await?;
    let asked: Registration = found.payload(&tx).await?;
    tx.commit().await?;
    let hash = hash_password(password, &[&asked.email, &asked.name]).await?;
    let mut tx = db.begin_platform().await?;
    mail_token::take(&mut tx, Purpose::Register, token, now).await?;
    let id = account::add(&mut tx, asked.class, &asked.email, &asked.name, &hash, now).await?;
    if let Some(name) = &asked.tenant_name {
        let tenant = tenancy::create(&mut tx, name, now).await?.id;
        membership::set(&mut tx, id, tenant, Role::Owner).await?;
    }
    let account = account::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(account)
}

/// Sets the password and ends every session; what second factor there is stays.
pub async fn complete_reset(db: &Db, token: &str, password: String, now: DateTime<Utc>) -> Result<()> {
    let mut tx = db.begin_platform().await?;
    let found = mail_token::peek(&mut tx, Purpose::Reset, token, now).await?;
    let user = found.subject.user_id.ok_or_else(mail_token::refused)?;
    let account = account::get(&mut tx, user).await?;
    tx.commit().await?;
    let hash = hash_password(password, &[&account.email, &account.name]).await?;
    let mut tx = db.begin_platform().await?;
    mail_token::take(&mut tx, Purpose::Reset, token, now).await?;
    set(&mut tx, &account, &hash, None, now).await?;
    tx.commit().await
}

/// Sets another password for who knows the present one; the other sessions end.
pub async fn change_password(
    db: &Db,
    account: &Account,
    session: uuid::Uuid,
    password: String,
    now: DateTime<Utc>,
) -> Result<()> {
    let hash = hash_password(password, &[&account.email, &account.name]).await?;
    let mut tx = db.begin_platform().await?;
    set(&mut tx, account, &hash, Some(session), now).await?;
    tx.commit().await
}

async fn set(
    tx: &mut PlatformTx,
    account: &Account,
    hash: &str,
    keep: Option<uuid::Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    account::set_password(tx, account.id, hash, keep, now).await?;
    let vault = tx.platform_vault().await?;
    let email = account.email.clone();
    mail::enqueue(tx, &vault, &Mail::PasswordChanged { email }, now).await
}
