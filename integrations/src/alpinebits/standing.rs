//! What became of bookings, to the portal that sold them (GuestRequests status update).

use super::action::{Action, Side};
use super::outcome;
use super::sink::Sink;
use super::verdict::{self, Agreed};
use crate::ota::answer::Answer;
use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::Refusal;
use crate::ota::tag::Tag;
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use innkeep_domain::ports::channel::{Access, ChannelError, Heard, Standing, StandingSink};

const VERSION: &str = "1.000";

#[async_trait]
impl StandingSink for Sink {
    async fn tell(&self, access: &Access, all: &[Standing]) -> Result<Option<Vec<Heard>>, ChannelError> {
        let Some(agreed) = self.client.agreed(access, Action::StatusUpdate).await? else {
            return Ok(None);
        };
        let together = self.update(access, &agreed, all).await?;
        if let Ok(heard) = together {
            return Ok(Some(heard));
        }
        // Refused as a whole: one of them may be to blame, which is found out by telling each alone.
        let mut heard = Vec::new();
        for one in all.chunks(1) {
            match self.update(access, &agreed, one).await? {
                Ok(said) => heard.extend(said),
                Err(words) => heard.push(Heard::Refused(words)),
            }
        }
        Ok(Some(heard))
    }
}

impl Sink {
    /// The inner error is the portal's refusal of the whole message, in its words.
    async fn update(
        &self,
        access: &Access,
        agreed: &Agreed,
        all: &[Standing],
    ) -> Result<Result<Vec<Heard>, String>, ChannelError> {
        let action = Action::StatusUpdate;
        let message = Tag::message(action.root(Side::Request), VERSION)
            .child(Tag::new("HotelReservations").children(all.iter().map(reservation)))
            .document();
        verdict::check(message.as_bytes(), action, Side::Request, agreed)
            .map_err(|refusal| outcome::unsayable(&refusal))?;
        let bytes = self.client.ask(access, agreed.version, action, &message).await?;
        let read = || -> Result<_, Refusal> {
            verdict::check(&bytes, action, Side::Answer, agreed)?;
            let document = Document::read(&bytes)?;
            let root = document.root();
            Ok((Answer::read(root)?, taken(root)))
        };
        let (answer, taken) = read().map_err(|refusal| outcome::unreadable(&refusal))?;
        let warnings = match answer {
            Answer::Success(warnings) => warnings,
            Answer::Errors(errors) => return Ok(Err(outcome::all_words(&errors))),
        };
        let heard = |one: &Standing| {
            let refused = |warning: &&_| outcome::is_about(warning, &one.booking_ref);
            match warnings.iter().find(refused) {
                Some(warning) => Heard::Refused(outcome::words(warning)),
                None if taken.contains(&(kind(one).to_owned(), one.booking_ref.clone())) => Heard::Taken,
                None => Heard::Nothing,
            }
        };
        Ok(Ok(all.iter().map(heard).collect()))
    }
}

/// Cancellations have ids of their own type.
fn kind(standing: &Standing) -> &'static str {
    if standing.cancelled { "15" } else { "14" }
}

fn reservation(standing: &Standing) -> Tag {
    let at = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let id = Tag::new("UniqueID")
        .with("Type", kind(standing))
        .with("ID", &standing.booking_ref);
    Tag::new("HotelReservation")
        .with("CreateDateTime", at(standing.created_at))
        .with("LastModifyDateTime", at(standing.changed_at))
        .with(
            "ResStatus",
            if standing.cancelled {
                "Cancelled"
            } else {
                "Reserved"
            },
        )
        .child(id)
}

/// Type and id of everything that the answer lists.
fn taken(root: Element<'_>) -> Vec<(String, String)> {
    let all = root.list("HotelReservations", "HotelReservation");
    all.filter_map(|one| {
        let id = one.child("UniqueID")?;
        Some((id.get("Type")?.to_owned(), id.get("ID")?.to_owned()))
    })
    .collect()
}
