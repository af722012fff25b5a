//! `/v1/channel-connections/{id}/actions/rotate-secret`: another secret for messages that are signed.

use super::dto::Connection;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use chrono::{DateTime, Utc};
use innkeep_domain::channel::signing;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct ChannelSecrets;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct SecretRotation {
    /// How long the old secret is good beside the new one: 0 to 168.
    overlap_hours: i32,
}

/// A connection with its new secret, which is shown this once.
#[derive(Object)]
struct RotatedChannelSecret {
    connection: Connection,
    /// Signs what is posted, both ways (Standard Webhooks, `whsec_…`).
    signing_secret: String,
    /// Until when the one before is good, too.
    previous_until: DateTime<Utc>,
}

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl ChannelSecrets {
    /// Give a channel a new signing secret
    ///
    /// For protocols that sign. While both are good, the channel may sign with either, and each message to it carries a
    /// signature of each (`v1,… v1,…`), so that it can change over whenever it likes. The secret before the old one is good
    /// no more. 409 `not_signed` for a channel whose messages are not signed.
    #[oai(
        path = "/:id/actions/rotate-secret",
        method = "post",
        operation_id = "rotate_channel_secret"
    )]
    async fn rotate(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<SecretRotation>,
    ) -> ApiResult<Changed<RotatedChannelSecret>> {
        let hours = body.0.overlap_hours;
        write(&app, &auth.0, &once, "rotate_channel_secret", async |tx| {
            let rotated = signing::rotate(tx, &auth.0, id.0, hours, app.now()).await?;
            let version = rotated.connection.version;
            Ok(Changed::new(&RotatedChannelSecret::from(rotated)).version(version))
        })
        .await
    }
}

impl From<signing::Rotated> for RotatedChannelSecret {
    fn from(rotated: signing::Rotated) -> Self {
        Self {
            connection: rotated.connection.into(),
            signing_secret: rotated.signing_secret,
            previous_until: rotated.previous_until,
        }
    }
}
