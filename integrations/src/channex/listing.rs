//! Channex's lists: pages of entries with `attributes` and `relationships`.

use super::api::Api;
use super::identity::attributes;
use crate::text::clean;
use chrono::{DateTime, NaiveDateTime, Utc};
use innkeep_domain::ports::channel::{Access, ChannelError};
use serde_json::Value;

/// The largest page Channex gives.
const PAGE: usize = 100;

/// Entries of the property, at most `pages` pages of them, in the order in which they come.
pub(super) async fn all(
    api: &Api,
    access: &Access,
    path: &[&str],
    query: &[(&str, &str)],
    pages: usize,
) -> Result<Vec<Value>, ChannelError> {
    let mut found = Vec::new();
    let limit = PAGE.to_string();
    for page in 1..=pages {
        let number = page.to_string();
        let mut query = query.to_vec();
        query.push(("pagination[page]", &number));
        query.push(("pagination[limit]", &limit));
        let mut answer = api.get(access, path, &query).await?;
        let Some(Value::Array(entries)) = answer.get_mut("data").map(Value::take) else {
            let what = path.first().copied().unwrap_or_default();
            return Err(ChannelError::Unknown(format!("{what}: no list of data")));
        };
        let full = entries.len() >= PAGE;
        found.extend(entries);
        if !full {
            break;
        }
    }
    Ok(found)
}

/// The entry's own id.
pub(super) fn id(entry: &Value) -> Option<String> {
    let own = entry.get("id").or_else(|| attributes(entry).get("id"))?;
    clean(own.as_str()?, 200)
}

/// The id of the thing that the entry belongs to.
pub(super) fn related(entry: &Value, to: &str) -> Option<String> {
    let id = entry.pointer(&format!("/relationships/{to}/data/id"))?;
    clean(id.as_str()?, 200)
}

/// A text of the entry, empty counts as none.
pub(super) fn text(entry: &Value, key: &str, longest: usize) -> Option<String> {
    clean(attributes(entry).get(key)?.as_str()?, longest)
}

pub(super) fn count(entry: &Value, key: &str) -> Option<u32> {
    u32::try_from(attributes(entry).get(key)?.as_u64()?).ok()
}

/// Without a zone it is UTC.
pub(super) fn instant(entry: &Value, key: &str) -> Option<DateTime<Utc>> {
    let text = attributes(entry).get(key)?.as_str()?;
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok();
    zoned.or_else(|| text.parse::<NaiveDateTime>().ok().map(|at| at.and_utc()))
}
