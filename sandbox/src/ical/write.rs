//! The calendar of a listing, as its platform writes it.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, Days, NaiveDate, Utc};
use sha2::{Digest, Sha256};

use super::Dates;
use super::listing::Listing;
use super::manner::{self, Manner};

/// Octets of a line (RFC 5545).
const LINE: usize = 75;
/// Days that Airbnb shows a reservation for after the departure.
const AFTERWARDS: Days = Days::new(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) text: String,
    /// Of what it says, not of when it was written.
    pub(super) etag: String,
}

struct Event {
    dates: Dates,
    /// What stands between the dates and the end, in the platform's order.
    rest: Vec<String>,
}

/// A calendar with nothing in it, or with all there is.
pub(super) fn calendar(listing: &Listing, id: &str, empty: bool, now: DateTime<Utc>) -> Shown {
    let (head, events): (&[&str], _) = match listing.terms.manner {
        Manner::Booking => (
            &[
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                r"PRODID:-//admin.booking.com\\\, b.v.//NONSGML v1.0//EN",
                "CALSCALE:GREGORIAN",
                "METHOD:PUBLISH",
            ],
            booking(listing, id),
        ),
        Manner::Airbnb => (
            &[
                "BEGIN:VCALENDAR",
                "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN",
                "CALSCALE:GREGORIAN",
                "VERSION:2.0",
            ],
            airbnb(listing, id),
        ),
    };
    let events = if empty { Vec::new() } else { events };
    let write = |stamp: &str| {
        let mut text = String::new();
        head.iter().for_each(|line| put(&mut text, line));
        for event in &events {
            put(&mut text, "BEGIN:VEVENT");
            put(&mut text, &format!("DTSTAMP:{stamp}"));
            put(
                &mut text,
                &format!("DTSTART;VALUE=DATE:{}", day(event.dates.from)),
            );
            put(&mut text, &format!("DTEND;VALUE=DATE:{}", day(event.dates.to)));
            event.rest.iter().for_each(|line| put(&mut text, line));
            put(&mut text, "END:VEVENT");
        }
        put(&mut text, "END:VCALENDAR");
        text
    };
    Shown {
        text: write(&now.format("%Y%m%dT%H%M%SZ").to_string()),
        etag: tag(&write("")),
    }
}

/// Only that it is closed: a stay and a closure look the same, those that touch are one, and what is under way begins
/// today.
fn booking(listing: &Listing, id: &str) -> Vec<Event> {
    let mut taken = listing.closed();
    taken.extend(listing.sold());
    let event = |dates: Dates| {
        let uid = manner::booking_uid(id, &day(dates.from));
        let rest = vec![
            format!("UID:{uid}"),
            "SUMMARY:CLOSED - Not available".to_owned(),
            "ORGANIZER:mailto:noreply@booking.com".to_owned(),
        ];
        Event { dates, rest }
    };
    runs(since(listing, &taken)).into_iter().map(event).collect()
}

/// Reservations one by one, then what is closed for any other reason.
fn airbnb(listing: &Listing, id: &str) -> Vec<Event> {
    let today = listing.today();
    let mut stays: Vec<_> = listing.stays.iter().collect();
    stays.retain(|(_, dates)| dates.to + AFTERWARDS >= today);
    stays.sort_by_key(|(_, dates)| **dates);
    let reserved = stays.into_iter().map(|(booking, dates)| {
        let (code, digits) = manner::code(booking);
        let rest = vec![
            "SUMMARY:Reserved".to_owned(),
            format!("UID:{}", manner::reserved_uid(booking)),
            format!(
                "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/{code}\\nPhone Number \
                 (Last 4 Digits): {digits}"
            ),
        ];
        Event { dates: *dates, rest }
    });
    let sold = listing.sold();
    let closed = listing.closed().difference(&sold).copied().collect();
    let closed = runs(since(listing, &closed)).into_iter().map(|dates| {
        let uid = manner::closed_uid(id, &day(dates.from));
        let rest = vec!["SUMMARY:Airbnb (Not available)".to_owned(), format!("UID:{uid}")];
        Event { dates, rest }
    });
    reserved.chain(closed).collect()
}

/// What is over is cut off, after as many days as the platform has it.
fn since(listing: &Listing, nights: &BTreeSet<NaiveDate>) -> impl Iterator<Item = NaiveDate> {
    let first = listing.today() - Days::new(listing.terms.manner.days_back());
    nights.range(first..).copied()
}

/// Nights that follow each other, in order, as one.
fn runs(nights: impl Iterator<Item = NaiveDate>) -> Vec<Dates> {
    let mut runs: Vec<Dates> = Vec::new();
    for night in nights {
        let next = night + Days::new(1);
        match runs.last_mut() {
            Some(last) if last.to == night => last.to = next,
            _ => runs.push(Dates {
                from: night,
                to: next,
            }),
        }
    }
    runs
}

fn day(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

/// One line of ASCII, folded.
fn put(text: &mut String, line: &str) {
    let mut rest = line;
    let mut room = LINE;
    while let Some((now, later)) = rest.split_at_checked(room).filter(|(_, later)| !later.is_empty()) {
        let _ = write!(text, "{now}\r\n ");
        (rest, room) = (later, LINE - 1);
    }
    let _ = write!(text, "{rest}\r\n");
}

fn tag(text: &str) -> String {
    let digest = Sha256::digest(text);
    let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("W/\"{hex}\"")
}
