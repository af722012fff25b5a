//! Access tokens: short-lived EdDSA JWTs, signed by the newest key in the secrets folder, verified by any of them.

mod keys;

use chrono::{DateTime, Utc};
use innkeep_domain::ids::{TenantId, new_id};
use innkeep_domain::principal::{Principal, Role};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode, errors::ErrorKind};
pub use keys::KeyError;
use keys::Keys;
use serde::{Deserialize, Serialize};
use std::path::Path;
use uuid::Uuid;

/// How long an access token is good for; a changed right takes effect no later than this.
pub const LIFETIME_SECONDS: i64 = 600;
const ISSUER: &str = "innkeep";
const AUDIENCE: &str = "innkeep-api";
/// How far two machines' clocks may be apart.
const LEEWAY_SECONDS: i64 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The tenant.
    pub tid: Uuid,
    pub role: String,
    pub iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub exp: i64,
    pub jti: Uuid,
}

/// Why a token does not let its bearer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the access token has expired")]
    Expired,
    #[error("the access token is not valid")]
    Invalid,
}

pub struct Tokens {
    keys: Keys,
    validation: Validation,
}

impl Tokens {
    /// Reads `*.pem` (PKCS#8, Ed25519) from the folder, making a first key if there is none.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Result<Self, KeyError> {
        Ok(Self {
            keys: Keys::open(folder, now)?,
            validation: validation(),
        })
    }

    /// A token for the user in the tenant, good for [`LIFETIME_SECONDS`].
    pub fn issue(
        &self,
        user: Uuid,
        tenant: TenantId,
        role: Role,
        now: DateTime<Utc>,
    ) -> Result<String, KeyError> {
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: user,
            tid: tenant.0,
            role: role.name().into(),
            iat: now.timestamp(),
            nbf: None,
            exp: now.timestamp() + LIFETIME_SECONDS,
            jti: new_id(),
        };
        let signing = self.keys.newest();
        let header = Header {
            kid: Some(signing.id),
            ..Header::new(Algorithm::EdDSA)
        };
        Ok(encode(&header, &claims, &signing.private)?)
    }

    /// Who the token says is calling. The signature, algorithm, key, issuer, audience and times must all be right.
    pub fn principal(&self, token: &str, now: DateTime<Utc>) -> Result<Principal, TokenError> {
        let claims = self.verify(token, now)?;
        let role = Role::parse(&claims.role).ok_or(TokenError::Invalid)?;
        Ok(Principal::user(TenantId(claims.tid), claims.sub, role))
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let id = header
            .kid
            .filter(|_| header.alg == Algorithm::EdDSA)
            .ok_or(TokenError::Invalid)?;
        let key = self.keys.public(&id).ok_or(TokenError::Invalid)?;
        let claims: Claims = decode(token, &key, &self.validation)
            .map_err(|e| refused(e.kind()))?
            .claims;
        // Against the app's clock, which a test may hold still; the library reads the system's.
        let now = now.timestamp();
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        if claims.nbf.unwrap_or(claims.iat) > now + LEEWAY_SECONDS {
            return Err(TokenError::Invalid);
        }
        Ok(claims)
    }
}

fn validation() -> Validation {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    rules.validate_exp = false;
    rules
}

fn refused(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        _ => TokenError::Invalid,
    }
}

#[cfg(test)]
#[path = "tokens/tests.rs"]
mod tests;
