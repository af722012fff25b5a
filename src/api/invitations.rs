//! `/v1/invitations`: asking somebody to be one of the staff; and accepting that.

use crate::api::auth::Whence;
use crate::api::page::{Page, Window};
use crate::api::session::{TokenPair, opened};
use crate::api::users::{BuiltInRole, own_id, post};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::identity::Door;
use innkeep_domain::identity::invitation::{self, Newcomer};
use innkeep_domain::identity::log_in::{self, Errand};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

pub struct Invitations;

#[derive(Object)]
struct Invitation {
    id: Uuid,
    email: String,
    /// A built-in role's name, or the id of a role of the tenant's own.
    role: String,
    #[oai(skip_serializing_if_is_none)]
    role_id: Option<Uuid>,
    #[oai(skip_serializing_if_is_none)]
    property_ids: Option<Vec<Uuid>>,
    invited_by: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    #[oai(skip_serializing_if_is_none)]
    accepted_at: Option<DateTime<Utc>>,
    #[oai(skip_serializing_if_is_none)]
    revoked_at: Option<DateTime<Utc>>,
}

/// Either `role` or `role_id`.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewInvitation {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    role: Option<BuiltInRole>,
    /// A role of the tenant's own.
    role_id: Option<Uuid>,
    /// The properties to be seen; absent: all.
    #[oai(validator(min_items = 1, max_items = 200))]
    property_ids: Option<Vec<Uuid>>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Acceptance {
    /// From the mail.
    #[oai(validator(min_length = 1, max_length = 64))]
    token: String,
    /// For an address without an account.
    name: Option<String>,
    /// For an address without an account: 12 to 512 characters, and not easy to guess.
    #[oai(validator(min_length = 1, max_length = 512))]
    password: Option<String>,
}

#[derive(ApiResponse)]
enum Accepted {
    /// A new account was made, and is logged in.
    #[oai(status = 200)]
    New(Json<TokenPair>),
    /// The address's account belongs to the tenant now: log in, or switch to it.
    #[oai(status = 204)]
    Joined,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Tenant")]
impl Invitations {
    /// List invitations
    #[oai(path = "/invitations", method = "get", operation_id = "list_invitations")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Invitation>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = invitation::list(&mut tx, &auth.0, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |i| i.id, Invitation::from)))
    }

    /// Invite somebody
    ///
    /// Sends a link that is good for 7 days. Nobody invites to more than they may do themselves.
    #[oai(path = "/invitations", method = "post", operation_id = "create_invitation")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewInvitation>,
    ) -> ApiResult<Created<Invitation>> {
        let NewInvitation {
            email,
            role,
            role_id,
            property_ids,
        } = body.0;
        let post = post(role, role_id, property_ids)?;
        write(&app, &auth.0, &once, "create_invitation", async |tx| {
            let made = invitation::create(tx, &auth.0, &email, post, app.now()).await?;
            let path = format!("/v1/invitations/{}", made.id);
            Ok(Created::new(&Invitation::from(made)).location(path))
        })
        .await
    }

    /// Read an invitation
    #[oai(path = "/invitations/:id", method = "get", operation_id = "get_invitation")]
    async fn get(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<Invitation>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        Ok(Json(invitation::get(&mut tx, id.0).await?.into()))
    }

    /// Take an invitation back
    #[oai(
        path = "/invitations/:id/actions/revoke",
        method = "post",
        operation_id = "revoke_invitation"
    )]
    async fn revoke(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<Invitation>> {
        write(&app, &auth.0, &once, "revoke_invitation", async |tx| {
            let revoked = invitation::revoke(tx, &auth.0, id.0, app.now()).await?;
            Ok(Changed::new(&Invitation::from(revoked)))
        })
        .await
    }

    /// Accept an invitation
    ///
    /// Needs no log-in: the token says that the caller reads the invited address.
    #[oai(
        path = "/auth/invitations/accept",
        method = "post",
        operation_id = "accept_invitation"
    )]
    async fn accept(
        &self,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<Acceptance, true>,
    ) -> ApiResult<Accepted> {
        let Acceptance {
            token,
            name,
            password,
        } = body.0;
        let newcomer = Newcomer { name, password };
        let accepted = invitation::accept(&app.db, &token, newcomer, app.now()).await?;
        app.grants.forget();
        if !accepted.new {
            return Ok(Accepted::Joined);
        }
        let errand = Errand {
            door: Door::Tenant,
            tenant: Some(accepted.tenant),
            origin: whence.origin(),
            device: None,
        };
        let mut tx = app.db.begin_platform().await?;
        let session = log_in::open(&mut tx, &accepted.account, errand, app.now()).await?;
        tx.commit().await?;
        Ok(Accepted::New(Json(opened(&app, session)?)))
    }
}

impl From<invitation::Invitation> for Invitation {
    fn from(i: invitation::Invitation) -> Self {
        Self {
            role: i.post.role.to_string(),
            role_id: own_id(&i.post.role),
            property_ids: i.post.property_ids,
            id: i.id,
            email: i.email,
            invited_by: i.invited_by,
            created_at: i.created_at,
            expires_at: i.expires_at,
            accepted_at: i.accepted_at,
            revoked_at: i.revoked_at,
        }
    }
}
