//! Schemathesis as a child process: what it is told, and what its report says.

use super::dictionary;
use super::door::Door;
use super::stage::Stage;
use crate::harness::verdict::Scale;
use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::process::Command;

/// `scripts/install --dev` puts it there.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/st");
/// Lines of its own words that a failure shows.
const SHOWN: usize = 80;

/// What is read of its report.
#[derive(Deserialize)]
pub struct Report {
    /// Did it come to its end?
    pub complete: bool,
    pub operations: Operations,
    pub test_cases: TestCases,
    pub failures: Vec<Failure>,
    /// What kept it from trying something.
    pub errors: Vec<Value>,
    /// By operation and phase: how many well-formed requests were answered how.
    valid_rates: BTreeMap<String, BTreeMap<String, Rates>>,
    /// The failures in its own words.
    #[serde(skip)]
    pub said: String,
}

#[derive(Deserialize)]
pub struct Operations {
    pub tested: usize,
}

#[derive(Deserialize)]
pub struct TestCases {
    pub generated: usize,
}

#[derive(Deserialize)]
pub struct Failure {
    #[serde(rename = "type")]
    pub kind: String,
    pub count: usize,
    pub operations: Vec<String>,
}

#[derive(Deserialize)]
struct Rates {
    accepted: usize,
}

impl Report {
    /// Operations that did what they were asked at least once.
    pub fn accepted(&self) -> usize {
        let rates = self.valid_rates.values();
        rates
            .filter(|phases| phases.values().any(|r| r.accepted > 0))
            .count()
    }
}

pub async fn run(stage: &Stage, document: &Value, door: Door, scale: Scale) -> anyhow::Result<Report> {
    ensure!(
        Path::new(PROGRAM).exists(),
        "Schemathesis is not installed: run scripts/install --dev"
    );
    let folder = &stage.world.folder;
    let (settings, report) = (
        folder.join(format!("{}.toml", door.name())),
        folder.join(format!("{}.json", door.name())),
    );
    std::fs::write(&settings, told(stage, document, door, scale).await?)?;
    let output = Command::new(PROGRAM)
        .arg("--config-file")
        .arg(&settings)
        .args(["run", "--no-color", "--report", "json", "--report-json-path"])
        .arg(&report)
        .arg(format!("http://{}/openapi.json", stage.world.api))
        .current_dir(folder)
        .kill_on_drop(true)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    std::fs::write(folder.join(format!("{}.log", door.name())), &said)?;
    let report = std::fs::read(&report)
        .with_context(|| format!("no report: {}\n{said}", String::from_utf8_lossy(&output.stderr)))?;
    let report: Report = serde_json::from_slice(&report)?;
    let failures = said
        .lines()
        .skip_while(|line| !line.contains(" FAILURES ") && !line.contains(" ERRORS "));
    let said = failures.take(SHOWN).collect::<Vec<_>>().join("\n");
    Ok(Report { said, ..report })
}

/// The whole of its configuration.
async fn told(stage: &Stage, document: &Value, door: Door, scale: Scale) -> anyhow::Result<String> {
    // What a query has besides its parameters is passed over, as everywhere.
    let generation = "[generation]\nallow-extra-parameters = false";
    let size = match scale {
        Scale::Quick => "max-examples = 3\n[phases.coverage]\nenabled = false\n",
        Scale::Full => "max-examples = 60\n",
    };
    // The others' turn comes.
    let others = format!(
        "[[operations]]\nexclude-operation-id = {}\nenabled = false\n",
        json!(door.operations())
    );
    Ok([
        include_str!("schemathesis.toml"),
        generation,
        size,
        &door.credential(stage).await?,
        &dictionary::toml(document, &stage.words)?,
        &others,
    ]
    .join("\n"))
}
