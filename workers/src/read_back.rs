//! Asks one connection's channel what it believes, and has it told anew what it should. Nothing is locked meanwhile: what
//! changes after the question is left alone.

use crate::Workers;
use crate::lanes::{Lane, Lanes};
use chrono::Duration;
use innkeep_domain::channel::dirty::Kind;
use innkeep_domain::channel::drift::{self, Drift, Question};
use innkeep_domain::channel::inbox;
use innkeep_domain::ports::channel::{Access, AriSource, ChannelError};
use innkeep_domain::{Result, TenantId};
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// How long a poll for bookings takes, before what may be a sale is looked at again.
const LISTEN: std::time::Duration = std::time::Duration::from_secs(2);

pub(crate) async fn run(workers: &Workers, lanes: &Lanes, tenant: TenantId, id: Uuid) -> anyhow::Result<()> {
    let ctx = &workers.ctx;
    let every = Duration::from_std(ctx.read_back_every)?;
    let mut tx = workers.begin(tenant).await?;
    let question = drift::take(&mut tx, id, every, rand::random(), ctx.clock.now()).await?;
    tx.commit().await?;
    let Some(question) = question else { return Ok(()) };
    let protocol = ctx.protocols.get(&question.connection.protocol);
    let source = protocol.and_then(|p| p.source.clone());
    let Some((source, access)) = source.zip(question.connection.access(ctx.clock.now())) else {
        return Ok(());
    };
    let Ok(permit) = workers.breakers.permit(id, "read_back", Instant::now()) else {
        return Ok(());
    };
    let reading = ReadBack {
        workers,
        tenant,
        question,
        source,
        access,
    };
    let answer = reading.ask(lanes).await?;
    permit.record(answer.as_ref().is_err_and(ChannelError::is_fault), Instant::now());
    if let Err(error) = answer {
        tracing::warn!(connection = %id, %error, "channel.read_back");
        reading.put_off(&error).await?;
    }
    Ok(())
}

struct ReadBack<'a> {
    workers: &'a Workers,
    tenant: TenantId,
    question: Question,
    source: Arc<dyn AriSource>,
    access: Access,
}

type Answered = std::result::Result<(), ChannelError>;

impl ReadBack<'_> {
    /// `Ok(Err(_))`: the channel gave no answer to rely on.
    async fn ask(&self, lanes: &Lanes) -> Result<Answered> {
        let (from, last) = (self.question.from, self.question.last);
        let rates = match self.source.rates(&self.access, from, last).await {
            Ok(rates) => rates,
            Err(error) => return Ok(Err(error)),
        };
        let units = match self.source.availability(&self.access, from, last).await {
            Ok(units) => units,
            Err(error) => return Ok(Err(error)),
        };
        let mut tx = self.workers.begin(self.tenant).await?;
        let mut rates = drift::find(&mut tx, &self.question, &rates).await?;
        let units = drift::find(&mut tx, &self.question, &units).await?;
        let (sold_perhaps, surely): (Vec<_>, Vec<_>) = units.drift.into_iter().partition(|d| d.sold_perhaps);
        let now = self.workers.ctx.clock.now();
        drift::repair(&mut tx, &self.question, Kind::Rates, &rates.drift, now).await?;
        drift::repair(&mut tx, &self.question, Kind::Availability, &surely, now).await?;
        rates.unknown.extend(units.unknown);
        drift::tell_refused(&mut tx, &self.question).await?;
        drift::done(&mut tx, &self.question, &rates.unknown, now).await?;
        tx.commit().await?;
        count(Kind::Rates, rates.drift.len());
        count(Kind::Availability, surely.len());
        if sold_perhaps.is_empty() {
            return Ok(Ok(()));
        }
        self.listen(lanes, &sold_perhaps).await
    }

    /// The channel is asked for its bookings. What it still offers fewer units of, although we know all it sold, drifted.
    async fn listen(&self, lanes: &Lanes, before: &[Drift]) -> Result<Answered> {
        let (ctx, id) = (&self.workers.ctx, self.question.connection.id);
        let mut tx = self.workers.begin(self.tenant).await?;
        inbox::poll_now(&mut tx, id, ctx.clock.now()).await?;
        tx.commit().await?;
        lanes.poke(Lane::Inbox(self.tenant, id));
        self.workers.pause(LISTEN).await;
        let (from, last) = (self.question.from, self.question.last);
        let units = match self.source.availability(&self.access, from, last).await {
            Ok(units) => units,
            Err(error) => return Ok(Err(error)),
        };
        let mut tx = self.workers.begin(self.tenant).await?;
        if drift::heard_all(&mut tx, &self.question).await? {
            let mut again = drift::find(&mut tx, &self.question, &units).await?.drift;
            again.retain(|drift| before.binary_search(drift).is_ok());
            drift::repair(
                &mut tx,
                &self.question,
                Kind::Availability,
                &again,
                ctx.clock.now(),
            )
            .await?;
            count(Kind::Availability, again.len());
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn put_off(&self, error: &ChannelError) -> Result<()> {
        let ChannelError::Throttled { wait } = error else {
            return Ok(());
        };
        let wait = Duration::from_std(*wait).unwrap_or_else(|_| Duration::minutes(1));
        let ctx = &self.workers.ctx;
        let mut tx = self.workers.begin(self.tenant).await?;
        drift::postpone(&mut tx, self.question.connection.id, ctx.clock.now() + wait).await?;
        tx.commit().await
    }
}

fn count(kind: Kind, cells: usize) {
    metrics::counter!("innkeep_channel_drifted_cells_total", "kind" => kind.name()).increment(cells as u64);
}
