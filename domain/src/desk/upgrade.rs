//! Upgrade: an arriving guest, or one in house, gets a unit of another type at the price agreed.

use super::assign::{self, Assign, refuse_locked, span};
use crate::booking::amend::{Amendment, amend};
use crate::booking::change::{Change, Force};
use crate::booking::entity::{Booking, Status};
use crate::booking::store;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::Principal;
use crate::property::unit;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Upgrade {
    pub reservation_id: Uuid,
    pub unit_id: Uuid,
    /// Absent = from the first night that can still change. Always to the departure.
    pub from: Option<NaiveDate>,
}

/// Amends the stay to the unit's type, keeping its prices, and assigns the unit; or does nothing of it. `force`
/// overbooks the other type, and takes a unit that does not suit or is dirty.
///
/// # Errors
/// 404 for another property's unit; 409 `wrong_state`, `same_unit_type` (assigning is enough), `assignment_locked`,
/// `not_bookable` (too many guests for the type), `no_availability`, and all that assigning a unit may say.
pub async fn upgrade(
    tx: &mut TenantTx,
    who: &Principal,
    cmd: Upgrade,
    force: Option<&Force>,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    let id = cmd.reservation_id;
    let change = Change::of_reservation(tx, who, id, expected).await?;
    let stay = change.before.reservation(id)?;
    if !matches!(stay.status, Status::Confirmed | Status::InHouse) {
        let detail = format!("a stay that is {} gets no upgrade", stay.status.name());
        return Err(Refusal::conflict("wrong_state", detail).into());
    }
    let (from, to) = span(stay, change.today(), (cmd.from, None))?;
    let units = unit::of_property(tx, stay.property_id).await?;
    let target = units.into_iter().find(|u| u.id == cmd.unit_id);
    let target = target.ok_or_else(|| Refusal::not_found("unit").at("/unit_id"))?;
    let mut nights = stay.nights.iter().filter(|n| n.date >= from);
    if nights.all(|n| n.unit_type_id == Some(target.unit_type_id)) {
        let detail = format!("unit {} is of the type these nights take: assign it", target.name);
        return Err(Refusal::conflict("same_unit_type", detail).at("/unit_id").into());
    }
    refuse_locked(stay.segments.iter(), (from, to))?;
    let amendment = Amendment {
        unit_type_id: Some(target.unit_type_id),
        from: Some(from),
        keep_prices: true,
        ..Amendment::default()
    };
    amend(tx, who, id, &amendment, None, force, None, now).await?;
    let there = Assign {
        reservation_id: id,
        unit_id: target.id,
        from: Some(from),
        to: None,
    };
    assign::assign(tx, who, there, force, None, now).await?;
    store::get_by_reservation(tx, who, id).await
}
