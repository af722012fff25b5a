//! Dashboard numbers follow the event log; then the tenant's cache is told to forget.

use crate::Workers;
use innkeep_domain::{TenantId, metrics};
use std::time::{Duration, Instant};

/// The first change is followed at once, and then what came meanwhile: a busy house's nights are not counted anew for each
/// of its bookings.
const APART: Duration = Duration::from_secs(1);
/// What took long is followed by a pause so many times as long: counting is a fifth of what a house may cost.
const REST: u32 = 4;

pub(crate) async fn follow(workers: &Workers, tenant: TenantId) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut read = metrics::BATCH;
    while read == metrics::BATCH {
        let mut tx = workers.begin(tenant).await?;
        read = metrics::follow(&mut tx, workers.ctx.clock.now()).await?;
        tx.commit().await?;
    }
    workers.ctx.cache.tenant_changed(tenant).await;
    workers.pause(APART.max(begun.elapsed() * REST)).await;
    Ok(())
}
