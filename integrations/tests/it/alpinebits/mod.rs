//! AlpineBits: messages of our own making, right ones and ones that break each rule once. The published samples are
//! played by `make prove only=alpinebits`.

mod handshakes;
mod portal;
mod received;
mod sent;
mod wrong;
mod wrong_guest_requests;
mod wrong_rate_plans;

use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::ota::refusal::{Kind, Refusal};

macro_rules! samples {
    ($($name:ident),+ $(,)?) => {
        $(pub const $name: &str = include_str!(concat!("samples/", stringify!($name), ".xml"));)+
    };
}

#[expect(non_upper_case_globals, reason = "named like the files")]
pub mod sample {
    samples!(
        acknowledge,
        activities,
        base_rates,
        base_rates_request,
        free_rooms,
        free_rooms_delta,
        guest_requests,
        guest_requests_2024,
        info,
        inventory,
        ping,
        rate_plans,
        rate_plans_changed,
        read,
        status_update,
    );
}

/// What a sample is, and under which versions it is right.
pub struct Case {
    pub text: &'static str,
    pub action: Action,
    pub side: Side,
    pub versions: &'static [Version],
}

const BOTH: &[Version] = &Version::ALL;
const OLD: &[Version] = &[Version::V2022_10];
const NEW: &[Version] = &[Version::V2024_10];

const fn case(text: &'static str, action: Action, side: Side, versions: &'static [Version]) -> Case {
    Case {
        text,
        action,
        side,
        versions,
    }
}

pub const CASES: [Case; 15] = [
    case(sample::acknowledge, Action::Acknowledgments, Side::Request, BOTH),
    case(sample::activities, Action::Activities, Side::Request, BOTH),
    case(sample::base_rates, Action::BaseRates, Side::Answer, BOTH),
    case(sample::base_rates_request, Action::BaseRates, Side::Request, BOTH),
    case(sample::free_rooms, Action::FreeRooms, Side::Request, BOTH),
    case(sample::free_rooms_delta, Action::FreeRooms, Side::Request, BOTH),
    case(sample::guest_requests, Action::GuestRequests, Side::Answer, BOTH),
    case(
        sample::guest_requests_2024,
        Action::GuestRequestsPush,
        Side::Request,
        NEW,
    ),
    // Since 2024-10 every GuestRoom has a TypeRoom.
    case(sample::info, Action::Info, Side::Request, OLD),
    case(sample::inventory, Action::Inventory, Side::Request, BOTH),
    case(sample::ping, Action::Handshake, Side::Request, BOTH),
    case(sample::rate_plans, Action::RatePlans, Side::Request, BOTH),
    case(sample::rate_plans_changed, Action::RatePlans, Side::Request, BOTH),
    case(sample::read, Action::GuestRequests, Side::Request, BOTH),
    case(sample::status_update, Action::StatusUpdate, Side::Request, BOTH),
];

/// A sample with one thing changed in it, which stands there exactly once, and what is said of it.
pub type Wrong = (&'static str, &'static str, Kind, &'static str);

/// Each change is refused in each version, at a place and for a reason that contain these words.
pub fn refused(text: &str, action: Action, side: Side, versions: &[Version], all: &[Wrong]) {
    for version in versions {
        let agreed = Agreed::all(*version);
        for (from, to, kind, said) in all {
            assert_eq!(text.matches(from).count(), 1, "stands once: {from}");
            let changed = text.replace(from, to);
            match check(changed.as_bytes(), action, side, &agreed) {
                Ok(_) => panic!("{version:?}: taken: {from} -> {to}"),
                Err(refusal) => says(&refusal, *kind, said, to),
            }
        }
    }
}

fn says(refusal: &Refusal, kind: Kind, said: &str, changed: &str) {
    assert_eq!(refusal.kind, kind, "{changed}: {refusal}");
    let text = refusal.to_string();
    assert!(
        said.split(" … ").all(|part| text.contains(part)),
        "{changed}: {text}"
    );
}

#[test]
fn right_messages_are_taken() {
    for case in &CASES {
        for version in case.versions {
            let verdict = check(
                case.text.as_bytes(),
                case.action,
                case.side,
                &Agreed::all(*version),
            );
            assert!(verdict.is_ok(), "{version:?} {:?}: {verdict:?}", case.action);
        }
    }
}

#[test]
fn messages_are_right_under_their_own_action_only() {
    for case in &CASES {
        for action in Action::ALL {
            for side in [Side::Request, Side::Answer] {
                if action.root(side) == case.action.root(case.side) {
                    continue;
                }
                let verdict = check(
                    case.text.as_bytes(),
                    action,
                    side,
                    &Agreed::all(Version::V2022_10),
                );
                assert_eq!(verdict.unwrap_err().kind, Kind::Schema, "{action:?} {side:?}");
            }
        }
    }
}
