//! What credentials are worth, remembered for a few seconds: a token says who calls, the tables say what they may. A
//! change made by this process counts at once, another's within [`FRESH_SECONDS`].

use chrono::{DateTime, Duration, Utc};
use innkeep_domain::Result;
use innkeep_domain::db::Db;
use innkeep_domain::identity::grant::{self, FRESH_SECONDS};
use innkeep_domain::identity::{Door, token_hash};
use innkeep_domain::ids::TenantId;
use innkeep_domain::principal::{Actor, Principal};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Beyond this many everything is forgotten: asking again costs little.
const MOST: usize = 50_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Credential {
    Session(Uuid, Door),
    /// By the hash of its whole text.
    Key(Vec<u8>),
    /// An access token that was given for a key.
    KeyToken(Uuid),
}

#[derive(Clone)]
enum Worth {
    Principal(Box<Principal>),
    /// A session that is still good, whatever its rights.
    Open,
}

#[derive(Default)]
pub struct Grants(Mutex<HashMap<Credential, (Worth, DateTime<Utc>)>>);

impl Grants {
    /// Whoever acts in this session, with their rights in its tenant.
    pub async fn in_tenant(
        &self,
        db: &Db,
        (session, user, tenant): (Uuid, Uuid, TenantId),
        now: DateTime<Utc>,
    ) -> Result<Option<Principal>> {
        let credential = Credential::Session(session, Door::Tenant);
        if let Some(Worth::Principal(known)) = self.fresh(&credential, now)
            && known.tenant == tenant
            && known.actor == Actor::User(user)
        {
            return Ok(Some(*known));
        }
        let mut tx = db.begin(tenant).await?;
        let found = grant::of_session(&mut tx, session, user, now).await?;
        tx.commit().await?;
        let principal = found.map(|g| Principal::new(tenant, Actor::User(user), g));
        self.keep(
            credential,
            principal.clone().map(|p| Worth::Principal(Box::new(p))),
            now,
        );
        Ok(principal)
    }

    /// May this session still be used at its door?
    pub async fn is_open(
        &self,
        db: &Db,
        session: Uuid,
        user: Uuid,
        door: Door,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let credential = Credential::Session(session, door);
        if self.fresh(&credential, now).is_some() {
            return Ok(true);
        }
        let mut tx = db.begin_platform().await?;
        let open = grant::session_is_open(&mut tx, session, user, door, now).await?;
        tx.commit().await?;
        // At the tenants' door what is remembered is the principal.
        if door != Door::Tenant {
            self.keep(credential, open.then_some(Worth::Open), now);
        }
        Ok(open)
    }

    /// A program, by its key's whole text; `id` and `secret` are its parts.
    pub async fn of_key(
        &self,
        db: &Db,
        text: &str,
        (id, secret): (Uuid, &str),
        now: DateTime<Utc>,
    ) -> Result<Option<Principal>> {
        let credential = Credential::Key(token_hash(text));
        self.key(db, credential, id, Some(secret), now).await
    }

    /// A program, by an access token that it got for its key.
    pub async fn of_key_token(&self, db: &Db, id: Uuid, now: DateTime<Utc>) -> Result<Option<Principal>> {
        self.key(db, Credential::KeyToken(id), id, None, now).await
    }

    async fn key(
        &self,
        db: &Db,
        credential: Credential,
        id: Uuid,
        secret: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<Principal>> {
        if let Some(Worth::Principal(known)) = self.fresh(&credential, now) {
            return Ok(Some(*known));
        }
        let found = grant::of_key(db, id, secret, now).await?;
        let principal = found.map(|k| Principal::new(k.tenant, Actor::ApiKey(k.id), k.grant));
        self.keep(
            credential,
            principal.clone().map(|p| Worth::Principal(Box::new(p))),
            now,
        );
        Ok(principal)
    }

    /// Something about rights was changed here.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn fresh(&self, credential: &Credential, now: DateTime<Utc>) -> Option<Worth> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (worth, at) = known.get(credential)?;
        (now - *at < Duration::seconds(FRESH_SECONDS)).then(|| worth.clone())
    }

    /// Only what is worth something is remembered, so that guesses cost no memory.
    fn keep(&self, credential: Credential, worth: Option<Worth>, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        match worth {
            Some(worth) => drop(known.insert(credential, (worth, now))),
            None => drop(known.remove(&credential)),
        }
    }
}
