//! Asking for a calendar, only if it changed.

use super::{Unreadable, read};
use crate::outbound::{self, BodyError, Bytes, HeaderMap, Outbound, Request, SendError, StatusCode, header};
use async_trait::async_trait;
use innkeep_domain::ports::calendar::{Calendars, Fetched, Here, Validators};
use innkeep_domain::ports::channel::ChannelError;
use std::time::Duration;

/// When a channel asks to wait and does not say how long.
const PAUSE: Duration = Duration::from_secs(3600);
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Bytes of a validator; a longer one is not kept.
const VALIDATOR: usize = 512;

/// By the one way out.
#[derive(Clone)]
pub struct Fetch(pub Outbound);

#[async_trait]
impl Calendars for Fetch {
    async fn fetch(&self, address: &str, known: &Validators, here: Here) -> Result<Fetched, ChannelError> {
        let request = request(address, known).map_err(unsent)?;
        let answer = self.0.send(request).await.map_err(unsent)?;
        if answer.status == StatusCode::NOT_MODIFIED && *known != Validators::default() {
            return Ok(Fetched::Unchanged);
        }
        if !answer.status.is_success() {
            return Err(failure(answer.status, &answer.headers));
        }
        let read = match answer.body {
            Ok(body) => read(&body, here),
            Err(BodyError::TooLarge(most)) => Err(Unreadable::TooMuch { most, what: "bytes" }),
            Err(error @ BodyError::Broken(_)) => return Err(ChannelError::Unknown(error.to_string())),
        };
        Ok(match read {
            Ok(reading) => Fetched::Calendar {
                reading,
                validators: Validators {
                    etag: validator(&answer.headers, header::ETAG),
                    last_modified: validator(&answer.headers, header::LAST_MODIFIED),
                },
            },
            Err(unreadable) => Fetched::Unreadable(unreadable.to_string()),
        })
    }
}

fn request(address: &str, known: &Validators) -> Result<Request<Bytes>, SendError> {
    let url = outbound::read(address)?;
    let mut request = Request::get(url.as_str()).header(header::ACCEPT, "text/calendar, */*;q=0.1");
    if let Some(etag) = &known.etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    if let Some(last_modified) = &known.last_modified {
        request = request.header(header::IF_MODIFIED_SINCE, last_modified);
    }
    let request = request.body(Bytes::new());
    request.map_err(|_| SendError::Refused(outbound::Refused::Malformed))
}

fn unsent(error: SendError) -> ChannelError {
    match error {
        SendError::Refused(refused) => ChannelError::Refused {
            status: 0,
            code: outbound::Refused::CODE.to_owned(),
            detail: refused.to_string(),
        },
        SendError::Unreachable(why) => ChannelError::Unreachable(why),
        SendError::Unanswered(why) => ChannelError::Unknown(why),
    }
}

fn failure(status: StatusCode, headers: &HeaderMap) -> ChannelError {
    let (status, detail) = (
        status.as_u16(),
        format!("the channel answered {}", status.as_u16()),
    );
    match status {
        429 | 503 => ChannelError::Throttled { wait: pause(headers) },
        408 => ChannelError::Unknown(detail),
        500.. => ChannelError::Server { status, detail },
        _ => ChannelError::Refused {
            status,
            code: "calendar_refused".to_owned(),
            detail,
        },
    }
}

/// `Retry-After`, when it counts seconds.
fn pause(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs).min(LONGEST_PAUSE)
}

fn validator(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= VALIDATOR).then(|| value.to_owned())
}
