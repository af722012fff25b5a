//! What a guest asks for (a quote request), in words for the house's people. Names nobody: it is shown where guests are not.

use crate::ota::element::Element;
use crate::text::clean;

const LONGEST: usize = 300;

/// Rooms and dates of each stay that is asked for.
pub(super) fn about(at: Element<'_>) -> String {
    let stays: Vec<String> = at.list("RoomStays", "RoomStay").map(stay).collect();
    let all = clean(&stays.join("; "), LONGEST);
    all.unwrap_or_else(|| "something else than a stay".to_owned())
}

fn stay(at: Element<'_>) -> String {
    let room = at.at(&["RoomTypes", "RoomType"]);
    let room = room
        .and_then(|room| room.get("RoomTypeCode"))
        .unwrap_or("any room");
    let guests: u32 = at
        .list("GuestCounts", "GuestCount")
        .filter_map(|count| count.number("Count").ok().flatten())
        .fold(0, u32::saturating_add);
    let said = |of: Option<Element<'_>>, name: &str| of.and_then(|at| at.get(name)).unwrap_or("?").to_owned();
    let span = at.child("TimeSpan");
    let window = span.and_then(|span| span.child("StartDateWindow"));
    let dates = if window.is_some() {
        let (from, last) = (said(window, "EarliestDate"), said(window, "LatestDate"));
        format!("arriving between {from} and {last}")
    } else {
        format!("from {} to {}", said(span, "Start"), said(span, "End"))
    };
    format!("{room} for {guests}, {dates}")
}
