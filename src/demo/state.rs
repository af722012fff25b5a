//! What the demo must remember from one start to the next, and the database does not tell: passwords and the tokens
//! that are shown once. Files of the secrets folder, for their owner's eyes only.

use anyhow::Context;
use innkeep_domain::ids::{TenantId, new_id};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// Where the connections call the sandbox: it is stored with them.
    pub sandbox: String,
    pub houses: Vec<House>,
}

/// One tenant with its one property.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct House {
    pub tenant: TenantId,
    pub property: Uuid,
    pub owner: Login,
    /// The owner's login alone lies in this file, as the body of a request to log in.
    pub login_file: String,
    pub channels: Vec<Endpoint>,
    /// By which the sandbox's page reads channels; a state saved by an earlier version has none.
    #[serde(default)]
    pub page_key: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    pub email: String,
    pub password: String,
}

/// What a new connection showed once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    pub connection: Uuid,
    pub token: String,
    pub signing_secret: Option<String>,
}

fn path(folder: &Path) -> PathBuf {
    folder.join("demo.json")
}

impl State {
    pub fn load(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(folder);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| path.display().to_string())?,
        };
        let state = serde_json::from_slice(&text);
        state
            .map(Some)
            .with_context(|| format!("{} is no state of the demo", path.display()))
    }

    /// The logins first, so that a state that can be loaded has them.
    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        for house in &self.houses {
            write(
                &folder.join(&house.login_file),
                &serde_json::to_vec(&house.owner)?,
            )?;
        }
        write(&path(folder), &serde_json::to_vec_pretty(self)?)
    }
}

/// The file appears whole or not at all.
fn write(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let draft = path.with_extension(format!("{}.tmp", new_id()));
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_saved_is_loaded_and_private() {
        let folder = std::env::temp_dir().join(format!("innkeep-demo-{}", new_id()));
        fs::create_dir(&folder).unwrap();
        assert!(State::load(&folder).unwrap().is_none());
        let house = House {
            tenant: TenantId(new_id()),
            property: new_id(),
            owner: Login {
                email: "a@b.example".into(),
                password: "secret".into(),
            },
            login_file: "demo-login.json".into(),
            channels: vec![Endpoint {
                connection: new_id(),
                token: "t".into(),
                signing_secret: None,
            }],
            page_key: None,
        };
        let state = State {
            sandbox: "http://127.0.0.1:1".into(),
            houses: vec![house],
        };
        state.save(&folder).unwrap();
        state.save(&folder).unwrap();
        let loaded = State::load(&folder).unwrap().unwrap();
        assert_eq!(loaded.houses[0].tenant, state.houses[0].tenant);
        let files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert_eq!(files.len(), 2, "{files:?}");
        for file in files {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
