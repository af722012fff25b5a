//! Messages of sellers that are read without a connection.

mod booking_com;
mod expedia;

use chrono::NaiveDate;
use innkeep_domain::channel::revision::ChannelRevision;
use rust_decimal::Decimal;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What all nights of all rooms cost.
fn nights(booking: &ChannelRevision) -> Decimal {
    let nights = booking.rooms.iter().flat_map(|room| &room.nights);
    nights.map(|(_, price)| price).sum()
}

/// None of these stands anywhere in what is kept.
fn keep_none(bookings: &[ChannelRevision], secrets: &[&str]) {
    let kept = serde_json::to_string(bookings).unwrap();
    for secret in secrets {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
}

/// `length` characters from `at` on give way to others.
fn broken(text: &str, at: usize, length: usize, with: &str) -> String {
    let rest = text.chars().skip(at + length);
    text.chars().take(at).chain(with.chars()).chain(rest).collect()
}
