//! Room categories and the rooms in them, as the standard writes them (Inventory/Basic).

use crate::ota::tag::Tag;
use innkeep_domain::channel::portal::Category;

/// Version attribute of OTA 2015A.
pub(super) const VERSION: &str = "8.000";
/// As long as a category's code and a room's number may be.
const LONGEST_CODE: usize = 8;
const LONGEST_NUMBER: usize = 16;
pub(super) const LIMITS: &str = "codes have at most 8 characters, rooms 16";
/// The name of a category (INF).
const LONG_NAME: &str = "25";
/// Names are written in whatever language the hotel's people speak; the standard wants one to be named.
const LANGUAGE: &str = "en";

/// What fits, and how much of it there is.
pub(super) struct Told {
    rooms: Vec<Tag>,
    pub categories: u32,
    pub numbers: u32,
    pub left_out: u32,
}

pub(super) fn code_fits(code: &str) -> bool {
    (1..=LONGEST_CODE).contains(&code.chars().count())
}

fn number_fits(number: &str) -> bool {
    (1..=LONGEST_NUMBER).contains(&number.chars().count())
}

/// What the standard has no room for is left out; rooms too, where they are not wanted.
pub(super) fn told(categories: &[Category], with_rooms: bool) -> Told {
    let mut told = Told {
        rooms: Vec::new(),
        categories: 0,
        numbers: 0,
        left_out: 0,
    };
    for one in categories {
        if code_fits(&one.code) {
            told.category(one, with_rooms);
        } else {
            told.left_out += 1 + u32::try_from(one.units.len()).unwrap_or(u32::MAX);
        }
    }
    told
}

impl Told {
    fn category(&mut self, one: &Category, with_rooms: bool) {
        self.rooms.push(category(one));
        self.categories += 1;
        for number in &one.units {
            if !with_rooms || !number_fits(number) {
                self.left_out += 1;
                continue;
            }
            let room = Tag::new("TypeRoom").with("RoomID", number);
            self.rooms
                .push(Tag::new("GuestRoom").with("Code", &one.code).child(room));
            self.numbers += 1;
        }
    }

    pub(super) fn contents(self, hotel_code: &str) -> Tag {
        let rooms = Tag::new("GuestRooms").children(self.rooms);
        let content = Tag::new("HotelDescriptiveContent")
            .with("HotelCode", hotel_code)
            .child(Tag::new("FacilityInfo").child(rooms));
        Tag::new("HotelDescriptiveContents").child(content)
    }
}

fn category(one: &Category) -> Tag {
    // Apartment, or room: the list GRI knows neither beds nor berths.
    let class = if one.kind == "apartment" { "13" } else { "42" };
    let room = Tag::new("TypeRoom")
        .with("StandardOccupancy", one.max_occupancy)
        .with("RoomClassificationCode", class);
    let name = Tag::new("Description")
        .with("TextFormat", "PlainText")
        .with("Language", LANGUAGE)
        .text(&one.name);
    let item = Tag::new("TextItems").child(Tag::new("TextItem").child(name));
    let description = Tag::new("MultimediaDescription")
        .with("InfoCode", LONG_NAME)
        .child(item);
    Tag::new("GuestRoom")
        .with("Code", &one.code)
        .with("MinOccupancy", 1)
        .with("MaxOccupancy", one.max_occupancy)
        .child(room)
        .child(Tag::new("MultimediaDescriptions").child(description))
}
