//! What a portal's answers mean for whoever called it.

use crate::failure::pause;
pub(super) use crate::failure::{address_refused, ours, undelivered};
use crate::ota::answer::{Answer, Notice, Type};
use crate::ota::refusal::Refusal;
use crate::text;
use innkeep_domain::ports::channel::{ChannelError, PushReport, Rejected};

const SHOWN: usize = 500;
/// What a portal asks to be told anew.
const FREE_ROOMS: &str = "ALPINEBITS_SEND_FREEROOMS";
const RATE_PLANS: &str = "ALPINEBITS_SEND_RATEPLANS";
const INVENTORY: &str = "ALPINEBITS_SEND_INVENTORY";
const HANDSHAKE: &str = "ALPINEBITS_SEND_HANDSHAKE";

/// What we would have to say was not agreed on, or is not sayable.
pub(super) fn unsayable(refusal: &Refusal) -> ChannelError {
    ours("not_agreed", refusal.to_string())
}

/// Whatever is no message. `wait` is the `Retry-After` header, used when it counts seconds.
pub(super) fn failure(status: u16, wait: Option<&str>, body: &[u8]) -> ChannelError {
    let said = String::from_utf8_lossy(body);
    let detail = text::clean(said.trim_start_matches("ERROR:"), SHOWN).unwrap_or_default();
    match status {
        429 => ChannelError::Throttled { wait: pause(wait) },
        408 => ChannelError::Unknown("the portal gave up waiting for the request".to_owned()),
        500.. => ChannelError::Server { status, detail },
        _ => ChannelError::Refused {
            status,
            code: if status == 401 {
                "unauthorized"
            } else {
                "not_understood"
            }
            .to_owned(),
            detail,
        },
    }
}

/// It was not said in the standard's words: nothing may be assumed.
pub(super) fn unreadable(refusal: &Refusal) -> ChannelError {
    ChannelError::Unknown(format!("the answer is not in order: {refusal}"))
}

/// Errors refuse the whole; what a warning speaks of was not taken, unless it is advisory. `about` finds the ranges a
/// warning's record means; one that means none of them may mean any of the `all`.
pub(super) fn report(
    answer: Answer,
    all: usize,
    about: impl Fn(&str) -> Vec<usize>,
) -> Result<PushReport, ChannelError> {
    let warnings = accepted(answer)?;
    let asks = |wanted: &[&str]| warnings.iter().any(|one| asks(one, wanted));
    let mut report = PushReport {
        asks_for_all: asks(&[FREE_ROOMS, RATE_PLANS]),
        asks_for_inventory: asks(&[INVENTORY]),
        ..PushReport::default()
    };
    for warning in warnings
        .iter()
        .filter(|one| one.kind != Type::ADVISORY && !asks_anything(one))
    {
        let meant = warning.record.as_deref().map(&about).unwrap_or_default();
        let meant = if meant.is_empty() {
            (0..all).collect()
        } else {
            meant
        };
        let reason = words(warning);
        let rejected = meant.into_iter().map(|range| Rejected {
            range,
            reason: reason.clone(),
        });
        report.rejected.extend(rejected);
    }
    report.rejected.sort_by_key(|one| one.range);
    report.rejected.dedup_by_key(|one| one.range);
    Ok(report)
}

pub(super) fn words(warning: &Notice) -> String {
    text::clean(&warning.text, SHOWN).unwrap_or_else(|| "a warning without words".to_owned())
}

/// It says that this one was not taken.
pub(super) fn is_about(warning: &Notice, record: &str) -> bool {
    warning.kind != Type::ADVISORY && warning.record.as_deref() == Some(record)
}

/// Not all of it was taken.
pub(super) fn partly(warning: &Notice) -> ChannelError {
    let code = warning
        .code
        .map_or_else(|| "warning".to_owned(), |code| format!("warning_{code}"));
    ChannelError::Refused {
        status: 200,
        code,
        detail: words(warning),
    }
}

/// The warnings of what was taken.
pub(super) fn accepted(answer: Answer) -> Result<Vec<Notice>, ChannelError> {
    let errors = match answer {
        Answer::Success(warnings) => return Ok(warnings),
        Answer::Errors(errors) => errors,
    };
    let code = errors.iter().find_map(|one| one.code);
    Err(ChannelError::Refused {
        status: 200,
        code: code.map_or_else(|| "error".to_owned(), |code| format!("error_{code}")),
        detail: all_words(&errors),
    })
}

pub(super) fn all_words(errors: &[Notice]) -> String {
    let said: Vec<&str> = errors.iter().map(|one| one.text.as_str()).collect();
    text::clean(&said.join("; "), SHOWN).unwrap_or_default()
}

fn asks(notice: &Notice, wanted: &[&str]) -> bool {
    notice
        .status
        .as_deref()
        .is_some_and(|status| wanted.contains(&status))
}

fn asks_anything(notice: &Notice) -> bool {
    asks(notice, &[FREE_ROOMS, RATE_PLANS, INVENTORY, HANDSHAKE])
}

/// It does not know any more what was agreed on.
pub(super) fn asks_for_handshake(answer: &Answer) -> bool {
    let (Answer::Success(all) | Answer::Errors(all)) = answer;
    all.iter().any(|one| asks(one, &[HANDSHAKE]))
}

/// The outcome's name in metrics.
pub(super) fn name(error: &ChannelError) -> &'static str {
    match error {
        ChannelError::Unreachable(_) => "unreachable",
        ChannelError::Unknown(_) => "unknown",
        ChannelError::Throttled { .. } => "throttled",
        ChannelError::Server { .. } => "server",
        ChannelError::Refused { .. } => "refused",
    }
}
