//! `GET /v1/audit-log`: who did what sensitive thing, and who looked at personal data.

use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::audit::{self, Filter, Phase};
use innkeep_domain::event::Position;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

pub struct AuditLog;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum AuditPhase {
    /// Asked for, by somebody who may. Without an entry of the same `request_id` that follows, it was cut short.
    Started,
    /// Done.
    Done,
    /// Not allowed, or refused by a rule.
    Refused,
    /// It failed on our side.
    Failed,
    /// Personal data was shown.
    Read,
}

#[derive(Object)]
struct AuditEntry {
    id: Uuid,
    at: DateTime<Utc>,
    /// The operation's id in this document.
    operation: String,
    phase: AuditPhase,
    /// Of the answer.
    #[oai(skip_serializing_if_is_none)]
    status: Option<u16>,
    /// `user:<id>` or `api_key:<id>`.
    actor: String,
    /// Where the request came from.
    #[oai(skip_serializing_if_is_none)]
    address: Option<String>,
    /// The answer's `X-Request-Id`.
    request_id: String,
    /// What the path names, or what was created.
    #[oai(skip_serializing_if_is_none)]
    subject_id: Option<Uuid>,
    /// `[{event, id, data}]`: the events this led to, with what changed; of bookings the fields' names only.
    changes: Any<Value>,
}

#[OpenApi(prefix_path = "/v1/audit-log", tag = "Tag::Tenant")]
impl AuditLog {
    /// Read the audit trail
    ///
    /// The newest first. Start and result of every sensitive operation (rights, keys, prices, connections, guests'
    /// data, overrides), log-ins, and every look at personal data. Entries cannot be changed; `innkeep verify` finds out
    /// if somebody did so in the database. Everyday business stands in the event log and in timelines.
    #[oai(path = "/", method = "get", operation_id = "list_audit_log")]
    #[expect(clippy::too_many_arguments, reason = "one argument for each query parameter")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        /// The operation's id: `change_user`.
        operation: Query<Option<String>>,
        phase: Query<Option<AuditPhase>>,
        /// As an entry shows it: `user:<id>`.
        actor: Query<Option<String>>,
        subject_id: Query<Option<Uuid>>,
        /// From this instant on.
        from: Query<Option<DateTime<Utc>>>,
        /// Before this instant.
        until: Query<Option<DateTime<Utc>>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<AuditEntry>>> {
        let window = Window::<Position>::parse(limit.0, cursor.0.as_deref())?;
        let filter = Filter {
            operation: operation.0,
            phase: phase.0.map(Phase::from),
            actor: actor.0,
            subject_id: subject_id.0,
            from: from.0,
            until: until.0,
        };
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = audit::list(&mut tx, &auth.0, &filter, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |e| e.position, AuditEntry::from)))
    }
}

impl From<AuditPhase> for Phase {
    fn from(phase: AuditPhase) -> Self {
        match phase {
            AuditPhase::Started => Self::Started,
            AuditPhase::Done => Self::Done,
            AuditPhase::Refused => Self::Refused,
            AuditPhase::Failed => Self::Failed,
            AuditPhase::Read => Self::Read,
        }
    }
}

impl From<Phase> for AuditPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Started => Self::Started,
            Phase::Done => Self::Done,
            Phase::Refused => Self::Refused,
            Phase::Failed => Self::Failed,
            Phase::Read => Self::Read,
        }
    }
}

impl From<audit::Entry> for AuditEntry {
    fn from(e: audit::Entry) -> Self {
        Self {
            id: e.id,
            at: e.at,
            operation: e.operation,
            phase: e.phase.into(),
            status: e.status,
            actor: e.actor,
            address: e.address,
            request_id: e.request_id,
            subject_id: e.subject_id,
            changes: Any(e.changes),
        }
    }
}
