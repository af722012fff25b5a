//! What became different.

use super::state::Feed;
use super::{Dates, Freeze, NamedStay, Nights};
use chrono::NaiveDate;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Booked {
        uid: String,
        stay: NamedStay,
    },
    Moved {
        uid: String,
        from: Dates,
        to: NamedStay,
    },
    Cancelled {
        uid: String,
        stay: NamedStay,
    },
    /// Held from now on, and no stay.
    Closed(Dates),
    /// No longer held.
    Opened(Dates),
    Frozen(Freeze),
    Thawed,
}

/// Nights before today and stays that are over end without a word: time is no cancellation.
pub(super) fn between(before: &Feed, after: &Feed, today: NaiveDate) -> Vec<Change> {
    let mut out = Vec::new();
    for (uid, known) in &after.stays {
        match before.stays.get(uid).map(|before| before.stay.dates) {
            None => out.push(Change::Booked {
                uid: uid.clone(),
                stay: known.stay.clone(),
            }),
            Some(from) if from != known.stay.dates => out.push(Change::Moved {
                uid: uid.clone(),
                from,
                to: known.stay.clone(),
            }),
            Some(_) => {}
        }
    }
    let gone = before
        .stays
        .iter()
        .filter(|(uid, known)| known.stay.dates.to() > today && !after.stays.contains_key(*uid));
    out.extend(gone.map(|(uid, known)| Change::Cancelled {
        uid: uid.clone(),
        stay: known.stay.clone(),
    }));
    let (held, now_held) = (before.held_as_closed(), after.held_as_closed());
    out.extend(only_in(&now_held, &held, today).map(Change::Closed));
    out.extend(only_in(&held, &now_held, today).map(Change::Opened));
    match (before.frozen, after.frozen) {
        (Some(_), None) => out.push(Change::Thawed),
        (was, Some(freeze)) if was != Some(freeze) => out.push(Change::Frozen(freeze)),
        _ => {}
    }
    out
}

fn only_in(one: &Nights, other: &Nights, today: NaiveDate) -> impl Iterator<Item = Dates> {
    let nights: Nights = one
        .iter()
        .filter(|night| *night >= today && !other.contains(*night))
        .collect();
    nights.runs().to_vec().into_iter()
}
