//! What restricts a night, as a booking rule. A rule is absolute: whatever it does not name does not restrict.

use super::capability::Capability;
use super::verdict::Agreed;
use crate::ota::tag::Tag;
use chrono::NaiveDate;
use innkeep_domain::ports::channel::{NightsRange, RateFields};

const WEEK: [&str; 7] = ["Mon", "Tue", "Weds", "Thur", "Fri", "Sat", "Sun"];

/// What rules of a plan may say.
pub(super) struct Rules<'a> {
    level: Level<'a>,
    arrival: bool,
    departure: bool,
}

enum Level<'a> {
    /// For one category of the plan.
    Room(&'a str),
    /// For all of the plan, which is of one category.
    Plan,
    Nothing,
}

impl<'a> Rules<'a> {
    pub fn of(range: &'a NightsRange, agreed: &Agreed) -> Self {
        let has = |capability| agreed.capabilities.has(capability, agreed.version);
        let level = if has(Capability::RoomTypeBookingRule) {
            Level::Room(&range.room)
        } else if has(Capability::BookingRule) && !range.shared {
            Level::Plan
        } else {
            Level::Nothing
        };
        Self {
            level,
            arrival: has(Capability::ArrivalDow),
            departure: has(Capability::DepartureDow),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Restrictions {
    /// Of stays that arrive then; 1 = any.
    least: i32,
    /// Of stays that are there then; 1 = any.
    least_through: i32,
    /// 0 = any.
    most: i32,
    no_arrival: bool,
    no_departure: bool,
    closed: bool,
}

impl Restrictions {
    pub fn of(fields: &RateFields) -> Self {
        let most = fields.max_stay.unwrap_or_default().max(0);
        let least = fields.min_stay_arrival.unwrap_or(1).max(1);
        // No stay is as long as this and as short as that.
        let none = most > 0 && least > most;
        Self {
            least: if none { 1 } else { least },
            least_through: fields.min_stay_through.unwrap_or(1).max(1),
            most,
            no_arrival: none || fields.closed_to_arrival == Some(true),
            no_departure: fields.closed_to_departure == Some(true),
            closed: fields.stop_sell == Some(true),
        }
    }

    /// The rule, and why it does not say everything. That a night is closed its price says too, by being taken back.
    pub fn rule(
        &self,
        rules: &Rules<'_>,
        (from, last): (NaiveDate, NaiveDate),
    ) -> (Option<Tag>, Option<String>) {
        let rule = match rules.level {
            Level::Room(code) => Tag::new("BookingRule")
                .with("CodeContext", "ROOMTYPE")
                .with("Code", code),
            Level::Plan => Tag::new("BookingRule"),
            Level::Nothing => return (None, self.unsaid("takes no booking rules here")),
        };
        let mut why = None;
        let mut days = Vec::new();
        for (shut, agreed, name) in [
            (self.no_arrival, rules.arrival, "ArrivalDaysOfWeek"),
            (self.no_departure, rules.departure, "DepartureDaysOfWeek"),
        ] {
            if shut && agreed {
                days.push(never(name));
            } else if shut {
                why = self.unsaid(&format!("takes no {name}"));
            }
        }
        let status = Tag::new("RestrictionStatus")
            .with("Restriction", "Master")
            .with("Status", if self.closed { "Close" } else { "Open" });
        let lengths = self.lengths();
        let rule = rule
            .with("Start", from)
            .with("End", last)
            .children((!lengths.is_empty()).then(|| Tag::new("LengthsOfStay").children(lengths)))
            .children((!days.is_empty()).then(|| Tag::new("DOW_Restrictions").children(days)))
            .child(status);
        (Some(rule), why)
    }

    fn lengths(&self) -> Vec<Tag> {
        let length = |nights: i32, kind| {
            Tag::new("LengthOfStay")
                .with("Time", nights)
                .with("TimeUnit", "Day")
                .with("MinMaxMessageType", kind)
        };
        let told = [
            (self.least, 2, "SetMinLOS"),
            (self.least_through, 2, "SetForwardMinStay"),
            (self.most, 1, "SetMaxLOS"),
        ];
        let restricting = told.into_iter().filter(|(nights, from, _)| nights >= from);
        restricting
            .map(|(nights, _, kind)| length(nights, kind))
            .collect()
    }

    fn unsaid(&self, what: &str) -> Option<String> {
        let restricts = !self.lengths().is_empty() || self.no_arrival || self.no_departure;
        (restricts && !self.closed).then(|| format!("the portal {what}: sold there without this restriction"))
    }
}

/// On no day of the week.
fn never(name: &str) -> Tag {
    let tag = Tag::new(name);
    WEEK.into_iter().fold(tag, |tag, day| tag.with(day, 0))
}
