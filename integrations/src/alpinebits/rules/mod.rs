//! The sentences of the standard that a schema cannot say, one file for each action.

pub(super) mod base_rates;
pub(super) mod codes;
pub(super) mod common;
pub(super) mod free_rooms;
pub(super) mod guest_requests;
pub(super) mod inventory;
pub(super) mod rate_plans;

use super::action::{Action, Side};
use super::handshake;
use super::verdict::Agreed;
use crate::ota::answer::Notice;
use crate::ota::element::Element;
use crate::ota::refusal::Refusal;

/// The rules for a message that follows the schema.
pub(super) fn check(
    root: Element<'_>,
    action: Action,
    side: Side,
    agreed: &Agreed,
) -> Result<Vec<Notice>, Refusal> {
    let silent = |checked: Result<(), Refusal>| checked.map(|()| Vec::new());
    match (action, side) {
        (Action::Handshake, side) => silent(handshake::check(root, side)),
        (Action::FreeRooms, Side::Request) => free_rooms::read(root, agreed).map(|(_, warnings)| warnings),
        (Action::GuestRequests, Side::Request) => silent(guest_requests::read_request(root)),
        (Action::GuestRequests, Side::Answer) => silent(guest_requests::list(
            root.child("ReservationsList"),
            action,
            agreed,
        )),
        (Action::GuestRequestsPush | Action::StatusUpdate, Side::Request) => silent(guest_requests::list(
            root.child("HotelReservations"),
            action,
            agreed,
        )),
        (Action::Acknowledgments, Side::Request) => silent(guest_requests::acknowledged(
            root,
            &["NotifDetails", "HotelNotifReport"],
        )),
        (Action::GuestRequestsPush | Action::StatusUpdate, Side::Answer) => {
            silent(guest_requests::acknowledged(root, &[]))
        }
        (Action::Inventory, Side::Request) | (Action::InventoryPull, Side::Answer) => {
            silent(inventory::basic(root))
        }
        (Action::Info, Side::Request) | (Action::InfoPull, Side::Answer) => silent(inventory::info(root)),
        (Action::InventoryPull | Action::InfoPull, Side::Request) => silent(inventory::request(root)),
        (Action::RatePlans, Side::Request) => silent(rate_plans::check(root, agreed)),
        (Action::BaseRates, Side::Request) => silent(base_rates::request(root, agreed)),
        (Action::BaseRates, Side::Answer) => silent(base_rates::answer(root)),
        (Action::Activities, Side::Request) => silent(common::activities(root)),
        (_, Side::Answer) => Ok(Vec::new()),
    }
}
