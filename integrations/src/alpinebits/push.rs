//! Guest requests that a portal pushes: each is taken or refused for itself, and what is taken is stored as one message.

use super::action::{Action, Side};
use super::question;
use super::reservation::revision;
use super::tell::{Hotel, cannot_be_told};
use super::verdict::{self, Agreed};
use crate::ota::NAMESPACE;
use crate::ota::answer::{Answer, Notice, Type};
use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use crate::ota::tag::Tag;
use innkeep_domain::channel::revision::ChannelRevision;
use innkeep_domain::ports::channel::{RawMessage, RevisionReader, Unreadable};
use innkeep_domain::rates::stay::Stay;
use innkeep_domain::{cards, money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const VERSION: &str = "1.000";
/// Longest id that is kept.
const LONGEST_ID: usize = 128;
/// Payment cards, and nothing else, stand in it.
const CARDS: &str = "Guarantee";

/// What became of a push.
#[derive(Debug, Default)]
pub struct Pushed {
    /// To be stored before it is answered.
    pub messages: Vec<RawMessage>,
    /// Type and id of each.
    taken: BTreeSet<(String, String)>,
    /// By id. An id speaks for all that was sent under it: nothing of it is taken then.
    refused: BTreeMap<String, Refusal>,
}

/// A message as it is stored: read once, when it came, and beside it what was sent, for people. Of cards nothing is kept.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// None when it cannot be a booking here: a person must look.
    booking: Option<ChannelRevision>,
    /// What a guest asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    question: Option<String>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unreadable: Option<String>,
    sent: String,
}

/// Every reservation, change and cancellation of the message.
///
/// # Errors
/// When the message is refused as a whole.
pub fn read(bytes: &[u8], agreed: &Agreed, hotel: &Hotel) -> Result<Pushed, Refusal> {
    verdict::check(bytes, Action::GuestRequestsPush, Side::Request, agreed)?;
    let document = Document::read(bytes)?;
    let all: Vec<Element<'_>> = document
        .root()
        .list("HotelReservations", "HotelReservation")
        .collect();
    let mut pushed = Pushed::default();
    let mut messages = Vec::new();
    for at in all {
        let unique = at.need_child("UniqueID")?;
        let (kind, id) = (unique.need("Type")?.to_owned(), unique.need("ID")?.to_owned());
        let meant = at.at(&["ResGlobalInfo", "BasicPropertyInfo"]);
        let meant = meant.map_or(Ok(()), |property| hotel.is_meant(property));
        match meant.and_then(|()| message(at, (kind.as_str(), id.as_str()), &hotel.currency)) {
            Ok(message) => messages.push((kind, id, message)),
            Err(refusal) => {
                pushed.refused.insert(id, refusal);
            }
        }
    }
    messages.retain(|(_, id, _)| !pushed.refused.contains_key(id));
    for (kind, id, message) in messages {
        pushed.taken.insert((kind, id));
        pushed.messages.push(message);
    }
    Ok(pushed)
}

impl Pushed {
    /// Says what is ours now and what is not. Only after it was committed.
    ///
    /// # Errors
    /// When the ids that came cannot be said again under the rules of answers.
    pub fn answer(&self, agreed: &Agreed) -> Result<String, Refusal> {
        let refused = |(id, refusal): (&String, &Refusal), kind| Notice {
            kind,
            code: Some(refusal.code.0),
            ..Notice::advisory(format!("{id}: {refusal}"))
        };
        let answer = if self.taken.is_empty() {
            let errors = self.refused.iter().map(|one| refused(one, Type::APPLICATION));
            Answer::Errors(errors.collect())
        } else {
            let warnings = self.refused.iter().map(|(id, refusal)| Notice {
                code: Some(Code::UNABLE.0),
                record: Some(id.clone()),
                ..refused((id, refusal), Type::BUSINESS_RULE)
            });
            Answer::Success(warnings.collect())
        };
        let reservation = |(kind, id): &(String, String)| {
            Tag::new("HotelReservation").child(Tag::new("UniqueID").with("Type", kind).with("ID", id))
        };
        let list = || Tag::new("HotelReservations").children(self.taken.iter().map(reservation));
        let text = Tag::message(Action::GuestRequestsPush.root(Side::Answer), VERSION)
            .children(answer.tags())
            .children((!self.taken.is_empty()).then(list))
            .document();
        verdict::check(text.as_bytes(), Action::GuestRequestsPush, Side::Answer, agreed)
            .map_err(cannot_be_told)?;
        Ok(text)
    }
}

/// The same element has the same message id, whenever it comes. `currency` is of bookings that name none.
pub(super) fn message(
    at: Element<'_>,
    (kind, id): (&str, &str),
    currency: &str,
) -> Result<RawMessage, Refusal> {
    if id.chars().count() > LONGEST_ID {
        return Err(at.wrong(
            Code::INVALID_VALUE,
            format!("an id has at most {LONGEST_ID} characters"),
        ));
    }
    let sent = alone(at);
    // From what is kept, so that nothing else is.
    let document = Document::read(sent.as_bytes())?;
    let message_id = format!("{kind}/{id}/{}", digest(&sent));
    let mut booking = revision(document.root(), currency)?;
    let question = booking.is_none().then(|| question::about(document.root()));
    if let Some(booking) = &mut booking {
        fits(at, booking)?;
        booking.revision.clone_from(&message_id);
        // It is the booker's name, and stands where it is found when the guest has to be forgotten.
        booking.rooms.iter_mut().for_each(|room| room.guest_name = None);
    }
    let stored = Stored {
        booking,
        question,
        unreadable: None,
        sent,
    };
    raw(at, message_id, &stored)
}

/// For what was sold already and cannot be refused any more: it is kept, and a person is told why nobody read it.
pub(super) fn parked(
    at: Element<'_>,
    (kind, id): (&str, &str),
    refusal: &Refusal,
) -> Result<RawMessage, Refusal> {
    let sent = alone(at);
    let message_id = format!("{kind}/{id}/{}", digest(&sent));
    let stored = Stored {
        booking: None,
        question: None,
        unreadable: Some(refusal.to_string()),
        sent,
    };
    raw(at, message_id, &stored)
}

fn raw(at: Element<'_>, message_id: String, stored: &Stored) -> Result<RawMessage, Refusal> {
    let raw = serde_json::to_string(stored).map_err(|error| at.wrong(Code::UNABLE, error))?;
    Ok(RawMessage { message_id, raw })
}

/// What the rules of the standard let through, and a booking here cannot be.
fn fits(at: Element<'_>, booking: &ChannelRevision) -> Result<(), Refusal> {
    if money::currency(&booking.currency).is_err() {
        return Err(at.wrong(Code::INVALID_VALUE, "CurrencyCode is not of ISO 4217"));
    }
    let amounts = booking
        .rooms
        .iter()
        .flat_map(|room| room.nights.iter().map(|(_, price)| *price));
    let most: Decimal = amounts.chain([booking.total]).max().unwrap_or_default();
    if most > money::LARGEST {
        return Err(at.wrong(Code::INVALID_VALUE, "the sum is out of reach"));
    }
    for room in &booking.rooms {
        Stay::new(room.arrival, room.departure).map_err(|error| at.wrong(Code::DATES, error))?;
    }
    Ok(())
}

/// As a document of its own.
fn alone(at: Element<'_>) -> String {
    copy(at, Tag::new(at.name()).with("xmlns", NAMESPACE)).document()
}

/// The element with all that is in it but cards.
pub(super) fn kept(at: Element<'_>) -> Tag {
    copy(at, Tag::new(at.name()))
}

fn copy(at: Element<'_>, mut tag: Tag) -> Tag {
    for (_, name, value) in at.attributes() {
        let id = ["ID", "Code", "RPH", "Value"]
            .iter()
            .any(|end| name.ends_with(end));
        let value = if id { value.into() } else { cards::masked(value) };
        tag = tag.with(name.to_owned(), value);
    }
    let children = at.children().filter(|child| child.name() != CARDS);
    tag.text(cards::masked(at.text().trim()))
        .children(children.map(kept))
}

fn digest(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .take(16)
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

pub(super) struct Reader;

impl RevisionReader for Reader {
    fn read(&self, raw: &str) -> Result<ChannelRevision, Unreadable> {
        let stored: Stored = serde_json::from_str(raw).map_err(|error| Unreadable(error.to_string()))?;
        let why = stored.unreadable.unwrap_or_default();
        let mut booking = stored.booking.ok_or(Unreadable(why))?;
        let name = Some(&booking.booker.name)
            .filter(|name| !name.is_empty())
            .cloned();
        booking
            .rooms
            .iter_mut()
            .for_each(|room| room.guest_name.clone_from(&name));
        Ok(booking)
    }

    fn question(&self, raw: &str) -> Option<String> {
        let stored: Stored = serde_json::from_str(raw).ok()?;
        stored.question
    }
}
