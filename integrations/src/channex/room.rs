//! One room of a Channex booking.

use super::amount;
use super::reader::{full_name, optional_amount, word};
use crate::cursor::{self, Cursor};
use chrono::NaiveDate;
use innkeep_domain::channel::revision::ChannelRoom;
use innkeep_domain::inventory::LONGEST_RANGE;
use innkeep_domain::ports::channel::Unreadable;
use rust_decimal::Decimal;
use serde_json::Value;

const MOST_PEOPLE: i64 = 100;

/// What a room falls back on.
pub(super) struct Booking<'a> {
    pub(super) attributes: &'a Cursor<'a>,
    pub(super) currency: &'a str,
    pub(super) customer: Option<&'a str>,
    pub(super) only_room: bool,
}

impl Booking<'_> {
    pub(super) fn room(&self, at: &Cursor<'_>) -> Result<ChannelRoom, Unreadable> {
        at.entries()?;
        let arrival = self.day(at, "checkin_date", "arrival_date")?;
        let departure = self.day(at, "checkout_date", "departure_date")?;
        let length = (departure - arrival).num_days();
        if length < 1 {
            return Err(at.fail("checkout_date must be after checkin_date"));
        }
        if length > LONGEST_RANGE {
            return Err(at.fail(format!("a stay has at most {LONGEST_RANGE} nights")));
        }
        let mut nights = self.nights(at)?;
        nights.retain(|(night, _)| (arrival..departure).contains(night));
        let told = optional_amount(at, "amount", self.currency)?;
        let (adults, children) = self.people(at);
        Ok(ChannelRoom {
            room_ref: word(at, "booking_room_id"),
            room_type: word(at, "room_type_id"),
            rate_plan: word(at, "rate_plan_id"),
            arrival,
            departure,
            amount: told.unwrap_or_else(|| nights.iter().map(|(_, price)| *price).sum()),
            nights,
            adults,
            children,
            guest_name: guest(at).or_else(|| self.customer.map(str::to_owned)),
        })
    }

    fn day(&self, at: &Cursor<'_>, key: &str, of_booking: &str) -> Result<NaiveDate, Unreadable> {
        match at.field(key).or_else(|| self.attributes.field(of_booking)) {
            Some(day) => day.date(),
            None => Err(at.fail(format!("{key} is missing"))),
        }
    }

    /// Prices by night: the `days` map, or the breakdown that Booking.com rooms carry as well. A night may have none.
    fn nights(&self, at: &Cursor<'_>) -> Result<Vec<(NaiveDate, Decimal)>, Unreadable> {
        let mut nights = Vec::new();
        if let Some(days) = at.field("days") {
            for (day, price) in days.entries()? {
                let day = cursor::date(day).ok_or_else(|| price.fail("must be named by a date"))?;
                if !price.value().is_null() {
                    nights.push((day, amount::read(&price, self.currency)?));
                }
            }
        } else if let Some(days) = at.field("meta").and_then(|meta| meta.field("days_breakdown")) {
            for day in days.items()? {
                nights.push((
                    day.need("date")?.date()?,
                    amount::read(&day.need("amount")?, self.currency)?,
                ));
            }
        }
        nights.sort();
        nights.dedup_by_key(|(night, _)| *night);
        Ok(nights)
    }

    /// Adults, and children with infants. A sole room without its own numbers has the booking's.
    fn people(&self, at: &Cursor<'_>) -> (i32, i32) {
        let of_booking = || self.attributes.field("occupancy").filter(|_| self.only_room);
        let occupancy = at.field("occupancy").or_else(of_booking);
        let count = |key: &str| occupancy.as_ref().and_then(|of| number(&of.field(key)?));
        let children = count("children").unwrap_or(0) + count("infants").unwrap_or(0);
        (bounded(count("adults").unwrap_or(1)), bounded(children))
    }
}

fn guest(at: &Cursor<'_>) -> Option<String> {
    let guests = at.field("guests")?.items().ok()?;
    guests.first().and_then(full_name)
}

fn number(at: &Cursor<'_>) -> Option<i64> {
    let count = match at.value() {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    count.map(|count: i64| count.clamp(0, MOST_PEOPLE))
}

fn bounded(count: i64) -> i32 {
    i32::try_from(count.min(MOST_PEOPLE)).unwrap_or(0)
}
