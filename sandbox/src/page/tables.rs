//! Each property, its next two weeks: what is left, what was sold, what it costs.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::escape;
use crate::clock;
use crate::control::booked;
use crate::money;
use crate::property::{Property, RoomType};
use crate::world::World;
use chrono::NaiveDate;

const DAYS: usize = 14;

pub(super) fn write(page: &mut String, world: &World) {
    let dates: Vec<NaiveDate> = clock::now().date_naive().iter_days().take(DAYS).collect();
    for property in world.properties() {
        let waiting = world.ledger.unacknowledged(Some(&property.id)).len();
        let _ = write!(
            page,
            "<h3>{}</h3><p><code>{}</code>, {}, {waiting} revisions not acknowledged</p>",
            escape(&property.spec.title),
            escape(&property.id),
            escape(&property.spec.currency),
        );
        table(page, property, &dates, &booked(world, &property.id));
    }
}

fn table(
    page: &mut String,
    property: &Property,
    dates: &[NaiveDate],
    booked: &BTreeMap<(String, NaiveDate), i64>,
) {
    page.push_str("<table><tr><th></th>");
    for day in dates {
        let _ = write!(page, "<th>{}</th>", day.format("%a %-d %b"));
    }
    page.push_str("</tr>");
    for room in &property.spec.room_types {
        let _ = write!(page, "<tr><th>{} (left / sold)</th>", escape(&room.title));
        for day in dates {
            let left = property.availability(&room.id, *day);
            let class = if left == Some(0) { "no" } else { "" };
            let left = left.map_or_else(|| "?".to_owned(), |left| left.to_string());
            let sold = booked.get(&(room.id.clone(), *day)).copied().unwrap_or(0);
            let _ = write!(page, "<td class=\"{class}\">{left} / {sold}</td>");
        }
        page.push_str("</tr>");
        rate_rows(page, property, room, dates);
    }
    page.push_str("</table>");
}

fn rate_rows(page: &mut String, property: &Property, room: &RoomType, dates: &[NaiveDate]) {
    for plan in &room.rate_plans {
        let _ = write!(page, "<tr><td>{}</td>", escape(&plan.title));
        for day in dates {
            let cell = property.cell(&plan.id, *day);
            let rate = cell.and_then(|cell| cell.rates.get(&plan.occupancy));
            let closed = cell.is_some_and(|cell| cell.stop_sell == Some(true));
            let class = if closed { "no" } else { "" };
            let text = rate.map_or_else(
                || "?".to_owned(),
                |rate| money::format(*rate, &property.spec.currency),
            );
            let _ = write!(page, "<td class=\"{class}\">{text}</td>");
        }
        page.push_str("</tr>");
    }
}
