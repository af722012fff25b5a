//! How a round of the story reads.

use super::place::Place;
use super::say;
use super::snapshot::{Change, changes};
use super::story::Round;
use chrono::{DateTime, Days, Utc};
use innkeep_domain::booking::entity::Booking;
use innkeep_domain::metrics::Dashboard;
use uuid::Uuid;

/// Four numbered steps.
pub fn round(round: &Round<'_>, now: DateTime<Utc>) {
    say::blank();
    message(round);
    stored(round);
    told(round);
    board(round, now);
}

fn message(round: &Round<'_>) {
    let code = round
        .receipt
        .ota_reservation_code
        .as_deref()
        .unwrap_or("without a number");
    let (at, status) = (say::time(round.sent), &round.receipt.status);
    say::line(format!(
        "1. {at}  {} sends a booking message: {status}, its number {code}",
        round.channel.seller()
    ));
}

fn stored(round: &Round<'_>) {
    let booking = &round.booking;
    let times = match round.events.len() {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let verb = round
        .events
        .first()
        .map_or("", |e| e.kind.trim_start_matches("booking."));
    say::line(format!(
        "2. {}  stored {times}, {} after it was sent: {} {verb}, {}",
        say::time(round.stored),
        say::ms(round.sent, round.stored),
        booking.reference,
        describe(round.place, booking)
    ));
    match round.acknowledged {
        Some(at) => say::line(format!(
            "     acknowledged {} after that",
            say::ms(round.stored, at)
        )),
        None => say::line("     not acknowledged yet"),
    }
    let changed = changes(&round.before.stock, &round.after.stock);
    match changed.is_empty() {
        true => say::line("     stock: as before"),
        false => say::line(format!("     stock: {}", listed(round.place, &changed))),
    }
}

fn told(round: &Round<'_>) {
    let last = round.told.iter().flatten().max().copied().unwrap_or(round.stored);
    say::line(format!(
        "3. {}  the channels' own calendars say:",
        say::time(last)
    ));
    for (i, channel) in round.place.told().enumerate() {
        let changed = match (round.before.channels.get(i), round.after.channels.get(i)) {
            (Some(before), Some(after)) => changes(before, after),
            _ => Vec::new(),
        };
        let seen = match changed.is_empty() {
            true => "as before".to_owned(),
            false => listed(round.place, &changed),
        };
        let when = match round.told.get(i).copied().flatten() {
            Some(at) => format!("accepted {} after the commit", say::ms(round.stored, at)),
            None => "nothing to tell".to_owned(),
        };
        let sold_it = channel.connection.id == round.channel.connection.id;
        let name = format!(
            "{}{}",
            channel.connection.name,
            if sold_it { " (sold it)" } else { "" }
        );
        say::line(format!("     {name:<32} {seen}; {when}"));
    }
}

fn board(round: &Round<'_>, now: DateTime<Utc>) {
    let (a, b) = (&round.before.board, &round.after.board);
    let (first, last) = (b.days.first().map(|d| d.night), b.days.last().map(|d| d.night));
    let range = first.zip(last).map_or(String::new(), |(f, l)| say::nights(f, l));
    say::line(format!(
        "4. {}  the dashboard of {}, {range}:",
        say::time(now),
        round.place.property.name
    ));
    let money = |d: &Dashboard, of: rust_decimal::Decimal| say::money(of, &d.currency);
    let each = |d: &Dashboard| d.adr.map_or("-".to_owned(), |v| money(d, v));
    say::line(format!(
        "     nights sold {} -> {}, room revenue {} -> {}, occupancy {} -> {}, ADR {} -> {}",
        a.sold,
        b.sold,
        money(a, a.room_revenue),
        money(b, b.room_revenue),
        say::percent(a.occupancy),
        say::percent(b.occupancy),
        each(a),
        each(b)
    ));
}

/// `Double 14-15 Aug 22 -> 21`.
fn listed(place: &Place, changed: &[Change]) -> String {
    let number = |n: Option<i64>| n.map_or("?".to_owned(), |n| n.to_string());
    let one = |c: &Change| {
        let nights = say::nights(c.first, c.last);
        format!(
            "{} {nights} {} -> {}",
            place.unit_type(c.unit_type),
            number(c.before),
            number(c.after)
        )
    };
    changed.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Who stays where and when, and for how much. Of a cancelled booking no stay is left, and a fee may be.
pub fn describe(place: &Place, booking: &Booking) -> String {
    let occupying = booking.reservations.iter().filter(|r| r.status.occupies());
    let mut parts: Vec<String> = occupying
        .map(|r| {
            let room = r
                .unit_type_id
                .map_or("unmapped room", |id: Uuid| place.unit_type(id));
            format!("{room} {}", say::nights(r.arrival, r.departure - Days::new(1)))
        })
        .collect();
    parts.dedup();
    parts.insert(0, booking.booker.name.clone());
    parts.push(say::money(booking.total, &booking.currency));
    parts.join(", ")
}
