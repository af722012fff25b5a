//! Check-in: the guest gets the key of a unit that is theirs, free and clean.

use super::assign::of_span;
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
    desk.become_(Status::InHouse)?;
    let today = desk.property.business_date;
    let (arrival, departure) = (desk.reservation()?.arrival, desk.reservation()?.departure);
    if today < arrival || today >= departure {
        let detail = format!("the stay is from {arrival} to {departure}, the business date is {today}");
        return Err(Refusal::conflict("not_today", detail).into());
    }
    let unit = tonights_unit(tx, &desk, today).await?;
    if let Some(other) = guest_in(tx, unit.id, today, reservation_id).await? {
        let detail = format!(
            "unit {} still has {other}: check them out first, {}",
            unit.name,
            instead(tx, &desk).await?
        );
        return Err(Refusal::conflict("unit_occupied", detail).into());
    }
    if !unit.cleanliness.ready() && !cmd.force {
        let detail = format!(
            "unit {} is dirty: have it cleaned, force it with a reason, {}",
            unit.name,
            instead(tx, &desk).await?
        );
        return Err(Refusal::conflict("unit_not_ready", detail).into());
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

/// Units that would do at once, in words.
async fn instead(tx: &mut TenantTx, desk: &Desk) -> Result<String> {
    let today = desk.property.business_date;
    let mut names = Vec::new();
    for candidate in of_span(tx, desk, today, desk.reservation()?.departure).await? {
        let ready = candidate.reasons.is_empty() && candidate.unit.cleanliness.ready();
        if ready
            && guest_in(tx, candidate.unit.id, today, desk.reservation()?.id)
                .await?
                .is_none()
        {
            names.push(candidate.unit.name);
        }
        if names.len() == MOST_NAMED {
            break;
        }
    }
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
