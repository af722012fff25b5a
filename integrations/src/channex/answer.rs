//! What Channex's answers mean for the caller.

use crate::failure::pause;
pub(super) use crate::failure::{address_refused, ours, undelivered};
use crate::text;
use innkeep_domain::ports::channel::ChannelError;
use serde_json::Value;

const SHOWN: usize = 500;

/// Any status that is not 2xx. `wait` is the `Retry-After` header, used when it counts seconds.
pub(super) fn failure(status: u16, wait: Option<&str>, body: &[u8]) -> ChannelError {
    match status {
        429 => ChannelError::Throttled { wait: pause(wait) },
        408 => ChannelError::Unknown("the channel gave up waiting for the request".to_owned()),
        500.. => ChannelError::Server {
            status,
            detail: explain(status, body).1,
        },
        _ => refused(status, body),
    }
}

/// A 2xx must carry JSON in Channex's envelope: anything else was not said by Channex.
pub(super) fn success(status: u16, body: &[u8]) -> Result<Value, ChannelError> {
    let answer: Value = serde_json::from_slice(body)
        .map_err(|error| ChannelError::Unknown(format!("answer is not JSON: {error}")))?;
    if answer.get("errors").is_some_and(|errors| !errors.is_null()) {
        return Err(refused(status, body));
    }
    if answer.get("data").is_none() && answer.get("meta").is_none() {
        return Err(ChannelError::Unknown(
            "answer has neither data nor meta".to_owned(),
        ));
    }
    Ok(answer)
}

/// The outcome's name in metrics.
pub(super) fn outcome(error: &ChannelError) -> &'static str {
    match error {
        ChannelError::Unreachable(_) => "unreachable",
        ChannelError::Unknown(_) => "unknown",
        ChannelError::Throttled { .. } => "throttled",
        ChannelError::Server { .. } => "server",
        ChannelError::Refused { .. } => "refused",
    }
}

fn refused(status: u16, body: &[u8]) -> ChannelError {
    let (code, detail) = explain(status, body);
    ChannelError::Refused { status, code, detail }
}

/// `errors.code`, and `errors.title` with the details behind it; whatever else came is shown as it is.
fn explain(status: u16, body: &[u8]) -> (String, String) {
    let plain = || text::clean(&String::from_utf8_lossy(body), SHOWN).unwrap_or_default();
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let Some(errors) = parsed.as_ref().and_then(|answer| answer.get("errors")) else {
        return (format!("http_{status}"), plain());
    };
    let field = |name: &str| {
        errors
            .get(name)
            .and_then(Value::as_str)
            .and_then(|code| text::clean(code, 100))
    };
    let details = errors.get("details").map(complaints).unwrap_or_default();
    let parts: Vec<String> = [field("title"), text::clean(&details, SHOWN)]
        .into_iter()
        .flatten()
        .collect();
    let detail = if parts.is_empty() {
        plain()
    } else {
        parts.join(": ")
    };
    (field("code").unwrap_or_else(|| format!("http_{status}")), detail)
}

/// Details in any of the shapes seen: a text, a list, or field -> complaints.
pub(super) fn complaints(details: &Value) -> String {
    match details {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(complaints).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let parts = fields
                .iter()
                .map(|(field, said)| format!("{field} {}", complaints(said)));
            parts.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_read_in_every_documented_shape() {
        let said = |body: &str| explain(422, body.as_bytes());
        let fields = r#"{"errors":{"code":"validation_error","title":"Validation Error","details":{"title":["can't be blank"]}}}"#;
        assert_eq!(
            said(fields),
            (
                "validation_error".into(),
                "Validation Error: title can't be blank".into()
            )
        );
        let list =
            r#"{"errors":{"code":"bad_request","title":"Bad Request","details":["date is required"]}}"#;
        assert_eq!(
            said(list),
            ("bad_request".into(), "Bad Request: date is required".into())
        );
        assert_eq!(
            said("<html>no</html>"),
            ("http_422".into(), "<html>no</html>".into())
        );
    }
}
