//! Ends holds whose time has passed, so that their units are free again.

use crate::Workers;
use innkeep_domain::TenantId;
use innkeep_domain::booking::hold;

pub(crate) async fn run(workers: &Workers, tenant: TenantId) -> anyhow::Result<()> {
    loop {
        let mut tx = workers.begin(tenant).await?;
        let ended = hold::end_expired(&mut tx, workers.ctx.clock.now()).await?;
        tx.commit().await?;
        if !ended {
            return Ok(());
        }
        metrics::counter!("innkeep_holds_expired_total").increment(1);
    }
}
