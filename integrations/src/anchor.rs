//! The ends of audit trails as files in a folder, one a tenant: keep it apart from the database and its backups.

use async_trait::async_trait;
use innkeep_domain::TenantId;
use innkeep_domain::audit::chain::Head;
use innkeep_domain::ports::anchor::Anchor;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use tokio::fs;

pub struct Folder(PathBuf);

impl Folder {
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn file(&self, tenant: TenantId) -> PathBuf {
        self.0.join(format!("{tenant}.head"))
    }
}

#[async_trait]
impl Anchor for Folder {
    async fn put(&self, tenant: TenantId, head: &Head) -> Result<()> {
        fs::create_dir_all(&self.0).await?;
        let (file, new) = (self.file(tenant), self.0.join(format!("{tenant}.new")));
        fs::write(&new, format!("{} {}\n", head.n, head.mac)).await?;
        fs::rename(new, file).await
    }

    async fn get(&self, tenant: TenantId) -> Result<Option<Head>> {
        let text = match fs::read_to_string(self.file(tenant)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let parts = text.trim_end().split_once(' ');
        let head = parts.and_then(|(n, mac)| {
            Some(Head {
                n: n.parse().ok()?,
                mac: mac.to_owned(),
            })
        });
        let unreadable = || Error::new(ErrorKind::InvalidData, format!("{}.head is not a record", tenant));
        head.map(Some).ok_or_else(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeep_domain::ids::new_id;

    #[tokio::test]
    async fn the_latest_head_is_kept_and_a_broken_record_is_an_error() {
        let folder = std::env::temp_dir().join(format!("innkeep-anchor-{}", new_id()));
        let (anchor, tenant) = (Folder::new(folder.clone()), TenantId(new_id()));
        assert_eq!(anchor.get(tenant).await.unwrap(), None);
        for n in [1, 2] {
            let head = Head {
                n,
                mac: format!("mac-{n}"),
            };
            anchor.put(tenant, &head).await.unwrap();
            assert_eq!(anchor.get(tenant).await.unwrap(), Some(head));
        }
        std::fs::write(anchor.file(tenant), "nonsense").unwrap();
        assert!(anchor.get(tenant).await.is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
