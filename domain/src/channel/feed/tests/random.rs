use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a random channel answers next, and how many minutes later.
#[derive(Debug, Clone)]
enum Answer {
    Calendar(Reading),
    Unchanged,
    Unreadable,
}

fn run() -> impl Strategy<Value = (u64, u64)> {
    (0u64..30, 1u64..6).prop_map(|(from, length)| (from, from + length))
}

fn reading() -> impl Strategy<Value = Reading> {
    let stays = prop::collection::btree_map("[a-e]", run(), 0..4);
    (prop::collection::vec(run(), 0..6), stays).prop_map(|(runs, stays)| {
        let stays: Vec<(&str, u64, u64)> = stays
            .iter()
            .map(|(uid, run)| (uid.as_str(), run.0, run.1))
            .collect();
        Reading {
            closed: closed(&runs).closed,
            ..booked(&stays)
        }
    })
}

/// Few calendars, so that they repeat, come back and are interrupted.
fn answers() -> impl Strategy<Value = Vec<(i64, Answer)>> {
    let some = prop::collection::vec(reading(), 1..4);
    some.prop_flat_map(|some| {
        let calendar = prop::sample::select(some).prop_map(Answer::Calendar);
        let answer = prop_oneof![
            12 => calendar,
            2 => Just(Answer::Unchanged),
            1 => Just(Answer::Calendar(Reading::default())),
            1 => Just(Answer::Unreadable),
        ];
        prop::collection::vec((prop_oneof![1i64..240, 240i64..1500], answer), 1..60)
    })
}

/// For each claim, a closed night or a UID: since when, and in how many calendars in a row, it is missing. Kept apart
/// from what is tested.
#[derive(Default)]
struct Missing(BTreeMap<String, (DateTime<Utc>, u32)>);

impl Missing {
    fn note(&mut self, reading: &Reading, at: DateTime<Utc>) {
        for (since, readings) in self.0.values_mut() {
            *since = if *readings == 0 { at } else { *since };
            *readings += 1;
        }
        let nights = reading.closed.iter().map(|night| night.to_string());
        self.0.extend(
            nights
                .chain(reading.stays.keys().cloned())
                .map(|claim| (claim, (at, 0))),
        );
    }
    /// Nothing was learnt.
    fn anew(&mut self) {
        for (_, readings) in self.0.values_mut() {
            *readings = 0;
        }
    }
}

fn step(watch: &mut Watch, at: DateTime<Utc>, seen: Seen<'_>) -> Vec<Change> {
    let sighting = Sighting {
        at,
        today: at.date_naive(),
        told: &watch.told,
    };
    watch.feed.observe(seen, sighting)
}

fn seen(answer: &Answer) -> Seen<'_> {
    match answer {
        Answer::Calendar(reading) => Seen::Calendar(reading),
        Answer::Unchanged => Seen::Unchanged,
        Answer::Unreadable => Seen::Unreadable,
    }
}

/// The claims that are given up.
fn given_up(change: &Change) -> Vec<String> {
    match change {
        Change::Opened(run) => run.nights().map(|night| night.to_string()).collect(),
        Change::Cancelled { uid, .. } => vec![uid.clone()],
        _ => Vec::new(),
    }
}

fn ahead(nights: &Nights, today: NaiveDate) -> BTreeSet<NaiveDate> {
    nights.iter().filter(|night| *night >= today).collect()
}

proptest! {
    /// All that a calendar says is held at once; what it lacks is held until it was missing in enough good calendars in
    /// a row and for long enough, and an outage never opens anything.
    #[test]
    fn nothing_is_sold_twice_and_nothing_given_free_early(answers in answers()) {
        let (mut watch, mut missing, mut now) = (Watch::default(), Missing::default(), begin());
        let mut last = Reading::default();
        for (minutes, answer) in answers {
            now += TimeDelta::minutes(minutes);
            let today = now.date_naive();
            let changes = step(&mut watch, now, seen(&answer));
            let given_up: Vec<String> = changes.iter().flat_map(given_up).collect();
            match &answer {
                Answer::Calendar(reading) => last = reading.clone(),
                Answer::Unchanged => {}
                Answer::Unreadable => {
                    missing.anew();
                    prop_assert!(given_up.is_empty());
                    continue;
                }
            }
            missing.note(&last, now);
            let said = ahead(&last.nights(), today);
            prop_assert!(said.is_subset(&ahead(&watch.feed.held(), today)));
            for claim in &given_up {
                let (since, readings) = missing.0[claim];
                prop_assert!(readings >= patience::FAR.readings, "{claim} after {readings}");
                prop_assert!(now - since >= patience::FAR.span, "{claim} after {}", now - since);
            }
            if said.iter().all(|night| *night == today) && watch.feed.frozen().is_some() {
                prop_assert!(given_up.is_empty());
                missing.anew();
            }
        }
    }

    /// Whoever applies the changes holds what the feed holds.
    #[test]
    fn changes_are_complete(answers in answers()) {
        let (mut watch, mut now) = (Watch::default(), begin());
        let (mut stays, mut nights) = (BTreeMap::new(), BTreeSet::new());
        for (minutes, answer) in answers {
            now += TimeDelta::minutes(minutes);
            for change in step(&mut watch, now, seen(&answer)) {
                match change {
                    Change::Booked { uid, stay } => {
                        prop_assert!(stays.insert(uid, stay.dates).is_none_or(|old| old.to() <= now.date_naive()));
                    }
                    Change::Moved { uid, from, to } => prop_assert_eq!(stays.insert(uid, to.dates), Some(from)),
                    Change::Cancelled { uid, stay } => prop_assert_eq!(stays.remove(&uid), Some(stay.dates)),
                    Change::Closed(run) => for night in run.nights() { prop_assert!(nights.insert(night)) },
                    Change::Opened(run) => for night in run.nights() { prop_assert!(nights.remove(&night)) },
                    Change::Frozen(_) | Change::Thawed => {}
                }
            }
            let mirrored: Nights = stays.values().copied().chain(nights.iter().filter_map(|n| Dates::night(*n))).collect();
            let today = now.date_naive();
            prop_assert_eq!(ahead(&mirrored, today), ahead(&watch.feed.held(), today));
        }
    }

    /// The channel has the last word: when it says the same for long enough, we hold exactly that.
    #[test]
    fn a_lasting_calendar_wins(answers in answers(), said in reading()) {
        let (mut watch, mut now) = (Watch::default(), begin());
        for (minutes, answer) in answers {
            now += TimeDelta::minutes(minutes);
            step(&mut watch, now, seen(&answer));
        }
        // One stay far ahead: an empty calendar would be a person's.
        let mut said = said;
        said.stays.extend(booked(&[("z", 400, 410)]).stays);
        for hour in 0..52 {
            now += TimeDelta::hours(1);
            step(&mut watch, now, if hour % 2 == 0 { Seen::Calendar(&said) } else { Seen::Unchanged });
        }
        let today = now.date_naive();
        prop_assert_eq!(ahead(&watch.feed.held(), today), ahead(&said.nights(), today));
        prop_assert_eq!(watch.feed.frozen(), None);
    }

    /// Time alone changes nothing but what is over.
    #[test]
    fn the_same_again_is_no_news(said in reading(), hours in prop::collection::vec(1i64..30, 1..40)) {
        let (mut watch, mut now) = (Watch::default(), begin());
        step(&mut watch, now, Seen::Calendar(&said));
        for hours in hours {
            now += TimeDelta::hours(hours);
            let (mut unchanged, mut again) = (watch.feed.clone(), watch.feed.clone());
            let sighting = Sighting { at: now, today: now.date_naive(), told: &watch.told };
            prop_assert_eq!(unchanged.observe(Seen::Unchanged, sighting), []);
            prop_assert_eq!(again.observe(Seen::Calendar(&said), sighting), []);
            prop_assert_eq!(&unchanged, &again);
            watch.feed = again;
        }
    }

    /// A set is the same however its runs are cut, and its runs are the fewest.
    #[test]
    fn runs_are_a_set(runs in prop::collection::vec(run(), 0..10), from in 0u64..40, length in 1u64..20) {
        let set: Nights = runs.iter().map(|(from, to)| dates(*from, *to)).collect();
        let nights: BTreeSet<NaiveDate> = runs.iter().flat_map(|(from, to)| dates(*from, *to).nights()).collect();
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), nights.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(&nights.iter().copied().collect::<Nights>(), &set);
        for pair in set.runs().windows(2) {
            prop_assert!(pair[0].to() < pair[1].from());
        }
        for offset in 0..50 {
            prop_assert_eq!(set.contains(day(offset)), nights.contains(&day(offset)));
        }
        let window = dates(from, from + length);
        let inside = nights.iter().copied().filter(|night| window.from() <= *night && *night < window.to());
        prop_assert_eq!(set.within(window), inside.collect::<Nights>());
    }
}
