//! Reads one channel's calendar: take, fetch with no transaction open, believe. The session lock makes it the only
//! reading of this connection anywhere.

use crate::Workers;
use innkeep_domain::channel::calendar::reading;
use innkeep_domain::{Result, TenantId};
use uuid::Uuid;

const LOCK: &str = "calendar";

pub(crate) async fn run(workers: &Workers, tenant: TenantId, connection: Uuid) -> anyhow::Result<()> {
    if !workers.locks.try_lock(LOCK, connection).await? {
        return Ok(()); // another process reads it
    }
    let done = read(workers, tenant, connection).await;
    workers.locks.unlock(LOCK, connection).await?;
    Ok(done?)
}

async fn read(workers: &Workers, tenant: TenantId, id: Uuid) -> Result<()> {
    let ctx = &workers.ctx;
    let mut tx = workers.begin(tenant).await?;
    let due = reading::take(&mut tx, id, ctx.clock.now()).await?;
    tx.commit().await?;
    let Some(due) = due else { return Ok(()) };
    let fetched = ctx.calendars.fetch(&due.address, &due.validators, due.here).await;
    let (dice, now) = (rand::random(), ctx.clock.now());
    let mut tx = workers.begin(tenant).await?;
    match &fetched {
        Ok(fetched) => reading::answered(&mut tx, &due, fetched, dice, now).await?,
        Err(error) => reading::failed(&mut tx, &due, error, dice, now).await?,
    }
    tx.commit().await?;
    let outcome = if fetched.is_ok() { "answered" } else { "failed" };
    metrics::counter!("innkeep_calendar_readings_total", "outcome" => outcome).increment(1);
    tracing::info!(connection = %id, outcome, error = fetched.err().map(tracing::field::display), "calendar.read");
    Ok(())
}
