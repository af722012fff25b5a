//! One connection's correspondence: sends what the house wrote, then takes in what guests wrote. No transaction is open
//! while the channel is called; the session lock makes it the only one at it anywhere.

use crate::Workers;
use innkeep_domain::channel::connection::{self, Connection};
use innkeep_domain::channel::correspondence::{self as talk, Outgoing};
use innkeep_domain::ports::channel::{Access, ChannelError, Correspondence};
use innkeep_domain::{Result, TenantId};
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

const LOCK: &str = "talk";
/// Letters and replies of one round; more wait for the next.
const MOST_SENT: usize = 100;
/// Conversations read in one round.
const MOST_READ: usize = 200;

pub(crate) async fn run(workers: &Workers, tenant: TenantId, connection: Uuid) -> anyhow::Result<()> {
    if !workers.locks.try_lock(LOCK, connection).await? {
        return Ok(()); // another process is at it
    }
    let done = talk(workers, tenant, connection).await;
    workers.locks.unlock(LOCK, connection).await?;
    Ok(done?)
}

async fn talk(workers: &Workers, tenant: TenantId, id: Uuid) -> Result<()> {
    let mut tx = workers.begin(tenant).await?;
    let connection = connection::get(&mut tx, id).await?;
    let protocol = workers.ctx.protocols.get(&connection.protocol);
    let desk = protocol.and_then(|p| p.more.correspondence.clone());
    let never = desk.is_none();
    let lease = talk::take_pull(&mut tx, id, never, workers.ctx.clock.now()).await?;
    tx.commit().await?;
    let (Some(desk), Some(access)) = (desk, connection.access(workers.ctx.clock.now())) else {
        return Ok(());
    };
    let Ok(permit) = workers.breakers.permit(id, "talk", Instant::now()) else {
        return Ok(()); // due again when the lease has passed
    };
    let round = Round {
        workers,
        tenant,
        connection: &connection,
        desk,
        access,
    };
    let mut outcome = round.send().await?;
    if let Some(lease) = lease {
        outcome = outcome.and(round.pull().await?);
        let now = workers.ctx.clock.now();
        let mut tx = workers.begin(tenant).await?;
        match &outcome {
            Ok(()) => talk::pulled(&mut tx, id, lease, now).await?,
            Err(_) => talk::failed(&mut tx, id, now).await?,
        }
        tx.commit().await?;
    }
    permit.record(
        outcome.as_ref().is_err_and(ChannelError::is_fault),
        Instant::now(),
    );
    if let Err(error) = outcome {
        tracing::warn!(connection = %id, %error, "channel.talk_failed");
    }
    Ok(())
}

struct Round<'a> {
    workers: &'a Workers,
    tenant: TenantId,
    connection: &'a Connection,
    desk: Arc<dyn Correspondence>,
    access: Access,
}

/// The outer error is ours, the inner one the channel's.
type Outcome = Result<std::result::Result<(), ChannelError>>;

impl Round<'_> {
    async fn send(&self) -> Outcome {
        let id = self.connection.id;
        for _ in 0..MOST_SENT {
            let now = self.workers.ctx.clock.now();
            let mut tx = self.workers.begin(self.tenant).await?;
            let letter = talk::due_letter(&mut tx, id, now).await?;
            let reply = match letter {
                None => talk::due_reply(&mut tx, id, now).await?,
                Some(_) => None,
            };
            tx.commit().await?;
            let error = match (letter, reply) {
                (Some(letter), _) => self.letter(&letter).await?,
                (None, Some(reply)) => self.reply(&reply).await?,
                (None, None) => return Ok(Ok(())),
            };
            // One that the channel refuses says nothing of the next.
            if let Err(error) = error
                && error.is_fault()
            {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    async fn letter(&self, letter: &Outgoing) -> Outcome {
        let sent = match self.arrived(letter).await? {
            Ok(true) => return Ok(Ok(())),
            Ok(false) => {
                self.desk
                    .answer(&self.access, &letter.external_id, &letter.text)
                    .await
            }
            Err(error) => Err(error),
        };
        let now = self.workers.ctx.clock.now();
        let mut tx = self.workers.begin(self.tenant).await?;
        match &sent {
            Ok(external) => talk::letter_sent(&mut tx, letter.id, external).await?,
            Err(error) => talk::letter_failed(&mut tx, letter.id, error, now).await?,
        }
        tx.commit().await?;
        tracing::info!(letter = %letter.id, sent = sent.is_ok(), "channel.answered");
        Ok(sent.map(drop))
    }

    /// A try whose answer was lost may have arrived: then the channel has these words of ours, by no letter that we know.
    async fn arrived(&self, letter: &Outgoing) -> Result<std::result::Result<bool, ChannelError>> {
        if !letter.tried {
            return Ok(Ok(false));
        }
        let there = match self.desk.messages(&self.access, &letter.external_id).await {
            Ok(there) => there,
            Err(error) => return Ok(Err(error)),
        };
        let (now, id) = (self.workers.ctx.clock.now(), letter.conversation_id);
        let mut tx = self.workers.begin(self.tenant).await?;
        let arrived = talk::take_letters(&mut tx, self.connection, id, &there, None, now).await?;
        tx.commit().await?;
        Ok(Ok(arrived.contains(&letter.id)))
    }

    async fn reply(&self, reply: &Outgoing) -> Outcome {
        let sent = self
            .desk
            .reply(&self.access, &reply.external_id, &reply.text)
            .await;
        let now = self.workers.ctx.clock.now();
        let mut tx = self.workers.begin(self.tenant).await?;
        match &sent {
            Ok(()) => talk::reply_sent(&mut tx, reply.id).await?,
            // It was replied to: by an earlier try, or by somebody at the channel. The pull that follows knows.
            Err(error) => talk::reply_failed(&mut tx, reply.id, error, now).await?,
        }
        tx.commit().await?;
        Ok(sent)
    }

    async fn pull(&self) -> Outcome {
        let conversations = match self.desk.conversations(&self.access).await {
            Ok(all) => all,
            Err(error) => return Ok(Err(error)),
        };
        let mut tx = self.workers.begin(self.tenant).await?;
        let news = talk::take_conversations(&mut tx, self.connection.id, &conversations).await?;
        tx.commit().await?;
        for (id, external) in news.into_iter().take(MOST_READ) {
            let letters = match self.desk.messages(&self.access, &external).await {
                Ok(letters) => letters,
                Err(error) => return Ok(Err(error)),
            };
            let counted = conversations.iter().find(|c| c.id == external);
            let counted = counted.map(|c| c.messages);
            let now = self.workers.ctx.clock.now();
            let mut tx = self.workers.begin(self.tenant).await?;
            talk::take_letters(&mut tx, self.connection, id, &letters, counted, now).await?;
            tx.commit().await?;
        }
        let reviews = match self.desk.reviews(&self.access).await {
            Ok(reviews) => reviews,
            Err(error) => return Ok(Err(error)),
        };
        let now = self.workers.ctx.clock.now();
        let mut tx = self.workers.begin(self.tenant).await?;
        talk::take_reviews(&mut tx, self.connection, &reviews, now).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}
