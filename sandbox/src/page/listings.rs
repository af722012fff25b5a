//! Each listing with a calendar, its next two weeks: why a night cannot be booked.

use std::fmt::Write;

use chrono::Days;

use super::escape;
use crate::ical::{Closed, Dates};
use crate::world::World;

const DAYS: Days = Days::new(14);

pub(super) fn write(page: &mut String, world: &World) {
    for (id, listing) in &world.listings {
        let from = listing.today();
        let nights = listing.nights(Dates {
            from,
            to: from + DAYS,
        });
        let _ = write!(page, "<h3>Calendar of {}</h3><table><tr>", escape(id));
        for (night, _) in &nights {
            let _ = write!(page, "<th>{}</th>", night.format("%a %-d %b"));
        }
        page.push_str("</tr><tr>");
        for (_, closed) in &nights {
            let (class, text) = match closed {
                None => ("", "free"),
                Some(Closed::Sold) => ("no", "sold"),
                Some(Closed::Imported) => ("no", "imported"),
                Some(Closed::Blocked) => ("no", "blocked"),
                Some(Closed::NotOpen) => ("no", "not open"),
            };
            let _ = write!(page, "<td class=\"{class}\">{text}</td>");
        }
        page.push_str("</tr></table>");
    }
}
