//! Check-in: the guest gets the key of a unit that is theirs, free and clean.

use super::assign::{WhyNot, of_span};
use super::segment;
use super::stay::{self, Desk};
use crate::booking::entity::{Booking, Status};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use crate::property::{Unit, unit};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

/// Units named as an alternative in a refusal.
const MOST_NAMED: usize = 10;

#[derive(Debug, Clone, Default)]
pub struct CheckIn {
    /// Even if the unit is dirty.
    pub force: bool,
    pub reason: Option<String>,
}

/// `confirmed` becomes `in_house`.
///
/// # Errors
/// 409 `wrong_state`; `not_today` unless arrival <= business date < departure; `no_unit`, `unit_occupied` and
/// `unit_not_ready` name the units that would do.
pub async fn check_in(
    tx: &mut TenantTx,
    who: &Principal,
    reservation_id: Uuid,
    cmd: CheckIn,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Booking> {
    who.require(Permission::WriteBookings)?;
    let reason = stay::forced(cmd.force, cmd.reason.as_deref())?;
    let mut desk = Desk::open(tx, who, reservation_id, expected).await?;
    // The table of transitions has another way to be in house: an undone check-out.
    desk.require(Status::Confirmed)?;
    desk.become_(Status::InHouse)?;
    let today = desk.property.business_date;
    let (arrival, departure) = (desk.reservation()?.arrival, desk.reservation()?.departure);
    if today < arrival || today >= departure {
        let detail = format!("the stay is from {arrival} to {departure}, the business date is {today}");
        return Err(Refusal::conflict("not_today", detail).into());
    }
    let unit = tonights_unit(tx, &desk, today).await?;
    if let Some(why) = obstacle(tx, &unit, &desk, cmd.force).await? {
        let detail = format!("{}, {}", why.detail, instead(tx, &desk).await?);
        return Err(Refusal::conflict(why.code, detail).into());
    }
    desk.save(tx, now).await?;
    sqlx::query!(
        "update reservation set checked_in_at = $3, checked_in_on = $4, checked_out_at = null, checked_out_on = null
         where tenant_id = $1 and id = $2",
        tx.t(),
        reservation_id,
        now,
        today
    )
    .execute(&mut **tx)
    .await?;
    let data = json!({ "unit_id": unit.id, "cleanliness": unit.cleanliness.name(), "forced": cmd.force,
                       "reason": reason });
    stay::log(tx, who, &desk, "reservation.checked_in", data, now).await?;
    Ok(desk.booking)
}

/// The unit the stay has tonight, locked.
async fn tonights_unit(tx: &mut TenantTx, desk: &Desk, today: NaiveDate) -> Result<Unit> {
    let segments = segment::of(tx, desk.reservation()?.id).await?;
    let Some(here) = segments.iter().find(|s| s.covers(today)) else {
        let detail = format!(
            "the stay has no unit tonight: assign one, {}",
            instead(tx, desk).await?
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
    desk: &Desk,
    force: bool,
) -> Result<Option<WhyNot>> {
    let today = desk.property.business_date;
    let (code, detail) = if let Some(other) = guest_in(tx, unit.id, today, desk.reservation()?.id).await? {
        let detail = format!("unit {} still has {other}: check them out first", unit.name);
        ("unit_occupied", detail)
    } else if !unit.cleanliness.ready() && !force {
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
    Ok(sqlx::query_scalar!(
        r#"select format('%s (%s)', b.reference, coalesce(r.guest_name, b.booker_name)) as "who!"
           from stay_segment s
           join reservation r on r.tenant_id = $1 and r.id = s.reservation_id and r.status = 'in_house'
           join booking b on b.tenant_id = $1 and b.id = r.booking_id
           where s.tenant_id = $1 and s.unit_id = $2 and s.from_night <= $3 and r.id <> $4
             and not exists (select from stay_segment l where l.tenant_id = $1 and l.reservation_id = r.id
                             and l.from_night > s.from_night and l.from_night <= $3)
           limit 1"#,
        tx.t(),
        unit_id,
        today,
        except
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Units, at most so many, that the stay could have from today on and get the key of now; the best first.
pub(super) async fn ready_units(tx: &mut TenantTx, desk: &Desk, most: usize) -> Result<Vec<Unit>> {
    let mut ready = Vec::new();
    let departure = desk.reservation()?.departure;
    for candidate in of_span(tx, desk, desk.property.business_date, departure).await? {
        if candidate.reasons.is_empty() && obstacle(tx, &candidate.unit, desk, false).await?.is_none() {
            ready.push(candidate.unit);
        }
        if ready.len() == most {
            break;
        }
    }
    Ok(ready)
}

async fn instead(tx: &mut TenantTx, desk: &Desk) -> Result<String> {
    let ready = ready_units(tx, desk, MOST_NAMED).await?;
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
    who.require(Permission::WriteBookings)?;
    let mut desk = Desk::open(tx, who, reservation_id, expected).await?;
    // The table of transitions has other ways to become confirmed.
    desk.require(Status::InHouse)?;
    desk.become_(Status::Confirmed)?;
    let since = sqlx::query_scalar!(
        "select checked_in_on from reservation where tenant_id = $1 and id = $2",
        tx.t(),
        reservation_id
    )
    .fetch_one(&mut **tx)
    .await?;
    refuse_later(since, desk.property.business_date)?;
    desk.save(tx, now).await?;
    sqlx::query!(
        "update reservation set checked_in_at = null, checked_in_on = null where tenant_id = $1 and id = $2",
        tx.t(),
        reservation_id
    )
    .execute(&mut **tx)
    .await?;
    stay::log(tx, who, &desk, "reservation.check_in_undone", json!({}), now).await?;
    Ok(desk.booking)
}

/// What the night audit has closed is not undone.
pub(super) fn refuse_later(done_on: Option<NaiveDate>, today: NaiveDate) -> Result<(), Refusal> {
    if done_on == Some(today) {
        return Ok(());
    }
    let detail = format!("that can be undone on the same business date only; it is {today} now");
    Err(Refusal::conflict("too_late_to_undo", detail))
}
