//! Keys changed under writers: every value is readable all the time, and under the new key in the end.

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::guest::entity::{GuestChange, Personal};
use innkeep_domain::guest::{profile, store};
use innkeep_domain::ids::new_id;
use innkeep_domain::testing::House;
use innkeep_domain::vault::Place;
use rand::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use uuid::Uuid;

const BATCH: usize = 1000;
const WRITERS: usize = 4;

pub async fn run(world: &World, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let count = scale.of(2_000, 100_000);
    let house = &world.houses[0];
    let ids = seal(world, house, count).await?;
    let (before, stop) = (key(world, house).await?, Arc::new(AtomicBool::new(false)));
    let mut writers = Vec::new();
    for mine in 0..WRITERS {
        // Each a process of its own, with keys in its memory and guests of its own, so that it knows who wrote last.
        let db = world.database.connect(2).await?;
        let ids: Vec<Uuid> = ids.iter().skip(mine).step_by(WRITERS).copied().collect();
        let writing = write(db, house.clone(), ids, stop.clone());
        writers.push(tokio::spawn(writing));
    }
    let started = Instant::now();
    let tenant = house.tenant.to_string();
    let output = world
        .program(&["admin", "rotate-keys", "--tenant", &tenant])
        .output()
        .await?;
    let took = started.elapsed();
    stop.store(true, Ordering::Relaxed);
    let (mut written, mut expected) = (0, BTreeMap::new());
    for writer in writers {
        let (n, last) = writer.await??;
        written += n;
        expected.extend(last);
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    verdict.demand(output.status.success(), format!("rotate-keys: {said} {errors}"));
    verdict.demand(written > 0, "nobody wrote meanwhile");
    verdict.demand(key(world, house).await? != before, "the key is the same");
    // Writers that had the old key in their memory left some; a second run takes them up.
    let again = world
        .program(&["admin", "rotate-keys", "--tenant", &tenant])
        .output()
        .await?;
    verdict.demand(again.status.success(), "rotate-keys again");
    let (unreadable, other) = read(world, house, &ids, &expected).await?;
    verdict.figure(format!(
        "{count} rows sealed anew in {:.1} s beside {written} writes",
        took.as_secs_f64()
    ));
    verdict.none(unreadable, "unreadable");
    verdict.none(other, "not as last written");
    let current = format!("v1.{}.%", key(world, house).await?);
    let mut tx = world.db.begin(house.tenant).await?;
    let left: i64 = sqlx::query_scalar("select count(*) from guest where personal not like $1")
        .bind(current)
        .fetch_one(&mut *tx)
        .await?;
    verdict.none(usize::try_from(left)?, "under an older key");
    Ok(())
}

/// Guests by the thousand, sealed as the program does it.
async fn seal(world: &World, house: &House, count: usize) -> anyhow::Result<Vec<Uuid>> {
    let mut all = Vec::new();
    while all.len() < count {
        let mut tx = world.db.begin(house.tenant).await?;
        let vault = tx.vault().await?;
        let ids: Vec<Uuid> = (0..BATCH.min(count - all.len())).map(|_| new_id()).collect();
        let sealed = ids.iter().map(|id| {
            let personal = Personal {
                email: Some(format!("{id}@example.com")),
                ..Personal::default()
            };
            vault.seal_json(&Place::new("guest", "personal", id), &personal)
        });
        let sealed: Vec<String> = sealed.collect::<Result<_, _>>()?;
        sqlx::query(
            "insert into guest (tenant_id, id, last_name, search_name, personal, created_at, updated_at)
             select $1, g.id, 'Guest', 'guest', g.personal, now(), now()
             from unnest($2::uuid[], $3::text[]) as g (id, personal)",
        )
        .bind(house.tenant.0)
        .bind(&ids)
        .bind(&sealed)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        all.extend(ids);
    }
    Ok(all)
}

async fn key(world: &World, house: &House) -> anyhow::Result<String> {
    let mut tx = world.db.begin(house.tenant).await?;
    let sql = "select id from tenant_key where purpose = 'seal' and retired_at is null";
    Ok(sqlx::query_scalar(sql).fetch_one(&mut *tx).await?)
}

/// Reads and changes guests until told to stop. Every read must work. Returns how many changes, and what was written
/// last.
async fn write(
    db: Db,
    house: House,
    ids: Vec<Uuid>,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<(usize, BTreeMap<Uuid, String>)> {
    let (who, mut written, mut last) = (house.owner(), 0, BTreeMap::new());
    while !stop.load(Ordering::Relaxed) {
        let id = ids[rand::rng().random_range(0..ids.len())];
        let mut tx = db.begin(house.tenant).await?;
        let guest = store::get(&mut tx, &who, id)
            .await
            .context("a guest became unreadable")?;
        ensure!(guest.personal.email.is_some(), "a guest lost its address");
        let email = format!("{}@example.org", new_id());
        let change = GuestChange {
            email: Some(Some(email.clone())),
            ..GuestChange::default()
        };
        profile::change(&mut tx, &who, id, change, None, Clock::System.now()).await?;
        tx.commit().await?;
        last.insert(id, email);
        written += 1;
    }
    db.close().await;
    Ok((written, last))
}

/// How many cannot be opened, and how many are not as they were written last.
async fn read(
    world: &World,
    house: &House,
    ids: &[Uuid],
    expected: &BTreeMap<Uuid, String>,
) -> anyhow::Result<(usize, usize)> {
    let (mut unreadable, mut other) = (0, 0);
    for batch in ids.chunks(BATCH) {
        let mut tx = world.db.begin(house.tenant).await?;
        let rows: Vec<(Uuid, String)> = sqlx::query_as("select id, personal from guest where id = any($1)")
            .bind(batch)
            .fetch_all(&mut *tx)
            .await?;
        ensure!(rows.len() == batch.len(), "rows are gone");
        let sealed: Vec<&str> = rows.iter().map(|(_, sealed)| sealed.as_str()).collect();
        let vault = tx.vault_knowing(&sealed).await?;
        for (id, sealed) in &rows {
            let Ok(found) = vault.open_json::<Personal>(&Place::new("guest", "personal", id), sealed) else {
                unreadable += 1;
                continue;
            };
            let untouched = format!("{id}@example.com");
            let last = expected.get(id).unwrap_or(&untouched);
            other += usize::from(found.email.as_ref() != Some(last));
        }
    }
    Ok((unreadable, other))
}
