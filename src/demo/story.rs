//! The main job, step by step: a channel's booking comes in, is stored, every channel is told, the numbers change.
//! Every figure is read from the system: stock, event log, the channels' own journals and calendars, the dashboard.

use super::messages::Messages;
use super::outside::{Outside, Receipt};
use super::place::{Channel, Place};
use super::say;
use super::snapshot::{Change, Snapshot, changes};
use crate::app::App;
use anyhow::{Context, bail};
use chrono::{DateTime, Days, NaiveDate, Utc};
use innkeep_domain::booking::entity::Booking;
use innkeep_domain::booking::store;
use innkeep_domain::channel::status::{self, SyncStatus};
use innkeep_domain::event::{self, Event, Position};
use innkeep_domain::metrics::Dashboard;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// A call that has to wait for the channel's limit waits a minute.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The guest arrives in so many days.
const AHEAD: Days = Days::new(6);

pub struct Story<'a> {
    pub app: &'a App,
    pub outside: &'a Outside,
}

/// One step of the outside world and what followed.
struct Round<'a> {
    place: &'a Place,
    channel: &'a Channel,
    receipt: Receipt,
    sent: DateTime<Utc>,
    events: Vec<Event>,
    booking: Booking,
    acknowledged: Option<DateTime<Utc>>,
    before: Snapshot,
    after: Snapshot,
}

impl Story<'_> {
    /// Waits until the channels know everything, and says what that took.
    pub async fn first_sync(&self, place: &Place, since: DateTime<Utc>) -> anyhow::Result<()> {
        for channel in place.told() {
            let status = self.in_step(place, channel).await?;
            let calls = match channel.external() {
                Some(property) => self.outside.calls(property, 0).await?,
                None => Vec::new(),
            };
            let last = calls.last().map_or(since, |c| c.time);
            say::line(format!(
                "  {:<22} in step after {}: {} cells agree, told in {} calls",
                channel.connection.name,
                say::ms(since, last),
                status.converged,
                calls.len()
            ));
        }
        Ok(())
    }

    /// The three messages, one at a time. Returns when the first booking was stored.
    pub async fn tell(&self, place: &Place, messages: &Messages) -> anyhow::Result<DateTime<Utc>> {
        let channel = place.told().next().context("a house without channels")?;
        let today = self
            .app
            .clock
            .now()
            .date_naive()
            .max(place.property.business_date);
        let arrival = today + AHEAD;
        say::line(format!(
            "{} at {}: {} of one booking",
            place.property.name,
            channel.seller(),
            messages.source
        ));
        let mut first = None;
        for (message, arrival_of_this) in messages.all.iter().zip(messages.arrivals(arrival)) {
            let window = Messages::window(arrival);
            let round = self
                .round(place, channel, message, arrival_of_this, window)
                .await?;
            self.show(&round).await?;
            first = first.or(round.events.first().map(|e| e.at));
        }
        first.context("no message led to a booking")
    }

    async fn round<'a>(
        &self,
        place: &'a Place,
        channel: &'a Channel,
        message: &serde_json::Value,
        arrival: NaiveDate,
        window: (NaiveDate, NaiveDate),
    ) -> anyhow::Result<Round<'a>> {
        let property = channel.external().context("this channel has no feed")?;
        let before = Snapshot::take(self.app, self.outside, place, window).await?;
        let mut tx = self.app.db.begin(place.tenant).await?;
        let position = event::newest(&mut tx).await?;
        tx.commit().await?;
        let sent = self.app.clock.now();
        let receipt = self
            .outside
            .replay(property, message, arrival, &place.property.currency)
            .await?;
        let booking_id = self.booking_event(place, channel, position).await?.subject_id;
        for channel in place.told() {
            self.in_step(place, channel).await?;
        }
        let after = Snapshot::take(self.app, self.outside, place, window).await?;
        let mut tx = self.app.db.begin(place.tenant).await?;
        let booking = store::get(&mut tx, &place.who, booking_id).await?;
        let mut events = event::after(&mut tx, position, 100).await?;
        tx.commit().await?;
        events.retain(|e| e.subject_id == booking_id && e.kind.starts_with("booking."));
        let revision = self.outside.revision(property, &receipt.revision_id).await?;
        let acknowledged = revision.and_then(|r| r.acked_at.first().copied());
        Ok(Round {
            place,
            channel,
            receipt,
            sent,
            events,
            booking,
            acknowledged,
            before,
            after,
        })
    }

    /// The next change of a booking by this channel.
    async fn booking_event(
        &self,
        place: &Place,
        channel: &Channel,
        after: Position,
    ) -> anyhow::Result<Event> {
        let actor = format!("channel:{}", channel.connection.id);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let mut tx = self.app.db.begin(place.tenant).await?;
            let events = event::after(&mut tx, after, 100).await?;
            tx.commit().await?;
            let ours = |e: &Event| e.actor == actor && e.kind.starts_with("booking.");
            if let Some(event) = events.into_iter().find(ours) {
                return Ok(event);
            }
            sleep(LOOK_EVERY).await;
        }
        bail!(
            "the message of {} was not taken in within {} s",
            channel.connection.name,
            PATIENCE.as_secs()
        )
    }

    /// Waits until the channel has been told everything and every message is acknowledged.
    async fn in_step(&self, place: &Place, channel: &Channel) -> anyhow::Result<SyncStatus> {
        let began = Instant::now();
        loop {
            let mut tx = self.app.db.begin(place.tenant).await?;
            let status = status::read(&mut tx, &place.who, channel.connection.id).await?;
            tx.commit().await?;
            if status.waiting + status.in_flight + status.unacknowledged == 0 && status.converged > 0 {
                return Ok(status);
            }
            if began.elapsed() > PATIENCE {
                bail!(
                    "{} is not in step after {} s: {} marks and {} cells wait, {} messages are not acknowledged{}",
                    channel.connection.name,
                    PATIENCE.as_secs(),
                    status.waiting,
                    status.in_flight,
                    status.unacknowledged,
                    status
                        .last_error
                        .map(|e| format!("; last error: {e}"))
                        .unwrap_or_default()
                );
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn show(&self, round: &Round<'_>) -> anyhow::Result<()> {
        let Some(stored) = round.events.first().map(|e| e.at) else {
            bail!("the booking left no event")
        };
        say::blank();
        show_message(round);
        show_stored(round, stored);
        self.show_told(round, stored).await?;
        show_board(round, self.app.clock.now());
        Ok(())
    }

    async fn show_told(&self, round: &Round<'_>, stored: DateTime<Utc>) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        let mut last = stored;
        for (i, channel) in round.place.told().enumerate() {
            let Some(property) = channel.external() else {
                continue;
            };
            let calls = self.outside.calls(property, 0).await?;
            let told = calls
                .iter()
                .find(|c| c.time >= stored && c.kind == "availability" && c.status == Some(200));
            let changed = match (round.before.channels.get(i), round.after.channels.get(i)) {
                (Some(before), Some(after)) => changes(before, after),
                _ => Vec::new(),
            };
            let seen = if changed.is_empty() {
                "calendar as before".to_owned()
            } else {
                listed(round.place, &changed)
            };
            let when = told.map_or("nothing to tell".to_owned(), |c| {
                last = last.max(c.time);
                format!("accepted {} after the commit", say::ms(stored, c.time))
            });
            let own = if channel.connection.id == round.channel.connection.id {
                " (sold it)"
            } else {
                ""
            };
            lines.push(format!(
                "     {:<34} {seen}; {when}",
                format!("{}{own}", channel.connection.name)
            ));
        }
        say::line(format!(
            "3. {}  the channels' own calendars say:",
            say::time(last)
        ));
        lines.into_iter().for_each(say::line);
        Ok(())
    }
}

fn show_message(round: &Round<'_>) {
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

fn show_stored(round: &Round<'_>, stored: DateTime<Utc>) {
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
        say::time(stored),
        say::ms(round.sent, stored),
        booking.reference,
        describe(round.place, booking)
    ));
    match round.acknowledged {
        Some(at) => say::line(format!("     acknowledged {} after that", say::ms(stored, at))),
        None => say::line("     not acknowledged yet"),
    }
    let changed = changes(&round.before.stock, &round.after.stock);
    match changed.is_empty() {
        true => say::line("     stock: as before"),
        false => say::line(format!("     stock: {}", listed(round.place, &changed))),
    }
}

fn show_board(round: &Round<'_>, now: DateTime<Utc>) {
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

/// Who stays where and when, and for how much.
pub fn describe(place: &Place, booking: &Booking) -> String {
    let stays: Vec<String> = booking
        .reservations
        .iter()
        .filter(|r| r.status.occupies() || booking.cancelled)
        .map(|r| {
            let room = r
                .unit_type_id
                .map_or("unmapped room", |id: Uuid| place.unit_type(id));
            format!("{room} {}", say::nights(r.arrival, r.departure - Days::new(1)))
        })
        .collect();
    let mut stays = stays;
    stays.dedup();
    format!(
        "{}, {}, {}",
        booking.booker.name,
        stays.join(" + "),
        say::money(booking.total, &booking.currency)
    )
}
