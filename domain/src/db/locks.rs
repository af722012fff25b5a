//! Locks that live as long as this process's session: one sender per connection, whatever dies. Killing the process
//! closes the session, and PostgreSQL frees its locks at once; no lease has to run out.

use super::Db;
use crate::error::Result;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Error};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

/// The questions take no time. A session that does not answer is dead, and the network has not told us yet.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct SessionLocks {
    db: Db,
    session: Mutex<Option<PgConnection>>,
}

impl SessionLocks {
    pub fn new(db: Db) -> Self {
        Self {
            db,
            session: Mutex::new(None),
        }
    }

    /// Takes the lock for `(purpose, id)` unless another session holds it. Within this process the caller keeps two
    /// holders apart: a session may take its own lock twice.
    pub async fn try_lock(&self, purpose: &str, id: Uuid) -> Result<bool> {
        self.ask(
            "select pg_try_advisory_lock(hashtextextended($1, 0))",
            purpose,
            id,
        )
        .await
    }

    pub async fn unlock(&self, purpose: &str, id: Uuid) -> Result<()> {
        self.ask("select pg_advisory_unlock(hashtextextended($1, 0))", purpose, id)
            .await
            .map(|_| ())
    }

    /// A broken session has lost its locks; the next question opens a new one.
    async fn ask(&self, sql: &'static str, purpose: &str, id: Uuid) -> Result<bool> {
        let mut slot = self.session.lock().await;
        let session = match slot.take() {
            Some(open) => slot.insert(open),
            None => slot.insert(self.db.session().await?),
        };
        let asked = sqlx::query_scalar(sql)
            .bind(format!("{purpose}:{id}"))
            .fetch_one(&mut *session);
        let silent = |_| Err(Error::Io(std::io::ErrorKind::TimedOut.into()));
        let answer: Result<bool, Error> = timeout(PATIENCE, asked).await.unwrap_or_else(silent);
        if answer.is_err()
            && let Some(broken) = slot.take()
        {
            drop(broken.close_hard().await);
        }
        Ok(answer?)
    }
}
