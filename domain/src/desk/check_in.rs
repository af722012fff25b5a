//! Check-in: the guest gets the key of a unit that is theirs, free and clean.

use super::candidates::{WhyNot, of_span};
use crate::booking::change::{Change, Force, Said};
use crate::booking::entity::{Booking, Moment, Reservation, Status};
use crate::booking::personal;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::inventory::Stock;
use crate::principal::Principal;
use crate::property::{Unit, unit};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

/// Units named as an alternative in a refusal.
const MOST_NAMED: usize = 10;

/// `confirmed` becomes `in_house`; `force` lets the guest into a dirty unit.
///
/// # Errors
/// 409 `wrong_state`; `not_today` unless arrival <= business date < departure; `no_unit`, `unit_occupied` and
/// `unit_not_ready` name the units that would do.
pub async fn check_in(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    force: Option<&Force>,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    Force::check(force, who)?;
    let mut change = Change::of_reservation(tx, who, reservation_id, expected).await?;
    let (stay, today) = (change.before.reservation(reservation_id)?, change.today());
    // The table of transitions has another way to be in house: an undone check-out.
    stay.require(Status::Confirmed)?;
    if today < stay.arrival || today >= stay.departure {
        let detail = format!(
            "the stay is from {} to {}, the business date is {today}",
            stay.arrival, stay.departure
        );
        return Err(Refusal::conflict("not_today", detail).into());
    }
    let unit = tonights_unit(tx, stay, today).await?;
    if let Some(why) = obstacle(tx, &unit, stay, today, force).await? {
        let detail = format!("{}, {}", why.detail, instead(tx, stay, today).await?);
        return Err(Refusal::conflict(why.code, detail).into());
    }
    let stay = change.after.reservation_mut(reservation_id)?;
    stay.status = stay.status.to(Status::InHouse)?;
    (stay.checked_in, stay.checked_out) = (Some(Moment { at: now, date: today }), None);
    let said = Said::new("reservation.checked_in", force).with(json!({
        "reservation_id": reservation_id,
        "unit_id": unit.id,
        "cleanliness": unit.cleanliness.name(),
    }));
    change.commit(tx, who, Stock::Guarded, &said, now).await
}

/// The unit the stay has tonight, locked.
async fn tonights_unit(tx: &mut TenantTx, stay: &Reservation, today: NaiveDate) -> Result<Unit> {
    let Some(here) = stay.segments.iter().find(|s| s.covers(today)) else {
        let detail = format!(
            "the stay has no unit tonight: assign one, {}",
            instead(tx, stay, today).await?
        );
        return Err(Refusal::conflict("no_unit", detail).into());
    };
    let locked = unit::lock_units(tx, &[here.unit_id]).await?.pop();
    Ok(locked.ok_or_else(|| Refusal::not_found("unit"))?)
}

/// Why a stay cannot get the key of a unit now: another guest is in it, or, unless forced, it is dirty.
pub(super) async fn obstacle(
    tx: &mut TenantTx,
    unit: &Unit,
    stay: &Reservation,
    today: NaiveDate,
    force: Option<&Force>,
) -> Result<Option<WhyNot>> {
    let (code, detail) = if let Some(other) = guest_in(tx, unit.id, today, stay.id).await? {
        let detail = format!("unit {} still has {other}: check them out first", unit.name);
        ("unit_occupied", detail)
    } else if !unit.cleanliness.ready() && force.is_none() {
        let detail = format!(
            "unit {} is dirty: have it cleaned, force it with a reason",
            unit.name
        );
        ("unit_not_ready", detail)
    } else {
        return Ok(None);
    };
    Ok(Some(WhyNot { code, detail }))
}

/// Another guest in house who is in the unit, in words. Where a guest is: the last unit that began by today.
pub(super) async fn guest_in(
    tx: &mut TenantTx,
    unit_id: Uuid,
    today: NaiveDate,
    except: Uuid,
) -> Result<Option<String>> {
    let found = sqlx::query!(
        "select b.id, b.reference, coalesce(r.guest_name, b.booker_name) as name,
                case when r.guest_name is null then b.personal end as personal
           from stay_segment s
           join reservation r on r.tenant_id = $1 and r.id = s.reservation_id and r.status = 'in_house'
           join booking b on b.tenant_id = $1 and b.id = r.booking_id
           where s.tenant_id = $1 and s.unit_id = $2 and s.from_night <= $3 and r.id <> $4
             and not exists (select from stay_segment l where l.tenant_id = $1 and l.reservation_id = r.id
                             and l.from_night > s.from_night and l.from_night <= $3)
           limit 1",
        tx.t(),
        unit_id,
        today,
        except
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let named = (found.name.as_deref(), Some(found.id), found.personal.as_deref());
    let names = personal::names(tx, std::iter::once(named)).await?;
    Ok(Some(format!("{} ({})", found.reference, names.concat())))
}

/// Units, at most so many, that the stay could have from today on and get the key of now; the best first.
pub(super) async fn ready_units(
    tx: &mut TenantTx,
    stay: &Reservation,
    today: NaiveDate,
    most: usize,
) -> Result<Vec<Unit>> {
    let mut ready = Vec::new();
    for candidate in of_span(tx, stay, today, (today, stay.departure)).await? {
        if candidate.reasons.is_empty() && obstacle(tx, &candidate.unit, stay, today, None).await?.is_none() {
            ready.push(candidate.unit);
        }
        if ready.len() == most {
            break;
        }
    }
    Ok(ready)
}

async fn instead(tx: &mut TenantTx, stay: &Reservation, today: NaiveDate) -> Result<String> {
    let ready = ready_units(tx, stay, today, MOST_NAMED).await?;
    let names: Vec<&str> = ready.iter().map(|u| u.name.as_str()).collect();
    Ok(match names.as_slice() {
        [] => "no other unit is free and clean now".into(),
        names => format!("or take one that is free and clean: {}", names.join(", ")),
    })
}

/// Back to `confirmed`, on the business date of the check-in.
pub async fn undo_check_in(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    let mut change = Change::of_reservation(tx, who, reservation_id, expected).await?;
    let today = change.today();
    let stay = change.after.reservation_mut(reservation_id)?;
    // The table of transitions has other ways to become confirmed.
    stay.require(Status::InHouse)?;
    refuse_later(stay.checked_in, today)?;
    stay.status = stay.status.to(Status::Confirmed)?;
    stay.checked_in = None;
    let said =
        Said::new("reservation.check_in_undone", None).with(json!({ "reservation_id": reservation_id }));
    change.commit(tx, who, Stock::Guarded, &said, now).await
}

/// What the night audit has closed is not undone.
pub(super) fn refuse_later(done: Option<Moment>, today: NaiveDate) -> Result<(), Refusal> {
    if done.is_some_and(|m| m.date == today) {
        return Ok(());
    }
    let detail = format!("that can be undone on the same business date only; it is {today} now");
    Err(Refusal::conflict("too_late_to_undo", detail))
}
