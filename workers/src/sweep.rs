//! The sweep: walks over tenants and pokes the lane of everything that is due, so that a lost kick, a passed back-off
//! or a worker that died costs at most one round.

use crate::Workers;
use crate::lanes::{Lane, Lanes};
use innkeep_domain::audit::chain;
use innkeep_domain::booking::hold;
use innkeep_domain::channel::calendar::reading;
use innkeep_domain::channel::{inbox, push};
use innkeep_domain::{TenantId, mail, metrics, tenancy};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_millis(500);

pub(crate) async fn run(workers: Arc<Workers>, lanes: Lanes, stop: CancellationToken) {
    loop {
        if let Err(error) = once(&workers, &lanes).await {
            tracing::warn!(%error, "sweep failed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn once(workers: &Workers, lanes: &Lanes) -> anyhow::Result<()> {
    let mut tx = workers.ctx.db.begin_platform().await?;
    let tenants = tenancy::all(&mut tx).await?;
    let mail = mail::any_due(&mut tx, workers.ctx.clock.now()).await?;
    tx.commit().await?;
    let mut tx = workers.ctx.db.begin(TenantId::PLATFORM).await?;
    if chain::due(&mut tx).await? {
        lanes.poke(Lane::Audit(TenantId::PLATFORM));
    }
    tx.commit().await?;
    if mail {
        lanes.poke(Lane::Mail);
    }
    for found in tenants {
        tenant(workers, lanes, found.id).await?;
    }
    Ok(())
}

/// What is due in one tenant now.
pub(crate) async fn tenant(workers: &Workers, lanes: &Lanes, tenant: TenantId) -> anyhow::Result<()> {
    let now = workers.ctx.clock.now();
    let mut tx = workers.ctx.db.begin(tenant).await?;
    let holds = hold::any_expired(&mut tx, now).await?;
    let pushes = push::due(&mut tx, now).await?;
    let inboxes = inbox::due(&mut tx, now).await?;
    let calendars = reading::due(&mut tx, now).await?;
    let behind = metrics::behind(&mut tx).await?;
    let audited = chain::due(&mut tx).await?;
    tx.commit().await?;
    pushes
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Push(tenant, id)));
    inboxes
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Inbox(tenant, id)));
    calendars
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Calendar(tenant, id)));
    if holds {
        lanes.poke(Lane::Holds(tenant));
    }
    if audited {
        lanes.poke(Lane::Audit(tenant));
    }
    if behind {
        lanes.poke(Lane::Metrics(tenant));
    }
    Ok(())
}
