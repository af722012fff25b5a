//! `Authorization: Bearer <access token>` becomes a [`Principal`]: the tenant comes from here and nowhere else.

use crate::api::error::ApiError;
use crate::app::Shared;
use crate::tokens::TokenError;
use innkeep_domain::Error as DomainError;
use innkeep_domain::principal::Principal;
use poem::Request;
use poem::http::StatusCode;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;

/// An access token from `/v1/auth/login` or `/v1/auth/refresh`.
#[derive(SecurityScheme)]
#[oai(rename = "bearer", ty = "bearer", bearer_format = "JWT", checker = "check")]
pub struct Auth(pub Principal);

async fn check(request: &Request, bearer: Bearer) -> poem::Result<Principal> {
    let app = request
        .data::<Shared>()
        .ok_or_else(|| ApiError::from(DomainError::internal("no App in the request")))?;
    let principal = app.tokens.principal(&bearer.token, app.now()).map_err(refused)?;
    tracing::Span::current().record("tenant", tracing::field::display(principal.tenant));
    Ok(principal)
}

fn refused(error: TokenError) -> ApiError {
    let code = match error {
        TokenError::Expired => "token_expired",
        TokenError::Invalid => "invalid_token",
    };
    ApiError::new(StatusCode::UNAUTHORIZED, code, error.to_string())
}
