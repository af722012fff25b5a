//! `/v1/me`: who am I, and where am I logged in.

use crate::api::auth::{AsPerson, Person};
use crate::api::page::Page;
use crate::api::session::Done;
use crate::api::{ApiResult, Tag};
use crate::app::{App, Shared};
use chrono::{DateTime, Utc};
use innkeep_domain::identity::{account, membership, session};
use innkeep_domain::principal::Principal;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Me;

#[derive(Object)]
#[oai(rename = "Me")]
struct MeDto {
    user_id: Uuid,
    /// `staff` or `guest`.
    account: String,
    name: String,
    email: String,
    /// The tenant of the access token.
    #[oai(skip_serializing_if_is_none)]
    tenant_id: Option<Uuid>,
    #[oai(skip_serializing_if_is_none)]
    role: Option<String>,
    /// What the role may do there now.
    permissions: Vec<String>,
    /// The properties the user may see; absent: all of the tenant's.
    #[oai(skip_serializing_if_is_none)]
    property_ids: Option<Vec<Uuid>>,
    memberships: Vec<Membership>,
}

#[derive(Object)]
struct Membership {
    tenant_id: Uuid,
    tenant_name: String,
    /// `custom` for a role of the tenant's own.
    role: String,
}

#[derive(Object)]
#[oai(rename = "Session")]
struct SessionDto {
    id: Uuid,
    #[oai(skip_serializing_if_is_none)]
    tenant_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    /// Where the log-in came from.
    #[oai(skip_serializing_if_is_none)]
    address: Option<String>,
    /// What the client called itself.
    #[oai(skip_serializing_if_is_none)]
    agent: Option<String>,
    /// `totp`, `recovery_code` or `passkey`.
    #[oai(skip_serializing_if_is_none)]
    second_factor: Option<String>,
    /// Is it the one this is asked in?
    current: bool,
}

#[OpenApi(prefix_path = "/v1/me", tag = "Tag::Session")]
impl Me {
    /// Who am I
    #[oai(path = "/", method = "get", operation_id = "get_me")]
    async fn get(&self, auth: AsPerson, app: Data<&Shared>) -> ApiResult<Json<MeDto>> {
        let person = auth.0;
        let rights = rights(&app, &person).await?;
        let mut tx = app.db.begin_platform().await?;
        let account = account::get(&mut tx, person.user_id).await?;
        let memberships = membership::of_user(&mut tx, person.user_id).await?;
        tx.commit().await?;
        let grant = rights.as_ref().map(Principal::grant);
        Ok(Json(MeDto {
            user_id: account.id,
            account: account.class.name().into(),
            name: account.name,
            email: account.email,
            tenant_id: person.tenant.map(|t| t.0),
            role: grant.map(|g| g.role.clone()),
            permissions: grant.map(|g| g.permissions.names()).unwrap_or_default(),
            property_ids: grant.and_then(|g| g.properties.as_ref().map(|p| p.to_vec())),
            memberships: memberships.into_iter().map(Membership::from).collect(),
        }))
    }

    /// List one's sessions
    ///
    /// The latest used first.
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn sessions(&self, auth: AsPerson, app: Data<&Shared>) -> ApiResult<Json<Page<SessionDto>>> {
        let mut tx = app.db.begin_platform().await?;
        let all = session::list(&mut tx, auth.0.user_id, app.now()).await?;
        tx.commit().await?;
        Ok(Json(Page::all(all, |s| SessionDto::show(s, auth.0.session_id))))
    }

    /// End one of one's sessions
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "revoke_session")]
    async fn revoke(&self, auth: AsPerson, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Done> {
        let mut tx = app.db.begin_platform().await?;
        session::revoke_own(&mut tx, auth.0.user_id, id.0, app.now()).await?;
        tx.commit().await?;
        app.grants.forget();
        Ok(Done::NoContent)
    }
}

async fn rights(app: &App, person: &Person) -> ApiResult<Option<Principal>> {
    let Some(tenant) = person.tenant else {
        return Ok(None);
    };
    let who = (person.session_id, person.user_id, tenant);
    Ok(app.grants.in_tenant(&app.db, who, app.now()).await?)
}

impl SessionDto {
    fn show(s: session::Listed, current: Uuid) -> Self {
        Self {
            current: s.id == current,
            id: s.id,
            tenant_id: s.tenant_id,
            created_at: s.created_at,
            last_used_at: s.last_used_at,
            address: s.address,
            agent: s.agent,
            second_factor: s.second_factor,
        }
    }
}

impl From<membership::Membership> for Membership {
    fn from(m: membership::Membership) -> Self {
        Self {
            tenant_id: m.tenant.0,
            tenant_name: m.tenant_name,
            role: m.role,
        }
    }
}
