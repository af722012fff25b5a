//! Where the ends of audit trails are put on record, outside the database.

use crate::audit::chain::Head;
use crate::ids::TenantId;
use async_trait::async_trait;

#[async_trait]
pub trait Anchor: Send + Sync {
    /// Replaces the tenant's earlier record.
    async fn put(&self, tenant: TenantId, head: &Head) -> std::io::Result<()>;
    /// `None`: nothing is on record yet.
    async fn get(&self, tenant: TenantId) -> std::io::Result<Option<Head>>;
}
