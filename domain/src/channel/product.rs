//! What rates are rates of, for channels whose messages say it: which room, for how many, in which currency.

use super::diff::{Range, Value};
use crate::db::TenantTx;
use crate::error::Result;
use crate::ports::channel::NightsRange;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// By unit type.
pub struct Products {
    rooms: HashMap<Uuid, Room>,
    /// The channel's rate plans that are of more than one room.
    shared: HashSet<String>,
}

struct Room {
    code: String,
    guests: i32,
    currency: String,
}

/// Of the rooms that are mapped for the connection.
pub async fn read(tx: &mut TenantTx, connection_id: Uuid) -> Result<Products> {
    let rooms = sqlx::query!(
        "select m.unit_type_id, m.external_id, t.max_occupancy, p.currency
         from channel_room_map m
         join unit_type t on t.tenant_id = $1 and t.id = m.unit_type_id
         join property p on p.tenant_id = $1 and p.id = t.property_id
         where m.tenant_id = $1 and m.connection_id = $2",
        tx.t(),
        connection_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let shared = sqlx::query_scalar!(
        "select external_id from channel_rate_map
         where tenant_id = $1 and connection_id = $2 group by external_id having count(*) > 1",
        tx.t(),
        connection_id
    )
    .fetch_all(&mut **tx)
    .await?;
    let rooms = rooms.into_iter().map(|r| {
        let room = Room {
            code: r.external_id,
            guests: r.max_occupancy,
            currency: r.currency,
        };
        (r.unit_type_id, room)
    });
    Ok(Products {
        rooms: rooms.collect(),
        shared: shared.into_iter().collect(),
    })
}

impl Products {
    /// In the order of the ranges; none when one of them is of no mapped room.
    pub fn nights(&self, ranges: &[Range]) -> Option<Vec<NightsRange>> {
        ranges.iter().map(|range| self.of(range)).collect()
    }

    fn of(&self, range: &Range) -> Option<NightsRange> {
        let room = self.rooms.get(&range.cells.first()?.unit_type_id)?;
        let nights = range.cells.iter().map(|cell| match &cell.truth {
            Value::Rate(fields) => Some(fields.clone()),
            Value::Free(_) => None,
        });
        Some(NightsRange {
            rate: range.external.clone(),
            shared: self.shared.contains(&range.external),
            room: room.code.clone(),
            guests: room.guests,
            currency: room.currency.clone(),
            from: range.from,
            nights: nights.collect::<Option<_>>()?,
        })
    }
}
