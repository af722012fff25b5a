//! What Innkeep says may be sold beside what the channels here believe, night by night. Innkeep is asked as anybody may
//! ask it: over its API, with a key that may read channels.

mod ask;
mod believed;
mod control;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use poem::{Route, get};
use serde::{Deserialize, Serialize};

use crate::state::Sandbox;
use ask::{Cell, Connection};
use believed::Seat;

/// Connections that are shown of one Innkeep.
const MOST_CONNECTIONS: usize = 20;

/// Where Innkeep is, and a key of one tenant there.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Innkeep {
    /// For example `http://127.0.0.1:8080`.
    pub url: String,
    pub api_key: String,
}

pub(crate) fn routes() -> Route {
    Route::new().at("/", get(control::compare)).at(
        "/innkeep",
        get(control::list).post(control::add).delete(control::forget),
    )
}

/// The nights asked for, both included; left out: as Innkeep has it, 31 from its business date on.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// One connection of Innkeep's to a channel that is played here.
#[derive(Debug, Serialize)]
struct Compared {
    name: String,
    protocol: String,
    rooms: Vec<Room>,
    /// Nights on which the two differ.
    different: usize,
}

#[derive(Debug, Serialize)]
struct Room {
    /// The channel's id.
    id: String,
    title: String,
    nights: Vec<Night>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Night {
    date: NaiveDate,
    /// What Innkeep says this channel may sell: free units without what is kept from it.
    innkeep: i64,
    /// What the channel would sell; `null`: it was never told, so nothing.
    channel: Option<i64>,
    equal: bool,
    /// `converged`, `in_flight` or `alarmed`, as Innkeep sees it.
    state: String,
}

impl Night {
    /// An overbooked night is sold out, and so is one that the channel never heard of.
    fn new(cell: &Cell, channel: Option<i64>) -> Option<Self> {
        let innkeep = cell.truth.availability?.max(0);
        Some(Self {
            date: cell.night,
            innkeep,
            channel,
            equal: innkeep == channel.unwrap_or(0),
            state: cell.state.clone(),
        })
    }
}

/// Of each connection to a channel here; those to others are left out.
async fn compared(sandbox: &Sandbox, innkeep: &Innkeep, range: Range) -> Result<Vec<Compared>, String> {
    let connections = ask::connections(sandbox.http(), innkeep).await?;
    let here = connections
        .into_iter()
        .filter_map(|connection| Some((Seat::of(sandbox, &connection)?, connection)));
    let mut all = Vec::new();
    for (seat, connection) in here.take(MOST_CONNECTIONS) {
        all.push(one(sandbox, innkeep, &seat, connection, range).await?);
    }
    Ok(all)
}

async fn one(
    sandbox: &Sandbox,
    innkeep: &Innkeep,
    seat: &Seat,
    connection: Connection,
    range: Range,
) -> Result<Compared, String> {
    let mapped = ask::rooms(sandbox.http(), innkeep, &connection.id).await?;
    let cells = ask::availability(sandbox.http(), innkeep, &connection.id, range).await?;
    let mut rooms: BTreeMap<&str, Vec<Night>> = BTreeMap::new();
    for cell in &cells {
        let Some(room) = mapped.get(&cell.unit_type_id) else {
            continue;
        };
        let night = Night::new(cell, seat.left(sandbox, room, cell.night));
        rooms.entry(room).or_default().extend(night);
    }
    let rooms: Vec<Room> = rooms
        .into_iter()
        .map(|(id, nights)| Room {
            id: id.to_owned(),
            title: seat.title(sandbox, id),
            nights,
        })
        .collect();
    let nights = rooms.iter().flat_map(|room| &room.nights);
    Ok(Compared {
        different: nights.filter(|night| !night.equal).count(),
        name: connection.name,
        protocol: connection.protocol,
        rooms,
    })
}
