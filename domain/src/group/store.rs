//! Reading, locking and writing groups and their blocks.

use super::entity::{Block, Blocks, Group, Status};
use crate::booking::personal;
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::principal::{Permission, Principal};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Most bookings shown with a group.
const MOST_BOOKINGS: i64 = 500;

struct Row {
    id: Uuid,
    property_id: Uuid,
    code: String,
    name: String,
    status: String,
    arrival: NaiveDate,
    departure: NaiveDate,
    cutoff: Option<NaiveDate>,
    company_id: Option<Uuid>,
    rate_plan_id: Option<Uuid>,
    notes: Option<String>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn group(self) -> Result<Group> {
        Ok(Group {
            status: Status::parse(&self.status)?,
            id: self.id,
            property_id: self.property_id,
            code: self.code,
            name: self.name,
            arrival: self.arrival,
            departure: self.departure,
            cutoff: self.cutoff,
            company_id: self.company_id,
            rate_plan_id: self.rate_plan_id,
            notes: self.notes,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

pub async fn get(tx: &mut TenantTx, who: &Principal, id: Uuid) -> Result<Group> {
    who.require(Permission::ReadBookings)?;
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, status, arrival, departure, cutoff, company_id, rate_plan_id, notes,
                version, created_at, updated_at
         from stay_group where tenant_id = $1 and id = $2",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("group"))?.group()
}

/// Locked against everything else that touches the group.
pub(super) async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Group> {
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, status, arrival, departure, cutoff, company_id, rate_plan_id, notes,
                version, created_at, updated_at
         from stay_group where tenant_id = $1 and id = $2 for update",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Refusal::not_found("group"))?.group()
}

/// Locked against changes; pick-ups go on side by side until they meet in a block.
pub(super) async fn share(tx: &mut TenantTx, id: Uuid) -> Result<Option<Group>> {
    let row = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, status, arrival, departure, cutoff, company_id, rate_plan_id, notes,
                version, created_at, updated_at
         from stay_group where tenant_id = $1 and id = $2 for share",
        tx.t(),
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(Row::group).transpose()
}

/// By id (which is by time of creation), after `after`.
pub async fn list(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Option<Uuid>,
    status: Option<Status>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Group>> {
    who.require(Permission::ReadBookings)?;
    let rows = sqlx::query_as!(
        Row,
        "select id, property_id, code, name, status, arrival, departure, cutoff, company_id, rate_plan_id, notes,
                version, created_at, updated_at
         from stay_group where tenant_id = $1 and ($2::uuid is null or property_id = $2)
           and ($3::text is null or status = $3) and ($4::uuid is null or id > $4)
         order by id limit $5",
        tx.t(),
        property_id,
        status.map(Status::name),
        after,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Row::group).collect()
}

pub(super) async fn save(tx: &mut TenantTx, g: &Group) -> Result<()> {
    sqlx::query!(
        "insert into stay_group (tenant_id, id, property_id, code, name, status, arrival, departure, cutoff,
             company_id, rate_plan_id, notes, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (tenant_id, id) do update set
             code = excluded.code, name = excluded.name, status = excluded.status, arrival = excluded.arrival,
             departure = excluded.departure, cutoff = excluded.cutoff, company_id = excluded.company_id,
             rate_plan_id = excluded.rate_plan_id, notes = excluded.notes, version = excluded.version,
             updated_at = excluded.updated_at",
        tx.t(),
        g.id,
        g.property_id,
        g.code,
        g.name,
        g.status.name(),
        g.arrival,
        g.departure,
        g.cutoff,
        g.company_id,
        g.rate_plan_id,
        g.notes,
        g.version,
        g.created_at,
        g.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

struct BlockRow {
    unit_type_id: Uuid,
    night: NaiveDate,
    allotted: i32,
    drawn: i32,
}

fn by_cell(rows: Vec<BlockRow>) -> Blocks {
    let block = |r: BlockRow| {
        let block = Block {
            allotted: r.allotted,
            drawn: r.drawn,
        };
        ((r.unit_type_id, r.night), block)
    };
    rows.into_iter().map(block).collect()
}

pub(super) async fn blocks(tx: &mut TenantTx, group_id: Uuid) -> Result<Blocks> {
    let rows = sqlx::query_as!(
        BlockRow,
        "select unit_type_id, night, allotted, drawn from group_allotment where tenant_id = $1 and group_id = $2",
        tx.t(),
        group_id
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(by_cell(rows))
}

/// The group's blocks, or those of the given cells, locked in (unit type, night) order.
pub(super) async fn lock_blocks(
    tx: &mut TenantTx,
    group_id: Uuid,
    only: Option<(&[Uuid], &[NaiveDate])>,
) -> Result<Blocks> {
    let rows = sqlx::query_as!(
        BlockRow,
        "select unit_type_id, night, allotted, drawn from group_allotment
         where tenant_id = $1 and group_id = $2
           and ($3::uuid[] is null or (unit_type_id, night) in (select * from unnest($3::uuid[], $4::date[])))
         order by unit_type_id, night for update",
        tx.t(),
        group_id,
        only.map(|(unit_types, _)| unit_types),
        only.map(|(_, nights)| nights)
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(by_cell(rows))
}

/// Writes these blocks; one without anything goes.
pub(super) async fn save_blocks(tx: &mut TenantTx, group_id: Uuid, blocks: &Blocks) -> Result<()> {
    let (unit_types, nights): (Vec<Uuid>, Vec<NaiveDate>) = blocks.keys().copied().unzip();
    let allotted: Vec<i32> = blocks.values().map(|b| b.allotted).collect();
    let drawn: Vec<i32> = blocks.values().map(|b| b.drawn).collect();
    sqlx::query!(
        "insert into group_allotment (tenant_id, group_id, unit_type_id, night, allotted, drawn)
         select $1, $2, b.unit_type_id, b.night, b.allotted, b.drawn
         from unnest($3::uuid[], $4::date[], $5::int[], $6::int[]) as b (unit_type_id, night, allotted, drawn)
         order by b.unit_type_id, b.night
         on conflict (tenant_id, group_id, unit_type_id, night) do update set
             allotted = excluded.allotted, drawn = excluded.drawn",
        tx.t(),
        group_id,
        &unit_types,
        &nights,
        &allotted,
        &drawn
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from group_allotment where tenant_id = $1 and group_id = $2 and allotted = 0",
        tx.t(),
        group_id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn is_unit_type_of(
    tx: &mut TenantTx,
    unit_type_id: Uuid,
    property_id: Uuid,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from unit_type
           where tenant_id = $1 and id = $2 and property_id = $3 and active) as "ours!""#,
        tx.t(),
        unit_type_id,
        property_id
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// One of the group's bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupBooking {
    pub id: Uuid,
    pub reference: String,
    pub status: String,
    pub booker_name: String,
}

/// The newest first, at most 500.
pub async fn bookings(tx: &mut TenantTx, group_id: Uuid) -> Result<Vec<GroupBooking>> {
    let rows = sqlx::query!(
        "select id, reference, status, booker_name, personal from booking
         where tenant_id = $1 and group_id = $2 order by id desc limit $3",
        tx.t(),
        group_id,
        MOST_BOOKINGS
    )
    .fetch_all(&mut **tx)
    .await?;
    let named = rows
        .iter()
        .map(|r| (r.booker_name.as_deref(), Some(r.id), r.personal.as_deref()));
    let names = personal::names(tx, named).await?;
    let bookings = rows
        .into_iter()
        .zip(names)
        .map(|(row, booker_name)| GroupBooking {
            id: row.id,
            reference: row.reference,
            status: row.status,
            booker_name,
        });
    Ok(bookings.collect())
}
