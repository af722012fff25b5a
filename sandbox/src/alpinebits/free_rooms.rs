//! FreeRooms: how many rooms are free, and when the house is closed.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use roxmltree::Node;

use super::hotel::Hotel;
use super::message::{Error, Warning, element, elements, period};

/// What a message says.
#[derive(Default)]
struct Told {
    free: Vec<((String, NaiveDate), u32)>,
    closed: BTreeSet<NaiveDate>,
    warnings: Vec<Warning>,
}

pub(crate) fn take(hotel: &mut Hotel, code: &str, root: Node<'_, '_>) -> Result<Vec<Warning>, Error> {
    let missing = || Error(321, "Inventories are missing".to_owned());
    let inventories = element(root, "Inventories").ok_or_else(missing)?;
    if inventories.attribute("HotelCode") != Some(code) {
        return Err(Error(392, "another hotel".to_owned()));
    }
    let complete = complete(root)?;
    let needed = if complete { "complete_set" } else { "deltas" };
    needs(hotel, needed)?;
    // All or nothing: read before anything is believed.
    let mut told = Told::default();
    let all: Vec<Node<'_, '_>> = elements(inventories, "Inventory").collect();
    match all.as_slice() {
        [only] if element(*only, "StatusApplicationControl").is_none() => {
            if !complete {
                return Err(Error(
                    450,
                    "an empty Inventory resets a complete set only".to_owned(),
                ));
            }
        }
        _ => read(hotel, &all, complete, &mut told)?,
    }
    if complete {
        hotel.free.clear();
        hotel.closed = told.closed;
    }
    hotel.free.extend(told.free);
    let mut warnings = told.warnings;
    if std::mem::take(&mut hotel.asks.free_rooms) {
        warnings.push(Warning::send("ALPINEBITS_SEND_FREEROOMS"));
    }
    hotel.asking(&mut warnings);
    Ok(warnings)
}

fn complete(root: Node<'_, '_>) -> Result<bool, Error> {
    let Some(set) = element(root, "UniqueID") else {
        return Ok(false);
    };
    let said = ["Type", "ID", "Instance"].map(|name| set.attribute(name).unwrap_or_default());
    match said {
        ["16" | "35", "1", "CompleteSet"] => Ok(true),
        _ => Err(Error(320, "UniqueID marks no complete set".to_owned())),
    }
}

fn needs(hotel: &Hotel, what: &str) -> Result<(), Error> {
    match hotel.can(&format!("OTA_HotelInvCountNotif_accept_{what}")) {
        true => Ok(()),
        false => Err(Error(450, format!("{what} are not taken here"))),
    }
}

fn read(hotel: &Hotel, all: &[Node<'_, '_>], complete: bool, told: &mut Told) -> Result<(), Error> {
    let mut named = BTreeSet::new();
    for inventory in all {
        let missing = || Error(321, "StatusApplicationControl is missing".to_owned());
        let control = element(*inventory, "StatusApplicationControl").ok_or_else(missing)?;
        if matches!(control.attribute("AllInvCode"), Some("true" | "1")) {
            let first = named.is_empty();
            season(hotel, (*inventory, control), (complete, first), told)?;
            continue;
        }
        let category = control.attribute("InvTypeCode").unwrap_or_default();
        let nights = period(control)?;
        for night in &nights {
            if !named.insert((category, *night)) {
                return Err(Error(404, format!("{category} has two counts for {night}")));
            }
        }
        if !hotel.knows(category) {
            let warning = Warning::not_taken(category, "this category is not known here");
            told.warnings.push(warning);
            continue;
        }
        let free = bookable(*inventory)?;
        let cell = |night| ((category.to_owned(), night), free);
        told.free.extend(nights.into_iter().map(cell));
    }
    Ok(())
}

/// Seasons stand before everything else in a complete set, meet no other, and say nothing of rooms.
fn season(
    hotel: &Hotel,
    (inventory, control): (Node<'_, '_>, Node<'_, '_>),
    (complete, first): (bool, bool),
    told: &mut Told,
) -> Result<(), Error> {
    needs(hotel, "closing_seasons")?;
    let rooms = control.has_attribute("InvTypeCode") || control.has_attribute("InvCode");
    if !complete || !first || rooms || element(inventory, "InvCounts").is_some() {
        let rule = "closing seasons come first, in a complete set, and say nothing of rooms";
        return Err(Error(450, rule.to_owned()));
    }
    for night in period(control)? {
        if !told.closed.insert(night) {
            return Err(Error(404, format!("two closing seasons hold {night}")));
        }
    }
    Ok(())
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
