//! What is sold, and what is edited by hand.

use super::booking::Booker;
use crate::api::money::Money;
use crate::api::{ApiResult, patch};
use chrono::NaiveDate;
use innkeep_domain::Refusal;
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::reserve::Basket;
use innkeep_domain::booking::{edit, reserve};
use innkeep_domain::rates::extra::Chosen;
use innkeep_domain::rates::stay::Stay;
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewBooking {
    property_id: Uuid,
    booker: Booker,
    notes: Option<String>,
    /// 1 to 50 unit stays. Absent with a `quote_id`, required without.
    rooms: Option<Vec<NewRoom>>,
    /// Sells what a quote of this property froze, at its price, in place of `rooms`.
    quote_id: Option<Uuid>,
    /// In any case of letters. A quote carries its own.
    promo_code: Option<String>,
    /// What the guest was shown: refused with `price_changed` when the price is another by now.
    expected_total: Option<Money>,
    /// Keeps the units this long, at this price, instead of selling them: 1 to 10,080.
    hold_minutes: Option<i32>,
    /// Takes first what is kept for this group, and then what is free.
    group_id: Option<Uuid>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct NewRoom {
    unit_type_id: Uuid,
    rate_plan_id: Uuid,
    arrival: NaiveDate,
    /// The day after the last night.
    departure: NaiveDate,
    adults: i32,
    /// 0 to 17, one for each child.
    #[oai(default, validator(max_items = 100))]
    children_ages: Vec<i32>,
    guest_name: Option<String>,
    #[oai(default, validator(max_items = 20))]
    extras: Vec<ChosenExtra>,
}

/// So many for the stay, the night or each person, as the extra is charged.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ChosenExtra {
    extra_id: Uuid,
    /// 1 to 100.
    #[oai(default = "one")]
    quantity: i32,
}

fn one() -> i32 {
    1
}

/// A booking that an operator makes whatever the rules say.
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct ForcedBooking {
    booking: NewBooking,
    /// 1 to 200 characters; stays in the timeline.
    reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct BookingChange {
    /// Whose people stay.
    company_id: MaybeUndefined<Uuid>,
    /// The travel agent who sent them.
    agent_id: MaybeUndefined<Uuid>,
    notes: MaybeUndefined<String>,
}

impl From<BookingChange> for edit::Edit {
    fn from(c: BookingChange) -> Self {
        Self {
            company_id: patch::change(c.company_id),
            agent_id: patch::change(c.agent_id),
            notes: patch::change(c.notes),
        }
    }
}

impl ForcedBooking {
    pub fn parse(self) -> ApiResult<(reserve::NewBooking, Force)> {
        Ok((self.booking.parse()?, Force { reason: self.reason }))
    }
}

impl NewBooking {
    pub fn parse(self) -> ApiResult<reserve::NewBooking> {
        let basket = match (self.rooms, self.quote_id) {
            (Some(rooms), None) => Basket::Rooms {
                rooms: NewRoom::parse_all(rooms)?,
                promo_code: self.promo_code,
            },
            (None, Some(id)) if self.promo_code.is_none() => Basket::Quote(id),
            _ => {
                let detail = "either `rooms`, with or without a `promo_code`, or a `quote_id`";
                return Err(Refusal::invalid("one_of", detail).at("/rooms").into());
            }
        };
        let expected_total = self.expected_total.map(|m| (m.decimal(), m.currency));
        Ok(reserve::NewBooking {
            property_id: self.property_id,
            booker: self.booker.into(),
            notes: self.notes,
            basket,
            expected_total,
            hold_minutes: self.hold_minutes,
            group_id: self.group_id,
        })
    }
}

impl NewRoom {
    pub fn parse_all(rooms: Vec<Self>) -> ApiResult<Vec<reserve::NewRoom>> {
        rooms
            .into_iter()
            .enumerate()
            .map(|(i, room)| room.parse(i))
            .collect()
    }

    fn parse(self, index: usize) -> ApiResult<reserve::NewRoom> {
        let stay = Stay::new(self.arrival, self.departure);
        Ok(reserve::NewRoom {
            unit_type_id: self.unit_type_id,
            rate_plan_id: self.rate_plan_id,
            stay: stay.map_err(|r| r.at(format!("/rooms/{index}/departure")))?,
            adults: self.adults,
            children_ages: self.children_ages,
            guest_name: self.guest_name,
            extras: self.extras.into_iter().map(ChosenExtra::parse).collect(),
        })
    }
}

impl ChosenExtra {
    fn parse(self) -> Chosen {
        Chosen {
            extra_id: self.extra_id,
            quantity: self.quantity,
        }
    }
}
