//! Registering, verifying the address, and passwords. Asking is always answered the same: a mail says the rest.

use crate::api::auth::{AsPerson, Whence};
use crate::api::session::{AccountClass, Done, TokenPair, opened};
use crate::api::{ApiResult, Body, Tag};
use crate::app::Shared;
use innkeep_domain::identity::log_in::{self, Attempt, Errand};
use innkeep_domain::identity::register::{self, Registration as Asked};
use innkeep_domain::identity::{Class, Door, account};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

pub struct Registration;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Register {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    /// 1 to 200 characters.
    name: String,
    /// Absent: an account of staff.
    account: Option<AccountClass>,
    /// A tenant of one's own, to be its owner; absent: an account that waits for an invitation.
    tenant_name: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewPassword {
    /// From the mail.
    #[oai(validator(min_length = 1, max_length = 64))]
    token: String,
    /// 12 to 512 characters, and not easy to guess.
    #[oai(validator(min_length = 1, max_length = 512))]
    password: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ForgotPassword {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    /// Absent: the account of staff.
    account: Option<AccountClass>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PasswordChange {
    #[oai(validator(min_length = 1, max_length = 512))]
    current_password: String,
    /// 12 to 512 characters, and not easy to guess.
    #[oai(validator(min_length = 1, max_length = 512))]
    password: String,
}

#[derive(ApiResponse)]
enum Asking {
    /// If there is anything to send, it is on its way.
    #[oai(status = 202)]
    Accepted,
}

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Session")]
impl Registration {
    /// Register
    ///
    /// Sends a link to the address; who opens it chooses a password at `/v1/auth/verify-email`.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(&self, app: Data<&Shared>, body: Body<Register>) -> ApiResult<Asking> {
        let asked = Asked {
            class: body.0.account.unwrap_or_default().into(),
            email: body.0.email,
            name: body.0.name,
            tenant_name: body.0.tenant_name,
        };
        let mut tx = app.db.begin_platform().await?;
        register::ask(&mut tx, asked, app.now()).await?;
        tx.commit().await?;
        Ok(Asking::Accepted)
    }

    /// Finish a registration and log in
    #[oai(path = "/verify-email", method = "post", operation_id = "verify_email")]
    async fn verify_email(
        &self,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<NewPassword, true>,
    ) -> ApiResult<Json<TokenPair>> {
        let account = register::complete(&app.db, &body.0.token, body.0.password, app.now()).await?;
        let errand = Errand {
            door: match account.class {
                Class::Staff => Door::Tenant,
                Class::Guest => Door::Guest,
            },
            tenant: None,
            origin: whence.origin(),
            device: None,
        };
        let mut tx = app.db.begin_platform().await?;
        let session = log_in::open(&mut tx, &account, errand, app.now()).await?;
        tx.commit().await?;
        Ok(Json(opened(&app, session)?))
    }

    /// Ask for a link to set a new password
    #[oai(path = "/password/forgot", method = "post", operation_id = "forgot_password")]
    async fn forgot(&self, app: Data<&Shared>, body: Body<ForgotPassword>) -> ApiResult<Asking> {
        let class = body.0.account.unwrap_or_default().into();
        let mut tx = app.db.begin_platform().await?;
        register::ask_reset(&mut tx, class, &body.0.email, app.now()).await?;
        tx.commit().await?;
        Ok(Asking::Accepted)
    }

    /// Set a new password with the link's token
    ///
    /// Ends every session.
    #[oai(path = "/password/reset", method = "post", operation_id = "reset_password")]
    async fn reset(&self, app: Data<&Shared>, body: Body<NewPassword, true>) -> ApiResult<Done> {
        register::complete_reset(&app.db, &body.0.token, body.0.password, app.now()).await?;
        app.grants.forget();
        Ok(Done::NoContent)
    }

    /// Change one's password
    ///
    /// Ends every other session.
    #[oai(path = "/password/change", method = "post", operation_id = "change_password")]
    async fn change(
        &self,
        auth: AsPerson,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<PasswordChange, true>,
    ) -> ApiResult<Done> {
        let person = auth.0;
        let account = confirmed(&app, &whence, person.user_id, body.0.current_password).await?;
        register::change_password(&app.db, &account, person.session_id, body.0.password, app.now()).await?;
        app.grants.forget();
        Ok(Done::NoContent)
    }
}

/// The person's account, once they have shown their password again: who only found a session open gets no further.
pub async fn confirmed(
    app: &crate::app::App,
    whence: &Whence,
    user: uuid::Uuid,
    password: String,
) -> ApiResult<account::Account> {
    let mut tx = app.db.begin_platform().await?;
    let account = account::get(&mut tx, user).await?;
    tx.commit().await?;
    let attempt = Attempt {
        class: account.class,
        email: account.email,
        password,
        device: None,
        address: whence.address,
    };
    let checked = log_in::check(&app.db, attempt, app.now()).await;
    Ok(checked.map_err(|why| why.error)?)
}
