//! Logging in and out. Access tokens are short-lived JWTs; refresh tokens are opaque, used once, and die with their
//! session when one comes back after its successor was used.

use crate::api::auth::{AsPerson, Whence};
use crate::api::{ApiError, ApiResult, Body, Tag};
use crate::app::{App, Shared};
use crate::audit::{Kind, Watch};
use crate::tokens::{Bearer, LIFETIME_SECONDS};
use chrono::{DateTime, Utc};
use innkeep_domain::identity::log_in::{self, Attempt, Errand, Failed, LoggedIn, Opened};
use innkeep_domain::identity::session::{self, Refreshed};
use innkeep_domain::identity::{self, Class, Door};
use innkeep_domain::ids::TenantId;
use innkeep_domain::{Actor, Error as DomainError};
use poem::http::StatusCode;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Session;

/// Staff work in tenants; guests book on the marketplace. One address may have an account of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[oai(rename_all = "snake_case")]
pub enum AccountClass {
    #[default]
    Staff,
    Guest,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Login {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    #[oai(validator(min_length = 1, max_length = 512))]
    password: String,
    /// Which account of the address; absent: the one of staff.
    account: Option<AccountClass>,
    /// The tenant to work in; absent: the user's first.
    tenant_id: Option<Uuid>,
    /// From an earlier log-in on this device: then other people's failed attempts do not slow this one down.
    #[oai(validator(min_length = 1, max_length = 64))]
    device_token: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RefreshToken {
    #[oai(validator(min_length = 1, max_length = 512))]
    refresh_token: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct SwitchTenant {
    tenant_id: Uuid,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct SecondFactor {
    #[oai(validator(min_length = 1, max_length = 64))]
    challenge_token: String,
    /// Six digits of the authenticator app, or a recovery code.
    #[oai(validator(min_length = 6, max_length = 40))]
    code: String,
}

/// Two tokens: one to call with, one to get the next two with.
#[derive(Object)]
pub struct TokenPair {
    /// Send as `Authorization: Bearer <access_token>`.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// Seconds until the access token ends.
    expires_in: i64,
    /// Can be used once; whoever did not hear the answer may ask again within 30 seconds.
    refresh_token: String,
    refresh_expires_at: DateTime<Utc>,
    /// Absent for guests, operators, and staff who belong to no tenant yet.
    #[oai(skip_serializing_if_is_none)]
    tenant_id: Option<Uuid>,
    /// In the tenant; `custom` for a role of the tenant's own.
    #[oai(skip_serializing_if_is_none)]
    role: Option<String>,
    /// After a log-in: keep it on this device and send it with the next one.
    #[oai(skip_serializing_if_is_none)]
    device_token: Option<String>,
}

/// The first factor was right. Go on at `/v1/auth/mfa/verify`.
#[derive(Object)]
pub struct MfaRequired {
    /// Always true.
    mfa_required: bool,
    /// Good for five minutes and five attempts.
    challenge_token: String,
    /// `totp`, `recovery_code`.
    methods: Vec<String>,
}

#[derive(ApiResponse)]
pub enum LogInAnswer {
    /// Logged in.
    #[oai(status = 200)]
    Session(Json<TokenPair>),
    /// A second factor is needed.
    #[oai(status = 202)]
    SecondFactor(Json<MfaRequired>),
}

#[derive(ApiResponse)]
pub enum Done {
    /// Done.
    #[oai(status = 204)]
    NoContent,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Session")]
impl Session {
    /// Log in
    #[oai(path = "/auth/login", method = "post", operation_id = "log_in")]
    async fn log_in(
        &self,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<Login, true>,
    ) -> ApiResult<LogInAnswer> {
        let class: Class = body.0.account.unwrap_or_default().into();
        let door = match class {
            Class::Staff => Door::Tenant,
            Class::Guest => Door::Guest,
        };
        with_password(&app, &whence, class, door, body.0).await
    }

    /// Log in at the operators' door
    ///
    /// A second factor is always asked for.
    #[oai(
        path = "/platform/auth/login",
        method = "post",
        operation_id = "log_in_operator"
    )]
    async fn log_in_operator(
        &self,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<Login, true>,
    ) -> ApiResult<LogInAnswer> {
        with_password(&app, &whence, Class::Staff, Door::Platform, body.0).await
    }

    /// Show the second factor
    #[oai(
        path = "/auth/mfa/verify",
        method = "post",
        operation_id = "verify_second_factor"
    )]
    async fn verify(&self, app: Data<&Shared>, body: Body<SecondFactor, true>) -> ApiResult<Json<TokenPair>> {
        let mut tx = app.db.begin_platform().await?;
        let outcome =
            log_in::second_factor(&mut tx, &body.0.challenge_token, &body.0.code, app.now()).await?;
        // Also when refused: the attempt counts.
        tx.commit().await?;
        let outcome = outcome.map_err(|why| failed(&app, "verify_second_factor", why))?;
        Ok(Json(opened(&app, outcome)?))
    }

    /// Trade a refresh token for the next pair
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        app: Data<&Shared>,
        body: Body<RefreshToken, true>,
    ) -> ApiResult<Json<TokenPair>> {
        let mut tx = app.db.begin_platform().await?;
        let refreshed = session::refresh(&mut tx, &body.0.refresh_token, app.now()).await?;
        // Also when refused: a token used twice ends its session.
        tx.commit().await?;
        match refreshed {
            Refreshed::Session(session) => Ok(Json(pair(&app, *session)?)),
            Refreshed::Refused => {
                app.grants.forget();
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
        session::log_out(&mut tx, &body.0.refresh_token, app.now()).await?;
        tx.commit().await?;
        app.grants.forget();
        Ok(Done::NoContent)
    }

    /// Work in another of one's tenants
    ///
    /// Opens a session of its own; the one this is called with goes on.
    #[oai(path = "/auth/switch-tenant", method = "post", operation_id = "switch_tenant")]
    async fn switch_tenant(
        &self,
        auth: AsPerson,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<SwitchTenant>,
    ) -> ApiResult<Json<TokenPair>> {
        let (person, now) = (auth.0, app.now());
        let mut tx = app.db.begin_platform().await?;
        let account = identity::account::get(&mut tx, person.user_id).await?;
        if person.door != Door::Tenant {
            let detail = "only staff work in tenants";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "no_membership", detail));
        }
        let wanted = Some(TenantId(body.0.tenant_id));
        let chosen = session::choose_tenant(&mut tx, &account, wanted).await?;
        let made = session::open(&mut tx, &account, Door::Tenant, chosen, &whence.origin(), now).await?;
        tx.commit().await?;
        Ok(Json(pair(&app, made)?))
    }
}

async fn with_password(
    app: &App,
    whence: &Whence,
    class: Class,
    door: Door,
    login: Login,
) -> ApiResult<LogInAnswer> {
    let attempt = Attempt {
        class,
        email: login.email,
        password: login.password,
        device: login.device_token.clone(),
        address: whence.address,
    };
    let operation = match door {
        Door::Platform => "log_in_operator",
        Door::Tenant | Door::Guest => "log_in",
    };
    let checked = log_in::check(&app.db, attempt, app.now()).await;
    let account = checked.map_err(|why| failed(app, operation, why))?;
    let errand = Errand {
        door,
        tenant: login.tenant_id.map(TenantId),
        origin: whence.origin(),
        device: login.device_token,
    };
    let mut tx = app.db.begin_platform().await?;
    let outcome = log_in::proceed(&mut tx, &account, errand, app.now()).await?;
    tx.commit().await?;
    answer(app, outcome)
}

/// Also for the trail of the tenants whose account was tried.
fn failed(app: &App, operation: &'static str, why: Failed) -> ApiError {
    if let Some((watch, account)) = Watch::current().zip(why.account) {
        watch.log_in_failed(app, account, operation);
    }
    why.error.into()
}

pub fn answer(app: &App, outcome: LoggedIn) -> ApiResult<LogInAnswer> {
    Ok(match outcome {
        LoggedIn::Session(session) => LogInAnswer::Session(Json(opened(app, *session)?)),
        LoggedIn::SecondFactor { challenge, methods } => LogInAnswer::SecondFactor(Json(MfaRequired {
            mfa_required: true,
            challenge_token: challenge,
            methods: methods.into_iter().map(str::to_owned).collect(),
        })),
    })
}

pub fn opened(app: &App, opened: Opened) -> ApiResult<TokenPair> {
    let (tenant, user) = (opened.session.tenant, Actor::User(opened.session.user_id));
    if let Some((watch, tenant)) = Watch::current().zip(tenant) {
        watch.saw(app, tenant, &user, None, Kind::Changes);
    }
    Ok(TokenPair {
        device_token: Some(opened.device_token),
        ..pair(app, opened.session)?
    })
}

pub fn pair(app: &App, session: identity::Session) -> ApiResult<TokenPair> {
    let token = app.tokens.issue(Bearer::of(&session), app.now());
    Ok(TokenPair {
        access_token: token.map_err(|e| DomainError::internal(e.to_string()))?,
        token_type: "Bearer".into(),
        expires_in: LIFETIME_SECONDS,
        refresh_token: session.refresh_token,
        refresh_expires_at: session.refresh_expires_at,
        tenant_id: session.tenant.map(|t| t.0),
        role: session.role,
        device_token: None,
    })
}

impl From<AccountClass> for Class {
    fn from(class: AccountClass) -> Self {
        match class {
            AccountClass::Staff => Self::Staff,
            AccountClass::Guest => Self::Guest,
        }
    }
}
