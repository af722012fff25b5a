//! `bombs`: messages made to cost much are refused for little: calendars, and OTA XML.

mod calendars;
mod cost;
mod messages;

use crate::harness::verdict::{Scale, Verdict};
use chrono::DateTime;
use innkeep_domain::ports::calendar::Here;
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::ical;
use std::fmt::Display;
use std::time::Duration;

/// What else runs on a machine makes time longer, never shorter: the shortest of so many tries counts.
const TRIES: usize = 3;
/// Of processor time, for one calendar.
const CALENDAR: Duration = Duration::from_millis(100);
/// For one message: real ones have as many elements as a bomb of elements, and cost more. An unoptimised build may take
/// longer.
const MESSAGE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 400 } else { 100 });
const KIB: u64 = 64 * 1024;

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let scale = scale.of(1, 8);
    let here = Here::at(chrono_tz::Tz::UTC, DateTime::default());
    let calendar = |bytes: &[u8]| ical::read(bytes, here).map_err(|e| e.to_string());
    let harmless = calendars::harmless();
    attack(
        ("calendars", CALENDAR),
        &calendars::all(scale),
        &harmless,
        calendar,
        &mut verdict,
    )?;
    let agreed = Agreed::all(Version::V2024_10);
    let message = |bytes: &[u8]| {
        check(bytes, Action::FreeRooms, Side::Request, &agreed).map_err(|refusal| refusal.reason)
    };
    let (bombs, harmless) = (messages::all(scale as usize), messages::harmless());
    attack(("messages", MESSAGE), &bombs, &harmless, message, &mut verdict)?;
    Ok(verdict)
}

/// A harmless one is taken, and shows what work costs; it comes first, since what is made once is made then.
fn attack<T>(
    (what, time): (&str, Duration),
    bombs: &[(impl Display, String)],
    harmless: &str,
    read: impl Fn(&[u8]) -> Result<T, String>,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let (answer, usual) = cost::of(|| read(harmless.as_bytes()).map(drop))?;
    verdict.demand(answer.is_ok(), format!("{what}: a harmless one: {answer:?}"));
    let (mut longest, mut largest) = (Duration::ZERO, 0);
    for (name, bomb) in bombs {
        let (answer, mut cost) = cost::of(|| read(bomb.as_bytes()).map(drop))?;
        verdict.demand(answer.is_err(), format!("{what}: {name}: taken"));
        for _ in 1..TRIES {
            let (_, again) = cost::of(|| read(bomb.as_bytes()).map(drop))?;
            cost.time = cost.time.min(again.time);
            cost.kib = cost.kib.max(again.kib);
        }
        verdict.demand(
            cost.time <= time && cost.kib <= KIB,
            format!("{what}: {name}: {:?} and {} KiB", cost.time, cost.kib),
        );
        longest = longest.max(cost.time);
        largest = largest.max(cost.kib);
    }
    verdict.figure(format!(
        "{} of {0} {what} refused, at most {} ms of processor time and {largest} KiB; a harmless one {} ms",
        bombs.len(),
        longest.as_millis(),
        usual.time.as_millis()
    ));
    Ok(())
}
