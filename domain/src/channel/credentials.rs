//! How a channel is called and what it signs with: secrets of others, sealed like personal data.

use crate::db::TenantTx;
use crate::error::Result;
use crate::vault::{Place, Vault};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Credentials {
    pub api_key: Option<String>,
    pub webhook_secrets: Vec<String>,
}

impl Credentials {
    pub fn seal(&self, vault: &Vault, connection: Uuid) -> Result<String> {
        vault.seal_json(&place(connection), self)
    }

    pub fn open(vault: &Vault, connection: Uuid, sealed: &str) -> Result<Self> {
        vault.open_json(&place(connection), sealed)
    }
}

/// For a channel that signs its calls.
pub(super) fn new_signing_secret() -> String {
    use base64::Engine;
    use rand::RngCore;
    let mut key = [0u8; 32];
    rand::rng().fill_bytes(&mut key);
    format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(key))
}

fn place(connection: Uuid) -> Place {
    Place::new("channel_connection", "credentials", connection)
}

/// Seals what versions before sealing kept in clear.
pub async fn seal_old(tx: &mut TenantTx) -> Result<()> {
    let rows = sqlx::query!(
        "select id, api_key, webhook_secrets from channel_connection
         where tenant_id = $1 and credentials is null for update",
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let credentials = Credentials {
            api_key: row.api_key,
            webhook_secrets: row.webhook_secrets,
        };
        sqlx::query!(
            "update channel_connection set credentials = $3, api_key = null, webhook_secrets = '{}'
             where tenant_id = $1 and id = $2",
            tx.t(),
            row.id,
            credentials.seal(&tx.vault().await?, row.id)?
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
