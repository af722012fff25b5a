//! Standard Webhooks, by its specification: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TOLERANCE_S: i64 = 300;

/// `v1,<base64>`; `None` for a secret that is none.
pub(super) fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac(secret, id, timestamp, body)?.finalize().into_bytes())
    ))
}

/// What is wrong with it, if anything.
pub(super) fn fault(
    secret: &str,
    (id, timestamp, signatures): (&str, &str, &str),
    body: &[u8],
    now: DateTime<Utc>,
) -> Option<&'static str> {
    let Ok(at) = timestamp.parse::<i64>() else {
        return Some("webhook-timestamp is not in seconds");
    };
    if (now.timestamp() - at).abs() > TOLERANCE_S {
        return Some("webhook-timestamp is more than five minutes away");
    }
    let good = signatures.split(' ').any(|one| {
        let given = one
            .strip_prefix("v1,")
            .and_then(|text| STANDARD.decode(text).ok());
        let mac = mac(secret, id, at, body);
        given
            .zip(mac)
            .is_some_and(|(given, mac)| mac.verify_slice(&given).is_ok())
    });
    (!good).then_some("no signature matches")
}

fn mac(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(mac)
}
