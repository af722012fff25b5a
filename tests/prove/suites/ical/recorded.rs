//! Calendars of real listings, where they lie beside the workspace: `*.jsonl.gz`, a state a line.

use super::{State, Story};
use anyhow::Context;
use chrono::DateTime;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

const FOLDER: &str = "../shared/corpora/ical/replay";

/// None where the folder is absent.
pub fn stories() -> anyhow::Result<Vec<Story>> {
    let Ok(entries) = std::fs::read_dir(FOLDER) else {
        return Ok(Vec::new());
    };
    let mut stories = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "gz") {
            stories.push(story(&path).with_context(|| path.display().to_string())?);
        }
    }
    stories.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(stories)
}

fn story(path: &Path) -> anyhow::Result<Story> {
    let mut states = Vec::new();
    for line in BufReader::new(GzDecoder::new(File::open(path)?)).lines() {
        let state: Value = serde_json::from_str(&line?)?;
        let text = |key: &str| state[key].as_str().with_context(|| key.to_owned());
        states.push(State {
            from: DateTime::parse_from_rfc3339(text("at")?)?.to_utc(),
            body: text("body")?.to_owned(),
        });
    }
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Story { name, states })
}
