//! GuestRequests that the hotel reads, and its acknowledgements.

use chrono::{DateTime, Utc};
use roxmltree::Node;

use super::hotel::Hotel;
use super::message::{Error, element, elements};

/// What waits; with a start everything since then, acknowledged or not.
pub(crate) fn list(hotel: &mut Hotel, code: &str, root: Node<'_, '_>) -> Result<String, Error> {
    let asked = element(root, "ReadRequests").and_then(|list| element(list, "HotelReadRequest"));
    let asked = asked.ok_or_else(|| Error(321, "HotelReadRequest is missing".to_owned()))?;
    if asked.attribute("HotelCode") != Some(code) {
        return Err(Error(392, "another hotel".to_owned()));
    }
    let start = element(asked, "SelectionCriteria").and_then(|criteria| criteria.attribute("Start"));
    let start = start.and_then(|text| text.parse::<DateTime<Utc>>().ok());
    let told = hotel
        .items
        .iter_mut()
        .filter(|item| start.map_or_else(|| item.waits(), |start| item.changed >= start));
    let all: String = told
        .map(|item| {
            item.shown = true;
            item.xml(code, &hotel.spec)
        })
        .collect();
    Ok(format!("<ReservationsList>{all}</ReservationsList>"))
}

/// What the hotel has now, and what it could not take.
pub(crate) fn acknowledge(hotel: &mut Hotel, root: Node<'_, '_>) -> Result<(), Error> {
    if element(root, "Success").is_none() {
        return Err(Error(450, "says no success".to_owned()));
    }
    let warnings = element(root, "Warnings");
    for warning in warnings.into_iter().flat_map(|list| elements(list, "Warning")) {
        let id = warning.attribute("RecordID");
        for item in hotel
            .items
            .iter_mut()
            .filter(|item| item.shown && Some(item.id.as_str()) == id)
        {
            item.refused = Some(warning.text().unwrap_or_default().to_owned());
        }
    }
    taken(
        hotel,
        element(root, "NotifDetails").and_then(|details| element(details, "HotelNotifReport")),
    );
    Ok(())
}

/// Marks what stands in the list `HotelReservations` of `within`.
pub(crate) fn taken(hotel: &mut Hotel, within: Option<Node<'_, '_>>) {
    let list = within.and_then(|at| element(at, "HotelReservations"));
    for reservation in list
        .into_iter()
        .flat_map(|list| elements(list, "HotelReservation"))
    {
        let Some(id) = element(reservation, "UniqueID") else {
            continue;
        };
        let meant = (id.attribute("Type"), id.attribute("ID"));
        for item in hotel.items.iter_mut().filter(|item| item.shown) {
            item.acknowledged |= (Some(item.kind()), Some(item.id.as_str())) == meant;
        }
    }
}
