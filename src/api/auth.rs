//! `Authorization: Bearer <access token or API key>` becomes whoever calls, with the rights their credential has now:
//! the tenant comes from here and nowhere else. What the operation needs stands in [`crate::rights`].

use crate::api::error::{ApiError, ApiResult};
use crate::app::{App, Shared};
use crate::audit::{self, Watch};
use crate::edge::Client;
use crate::rights::{Needs, Rights};
use crate::throttle::{Bucket, Toll};
use crate::tokens::{Bearer as Token, TokenError};
use innkeep_domain::Error as DomainError;
use innkeep_domain::identity::operator::Operator;
use innkeep_domain::identity::session::Origin;
use innkeep_domain::identity::{Door, api_key};
use innkeep_domain::ids::TenantId;
use innkeep_domain::principal::{Actor, Principal};
use poem::http::{StatusCode, header};
use poem::{FromRequest, PathPattern, Request, RequestBody};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// Somebody who acts in a tenant: an access token from `/v1/auth/login` or `/v1/auth/token`, or an API key.
#[derive(SecurityScheme)]
#[oai(
    rename = "bearer",
    ty = "bearer",
    bearer_format = "JWT",
    checker = "principal"
)]
pub struct Auth(pub Principal);

/// Somebody with an account, at whichever door they logged in.
#[derive(SecurityScheme)]
#[oai(rename = "bearer", ty = "bearer", bearer_format = "JWT", checker = "person")]
pub struct AsPerson(pub Person);

/// Somebody who runs the installation, at `/v1/platform`.
#[derive(SecurityScheme)]
#[oai(rename = "bearer", ty = "bearer", bearer_format = "JWT", checker = "operator")]
pub struct AsOperator(pub Operator);

#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub user_id: Uuid,
    pub session_id: Uuid,
    pub door: Door,
    pub tenant: Option<TenantId>,
}

fn unauthenticated(code: &'static str, detail: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, code, detail)
}

fn refused(error: TokenError) -> ApiError {
    let code = match error {
        TokenError::Expired => "token_expired",
        TokenError::Invalid => "invalid_token",
    };
    unauthenticated(code, &error.to_string())
}

fn ended() -> ApiError {
    unauthenticated(
        "session_ended",
        "the session has ended, or its user may not go on: log in again",
    )
}

fn wrong_door() -> ApiError {
    unauthenticated("wrong_door", "this credential is for another part of the API")
}

fn app(request: &Request) -> ApiResult<&App> {
    let app = request.data::<Shared>();
    Ok(app.ok_or_else(|| DomainError::internal("no App in the request"))?)
}

/// What the operation needs by the table; an operation that does not stand there needs what nobody has.
fn needs(request: &Request) -> ApiResult<(&str, Needs)> {
    let rights = request.data::<Arc<Rights>>();
    let pattern = request.data::<PathPattern>().map_or("", |p| &p.0);
    let needs = rights.and_then(|r| r.of(request.method(), pattern));
    Ok(needs.ok_or_else(|| DomainError::internal(format!("no rights for {pattern}")))?)
}

/// For the audit trail, if the operation is written there.
fn watch(request: &Request, tenant: TenantId, actor: &Actor) -> ApiResult<Option<Arc<Watch>>> {
    let (operation, needs) = needs(request)?;
    let watch = Watch::current().zip(audit::kind(needs, request.method().is_safe()));
    let Some((watch, kind)) = watch else {
        return Ok(None);
    };
    watch.saw(app(request)?, tenant, actor, Some(operation), kind);
    Ok(Some(watch))
}

/// Charges the request to whoever turned out to make it.
async fn pay(request: &Request, buckets: impl Iterator<Item = Bucket>) -> ApiResult<()> {
    let toll = request.data::<Toll>();
    let toll = toll.ok_or_else(|| DomainError::internal("no Toll in the request"))?;
    toll.charge(&buckets.collect::<Vec<_>>()).await
}

async fn principal(request: &Request, bearer: Bearer) -> poem::Result<Principal> {
    let (app, (_, needs), now) = (app(request)?, needs(request)?, app(request)?.now());
    let text = bearer.token.as_str();
    let found = if api_key::is_key(text) {
        let wrong = || unauthenticated("invalid_api_key", "the API key is unknown, revoked or expired");
        let parts = api_key::parse(text).ok_or_else(wrong)?;
        let found = app.grants.of_key(&app.db, text, parts, now).await;
        found.map_err(ApiError::from)?.ok_or_else(wrong)?
    } else {
        match app.tokens.bearer(text, now).map_err(refused)? {
            Token::Key(id) => {
                let found = app.grants.of_key_token(&app.db, id, now).await;
                found.map_err(ApiError::from)?.ok_or_else(ended)?
            }
            Token::Session {
                session,
                user,
                door: Door::Tenant,
                tenant,
            } => {
                let no_tenant = "the user belongs to no tenant yet";
                let no_tenant = || ApiError::new(StatusCode::FORBIDDEN, "no_tenant", no_tenant);
                let who = (session, user, tenant.ok_or_else(no_tenant)?);
                let found = app.grants.in_tenant(&app.db, who, now).await;
                found.map_err(ApiError::from)?.ok_or_else(ended)?
            }
            Token::Session { .. } => return Err(wrong_door().into()),
        }
    };
    tracing::Span::current().record("tenant", tracing::field::display(found.tenant));
    let tenant = Bucket::tenant(found.tenant);
    pay(request, Bucket::actor(&found.actor).into_iter().chain([tenant])).await?;
    let watch = watch(request, found.tenant, &found.actor)?;
    allow(&found, needs).map_err(ApiError::from)?;
    if let Some(watch) = watch {
        watch.begin().await?;
    }
    Ok(found)
}

fn allow(who: &Principal, needs: Needs) -> Result<(), DomainError> {
    match needs {
        Needs::Tenant(permission) => who.require(permission),
        Needs::WholeTenant(permission) => {
            who.require(permission)?;
            who.require_all_properties()
        }
        Needs::Nothing | Needs::Person | Needs::Operator => Err(DomainError::internal(format!(
            "an operation for {needs:?} asks for a tenant's"
        ))),
    }
}

async fn session(request: &Request, bearer: &Bearer) -> ApiResult<Person> {
    let app = app(request)?;
    let text = bearer.token.as_str();
    if api_key::is_key(text) {
        return Err(wrong_door());
    }
    let Token::Session {
        session,
        user,
        door,
        tenant,
    } = app.tokens.bearer(text, app.now()).map_err(refused)?
    else {
        return Err(wrong_door());
    };
    if !app
        .grants
        .is_open(&app.db, session, user, door, app.now())
        .await?
    {
        return Err(ended());
    }
    let of_tenant = tenant.map(Bucket::tenant);
    pay(request, [Bucket::user(user)].into_iter().chain(of_tenant)).await?;
    Ok(Person {
        user_id: user,
        session_id: session,
        door,
        tenant,
    })
}

async fn person(request: &Request, bearer: Bearer) -> poem::Result<Person> {
    let (_, needs) = needs(request)?;
    if needs != Needs::Person {
        return Err(mismatch(needs).into());
    }
    let person = session(request, &bearer).await?;
    if let Some(tenant) = person.tenant
        && let Some(watch) = watch(request, tenant, &Actor::User(person.user_id))?
    {
        watch.begin().await?;
    }
    Ok(person)
}

async fn operator(request: &Request, bearer: Bearer) -> poem::Result<Operator> {
    let (_, needs) = needs(request)?;
    if needs != Needs::Operator {
        return Err(mismatch(needs).into());
    }
    let who = session(request, &bearer).await?;
    if who.door != Door::Platform {
        return Err(wrong_door().into());
    }
    Ok(Operator {
        user_id: who.user_id,
        session_id: who.session_id,
        address: Some(Client::of(request).to_string()),
        request_id: Watch::current().map_or_else(String::new, |watch| watch.request_id().to_owned()),
    })
}

fn mismatch(needs: Needs) -> ApiError {
    DomainError::internal(format!(
        "an operation for {needs:?} asks for another's credential"
    ))
    .into()
}

/// Where a request comes from: the address and what the client calls itself.
#[derive(Debug, Clone)]
pub struct Whence {
    pub address: IpAddr,
    pub agent: Option<String>,
}

impl Whence {
    pub fn origin(&self) -> Origin {
        Origin {
            address: Some(self.address.to_string()),
            agent: self.agent.clone(),
            second_factor: None,
        }
    }
}

impl<'a> FromRequest<'a> for Whence {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let agent = request.headers().get(header::USER_AGENT);
        Ok(Self {
            address: Client::of(request),
            agent: agent.and_then(|a| a.to_str().ok()).map(str::to_owned),
        })
    }
}
