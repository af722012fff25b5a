//! Asks a channel something harmless, to see whether it answers to us, and whether what is mapped is there.

use crate::api::ApiResult;
use crate::app::App;
use innkeep_domain::channel::setup::{self, House, Problem};
use innkeep_domain::ports::channel::{ChannelError, RemoteProducts};
use innkeep_domain::{Error, Refusal};
use poem_openapi::{Enum, Object};

#[derive(Object)]
pub struct Probe {
    /// Did the channel answer, and accept who we are?
    reachable: bool,
    detail: String,
    /// What keeps it from selling right; where the channel can be asked.
    problems: Vec<ProbeProblem>,
}

#[derive(Object)]
struct ProbeProblem {
    code: ProblemCode,
    /// The channel's id of what is wrong, or its currency.
    external_id: String,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum ProblemCode {
    WrongCurrency,
    UnknownRoom,
    UnknownRate,
    RateOfAnotherRoom,
}

impl From<Problem<'_>> for ProbeProblem {
    fn from(problem: Problem<'_>) -> Self {
        let (code, external_id) = match problem {
            Problem::WrongCurrency(currency) => (ProblemCode::WrongCurrency, currency),
            Problem::UnknownRoom(id) => (ProblemCode::UnknownRoom, id),
            Problem::UnknownRate(id) => (ProblemCode::UnknownRate, id),
            Problem::RateOfAnotherRoom(id) => (ProblemCode::RateOfAnotherRoom, id),
        };
        let external_id = external_id.to_owned();
        Self { code, external_id }
    }
}

/// Lists what the channel has for us and leaves it there, then what it sells.
pub async fn ask(app: &App, house: &House) -> ApiResult<Probe> {
    let connection = &house.connection;
    let unknown = || {
        Error::internal(format!(
            "a connection speaks unknown protocol {}",
            connection.protocol
        ))
    };
    let protocol = app.protocols.get(&connection.protocol).ok_or_else(unknown)?;
    let Some(access) = connection.access(app.now()) else {
        return nothing();
    };
    if let (None, Some(sink)) = (&protocol.feed, &protocol.sink) {
        // A message that says nothing new.
        let told = sink.push_availability(&access, &[]).await;
        return Ok(told.map_or_else(
            |error| Probe::unreachable(&error),
            |_| Probe::reached("takes our messages".to_owned()),
        ));
    }
    let Some(feed) = &protocol.feed else {
        return nothing();
    };
    let waiting = match feed.unacknowledged(&access).await {
        Ok(messages) => messages.len(),
        Err(error) => return Ok(Probe::unreachable(&error)),
    };
    let mut probe = Probe::reached(format!("answers; {waiting} messages are waiting"));
    if let Some(catalogue) = &protocol.more.catalogue {
        match catalogue.products(&access).await {
            Ok(all) => probe.problems = setup::problems(house, &all).into_iter().map(Into::into).collect(),
            Err(error) => return Ok(Probe::unreachable(&error)),
        }
    }
    Ok(probe)
}

fn nothing() -> ApiResult<Probe> {
    let detail = "this channel calls us; there is nothing of it to call";
    Err(Refusal::conflict("nothing_to_test", detail).into())
}

impl Probe {
    fn reached(detail: String) -> Self {
        Self {
            reachable: true,
            detail,
            problems: Vec::new(),
        }
    }
    fn unreachable(error: &ChannelError) -> Self {
        Self {
            reachable: false,
            detail: error.to_string(),
            problems: Vec::new(),
        }
    }
}

/// In the channel's own words.
pub fn failed(error: &ChannelError) -> Refusal {
    Refusal::conflict("channel_failed", error.to_string())
}

/// Prices in another currency would be sold as if they were in the channel's.
pub fn right_currency(house: &House, all: &RemoteProducts) -> Result<(), Refusal> {
    let theirs = all.property.currency.as_ref().filter(|c| **c != house.currency);
    match theirs {
        Some(theirs) => {
            let detail = format!("the house sells in {}, the channel in {theirs}", house.currency);
            Err(Refusal::conflict("wrong_currency", detail))
        }
        None => Ok(()),
    }
}
