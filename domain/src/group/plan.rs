//! `create` and `change` a group: everything about it but what is kept for it.

use super::entity::{Group, Status};
use super::store;
use crate::company;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::guest::entity::Change;
use crate::ids::new_id;
use crate::inventory::LONGEST_RANGE;
use crate::principal::{Permission, Principal};
use crate::property::{self, check_version};
use crate::rates::plan;
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

pub struct NewGroup {
    pub property_id: Uuid,
    pub code: String,
    pub name: String,
    pub definite: bool,
    pub arrival: NaiveDate,
    pub departure: NaiveDate,
    pub cutoff: Option<NaiveDate>,
    pub company_id: Option<Uuid>,
    pub rate_plan_id: Option<Uuid>,
    pub notes: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    pub code: Option<String>,
    pub name: Option<String>,
    /// Between tentative and definite; the other two are actions.
    pub definite: Option<bool>,
    pub arrival: Option<NaiveDate>,
    pub departure: Option<NaiveDate>,
    pub cutoff: Change<NaiveDate>,
    pub company_id: Change<Uuid>,
    pub rate_plan_id: Change<Uuid>,
    pub notes: Change<String>,
}

fn status(definite: bool) -> Status {
    if definite {
        Status::Definite
    } else {
        Status::Tentative
    }
}

pub async fn create(tx: &mut TenantTx, who: &Principal, new: NewGroup, now: DateTime<Utc>) -> Result<Group> {
    who.require(Permission::WriteBookings)?;
    property::get(tx, new.property_id).await?;
    let mut group = Group {
        id: new_id(),
        property_id: new.property_id,
        code: new.code,
        name: new.name,
        status: status(new.definite),
        arrival: new.arrival,
        departure: new.departure,
        cutoff: new.cutoff,
        company_id: new.company_id,
        rate_plan_id: new.rate_plan_id,
        notes: new.notes,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    check(tx, &mut group, None).await?;
    store::save(tx, &group).await?;
    log(tx, who, "group.created", &group, json!({}), now).await?;
    Ok(group)
}

/// `expected` is the version of an If-Match header. 409 `wrong_state` for the status of a group that is closed,
/// `allotment_outside` when units are kept on nights that would not be the group's any more.
pub async fn change(
    tx: &mut TenantTx,
    who: &Principal,
    id: Uuid,
    change: GroupChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Group> {
    who.require(Permission::WriteBookings)?;
    let before = store::lock(tx, id).await?;
    check_version(before.version, expected)?;
    let mut group = before.clone();
    if let Some(definite) = change.definite {
        group.require_open().map_err(|r| r.at("/status"))?;
        group.status = status(definite);
    }
    group.code = change.code.unwrap_or(group.code);
    group.name = change.name.unwrap_or(group.name);
    group.arrival = change.arrival.unwrap_or(group.arrival);
    group.departure = change.departure.unwrap_or(group.departure);
    group.cutoff = change.cutoff.unwrap_or(group.cutoff);
    group.company_id = change.company_id.unwrap_or(group.company_id);
    group.rate_plan_id = change.rate_plan_id.unwrap_or(group.rate_plan_id);
    group.notes = change.notes.unwrap_or(group.notes);
    check(tx, &mut group, Some(&before)).await?;
    if group == before {
        return Ok(before);
    }
    refuse_kept_outside(tx, &group).await?;
    group.version += 1;
    group.updated_at = now;
    store::save(tx, &group).await?;
    log(tx, who, "group.changed", &group, json!({}), now).await?;
    Ok(group)
}

async fn check(tx: &mut TenantTx, group: &mut Group, before: Option<&Group>) -> Result<()> {
    group.code = property::name(&group.code, "/code")?;
    group.name = property::name(&group.name, "/name")?;
    group.notes = text::notes(group.notes.as_deref(), "/notes")?;
    let nights = (group.departure - group.arrival).num_days();
    if !(1..=LONGEST_RANGE).contains(&nights) {
        let detail = format!("after the arrival, at most {LONGEST_RANGE} nights");
        return Err(Refusal::invalid("out_of_range", detail).at("/departure").into());
    }
    if group.cutoff.is_some_and(|c| c > group.arrival) {
        let detail = "not after the arrival: from then on units stay empty that nobody else could book";
        return Err(Refusal::invalid("out_of_range", detail).at("/cutoff").into());
    }
    if group.company_id != before.and_then(|b| b.company_id)
        && let Some(id) = group.company_id
    {
        let found = company::find(tx, id).await?.filter(|c| c.active);
        found.ok_or_else(|| Refusal::not_found("active company").at("/company_id"))?;
    }
    if let Some(id) = group.rate_plan_id {
        let ours = plan::get(tx, id).await?.property_id == group.property_id;
        ours.then_some(())
            .ok_or_else(|| Refusal::not_found("rate plan"))?;
    }
    Ok(())
}

async fn refuse_kept_outside(tx: &mut TenantTx, group: &Group) -> Result<()> {
    let nights = store::blocks(tx, group.id).await?;
    let outside = nights.iter().find(|((_, night), block)| {
        block.remaining() > 0 && !(group.arrival..group.departure).contains(night)
    });
    match outside {
        None => Ok(()),
        Some(((_, night), _)) => {
            let detail = format!("units are kept on {night}; change the allotment first");
            Err(Refusal::conflict("allotment_outside", detail).into())
        }
    }
}

pub(super) async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    kind: &'static str,
    group: &Group,
    mut data: Value,
    at: DateTime<Utc>,
) -> Result<()> {
    data["code"] = group.code.as_str().into();
    let event = NewEvent {
        kind,
        property_id: Some(group.property_id),
        subject_id: group.id,
        actor: &who.actor,
        data,
        at,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
