//! The signing keys: Ed25519, PKCS#8 PEM, one per file. Files sort by name and generated names start with the date,
//! so the last one is the newest. To rotate, add a file: every process picks it up when it first meets a token signed
//! with it, and signs with it from its next start. Delete a file once its tokens have expired.

use crate::secrets::{make_folder, write_once};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use rand::RngCore;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// An unknown key id makes us look for new files, but a flood of forged ids must not make us read the disk each time.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// PKCS#8 version 1 of an Ed25519 private key (RFC 8410) is this, then the 32 secret bytes.
const PKCS8_ED25519: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("secrets folder {0}: {1}")]
    Folder(PathBuf, #[source] io::Error),
    #[error("signing key {0}: {1}")]
    Key(PathBuf, #[source] jsonwebtoken::errors::Error),
    #[error("signing: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

#[derive(Clone)]
pub struct Key {
    /// RFC 7638 thumbprint of the public key: the header's `kid`.
    pub id: String,
    pub private: EncodingKey,
    public: DecodingKey,
}

pub struct Keys {
    folder: PathBuf,
    newest: Key,
    all: RwLock<(Vec<Key>, Instant)>,
}

impl Keys {
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Result<Self, KeyError> {
        let failed = |e| KeyError::Folder(folder.to_owned(), e);
        make_folder(folder).map_err(failed)?;
        if pem_files(folder).map_err(failed)?.is_empty() {
            create(folder, now).map_err(failed)?;
        }
        let all = read(folder)?;
        let newest = all
            .last()
            .cloned()
            .ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        Ok(Self {
            folder: folder.to_owned(),
            newest,
            all: RwLock::new((all, Instant::now())),
        })
    }

    pub fn newest(&self) -> Key {
        self.newest.clone()
    }

    pub fn public(&self, id: &str) -> Option<DecodingKey> {
        let known = |all: &[Key]| all.iter().find(|k| k.id == id).map(|k| k.public.clone());
        {
            let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(key) = known(&all.0) {
                return Some(key);
            }
            if all.1.elapsed() < LOOK_AGAIN {
                return None;
            }
        }
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.1 = Instant::now();
        match read(&self.folder) {
            Ok(found) => all.0 = found,
            Err(error) => tracing::error!(%error, "the signing keys cannot be read again"),
        }
        known(&all.0)
    }
}

fn pem_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "pem") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(folder: &Path) -> Result<Vec<Key>, KeyError> {
    let files = pem_files(folder).map_err(|e| KeyError::Folder(folder.to_owned(), e))?;
    let parse = |path: PathBuf| {
        let pem = fs::read(&path).map_err(|e| KeyError::Folder(path.clone(), e))?;
        key(&pem).map_err(|e| KeyError::Key(path, e))
    };
    files.into_iter().map(parse).collect()
}

fn key(pem: &[u8]) -> Result<Key, jsonwebtoken::errors::Error> {
    let private = EncodingKey::from_ed_pem(pem)?;
    let jwk = Jwk::from_encoding_key(&private, Algorithm::EdDSA)?;
    let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
    Ok(Key {
        id,
        public: DecodingKey::from_jwk(&jwk)?,
        private,
    })
}

fn create(folder: &Path, now: DateTime<Utc>) -> io::Result<()> {
    let mut der = PKCS8_ED25519.to_vec();
    der.resize(der.len() + 32, 0);
    rand::rng().fill_bytes(&mut der[PKCS8_ED25519.len()..]);
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(&der)
    );
    write_once(
        &folder.join(format!("{}.pem", now.format("%Y-%m-%d"))),
        pem.as_bytes(),
    )
}
