//! Master keys: what tenants' data keys are wrapped with (key-encryption keys). They come from files, never from the
//! database.

use super::{DataKey, Place, Secret, open_with, seal_with};
use crate::error::{Error, Result};
use crate::ids::TenantId;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// One key-encryption key.
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

    /// Eight hexadecimal digits that tell keys apart and say nothing else of them.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key that versions before data keys sealed this tenant's values with: still opens them, seals nothing.
    pub(super) fn derived(&self, tenant: TenantId) -> Result<DataKey> {
        Ok(DataKey {
            id: self.id.clone(),
            secret: derive(&self.secret, &format!("innkeep seal {tenant}"))?,
        })
    }

    /// What a tenant's index key begins as: the key of those versions, so that what they indexed is still found.
    pub(super) fn first_index(&self, tenant: TenantId) -> Result<Secret> {
        derive(&self.secret, &format!("innkeep index {tenant}"))
    }

    fn wrapping(&self) -> Result<DataKey> {
        Ok(DataKey {
            id: self.id.clone(),
            secret: derive(&self.secret, "innkeep wrap")?,
        })
    }
}

/// The master key, and the one before it while keys are rotated.
#[derive(Debug)]
pub struct MasterKeys {
    pub current: MasterKey,
    pub old: Option<MasterKey>,
}

impl MasterKeys {
    pub fn all(&self) -> impl Iterator<Item = &MasterKey> {
        [Some(&self.current), self.old.as_ref()].into_iter().flatten()
    }

    /// The one that served longest.
    pub(super) fn oldest(&self) -> &MasterKey {
        self.old.as_ref().unwrap_or(&self.current)
    }

    /// A data key as it is stored: sealed under the current master key, to its tenant and its row.
    pub(super) fn wrap(&self, tenant: TenantId, key: &DataKey) -> Result<String> {
        seal_with(
            &self.current.wrapping()?,
            tenant,
            &place(&key.id),
            key.secret.as_slice(),
        )
    }

    pub(super) fn unwrap(&self, tenant: TenantId, id: &str, wrapped: &str) -> Result<DataKey> {
        let keys = self.all().map(MasterKey::wrapping);
        let keys: Vec<DataKey> = keys.collect::<Result<_>>()?;
        let secret = open_with(&keys, tenant, &place(id), wrapped)?;
        let secret = <[u8; 32]>::try_from(secret.as_slice());
        let secret = secret.map_err(|_| Error::internal(format!("data key {id} is not 32 bytes")))?;
        Ok(DataKey {
            id: id.to_owned(),
            secret: Zeroizing::new(secret),
        })
    }
}

fn place(id: &str) -> Place {
    Place::new("tenant_key", "wrapped", id)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::new_id;

    fn keys(current: u8, old: Option<u8>) -> MasterKeys {
        let key = |byte| MasterKey::new([byte; 32]).unwrap();
        MasterKeys {
            current: key(current),
            old: old.map(key),
        }
    }

    #[test]
    fn a_data_key_is_unwrapped_by_the_current_and_the_old_master_key_only() {
        let (tenant, key) = (TenantId(new_id()), DataKey::random());
        let wrapped = keys(1, None).wrap(tenant, &key).unwrap();
        for good in [keys(1, None), keys(2, Some(1)), keys(1, Some(2))] {
            let found = good.unwrap(tenant, &key.id, &wrapped).unwrap();
            assert_eq!(found.secret, key.secret);
        }
        let why = |keys: MasterKeys, tenant, id: &str| {
            let found = keys.unwrap(tenant, id, &wrapped);
            found.map(|_| ()).unwrap_err().to_string()
        };
        assert!(why(keys(2, None), tenant, &key.id).contains("no such key"));
        let stolen = why(keys(1, None), TenantId(new_id()), &key.id);
        assert!(stolen.contains("another place"), "{stolen}");
        let renamed = why(keys(1, None), tenant, &DataKey::random().id);
        assert!(renamed.contains("another place"), "{renamed}");
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
