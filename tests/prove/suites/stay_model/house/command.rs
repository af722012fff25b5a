//! The model's words as the services' commands.

use super::{Course, PRICED, Real};
use crate::suites::stay_model::model::{CHANNEL_PRICE, Stay};
use crate::suites::stay_model::ops::Amend;
use chrono::{Days, Duration};
use innkeep_domain::booking::amend::Amendment;
use innkeep_domain::booking::reserve::{Basket, NewBooking, NewRoom};
use innkeep_domain::channel::revision::{Booker, ChannelRevision, ChannelRoom, Particulars, RevisionStatus};
use innkeep_domain::desk::maintenance::{self, NewMaintenance};
use innkeep_domain::rates::ari::{Change, PriceEntry, Range};
use innkeep_domain::rates::stay;
use rust_decimal::Decimal;

fn named(name: &str) -> Booker {
    Booker {
        name: name.into(),
        ..Booker::default()
    }
}

impl Real {
    pub(super) fn booking(
        &self,
        course: &Course,
        kind: usize,
        (from, len): (usize, usize),
        adults: i32,
        hold_minutes: Option<i32>,
    ) -> NewBooking {
        let stay = stay::Stay::new(course.day(from), course.day(from + len));
        let rooms = stay.into_iter().map(|stay| NewRoom {
            unit_type_id: self.house.unit_types[kind].id,
            rate_plan_id: self.house.base_plan,
            stay,
            adults,
            children_ages: Vec::new(),
            guest_name: None,
            extras: Vec::new(),
        });
        NewBooking {
            property_id: self.house.property_id,
            booker: named("Ada"),
            notes: None,
            basket: Basket::Rooms {
                rooms: rooms.collect(),
                promo_code: None,
            },
            expected_total: None,
            hold_minutes,
            group_id: None,
        }
    }

    /// A channel's message: the whole stay as it is sold there.
    pub(super) fn revision(
        &self,
        course: &mut Course,
        reference: usize,
        status: RevisionStatus,
        (kind, from, to): (usize, usize, usize),
    ) -> ChannelRevision {
        course.revision += 1;
        let price = Decimal::from(CHANNEL_PRICE);
        let room = ChannelRoom {
            room_ref: Some("1".into()),
            room_type: Some(self.house.unit_types[kind].code.clone()),
            rate_plan: None,
            arrival: course.day(from),
            departure: course.day(to),
            nights: (from..to).map(|d| (course.day(d), price)).collect(),
            amount: price * Decimal::from(to - from),
            adults: 1,
            children: 0,
            guest_name: None,
        };
        ChannelRevision {
            booking_ref: reference.to_string(),
            revision: course.revision.to_string(),
            revised_at: Some(course.now + Duration::milliseconds(course.revision)),
            status,
            code: "X".into(),
            sold_by: "Agent".into(),
            currency: "EUR".into(),
            total: room.amount,
            commission: None,
            particulars: Particulars::default(),
            booker: named("Grace"),
            notes: None,
            rooms: vec![room],
        }
    }

    pub(super) fn amendment(&self, course: &Course, before: &Stay, change: &Amend) -> Amendment {
        let arrival = course.day(change.from.unwrap_or(before.arrival()));
        Amendment {
            arrival: change.from.map(|d| course.day(d)),
            departure: change.len.map(|len| arrival + Days::new(len as u64)),
            unit_type_id: change.kind.map(|k| self.house.unit_types[k].id),
            // A channel's rooms here are mapped to no rate: whoever changes one names it.
            rate_plan_id: Some(self.house.base_plan),
            adults: change.adults,
            from: change.anew.map(|d| course.day(d)),
            keep_prices: change.keep_prices,
            ..Amendment::default()
        }
    }

    pub(super) fn leak(&self, course: &Course, unit: usize, (from, len): (usize, usize)) -> NewMaintenance {
        NewMaintenance {
            unit_id: self.units[unit],
            kind: maintenance::Kind::OutOfOrder,
            reason: "a leak".into(),
            from: course.day(from),
            to: course.day(from + len),
        }
    }

    pub(super) fn prices(&self, course: &Course, kind: usize, price: i64) -> Change {
        let entry = PriceEntry {
            rate_plan_id: self.house.base_plan,
            unit_type_id: self.house.unit_types[kind].id,
            range: Range {
                from: course.first,
                to: course.first + Days::new(PRICED - 1),
                weekdays: Vec::new(),
            },
            price: Decimal::from(price),
            currency: "EUR".into(),
        };
        Change {
            prices: vec![entry],
            ..Change::default()
        }
    }
}
