//! Once an hour: numbers recomputed from scratch, nights opened up to the horizon, groups released at their cutoff,
//! what has aged thrown away. Every part may run twice or on two nodes at once: it changes nothing the second time.

use crate::Workers;
use innkeep_domain::booking::personal;
use innkeep_domain::channel::{credentials, messages, retention};
use innkeep_domain::db::Db;
use innkeep_domain::group::release;
use innkeep_domain::vault::rotate;
use innkeep_domain::{TenantId, idempotency, inventory, metrics, tenancy};

pub(crate) async fn run(workers: &Workers) -> anyhow::Result<()> {
    let mut tx = workers.ctx.db.begin_platform().await?;
    let tenants = tenancy::all(&mut tx).await?;
    tenancy::forget_old(&mut tx, workers.ctx.clock.now()).await?;
    tx.commit().await?;
    let db = &workers.ctx.db;
    rotate::finish(db, TenantId::PLATFORM, workers.ctx.clock.now()).await?;
    for tenant in tenants {
        let now = workers.ctx.clock.now();
        let mut tx = db.begin(tenant.id).await?;
        inventory::extend_horizon(&mut tx).await?;
        retention::extend_sync_horizon(&mut tx).await?;
        retention::forget_old(&mut tx, now).await?;
        idempotency::forget_old(&mut tx, now).await?;
        metrics::sweep(&mut tx, now).await?;
        credentials::seal_old(&mut tx).await?;
        tx.commit().await?;
        rotate::finish(db, tenant.id, now).await?;
        while seal_old(db, tenant.id).await? {}
        // A cutoff is a business date, which only the night audit moves: within the hour is soon enough.
        while release_group(workers, tenant.id).await? {}
        workers.ctx.cache.tenant_changed(tenant.id).await;
    }
    Ok(())
}

/// What versions before sealing kept in clear, by batches. Is there more?
async fn seal_old(db: &Db, tenant: TenantId) -> anyhow::Result<bool> {
    let mut tx = db.begin(tenant).await?;
    let sealed = personal::seal_old(&mut tx).await? + messages::seal_old(&mut tx).await?;
    tx.commit().await?;
    Ok(sealed > 0)
}

async fn release_group(workers: &Workers, tenant: TenantId) -> anyhow::Result<bool> {
    let mut tx = workers.begin(tenant).await?;
    let released = release::release_due(&mut tx, workers.ctx.clock.now()).await?;
    tx.commit().await?;
    Ok(released)
}
