//! The handle that every endpoint shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::alpinebits::Portal;
use crate::beside::Innkeep;
use crate::connection::Severed;
use crate::webhook;
use crate::world::World;

/// How a sandbox is set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Seed of the dice behind every fault, so that a run can be repeated. Ids are not seeded: they must
    /// stay unique across restarts, as a real channel's are.
    pub seed: u64,
    /// The accepted `user-api-key`; `None` accepts any that is not empty.
    pub api_key: Option<String>,
}

/// One Channex with many properties. Cheap to clone; all clones are the same world.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    world: Mutex<World>,
    portal: Mutex<Portal>,
    innkeeps: Mutex<Vec<Innkeep>>,
    http: reqwest::Client,
    severed: Severed,
}

impl Sandbox {
    /// Fails only when the HTTP client for webhooks cannot be built.
    pub fn new(options: Options) -> anyhow::Result<Self> {
        let world = Mutex::new(World::new(options.seed));
        let http = webhook::client()?;
        let severed = Severed::default();
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                world,
                portal: Mutex::default(),
                innkeeps: Mutex::default(),
                http,
                severed,
            }),
        })
    }

    /// Never held across an await: every caller takes what it needs and lets go.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.inner.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the clock of every channel here shows. It looks into the world: to be read before the portal is held.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.world().now()
    }

    /// Held like [`Self::world`], and never together with it.
    pub(crate) fn portal(&self) -> MutexGuard<'_, Portal> {
        self.inner.portal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose calendars are shown beside the channels'; they are no part of the world, and stay when it is reset. Held
    /// like [`Self::world`], and never together with it.
    pub(crate) fn innkeeps(&self) -> MutexGuard<'_, Vec<Innkeep>> {
        self.inner.innkeeps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows this one's calendar beside the channels', too.
    pub fn watch(&self, innkeep: Innkeep) {
        self.innkeeps().push(innkeep);
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }

    pub(crate) fn severed(&self) -> Severed {
        self.inner.severed.clone()
    }

    pub(crate) fn key_is_accepted(&self, key: Option<&str>) -> bool {
        match (key, &self.inner.options.api_key) {
            (None | Some(""), _) => false,
            (Some(_), None) => true,
            (Some(key), Some(expected)) => key == expected,
        }
    }

    pub(crate) fn reset(&self) {
        *self.world() = World::new(self.inner.options.seed);
        *self.portal() = Portal::default();
    }
}
