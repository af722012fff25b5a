//! What of a request goes into its tenant's audit trail: that something sensitive was asked for and what came of it, and
//! that personal data was looked at. Which operations those are follows from the right they need, so a new one is
//! written down without anybody thinking of it.

use crate::api::ApiResult;
use crate::app::App;
use crate::rights::Needs;
use innkeep_domain::Permission::{self, *};
use innkeep_domain::audit::{self, NewEntry, Phase};
use innkeep_domain::clock::Clock;
use innkeep_domain::db::{Db, TenantTx};
use innkeep_domain::{Actor, TenantId};
use poem::http::StatusCode;
use poem::{Request, Response};
use poem_openapi::OperationId;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Shows personal data, or the trail itself.
    Looks,
    /// Changes rights, prices, connections, a guest's data; overrides a rule.
    Changes,
}

/// `None` for what is not written down here: everyday business stands in the event log, with who did it.
pub fn kind(needs: Needs, safe: bool) -> Option<Kind> {
    let permission = match needs {
        Needs::Tenant(permission) | Needs::WholeTenant(permission) => permission,
        Needs::Person => return (!safe).then_some(Kind::Changes),
        // Log-ins are written down by themselves; operators have a trail of their own.
        Needs::Nothing | Needs::Operator => return None,
    };
    if safe {
        looks(permission).then_some(Kind::Looks)
    } else {
        changes(permission).then_some(Kind::Changes)
    }
}

fn looks(permission: Permission) -> bool {
    matches!(
        permission,
        ReadBookings | ReadGuests | ReadDocuments | ReadUsers | ReadAudit
    )
}

fn changes(permission: Permission) -> bool {
    !matches!(
        permission,
        ReadBookings | WriteBookings | WriteHousekeeping | WriteMaintenance
    )
}

tokio::task_local! {
    static WATCH: Arc<Watch>;
}

/// One request, watched from its beginning to its answer.
pub struct Watch {
    request_id: String,
    address: String,
    /// What the path names.
    subject: Option<Uuid>,
    seen: OnceLock<Seen>,
    /// The result is in the trail already, committed with what it tells of.
    told: AtomicBool,
}

/// Once it is known who calls.
struct Seen {
    db: Db,
    clock: Clock,
    tenant: TenantId,
    actor: String,
    operation: Option<String>,
    kind: Kind,
}

impl Watch {
    pub fn new(request: &Request, request_id: String, address: String) -> Arc<Self> {
        let subject = request
            .uri()
            .path()
            .split('/')
            .find_map(|part| Uuid::parse_str(part).ok());
        Arc::new(Self {
            request_id,
            address,
            subject,
            seen: OnceLock::new(),
            told: AtomicBool::new(false),
        })
    }

    /// Answers the request under this watch.
    pub async fn over<T>(self: Arc<Self>, answering: impl Future<Output = T>) -> T {
        WATCH.scope(self, answering).await
    }

    /// Of the request that is answered now.
    pub fn current() -> Option<Arc<Self>> {
        WATCH.try_with(Arc::clone).ok()
    }

    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Somebody did not get into this account: written down where it works. The answer does not wait for it, and so
    /// takes no longer than for an account that does not exist.
    pub fn log_in_failed(self: Arc<Self>, app: &App, account: Uuid, operation: &'static str) {
        let (db, at) = (app.db.clone(), app.now());
        tokio::spawn(async move {
            let entry = NewEntry {
                at,
                operation,
                phase: Phase::Refused,
                status: Some(StatusCode::UNAUTHORIZED.as_u16()),
                actor: "unauthenticated",
                address: Some(&self.address),
                request_id: &self.request_id,
                subject_id: Some(account),
                changes: Value::Array(Vec::new()),
            };
            if let Err(error) = audit::refused::log_in(&db, account, entry).await {
                tracing::error!(%error, "the audit trail lacks a failed log-in");
            }
        });
    }

    /// Somebody is known to act in this tenant.
    pub fn saw(&self, app: &App, tenant: TenantId, actor: &Actor, operation: Option<&str>, kind: Kind) {
        let seen = Seen {
            db: app.db.clone(),
            clock: app.clock.clone(),
            tenant,
            actor: actor.to_string(),
            operation: operation.map(str::to_owned),
            kind,
        };
        // The first caller counts; there is no second.
        let _ = self.seen.set(seen);
    }

    /// Writes down that the operation begins, before it does.
    pub async fn begin(&self) -> ApiResult<()> {
        match self.changing() {
            Some(seen) => self.tell(seen, Told::new(Phase::Started, None), None).await,
            None => Ok(()),
        }
    }

    /// Writes the result into the operation's own transaction; [`Self::told`] when that was committed. `made` is what
    /// it created.
    pub async fn done(&self, tx: &mut TenantTx, status: u16, made: Option<Uuid>) -> ApiResult<()> {
        let Some(seen) = self.changing() else {
            return Ok(());
        };
        let told = Told {
            made,
            ..Told::new(Phase::Done, Some(status))
        };
        self.append(tx, seen, told, None).await
    }

    pub fn told(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    /// Writes down what came of it, if that is not there yet.
    pub async fn end(&self, response: &Response) -> ApiResult<()> {
        let Some(seen) = self.seen.get().filter(|_| !self.told.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let Some(phase) = phase(seen.kind, response.status()) else {
            return Ok(());
        };
        let told = Told::new(phase, Some(response.status().as_u16()));
        let operation = response.data::<OperationId>().map(|o| o.0);
        self.tell(seen, told, operation).await
    }

    fn changing(&self) -> Option<&Seen> {
        self.seen.get().filter(|seen| seen.kind == Kind::Changes)
    }

    /// In a transaction of its own.
    async fn tell(&self, seen: &Seen, told: Told, operation: Option<&str>) -> ApiResult<()> {
        let mut tx = seen.db.begin(seen.tenant).await?;
        self.append(&mut tx, seen, told, operation).await?;
        Ok(tx.commit().await?)
    }

    async fn append(
        &self,
        tx: &mut TenantTx,
        seen: &Seen,
        told: Told,
        operation: Option<&str>,
    ) -> ApiResult<()> {
        let changes = tx.changes();
        let entry = NewEntry {
            at: seen.clock.now(),
            operation: seen.operation.as_deref().or(operation).unwrap_or("unknown"),
            phase: told.phase,
            status: told.status,
            actor: &seen.actor,
            address: Some(&self.address),
            request_id: &self.request_id,
            subject_id: told.made.or(self.subject),
            changes,
        };
        Ok(audit::append(tx, entry).await?)
    }
}

struct Told {
    phase: Phase,
    status: Option<u16>,
    made: Option<Uuid>,
}

impl Told {
    fn new(phase: Phase, status: Option<u16>) -> Self {
        Self {
            phase,
            status,
            made: None,
        }
    }
}

/// Of an answer. Who looked and was shown nothing new has seen nothing, but who was not allowed to has tried.
fn phase(kind: Kind, status: StatusCode) -> Option<Phase> {
    match (kind, status.as_u16()) {
        (Kind::Looks, 200..=299) => Some(Phase::Read),
        (Kind::Looks, 403) => Some(Phase::Refused),
        (Kind::Looks, _) => None,
        (Kind::Changes, 200..=399) => Some(Phase::Done),
        (Kind::Changes, 400..=499) => Some(Phase::Refused),
        (Kind::Changes, _) => Some(Phase::Failed),
    }
}
