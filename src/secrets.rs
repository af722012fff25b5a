//! Files of the secrets folder: the master key, and how a secret is first written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use innkeep_domain::ids::new_id;
use innkeep_domain::vault::{MasterKey, MasterKeys};
use rand::RngCore;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MASTER_KEY: &str = "master.key";

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("master key {0}: {1}")]
    File(PathBuf, #[source] io::Error),
    #[error("master key {0}: not 32 bytes in base64 or hexadecimal")]
    Unreadable(PathBuf),
}

/// The key that tenants' data keys are wrapped with. A file that was named must be there: a wrong path must not become a new
/// key. Without a name it is `master.key` in the secrets folder, made at the first start.
pub fn master_key(named: Option<&Path>, folder: &Path) -> Result<MasterKey, SecretError> {
    let path = named.map_or_else(|| folder.join(MASTER_KEY), Path::to_owned);
    let failed = |e| SecretError::File(path.clone(), e);
    if named.is_none() && !path.try_exists().map_err(failed)? {
        make_folder(folder).map_err(failed)?;
        let mut secret = Zeroizing::new([0; 32]);
        rand::rng().fill_bytes(secret.as_mut_slice());
        let text = Zeroizing::new(STANDARD.encode(secret.as_slice()) + "\n");
        write_once(&path, text.as_bytes()).map_err(failed)?;
    }
    read(path)
}

/// Does the secrets folder hold a master key?
pub fn is_there(folder: &Path) -> bool {
    folder.join(MASTER_KEY).exists()
}

fn read(path: PathBuf) -> Result<MasterKey, SecretError> {
    let text = fs::read_to_string(&path).map_err(|e| SecretError::File(path.clone(), e))?;
    MasterKey::parse(&Zeroizing::new(text)).ok_or(SecretError::Unreadable(path))
}

/// The master key, and while it is being replaced the one before it.
pub fn master_keys(
    named: Option<&Path>,
    old: Option<&Path>,
    folder: &Path,
) -> Result<MasterKeys, SecretError> {
    Ok(MasterKeys {
        current: master_key(named, folder)?,
        old: old.map(|path| read(path.to_owned())).transpose()?,
    })
}

/// Its owner's alone.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Two processes may start at once: the file appears whole and under its name only for the first of them.
pub fn write_once(path: &Path, contents: &[u8]) -> io::Result<()> {
    let draft = path.with_file_name(format!(".{}.tmp", new_id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(contents)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_first_key_is_made_for_its_owners_eyes_and_kept() {
        let folder = std::env::temp_dir().join(format!("innkeep-{}", new_id()));
        let first = format!("{:?}", master_key(None, &folder).unwrap());
        let mode = fs::metadata(folder.join(MASTER_KEY))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{:?}", master_key(None, &folder).unwrap()), first);
        let named = folder.join(MASTER_KEY);
        assert_eq!(format!("{:?}", master_key(Some(&named), &folder).unwrap()), first);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_that_was_named_is_not_made_and_garbage_is_refused() {
        let folder = std::env::temp_dir().join(format!("innkeep-{}", new_id()));
        make_folder(&folder).unwrap();
        let named = folder.join("mine.key");
        assert!(matches!(
            master_key(Some(&named), &folder),
            Err(SecretError::File(..))
        ));
        fs::write(&named, "short").unwrap();
        assert!(matches!(
            master_key(Some(&named), &folder),
            Err(SecretError::Unreadable(_))
        ));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
