//! Mail that is due: asked for in the transaction it belongs to, put together and sent by a worker. Who gets what is
//! found out when it is sent, so that asking takes the same time whether an address is known or not, and tokens stand in
//! no table and no queue, only their hashes.

use crate::db::PlatformTx;
use crate::error::Result;
use crate::identity::account::{self, Class};
use crate::identity::mail_token::{self, Purpose, Subject};
use crate::identity::register::Registration;
use crate::ids::{TenantId, new_id};
use crate::ports::mail::Message;
use crate::private::private;
use crate::vault::{Place, Vault};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

private!(Mail);

/// After so many attempts, about a day of them, nobody waits for it any more.
const MOST_ATTEMPTS: i32 = 15;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    Register(Registration),
    Reset {
        class: Class,
        email: String,
    },
    Invitation {
        tenant: TenantId,
        id: Uuid,
        email: String,
    },
    PasswordChanged {
        email: String,
    },
}

impl Mail {
    fn kind(&self) -> &'static str {
        match self {
            Self::Register(_) => "register",
            Self::Reset { .. } => "reset",
            Self::Invitation { .. } => "invitation",
            Self::PasswordChanged { .. } => "password_changed",
        }
    }
}

fn place(id: Uuid) -> Place {
    Place::new("outgoing_mail", "body", id)
}

/// Sent if and only if the transaction commits. `vault` is the platform's.
pub async fn enqueue(conn: &mut PgConnection, vault: &Vault, mail: &Mail, now: DateTime<Utc>) -> Result<()> {
    let id = new_id();
    sqlx::query!(
        "insert into outgoing_mail (id, kind, body, created_at, next_attempt_at) values ($1, $2, $3, $4, $4)",
        id,
        mail.kind(),
        vault.seal_json(&place(id), mail)?,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One mail that a worker has taken on; nobody else takes it before its next attempt is due.
pub struct Due {
    pub id: Uuid,
    pub mail: Mail,
}

pub async fn any_due(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "select id from outgoing_mail where failed_at is null and next_attempt_at <= $1 limit 1",
        now
    );
    Ok(found.fetch_optional(&mut **tx).await?.is_some())
}

/// Takes the mail that has waited longest. Commit before sending: a process that dies on the way sends it later again.
pub async fn take(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<Option<Due>> {
    let row = sqlx::query!(
        "update outgoing_mail set attempts = attempts + 1,
             next_attempt_at = $1 + least(power(2, attempts) * interval '15 seconds', interval '4 hours')
         where id = (select id from outgoing_mail where failed_at is null and next_attempt_at <= $1
                     order by next_attempt_at, id limit 1 for update skip locked)
         returning id, body",
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mail = tx
        .platform_vault_knowing(&[&row.body])
        .await?
        .open_json(&place(row.id), &row.body)?;
    Ok(Some(Due { id: row.id, mail }))
}

/// What there is to say, with a fresh token if it needs one; `None`: nothing to anybody.
pub async fn compose(
    tx: &mut PlatformTx,
    mail: &Mail,
    public_url: &str,
    now: DateTime<Utc>,
) -> Result<Option<Message>> {
    match mail {
        Mail::Register(asked) => match account::find(tx, asked.class, &asked.email).await? {
            Some(known) => {
                let token = reset_token(tx, &known, now).await?;
                Ok(token.map(|t| has_account(&asked.email, &link(public_url, "reset-password", &t))))
            }
            None => {
                let subject = Subject::default();
                let token =
                    mail_token::issue(tx, Purpose::Register, &asked.email, subject, Some(asked), now).await?;
                Ok(token.map(|t| register(asked, &link(public_url, "verify-email", &t))))
            }
        },
        Mail::Reset { class, email } => match account::find(tx, *class, email).await? {
            Some(known) if known.disabled_at.is_none() => {
                let token = reset_token(tx, &known, now).await?;
                Ok(token.map(|t| reset(email, &link(public_url, "reset-password", &t))))
            }
            _ => Ok(None),
        },
        Mail::Invitation { tenant, id, email } => {
            let subject = Subject {
                user_id: None,
                tenant_id: Some(tenant.0),
                subject_id: Some(*id),
            };
            let token = mail_token::issue(tx, Purpose::Invitation, email, subject, None::<&()>, now).await?;
            let name = sqlx::query_scalar!("select name from tenant where id = $1", tenant.0)
                .fetch_one(&mut **tx)
                .await?;
            Ok(token.map(|t| invitation(email, &name, &link(public_url, "accept-invitation", &t))))
        }
        Mail::PasswordChanged { email } => Ok(Some(password_changed(email))),
    }
}

async fn reset_token(
    tx: &mut PlatformTx,
    known: &account::Account,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let subject = Subject {
        user_id: Some(known.id),
        ..Subject::default()
    };
    mail_token::issue(tx, Purpose::Reset, &known.email, subject, None::<&()>, now).await
}

/// After the fragment's sign, so that the token is in no server's log.
fn link(public_url: &str, page: &str, token: &str) -> String {
    format!("{}/#/{page}?token={token}", public_url.trim_end_matches('/'))
}

fn message(to: &str, subject: impl Into<String>, text: String) -> Message {
    Message {
        to: to.to_owned(),
        subject: subject.into(),
        text,
    }
}

fn register(asked: &Registration, link: &str) -> Message {
    let name = &asked.name;
    let text = format!(
        "Hello {name},\n\nto finish your registration and choose a password, open this link within 24 hours:\n\n\
         {link}\n\nIf you did not ask for it, do nothing: no account is made.\n"
    );
    message(&asked.email, "Finish your registration", text)
}

fn has_account(to: &str, link: &str) -> Message {
    let text = format!(
        "Somebody, probably you, wanted to register with this address. It has an account already.\n\n\
         If you forgot your password, this link sets a new one within the hour:\n\n{link}\n\n\
         If it was not you, do nothing.\n"
    );
    message(to, "You have an account already", text)
}

fn reset(to: &str, link: &str) -> Message {
    let text = format!(
        "To set a new password, open this link within the hour:\n\n{link}\n\nIf you did not ask for it, do nothing: \
         your password stays as it is.\n"
    );
    message(to, "Set a new password", text)
}

fn invitation(to: &str, tenant: &str, link: &str) -> Message {
    let text = format!(
        "You are invited to work with {tenant}. To accept, open this link within 7 days:\n\n{link}\n"
    );
    message(to, format!("Invitation to {tenant}"), text)
}

fn password_changed(to: &str) -> Message {
    let text = "Your password was changed just now, and every other session was ended.\n\nIf it was not you, set a new \
                password at once (\"forgot password\") and look through your sessions.\n";
    message(to, "Your password was changed", text.into())
}

/// It is out of our hands: what it said is deleted.
pub async fn sent(tx: &mut PlatformTx, id: Uuid) -> Result<()> {
    sqlx::query!("delete from outgoing_mail where id = $1", id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// It was not taken: again later, or, when `never` or too often already, not at all; then to whom it was is deleted.
pub async fn failed(
    tx: &mut PlatformTx,
    id: Uuid,
    error: &str,
    never: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update outgoing_mail set last_error = left($2, 500),
             failed_at = case when $3 or attempts >= $4 then $5::timestamptz end,
             body = case when $3 or attempts >= $4 then '' else body end
         where id = $1",
        id,
        error,
        never,
        MOST_ATTEMPTS,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn forget_old(tx: &mut PlatformTx, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from outgoing_mail where failed_at < $1",
        now - Duration::days(30)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
