//! Inventory: which room categories the hotel has, and which rooms. A message replaces what was told before.

use std::collections::BTreeMap;

use roxmltree::Node;
use serde::Serialize;

use super::hotel::Hotel;
use super::message::{Error, Warning, element, elements};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Category {
    name: String,
    max_occupancy: u32,
    /// Their numbers.
    rooms: Vec<String>,
}

pub(crate) fn take(hotel: &mut Hotel, code: &str, root: Node<'_, '_>) -> Result<Vec<Warning>, Error> {
    let missing = |what: &str| Error(321, format!("{what} is missing"));
    let content = element(root, "HotelDescriptiveContents")
        .and_then(|list| element(list, "HotelDescriptiveContent"))
        .ok_or_else(|| missing("HotelDescriptiveContent"))?;
    if content.attribute("HotelCode") != Some(code) {
        return Err(Error(392, "another hotel".to_owned()));
    }
    let rooms = element(content, "FacilityInfo")
        .and_then(|info| element(info, "GuestRooms"))
        .ok_or_else(|| missing("GuestRooms"))?;
    let mut told: BTreeMap<String, Category> = BTreeMap::new();
    let mut last = None;
    for room in elements(rooms, "GuestRoom") {
        let code = room.attribute("Code").ok_or_else(|| missing("Code"))?;
        if last == Some(code) {
            let number = number(hotel, room)?;
            told.entry(code.to_owned())
                .and_modify(|category| category.rooms.push(number));
        } else if told.insert(code.to_owned(), category(room)?).is_some() {
            return Err(Error(320, format!("{code} stands here twice")));
        }
        last = Some(code);
    }
    hotel.inventory = Some(told);
    hotel.asks.inventory = false;
    Ok(Vec::new())
}

/// A room says nothing but its number, after its category.
fn number(hotel: &Hotel, room: Node<'_, '_>) -> Result<String, Error> {
    if !hotel.can("OTA_HotelDescriptiveContentNotif_Inventory_use_rooms") {
        return Err(Error(450, "rooms are not taken here".to_owned()));
    }
    let number = element(room, "TypeRoom").and_then(|kind| kind.attribute("RoomID"));
    let number = number.ok_or_else(|| Error(321, "RoomID is missing".to_owned()))?;
    if room.has_attribute("MaxOccupancy") || element(room, "MultimediaDescriptions").is_some() {
        return Err(Error(320, "a room says what its category says".to_owned()));
    }
    Ok(number.to_owned())
}

fn category(room: Node<'_, '_>) -> Result<Category, Error> {
    let wrong = |what: &str| Error(320, format!("{what} is missing or wrong"));
    let number = |at: Node<'_, '_>, name: &str| at.attribute(name).and_then(|text| text.parse::<u32>().ok());
    let kind = element(room, "TypeRoom").ok_or_else(|| wrong("TypeRoom"))?;
    let least = number(room, "MinOccupancy").ok_or_else(|| wrong("MinOccupancy"))?;
    let most = number(room, "MaxOccupancy").ok_or_else(|| wrong("MaxOccupancy"))?;
    let usual = number(kind, "StandardOccupancy").ok_or_else(|| wrong("StandardOccupancy"))?;
    if !(least..=most).contains(&usual) || kind.has_attribute("RoomID") {
        return Err(wrong("StandardOccupancy"));
    }
    number(kind, "RoomClassificationCode").ok_or_else(|| wrong("RoomClassificationCode"))?;
    let list = element(room, "MultimediaDescriptions");
    let mut descriptions = list
        .into_iter()
        .flat_map(|list| elements(list, "MultimediaDescription"));
    let name = descriptions
        .find(|one| one.attribute("InfoCode") == Some("25"))
        .and_then(|one| element(one, "TextItems"))
        .and_then(|items| element(items, "TextItem"))
        .and_then(|item| element(item, "Description"))
        .and_then(|description| description.text());
    Ok(Category {
        name: name.ok_or_else(|| wrong("the long name"))?.to_owned(),
        max_occupancy: most,
        rooms: Vec::new(),
    })
}
