//! Turns at the database: one tenant's work holds at most so many of this process's connections at once, however many
//! channels it has and however much there is to tell them. Who has more to do waits for its own turns, not others for it.

use innkeep_domain::db::{Db, TenantTx};
use innkeep_domain::{Error, Result, TenantId};
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A quarter of the connections a process has by default.
const AT_ONCE: usize = 4;

/// By tenant; one that has nothing under way is forgotten.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<TenantId, Arc<Semaphore>>>);

/// A transaction that has its turn until it ends.
pub(crate) struct Tx {
    tx: TenantTx,
    _turn: OwnedSemaphorePermit,
}

impl Turns {
    pub async fn begin(&self, db: &Db, tenant: TenantId) -> Result<Tx> {
        let turn = self.of(tenant).acquire_owned().await;
        let turn = turn.map_err(|e| Error::internal(e.to_string()))?;
        Ok(Tx {
            tx: db.begin(tenant).await?,
            _turn: turn,
        })
    }

    fn of(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&tenant) {
            return turns.clone();
        }
        all.retain(|_, turns| Arc::strong_count(turns) > 1);
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        all.insert(tenant, turns.clone());
        turns
    }
}

impl Tx {
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await
    }
    pub async fn rollback(self) -> Result<()> {
        self.tx.rollback().await
    }
}

impl Deref for Tx {
    type Target = TenantTx;
    fn deref(&self) -> &TenantTx {
        &self.tx
    }
}
impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut TenantTx {
        &mut self.tx
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_a_tenants_own_and_those_of_the_idle_are_forgotten() {
        let turns = Turns::default();
        let (busy, other) = (
            TenantId(uuid::Uuid::from_u128(1)),
            TenantId(uuid::Uuid::from_u128(2)),
        );
        let taken = turns.of(busy);
        let held: Vec<_> = (0..AT_ONCE).map(|_| taken.clone().try_acquire_owned()).collect();
        assert!(held.iter().all(Result::is_ok), "so many at once");
        assert!(turns.of(busy).try_acquire_owned().is_err(), "and no more");
        assert!(turns.of(other).try_acquire_owned().is_ok());
        drop(turns.of(TenantId(uuid::Uuid::from_u128(3))));
        turns.of(TenantId(uuid::Uuid::from_u128(4)));
        let known = turns.0.lock().unwrap().len();
        assert_eq!(known, 2, "the busy one and the newest");
    }
}
