//! Pick-up: a booking of the group takes from what is kept for it, and from what is free beyond that.

use super::entity::{Block, Blocks, Group, Status};
use super::plan::log;
use super::store;
use crate::booking::entity::{Booking, Parties};
use crate::company::{self, Kind};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::{self, Delta, Stock, Take};
use crate::principal::Principal;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// Frees, of what the group keeps, what the booking needs, as far as there is; the sale that follows in the same
/// transaction takes it, and what the block did not have, like any other sale.
///
/// Nobody gets between the two: the stock rows of all the booking's nights are locked before the first is changed and
/// stay so until the transaction ends, so what was freed can be sold to nobody else. All of them, not only those of the
/// block, and in (unit type, night) order: the sale's own lock of the same rows then waits for nothing, and no other
/// sale can hold one of them while it waits for another. Blocks are always locked before stock.
///
/// What is cancelled later is free for everybody and does not return to the block: it may have been released meanwhile.
pub(crate) async fn draw(
    tx: &mut TenantTx,
    who: &Principal,
    group_id: Uuid,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<Parties> {
    let group = store::share(tx, group_id).await?;
    let group = group.filter(|g| g.property_id == booking.property_id);
    let group = group.ok_or_else(|| Refusal::not_found("group").at("/group_id"))?;
    if group.status == Status::Cancelled {
        let detail = "the group is cancelled; book without it";
        return Err(Refusal::conflict("wrong_state", detail).at("/group_id").into());
    }
    let mut needed = Delta::new();
    booking.reservations.iter().for_each(|r| r.add_to(&mut needed, 1));
    let (unit_types, nights) = inventory::cells(&needed);
    let before = store::lock_blocks(tx, group_id, Some((&unit_types, &nights))).await?;
    let (after, freed) = take(&before, &needed);
    inventory::lock(tx, &unit_types, &nights).await?;
    inventory::change(tx, &freed, Stock::Guarded).await?;
    store::save_blocks(tx, group_id, &after).await?;
    let units: i32 = freed.values().map(|t| -t.held).sum();
    let data = json!({ "booking_id": booking.id, "reference": booking.reference, "out_of_block": units });
    log(tx, who, "group.picked_up", &group, data, now).await?;
    parties(tx, &group).await
}

/// Of each block as much as is needed and remains.
fn take(before: &Blocks, needed: &Delta) -> (Blocks, Delta) {
    let mut freed = Delta::new();
    let mut after = Blocks::new();
    for (cell, block) in before {
        let units = needed.get(cell).map_or(0, |t| t.all()).min(block.remaining());
        if units > 0 {
            let drawn = block.drawn + units;
            after.insert(*cell, Block { drawn, ..*block });
            let back = Take {
                held: -units,
                ..Take::default()
            };
            freed.insert(*cell, back);
        }
    }
    (after, freed)
}

/// The booking comes through whom the group comes through.
async fn parties(tx: &mut TenantTx, group: &Group) -> Result<Parties> {
    let mut parties = Parties {
        group_id: Some(group.id),
        ..Parties::default()
    };
    if let Some(id) = group.company_id
        && let Some(company) = company::find(tx, id).await?
    {
        match company.kind {
            Kind::Company => parties.company_id = Some(id),
            Kind::TravelAgent => parties.agent_id = Some(id),
        }
    }
    Ok(parties)
}
