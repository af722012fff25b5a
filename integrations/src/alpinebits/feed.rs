//! Guest requests that a portal keeps until they are acknowledged, and shows again when it is asked for those of some days.

use super::action::{Action, Side};
use super::client::Client;
use super::outcome;
use super::push::{kept, message, parked};
use super::receive::GuestRequest;
use super::send;
use super::verdict::{self, Agreed};
use crate::ota::answer::Answer;
use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Kind, Refusal};
use crate::ota::tag::Tag;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use innkeep_domain::channel::revision::NO_CURRENCY;
use innkeep_domain::ports::channel::{Access, ChannelError, RawMessage, Recovery, RevisionFeed};
use std::sync::Arc;

/// Of the message that one reservation is looked at in.
const VERSION: &str = "7.000";

pub(super) struct Feed {
    client: Arc<Client>,
}

impl Feed {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// Those of its answer that are wanted; with `since` acknowledged ones, too.
    async fn ask(
        &self,
        access: &Access,
        agreed: &Agreed,
        since: Option<DateTime<Utc>>,
        wanted: impl Fn(Element<'_>) -> bool,
    ) -> Result<Vec<RawMessage>, ChannelError> {
        let request =
            send::read(&access.property, since, agreed).map_err(|refusal| outcome::unsayable(&refusal))?;
        let action = Action::GuestRequests;
        let bytes = self.client.ask(access, agreed.version, action, &request).await?;
        read(&bytes, agreed, access, wanted).map_err(|refusal| outcome::unreadable(&refusal))?
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
        self.ask(access, &agreed, None, |_| true).await
    }

    async fn acknowledge(&self, access: &Access, message_id: &str) -> Result<(), ChannelError> {
        let unknown = || {
            outcome::ours(
                "unknown_message",
                "the message has no id of a portal's".to_owned(),
            )
        };
        let taken = request_of(message_id).ok_or_else(unknown)?;
        if taken.id.is_empty() {
            return Ok(()); // it came without one, and cannot be named
        }
        // It was pushed to us, and acknowledged by our answer.
        let Some(agreed) = self.client.agreed(access, Action::GuestRequests).await? else {
            return Ok(());
        };
        self.report(access, &agreed, &[taken]).await
    }
}

#[async_trait]
impl Recovery for Feed {
    async fn messages(
        &self,
        access: &Access,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RawMessage>, ChannelError> {
        let Some(agreed) = self.client.agreed(access, Action::GuestRequests).await? else {
            let detail = "the portal cannot be asked for its bookings".to_owned();
            return Err(outcome::ours("not_agreed", detail));
        };
        // It is asked for all since then; what says no time may be what is looked for.
        let until = |at: Element<'_>| {
            let said = at
                .instant("LastModifyDateTime")
                .or_else(|| at.instant("CreateDateTime"));
            said.is_none_or(|said| said.date_naive() <= to)
        };
        let since = from.and_time(NaiveTime::MIN).and_utc();
        self.ask(access, &agreed, Some(since), until).await
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

/// The outer error is a message that is not in order, the inner one the portal's own. One reservation that is not in order
/// hides no other: it is parked.
fn read(
    bytes: &[u8],
    agreed: &Agreed,
    access: &Access,
    wanted: impl Fn(Element<'_>) -> bool,
) -> Result<Result<Vec<RawMessage>, ChannelError>, Refusal> {
    let document = Document::read(bytes)?;
    let root = document.root();
    if root.name() != Action::GuestRequests.root(Side::Answer) {
        return Err(root.fail(Kind::Schema, Code::UNABLE, "is not the message of this action"));
    }
    if let Err(error) = outcome::accepted(Answer::read(root)?) {
        return Ok(Err(error));
    }
    let told = root.list("ReservationsList", "HotelReservation");
    let told = told.filter(|at| wanted(*at));
    let read = told.map(|at| one(at, agreed, &access.property));
    read.collect::<Result<_, _>>().map(Ok)
}

/// It was asked for by us and for this hotel: only what names another one is not ours.
fn one(at: Element<'_>, agreed: &Agreed, hotel: &str) -> Result<RawMessage, Refusal> {
    let told = |name| {
        at.child("UniqueID")
            .and_then(|id| id.get(name))
            .unwrap_or_default()
    };
    let id = (told("Type"), told("ID"));
    let named = at.at(&["ResGlobalInfo", "BasicPropertyInfo"]);
    let another = named.filter(|named| named.get("HotelCode").is_some_and(|code| code != hotel));
    let message = match another {
        Some(named) => Err(named.wrong(Code::HOTEL, "the hotel is not the one that was asked for")),
        None => in_order(at, agreed).and_then(|()| message(at, id, NO_CURRENCY)),
    };
    message.or_else(|refusal| parked(at, id, &refusal))
}

/// As the only one of an answer. Of a cancellation nothing but its id is needed.
fn in_order(at: Element<'_>, agreed: &Agreed) -> Result<(), Refusal> {
    if at.get("ResStatus") == Some("Cancelled") {
        return Ok(());
    }
    let action = Action::GuestRequests;
    let alone = Tag::message(action.root(Side::Answer), VERSION)
        .child(Tag::new("Success"))
        .child(Tag::new("ReservationsList").child(kept(at)));
    verdict::check(alone.document().as_bytes(), action, Side::Answer, agreed).map(drop)
}

#[cfg(test)]
mod tests {
    use super::super::push::Reader;
    use super::super::version::Version;
    use super::*;
    use innkeep_domain::channel::revision::{ChannelRevision, RevisionStatus};
    use innkeep_domain::ports::channel::{RevisionReader, Unreadable};

    /// A reservation of a room of H7, in which one thing is changed.
    fn sold(id: &str, from: &str, to: &str) -> String {
        let text = format!(
            r#"<HotelReservation CreateDateTime="2026-11-02T10:00:00+01:00" ResStatus="Reserved"><UniqueID Type="14" ID="{id}"/>
            <RoomStays><RoomStay><RoomTypes><RoomType RoomTypeCode="DBL"/></RoomTypes>
            <RatePlans><RatePlan RatePlanCode="BAR"/></RatePlans><GuestCounts><GuestCount Count="2"/></GuestCounts>
            <TimeSpan Start="2027-02-01" End="2027-02-04"/><Total AmountAfterTax="320" CurrencyCode="EUR"/></RoomStay></RoomStays>
            <ResGuests><ResGuest><Profiles><ProfileInfo><Profile><Customer><PersonName><GivenName>Otto</GivenName>
            <Surname>Booker</Surname></PersonName><Telephone PhoneTechType="5" PhoneNumber="+390471"/></Customer></Profile>
            </ProfileInfo></Profiles></ResGuest></ResGuests><ResGlobalInfo><BasicPropertyInfo HotelCode="H7"/></ResGlobalInfo>
            </HotelReservation>"#
        );
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    }

    fn read_all(reservations: &[String]) -> Vec<(String, Result<ChannelRevision, Unreadable>)> {
        let text = format!(
            r#"<o:OTA_ResRetrieveRS xmlns:o="http://www.opentravel.org/OTA/2003/05" Version="7.000"><o:Success/>
               <o:ReservationsList>{}</o:ReservationsList></o:OTA_ResRetrieveRS>"#,
            reservations
                .concat()
                .replace("</", "</o:")
                .replace('<', "<o:")
                .replace("<o:/o:", "</o:")
        );
        let access = Access {
            base_url: String::new(),
            api_key: String::new(),
            signing_secrets: Vec::new(),
            property: "H7".to_owned(),
            currency: "EUR".to_owned(),
        };
        let agreed = Agreed::all(Version::V2022_10);
        let messages = read(text.as_bytes(), &agreed, &access, |_| true)
            .unwrap()
            .unwrap();
        let message = |one: &RawMessage| (one.message_id.clone(), Reader.read(&one.raw));
        messages.iter().map(message).collect()
    }

    #[test]
    fn a_reservation_that_is_not_in_order_hides_no_other() {
        let all = read_all(&[
            sold("spaces", "+390471", "+39 0471"),
            sold("right", "+390471", "+390472"),
            sold("elsewhere", "H7", "H8"),
        ]);
        let [spaces, right, elsewhere] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert!(
            spaces.0.starts_with("14/spaces/"),
            "it can be acknowledged: {}",
            spaces.0
        );
        let why = spaces.1.clone().unwrap_err().to_string();
        assert!(why.contains("PhoneNumber"), "{why}");
        assert_eq!(right.1.clone().unwrap().booking_ref, "right");
        assert!(elsewhere.1.clone().unwrap_err().to_string().contains("hotel"));
    }

    #[test]
    fn the_hotel_that_was_asked_for_need_not_be_named_by_its_code() {
        let all = read_all(&[sold("r", "HotelCode=\"H7\"", "HotelName=\"Adler\"")]);
        assert_eq!(all[0].1.clone().unwrap().booking_ref, "r");
    }

    #[test]
    fn of_a_cancellation_nothing_but_its_id_counts() {
        let cancelled = sold("r", "ResStatus=\"Reserved\"", "ResStatus=\"Cancelled\"")
            .replace("Type=\"14\"", "Type=\"15\"")
            .replace("End=\"2027-02-04\"", "End=\"2027-02-01\"");
        let [(_, Ok(gone))] = <[_; 1]>::try_from(read_all(&[cancelled])).unwrap() else {
            panic!("it was not read")
        };
        assert_eq!((gone.status, gone.rooms.len()), (RevisionStatus::Cancelled, 0));
        assert_eq!(gone.currency, NO_CURRENCY, "the booking's stays");
        assert_eq!(gone.revised_at, None, "it says when the room was sold");
    }

    #[tokio::test]
    async fn what_has_no_id_is_for_a_person_and_cannot_be_acknowledged() {
        let all = read_all(&[sold("r", "<UniqueID Type=\"14\" ID=\"r\"/>", "")]);
        let (id, read) = &all[0];
        assert!(read.is_err());
        assert_eq!(request_of(id).map(|request| request.id).as_deref(), Some(""));
    }
}
