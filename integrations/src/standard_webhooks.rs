//! Standard Webhooks: signatures over `{id}.{timestamp}.{body}` with HMAC-SHA256 and a shared secret.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock and ours may be apart, in both directions.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

const SECRET_PREFIX: &str = "whsec_";
const VERSION: &str = "v1";
/// A rotation needs two; more is somebody trying.
const MAX_SIGNATURES: usize = 16;

/// Secrets are pasted by people, who lose the padding.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The three headers, as received.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    pub id: Option<&'a str>,
    pub timestamp: Option<&'a str>,
    pub signature: Option<&'a str>,
}

/// Why a message is not taken for genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("header {0} is missing")]
    Missing(&'static str),
    #[error("the timestamp is not a number of seconds")]
    InvalidTimestamp,
    #[error("the timestamp is too old")]
    TooOld,
    #[error("the timestamp is too far ahead")]
    TooNew,
    /// Ours to fix: nothing was configured that could verify anything.
    #[error("no usable secret")]
    NoSecret,
    #[error("no signature matches")]
    Mismatch,
}

/// Was this body signed with one of the secrets, within the last (or next) 5 minutes?
///
/// `body` is the raw body: parse it afterwards. Secrets are base64, with or without `whsec_`; several serve
/// a rotation, and one that cannot be used is skipped. The header may list several signatures, separated by
/// blanks; those of other versions than `v1` are skipped.
pub fn verify(
    secrets: &[String],
    headers: Headers<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let id = present(headers.id, ID)?;
    let timestamp = present(headers.timestamp, TIMESTAMP)?;
    let signatures = present(headers.signature, SIGNATURE)?;
    within_tolerance(timestamp, now)?;
    let expected: Vec<Vec<u8>> = secrets
        .iter()
        .filter_map(|secret| digest(secret, id, timestamp, body))
        .collect();
    if expected.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let mut good = Choice::from(0);
    for given in signatures
        .split_ascii_whitespace()
        .take(MAX_SIGNATURES)
        .filter_map(decode)
    {
        for wanted in &expected {
            good |= wanted.ct_eq(&given);
        }
    }
    if bool::from(good) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// The `webhook-signature` header for a message: `v1,<base64>`. Sent along with the id and the timestamp in
/// Unix seconds. Fails only for a secret that is empty or not base64.
pub fn sign(secret: &str, id: &str, at: DateTime<Utc>, body: &[u8]) -> Result<String, SignatureError> {
    let mac = digest(secret, id, &at.timestamp().to_string(), body).ok_or(SignatureError::NoSecret)?;
    Ok(format!("{VERSION},{}", STANDARD.encode(mac)))
}

fn present<'a>(header: Option<&'a str>, name: &'static str) -> Result<&'a str, SignatureError> {
    header
        .filter(|value| !value.is_empty())
        .ok_or(SignatureError::Missing(name))
}

fn within_tolerance(timestamp: &str, now: DateTime<Utc>) -> Result<(), SignatureError> {
    let seconds = timestamp.parse().map_err(|_| SignatureError::InvalidTimestamp)?;
    let at = DateTime::from_timestamp(seconds, 0).ok_or(SignatureError::InvalidTimestamp)?;
    let age = now.signed_duration_since(at);
    if age > TOLERANCE {
        Err(SignatureError::TooOld)
    } else if age < -TOLERANCE {
        Err(SignatureError::TooNew)
    } else {
        Ok(())
    }
}

fn decode(signature: &str) -> Option<Vec<u8>> {
    let (version, encoded) = signature.split_once(',')?;
    if version != VERSION {
        return None;
    }
    STANDARD.decode(encoded).ok()
}

fn digest(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<Vec<u8>> {
    let secret = secret.trim();
    let key = FORGIVING
        .decode(secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret))
        .ok()?;
    if key.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().to_vec())
}
