//! "This worker lives", for `/health/ready`.

use crate::Workers;
use innkeep_domain::heartbeat;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);

pub(crate) async fn run(workers: Arc<Workers>, name: String, stop: CancellationToken) {
    loop {
        if let Err(error) = beat(&workers, &name).await {
            tracing::warn!(%error, "heartbeat failed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn beat(workers: &Workers, name: &str) -> innkeep_domain::Result<()> {
    let mut tx = workers.ctx.db.begin_platform().await?;
    heartbeat::beat(&mut tx, name, workers.ctx.clock.now()).await?;
    tx.commit().await
}
