//! A scenario: from which second on which faults hold and which guests come, from a file.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::faults::Faults;
use crate::guests::{self, Guests};
use crate::state::Sandbox;

const MOST_STEPS: usize = 1_000;

/// Read and checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// For people.
    #[serde(default)]
    pub title: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Seconds after the start; a step is not before the one above it.
    at_s: u64,
    /// Replace those that held before; left out: they go on.
    #[serde(default)]
    faults: Option<Faults>,
    #[serde(default)]
    guests: Option<Guests>,
}

impl Scenario {
    /// From JSON: `{"title","steps":[{"at_s","faults","guests"}]}`.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let read: Self = serde_json::from_str(text).context("the scenario")?;
        ensure!(read.steps.len() <= MOST_STEPS, "at most {MOST_STEPS} steps");
        for pair in read.steps.windows(2) {
            let later = pair.first().map(|s| s.at_s) <= pair.last().map(|s| s.at_s);
            ensure!(later, "steps must come in order of at_s");
        }
        for step in &read.steps {
            let mut reasons = step.faults.as_ref().map(Faults::check).unwrap_or_default();
            reasons.extend(step.guests.iter().flat_map(Guests::check));
            ensure!(
                reasons.is_empty(),
                "at second {}: {}",
                step.at_s,
                reasons.join("; ")
            );
        }
        Ok(read)
    }

    /// Plays it from now on; the last step's faults stay.
    pub async fn play(self, sandbox: Sandbox) {
        let start = tokio::time::Instant::now();
        for step in self.steps {
            tokio::time::sleep_until(start + Duration::from_secs(step.at_s)).await;
            tracing::info!(at_s = step.at_s, scenario = self.title, "scenario.step");
            if let Some(faults) = step.faults {
                sandbox.world().set_faults(faults);
            }
            if let Some(plan) = step.guests {
                guests::invite(&sandbox, plan);
            }
        }
    }
}
