//! Once an hour: numbers recomputed from scratch, nights opened up to the horizon, groups released at their cutoff,
//! what has aged thrown away. Every part may run twice or on two nodes at once: it changes nothing the second time.

use crate::Workers;
use innkeep_domain::booking::personal;
use innkeep_domain::channel::{anew, credentials, messages, retention};
use innkeep_domain::db::Db;
use innkeep_domain::group::release;
use innkeep_domain::vault::rotate;
use innkeep_domain::{TenantId, idempotency, inventory, metrics, tenancy};

pub(crate) async fn run(workers: &Workers) -> anyhow::Result<()> {
    let mut tx = workers.ctx.db.begin_platform().await?;
    let tenants = tenancy::all(&mut tx).await?;
    tenancy::forget_old(&mut tx, workers.ctx.clock.now()).await?;
    tx.commit().await?;
    rotate::finish(&workers.ctx.db, TenantId::PLATFORM, workers.ctx.clock.now()).await?;
    for tenant in tenants {
        // What ails one tenant keeps nobody from looking after the others.
        if let Err(error) = look_after(workers, tenant.id).await {
            tracing::error!(tenant = %tenant.id, %error, "the hourly work of a tenant failed");
        }
    }
    Ok(())
}

/// What is to be sold and told comes first, and does not depend on the rest.
async fn look_after(workers: &Workers, tenant: TenantId) -> anyhow::Result<()> {
    let (db, now) = (&workers.ctx.db, workers.ctx.clock.now());
    let mut tx = db.begin(tenant).await?;
    inventory::extend_horizon(&mut tx).await?;
    anew::overdue(&mut tx, now).await?;
    retention::compare(&mut tx, now).await?;
    tx.commit().await?;
    // A cutoff is a business date, which only the night audit moves: within the hour is soon enough.
    while release_group(workers, tenant).await? {}
    let mut tx = db.begin(tenant).await?;
    retention::forget_old(&mut tx, now).await?;
    idempotency::forget_old(&mut tx, now).await?;
    metrics::sweep(&mut tx, now).await?;
    credentials::seal_old(&mut tx).await?;
    tx.commit().await?;
    rotate::finish(db, tenant, now).await?;
    while seal_old(db, tenant).await? {}
    workers.ctx.cache.tenant_changed(tenant).await;
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
