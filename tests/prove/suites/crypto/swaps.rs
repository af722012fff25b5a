//! Ciphertexts moved to other rows, columns and tenants: every one is refused when it is read.

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use innkeep_domain::clock::Clock;
use innkeep_domain::company::{self, CompanyChange, Kind};
use innkeep_domain::db::TenantTx;
use innkeep_domain::guest::entity::GuestChange;
use innkeep_domain::guest::{profile, store};
use innkeep_domain::testing::House;
use sqlx::Row;
use uuid::Uuid;

/// Rows of each kind to swap among.
const ROWS: usize = 10;

#[derive(Debug, Clone, Copy)]
enum Move {
    /// Another guest's.
    Row,
    /// A company's contact, put into a guest.
    Column,
    /// A guest's of another tenant.
    Tenant,
    /// The same, and the key that sealed it along with it.
    TenantWithKey,
}

const MOVES: [Move; 4] = [Move::Row, Move::Column, Move::Tenant, Move::TenantWithKey];

/// A tenant's guests and companies.
struct Rows {
    guests: Vec<Uuid>,
    companies: Vec<Uuid>,
}

pub async fn run(world: &World, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let count = scale.of(120, 1000);
    let [ours, theirs] = [0, 1].map(|i| world.houses[i].clone());
    let rows = fill(world, &ours).await?;
    let foreign = fill(world, &theirs).await?;
    let mut refused = 0;
    for i in 0..count {
        let kind = MOVES[i % MOVES.len()];
        let victim = rows.guests[i / MOVES.len() % ROWS];
        let donor = donor(world, (&ours, &rows), (&theirs, &foreign), kind, i).await?;
        let why = read(world, &ours, victim, kind, &donor).await?;
        let named = why.contains("another place") || why.contains("no such key");
        refused += usize::from(named);
        verdict.demand(named, format!("{kind:?} {i}: {why}"));
    }
    verdict.figure(format!(
        "{refused} of {count} ciphertexts moved between rows, columns and tenants refused"
    ));
    Ok(())
}

async fn fill(world: &World, house: &House) -> anyhow::Result<Rows> {
    let (who, now) = (house.owner(), Clock::System.now());
    let mut tx = world.db.begin(house.tenant).await?;
    let mut rows = Rows {
        guests: Vec::new(),
        companies: Vec::new(),
    };
    for i in 0..ROWS {
        let guest = GuestChange {
            last_name: Some(format!("Guest {i}")),
            email: Some(Some(format!("{i}@example.com"))),
            ..GuestChange::default()
        };
        rows.guests
            .push(profile::create(&mut tx, &who, guest, now).await?.id);
        let company = CompanyChange {
            name: Some(format!("Company {i}")),
            email: Some(Some(format!("{i}@example.com"))),
            ..CompanyChange::default()
        };
        let made = company::create(&mut tx, &who, Kind::Company, company, now).await?;
        rows.companies.push(made.id);
    }
    tx.commit().await?;
    Ok(rows)
}

/// The ciphertext to plant, and the row of the key that sealed it.
struct Donor {
    sealed: String,
    key: String,
    wrapped: String,
}

async fn donor(
    world: &World,
    ours: (&House, &Rows),
    theirs: (&House, &Rows),
    kind: Move,
    i: usize,
) -> anyhow::Result<Donor> {
    let at = (i / MOVES.len() + 1) % ROWS;
    let (house, sql, id) = match kind {
        Move::Row => (
            ours.0,
            "select personal from guest where id = $1",
            ours.1.guests[at],
        ),
        Move::Column => (
            ours.0,
            "select contact from company where id = $1",
            ours.1.companies[at],
        ),
        Move::Tenant | Move::TenantWithKey => (
            theirs.0,
            "select personal from guest where id = $1",
            theirs.1.guests[at],
        ),
    };
    let mut tx = world.db.begin(house.tenant).await?;
    let sealed: String = sqlx::query_scalar(sql).bind(id).fetch_one(&mut *tx).await?;
    let key = sealed.split('.').nth(1).context("a key id")?.to_owned();
    let row = sqlx::query("select wrapped from tenant_key where id = $1").bind(&key);
    let wrapped = row.fetch_one(&mut *tx).await?.try_get("wrapped")?;
    Ok(Donor { sealed, key, wrapped })
}

/// Plants the ciphertext as an attacker who can write into the tables would, and reads it. Says why it was refused.
async fn read(
    world: &World,
    house: &House,
    victim: Uuid,
    kind: Move,
    donor: &Donor,
) -> anyhow::Result<String> {
    if matches!(kind, Move::TenantWithKey) {
        return with_key(world, house, victim, donor).await;
    }
    let mut tx = world.db.begin(house.tenant).await?;
    plant(&mut tx, victim, donor).await?;
    let said = store::get(&mut tx, &house.owner(), victim).await;
    Ok(said.map_or_else(|e| e.to_string(), |_| "it was opened".into()))
}

async fn plant(tx: &mut TenantTx, victim: Uuid, donor: &Donor) -> anyhow::Result<()> {
    let done = sqlx::query("update guest set personal = $2 where id = $1")
        .bind(victim)
        .bind(&donor.sealed)
        .execute(&mut **tx)
        .await?;
    ensure!(done.rows_affected() == 1, "nothing was planted");
    Ok(())
}

/// Keys are read on a connection of their own, so this one is committed, and taken back.
async fn with_key(world: &World, house: &House, victim: Uuid, donor: &Donor) -> anyhow::Result<String> {
    let mut tx = world.db.begin(house.tenant).await?;
    let before: String = sqlx::query_scalar("select personal from guest where id = $1")
        .bind(victim)
        .fetch_one(&mut *tx)
        .await?;
    plant(&mut tx, victim, donor).await?;
    sqlx::query("insert into tenant_key (tenant_id, id, purpose, wrapped, retired_at) values ($1, $2, 'seal', $3, now())")
        .bind(house.tenant.0)
        .bind(&donor.key)
        .bind(&donor.wrapped)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    let mut tx = world.db.begin(house.tenant).await?;
    let said = store::get(&mut tx, &house.owner(), victim).await;
    drop(tx);
    let mut tx = world.db.begin(house.tenant).await?;
    sqlx::query("update guest set personal = $2 where id = $1")
        .bind(victim)
        .bind(&before)
        .execute(&mut *tx)
        .await?;
    sqlx::query("delete from tenant_key where id = $1")
        .bind(&donor.key)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(said.map_or_else(|e| e.to_string(), |_| "it was opened".into()))
}
