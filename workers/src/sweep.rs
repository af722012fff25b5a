//! The sweep: walks over tenants and pokes the lane of everything that is due, so that a lost kick, a passed back-off
//! or a worker that died costs at most one round.

use crate::Workers;
use crate::lanes::{Lane, Lanes};
use innkeep_domain::due::due;
use innkeep_domain::{TenantId, mail, tenancy};
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(500);
/// Between two tenants: a thousand of them cost a tenth of a core, and are seen every ten seconds.
const APART: Duration = Duration::from_millis(10);

pub(crate) async fn run(workers: Arc<Workers>, lanes: Lanes) {
    while !workers.stop.is_cancelled() {
        if let Err(error) = once(&workers, &lanes).await {
            tracing::warn!(%error, "sweep failed");
        }
        workers.pause(EVERY).await;
    }
}

async fn once(workers: &Workers, lanes: &Lanes) -> anyhow::Result<()> {
    let mut tx = workers.ctx.db.begin_platform().await?;
    let tenants = tenancy::all(&mut tx).await?;
    let mail = mail::any_due(&mut tx, workers.ctx.clock.now()).await?;
    tx.commit().await?;
    if mail {
        lanes.poke(Lane::Mail);
    }
    let ids = tenants.into_iter().map(|t| t.id);
    for id in ids.chain([TenantId::PLATFORM]) {
        if workers.stop.is_cancelled() {
            break;
        }
        // What ails one tenant keeps nobody from looking after the others.
        if let Err(error) = tenant(workers, lanes, id).await {
            tracing::warn!(tenant = %id, %error, "sweep of a tenant failed");
        }
        workers.pause(APART).await;
    }
    Ok(())
}

/// What is due in one tenant now. Asked without waiting for the tenant's turn, which could hold up those behind.
pub(crate) async fn tenant(workers: &Workers, lanes: &Lanes, tenant: TenantId) -> anyhow::Result<()> {
    let now = workers.ctx.clock.now();
    let mut tx = workers.ctx.db.begin(tenant).await?;
    let due = due(&mut tx, now).await?;
    tx.commit().await?;
    due.pushes
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Push(tenant, id)));
    due.inboxes
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Inbox(tenant, id)));
    due.read_backs
        .into_iter()
        .for_each(|id| lanes.poke(Lane::ReadBack(tenant, id)));
    due.calendars
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Calendar(tenant, id)));
    due.talks
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Talk(tenant, id)));
    due.standings
        .into_iter()
        .for_each(|id| lanes.poke(Lane::Standing(tenant, id)));
    if due.holds {
        lanes.poke(Lane::Holds(tenant));
    }
    if due.late {
        lanes.poke(Lane::Deadlines(tenant));
    }
    if due.audit {
        lanes.poke(Lane::Audit(tenant));
    }
    if due.metrics {
        lanes.poke(Lane::Metrics(tenant));
    }
    Ok(())
}
