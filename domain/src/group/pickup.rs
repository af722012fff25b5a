//! Pick-up: a booking of the group takes from what is kept for it, and from what is free beyond that.

use super::entity::{Block, Blocks, Group, Status};
use super::plan::log;
use super::store;
use crate::booking::entity::{Booking, Parties};
use crate::company::{self, Kind};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::{self, Delta};
use crate::principal::Principal;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Draws, of what the group keeps, what the booking needs, as far as there is. The sale that follows in the same
/// transaction turns it from held into sold, and takes what the block did not have like any other sale. So a unit that
/// is kept for the group is sold to it even on a night that somebody oversold: nothing more is taken.
///
/// Blocks are locked here and stay so until the transaction ends: nobody else draws the same. Blocks are always locked
/// before stock.
///
/// What is cancelled later is free for everybody and does not return to the block: it may have been released meanwhile.
pub(crate) async fn draw(
    tx: &mut TenantTx,
    who: &Principal,
    group_id: Uuid,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<(Parties, Drawn)> {
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
    let (after, drawn) = take(&before, &needed);
    store::save_blocks(tx, group_id, &after).await?;
    let units: i32 = drawn.values().sum();
    let data = json!({ "booking_id": booking.id, "reference": booking.reference, "out_of_block": units });
    log(tx, who, "group.picked_up", &group, data, now).await?;
    Ok((parties(tx, &group).await?, drawn))
}

/// Units held for a group that its booking takes, by unit type and night.
pub(crate) type Drawn = BTreeMap<(Uuid, NaiveDate), i32>;

/// Of each block as much as is needed and remains.
fn take(before: &Blocks, needed: &Delta) -> (Blocks, Drawn) {
    let mut out = Drawn::new();
    let mut after = Blocks::new();
    for (cell, block) in before {
        let units = needed.get(cell).map_or(0, |t| t.all()).min(block.remaining());
        if units > 0 {
            let drawn = block.drawn + units;
            after.insert(*cell, Block { drawn, ..*block });
            out.insert(*cell, units);
        }
    }
    (after, out)
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
