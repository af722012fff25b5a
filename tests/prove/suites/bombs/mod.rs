//! `bombs`: messages made to cost much are refused for little. So far: calendars.

mod calendars;
mod cost;

use crate::harness::verdict::{Scale, Verdict};
use innkeep_integrations::ical;
use std::time::Duration;

/// What else runs on a machine makes time longer, never shorter: the shortest of so many tries counts.
const TRIES: usize = 3;
/// Of processor time, for one.
const TIME: Duration = Duration::from_millis(100);
const KIB: u64 = 64 * 1024;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let (mut longest, mut largest) = (Duration::ZERO, 0);
    let bombs = calendars::all(scale.of(1, 8));
    for (name, bomb) in &bombs {
        let (answer, mut cost) = cost::of(|| ical::read(bomb.as_bytes(), chrono_tz::Tz::UTC))?;
        verdict.demand(answer.is_err(), format!("{name}: taken"));
        for _ in 1..TRIES {
            let (_, again) = cost::of(|| ical::read(bomb.as_bytes(), chrono_tz::Tz::UTC))?;
            cost.time = cost.time.min(again.time);
            cost.kib = cost.kib.max(again.kib);
        }
        verdict.demand(
            cost.time <= TIME && cost.kib <= KIB,
            format!("{name}: {:?} and {} KiB", cost.time, cost.kib),
        );
        longest = longest.max(cost.time);
        largest = largest.max(cost.kib);
    }
    let harmless = calendars::harmless();
    let (answer, cost) = cost::of(|| ical::read(harmless.as_bytes(), chrono_tz::Tz::UTC))?;
    verdict.demand(answer.is_ok(), format!("a harmless one: {answer:?}"));
    verdict.figure(format!(
        "{} of {0} calendars refused, at most {} ms of processor time and {largest} KiB; a harmless one {} ms",
        bombs.len(),
        longest.as_millis(),
        cost.time.as_millis()
    ));
    Ok(verdict)
}
