//! `/v1/platform`: the operators' door. Everything done here, reads included, is written down in the same transaction.

use crate::api::auth::AsOperator;
use crate::api::page::{Page, Window};
use crate::api::session::Done;
use crate::api::{ApiResult, Body, Tag};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::identity::{account, operator};
use innkeep_domain::ids::TenantId;
use innkeep_domain::tenancy;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::{Value, json};
use uuid::Uuid;

pub struct Platform;

#[derive(Object)]
struct PlatformTenant {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    /// Nobody can work in it since.
    #[oai(skip_serializing_if_is_none)]
    suspended_at: Option<DateTime<Utc>>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PlatformReason {
    /// Why: 1 to 500 characters.
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: String,
}

/// One thing an operator did or looked at.
#[derive(Object)]
struct PlatformEvent {
    id: Uuid,
    at: DateTime<Utc>,
    user_id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    address: Option<String>,
    /// The operation's id.
    operation: String,
    #[oai(skip_serializing_if_is_none)]
    tenant_id: Option<Uuid>,
    data: Any<Value>,
}

#[OpenApi(prefix_path = "/v1/platform", tag = "Tag::Platform")]
impl Platform {
    /// List tenants
    #[oai(path = "/tenants", method = "get", operation_id = "list_all_tenants")]
    async fn tenants(
        &self,
        auth: AsOperator,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<PlatformTenant>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_platform().await?;
        let rows = tenancy::list(&mut tx, window.after, window.rows()).await?;
        operator::log(&mut tx, &auth.0, "list_all_tenants", None, json!({}), app.now()).await?;
        tx.commit().await?;
        Ok(Json(window.page(rows, |t| t.id.0, PlatformTenant::from)))
    }

    /// Suspend a tenant
    ///
    /// Within a minute nobody can work in it; nothing of it is lost.
    #[oai(
        path = "/tenants/:id/actions/suspend",
        method = "post",
        operation_id = "suspend_tenant"
    )]
    async fn suspend(
        &self,
        auth: AsOperator,
        app: Data<&Shared>,
        id: Path<Uuid>,
        body: Body<PlatformReason>,
    ) -> ApiResult<Done> {
        self.set_suspended(&auth.0, &app, (id.0, true), &body.0.reason)
            .await
    }

    /// Let a suspended tenant work again
    #[oai(
        path = "/tenants/:id/actions/resume",
        method = "post",
        operation_id = "resume_tenant"
    )]
    async fn resume(
        &self,
        auth: AsOperator,
        app: Data<&Shared>,
        id: Path<Uuid>,
        body: Body<PlatformReason>,
    ) -> ApiResult<Done> {
        self.set_suspended(&auth.0, &app, (id.0, false), &body.0.reason)
            .await
    }

    /// Disable an account
    ///
    /// Ends every session of it.
    #[oai(
        path = "/accounts/:id/actions/disable",
        method = "post",
        operation_id = "disable_account"
    )]
    async fn disable(
        &self,
        auth: AsOperator,
        app: Data<&Shared>,
        id: Path<Uuid>,
        body: Body<PlatformReason>,
    ) -> ApiResult<Done> {
        self.set_disabled(&auth.0, &app, (id.0, true), &body.0.reason)
            .await
    }

    /// Let a disabled account log in again
    #[oai(
        path = "/accounts/:id/actions/enable",
        method = "post",
        operation_id = "enable_account"
    )]
    async fn enable(
        &self,
        auth: AsOperator,
        app: Data<&Shared>,
        id: Path<Uuid>,
        body: Body<PlatformReason>,
    ) -> ApiResult<Done> {
        self.set_disabled(&auth.0, &app, (id.0, false), &body.0.reason)
            .await
    }

    /// Read what operators did
    ///
    /// The newest first.
    #[oai(path = "/events", method = "get", operation_id = "list_platform_events")]
    async fn events(
        &self,
        auth: AsOperator,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<PlatformEvent>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_platform().await?;
        let rows = operator::uses(&mut tx, window.after, window.rows()).await?;
        operator::log(
            &mut tx,
            &auth.0,
            "list_platform_events",
            None,
            json!({}),
            app.now(),
        )
        .await?;
        tx.commit().await?;
        Ok(Json(window.page(rows, |u| u.id, PlatformEvent::from)))
    }
}

impl Platform {
    async fn set_suspended(
        &self,
        who: &operator::Operator,
        app: &Shared,
        (tenant, suspended): (Uuid, bool),
        reason: &str,
    ) -> ApiResult<Done> {
        let operation = if suspended {
            "suspend_tenant"
        } else {
            "resume_tenant"
        };
        let mut tx = app.db.begin_platform().await?;
        tenancy::set_suspended(&mut tx, TenantId(tenant), suspended, app.now()).await?;
        let data = json!({ "reason": reason });
        operator::log(&mut tx, who, operation, Some(tenant), data, app.now()).await?;
        tx.commit().await?;
        app.grants.forget();
        Ok(Done::NoContent)
    }

    async fn set_disabled(
        &self,
        who: &operator::Operator,
        app: &Shared,
        (user, disabled): (Uuid, bool),
        reason: &str,
    ) -> ApiResult<Done> {
        let operation = if disabled {
            "disable_account"
        } else {
            "enable_account"
        };
        let mut tx = app.db.begin_platform().await?;
        account::set_disabled(&mut tx, user, disabled, app.now()).await?;
        let data = json!({ "account_id": user, "reason": reason });
        operator::log(&mut tx, who, operation, None, data, app.now()).await?;
        tx.commit().await?;
        app.grants.forget();
        Ok(Done::NoContent)
    }
}

impl From<tenancy::Tenant> for PlatformTenant {
    fn from(t: tenancy::Tenant) -> Self {
        Self {
            id: t.id.0,
            name: t.name,
            created_at: t.created_at,
            suspended_at: t.suspended_at,
        }
    }
}

impl From<operator::Use> for PlatformEvent {
    fn from(u: operator::Use) -> Self {
        Self {
            id: u.id,
            at: u.at,
            user_id: u.user_id,
            address: u.address,
            operation: u.operation,
            tenant_id: u.tenant_id,
            data: Any(u.data),
        }
    }
}
