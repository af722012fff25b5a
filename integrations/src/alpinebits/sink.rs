//! Free rooms and rate plans to a portal.

use super::action::{Action, Side};
use super::capability::Capability;
use super::client::Client;
use super::outcome;
use super::plans;
use super::send;
use super::verdict::{self, Agreed};
use crate::ota::answer::Answer;
use crate::ota::document::Document;
use crate::ota::refusal::Refusal;
use async_trait::async_trait;
use innkeep_domain::ports::channel::{
    Access, AriSink, AvailabilityRange, ChannelError, NightsRange, PushReport, RateRange, Season, Telling,
    WholeSink,
};
use std::sync::Arc;

/// A message stays far below what readers of OTA XML take.
const RANGES_PER_CALL: usize = 1000;

pub(super) struct Sink {
    pub(super) client: Arc<Client>,
}

impl Sink {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    pub(super) async fn agreed(&self, access: &Access, action: Action) -> Result<Agreed, ChannelError> {
        let agreed = self.client.agreed(access, action).await?;
        agreed.ok_or_else(|| {
            self.client.forget(access);
            let name = action.parameter();
            outcome::ours("not_agreed", format!("the portal does not take {name}"))
        })
    }

    pub(super) async fn tell(
        &self,
        access: &Access,
        agreed: &Agreed,
        action: Action,
        message: &str,
    ) -> Result<Answer, ChannelError> {
        let bytes = self.client.ask(access, agreed.version, action, message).await?;
        let read = || {
            verdict::check(&bytes, action, Side::Answer, agreed)?;
            Answer::read(Document::read(&bytes)?.root())
        };
        let answer = read().map_err(|refusal| outcome::unreadable(&refusal))?;
        if matches!(answer, Answer::Errors(_)) || outcome::asks_for_handshake(&answer) {
            self.client.forget(access);
        }
        Ok(answer)
    }

    async fn free_rooms(
        &self,
        access: &Access,
        agreed: &Agreed,
        ranges: &[AvailabilityRange],
        message: Result<String, Refusal>,
    ) -> Result<PushReport, ChannelError> {
        let message = message.map_err(|refusal| {
            self.client.forget(access);
            outcome::unsayable(&refusal)
        })?;
        let answer = self.tell(access, agreed, Action::FreeRooms, &message).await?;
        outcome::report(answer, ranges.len(), |record| {
            let all = ranges.iter().enumerate();
            all.filter(|(_, range)| range.room == record)
                .map(|(index, _)| index)
                .collect()
        })
    }
}

#[async_trait]
impl WholeSink for Sink {
    /// A portal that takes no free rooms at all is told so that it can say why not.
    async fn telling(&self, access: &Access) -> Result<Telling, ChannelError> {
        let agreed = self.client.agreed(access, Action::FreeRooms).await?;
        Ok(agreed.map_or(Telling::CHANGES, |agreed| {
            let has = |capability| agreed.capabilities.has(capability, agreed.version);
            Telling {
                changes: has(Capability::Deltas),
                whole: has(Capability::CompleteSet),
                seasons: has(Capability::ClosingSeasons),
            }
        }))
    }

    async fn push_whole(
        &self,
        access: &Access,
        ranges: &[AvailabilityRange],
        seasons: &[Season],
    ) -> Result<PushReport, ChannelError> {
        let agreed = self.agreed(access, Action::FreeRooms).await?;
        let message = send::complete_set(&access.property, ranges, seasons, &agreed);
        self.free_rooms(access, &agreed, ranges, message).await
    }
}

#[async_trait]
impl AriSink for Sink {
    async fn push_availability(
        &self,
        access: &Access,
        ranges: &[AvailabilityRange],
    ) -> Result<PushReport, ChannelError> {
        let agreed = self.agreed(access, Action::FreeRooms).await?;
        let message = send::free_rooms(&access.property, ranges, &agreed);
        self.free_rooms(access, &agreed, ranges, message).await
    }

    /// Never called: see `replaces_nights`.
    async fn push_rates(&self, _: &Access, _: &[RateRange]) -> Result<PushReport, ChannelError> {
        Err(outcome::ours(
            "not_spoken",
            "portals are told whole nights".to_owned(),
        ))
    }

    fn ranges_per_call(&self) -> usize {
        RANGES_PER_CALL
    }

    fn replaces_nights(&self) -> bool {
        true
    }

    /// Ranges whose nights differ much are told in several messages, one after the other.
    async fn push_nights(&self, access: &Access, nights: &[NightsRange]) -> Result<PushReport, ChannelError> {
        let agreed = self.agreed(access, Action::RatePlans).await?;
        let mut whole = PushReport::default();
        let mut begun = 0;
        while let Some(rest) = nights.get(begun..).filter(|rest| !rest.is_empty()) {
            let (part, _) = rest.split_at(plans::fitting(rest));
            let told = plans::rate_plans(&access.property, part, &agreed).map_err(|refusal| {
                self.client.forget(access);
                outcome::unsayable(&refusal)
            })?;
            let answer = self
                .tell(access, &agreed, Action::RatePlans, &told.message)
                .await?;
            let mut report = outcome::report(answer, part.len(), |record| {
                let all = part.iter().enumerate();
                all.filter(|(_, range)| range.rate == record || range.room == record)
                    .map(|(index, _)| index)
                    .collect()
            })?;
            report.rejected.extend(told.unsaid);
            report.rejected.iter_mut().for_each(|one| one.range += begun);
            whole.rejected.extend(report.rejected);
            whole.asks_for_all |= report.asks_for_all;
            whole.asks_for_inventory |= report.asks_for_inventory;
            begun += part.len();
        }
        whole.rejected.sort_by_key(|one| one.range);
        whole.rejected.dedup_by_key(|one| one.range);
        Ok(whole)
    }
}
