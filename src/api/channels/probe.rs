//! Asks a channel something harmless, to see whether it answers to us.

use crate::api::ApiResult;
use crate::app::App;
use innkeep_domain::channel::connection::Connection;
use innkeep_domain::ports::channel::ChannelError;
use innkeep_domain::{Error, Refusal};
use poem_openapi::Object;

#[derive(Object)]
pub struct Probe {
    /// Did the channel answer, and accept who we are?
    reachable: bool,
    detail: String,
}

/// Lists what the channel has for us and leaves it there; one that has nothing is told nothing new.
pub async fn ask(app: &App, connection: &Connection) -> ApiResult<Probe> {
    let unknown = || {
        Error::internal(format!(
            "a connection speaks unknown protocol {}",
            connection.protocol
        ))
    };
    let protocol = app.protocols.get(&connection.protocol).ok_or_else(unknown)?;
    let Some(access) = connection.access() else {
        return nothing();
    };
    if let (None, Some(sink)) = (&protocol.feed, &protocol.sink) {
        // A message that says nothing new.
        let told = sink.push_availability(&access, &[]).await;
        let says = told.map(|_| "takes our messages".to_owned());
        return Ok(Probe::new(says));
    }
    let Some(feed) = &protocol.feed else {
        return nothing();
    };
    let found = feed.unacknowledged(&access).await;
    Ok(Probe::new(found.map(|messages| {
        format!("answers; {} messages are waiting", messages.len())
    })))
}

fn nothing() -> ApiResult<Probe> {
    let detail = "this channel calls us; there is nothing of it to call";
    Err(Refusal::conflict("nothing_to_test", detail).into())
}

impl Probe {
    fn new(answer: Result<String, ChannelError>) -> Self {
        Self {
            reachable: answer.is_ok(),
            detail: answer.unwrap_or_else(|error| error.to_string()),
        }
    }
}
