//! Links what is new in a tenant's audit trail, and puts the new end of the chain on record.

use crate::Workers;
use innkeep_domain::TenantId;
use innkeep_domain::audit::chain;

pub(crate) async fn run(workers: &Workers, tenant: TenantId) -> anyhow::Result<()> {
    loop {
        let mut tx = workers.begin(tenant).await?;
        let head = chain::extend(&mut tx).await?;
        tx.commit().await?;
        let Some(head) = head else { return Ok(()) };
        workers.ctx.anchor.put(tenant, &head).await?;
    }
}
