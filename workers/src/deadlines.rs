//! Looks after booking messages that wait: a channel that hears nothing of one gives up on it.

use crate::Workers;
use innkeep_domain::TenantId;
use innkeep_domain::channel::deadline;

pub(crate) async fn run(workers: &Workers, tenant: TenantId) -> anyhow::Result<()> {
    let mut tx = workers.begin(tenant).await?;
    deadline::watch(&mut tx, &workers.ctx.protocols, workers.ctx.clock.now()).await?;
    Ok(tx.commit().await?)
}
