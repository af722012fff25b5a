use super::*;
use crate::property::Cleanliness;
use chrono::Days;
use proptest::prelude::*;

fn day(n: u64) -> NaiveDate {
    NaiveDate::default() + Days::new(n)
}

fn slot(i: usize, sea_view: bool, fixed: &[(u64, u64)]) -> Slot {
    let unit = Unit {
        id: Uuid::from_u128(i as u128 + 1),
        property_id: Uuid::nil(),
        unit_type_id: Uuid::nil(),
        name: i.to_string(),
        floor: None,
        building: None,
        room: None,
        position: 0,
        features: if sea_view { vec!["sea_view".into()] } else { vec![] },
        max_length: None,
        max_beam: None,
        max_draft: None,
        cleanliness: Cleanliness::Clean,
        version: 1,
    };
    let fixed = fixed.iter().map(|(a, b)| (day(*a), day(*b))).collect();
    Slot { unit, fixed }
}

fn guest(i: usize, from: u64, to: u64, sea_view: bool) -> Guest {
    Guest {
        id: Uuid::from_u128(i as u128 + 1),
        booking_id: Uuid::from_u128(i as u128 + 1),
        unit_type_id: Uuid::nil(),
        span: (day(from), day(to)),
        needs: Needs {
            features: if sea_view { vec!["sea_view".into()] } else { vec![] },
            ..Needs::default()
        },
        only: None,
        at: None,
        near: vec![],
    }
}

/// Sound: nobody shares a night, everybody's needs are met, nothing fixed is touched, nobody who had a unit lost it.
fn assert_sound(slots: &[Slot], guests: &[Guest], plan: &[Option<usize>]) {
    for (i, (g, at)) in guests.iter().zip(plan).enumerate() {
        assert!(g.at.is_none() || at.is_some(), "{i} lost its unit");
        let Some(at) = at else { continue };
        assert!(fits(&slots[*at].unit, &g.needs).is_ok(), "{i} does not fit");
        assert!(
            !slots[*at].fixed.iter().any(|f| overlap(*f, g.span)),
            "{i} on something fixed"
        );
        let others = guests
            .iter()
            .zip(plan)
            .enumerate()
            .filter(|(j, (_, a))| *j != i && **a == Some(*at));
        for (j, (other, _)) in others {
            assert!(!overlap(g.span, other.span), "{i} and {j} share unit {at}");
        }
    }
}

/// By arrival, each in the first free unit.
fn first_fit(slots: &[Slot], guests: &[Guest]) -> usize {
    let mut taken: Vec<Vec<Span>> = slots.iter().map(|s| s.fixed.clone()).collect();
    for g in guests.iter().filter(|g| g.at.is_some()) {
        taken[g.at.unwrap()].push(g.span);
    }
    let mut waiting: Vec<&Guest> = guests.iter().filter(|g| g.at.is_none()).collect();
    waiting.sort_by_key(|g| (g.span.0, g.id));
    let mut placed = guests.len() - waiting.len();
    for g in waiting {
        let free = |i: &usize| {
            fits(&slots[*i].unit, &g.needs).is_ok() && !taken[*i].iter().any(|t| overlap(*t, g.span))
        };
        if let Some(i) = (0..slots.len()).find(free) {
            taken[i].push(g.span);
            placed += 1;
        }
    }
    placed
}

/// Slots with some fixed nights, and guests, the first few of whom are put where they fit.
fn worlds() -> impl Strategy<Value = (Vec<Slot>, Vec<Guest>)> {
    let slots = prop::collection::vec((any::<bool>(), prop::option::of((0_u64..20, 1_u64..6))), 1..7);
    let guests = prop::collection::vec(
        (0_u64..25, 1_u64..8, prop::bool::weighted(0.2), any::<bool>()),
        0..24,
    );
    (slots, guests).prop_map(|(slots, guests)| {
        let slots: Vec<Slot> = (slots.iter().enumerate())
            .map(|(i, (sea, fixed))| {
                let fixed: Vec<_> = fixed.iter().map(|(from, n)| (*from, from + n)).collect();
                slot(i, *sea, &fixed)
            })
            .collect();
        let mut out: Vec<Guest> = Vec::new();
        for (i, (from, n, sea, put)) in guests.into_iter().enumerate() {
            let mut g = guest(i, from, from + n, sea);
            g.at = (0..slots.len()).find(|s| {
                put && fits(&slots[*s].unit, &g.needs).is_ok()
                    && !slots[*s].fixed.iter().any(|f| overlap(*f, g.span))
                    && !out.iter().any(|o| o.at == Some(*s) && overlap(o.span, g.span))
            });
            out.push(g);
        }
        (slots, out)
    })
}

proptest! {
    #[test]
    fn a_plan_is_sound_the_same_twice_and_never_worse_than_first_fit((slots, guests) in worlds()) {
        let made = plan(&slots, &guests);
        assert_sound(&slots, &guests, &made);
        prop_assert_eq!(&made, &plan(&slots, &guests));
        prop_assert!(made.iter().flatten().count() >= first_fit(&slots, &guests));
    }

    /// Interval graphs: as many units as stays on the busiest night are enough.
    #[test]
    fn alike_and_empty_units_take_all_that_fit_any_night(spans in prop::collection::vec((0_u64..30, 1_u64..9), 1..40)) {
        let guests: Vec<Guest> = spans.iter().enumerate().map(|(i, (f, n))| guest(i, *f, f + n, false)).collect();
        let busiest = (0..40).map(|d| guests.iter().filter(|g| g.span.0 <= day(d) && day(d) < g.span.1).count()).max();
        let slots: Vec<Slot> = (0..busiest.unwrap()).map(|i| slot(i, false, &[])).collect();
        let made = plan(&slots, &guests);
        assert_sound(&slots, &guests, &made);
        prop_assert!(made.iter().all(Option::is_some));
    }
}

#[test]
fn a_stay_takes_the_tightest_gap() {
    let slots = [
        slot(0, false, &[]),
        slot(1, false, &[(0, 3), (5, 9)]),
        slot(2, false, &[(0, 2), (8, 9)]),
    ];
    assert_eq!(plan(&slots, &[guest(0, 3, 5, false)]), [Some(1)]);
}

#[test]
fn the_sea_view_is_kept_for_who_needs_it() {
    let slots = [slot(0, true, &[]), slot(1, false, &[])];
    let made = plan(&slots, &[guest(0, 1, 4, false), guest(1, 2, 4, true)]);
    assert_eq!(made, [Some(1), Some(0)]);
}

#[test]
fn a_stay_in_the_way_gives_way() {
    let slots = [slot(0, true, &[]), slot(1, false, &[])];
    let mut early = guest(0, 1, 4, false);
    early.at = Some(0);
    assert_eq!(plan(&slots, &[early, guest(1, 2, 4, true)]), [Some(1), Some(0)]);
}

#[test]
fn a_bookings_rooms_are_neighbours() {
    let slots: Vec<Slot> = [&[][..], &[(0, 9)], &[], &[]]
        .iter()
        .enumerate()
        .map(|(i, f)| slot(i, false, f))
        .collect();
    let mut second = guest(1, 3, 5, false);
    second.booking_id = guest(0, 0, 1, false).booking_id;
    let mut first = guest(0, 3, 5, false);
    first.near = vec![3];
    let made = plan(&slots, &[first, second]);
    assert_eq!(made, [Some(3), Some(2)]);
}
