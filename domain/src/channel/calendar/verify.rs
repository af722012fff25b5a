//! What `innkeep verify` asks of calendars.

use super::connection::{feed, zone};
use crate::channel::feed::Nights;
use crate::db::TenantTx;
use crate::error::Result;
use chrono::{DateTime, Utc};

/// The nights stored from today on are those that the state holds.
pub(crate) async fn held(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"select c.id, c.feed, p.zone,
                  array(select n.night from calendar_night n where n.tenant_id = $1 and n.connection_id = c.id) as "nights!"
           from calendar_connection c
           join property p on p.tenant_id = $1 and p.id = c.property_id
           where c.tenant_id = $1 order by c.id"#,
        tx.t()
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut out = Vec::new();
    for row in rows {
        let today = now.with_timezone(&zone(&row.zone)).date_naive();
        let known: Nights = (feed(&row.feed)?.held().iter()).filter(|n| *n >= today).collect();
        let stored: Nights = row.nights.into_iter().filter(|n| *n >= today).collect();
        if known != stored {
            out.push(format!(
                "calendar connection {}: {} nights are stored, {} are known to be held",
                row.id,
                stored.iter().count(),
                known.iter().count()
            ));
        }
    }
    Ok(out)
}
