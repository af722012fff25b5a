//! What a seller's answer to a push means.

use crate::failure::pause;
pub(super) use crate::failure::{ours, undelivered};
use crate::text;
use innkeep_domain::ports::channel::{ChannelError, PushReport, Rejected};
use serde_json::Value;
use std::collections::BTreeMap;

const SHOWN: usize = 500;

/// Any status that is not 2xx. A redirect is a refusal: a signed message goes where the connection says, nowhere else.
pub(super) fn failure(status: u16, wait: Option<&str>, body: &[u8]) -> ChannelError {
    let detail = text::clean(&String::from_utf8_lossy(body), SHOWN).unwrap_or_default();
    match status {
        429 => ChannelError::Throttled { wait: pause(wait) },
        408 => ChannelError::Unknown("the seller gave up waiting for the request".to_owned()),
        500.. => ChannelError::Server { status, detail },
        410 => ChannelError::Refused {
            status,
            code: "gone".to_owned(),
            detail: "the seller's endpoint does not exist any more".to_owned(),
        },
        _ => ChannelError::Refused {
            status,
            code: format!("http_{status}"),
            detail,
        },
    }
}

/// A 2xx takes every value but those it lists. A list that cannot be read says that something was not taken, but not
/// what: then nothing counts as taken.
pub(super) fn success(body: &[u8], values: usize) -> Result<PushReport, ChannelError> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let listed = match answer.get("rejected") {
        None | Some(Value::Null) => return Ok(PushReport::default()),
        Some(listed) => listed.as_array(),
    };
    let wrong = || ChannelError::Unknown("`rejected` must list objects of `index` and `reason`".to_owned());
    let mut rejected = BTreeMap::new();
    for one in listed.ok_or_else(wrong)? {
        let index = one.get("index").and_then(Value::as_u64);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let index = index.filter(|index| *index < values).ok_or_else(wrong)?;
        let reason = one.get("reason").and_then(Value::as_str);
        let reason = reason.and_then(|reason| text::clean(reason, SHOWN));
        rejected
            .entry(index)
            .or_insert_with(|| reason.unwrap_or_else(|| "no reason given".to_owned()));
    }
    let rejected = rejected
        .into_iter()
        .map(|(range, reason)| Rejected { range, reason });
    Ok(PushReport {
        rejected: rejected.collect(),
        ..PushReport::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_webhook::ari::MessageAnswer;
    use poem_openapi::types::{ParseFromJSON, ToJSON};
    use serde_json::json;

    /// What the document says of an answer is what is read of it.
    #[test]
    fn a_described_answer_is_read() {
        let described = json!({ "rejected": [{ "index": 1, "reason": "unknown room" }, { "index": 0 }] });
        let answer = MessageAnswer::parse_from_json(Some(described)).unwrap();
        let read = success(answer.to_json_string().as_bytes(), 2).unwrap();
        let read: Vec<_> = read
            .rejected
            .iter()
            .map(|r| (r.range, r.reason.as_str()))
            .collect();
        assert_eq!(read, [(0, "no reason given"), (1, "unknown room")]);
        let all = MessageAnswer::parse_from_json(Some(json!({}))).unwrap();
        assert_eq!(
            success(all.to_json_string().as_bytes(), 2),
            Ok(PushReport::default())
        );
    }
}
