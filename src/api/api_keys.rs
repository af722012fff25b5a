//! `/v1/api-keys`: credentials of programs. A key is sent as it is (`Authorization: Bearer ik_...`), or traded for access
//! tokens at `/v1/auth/token`.

use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::identity::api_key;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct ApiKeys;

#[derive(Object)]
struct ApiKey {
    /// Also the OAuth2 client id.
    id: Uuid,
    name: String,
    /// Permissions.
    scopes: Vec<String>,
    /// The properties it may see; absent: all.
    #[oai(skip_serializing_if_is_none)]
    property_ids: Option<Vec<Uuid>>,
    created_by: String,
    created_at: DateTime<Utc>,
    #[oai(skip_serializing_if_is_none)]
    expires_at: Option<DateTime<Utc>>,
    #[oai(skip_serializing_if_is_none)]
    revoked_at: Option<DateTime<Utc>>,
    /// To the minute.
    #[oai(skip_serializing_if_is_none)]
    last_used_at: Option<DateTime<Utc>>,
    /// Until when the secret before the last rotation is good.
    #[oai(skip_serializing_if_is_none)]
    previous_until: Option<DateTime<Utc>>,
    version: i32,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewApiKey {
    /// 1 to 200 characters.
    name: String,
    /// Permissions, none that the maker lacks.
    #[oai(validator(min_items = 1, max_items = 100))]
    scopes: Vec<String>,
    /// The properties it may see; absent: all.
    #[oai(validator(min_items = 1, max_items = 200))]
    property_ids: Option<Vec<Uuid>>,
    /// Absent: it is good until it is revoked.
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Rotation {
    /// How long the old secret is good beside the new one: 0 to 168.
    overlap_hours: i32,
}

/// A key with its text, which is shown this once.
#[derive(Object)]
struct ShownApiKey {
    /// `ik_<id>_<secret>`, as a whole also the OAuth2 client secret.
    key: String,
    api_key: ApiKey,
}

#[OpenApi(prefix_path = "/v1/api-keys", tag = "Tag::Tenant")]
impl ApiKeys {
    /// List API keys
    #[oai(path = "/", method = "get", operation_id = "list_api_keys")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<ApiKey>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = api_key::list(&mut tx, &auth.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |k| k.id, ApiKey::from)))
    }

    /// Make an API key
    #[oai(path = "/", method = "post", operation_id = "create_api_key")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewApiKey>,
    ) -> ApiResult<Created<ShownApiKey>> {
        let NewApiKey {
            name,
            scopes,
            property_ids,
            expires_at,
        } = body.0;
        let new = api_key::NewApiKey {
            name,
            scopes,
            property_ids,
            expires_at,
        };
        write(&app, &auth.0, &once, "create_api_key", async |tx| {
            let made = api_key::create(tx, &auth.0, new, app.now()).await?;
            let (path, version) = (format!("/v1/api-keys/{}", made.key.id), made.key.version);
            Ok(Created::new(&ShownApiKey::from(made))
                .location(path)
                .version(version))
        })
        .await
    }

    /// Read an API key
    #[oai(path = "/:id", method = "get", operation_id = "get_api_key")]
    async fn get(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<ApiKey>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        Ok(Json(api_key::get(&mut tx, &auth.0, id.0).await?.into()))
    }

    /// Give an API key a new secret
    #[oai(
        path = "/:id/actions/rotate",
        method = "post",
        operation_id = "rotate_api_key"
    )]
    async fn rotate(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<Rotation>,
    ) -> ApiResult<Changed<ShownApiKey>> {
        let hours = body.0.overlap_hours;
        let done = write(&app, &auth.0, &once, "rotate_api_key", async |tx| {
            let rotated = api_key::rotate(tx, &auth.0, id.0, hours, app.now()).await?;
            let version = rotated.key.version;
            Ok(Changed::new(&ShownApiKey::from(rotated)).version(version))
        })
        .await;
        app.grants.forget();
        done
    }

    /// Revoke an API key
    ///
    /// For good, everywhere within a minute, with the access tokens it got.
    #[oai(
        path = "/:id/actions/revoke",
        method = "post",
        operation_id = "revoke_api_key"
    )]
    async fn revoke(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<ApiKey>> {
        let done = write(&app, &auth.0, &once, "revoke_api_key", async |tx| {
            let revoked = api_key::revoke(tx, &auth.0, id.0, app.now()).await?;
            let version = revoked.version;
            Ok(Changed::new(&ApiKey::from(revoked)).version(version))
        })
        .await;
        app.grants.forget();
        done
    }
}

impl From<api_key::Shown> for ShownApiKey {
    fn from(s: api_key::Shown) -> Self {
        Self {
            key: s.text,
            api_key: s.key.into(),
        }
    }
}

impl From<api_key::ApiKey> for ApiKey {
    fn from(k: api_key::ApiKey) -> Self {
        Self {
            id: k.id,
            name: k.name,
            scopes: k.scopes,
            property_ids: k.property_ids,
            created_by: k.created_by,
            created_at: k.created_at,
            expires_at: k.expires_at,
            revoked_at: k.revoked_at,
            last_used_at: k.last_used_at,
            previous_until: k.previous_until,
            version: k.version,
        }
    }
}
