use super::*;

fn frozen(why: Why, hours: i64) -> Change {
    Change::Frozen(Freeze {
        why,
        since: at(hours),
    })
}
fn stay(from: u64, to: u64) -> NamedStay {
    NamedStay {
        dates: dates(from, to),
        code: None,
    }
}

#[test]
fn what_appears_is_believed_at_once() {
    let mut watch = Watch::default();
    assert_eq!(
        watch.read(0, &closed(&[(3, 5), (5, 6)])),
        [Change::Closed(dates(3, 6))]
    );
    let uid = "a".to_owned();
    assert_eq!(
        watch.read(
            1,
            &Reading {
                closed: closed(&[(3, 6)]).closed,
                ..booked(&[("a", 8, 9)])
            }
        ),
        [Change::Booked {
            uid,
            stay: stay(8, 9)
        }]
    );
    assert_eq!(watch.feed.held(), closed(&[(3, 6), (8, 9)]).closed);
}

/// Neighbours merge, split, and a stay under way is cut to today: the same nights, other events.
#[test]
fn other_events_for_the_same_nights_change_nothing() {
    let mut watch = Watch::default();
    watch.read(0, &closed(&[(0, 4), (6, 8), (8, 11)]));
    for (hours, said) in [
        (2, closed(&[(0, 4), (6, 11)])),
        (14, closed(&[(1, 4), (6, 8), (8, 11)])),
        (38, closed(&[(2, 4), (6, 9), (9, 11)])),
        (200, closed(&[(8, 11)])),
    ] {
        assert_eq!(watch.read(hours, &said), []);
        assert!(watch.feed.doubted().is_empty());
    }
}

#[test]
fn far_ahead_four_calendars_over_eight_hours_open_nights() {
    let (whole, less) = (closed(&[(10, 40), (50, 55)]), closed(&[(10, 40)]));
    let mut watch = Watch::default();
    watch.read(0, &whole);
    assert_eq!(watch.watch(1..9, &less), []);
    assert_eq!(watch.feed.doubted(), closed(&[(50, 55)]).closed);
    assert_eq!(watch.read(9, &less), [Change::Opened(dates(50, 55))]);
    // Long enough, but too few of them.
    let mut watch = Watch::default();
    watch.read(0, &whole);
    for hours in [1, 11, 21] {
        assert_eq!(watch.read(hours, &less), []);
    }
    assert_eq!(watch.read(31, &less), [Change::Opened(dates(50, 55))]);
}

#[test]
fn near_ones_take_longer() {
    let mut watch = Watch::default();
    watch.read(0, &closed(&[(5, 6), (10, 40)]));
    let opened = watch.watch(1..20, &closed(&[(10, 40)]));
    assert_eq!(opened, [(13, Change::Opened(dates(5, 6)))]);
}

#[test]
fn what_comes_back_was_never_gone() {
    let (whole, less) = (closed(&[(10, 40), (50, 55)]), closed(&[(10, 40)]));
    let mut watch = Watch::default();
    for day in 0..10 {
        assert_eq!(
            watch.watch(day * 8 + 1..day * 8 + 8, &less).len(),
            usize::from(day == 0)
        );
        watch.read(day * 8 + 8, &whole);
        assert_eq!(watch.feed.held(), whole.closed);
    }
}

#[test]
fn a_stay_moves_at_once_and_is_cancelled_in_time() {
    let mut watch = Watch::default();
    watch.read(0, &booked(&[("a", 20, 22), ("b", 30, 33)]));
    let moved = Change::Moved {
        uid: "a".into(),
        from: dates(20, 22),
        to: stay(40, 41),
    };
    assert_eq!(watch.read(1, &booked(&[("a", 40, 41), ("b", 30, 33)])), [moved]);
    assert_eq!(watch.feed.held(), closed(&[(30, 33), (40, 41)]).closed);
    let cancelled = Change::Cancelled {
        uid: "a".into(),
        stay: stay(40, 41),
    };
    assert_eq!(watch.watch(2..12, &booked(&[("b", 30, 33)])), [(10, cancelled)]);
}

#[test]
fn a_stay_that_is_over_is_no_cancellation() {
    let mut watch = Watch::default();
    watch.read(0, &booked(&[("a", 0, 2), ("b", 30, 33)]));
    let said = watch.watch(48..100, &booked(&[("b", 30, 33)]));
    assert_eq!(said, []);
    assert_eq!(watch.feed.stays().count(), 1);
    // On its last day it can still be made longer; later it is history.
    let mut watch = Watch::default();
    watch.read(0, &booked(&[("a", 0, 2)]));
    let longer = Change::Moved {
        uid: "a".into(),
        from: dates(0, 2),
        to: stay(0, 4),
    };
    assert_eq!(watch.read(47, &booked(&[("a", 0, 4)])), [longer]);
    assert_eq!(watch.watch(120..130, &booked(&[("a", 0, 4), ("c", 1, 5)])), []);
}

#[test]
fn an_empty_calendar_opens_nothing_however_long_it_lasts() {
    let mut watch = Watch::default();
    watch.read(0, &booked(&[("a", 20, 22)]));
    let why = Why::Collapsed(Collapse::Empty);
    assert_eq!(watch.watch(1..200, &Reading::default()), [(1, frozen(why, 1))]);
    assert_eq!(watch.feed.held(), closed(&[(20, 22)]).closed);
    // What an outage left out is no evidence afterwards.
    assert_eq!(
        watch.read(200, &booked(&[("b", 30, 31)])).last(),
        Some(&Change::Thawed)
    );
    assert!(watch.watch(201..207, &booked(&[("b", 30, 31)])).is_empty());
}

#[test]
fn a_person_may_believe_it() {
    let mut watch = Watch::default();
    watch.read(0, &booked(&[("a", 20, 22)]));
    watch.read(1, &Reading::default());
    let cancelled = Change::Cancelled {
        uid: "a".into(),
        stay: stay(20, 22),
    };
    assert_eq!(
        watch.feed.believe(at(2).date_naive()),
        [cancelled, Change::Thawed]
    );
    assert_eq!(watch.read(3, &Reading::default()), []);
}

#[test]
fn a_shrunk_calendar_must_last_a_day() {
    let mut watch = Watch::default();
    watch.read(0, &closed(&[(10, 14), (20, 30)]));
    let why = Why::Collapsed(Collapse::Shrunk);
    assert_eq!(
        watch.watch(1..60, &closed(&[(10, 14)])),
        [
            (1, frozen(why, 1)),
            (25, Change::Opened(dates(20, 30))),
            (25, Change::Thawed)
        ]
    );
}

#[test]
fn tonight_alone_makes_no_calendar_empty() {
    let mut watch = Watch::default();
    watch.read(0, &closed(&[(0, 1)]));
    assert_eq!(watch.watch(1..30, &Reading::default()), []);
}

#[test]
fn what_is_no_calendar_freezes_and_breaks_the_row() {
    let (whole, less) = (closed(&[(10, 40), (50, 55)]), closed(&[(10, 40)]));
    let mut watch = Watch::default();
    watch.read(0, &whole);
    watch.watch(1..8, &less);
    assert_eq!(watch.see(8, Seen::Unreadable), [frozen(Why::Unreadable, 8)]);
    assert_eq!(watch.see(9, Seen::Unreadable), []);
    assert_eq!(
        watch.watch(10..30, &less),
        [(10, Change::Thawed), (18, Change::Opened(dates(50, 55)))]
    );
}

#[test]
fn closures_for_ever_end_at_the_horizon() {
    let mut watch = Watch::default();
    watch.read(0, &closed(&[(10, 3000)]));
    assert_eq!(watch.feed.held().runs(), [dates(10, patience::HORIZON_DAYS)]);
}
