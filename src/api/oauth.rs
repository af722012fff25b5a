//! `POST /v1/auth/token`: OAuth2 client credentials (RFC 6749, section 4.4) for programs whose libraries want them. The
//! client is an API key: its id, and its whole text as the secret.

use crate::api::{ApiResult, Tag};
use crate::app::Shared;
use crate::tokens::{Bearer, LIFETIME_SECONDS};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use innkeep_domain::Error as DomainError;
use innkeep_domain::identity::api_key;
use innkeep_domain::principal::Permissions;
use poem::web::Data;
use poem_openapi::param::Header;
use poem_openapi::payload::{Form, Json};
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

pub struct OAuth;

#[derive(Object, serde::Deserialize)]
struct TokenRequest {
    /// `client_credentials`.
    grant_type: String,
    /// The key's id; or send both as HTTP basic authentication.
    client_id: Option<String>,
    /// The key's whole text, `ik_...`.
    client_secret: Option<String>,
    /// Must be within the key's scopes; the token always has all of them.
    scope: Option<String>,
}

#[derive(Object)]
struct AccessToken {
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// Seconds.
    expires_in: i64,
    /// The key's permissions, separated by spaces.
    scope: String,
}

/// RFC 6749, section 5.2.
#[derive(Object)]
struct OAuthError {
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type`, `invalid_scope`.
    error: String,
    error_description: String,
}

#[derive(ApiResponse)]
enum TokenAnswer {
    /// An access token.
    #[oai(status = 200)]
    Token(Json<AccessToken>, #[oai(header = "Cache-Control")] String),
    /// The request is not one for a token.
    #[oai(status = 400)]
    BadRequest(Json<OAuthError>),
    /// No such client, or not its secret.
    #[oai(status = 401)]
    BadClient(Json<OAuthError>, #[oai(header = "WWW-Authenticate")] String),
}

fn bad(error: &str, why: &str) -> TokenAnswer {
    TokenAnswer::BadRequest(Json(OAuthError {
        error: error.into(),
        error_description: why.into(),
    }))
}

fn bad_client() -> TokenAnswer {
    let error = OAuthError {
        error: "invalid_client".into(),
        error_description: "there is no such client, or this is not its secret".into(),
    };
    TokenAnswer::BadClient(Json(error), "Basic realm=\"innkeep\"".into())
}

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Session")]
impl OAuth {
    /// Trade an API key for an access token (OAuth2 client credentials)
    #[oai(path = "/token", method = "post", operation_id = "issue_token")]
    async fn token(
        &self,
        app: Data<&Shared>,
        #[oai(name = "Authorization")] authorization: Header<Option<String>>,
        body: Form<TokenRequest>,
    ) -> ApiResult<TokenAnswer> {
        let TokenRequest {
            grant_type,
            client_id,
            client_secret,
            scope,
        } = body.0;
        if grant_type != "client_credentials" {
            return Ok(bad(
                "unsupported_grant_type",
                "client_credentials is the only one",
            ));
        }
        let in_body = client_id.zip(client_secret);
        let (id, text) = match (authorization.0.as_deref(), in_body) {
            (Some(_), Some(_)) => return Ok(bad("invalid_request", "one way of authentication, not two")),
            (None, None) => return Ok(bad("invalid_request", "client_id and client_secret are needed")),
            (None, Some(both)) => both,
            (Some(header), None) => match basic(header) {
                Some(both) => both,
                None => return Ok(bad_client()),
            },
        };
        let Some((key_id, secret)) =
            api_key::parse(&text).filter(|(key, _)| Uuid::try_parse(&id) == Ok(*key))
        else {
            return Ok(bad_client());
        };
        let found = app
            .grants
            .of_key(&app.db, &text, (key_id, secret), app.now())
            .await?;
        let Some(who) = found else {
            return Ok(bad_client());
        };
        let wanted: Vec<String> = scope
            .iter()
            .flat_map(|s| s.split_whitespace())
            .map(str::to_owned)
            .collect();
        let held = who.grant().permissions;
        if !Permissions::parse(&wanted).is_ok_and(|w| held.covers(w)) {
            return Ok(bad("invalid_scope", "the key does not have these scopes"));
        }
        let token = app.tokens.issue(Bearer::Key(key_id), app.now());
        let token = AccessToken {
            access_token: token.map_err(|e| DomainError::internal(e.to_string()))?,
            token_type: "Bearer".into(),
            expires_in: LIFETIME_SECONDS,
            scope: held.names().join(" "),
        };
        Ok(TokenAnswer::Token(Json(token), "no-store".into()))
    }
}

/// RFC 7617; a key holds nothing that RFC 6749 would have encoded.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
