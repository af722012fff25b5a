use super::*;
use std::collections::BTreeSet;

fn nights(runs: &[(u64, u64)]) -> Nights {
    closed(runs).closed
}

#[test]
fn our_own_nights_are_no_claim() {
    let mut watch = Watch {
        told: nights(&[(20, 23)]),
        ..Watch::default()
    };
    assert_eq!(
        watch.read(0, &closed(&[(20, 25)])),
        [Change::Closed(dates(23, 25))]
    );
    assert_eq!(watch.feed.claimed(), nights(&[(23, 25)]));
}

/// Closed before the channel could know of ours: it sold the night, too.
#[test]
fn a_claim_stays_one_when_we_take_the_night_as_well() {
    let mut watch = Watch::default();
    watch.read(0, &closed(&[(20, 23)]));
    watch.told = nights(&[(20, 23)]);
    assert_eq!(watch.watch(1..100, &closed(&[(20, 23)])), []);
    assert_eq!(watch.feed.claimed(), nights(&[(20, 23)]));
}

#[test]
fn a_stay_is_never_an_echo() {
    let mut watch = Watch {
        told: nights(&[(20, 23)]),
        ..Watch::default()
    };
    watch.read(0, &booked(&[("a", 20, 23)]));
    assert_eq!(watch.feed.claimed(), nights(&[(20, 23)]));
}

#[test]
fn an_echo_lingers_then_is_a_claim() {
    let said = closed(&[(20, 23)]);
    let mut watch = Watch {
        told: said.closed.clone(),
        ..Watch::default()
    };
    watch.read(0, &said);
    watch.told = Nights::default();
    assert_eq!(watch.read(1, &said), [Change::Closed(dates(20, 23))]);
    assert!(watch.feed.claimed().is_empty());
    assert_eq!(watch.watch(2..13, &said), []);
    assert!(watch.feed.claimed().is_empty());
    assert_eq!(watch.read(13, &said), []);
    assert_eq!(watch.feed.claimed(), said.closed);
}

#[test]
fn an_echo_that_ends_is_free_at_once() {
    let said = closed(&[(20, 23), (30, 31)]);
    let mut watch = Watch {
        told: nights(&[(20, 23)]),
        ..Watch::default()
    };
    watch.read(0, &said);
    watch.told = Nights::default();
    watch.read(1, &said);
    assert_eq!(
        watch.read(2, &closed(&[(30, 31)])),
        [Change::Opened(dates(20, 23))]
    );
}

/// A channel that fetches our calendar now and then, and shows its nights as closed, half as long later, beside what it
/// sold itself.
struct Channel {
    every: i64,
    sold: BTreeSet<NaiveDate>,
    imported: Nights,
    watch: Watch,
}

impl Channel {
    fn new(every: i64) -> Self {
        Self {
            every,
            sold: BTreeSet::new(),
            imported: Nights::default(),
            watch: Watch::default(),
        }
    }
    fn turn(&mut self, hour: i64, ours: &Nights) {
        if hour % self.every == 0 {
            self.watch.told = ours.clone();
        }
        if hour % self.every == self.every / 2 {
            self.imported = self.watch.told.clone();
        }
        let shown = self.sold.iter().copied().chain(self.imported.iter());
        let reading = Reading {
            closed: shown.collect(),
            ..Reading::default()
        };
        self.watch.read(hour, &reading);
    }
}

/// Two channels that import each other by way of us; each is told what the other claims, and our own.
fn played(slow: i64, quick: i64, mut sold: impl FnMut(i64, &mut [Channel; 2]) -> Nights) -> [Channel; 2] {
    let mut channels = [Channel::new(slow), Channel::new(quick)];
    for hour in 0..150 {
        let own = sold(hour, &mut channels);
        for (one, other) in [(0, 1), (1, 0)] {
            let others = channels[other].watch.feed.claimed();
            let ours: Nights = own.iter().chain(others.iter()).collect();
            channels[one].turn(hour, &ours);
        }
    }
    channels
}

#[test]
fn a_cancelled_booking_does_not_go_round_for_ever() {
    for (slow, quick) in [(1, 1), (2, 3), (12, 2), (12, 11), (5, 12)] {
        let own = |hour, _: &mut [Channel; 2]| {
            if hour < 40 {
                nights(&[(20, 23)])
            } else {
                Nights::default()
            }
        };
        for channel in played(slow, quick, own) {
            assert!(channel.watch.feed.held().is_empty(), "{slow} {quick}");
            assert!(channel.imported.is_empty(), "{slow} {quick}");
        }
    }
}

#[test]
fn neither_does_one_that_a_channel_sold() {
    for (slow, quick) in [(1, 1), (2, 3), (12, 2), (12, 11), (5, 12)] {
        let other = day(60);
        let sold = |hour, channels: &mut [Channel; 2]| {
            let kept = [other];
            let cancelled = [day(20), day(21), other];
            let sold: &[NaiveDate] = if hour < 40 { &cancelled } else { &kept };
            channels[0].sold = sold.iter().copied().collect();
            Nights::default()
        };
        let [seller, reader] = played(slow, quick, sold);
        let kept: Nights = [other].into_iter().collect();
        assert_eq!(seller.watch.feed.held(), kept, "{slow} {quick}");
        assert_eq!(reader.imported, kept, "{slow} {quick}");
        assert!(reader.watch.feed.held().is_empty(), "{slow} {quick}");
    }
}
