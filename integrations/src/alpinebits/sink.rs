//! Free rooms and rate plans to a portal.

use super::action::{Action, Side};
use super::client::Client;
use super::outcome;
use super::plans;
use super::send;
use super::verdict::{self, Agreed};
use crate::ota::answer::Answer;
use crate::ota::document::Document;
use async_trait::async_trait;
use innkeep_domain::ports::channel::{
    Access, AriSink, AvailabilityRange, ChannelError, NightsRange, PushReport, RateRange,
};
use std::sync::Arc;

/// A message stays far below what readers of OTA XML take.
const RANGES_PER_CALL: usize = 1000;

pub(super) struct Sink {
    client: Arc<Client>,
}

impl Sink {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    async fn agreed(&self, access: &Access, action: Action) -> Result<Agreed, ChannelError> {
        let agreed = self.client.agreed(access, action).await?;
        agreed.ok_or_else(|| {
            self.client.forget(access);
            let name = action.parameter();
            outcome::ours("not_agreed", format!("the portal does not take {name}"))
        })
    }

    async fn tell(
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
        if let Answer::Errors(_) = &answer {
            self.client.forget(access);
        }
        Ok(answer)
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
        let message = send::free_rooms(&access.property, ranges, false, &agreed).map_err(|refusal| {
            self.client.forget(access);
            outcome::unsayable(&refusal)
        })?;
        let answer = self.tell(access, &agreed, Action::FreeRooms, &message).await?;
        outcome::report(answer, ranges.len(), |record| {
            let all = ranges.iter().enumerate();
            all.filter(|(_, range)| range.room == record)
                .map(|(index, _)| index)
                .collect()
        })
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
            begun += part.len();
        }
        whole.rejected.sort_by_key(|one| one.range);
        whole.rejected.dedup_by_key(|one| one.range);
        Ok(whole)
    }
}
