//! Access tokens: short-lived EdDSA JWTs, signed by the newest key in the secrets folder, verified by any of them.

mod keys;

use chrono::{DateTime, Utc};
use innkeep_domain::identity::{Door, Session, token_hash};
use innkeep_domain::ids::{TenantId, new_id};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode, errors::ErrorKind};
pub use keys::KeyError;
use keys::Keys;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::path::Path;
use uuid::Uuid;

/// How long an access token is good for. It says who calls; what they may is asked of the tables (`grants`), so a changed
/// right does not wait for this.
pub const LIFETIME_SECONDS: i64 = 600;
const ISSUER: &str = "innkeep";
/// RFC 9068: so that no other kind of JWT passes for an access token.
const TYPE: &str = "at+jwt";
/// How far two machines' clocks may be apart.
const LEEWAY_SECONDS: i64 = 5;

/// Each door takes its own tokens and no other's.
fn audience(door: Door) -> &'static str {
    match door {
        Door::Tenant => "innkeep-api",
        Door::Guest => "innkeep-guest",
        Door::Platform => "innkeep-platform",
    }
}

/// Who a token was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    Session {
        session: Uuid,
        user: Uuid,
        door: Door,
        tenant: Option<TenantId>,
    },
    /// A program, for its key (OAuth2 client credentials).
    Key(Uuid),
}

impl Bearer {
    pub fn of(session: &Session) -> Self {
        Self::Session {
            session: session.id,
            user: session.user_id,
            door: session.door,
            tenant: session.tenant,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The user, or the key.
    pub sub: Uuid,
    /// The session; absent: the subject is a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<Uuid>,
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

/// Tokens whose signature was found right, at a few hundred bytes each; checking one takes longer than pricing a stay.
const MOST_CHECKED: usize = 10_000;

pub struct Tokens {
    keys: Keys,
    validation: Validation,
    /// By the hash of the whole text.
    checked: Cache<Vec<u8>, Claims>,
}

impl Tokens {
    /// Reads `*.pem` (PKCS#8, Ed25519) from the folder, making a first key if there is none.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Result<Self, KeyError> {
        Ok(Self {
            keys: Keys::open(folder, now)?,
            validation: validation(),
            checked: Cache::new(MOST_CHECKED),
        })
    }

    /// A token for the bearer, good for [`LIFETIME_SECONDS`].
    pub fn issue(&self, bearer: Bearer, now: DateTime<Utc>) -> Result<String, KeyError> {
        let (door, sub, sid, tid) = match bearer {
            Bearer::Session {
                session,
                user,
                door,
                tenant,
            } => (door, user, Some(session), tenant.map(|t| t.0)),
            Bearer::Key(key) => (Door::Tenant, key, None, None),
        };
        let claims = Claims {
            iss: ISSUER.into(),
            aud: audience(door).into(),
            sub,
            sid,
            tid,
            iat: now.timestamp(),
            nbf: None,
            exp: now.timestamp() + LIFETIME_SECONDS,
            jti: new_id(),
        };
        let signing = self.keys.newest();
        Ok(encode(&header(signing.id), &claims, &signing.private)?)
    }

    /// Who the token was given to. The signature, algorithm, type, key, issuer, audience and times must all be right.
    pub fn bearer(&self, token: &str, now: DateTime<Utc>) -> Result<Bearer, TokenError> {
        let claims = self.verify(token, now)?;
        let door = Door::ALL.into_iter().find(|d| audience(*d) == claims.aud);
        let door = door.ok_or(TokenError::Invalid)?;
        match claims.sid {
            Some(session) => Ok(Bearer::Session {
                session,
                user: claims.sub,
                door,
                tenant: claims.tid.map(TenantId),
            }),
            None if door == Door::Tenant => Ok(Bearer::Key(claims.sub)),
            None => Err(TokenError::Invalid),
        }
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        let claims = self
            .checked
            .get_or_insert_with(&token_hash(token), || self.check(token))?;
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

    /// Everything but the times.
    fn check(&self, token: &str) -> Result<Claims, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE);
        let id = header.kid.filter(|_| ours).ok_or(TokenError::Invalid)?;
        let key = self.keys.public(&id).ok_or(TokenError::Invalid)?;
        let token = decode(token, &key, &self.validation).map_err(|e| refused(e.kind()))?;
        Ok(token.claims)
    }
}

fn header(key_id: String) -> Header {
    Header {
        kid: Some(key_id),
        typ: Some(TYPE.into()),
        ..Header::new(Algorithm::EdDSA)
    }
}

fn validation() -> Validation {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&Door::ALL.map(audience));
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
