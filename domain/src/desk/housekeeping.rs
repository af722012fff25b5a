//! Housekeeping: what happens to each unit on a day, how clean it is, what is to do. No guests' names, no prices.

use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::event::{self, NewEvent};
use crate::ids::new_id;
use crate::principal::{Permission, Principal};
use crate::property::unit::{self, Cleanliness};
use crate::property::{self, Unit, check_version};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// What happens to a unit on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    Vacant,
    Arrival,
    Departure,
    /// Somebody leaves and somebody else comes.
    Turnover,
    StayOver,
    OutOfOrder,
    OutOfService,
}

#[derive(Debug, Clone)]
pub struct UnitDay {
    pub unit: Unit,
    pub happening: Happening,
    /// Persons who come or stay that night.
    pub guests: i32,
    pub open_tasks: Vec<Task>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub id: Uuid,
    pub property_id: Uuid,
    pub unit_id: Uuid,
    pub date: NaiveDate,
    pub title: String,
    pub assignee_id: Option<Uuid>,
    pub done_at: Option<DateTime<Utc>>,
    pub version: i32,
}

struct InUnit {
    unit_id: Uuid,
    from_night: NaiveDate,
    to_night: NaiveDate,
    kind: Option<String>,
    guests: Option<i32>,
    left_on: Option<NaiveDate>,
}

/// Every unit of the property, by position. `date` = the business date if absent.
pub async fn day(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    date: Option<NaiveDate>,
) -> Result<(NaiveDate, Vec<UnitDay>)> {
    who.require(Permission::ReadInventory)?;
    let date = date.unwrap_or(property::get(tx, property_id).await?.business_date);
    let units = unit::of_property(tx, property_id).await?;
    let mut inside: HashMap<Uuid, Vec<InUnit>> = HashMap::new();
    for row in in_units(tx, property_id, date).await? {
        inside.entry(row.unit_id).or_default().push(row);
    }
    let mut tasks: HashMap<Uuid, Vec<Task>> = HashMap::new();
    for task in open_tasks(tx, property_id, date).await? {
        tasks.entry(task.unit_id).or_default().push(task);
    }
    let day = |unit: Unit| {
        let (happening, guests) = judge(inside.get(&unit.id).map(Vec::as_slice).unwrap_or_default(), date);
        UnitDay {
            happening,
            guests,
            open_tasks: tasks.remove(&unit.id).unwrap_or_default(),
            unit,
        }
    };
    Ok((date, units.into_iter().map(day).collect()))
}

fn judge(inside: &[InUnit], date: NaiveDate) -> (Happening, i32) {
    let broken = |kind: &str| {
        let tonight = |s: &&InUnit| s.from_night <= date && s.to_night > date;
        inside
            .iter()
            .filter(tonight)
            .any(|s| s.kind.as_deref() == Some(kind))
    };
    if broken("out_of_order") {
        return (Happening::OutOfOrder, 0);
    }
    if broken("out_of_service") {
        return (Happening::OutOfService, 0);
    }
    let stays = || inside.iter().filter(|s| s.kind.is_none());
    // Who checked out early is gone from that day on, whatever is still sold.
    let end = |s: &InUnit| s.left_on.unwrap_or(s.to_night).min(s.to_night);
    let leaves = stays().any(|s| end(s) == date);
    let comes = stays().find(|s| s.from_night == date && end(s) > date);
    let stays_on = stays().find(|s| s.from_night < date && end(s) > date);
    let guests = comes.or(stays_on).and_then(|s| s.guests).unwrap_or(0);
    let happening = match (leaves, comes.is_some(), stays_on.is_some()) {
        (true, true, _) => Happening::Turnover,
        (true, false, _) => Happening::Departure,
        (false, true, _) => Happening::Arrival,
        (false, false, true) => Happening::StayOver,
        (false, false, false) => Happening::Vacant,
    };
    (happening, guests)
}

/// What ends, begins or goes on in the units that day.
async fn in_units(tx: &mut TenantTx, property_id: Uuid, date: NaiveDate) -> Result<Vec<InUnit>> {
    Ok(sqlx::query_as!(
        InUnit,
        r#"select s.unit_id, s.from_night, s.to_night, m.kind as "kind?", r.adults + r.children as guests,
                  r.checked_out_on as "left_on?"
           from stay_segment s
           left join maintenance m on m.tenant_id = $1 and m.id = s.maintenance_id
           left join reservation r on r.tenant_id = $1 and r.id = s.reservation_id
           where s.tenant_id = $1 and s.property_id = $2 and s.to_night >= $3 and s.from_night <= $3"#,
        tx.t(),
        property_id,
        date
    )
    .fetch_all(&mut **tx)
    .await?)
}

async fn open_tasks(tx: &mut TenantTx, property_id: Uuid, date: NaiveDate) -> Result<Vec<Task>> {
    Ok(sqlx::query_as!(
        Task,
        "select id, property_id, unit_id, due_on as date, title, assignee_id, done_at, version
         from housekeeping_task
         where tenant_id = $1 and property_id = $2 and due_on = $3 and done_at is null order by id limit 5000",
        tx.t(),
        property_id,
        date
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Says how clean a unit is.
pub async fn mark(
    tx: &mut TenantTx,
    who: &Principal,
    unit_id: Uuid,
    cleanliness: Cleanliness,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Unit> {
    who.require(Permission::WriteHousekeeping)?;
    let locked = unit::lock_units(tx, &[unit_id]).await?.pop();
    let unit = locked.ok_or_else(|| Refusal::not_found("unit"))?;
    check_version(unit.version, expected)?;
    unit::set_cleanliness(tx, who, &[unit_id], cleanliness, now).await?;
    crate::jobs::kick(tx).await?;
    property::get_unit(tx, who, unit_id).await
}

#[derive(Debug, Clone)]
pub struct NewTask {
    pub unit_id: Uuid,
    pub date: NaiveDate,
    pub title: String,
    pub assignee_id: Option<Uuid>,
}

#[derive(Debug, Clone, Default)]
pub struct TaskChange {
    pub date: Option<NaiveDate>,
    pub title: Option<String>,
    pub assignee_id: Option<Option<Uuid>>,
    pub done: Option<bool>,
}

pub async fn add_task(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    new: NewTask,
    now: DateTime<Utc>,
) -> Result<Task> {
    who.require(Permission::WriteHousekeeping)?;
    property::get(tx, property_id).await?;
    let title = property::name(&new.title, "/title")?;
    let unit = property::get_unit(tx, who, new.unit_id).await?;
    if unit.property_id != property_id {
        return Err(Refusal::not_found("unit").at("/unit_id").into());
    }
    check_assignee(tx, new.assignee_id).await?;
    let task = sqlx::query_as!(
        Task,
        "insert into housekeeping_task (tenant_id, id, property_id, unit_id, due_on, title, assignee_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         returning id, property_id, unit_id, due_on as date, title, assignee_id, done_at, version",
        tx.t(),
        new_id(),
        property_id,
        unit.id,
        new.date,
        title,
        new.assignee_id,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    log(tx, who, &task, "housekeeping_task.created", now).await?;
    Ok(task)
}

/// Somebody who works here.
async fn check_assignee(tx: &mut TenantTx, user: Option<Uuid>) -> Result<()> {
    let Some(user) = user else { return Ok(()) };
    let member = sqlx::query_scalar!(
        "select user_id from membership where user_id = $2 and tenant_id = $1",
        tx.t(),
        user
    )
    .fetch_optional(&mut **tx)
    .await?;
    match member {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found("user").at("/assignee_id").into()),
    }
}

#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    pub date: Option<NaiveDate>,
    pub unit_id: Option<Uuid>,
    pub done: Option<bool>,
}

/// By id, after `after`.
pub async fn tasks(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    filter: &TaskFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Task>> {
    who.require(Permission::ReadInventory)?;
    property::get(tx, property_id).await?;
    Ok(sqlx::query_as!(
        Task,
        "select id, property_id, unit_id, due_on as date, title, assignee_id, done_at, version
         from housekeeping_task
         where tenant_id = $1 and property_id = $2 and ($3::date is null or due_on = $3)
           and ($4::uuid is null or unit_id = $4) and ($5::bool is null or (done_at is not null) = $5)
           and ($6::uuid is null or id > $6)
         order by id limit $7",
        tx.t(),
        property_id,
        filter.date,
        filter.unit_id,
        filter.done,
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn change_task(
    tx: &mut TenantTx,
    who: &Principal,
    (property_id, id): (Uuid, Uuid),
    change: TaskChange,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Task> {
    who.require(Permission::WriteHousekeeping)?;
    let found = sqlx::query_as!(
        Task,
        "select id, property_id, unit_id, due_on as date, title, assignee_id, done_at, version
         from housekeeping_task where tenant_id = $1 and property_id = $2 and id = $3 for update",
        tx.t(),
        property_id,
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    let mut task = found.ok_or_else(|| Refusal::not_found("task"))?;
    check_version(task.version, expected)?;
    if let Some(title) = &change.title {
        task.title = property::name(title, "/title")?;
    }
    if let Some(assignee) = change.assignee_id {
        check_assignee(tx, assignee).await?;
        task.assignee_id = assignee;
    }
    task.date = change.date.unwrap_or(task.date);
    task.done_at = match change.done {
        Some(true) => task.done_at.or(Some(now)),
        Some(false) => None,
        None => task.done_at,
    };
    task.version += 1;
    sqlx::query!(
        "update housekeeping_task set due_on = $3, title = $4, assignee_id = $5, done_at = $6, version = $7
         where tenant_id = $1 and id = $2",
        tx.t(),
        id,
        task.date,
        task.title,
        task.assignee_id,
        task.done_at,
        task.version
    )
    .execute(&mut **tx)
    .await?;
    log(tx, who, &task, "housekeeping_task.changed", now).await?;
    Ok(task)
}

async fn log(
    tx: &mut TenantTx,
    who: &Principal,
    task: &Task,
    kind: &'static str,
    now: DateTime<Utc>,
) -> Result<()> {
    let event = NewEvent {
        kind,
        property_id: Some(task.property_id),
        subject_id: task.id,
        actor: &who.actor,
        data: json!({ "unit_id": task.unit_id, "title": task.title, "done": task.done_at.is_some() }),
        at: now,
    };
    event::append(tx, event).await?;
    crate::jobs::kick(tx).await
}
