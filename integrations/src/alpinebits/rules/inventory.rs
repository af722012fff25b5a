//! Inventory: room categories with the rooms in them (Basic), and what else there is to say of the hotel (HotelInfo).

use super::codes;
use super::common;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};

const DESCRIPTIONS: &str = "MultimediaDescriptions";
/// Kinds of descriptions (INF).
const DESCRIPTION: &str = "1";
const PICTURES: &str = "23";
const LONG_NAME: &str = "25";
/// What only a category's own element says; the rooms below it say nothing but their number.
const OF_A_CATEGORY: [&str; 6] = [
    "MinOccupancy",
    "MaxOccupancy",
    "MaxChildOccupancy",
    "ID",
    "Amenities",
    DESCRIPTIONS,
];

/// A room category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub code: String,
    pub standard: u32,
    pub least: u32,
    pub most: u32,
    pub most_children: Option<u32>,
    /// Numbers of its rooms.
    pub rooms: Vec<String>,
}

fn content(root: Element<'_>) -> Result<Element<'_>, Refusal> {
    let content = root
        .need_child("HotelDescriptiveContents")?
        .need_child("HotelDescriptiveContent")?;
    common::hotel(content)?;
    Ok(content)
}

/// A request to be told.
pub(super) fn request(root: Element<'_>) -> Result<(), Refusal> {
    let mut asked = root.list("HotelDescriptiveInfos", "HotelDescriptiveInfo");
    asked.try_for_each(common::hotel)
}

/// Inventory/Basic: the rooms and nothing else. An answer may be an error instead.
pub(super) fn basic(root: Element<'_>) -> Result<(), Refusal> {
    if root.child("Errors").is_some() {
        return Ok(());
    }
    let content = content(root)?;
    content.bare(
        &["HotelInfo", "Policies", "AffiliationInfo", "ContactInfos"],
        "in Inventory/Basic",
    )?;
    let rooms = content.need_child("FacilityInfo")?.need_child("GuestRooms")?;
    categories(rooms).map(drop)
}

/// Inventory/HotelInfo: the hotel itself. Rooms are told as in Inventory/Basic, or get pictures and nothing else.
pub(super) fn info(root: Element<'_>) -> Result<(), Refusal> {
    if root.child("Errors").is_some() {
        return Ok(());
    }
    let content = content(root)?;
    if let Some(about) = content.child("HotelInfo") {
        described(about)?;
    }
    for policy in content.list("Policies", "Policy") {
        stay_times(policy)?;
    }
    let Some(rooms) = content.at(&["FacilityInfo", "GuestRooms"]) else {
        return Ok(());
    };
    let told = |at: Element<'_>| {
        at.child("TypeRoom")
            .is_some_and(|room| room.has("StandardOccupancy"))
    };
    if rooms.all("GuestRoom").any(told) {
        return categories(rooms).map(drop);
    }
    rooms.all("GuestRoom").try_for_each(pictures_only)
}

/// Each category's own element, and after it those of its rooms.
pub(crate) fn categories(rooms: Element<'_>) -> Result<Vec<Category>, Refusal> {
    let mut found: Vec<(Category, Element<'_>)> = Vec::new();
    for at in rooms.all("GuestRoom") {
        let code = at.need("Code")?;
        match found.last_mut() {
            Some((category, _)) if category.code == code => category.rooms.push(room(at)?),
            _ => found.push((category(at, code)?, at)),
        }
    }
    common::once(
        found.iter().map(|(one, at)| (one.code.clone(), *at)),
        "the category",
    )?;
    let numbered = found.iter().flat_map(|(one, at)| {
        one.rooms
            .iter()
            .map(|number| ((one.code.as_str(), number.as_str()), *at))
    });
    common::once(numbered, "a RoomID of this category")?;
    Ok(found.into_iter().map(|(category, _)| category).collect())
}

fn room(at: Element<'_>) -> Result<String, Refusal> {
    const WHY: &str = "in one of a category's rooms";
    at.bare(&OF_A_CATEGORY, WHY)?;
    let kind = at.need_child("TypeRoom")?;
    kind.bare(
        &["StandardOccupancy", "RoomClassificationCode", "RoomType", "Size"],
        WHY,
    )?;
    let number = kind.need("RoomID")?.to_owned();
    Ok(number)
}

fn category(at: Element<'_>, code: &str) -> Result<Category, Refusal> {
    let kind = at.need_child("TypeRoom")?;
    kind.bare(&["RoomID"], "in a category's own element")?;
    let need = |of: Element<'_>, name: &str| {
        of.need(name)?;
        Ok::<u32, Refusal>(of.number(name)?.unwrap_or_default())
    };
    let category = Category {
        code: code.to_owned(),
        least: need(at, "MinOccupancy")?,
        most: need(at, "MaxOccupancy")?,
        standard: need(kind, "StandardOccupancy")?,
        most_children: at.number("MaxChildOccupancy")?,
        rooms: Vec::new(),
    };
    occupancy(&category, at)?;
    if !codes::guest_room(kind.need("RoomClassificationCode")?) {
        return Err(kind.wrong(
            Code::INVALID_VALUE,
            "RoomClassificationCode is not of the list GRI",
        ));
    }
    amenities(at)?;
    descriptions(at.need_child(DESCRIPTIONS)?)?;
    Ok(category)
}

fn occupancy(category: &Category, at: Element<'_>) -> Result<(), Refusal> {
    let wrong = |reason| Err(at.wrong(Code::INVALID_VALUE, reason));
    if category.least > category.most {
        return wrong("MinOccupancy is more than MaxOccupancy");
    }
    if !(category.least..=category.most).contains(&category.standard) {
        return wrong("StandardOccupancy is not between MinOccupancy and MaxOccupancy");
    }
    if category
        .most_children
        .is_some_and(|children| children > category.most)
    {
        return wrong("MaxChildOccupancy is more than MaxOccupancy");
    }
    Ok(())
}

fn amenities(at: Element<'_>) -> Result<(), Refusal> {
    for amenity in at.list("Amenities", "Amenity") {
        if !codes::room_amenity(amenity.need("RoomAmenityCode")?) {
            return Err(amenity.wrong(Code::INVALID_VALUE, "RoomAmenityCode is not of the list RMA"));
        }
    }
    Ok(())
}

/// Its name, and at most one description and one gallery.
fn descriptions(list: Element<'_>) -> Result<(), Refusal> {
    let all = || list.all("MultimediaDescription");
    for at in all() {
        match at.need("InfoCode")?.trim() {
            PICTURES => gallery(at.need_child("ImageItems")?)?,
            DESCRIPTION | LONG_NAME => at
                .need_child("TextItems")?
                .all("TextItem")
                .try_for_each(described_text)?,
            _ => return Err(at.wrong(Code::INVALID_VALUE, "InfoCode is none of a room category")),
        }
    }
    common::once(
        all().map(|at| (at.get("InfoCode"), at)),
        "a description of the same InfoCode",
    )?;
    if !all().any(|at| at.get("InfoCode") == Some(LONG_NAME)) {
        return Err(list.wrong(Code::MISSING, "the description with InfoCode 25 is missing"));
    }
    Ok(())
}

fn described_text(item: Element<'_>) -> Result<(), Refusal> {
    common::texts(item.all("Description"))
}

fn gallery(items: Element<'_>) -> Result<(), Refusal> {
    for item in items.all("ImageItem") {
        if !codes::picture(item.need("Category")?) {
            return Err(item.wrong(Code::INVALID_VALUE, "Category is not of the list PIC"));
        }
        described_text(item)?;
    }
    Ok(())
}

fn pictures_only(at: Element<'_>) -> Result<(), Refusal> {
    const WHY: &str = "in Inventory/HotelInfo";
    at.bare(
        &[
            "MinOccupancy",
            "MaxOccupancy",
            "MaxChildOccupancy",
            "ID",
            "TypeRoom",
            "Amenities",
        ],
        WHY,
    )?;
    for description in at.list(DESCRIPTIONS, "MultimediaDescription") {
        description.bare(&["InfoCode", "TextItems"], WHY)?;
        if let Some(items) = description.child("ImageItems") {
            gallery(items)?;
        }
    }
    Ok(())
}

fn described(about: Element<'_>) -> Result<(), Refusal> {
    let Some(list) = about.at(&["Descriptions", DESCRIPTIONS]) else {
        return Ok(());
    };
    for description in list.all("MultimediaDescription") {
        for (items, item) in [
            ("TextItems", "TextItem"),
            ("ImageItems", "ImageItem"),
            ("VideoItems", "VideoItem"),
        ] {
            description.list(items, item).try_for_each(described_text)?;
        }
    }
    Ok(())
}

/// One span for arriving and one for leaving.
fn stay_times(policy: Element<'_>) -> Result<(), Refusal> {
    let all = policy.list("StayRequirements", "StayRequirement");
    common::once(
        all.map(|at| (at.get("StayContext"), at)),
        "a requirement of the same StayContext",
    )
}
