//! Guest requests that a portal keeps until they are acknowledged.

use super::action::{Action, Side};
use super::client::Client;
use super::outcome;
use super::push::{message, parked};
use super::receive::GuestRequest;
use super::send;
use super::tell::Hotel;
use super::verdict::{self, Agreed};
use crate::ota::answer::Answer;
use crate::ota::document::Document;
use crate::ota::refusal::Refusal;
use async_trait::async_trait;
use innkeep_domain::ports::channel::{Access, ChannelError, RawMessage, RevisionFeed};
use std::sync::Arc;

/// None (ISO 4217), for cancellations that name none.
const CURRENCY: &str = "XXX";

pub(super) struct Feed {
    client: Arc<Client>,
}

impl Feed {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    async fn report(
        &self,
        access: &Access,
        agreed: &Agreed,
        taken: &[GuestRequest],
    ) -> Result<(), ChannelError> {
        let action = Action::Acknowledgments;
        let message =
            send::acknowledge(taken, &[], agreed).map_err(|refusal| outcome::unsayable(&refusal))?;
        let bytes = self.client.ask(access, agreed.version, action, &message).await?;
        let read = || {
            verdict::check(&bytes, action, Side::Answer, agreed)?;
            Answer::read(Document::read(&bytes)?.root())
        };
        let answer = read().map_err(|refusal| outcome::unreadable(&refusal))?;
        outcome::accepted(answer).map(drop)
    }
}

#[async_trait]
impl RevisionFeed for Feed {
    /// All that is not acknowledged: the standard knows no pages.
    async fn unacknowledged(&self, access: &Access) -> Result<Vec<RawMessage>, ChannelError> {
        let Some(agreed) = self.client.agreed(access, Action::GuestRequests).await? else {
            return Ok(Vec::new()); // it pushes them, or has none
        };
        let request =
            send::read(&access.property, None, &agreed).map_err(|refusal| outcome::unsayable(&refusal))?;
        let action = Action::GuestRequests;
        let bytes = self.client.ask(access, agreed.version, action, &request).await?;
        read(&bytes, &agreed, access).map_err(|refusal| outcome::unreadable(&refusal))?
    }

    async fn acknowledge(&self, access: &Access, message_id: &str) -> Result<(), ChannelError> {
        // It was pushed to us, and acknowledged by our answer.
        let Some(agreed) = self.client.agreed(access, Action::GuestRequests).await? else {
            return Ok(());
        };
        let unknown = || {
            outcome::ours(
                "unknown_message",
                "the message has no id of a portal's".to_owned(),
            )
        };
        let taken = request_of(message_id).ok_or_else(unknown)?;
        self.report(access, &agreed, &[taken]).await
    }
}

/// `14/the id/hash`.
fn request_of(message_id: &str) -> Option<GuestRequest> {
    let (kind, rest) = message_id.split_once('/')?;
    let (id, _) = rest.rsplit_once('/')?;
    Some(GuestRequest {
        kind: kind.to_owned(),
        id: id.to_owned(),
        revision: None,
    })
}

/// The outer error is a message that is not in order, the inner one the portal's own.
fn read(
    bytes: &[u8],
    agreed: &Agreed,
    access: &Access,
) -> Result<Result<Vec<RawMessage>, ChannelError>, Refusal> {
    verdict::check(bytes, Action::GuestRequests, Side::Answer, agreed)?;
    let document = Document::read(bytes)?;
    let root = document.root();
    if let Err(error) = outcome::accepted(Answer::read(root)?) {
        return Ok(Err(error));
    }
    let hotel = Hotel {
        code: access.property.clone(),
        name: String::new(),
        currency: CURRENCY.to_owned(),
    };
    let mut kept = Vec::new();
    for at in root.list("ReservationsList", "HotelReservation") {
        let unique = at.need_child("UniqueID")?;
        let (kind, id) = (unique.need("Type")?, unique.need("ID")?);
        let message = message(at, (kind, id), &hotel);
        kept.push(message.or_else(|refusal| parked(at, (kind, id), &refusal))?);
    }
    Ok(Ok(kept))
}
