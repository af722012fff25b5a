//! `ical`: a channel's calendar is followed night by night, and no outage of it gives a night free. Calendars of real
//! listings, recorded over months, are played state by state, read about every hour, with outages put in; so are made-up
//! ones that follow the same rules, and stand in where the recordings are absent.

mod judge;
mod made_up;
mod outage;
mod plain;
mod recorded;

use crate::harness::verdict::{Scale, Verdict};
use anyhow::ensure;
use chrono::{DateTime, Utc};
use judge::Findings;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A calendar as it was, each state until the next.
pub struct Story {
    pub name: String,
    pub states: Vec<State>,
}

pub struct State {
    pub from: DateTime<Utc>,
    pub body: String,
}

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let (recorded, made_up) = (recorded::stories()?, made_up::stories(scale.of(2, 20))?);
    if recorded.is_empty() {
        verdict.figure("recordings skipped: they are not here");
    } else {
        played("recorded", &recorded, scale, &mut verdict)?;
    }
    played("made-up", &made_up, scale, &mut verdict)?;
    Ok(verdict)
}

fn played(kind: &str, stories: &[Story], scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let mut all = Findings::default();
    for story in stories {
        ensure!(!story.states.is_empty(), "{}: no states", story.name);
        for seed in 0..scale.of(1, 5) {
            let mut rng = StdRng::seed_from_u64(seed);
            // Part of a story is enough for the quick form.
            let states = scale.of(story.states.len().min(120), story.states.len());
            let found = judge::play(story.states.get(..states).unwrap_or_default(), &mut rng)?;
            verdict.demand(found.holds(), format!("{} ({seed}): {found:?}", story.name));
            all.add(&found);
        }
    }
    verdict.figure(format!(
        "{} {kind} calendars, {} readings, {} outages, {} of {} days equal, the others but for nights just gone",
        stories.len(),
        all.readings,
        all.outages,
        all.equal,
        all.days
    ));
    verdict.none(all.missing, "nights missing");
    verdict.none(all.stale, "held too long");
    verdict.none(all.spurious, "spurious cancellations");
    verdict.figure(format!(
        "{} by UID alone, {} true ones",
        all.by_uid, all.cancelled
    ));
    verdict.none(all.through_outages, "releases through outages");
    // A feed that never gives anything free would be in order, too.
    verdict.demand(
        all.opened > 0 && all.outages > 0 && all.by_uid > 0,
        format!("{kind}: nothing was tried: {all:?}"),
    );
    Ok(())
}
