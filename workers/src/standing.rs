//! Tells one connection's portal what became of the bookings it sold. No transaction is open while it is called; the
//! session lock makes it the only one at it anywhere.

use crate::Workers;
use innkeep_domain::channel::{connection, standing};
use innkeep_domain::ports::channel::ChannelError;
use innkeep_domain::{Result, TenantId};
use std::time::Instant;
use uuid::Uuid;

const LOCK: &str = "standing";
/// Messages of one round.
const MOST_SENT: usize = 20;

pub(crate) async fn run(workers: &Workers, tenant: TenantId, id: Uuid) -> anyhow::Result<()> {
    if !workers.locks.try_lock(LOCK, id).await? {
        return Ok(()); // another process is at it
    }
    let done = tell(workers, tenant, id).await;
    workers.locks.unlock(LOCK, id).await?;
    Ok(done?)
}

/// Until nothing is left, or an answer did not come: then it is tried again when it is due again.
async fn tell(workers: &Workers, tenant: TenantId, id: Uuid) -> Result<()> {
    let mut tx = workers.begin(tenant).await?;
    let connection = connection::get(&mut tx, id).await?;
    tx.commit().await?;
    let protocol = workers.ctx.protocols.get(&connection.protocol);
    let sink = protocol.and_then(|p| p.more.standings.clone());
    let (Some(sink), Some(access)) = (sink, connection.access(workers.ctx.clock.now())) else {
        return Ok(());
    };
    for _ in 0..MOST_SENT {
        let Ok(permit) = workers.breakers.permit(id, "standing", Instant::now()) else {
            return Ok(()); // still due when the breaker closes
        };
        let mut tx = workers.begin(tenant).await?;
        let due = standing::due(&mut tx, id, workers.ctx.clock.now()).await?;
        tx.commit().await?;
        if due.is_empty() {
            return Ok(());
        }
        let heard = sink.tell(&access, &due).await;
        permit.record(heard.as_ref().is_err_and(ChannelError::is_fault), Instant::now());
        tracing::info!(connection = %id, bookings = due.len(), ?heard, "channel.standing");
        let Ok(heard) = heard else {
            return Ok(());
        };
        let mut tx = workers.begin(tenant).await?;
        let now = workers.ctx.clock.now();
        standing::heard(&mut tx, &connection, &due, heard.as_deref(), now).await?;
        tx.commit().await?;
    }
    Ok(())
}
