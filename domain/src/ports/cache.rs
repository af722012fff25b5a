//! What a projection tells a cache: this tenant's numbers are others now.

use crate::ids::TenantId;
use async_trait::async_trait;

#[async_trait]
pub trait Invalidate: Send + Sync {
    /// Forgets everything cached for the tenant. A cache that is away has nothing to forget: no error.
    async fn tenant_changed(&self, tenant: TenantId);
}
