//! Asks a channel something harmless, to see whether it answers to us.

use crate::api::ApiResult;
use crate::app::App;
use innkeep_domain::channel::connection::Connection;
use innkeep_domain::{Error, Refusal};
use poem_openapi::Object;

#[derive(Object)]
pub struct Probe {
    /// Did the channel answer, and accept who we are?
    reachable: bool,
    detail: String,
}

/// Lists what the channel has for us and leaves it there.
pub async fn ask(app: &App, connection: &Connection) -> ApiResult<Probe> {
    let unknown = || {
        Error::internal(format!(
            "a connection speaks unknown protocol {}",
            connection.protocol
        ))
    };
    let protocol = app.protocols.get(&connection.protocol).ok_or_else(unknown)?;
    let (Some(feed), Some(access)) = (&protocol.feed, connection.access()) else {
        let detail = "this channel calls us; there is nothing of it to call";
        return Err(Refusal::conflict("nothing_to_test", detail).into());
    };
    Ok(match feed.unacknowledged(&access).await {
        Ok(messages) => Probe {
            reachable: true,
            detail: format!("answers; {} messages are waiting", messages.len()),
        },
        Err(error) => Probe {
            reachable: false,
            detail: error.to_string(),
        },
    })
}
