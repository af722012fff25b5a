//! A seller that posts its bookings: signed, by several senders that know nothing of each other.

use super::lives::Message;
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use innkeep_domain::channel::connection::{self, Mapping, NewConnection, Terms};
use innkeep_domain::clock::Clock;
use innkeep_domain::ports::channel::Way;
use innkeep_domain::testing::House;
use innkeep_integrations::standard_webhooks;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

const SENDERS: usize = 8;
/// Between two deliveries of one sender: five hundred a second in all, a third of them new. What comes faster than it can
/// be applied waits however long, whoever takes it in.
const PACE: Duration = Duration::from_millis(16);
/// After a 503, whose `Retry-After` says so; until one gives up.
const AGAIN: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Seller {
    pub connection: Uuid,
    path: String,
    secret: String,
}

/// From the first try of each to its 202.
pub struct Delivered {
    pub waits: Vec<Duration>,
    /// Tries that were answered with 503.
    pub put_off: usize,
}

impl Seller {
    pub async fn connect(world: &World, house: &House) -> anyhow::Result<Self> {
        let mut tx = world.db.begin(house.tenant).await?;
        let now = Clock::System.now();
        let new = NewConnection {
            property_id: house.property_id,
            protocol: "webhook".into(),
            name: "Sunny Stays".into(),
            base_url: None,
            external_property: None,
            api_key: None,
            safety_buffer: 0,
            calls_per_minute: 10,
            terms: Terms::default(),
        };
        let made = connection::create(&mut tx, &house.owner(), new, Way::Signs, now).await?;
        let mapping = Mapping {
            rooms: house.unit_types.iter().map(|u| (u.id, u.code.clone())).collect(),
            ..Mapping::default()
        };
        connection::set_mapping(&mut tx, &house.owner(), made.connection.id, &mapping, now).await?;
        tx.commit().await?;
        Ok(Self {
            connection: made.connection.id,
            path: format!("/hooks/channels/{}", made.endpoint_token),
            secret: made.signing_secret.context("no secret")?,
        })
    }

    /// Delivers all, in this order but beside each other; how long each waited for its 202, and how often one was put off.
    pub async fn post(&self, world: &World, messages: &[Message]) -> anyhow::Result<Delivered> {
        let next = AtomicUsize::new(0);
        let put_off = AtomicUsize::new(0);
        let sender = || async {
            let mut wire = world.wire().await?;
            let mut waits = Vec::new();
            let mut clock = tokio::time::interval(PACE);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while let Some(message) = messages.get(next.fetch_add(1, Ordering::Relaxed)) {
                clock.tick().await;
                waits.push(self.deliver(&mut wire, message, &put_off).await?);
            }
            anyhow::Ok(waits)
        };
        Ok(Delivered {
            waits: try_join_all((0..SENDERS).map(|_| sender())).await?.concat(),
            put_off: put_off.into_inner(),
        })
    }

    /// As senders do, one that is told to try again does.
    async fn deliver(
        &self,
        wire: &mut Wire,
        message: &Message,
        put_off: &AtomicUsize,
    ) -> anyhow::Result<Duration> {
        let now = Clock::System.now();
        let signature = standard_webhooks::sign(&self.secret, &message.id, now, message.body.as_bytes())?;
        let headers = format!(
            "{}: {}\r\n{}: {}\r\n{}: {signature}\r\n",
            standard_webhooks::ID,
            message.id,
            standard_webhooks::TIMESTAMP,
            now.timestamp(),
            standard_webhooks::SIGNATURE
        );
        let begun = Instant::now();
        let request = request("POST", &self.path, "", &headers, &message.body);
        let mut reply = wire.call_again(&request).await?;
        while reply.status == 503 && begun.elapsed() < PATIENCE {
            put_off.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(AGAIN).await;
            reply = wire.call_again(&request).await?;
        }
        let took = begun.elapsed();
        ensure!(
            reply.status == 202,
            "{}: {} {}",
            message.id,
            reply.status,
            reply.code()
        );
        Ok(took)
    }
}
