//! `/v1/auth/passkeys`: WebAuthn. The options go to the browser's `navigator.credentials`, and what it answers comes
//! back here, both as the standard writes them.

use crate::api::auth::{AsPerson, Whence};
use crate::api::page::Page;
use crate::api::registration::confirmed;
use crate::api::session::{Done, TokenPair, opened};
use crate::api::{ApiResult, Body, Tag};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::Error as DomainError;
use innkeep_domain::identity::log_in::{self, Errand};
use innkeep_domain::identity::passkey;
use innkeep_domain::identity::{Class, Door};
use innkeep_domain::ids::TenantId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

pub struct Passkeys;

#[derive(Object)]
struct Passkey {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    #[oai(skip_serializing_if_is_none)]
    last_used_at: Option<DateTime<Utc>>,
}

/// A ceremony begun; good for five minutes, for one answer.
#[derive(Object)]
struct Ceremony {
    challenge_token: String,
    /// For `navigator.credentials.create` or `.get`.
    options: Any<Value>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PasskeyConsent {
    /// One's own, again.
    #[oai(validator(min_length = 1, max_length = 512))]
    password: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewPasskey {
    #[oai(validator(min_length = 1, max_length = 64))]
    challenge_token: String,
    /// What to call it: 1 to 200 characters.
    name: String,
    /// As `navigator.credentials.create` answered.
    credential: Any<Value>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PasskeyLogin {
    #[oai(validator(min_length = 1, max_length = 64))]
    challenge_token: String,
    /// As `navigator.credentials.get` answered.
    credential: Any<Value>,
    /// The tenant to work in; absent: the user's first.
    tenant_id: Option<Uuid>,
    /// True: to the operators' door.
    #[oai(default)]
    platform: bool,
}

#[OpenApi(prefix_path = "/v1/auth/passkeys", tag = "Tag::Session")]
impl Passkeys {
    /// List one's passkeys
    #[oai(path = "/", method = "get", operation_id = "list_passkeys")]
    async fn list(&self, auth: AsPerson, app: Data<&Shared>) -> ApiResult<Json<Page<Passkey>>> {
        let mut tx = app.db.begin_platform().await?;
        let all = passkey::list(&mut tx, auth.0.user_id).await?;
        Ok(Json(Page::all(all, Passkey::from)))
    }

    /// Begin to enrol a passkey
    #[oai(
        path = "/enrolment",
        method = "post",
        operation_id = "begin_passkey_enrolment"
    )]
    async fn begin(
        &self,
        auth: AsPerson,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<PasskeyConsent, true>,
    ) -> ApiResult<Json<Ceremony>> {
        let account = confirmed(&app, &whence, auth.0.user_id, body.0.password).await?;
        let mut tx = app.db.begin_platform().await?;
        let begun = passkey::begin_enrolment(&mut tx, &app.relying_party, &account, app.now()).await?;
        tx.commit().await?;
        Ok(Json(Ceremony::begun(begun)?))
    }

    /// Finish to enrol a passkey
    #[oai(path = "/", method = "post", operation_id = "finish_passkey_enrolment")]
    async fn finish(
        &self,
        auth: AsPerson,
        app: Data<&Shared>,
        body: Body<NewPasskey>,
    ) -> ApiResult<Json<Passkey>> {
        let NewPasskey {
            challenge_token,
            name,
            credential,
        } = body.0;
        let answer = (challenge_token.as_str(), credential.0, name.as_str());
        let mut tx = app.db.begin_platform().await?;
        let rp = &app.relying_party;
        let made = passkey::finish_enrolment(&mut tx, rp, auth.0.user_id, answer, app.now()).await?;
        tx.commit().await?;
        Ok(Json(made.into()))
    }

    /// Remove a passkey
    #[oai(path = "/:id", method = "delete", operation_id = "remove_passkey")]
    async fn remove(&self, auth: AsPerson, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Done> {
        let mut tx = app.db.begin_platform().await?;
        passkey::remove(&mut tx, auth.0.user_id, id.0).await?;
        tx.commit().await?;
        Ok(Done::NoContent)
    }

    /// Begin to log in with a passkey
    ///
    /// Nobody has to say who they are: the passkey does.
    #[oai(path = "/login", method = "post", operation_id = "begin_passkey_log_in")]
    async fn begin_log_in(&self, app: Data<&Shared>) -> ApiResult<Json<Ceremony>> {
        let mut tx = app.db.begin_platform().await?;
        let begun = passkey::begin_log_in(&mut tx, &app.relying_party, app.now()).await?;
        tx.commit().await?;
        Ok(Json(Ceremony::begun(begun)?))
    }

    /// Log in with a passkey
    ///
    /// It is both factors at once.
    #[oai(path = "/login/finish", method = "post", operation_id = "log_in_with_passkey")]
    async fn log_in(
        &self,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<PasskeyLogin>,
    ) -> ApiResult<Json<TokenPair>> {
        let PasskeyLogin {
            challenge_token,
            credential,
            tenant_id,
            platform,
        } = body.0;
        let mut tx = app.db.begin_platform().await?;
        let answer = (challenge_token.as_str(), credential.0);
        let account = passkey::finish_log_in(&mut tx, &app.relying_party, answer, app.now()).await?;
        let mut origin = whence.origin();
        origin.second_factor = Some("passkey");
        let errand = Errand {
            door: match account.class {
                Class::Staff if platform => Door::Platform,
                Class::Staff => Door::Tenant,
                Class::Guest => Door::Guest,
            },
            tenant: tenant_id.map(TenantId),
            origin,
            device: None,
        };
        let session = log_in::open(&mut tx, &account, errand, app.now()).await?;
        tx.commit().await?;
        Ok(Json(opened(&app, session)?))
    }
}

impl Ceremony {
    fn begun<T: serde::Serialize>(begun: passkey::Begun<T>) -> ApiResult<Self> {
        let options =
            serde_json::to_value(begun.options).map_err(|e| DomainError::internal(e.to_string()))?;
        Ok(Self {
            challenge_token: begun.challenge,
            options: Any(options),
        })
    }
}

impl From<passkey::Listed> for Passkey {
    fn from(p: passkey::Listed) -> Self {
        Self {
            id: p.id,
            name: p.name,
            created_at: p.created_at,
            last_used_at: p.last_used_at,
        }
    }
}
