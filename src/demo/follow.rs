//! Follows what happens, from whomever: the event log of each house and the journals of its channels. Measures how
//! long channels wait for the truth, and tells it in one line each once the story is over.

use super::latency::{Latency, Stay};
use super::outside::{Call, Outside, Told};
use super::place::{Channel, Place};
use super::say;
use super::show::describe;
use crate::app::App;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use innkeep_domain::booking::entity::Booking;
use innkeep_domain::booking::store;
use innkeep_domain::channel::status;
use innkeep_domain::event::{self, Event, Position};
use std::collections::HashMap;
use uuid::Uuid;

/// Journals are read a little late: by then every booking that a call tells about is in the event log.
const LAG: Duration = Duration::milliseconds(300);
const EVENTS: i64 = 200;
const MOST_KNOWN: usize = 10_000;
/// A summary of the waiting times after so many.
const SUMMARY_EVERY: usize = 25;

pub struct Follow<'a> {
    app: &'a App,
    outside: &'a Outside,
    places: Vec<Followed<'a>>,
    pub latency: Latency,
    /// Otherwise it only measures.
    pub aloud: bool,
    summed_up: usize,
    /// The stays of a booking when it was last seen.
    known: HashMap<Uuid, Vec<Slept>>,
}

type Slept = (Uuid, NaiveDate, NaiveDate);

struct Followed<'a> {
    place: &'a Place,
    position: Position,
    channels: Vec<Heard<'a>>,
}

struct Heard<'a> {
    channel: &'a Channel,
    property: &'a str,
    /// The last call that was read.
    sequence: u64,
    /// The channel was seen in step then, and calls up to then are still to be read.
    in_step: Option<DateTime<Utc>>,
}

impl<'a> Follow<'a> {
    /// From now on.
    pub async fn begin(app: &'a App, outside: &'a Outside, places: &'a [Place]) -> anyhow::Result<Self> {
        let mut followed = Vec::new();
        for place in places {
            let mut tx = app.db.begin(place.tenant).await?;
            let position = event::newest(&mut tx).await?;
            tx.commit().await?;
            let mut channels = Vec::new();
            for channel in place.told() {
                let Some(property) = channel.external() else {
                    continue;
                };
                let sequence = outside.calls(property, 0).await?.last().map_or(0, |c| c.sequence);
                channels.push(Heard {
                    channel,
                    property,
                    sequence,
                    in_step: None,
                });
            }
            followed.push(Followed {
                place,
                position,
                channels,
            });
        }
        Ok(Self {
            app,
            outside,
            places: followed,
            latency: Latency::default(),
            aloud: false,
            summed_up: 0,
            known: HashMap::new(),
        })
    }

    /// Reads what is new.
    pub async fn look(&mut self) -> anyhow::Result<()> {
        for i in 0..self.places.len() {
            self.look_for_steps(i).await?;
            self.read_events(i).await?;
            self.read_calls(i).await?;
        }
        if self.aloud && self.latency.len() >= self.summed_up + SUMMARY_EVERY {
            self.sum_up();
        }
        Ok(())
    }

    pub fn sum_up(&mut self) {
        self.summed_up = self.latency.len();
        if let Some(summary) = self.latency.summary() {
            say::line(format!("commit to accepted by a channel: {summary}"));
        }
    }

    async fn read_events(&mut self, i: usize) -> anyhow::Result<()> {
        let Some(followed) = self.places.get_mut(i) else {
            return Ok(());
        };
        let place = followed.place;
        let mut tx = self.app.db.begin(place.tenant).await?;
        let events = event::after(&mut tx, followed.position, EVENTS).await?;
        for event in events {
            followed.position = event.position;
            if !event.kind.starts_with("booking.") {
                continue;
            }
            let booking = store::get(&mut tx, &place.who, event.subject_id).await?;
            let moved = moved(&mut self.known, &event, &booking);
            for heard in &followed.channels {
                // The seller is told the truth again in any case, the others only what changed.
                let sold_it = event.actor == format!("channel:{}", heard.channel.connection.id);
                if moved || sold_it {
                    let stays = stays(&booking, heard.channel);
                    self.latency.booked(heard.property, event.at, stays);
                }
            }
            if self.aloud {
                tell_event(place, &event, &booking);
            }
        }
        Ok(tx.commit().await?)
    }

    async fn read_calls(&mut self, i: usize) -> anyhow::Result<()> {
        let now = self.app.clock.now();
        let Some(followed) = self.places.get_mut(i) else {
            return Ok(());
        };
        for heard in &mut followed.channels {
            for call in self.outside.calls(heard.property, heard.sequence).await? {
                if now - call.time < LAG {
                    break;
                }
                heard.sequence = call.sequence;
                let accepted = call.kind == "availability" && call.status == Some(200) && call.applied > 0;
                let values = call.body.as_ref().map_or(&[][..], |b| &b.values);
                if !accepted {
                    continue;
                }
                let took = self.latency.told(heard.property, call.time, values);
                if self.aloud {
                    tell_call(followed.place, heard.channel, &call, values, took);
                }
            }
            if let Some(seen) = heard.in_step.filter(|seen| now - *seen > LAG) {
                self.latency.in_step(heard.property, seen);
                heard.in_step = None;
            }
        }
        Ok(())
    }

    /// Which channels that seem to owe something owe nothing, because nothing changed for them?
    async fn look_for_steps(&mut self, i: usize) -> anyhow::Result<()> {
        let overdue = self.latency.overdue(self.app.clock.now());
        let Some(followed) = self.places.get_mut(i) else {
            return Ok(());
        };
        for heard in &mut followed.channels {
            if heard.in_step.is_some() || !overdue.iter().any(|p| p == heard.property) {
                continue;
            }
            let now = self.app.clock.now();
            let mut tx = self.app.db.begin(followed.place.tenant).await?;
            let status = status::read(&mut tx, &followed.place.who, heard.channel.connection.id).await?;
            tx.commit().await?;
            if status.waiting + status.in_flight == 0 {
                heard.in_step = Some(now);
            }
        }
        Ok(())
    }
}

/// Did the event change what is free? A change of a booking not seen before counts as none.
fn moved(known: &mut HashMap<Uuid, Vec<Slept>>, event: &Event, booking: &Booking) -> bool {
    let occupying = booking.reservations.iter().filter(|r| r.status.occupies());
    let mut slept: Vec<Slept> = occupying
        .filter_map(|r| Some((r.unit_type_id?, r.arrival, r.departure)))
        .collect();
    slept.sort_unstable();
    if known.len() > MOST_KNOWN {
        known.clear();
    }
    let before = known.insert(booking.id, slept.clone());
    match event.kind.as_str() {
        "booking.modified" => before.is_some_and(|b| b != slept),
        _ => true,
    }
}

/// The stays of a booking under the channel's names, cancelled ones included: their nights are free again.
fn stays(booking: &Booking, channel: &Channel) -> Vec<Stay> {
    let stay = |r: &innkeep_domain::booking::entity::Reservation| {
        let room = channel.mapping.rooms.get(&r.unit_type_id?)?.clone();
        Some(Stay {
            room,
            arrival: r.arrival,
            departure: r.departure,
        })
    };
    booking.reservations.iter().filter_map(stay).collect()
}

fn tell_event(place: &Place, event: &Event, booking: &Booking) {
    let connection = event
        .actor
        .strip_prefix("channel:")
        .and_then(|id| id.parse().ok());
    let seller = match connection.and_then(|id| place.channel(id)) {
        Some(channel) => format!("by {}", channel.seller()),
        None => "directly".to_owned(),
    };
    say::line(format!(
        "{}  {}: {} {} {seller}: {}",
        say::time(event.at),
        place.property.name,
        booking.reference,
        event.kind.trim_start_matches("booking."),
        describe(place, booking)
    ));
}

fn tell_call(place: &Place, channel: &Channel, call: &Call, values: &[Told], took: Option<i64>) {
    let one = |told: &Told| {
        let room = told
            .room_type_id
            .as_deref()
            .and_then(|id| channel.mapping.unit_type(id));
        let nights = say::nights(told.date_from, told.last());
        let free = told.availability.unwrap_or_default();
        format!(
            "{} {nights}: {free} free",
            room.map_or("a room", |id| place.unit_type(id))
        )
    };
    let values: Vec<String> = values.iter().map(one).collect();
    let took = took.map_or(String::new(), |ms| format!(", {ms} ms after the commit"));
    say::line(format!(
        "{}    told {}: {}{took}",
        say::time(call.time),
        channel.connection.name,
        values.join(", ")
    ));
}
