//! `two-worlds`: a manager's day, asked over the API step by step, once where the tenant is alone and once beside fifty
//! others who do the same kind of work at the same time, with the same names, addresses, codes and keys. Every answer
//! has to be the same: nothing of a neighbour shows, and nothing a neighbour does changes anything.

mod neighbours;
mod normal;
mod player;
mod script;

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::world::World;
use anyhow::ensure;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use innkeep_domain::TenantId;
use innkeep_domain::testing::{House, Plan};
use neighbours::Neighbours;
use player::{Answer, Player};
use sqlx::Executor;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const NEIGHBOURS: usize = 50;
/// Runs at a time, each beside the others too.
const AT_ONCE: usize = 4;
/// Steps of one run.
const STEPS: usize = 120;
/// Within which what workers work out has to be there.
const SOON: Duration = Duration::from_secs(30);

/// Far enough ahead that no answer depends on the time of day.
fn opened() -> anyhow::Result<DateTime<Utc>> {
    Ok("2034-03-06T12:00:00Z".parse()?)
}

async fn furnish(world: &World, name: String) -> anyhow::Result<House> {
    let plan = Plan {
        name: name.leak(),
        ..Plan::HOTEL
    };
    Ok(House::furnish(&world.db, &plan, opened()?).await?)
}

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let runs = scale.of(3, 100);
    let mut verdict = Verdict::default();
    let mut beside = World::new(&[]).await?;
    beside.serve(true).await?;
    let neighbours = Neighbours::move_in(&beside, NEIGHBOURS).await?;
    let (mut answers, mut differing) = (0, 0);
    let mut succeeded = BTreeMap::new();
    let played = stream::iter(0..runs).map(|run| both(run, &beside, &neighbours));
    let mut played = played.buffer_unordered(AT_ONCE);
    while let Some(result) = played.next().await {
        let (run, alone, seen) = result?;
        answers += alone.answers.len();
        for answer in alone.answers.iter().filter(|a| a.status < 300) {
            *succeeded.entry(answer.what).or_insert(0) += 1;
        }
        if let Some(difference) = difference(&alone, &seen) {
            differing += 1;
            verdict.demand(false, format!("run {run}: {difference}"));
        }
    }
    drop(played);
    let noise = neighbours.move_out().await?;
    verdict.figure(format!(
        "{runs} runs, {answers} answers, beside {NEIGHBOURS} tenants' {}",
        noise.asked
    ));
    verdict.none(differing, "runs in which an answer differs");
    verdict.none(noise.leaks, "neighbours who were shown the tenant's");
    verdict.demand(noise.asked > answers, "the neighbours did next to nothing");
    for what in script::all().filter(|what| !succeeded.contains_key(what)) {
        verdict.demand(scale == Scale::Quick, format!("{what:?}: never succeeded"));
    }
    verdict.figure(format!("{} kinds of request succeeded", succeeded.len()));
    let (holds, said) = beside.verify().await?;
    verdict.demand(holds, said);
    verdict.demand(
        notices(&beside, runs).await?,
        "a unit of a neighbour's went unnoticed",
    );
    Ok(verdict)
}

/// One run's answers, alone and beside the others.
async fn both(run: usize, beside: &World, neighbours: &Neighbours) -> anyhow::Result<(usize, Seen, Seen)> {
    let alone = alone(run).await?;
    let house = furnish(beside, name(run)).await?;
    let seen = play(beside, house, run, Some((neighbours, &alone))).await?;
    Ok((run, alone, seen))
}

fn name(run: usize) -> String {
    format!("ours-{run}")
}

/// A proof that cannot fail proves nothing: with a single row of a neighbour's among the tenant's, an answer differs.
async fn notices(beside: &World, run: usize) -> anyhow::Result<bool> {
    let alone = alone(run).await?;
    let house = furnish(beside, name(run)).await?;
    let mut superuser = beside.database.superuser().await?;
    superuser
        .execute("set session_replication_role = replica")
        .await?;
    let lent = sqlx::query(
        "update unit set tenant_id = $1, property_id = $2, unit_type_id = $3, name = 'lent'
         where id = (select id from unit where tenant_id <> $1 order by id limit 1)",
    )
    .bind(house.tenant.0)
    .bind(house.property_id)
    .bind(house.unit_types[0].id);
    ensure!(
        lent.execute(&mut superuser).await?.rows_affected() == 1,
        "nothing was lent"
    );
    let seen = play(beside, house, run, None).await?;
    Ok(difference(&alone, &seen).is_some())
}

/// What the tenant was answered in one run.
struct Seen {
    answers: Vec<Answer>,
    /// What workers have worked out in the end.
    eventual: Vec<Answer>,
}

/// In a world of its own.
async fn alone(run: usize) -> anyhow::Result<Seen> {
    let mut world = World::new(&[]).await?;
    world.serve(true).await?;
    let house = furnish(&world, name(run)).await?;
    let seen = play(&world, house, run, None).await?;
    world.stop_all().await?;
    Ok(seen)
}

/// Plays a run's script. Of what workers work out, waits until it is as it was for the tenant alone, or else until they
/// have followed the whole log and it stays as it is.
async fn play(
    world: &World,
    house: House,
    run: usize,
    beside: Option<(&Neighbours, &Seen)>,
) -> anyhow::Result<Seen> {
    let tenant = house.tenant;
    let mut player = Player::new(world.api, house, run as u64).await?;
    let mut answers = Vec::new();
    for step in 0..STEPS {
        answers.extend(player.step(step).await?);
        if let Some((neighbours, _)) = beside {
            neighbours.tell(player.ids());
        }
    }
    let begun = Instant::now();
    let mut eventual = player.eventual().await?;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let again = player.eventual().await?;
        let settled = match beside {
            Some((_, alone)) => again == alone.eventual,
            None => again == eventual && followed(world, tenant).await?,
        };
        eventual = again;
        if settled || begun.elapsed() > SOON {
            return Ok(Seen { answers, eventual });
        }
    }
}

/// Have workers seen every event? The log shows none while any older transaction of the server is open, in whatever
/// database.
async fn followed(world: &World, tenant: TenantId) -> anyhow::Result<bool> {
    let seen = "select not exists (select from event e left join metric_cursor c on c.tenant_id = e.tenant_id
                where e.tenant_id = $1 and (e.xid, e.seq) > (coalesce(c.xid, 0), coalesce(c.seq, 0)))";
    let seen = sqlx::query_scalar(seen).bind(tenant.0);
    Ok(seen.fetch_one(&mut world.database.superuser().await?).await?)
}

/// The first answer that is not the same.
fn difference(alone: &Seen, beside: &Seen) -> Option<String> {
    let all = |seen: &Seen| -> Vec<Answer> { seen.answers.iter().chain(&seen.eventual).cloned().collect() };
    let (alone, beside) = (all(alone), all(beside));
    let pairs = alone.iter().zip(&beside);
    let first = pairs.enumerate().find(|(_, (a, b))| a != b);
    match first {
        Some((i, (a, b))) => {
            let (what, [alone, beside]) = (a.what, a.apart(b));
            Some(format!(
                "answer {i}, {what:?}:\n  alone:  {alone}\n  beside: {beside}"
            ))
        }
        None if alone.len() != beside.len() => Some("not as many answers".into()),
        None => None,
    }
}
