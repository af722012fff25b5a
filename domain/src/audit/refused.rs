//! Failed log-ins, in the trails of the tenants that the account works in.

use super::NewEntry;
use crate::db::Db;
use crate::error::Result;
use crate::identity::membership;
use chrono::Duration;
use uuid::Uuid;

/// Entries about one account in one tenant within an hour. Back-off lets through a few an hour from one network; this is
/// for who has many.
const MOST_AN_HOUR: i64 = 100;

/// Somebody did not get into this account. Says so where it works, in transactions of its own.
pub async fn log_in(db: &Db, account: Uuid, entry: NewEntry<'_>) -> Result<()> {
    let mut tx = db.begin_platform().await?;
    let memberships = membership::of_user(&mut tx, account).await?;
    tx.commit().await?;
    for membership in memberships {
        let mut tx = db.begin(membership.tenant).await?;
        let said = sqlx::query_scalar!(
            r#"select count(*) as "n!" from (
                 select at from audit_entry where tenant_id = $1 and subject_id = $2
                 order by xid desc, seq desc limit $4) e
               where at > $3"#,
            tx.t(),
            account,
            entry.at - Duration::hours(1),
            MOST_AN_HOUR
        );
        if said.fetch_one(&mut *tx).await? < MOST_AN_HOUR {
            super::append(&mut tx, entry.clone()).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
