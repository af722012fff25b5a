//! A page to watch: each property, its next two weeks, its latest bookings.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::NaiveDate;
use poem::handler;
use poem::web::{Data, Html};

use crate::clock;
use crate::control::booked;
use crate::money;
use crate::property::{Property, RoomType};
use crate::state::Sandbox;

const DAYS: usize = 14;

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Channel sandbox</title>\
<meta http-equiv=\"refresh\" content=\"5\"><style>body{font:14px system-ui;margin:1.5rem}\
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:right}\
td:first-child,th:first-child{text-align:left}.no{background:#fbb}.unknown{color:#999}</style></head><body>\
<h1>Channel sandbox</h1>";

#[handler]
pub(crate) fn overview(Data(sandbox): Data<&Sandbox>) -> Html<String> {
    let world = sandbox.world();
    let dates: Vec<NaiveDate> = clock::now().date_naive().iter_days().take(DAYS).collect();
    let mut page = String::from(HEAD);
    let mut empty = true;
    for property in world.properties() {
        empty = false;
        let waiting = world.ledger.unacknowledged(Some(&property.id)).len();
        let _ = write!(
            page,
            "<h2>{}</h2><p><code>{}</code>, {}, {waiting} revisions not acknowledged</p>",
            escape(&property.spec.title),
            escape(&property.id),
            escape(&property.spec.currency),
        );
        table(&mut page, property, &dates, &booked(&world, &property.id));
    }
    if empty {
        page.push_str("<p>No property yet: <code>PUT /sandbox/properties/{id}</code>.</p>");
    }
    page.push_str("</body></html>");
    Html(page)
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
