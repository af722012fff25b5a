//! The main job, step by step: a channel's booking comes in, is stored, every channel is told, the numbers change.
//! Every figure is read from the system: stock, event log, the channels' own journals and calendars, the dashboard.

use super::follow::Follow;
use super::messages::Messages;
use super::outside::{Call, Outside, Receipt};
use super::place::{Channel, Place};
use super::say;
use super::show;
use super::snapshot::Snapshot;
use crate::app::App;
use anyhow::{Context, bail};
use chrono::{DateTime, Days, NaiveDate, Utc};
use innkeep_domain::booking::entity::Booking;
use innkeep_domain::booking::store;
use innkeep_domain::channel::status::{self, SyncStatus};
use innkeep_domain::event::{self, Event, Position};
use std::time::Duration;
use tokio::time::{Instant, sleep};

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
pub struct Round<'a> {
    pub place: &'a Place,
    /// The one that sold it.
    pub channel: &'a Channel,
    pub receipt: Receipt,
    pub sent: DateTime<Utc>,
    pub stored: DateTime<Utc>,
    /// What the event log says of the booking since; one, if the message was applied once.
    pub events: Vec<Event>,
    pub booking: Booking,
    pub acknowledged: Option<DateTime<Utc>>,
    /// When each of [`Place::told`] accepted the new availability; `None` = nothing to tell.
    pub told: Vec<Option<DateTime<Utc>>>,
    pub before: Snapshot,
    pub after: Snapshot,
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
    pub async fn tell(
        &self,
        place: &Place,
        messages: &Messages,
        follow: &mut Follow<'_>,
    ) -> anyhow::Result<DateTime<Utc>> {
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
            show::round(&round, self.app.clock.now());
            follow.look().await?;
            first = first.or(Some(round.stored));
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
        let event = self.booking_event(place, channel, position).await?;
        let (booking_id, stored) = (event.subject_id, event.at);
        let mut told = Vec::new();
        for channel in place.told() {
            self.in_step(place, channel).await?;
            told.push(self.told(channel, stored).await?);
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
            stored,
            events,
            booking,
            acknowledged,
            told,
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

    /// When a channel first accepted availability after the booking was stored.
    async fn told(&self, channel: &Channel, stored: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
        let Some(property) = channel.external() else {
            return Ok(None);
        };
        let calls = self.outside.calls(property, 0).await?;
        let accepted = |c: &Call| c.time >= stored && c.kind == "availability" && c.status == Some(200);
        Ok(calls.into_iter().find(accepted).map(|c| c.time))
    }
}
