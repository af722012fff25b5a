//! A call that brought no answer to read, in the words of the port: the same whichever channel was called.

use crate::outbound::{Refused, SendError};
use innkeep_domain::ports::channel::ChannelError;
use std::time::Duration;

/// After a 429 that does not say how long; Channex documents as much.
const PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: u64 = 3600;

/// Refused on our side: the call was never made, and repeating it will not help.
pub(crate) fn ours(code: &str, detail: String) -> ChannelError {
    ChannelError::Refused {
        status: 0,
        code: code.to_owned(),
        detail,
    }
}

/// No status came back.
pub(crate) fn undelivered(error: SendError) -> ChannelError {
    match error {
        SendError::Refused(refused) => address_refused(refused),
        SendError::Unreachable(why) => ChannelError::Unreachable(why),
        SendError::Unanswered(why) => ChannelError::Unknown(why),
    }
}

/// The connection's address is none that may be called: someone must change it.
pub(crate) fn address_refused(refused: Refused) -> ChannelError {
    ours(Refused::CODE, refused.to_string())
}

/// The `Retry-After` header, used when it counts seconds.
pub(crate) fn pause(wait: Option<&str>) -> Duration {
    let seconds = wait.and_then(|text| text.trim().parse::<u64>().ok());
    seconds.map_or(PAUSE, |seconds| {
        Duration::from_secs(seconds.clamp(1, LONGEST_PAUSE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_theirs_within_reason() {
        assert_eq!(pause(None), PAUSE);
        assert_eq!(pause(Some("Wed, 21 Oct 2026 07:28:00 GMT")), PAUSE);
        assert_eq!(pause(Some(" 7 ")), Duration::from_secs(7));
        assert_eq!(pause(Some("0")), Duration::from_secs(1));
        assert_eq!(pause(Some("999999")), Duration::from_secs(LONGEST_PAUSE));
    }
}
