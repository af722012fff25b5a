//! A calendar that lost too much at once to be believed.

use super::Nights;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Of a few nights half is quickly gone: so many must be missing before a calendar counts as shrunk.
const FEWEST: usize = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collapse {
    /// Nothing is left. Time alone never tells this from a calendar that was switched off: a person must.
    Empty,
    /// More than half of the known nights are missing.
    Shrunk,
}

/// Tonight does not count: a channel whose day ends earlier has dropped it already.
pub(super) fn judge(known: &Nights, said: &Nights, today: NaiveDate) -> Option<Collapse> {
    let known: Vec<NaiveDate> = known.iter().filter(|night| *night > today).collect();
    let missing = known.iter().filter(|night| !said.contains(**night)).count();
    let nothing_said = !said.iter().any(|night| night > today);
    if nothing_said && !known.is_empty() {
        Some(Collapse::Empty)
    } else if missing >= FEWEST && missing * 2 > known.len() {
        Some(Collapse::Shrunk)
    } else {
        None
    }
}
