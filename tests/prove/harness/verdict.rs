//! What a suite found: figures, and whether each thing it demands holds.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// A few seconds, for CI.
    Quick,
    /// What the promise says.
    Full,
}

impl Scale {
    pub fn parse(name: Option<&str>) -> anyhow::Result<Self> {
        match name {
            Some("quick") => Ok(Self::Quick),
            Some("full") => Ok(Self::Full),
            other => anyhow::bail!("--scale is quick or full, not {other:?}"),
        }
    }
    pub fn of<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

#[derive(Debug, Default)]
pub struct Verdict {
    figures: Vec<String>,
    broken: Vec<String>,
}

impl Verdict {
    /// A suite that could not be carried through proves nothing.
    pub fn broken(error: &anyhow::Error) -> Self {
        Self {
            figures: Vec::new(),
            broken: vec![format!("{error:#}")],
        }
    }
    pub fn figure(&mut self, text: impl Into<String>) {
        self.figures.push(text.into());
    }
    /// Something that must hold; `otherwise` says what was found instead.
    pub fn demand(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.broken.push(otherwise.into());
        }
    }
    /// A count that must be zero, shown either way.
    pub fn none(&mut self, count: usize, what: &str) {
        self.figure(format!("{count} {what}"));
        self.demand(count == 0, format!("{count} {what}"));
    }
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }
    /// What is broken, a line each, then the one closing line.
    pub fn closing_line(&self, name: &str, took: Duration) -> String {
        let broken: String = self
            .broken
            .iter()
            .map(|b| format!("{name}: broken: {b}\n"))
            .collect();
        let figures = self.figures.join(", ");
        let outcome = if self.holds() { "holds" } else { "falls short" };
        format!("{broken}{name}: {figures}, {:.1} s {outcome}", took.as_secs_f64())
    }
}

/// The p-th percentile (0 to 100) of measurements in any order.
pub fn percentile(values: &[Duration], p: f64) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (p / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

pub fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
