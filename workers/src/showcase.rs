//! Shows a channel what there is to sell, where it has asked for it. Done by the connection's sender, before it tells
//! anything of what is shown.

use crate::Workers;
use innkeep_domain::channel::portal::Category;
use innkeep_domain::channel::showcase;
use innkeep_domain::ports::channel::{Access, ChannelError, Showcase};
use innkeep_domain::{Result, TenantId};
use std::time::Instant;
use uuid::Uuid;

pub(crate) async fn show(
    workers: &Workers,
    (tenant, id): (TenantId, Uuid),
    channel: &dyn Showcase,
    access: &Access,
    categories: &[Category],
) -> Result<()> {
    let Ok(permit) = workers.breakers.permit(id, "show", Instant::now()) else {
        return Ok(()); // still due when the breaker closes
    };
    let shown = channel.show(access, categories).await;
    permit.record(shown.as_ref().is_err_and(ChannelError::is_fault), Instant::now());
    let now = workers.ctx.clock.now();
    let mut tx = workers.begin(tenant).await?;
    match &shown {
        Ok(_) => showcase::shown(&mut tx, id, now).await?,
        Err(error) => showcase::failed(&mut tx, id, error, now).await?,
    }
    tx.commit().await?;
    tracing::info!(connection = %id, ?shown, "channel.shown");
    Ok(())
}
