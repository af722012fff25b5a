//! What is known from a feed.

use super::collapse::Collapse;
use super::echo::Echo;
use super::patience::Doubt;
use super::{Dates, NamedStay, Nights, Reading};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownStay {
    pub stay: NamedStay,
    pub doubt: Option<Doubt>,
}

/// Something that is held, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub dates: Dates,
    pub kind: ClaimKind,
    /// Of a stay, if the channel says it.
    pub code: Option<String>,
    /// The last calendar did not have it: held until it has been missing for long enough.
    pub doubted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    Stay,
    Closed,
    /// Ours coming back, after the channel has read that we opened it.
    Lingering,
}

/// Why nothing is given free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    Collapsed(Collapse),
    /// The last answer was no calendar.
    Unreadable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    pub why: Why,
    pub since: DateTime<Utc>,
}

/// One calendar of one unit at one channel: known is what it said and has not been missing for long enough. A new one
/// knows nothing. Kept as JSON between two readings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Feed {
    pub(super) stays: BTreeMap<String, KnownStay>,
    /// Claims that are no stays.
    pub(super) closed: BTreeMap<NaiveDate, Option<Doubt>>,
    /// Closed in the last calendar, and no claims.
    pub(super) echoes: BTreeMap<NaiveDate, Echo>,
    pub(super) frozen: Option<Freeze>,
}

impl Feed {
    /// Set while an alarm is due and nothing is given free.
    pub fn frozen(&self) -> Option<Freeze> {
        self.frozen
    }
    pub fn stays(&self) -> impl Iterator<Item = (&str, &NamedStay)> {
        self.stays.iter().map(|(uid, known)| (uid.as_str(), &known.stay))
    }
    /// Nights that the channel has sold or closed: what *other* channels are to be told. Never this one: it would read
    /// its own words from us.
    pub fn claimed(&self) -> Nights {
        let stays = self.stays.values().map(|known| known.stay.dates);
        stays.chain(runs(self.closed.keys())).collect()
    }
    /// Nights that we must not sell: claimed, or perhaps sold since the channel opened them.
    pub fn held(&self) -> Nights {
        let stays = self.stays.values().map(|known| known.stay.dates);
        stays
            .chain(self.held_as_closed().runs().iter().copied())
            .collect()
    }
    /// Nights held although the last calendar did not have them.
    pub fn doubted(&self) -> Nights {
        let stays = self.stays.values().filter(|known| known.doubt.is_some());
        let closed = self.closed.iter().filter(|(_, doubt)| doubt.is_some());
        stays
            .map(|known| known.stay.dates)
            .chain(runs(closed.map(|(night, _)| night)))
            .collect()
    }

    /// All that is held, in order of kinds and dates.
    pub fn claims(&self) -> Vec<Claim> {
        let claim = |dates, kind, doubted| Claim {
            dates,
            kind,
            code: None,
            doubted,
        };
        let mut out: Vec<Claim> = (self.stays.values())
            .map(|known| Claim {
                code: known.stay.code.clone(),
                ..claim(known.stay.dates, ClaimKind::Stay, known.doubt.is_some())
            })
            .collect();
        out.sort_by_key(|stay| stay.dates);
        for doubted in [false, true] {
            let some = self.closed.iter().filter(|(_, doubt)| doubt.is_some() == doubted);
            let nights: Nights = some.map(|(night, _)| *night).collect();
            out.extend((nights.runs().iter()).map(|run| claim(*run, ClaimKind::Closed, doubted)));
        }
        let lingering = self.echoes.iter().filter(|(_, echo)| echo.lingers());
        let lingering: Nights = lingering.map(|(night, _)| *night).collect();
        out.extend((lingering.runs().iter()).map(|run| claim(*run, ClaimKind::Lingering, false)));
        out
    }

    /// Held nights apart from the stays, which come and go as wholes.
    pub(super) fn held_as_closed(&self) -> Nights {
        let lingering = self.echoes.iter().filter(|(_, echo)| echo.lingers());
        let nights = self.closed.keys().chain(lingering.map(|(night, _)| night));
        nights.copied().collect()
    }
    /// The last calendar, as far as it was taken: all that is known and not missing.
    pub(super) fn last_reading(&self) -> Reading {
        let present = self.stays.iter().filter(|(_, known)| known.doubt.is_none());
        let closed = self.closed.iter().filter(|(_, doubt)| doubt.is_none());
        Reading {
            stays: present
                .map(|(uid, known)| (uid.clone(), known.stay.clone()))
                .collect(),
            closed: closed
                .map(|(night, _)| *night)
                .chain(self.echoes.keys().copied())
                .collect(),
        }
    }
}

fn runs<'a>(nights: impl Iterator<Item = &'a NaiveDate>) -> impl Iterator<Item = Dates> {
    nights.filter_map(|night| Dates::night(*night))
}
