//! Asking for a calendar, only if it changed, and wherever it moved to: channels change hosts, and send whoever asks to
//! their country's. Each address on the way is read and judged like one that was entered, by the one way out.

use super::{Unreadable, read};
use crate::outbound::{
    self, Answer, BodyError, Bytes, HeaderMap, Outbound, Refused, Request, SendError, StatusCode, Url, header,
};
use async_trait::async_trait;
use innkeep_domain::ports::calendar::{Calendars, Fetched, Here, Validators};
use innkeep_domain::ports::channel::ChannelError;
use std::borrow::Cow;
use std::time::Duration;

/// When a channel asks to wait and does not say how long.
const PAUSE: Duration = Duration::from_secs(3600);
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Bytes of a validator; a longer one is not kept.
const VALIDATOR: usize = 512;
/// Followed, one after the other: to another host, to its country's, to the calendar. With each one's limit of time they
/// fit into a reading's lease.
const REDIRECTS: usize = 3;

/// By the one way out.
#[derive(Clone)]
pub struct Fetch(pub Outbound);

#[async_trait]
impl Calendars for Fetch {
    async fn fetch(&self, address: &str, known: &Validators, here: Here) -> Result<Fetched, ChannelError> {
        let Found { answer, moved } = self.find(address, known).await?;
        if answer.status == StatusCode::NOT_MODIFIED && !moved && *known != Validators::default() {
            return Ok(Fetched::Unchanged);
        }
        if !answer.status.is_success() {
            return Err(failure(answer.status, &answer.headers));
        }
        let read = match &answer.body {
            Ok(body) => read(body, here),
            Err(BodyError::TooLarge(most)) => Err(Unreadable::TooMuch {
                most: *most,
                what: "bytes",
            }),
            Err(error @ BodyError::Broken(_)) => return Err(ChannelError::Unknown(error.to_string())),
        };
        Ok(match read {
            Ok(reading) => Fetched::Calendar {
                reading,
                validators: if moved {
                    Validators::default()
                } else {
                    validators(&answer.headers)
                },
            },
            Err(unreadable) => Fetched::Unreadable(unreadable.to_string()),
        })
    }
}

/// An answer that is no redirect.
struct Found {
    answer: Answer,
    /// It is another address's. What tells whether a calendar changed means nothing at any other address, and a redirect
    /// may lead elsewhere next time: so it is asked for as a whole, always.
    moved: bool,
}

impl Fetch {
    async fn find(&self, address: &str, known: &Validators) -> Result<Found, ChannelError> {
        let mut url = outbound::read(address).map_err(|refused| unsent(refused.into()))?;
        let mut answer = self.ask(&url, known).await.map_err(unsent)?;
        let mut left = Vec::new();
        while let Some(location) = location(&answer) {
            let next = outbound::redirected(&url, &location).map_err(|refused| astray(refused.into()))?;
            left.push(url);
            if left.contains(&next) {
                return Err(refused(
                    answer.status,
                    "the channel redirects in a circle".to_owned(),
                ));
            }
            if left.len() > REDIRECTS {
                let detail = format!("the channel redirects more than {REDIRECTS} times");
                return Err(refused(answer.status, detail));
            }
            answer = self.ask(&next, &Validators::default()).await.map_err(astray)?;
            url = next;
        }
        let moved = !left.is_empty();
        Ok(Found { answer, moved })
    }

    async fn ask(&self, url: &Url, known: &Validators) -> Result<Answer, SendError> {
        let mut request = Request::get(url.as_str()).header(header::ACCEPT, "text/calendar, */*;q=0.1");
        if let Some(etag) = &known.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(last_modified) = &known.last_modified {
            request = request.header(header::IF_MODIFIED_SINCE, last_modified);
        }
        let request = request.body(Bytes::new());
        self.0.send(request.map_err(|_| Refused::Malformed)?).await
    }
}

/// Where the answer says that the calendar is instead.
fn location(answer: &Answer) -> Option<Cow<'_, str>> {
    let moved = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = answer.headers.get(header::LOCATION).filter(|_| moved)?;
    Some(String::from_utf8_lossy(location.as_bytes()))
}

fn unsent(error: SendError) -> ChannelError {
    match error {
        SendError::Refused(refused) => ChannelError::Refused {
            status: 0,
            code: Refused::CODE.to_owned(),
            detail: refused.to_string(),
        },
        SendError::Unreachable(why) => ChannelError::Unreachable(why),
        SendError::Unanswered(why) => ChannelError::Unknown(why),
    }
}

/// Of an address that the channel sent us to, and nobody entered.
fn astray(error: SendError) -> ChannelError {
    match unsent(error) {
        ChannelError::Refused { status, code, detail } => ChannelError::Refused {
            status,
            code,
            detail: format!("the channel redirects to where nothing is called: {detail}"),
        },
        other => other,
    }
}

fn refused(status: StatusCode, detail: String) -> ChannelError {
    ChannelError::Refused {
        status: status.as_u16(),
        code: "calendar_refused".to_owned(),
        detail,
    }
}

fn failure(status: StatusCode, headers: &HeaderMap) -> ChannelError {
    let detail = format!("the channel answered {}", status.as_u16());
    match status.as_u16() {
        429 | 503 => ChannelError::Throttled { wait: pause(headers) },
        408 => ChannelError::Unknown(detail),
        status @ 500.. => ChannelError::Server { status, detail },
        _ => refused(status, detail),
    }
}

/// `Retry-After`, when it counts seconds.
fn pause(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs).min(LONGEST_PAUSE)
}

fn validators(headers: &HeaderMap) -> Validators {
    Validators {
        etag: validator(headers, header::ETAG),
        last_modified: validator(headers, header::LAST_MODIFIED),
    }
}

fn validator(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= VALIDATOR).then(|| value.to_owned())
}
