//! FreeRooms: how many rooms are free.

use roxmltree::Node;

use super::hotel::Hotel;
use super::message::{Error, Warning, element, elements, period};

pub(crate) fn take(hotel: &mut Hotel, code: &str, root: Node<'_, '_>) -> Result<Vec<Warning>, Error> {
    let missing = || Error(321, "Inventories are missing".to_owned());
    let inventories = element(root, "Inventories").ok_or_else(missing)?;
    if inventories.attribute("HotelCode") != Some(code) {
        return Err(Error(392, "another hotel".to_owned()));
    }
    let complete = element(root, "UniqueID").is_some();
    let needed = if complete { "complete_set" } else { "deltas" };
    if !hotel.can(&format!("OTA_HotelInvCountNotif_accept_{needed}")) {
        return Err(Error(450, format!("{needed} are not taken here")));
    }
    // All or nothing: read before anything is believed.
    let mut told = Vec::new();
    let mut warnings = Vec::new();
    for inventory in elements(inventories, "Inventory") {
        let Some(control) = element(inventory, "StatusApplicationControl") else {
            continue; // nothing is known any more
        };
        let nights = period(control)?;
        let category = control.attribute("InvTypeCode").unwrap_or_default();
        if !hotel.knows(category) {
            warnings.push(Warning::not_taken(category, "this category is not known here"));
            continue;
        }
        let free = bookable(inventory)?;
        told.extend(
            nights
                .into_iter()
                .map(|night| ((category.to_owned(), night), free)),
        );
    }
    if complete {
        hotel.free.clear();
    }
    hotel.free.extend(told);
    if std::mem::take(&mut hotel.asks.0) {
        warnings.push(Warning::send("ALPINEBITS_SEND_FREEROOMS"));
    }
    Ok(warnings)
}

/// Without counts all are sold.
fn bookable(inventory: Node<'_, '_>) -> Result<u32, Error> {
    let counts = element(inventory, "InvCounts");
    let mut counts = counts.into_iter().flat_map(|list| elements(list, "InvCount"));
    let Some(count) = counts.find(|one| one.attribute("CountType") == Some("2")) else {
        return Ok(0);
    };
    let number = count.attribute("Count").and_then(|text| text.parse().ok());
    number.ok_or_else(|| Error(320, "a count is no number".to_owned()))
}
