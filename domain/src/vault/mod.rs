//! Personal data at rest: sealed with AES-256-GCM to the one place it belongs to, and found again by blind indexes.
//!
//! A sealed value is `v1.<key id>.<base64url(nonce | ciphertext)>`. Version, tenant, table, column and row are
//! authenticated with it: copied anywhere else it does not open. Each tenant has data keys of its own, wrapped by a
//! [`MasterKey`]: a current one that seals, older ones that still open until [`rotate`] has sealed everything anew, and
//! an index key that stays, so that what is looked up stays found.

mod columns;
mod keyring;
mod master;
pub mod rotate;
pub mod verify;

use crate::error::{Error, Result};
use crate::ids::TenantId;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use columns::{SEALED, Sealed};
use hmac::{Hmac, Mac};
pub(crate) use keyring::Keyring;
pub use master::{MasterKey, MasterKeys};
use rand::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

const VERSION: &str = "v1";
const NONCE: usize = 12;

type Secret = Zeroizing<[u8; 32]>;

/// Seals values; its id stands in each of them.
struct DataKey {
    id: String,
    secret: Secret,
}

impl DataKey {
    fn random() -> Self {
        let mut id = [0; 8];
        let mut secret = Secret::default();
        rand::rng().fill_bytes(&mut id);
        rand::rng().fill_bytes(secret.as_mut_slice());
        Self {
            id: id.iter().map(|b| format!("{b:02x}")).collect(),
            secret,
        }
    }
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

/// Seals, opens and finds one tenant's personal data. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Keys>);

struct Keys {
    tenant: TenantId,
    /// The first one seals, all of them open.
    sealing: Vec<DataKey>,
    indexing: Secret,
}

impl Vault {
    /// Different each time, for the same text too.
    pub fn seal(&self, place: &Place, plaintext: &[u8]) -> Result<String> {
        let current = self.0.sealing.first();
        let current = current.ok_or_else(|| Error::internal("a tenant without a data key"))?;
        seal_with(current, self.0.tenant, place, plaintext)
    }

    /// # Errors
    /// Internal, for a value sealed under an unknown key, in another place, or altered since: never an empty value.
    pub fn open(&self, place: &Place, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        open_with(&self.0.sealing, self.0.tenant, place, sealed)
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
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.indexing.as_slice());
        let mut mac = mac.map_err(|e| Error::internal(e.to_string()))?;
        mac.update(column.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// The id of the key that seals.
    fn current_id(&self) -> Result<&str> {
        let current = self.0.sealing.first();
        Ok(&current
            .ok_or_else(|| Error::internal("a tenant without a data key"))?
            .id)
    }

    /// Does it have the key that the value names?
    fn knows(&self, sealed: &str) -> bool {
        let key_id = sealed.split('.').nth(1);
        self.0.sealing.iter().any(|key| Some(key.id.as_str()) == key_id)
    }
}

fn cipher(key: &DataKey) -> Result<Aes256Gcm> {
    Aes256Gcm::new_from_slice(key.secret.as_slice()).map_err(|e| Error::internal(e.to_string()))
}

/// What is authenticated with a value. No part but the last can hold the separator.
fn bound_to(tenant: TenantId, place: &Place) -> String {
    let Place { table, column, row } = place;
    format!("{VERSION}|{tenant}|{table}|{column}|{row}")
}

fn seal_with(key: &DataKey, tenant: TenantId, place: &Place, plaintext: &[u8]) -> Result<String> {
    let mut nonce = [0; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    let aad = bound_to(tenant, place);
    let payload = Payload {
        msg: plaintext,
        aad: aad.as_bytes(),
    };
    let sealed = cipher(key)?.encrypt(&Nonce::from(nonce), payload);
    let sealed = sealed.map_err(|_| Error::internal("a value is too long to be sealed"))?;
    let text = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
    Ok(format!("{VERSION}.{}.{text}", key.id))
}

fn open_with(keys: &[DataKey], tenant: TenantId, place: &Place, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
    let broken = |why: &str| {
        let Place { table, column, row } = place;
        Error::internal(format!("{table}.{column} of {row} cannot be opened: {why}"))
    };
    let mut parts = sealed.splitn(3, '.');
    let (version, key_id, text) = (parts.next(), parts.next(), parts.next());
    let (Some(VERSION), Some(key_id), Some(text)) = (version, key_id, text) else {
        return Err(broken("it is not a sealed value"));
    };
    let key = keys.iter().find(|key| key.id == key_id);
    let key = key.ok_or_else(|| broken(&format!("sealed under {key_id}, and there is no such key")))?;
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| broken("it is not base64"))?;
    let (nonce, ciphertext) = bytes
        .split_first_chunk::<NONCE>()
        .ok_or_else(|| broken("it is too short"))?;
    let aad = bound_to(tenant, place);
    let payload = Payload {
        msg: ciphertext,
        aad: aad.as_bytes(),
    };
    let opened = cipher(key)?.decrypt(&Nonce::from(*nonce), payload);
    let opened = opened.map_err(|_| broken("it was altered, or sealed for another place"))?;
    Ok(Zeroizing::new(opened))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::new_id;
    use proptest::prelude::*;

    /// Tenants' keys that depend on `key` alone.
    fn vault(key: u8, tenant: TenantId) -> Vault {
        let master = MasterKey::new([key; 32]).unwrap();
        Vault(Arc::new(Keys {
            tenant,
            sealing: vec![master.derived(tenant).unwrap()],
            indexing: master.first_index(tenant).unwrap(),
        }))
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
        let text = bound_to(tenant, &Place::new("guest", "personal", 7));
        assert_eq!(text, format!("v1|{tenant}|guest|personal|7"));
    }

    #[test]
    fn another_key_is_named_and_an_altered_value_refused() {
        let tenant = TenantId(new_id());
        let place = Place::new("guest", "personal", 1);
        let sealed = vault(1, tenant).seal(&place, b"Ada").unwrap();
        assert!(why(vault(2, tenant).open(&place, &sealed)).contains("no such key"));
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
}
