//! Personal data at rest: sealed with AES-256-GCM to the one place it belongs to, and found again by blind indexes.
//!
//! A sealed value is `v1.<key id>.<base64url(nonce | ciphertext)>`. Tenant, table, column and row are authenticated
//! with it: copied anywhere else it does not open. A tenant's keys are derived from one master key; who wants a key
//! for each tenant, or to change keys, changes what [`MasterKey::vault`] does and nothing else.

use crate::error::{Error, Result};
use crate::ids::TenantId;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

const VERSION: &str = "v1";
const NONCE: usize = 12;

type Secret = Zeroizing<[u8; 32]>;

/// What everything else is derived from; never stored beside the data.
pub struct MasterKey {
    secret: Secret,
    id: String,
}

/// Says which key, never the key.
impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

impl MasterKey {
    pub fn new(secret: [u8; 32]) -> Result<Self> {
        let secret = Zeroizing::new(secret);
        let fingerprint = derive(&secret, "innkeep key id")?;
        let id = fingerprint.iter().take(4).map(|b| format!("{b:02x}")).collect();
        Ok(Self { secret, id })
    }

    /// 32 bytes in base64 (either alphabet, padded or not) or in hexadecimal; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => hex(text)?,
            _ => Zeroizing::new(
                STANDARD
                    .decode(text)
                    .or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')))
                    .ok()?,
            ),
        };
        Self::new(bytes.as_slice().try_into().ok()?).ok()
    }

    /// One tenant's keys.
    pub fn vault(&self, tenant: TenantId) -> Result<Vault> {
        Ok(Vault {
            tenant,
            key_id: self.id.clone(),
            sealing: derive(&self.secret, &format!("innkeep seal {tenant}"))?,
            indexing: derive(&self.secret, &format!("innkeep index {tenant}"))?,
        })
    }
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    bytes.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

/// HKDF-SHA256 for one purpose.
fn derive(secret: &Secret, purpose: &str) -> Result<Secret> {
    let mut out = Secret::default();
    Hkdf::<Sha256>::new(None, secret.as_slice())
        .expand(purpose.as_bytes(), out.as_mut_slice())
        .map_err(|e| Error::internal(e.to_string()))?;
    Ok(out)
}

/// Where a sealed value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    column: &'static str,
    row: String,
}

impl Place {
    pub fn new(table: &'static str, column: &'static str, row: impl fmt::Display) -> Self {
        Self {
            table,
            column,
            row: row.to_string(),
        }
    }
}

/// Seals, opens and finds one tenant's personal data.
pub struct Vault {
    tenant: TenantId,
    key_id: String,
    sealing: Secret,
    indexing: Secret,
}

impl Vault {
    /// Different each time, for the same text too.
    pub fn seal(&self, place: &Place, plaintext: &[u8]) -> Result<String> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let aad = self.bound_to(place);
        let payload = Payload {
            msg: plaintext,
            aad: aad.as_bytes(),
        };
        let sealed = self.cipher()?.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("a value is too long to be sealed"))?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(format!(
            "{VERSION}.{}.{}",
            self.key_id,
            URL_SAFE_NO_PAD.encode(bytes)
        ))
    }

    /// # Errors
    /// Internal, for a value sealed under another key, in another place, or altered since: never an empty value.
    pub fn open(&self, place: &Place, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        let broken = |why: String| {
            let Place { table, column, row } = place;
            Error::internal(format!("{table}.{column} of {row} cannot be opened: {why}"))
        };
        let mut parts = sealed.splitn(3, '.');
        let (version, key_id, text) = (parts.next(), parts.next(), parts.next());
        let (Some(VERSION), Some(key_id), Some(text)) = (version, key_id, text) else {
            return Err(broken("it is not a sealed value".into()));
        };
        if key_id != self.key_id {
            let ours = &self.key_id;
            return Err(broken(format!(
                "sealed under master key {key_id}, but this is {ours}"
            )));
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| broken("it is not base64".into()))?;
        let (nonce, ciphertext) = bytes
            .split_first_chunk::<NONCE>()
            .ok_or_else(|| broken("it is too short".into()))?;
        let aad = self.bound_to(place);
        let payload = Payload {
            msg: ciphertext,
            aad: aad.as_bytes(),
        };
        let opened = self.cipher()?.decrypt(&Nonce::from(*nonce), payload);
        let opened = opened.map_err(|_| broken("it was altered, or sealed for another place".into()))?;
        Ok(Zeroizing::new(opened))
    }

    pub fn seal_json(&self, place: &Place, value: &impl Serialize) -> Result<String> {
        let plain = serde_json::to_vec(value).map_err(|e| Error::internal(e.to_string()))?;
        self.seal(place, &Zeroizing::new(plain))
    }

    pub fn open_json<T: DeserializeOwned>(&self, place: &Place, sealed: &str) -> Result<T> {
        let plain = self.open(place, sealed)?;
        // serde's message may quote the value.
        serde_json::from_slice(&plain).map_err(|_| {
            let Place { table, column, row } = place;
            Error::internal(format!("{table}.{column} of {row} holds something else"))
        })
    }

    /// Equal for equal values of one column of one tenant, and says nothing else about them. The value comes
    /// normalised: what should be found alike must be spelt alike.
    pub fn blind(&self, column: &'static str, value: &str) -> Result<String> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.indexing.as_slice());
        let mut mac = mac.map_err(|e| Error::internal(e.to_string()))?;
        mac.update(column.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn cipher(&self) -> Result<Aes256Gcm> {
        Aes256Gcm::new_from_slice(self.sealing.as_slice()).map_err(|e| Error::internal(e.to_string()))
    }

    /// No part but the last can hold the separator.
    fn bound_to(&self, place: &Place) -> String {
        let Place { table, column, row } = place;
        format!("{VERSION}|{}|{table}|{column}|{row}", self.tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::new_id;
    use proptest::prelude::*;

    fn vault(key: u8, tenant: TenantId) -> Vault {
        MasterKey::new([key; 32]).unwrap().vault(tenant).unwrap()
    }

    fn why(result: Result<Zeroizing<Vec<u8>>>) -> String {
        result.map(|_| ()).unwrap_err().to_string()
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(text in ".{0,200}", row in ".{0,40}") {
            let vault = vault(1, TenantId(new_id()));
            let place = Place::new("guest", "personal", row);
            let sealed = vault.seal(&place, text.as_bytes()).unwrap();
            let opened = vault.open(&place, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), text.as_bytes());
        }
    }

    #[test]
    fn it_opens_in_its_own_place_only() {
        let (tenant, row) = (TenantId(new_id()), new_id());
        let ours = vault(1, tenant);
        let place = Place::new("guest", "personal", row);
        let sealed = ours.seal(&place, b"Ada").unwrap();
        for elsewhere in [
            Place::new("company", "personal", row),
            Place::new("guest", "notes", row),
            Place::new("guest", "personal", new_id()),
        ] {
            assert!(why(ours.open(&elsewhere, &sealed)).contains("another place"));
        }
        let other_tenant = vault(1, TenantId(new_id()));
        assert!(why(other_tenant.open(&place, &sealed)).contains("another place"));
        let version = sealed.replacen("v1", "v2", 1);
        assert!(why(ours.open(&place, &version)).contains("not a sealed value"));
    }

    /// The tenant and the version are authenticated, not only part of the key's derivation or of the text's head.
    #[test]
    fn tenant_and_version_are_bound_too() {
        let tenant = TenantId(new_id());
        let text = vault(1, tenant).bound_to(&Place::new("guest", "personal", 7));
        assert_eq!(text, format!("v1|{tenant}|guest|personal|7"));
    }

    #[test]
    fn another_key_is_named_and_an_altered_value_refused() {
        let tenant = TenantId(new_id());
        let place = Place::new("guest", "personal", 1);
        let sealed = vault(1, tenant).seal(&place, b"Ada").unwrap();
        assert!(why(vault(2, tenant).open(&place, &sealed)).contains("sealed under master key"));
        let last = if sealed.ends_with('A') { "Q" } else { "A" };
        let altered = format!("{}{last}", &sealed[..sealed.len() - 1]);
        for broken in [altered.as_str(), "", "Ada", "v1", "v1..", &sealed[..20]] {
            assert!(vault(1, tenant).open(&place, broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn two_seals_of_one_text_differ() {
        let vault = vault(1, TenantId(new_id()));
        let place = Place::new("guest", "personal", 1);
        assert_ne!(
            vault.seal(&place, b"Ada").unwrap(),
            vault.seal(&place, b"Ada").unwrap()
        );
    }

    #[test]
    fn a_blind_index_is_equal_for_equal_values_of_one_column_and_tenant() {
        let tenant = TenantId(new_id());
        let index = |key, tenant, column, value| vault(key, tenant).blind(column, value).unwrap();
        let ada = index(1, tenant, "email", "ada@example.com");
        assert_eq!(ada, index(1, tenant, "email", "ada@example.com"));
        assert_ne!(ada, index(1, tenant, "email", "bob@example.com"));
        assert_ne!(ada, index(1, tenant, "phone", "ada@example.com"));
        assert_ne!(ada, index(1, TenantId(new_id()), "email", "ada@example.com"));
        assert_ne!(ada, index(2, tenant, "email", "ada@example.com"));
    }

    #[test]
    fn a_master_key_is_32_bytes_in_base64_or_hex() {
        let id = |text: &str| MasterKey::parse(text).map(|k| k.id);
        let hex = "ab".repeat(32);
        let base64 = STANDARD.encode([0xab; 32]);
        assert!(id(&hex).is_some());
        assert_eq!(id(&hex), id(&base64));
        assert_eq!(id(&hex), id(&format!(" {base64}\n")));
        assert_eq!(id(&hex), id(base64.trim_end_matches('=')));
        for bad in [
            "",
            "ab",
            &"g".repeat(64),
            &STANDARD.encode([1; 31]),
            &STANDARD.encode([1; 33]),
        ] {
            assert_eq!(id(bad), None, "{bad}");
        }
        assert_eq!(
            format!("{:?}", MasterKey::new([0xab; 32]).unwrap()),
            format!("MasterKey({})", id(&hex).unwrap())
        );
    }
}
