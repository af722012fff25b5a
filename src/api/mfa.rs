//! `/v1/auth/mfa`: the second factor.

use crate::api::auth::{AsPerson, Whence};
use crate::api::registration::confirmed;
use crate::api::session::Done;
use crate::api::{ApiResult, Body, Tag};
use crate::app::Shared;
use innkeep_domain::identity::mfa;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

pub struct Mfa;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Password {
    /// One's own, again.
    #[oai(validator(min_length = 1, max_length = 512))]
    password: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Code {
    /// Six digits of the authenticator app, or a recovery code.
    #[oai(validator(min_length = 6, max_length = 40))]
    code: String,
}

/// For the authenticator app, once.
#[derive(Object)]
struct TotpEnrolment {
    /// Base32, to be typed.
    secret: String,
    /// To be shown as a QR code.
    otpauth_url: String,
}

#[derive(Object)]
struct RecoveryCodes {
    /// Shown this once; each lets in once.
    recovery_codes: Vec<String>,
}

#[OpenApi(prefix_path = "/v1/auth/mfa", tag = "Tag::Session")]
impl Mfa {
    /// Begin to enrol an authenticator app
    ///
    /// It is asked for once it is confirmed.
    #[oai(path = "/totp", method = "post", operation_id = "enrol_totp")]
    async fn enrol(
        &self,
        auth: AsPerson,
        app: Data<&Shared>,
        whence: Whence,
        body: Body<Password, true>,
    ) -> ApiResult<Json<TotpEnrolment>> {
        let account = confirmed(&app, &whence, auth.0.user_id, body.0.password).await?;
        let mut tx = app.db.begin_platform().await?;
        let made = mfa::enrol(&mut tx, account.id, &account.email, app.now()).await?;
        tx.commit().await?;
        Ok(Json(TotpEnrolment {
            secret: made.secret,
            otpauth_url: made.url,
        }))
    }

    /// Confirm the authenticator app with its first code
    #[oai(path = "/totp/confirm", method = "post", operation_id = "confirm_totp")]
    async fn confirm(
        &self,
        auth: AsPerson,
        app: Data<&Shared>,
        body: Body<Code>,
    ) -> ApiResult<Json<RecoveryCodes>> {
        let mut tx = app.db.begin_platform().await?;
        mfa::count_attempt(&mut tx, auth.0.user_id, app.now()).await?;
        tx.commit().await?;
        let mut tx = app.db.begin_platform().await?;
        let recovery_codes = mfa::confirm(&mut tx, auth.0.user_id, &body.0.code, app.now()).await?;
        tx.commit().await?;
        Ok(Json(RecoveryCodes { recovery_codes }))
    }

    /// Do without the authenticator app again
    #[oai(path = "/totp/disable", method = "post", operation_id = "disable_totp")]
    async fn disable(&self, auth: AsPerson, app: Data<&Shared>, body: Body<Code>) -> ApiResult<Done> {
        let mut tx = app.db.begin_platform().await?;
        mfa::count_attempt(&mut tx, auth.0.user_id, app.now()).await?;
        tx.commit().await?;
        let mut tx = app.db.begin_platform().await?;
        mfa::disable(&mut tx, auth.0.user_id, &body.0.code, app.now()).await?;
        tx.commit().await?;
        Ok(Done::NoContent)
    }

    /// Get new recovery codes
    ///
    /// The earlier ones are void.
    #[oai(
        path = "/recovery-codes",
        method = "post",
        operation_id = "replace_recovery_codes"
    )]
    async fn recovery_codes(
        &self,
        auth: AsPerson,
        app: Data<&Shared>,
        body: Body<Code>,
    ) -> ApiResult<Json<RecoveryCodes>> {
        let mut tx = app.db.begin_platform().await?;
        mfa::count_attempt(&mut tx, auth.0.user_id, app.now()).await?;
        tx.commit().await?;
        let mut tx = app.db.begin_platform().await?;
        let recovery_codes =
            mfa::replace_recovery_codes(&mut tx, auth.0.user_id, &body.0.code, app.now()).await?;
        tx.commit().await?;
        Ok(Json(RecoveryCodes { recovery_codes }))
    }
}
