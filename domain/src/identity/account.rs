//! Accounts: who can log in. Staff and guests of the marketplace are two classes; one address may have one of each.

use crate::db::PlatformTx;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_id;
use crate::private::private;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

private!(Account[id]);

pub const LONGEST_EMAIL: usize = 320;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Staff,
    Guest,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Guest => "guest",
        }
    }
    pub(crate) fn parse(name: &str) -> Result<Self> {
        let found = [Self::Staff, Self::Guest].into_iter().find(|c| c.name() == name);
        found.ok_or_else(|| Error::internal(format!("unknown class of account `{name}`")))
    }
}

#[derive(Clone)]
pub struct Account {
    pub id: Uuid,
    pub class: Class,
    pub name: String,
    pub email: String,
    pub disabled_at: Option<DateTime<Utc>>,
    pub(super) password_hash: String,
}

/// Addresses are compared in lower case and without what surrounds them.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Something before and after one `@`, and nothing that could break out of a mail's header.
pub fn email(text: &str, pointer: &str) -> Result<String, Refusal> {
    let normal = normal_email(text);
    let fits = normal.len() <= LONGEST_EMAIL
        && !normal
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>,;:\"()[]\\".contains(c))
        && matches!(normal.split_once('@'), Some((local, domain)) if !local.is_empty()
            && !domain.contains('@') && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.'));
    if fits {
        return Ok(normal);
    }
    Err(Refusal::invalid("invalid_email", "an e-mail address: name@example.com").at(pointer))
}

struct Row {
    id: Uuid,
    class: String,
    name: String,
    email: String,
    disabled_at: Option<DateTime<Utc>>,
    password_hash: String,
}

impl TryFrom<Row> for Account {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        Ok(Self {
            id: r.id,
            class: Class::parse(&r.class)?,
            name: r.name,
            email: r.email,
            disabled_at: r.disabled_at,
            password_hash: r.password_hash,
        })
    }
}

pub async fn find(conn: &mut PgConnection, class: Class, email: &str) -> Result<Option<Account>> {
    if email.contains('\0') {
        return Ok(None); // nobody's address holds it, and PostgreSQL cannot even be asked
    }
    let found = sqlx::query_as!(
        Row,
        "select id, class, name, email, disabled_at, password_hash from app_user where class = $1 and email = $2",
        class.name(),
        normal_email(email)
    );
    found
        .fetch_optional(conn)
        .await?
        .map(Account::try_from)
        .transpose()
}

pub async fn get(conn: &mut PgConnection, id: Uuid) -> Result<Account> {
    let found = sqlx::query_as!(
        Row,
        "select id, class, name, email, disabled_at, password_hash from app_user where id = $1",
        id
    );
    let found = found.fetch_optional(conn).await?;
    found.ok_or_else(|| Refusal::not_found("user"))?.try_into()
}

/// Adds an account whose address is known to be theirs.
pub async fn add(
    conn: &mut PgConnection,
    class: Class,
    email: &str,
    name: &str,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let id = new_id();
    sqlx::query!(
        "insert into app_user (id, class, email, name, password_hash, created_at, email_verified_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
        id,
        class.name(),
        normal_email(email),
        name,
        password_hash,
        now
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// Sets the password, and ends every session but `keep`: whoever knew the old one is out.
pub async fn set_password(
    tx: &mut PlatformTx,
    user: Uuid,
    password_hash: &str,
    keep: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update app_user set password_hash = $2 where id = $1",
        user,
        password_hash
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from known_device where user_id = $1 and $2::uuid is null",
        user,
        keep
    )
    .execute(&mut **tx)
    .await?;
    super::session::revoke_all(tx, user, keep, now).await
}

/// Disabled accounts keep their history and lose every session.
pub async fn set_disabled(tx: &mut PlatformTx, user: Uuid, disabled: bool, now: DateTime<Utc>) -> Result<()> {
    let found = sqlx::query_scalar!(
        "update app_user set disabled_at = case when $2 then coalesce(disabled_at, $3) end where id = $1 returning id",
        user,
        disabled,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    found.ok_or_else(|| Refusal::not_found("user"))?;
    if disabled {
        super::session::revoke_all(tx, user, None, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_carry_a_header() {
        assert_eq!(
            email(" Ada@Adler.Example ", "/email").unwrap(),
            "ada@adler.example"
        );
        for bad in [
            "",
            "ada",
            "@adler.example",
            "ada@",
            "ada@adler",
            "a@b@c.d",
            "ada@adler.example\r\nBcc: x@y.z",
            "ada b@adler.example",
            "Ada <ada@adler.example>",
            "a@.b",
        ] {
            assert!(email(bad, "/email").is_err(), "{bad}");
        }
    }
}
