//! Dashboard numbers follow the event log; then the tenant's cache is told to forget.

use crate::Workers;
use innkeep_domain::{TenantId, metrics};

pub(crate) async fn follow(workers: &Workers, tenant: TenantId) -> anyhow::Result<()> {
    let mut changed = false;
    loop {
        let mut tx = workers.ctx.db.begin(tenant).await?;
        let read = metrics::follow(&mut tx, workers.ctx.clock.now()).await?;
        tx.commit().await?;
        if read == 0 {
            break;
        }
        changed = true;
    }
    if changed {
        workers.ctx.cache.tenant_changed(tenant).await;
    }
    Ok(())
}
