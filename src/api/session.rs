//! Logging in and out. Access tokens are short-lived JWTs; refresh tokens are opaque, used once, and die with their
//! family when one is used twice.

use crate::api::{ApiError, ApiResult, Auth, Body, Tag};
use crate::app::{App, Shared};
use crate::tokens::LIFETIME_SECONDS;
use chrono::{DateTime, Utc};
use innkeep_domain::Error as DomainError;
use innkeep_domain::identity::{self, Refreshed};
use innkeep_domain::ids::TenantId;
use innkeep_domain::principal::Actor;
use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

pub struct Session;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Login {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    #[oai(validator(min_length = 1, max_length = 512))]
    password: String,
    /// The tenant to work in; absent: the user's first.
    tenant_id: Option<Uuid>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RefreshToken {
    #[oai(validator(min_length = 1, max_length = 512))]
    refresh_token: String,
}

/// Two tokens: one to call with, one to get the next two with.
#[derive(Object)]
struct TokenPair {
    /// Send as `Authorization: Bearer <access_token>`.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// Seconds until the access token ends.
    expires_in: i64,
    /// Can be used once.
    refresh_token: String,
    refresh_expires_at: DateTime<Utc>,
    tenant_id: Uuid,
    role: String,
}

#[derive(Object)]
struct Me {
    user_id: Uuid,
    name: String,
    email: String,
    /// The tenant of the access token.
    tenant_id: Uuid,
    role: String,
    memberships: Vec<Membership>,
}

#[derive(Object)]
struct Membership {
    tenant_id: Uuid,
    tenant_name: String,
    role: String,
}

#[derive(ApiResponse)]
enum Done {
    /// The session has ended.
    #[oai(status = 204)]
    NoContent,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Session")]
impl Session {
    /// Log in
    #[oai(path = "/auth/login", method = "post", operation_id = "log_in")]
    async fn log_in(&self, app: Data<&Shared>, body: Body<Login, true>) -> ApiResult<Json<TokenPair>> {
        let Login {
            email,
            password,
            tenant_id,
        } = body.0;
        let mut tx = app.db.begin_platform().await?;
        let found = match email.contains('\0') {
            // Nobody's address holds it, and PostgreSQL cannot even be asked.
            true => None,
            false => identity::find_credentials(&mut tx, &email).await?,
        };
        // The hash takes long; no connection waits for it.
        tx.commit().await?;
        let user = identity::check_password(found, password).await?;
        let mut tx = app.db.begin_platform().await?;
        let session = identity::open_session(&mut tx, user, tenant_id.map(TenantId), app.now()).await?;
        tx.commit().await?;
        Ok(Json(pair(&app, session)?))
    }

    /// Trade a refresh token for the next pair
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        app: Data<&Shared>,
        body: Body<RefreshToken, true>,
    ) -> ApiResult<Json<TokenPair>> {
        let mut tx = app.db.begin_platform().await?;
        let refreshed = identity::refresh(&mut tx, &body.0.refresh_token, app.now()).await?;
        // Also when refused: a token used twice revokes its whole family.
        tx.commit().await?;
        match refreshed {
            Refreshed::Session(session) => Ok(Json(pair(&app, *session)?)),
            Refreshed::Refused => {
                let detail = "the refresh token is unknown, expired, revoked or used already: log in again";
                Err(ApiError::new(
                    StatusCode::UNAUTHORIZED,
                    "invalid_refresh_token",
                    detail,
                ))
            }
        }
    }

    /// End the session a refresh token belongs to
    #[oai(path = "/auth/logout", method = "post", operation_id = "log_out")]
    async fn log_out(&self, app: Data<&Shared>, body: Body<RefreshToken, true>) -> ApiResult<Done> {
        let mut tx = app.db.begin_platform().await?;
        identity::log_out(&mut tx, &body.0.refresh_token, app.now()).await?;
        tx.commit().await?;
        Ok(Done::NoContent)
    }

    /// Who am I
    #[oai(path = "/me", method = "get", operation_id = "get_me")]
    async fn me(&self, auth: Auth, app: Data<&Shared>) -> ApiResult<Json<Me>> {
        let Actor::User(user_id) = auth.0.actor else {
            return Err(DomainError::internal("an access token without a user").into());
        };
        let mut tx = app.db.begin_platform().await?;
        let user = innkeep_domain::user::get(&mut tx, user_id).await?;
        let memberships = identity::memberships(&mut tx, user_id).await?;
        Ok(Json(Me {
            user_id,
            name: user.name,
            email: user.email,
            tenant_id: auth.0.tenant.0,
            role: auth.0.role().name().into(),
            memberships: memberships.into_iter().map(Membership::from).collect(),
        }))
    }
}

fn pair(app: &App, session: identity::Session) -> ApiResult<TokenPair> {
    let token = app
        .tokens
        .issue(session.user_id, session.tenant, session.role, app.now());
    Ok(TokenPair {
        access_token: token.map_err(|e| DomainError::internal(e.to_string()))?,
        token_type: "Bearer".into(),
        expires_in: LIFETIME_SECONDS,
        refresh_token: session.refresh_token,
        refresh_expires_at: session.refresh_expires_at,
        tenant_id: session.tenant.0,
        role: session.role.name().into(),
    })
}

impl From<identity::Membership> for Membership {
    fn from(m: identity::Membership) -> Self {
        Self {
            tenant_id: m.tenant.0,
            tenant_name: m.tenant_name,
            role: m.role.name().into(),
        }
    }
}
