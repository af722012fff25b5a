//! Each rule of FreeRooms, Inventory, BaseRates and Activities broken once.

use super::{BOTH, OLD, Wrong, refused, sample};
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::capability::{Capabilities, Capability};
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::ota::refusal::Kind::{Rule, Schema, Unsupported};

const SEASON: &str = r#"<Inventory>
      <StatusApplicationControl Start="2027-04-05" End="2027-05-20" AllInvCode="true"/>
    </Inventory>"#;

#[test]
fn free_rooms() {
    let all: &[Wrong] = &[
        // The schema: names, order, values.
        (r#" Version="4""#, "", Schema, "Version is missing"),
        (
            r#"Instance="CompleteSet""#,
            r#"Instance="Some""#,
            Schema,
            "UniqueID: Instance",
        ),
        (
            r#"<UniqueID Type="16""#,
            r#"<UniqueID Type="17""#,
            Schema,
            "UniqueID: Type",
        ),
        (
            r#"CountType="6""#,
            r#"CountType="5""#,
            Schema,
            "InvCount[2]: CountType",
        ),
        (r#"Count="4""#, r#"Count="-4""#, Schema, "InvCount[1]: Count"),
        (
            r#"Start="2027-04-05""#,
            r#"Start="2027-02-30""#,
            Schema,
            "Inventory[1] … Start",
        ),
        (
            r#"Start="2027-04-05""#,
            r#"Start="05.04.2027""#,
            Schema,
            "Inventory[1] … Start",
        ),
        (
            r#"InvTypeCode="SGL""#,
            r#"InvTypeCode="NINECHARS""#,
            Schema,
            "Inventory[5] … InvTypeCode",
        ),
        (r#"HotelCode="H7""#, r#"HotelCode="""#, Schema, "HotelCode"),
        (
            r#"HotelCode="H7""#,
            r#"HotelCode="seventeen-letters""#,
            Schema,
            "HotelCode",
        ),
        (
            "<Inventories ",
            r#"<Other/><Inventories "#,
            Schema,
            "Inventories is missing",
        ),
        (
            "\n  </Inventories>",
            r#"<UniqueID Type="16" ID="1" Instance="CompleteSet"/></Inventories>"#,
            Schema,
            "UniqueID: must not",
        ),
        // Start and End.
        (
            r#"Start="2027-04-05""#,
            r#"Start="2027-05-21""#,
            Rule,
            "Inventory[1] … Start is after End",
        ),
        (
            r#"Start="2027-01-11""#,
            r#"Start="2027-01-12""#,
            Rule,
            "Inventory[4] … Start is after End",
        ),
        // Periods of the same category.
        (
            r#"Start="2027-01-11""#,
            r#"Start="2027-01-10""#,
            Rule,
            "meets another period",
        ),
        // Rooms and categories.
        (
            r#"InvTypeCode="SGL""#,
            r#"InvTypeCode="SGL" InvCode="1""#,
            Rule,
            "not mixed",
        ),
        (
            r#" InvTypeCode="SGL""#,
            "",
            Rule,
            "Inventory[5] … InvTypeCode is missing",
        ),
        (
            r#"InvTypeCode="SGL""#,
            r#"InvCode="1""#,
            Rule,
            "InvTypeCode is missing",
        ),
        (
            r#"CountType="9""#,
            r#"CountType="6""#,
            Rule,
            "count of the same type",
        ),
        // Closing seasons.
        (
            SEASON,
            SEASON_WITH_COUNTS,
            Rule,
            "InvCounts must not stand in a closing season",
        ),
        (
            r#"End="2027-05-20""#,
            r#"End="2027-10-25""#,
            Rule,
            "Inventory[2]: meets another closing season",
        ),
        (
            r#"AllInvCode="true""#,
            r#"AllInvCode="true" InvTypeCode="DBL""#,
            Rule,
            "InvTypeCode must not stand",
        ),
        (
            r#"AllInvCode="true""#,
            r#"InvTypeCode="DBL""#,
            Rule,
            "closing seasons stand before",
        ),
        (
            r#"<StatusApplicationControl Start="2027-01-11" End="2027-01-11" InvTypeCode="DBL"/>"#,
            "",
            Rule,
            "StatusApplicationControl is missing",
        ),
    ];
    refused(sample::free_rooms, Action::FreeRooms, Side::Request, BOTH, all);
    let nobody: &[Wrong] = &[(
        r#" HotelCode="H7" HotelName="Pension Alpenblick""#,
        "",
        Rule,
        "neither HotelCode nor HotelName",
    )];
    refused(sample::free_rooms, Action::FreeRooms, Side::Request, OLD, nobody);
}

const SEASON_WITH_COUNTS: &str = r#"<Inventory>
      <StatusApplicationControl Start="2027-04-05" End="2027-05-20" AllInvCode="true"/>
      <InvCounts><InvCount CountType="2" Count="0"/></InvCounts>
    </Inventory>"#;

fn free_rooms_of(inventories: &str, complete: bool) -> String {
    let set = if complete {
        r#"<UniqueID Type="16" ID="1" Instance="CompleteSet"/>"#
    } else {
        ""
    };
    format!(
        r#"<OTA_HotelInvCountNotifRQ xmlns="http://www.opentravel.org/OTA/2003/05" Version="4">{set}
        <Inventories HotelCode="H7">{inventories}</Inventories></OTA_HotelInvCountNotifRQ>"#
    )
}

#[test]
fn an_empty_inventory_stands_alone_in_a_complete_set() {
    let verdict = |inventories: &str, complete: bool| {
        let text = free_rooms_of(inventories, complete);
        check(
            text.as_bytes(),
            Action::FreeRooms,
            Side::Request,
            &Agreed::all(Version::V2024_10),
        )
    };
    assert_eq!(verdict("<Inventory/>", true), Ok(Vec::new()));
    assert_eq!(verdict("<Inventory/>", false).unwrap_err().kind, Rule);
    assert_eq!(verdict("<Inventory/><Inventory/>", true).unwrap_err().kind, Rule);
    assert_eq!(verdict("", true).unwrap_err().kind, Schema);
}

#[test]
fn free_rooms_in_a_closing_season_are_taken_with_a_warning() {
    let open = sample::free_rooms.replace(
        r#"Start="2027-01-01" End="2027-01-10""#,
        r#"Start="2027-05-20" End="2027-05-30""#,
    );
    let verdict = check(
        open.as_bytes(),
        Action::FreeRooms,
        Side::Request,
        &Agreed::all(Version::V2022_10),
    );
    let warnings = verdict.unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].record.as_deref(), Some("DBL"));
}

/// What was not agreed on is refused, and nothing else changes the verdict.
#[test]
fn capabilities() {
    use Capability as C;
    let right: &[(&str, Action, Side, &[Capability])] = &[
        (
            sample::free_rooms,
            Action::FreeRooms,
            Side::Request,
            &[
                C::Categories,
                C::ClosingSeasons,
                C::OutOfOrder,
                C::OutOfMarket,
                C::CompleteSet,
            ],
        ),
        (
            sample::free_rooms_delta,
            Action::FreeRooms,
            Side::Request,
            &[C::Rooms, C::Deltas],
        ),
        (
            sample::rate_plans,
            Action::RatePlans,
            Side::Request,
            &[
                C::Full,
                C::RatePlanJoin,
                C::BookingRule,
                C::RoomTypeBookingRule,
                C::MixedBookingRule,
                C::ArrivalDow,
                C::DepartureDow,
                C::Supplements,
                C::OfferBookingOffset,
                C::OfferDowLos,
                C::FreeNightsOffers,
                C::FamilyOffers,
            ],
        ),
        (
            sample::rate_plans_changed,
            Action::RatePlans,
            Side::Request,
            &[C::Overlay],
        ),
        (
            sample::guest_requests_2024,
            Action::GuestRequestsPush,
            Side::Request,
            &[C::PushRoomRates],
        ),
        (sample::base_rates_request, Action::BaseRates, Side::Request, &[]),
    ];
    for (text, action, side, needed) in right {
        for capability in C::ALL {
            let agreed = Agreed {
                version: Version::V2024_10,
                capabilities: Capabilities::all().without(*capability),
            };
            let verdict = check(text.as_bytes(), *action, *side, &agreed);
            match verdict {
                Ok(_) => assert!(!needed.contains(capability), "{action:?} without {capability:?}"),
                Err(refusal) => {
                    assert!(
                        needed.contains(capability),
                        "{action:?} without {capability:?}: {refusal}"
                    );
                    assert_eq!(refusal.kind, Unsupported);
                }
            }
        }
    }
}

/// Before 2024-10 nobody had to say that complete sets are taken.
#[test]
fn complete_sets_need_no_capability_in_2022() {
    let agreed = Agreed {
        version: Version::V2022_10,
        capabilities: Capabilities::all()
            .without(Capability::CompleteSet)
            .without(Capability::Full),
    };
    check(
        sample::free_rooms.as_bytes(),
        Action::FreeRooms,
        Side::Request,
        &agreed,
    )
    .unwrap();
    check(
        sample::rate_plans.as_bytes(),
        Action::RatePlans,
        Side::Request,
        &agreed,
    )
    .unwrap();
}

#[test]
fn inventory() {
    const SINGLE: &str = r#"<Description TextFormat="PlainText" Language="en">Single</Description>"#;
    const ROOM: &str = r#"<TypeRoom RoomID="101"/>"#;
    let all: &[Wrong] = &[
        (
            r#"Code="DBL" MinOccupancy="1""#,
            r#"Code="DBL""#,
            Rule,
            "MinOccupancy is missing",
        ),
        (r#" MaxOccupancy="3""#, "", Rule, "MaxOccupancy is missing"),
        (
            r#"StandardOccupancy="2" "#,
            "",
            Rule,
            "StandardOccupancy is missing",
        ),
        (
            r#"StandardOccupancy="2" RoomClassificationCode="42""#,
            r#"StandardOccupancy="2""#,
            Rule,
            "RoomClassificationCode is missing",
        ),
        (
            r#"StandardOccupancy="2" RoomClassificationCode="42""#,
            r#"StandardOccupancy="2" RoomClassificationCode="999""#,
            Rule,
            "list GRI",
        ),
        (
            r#"StandardOccupancy="2""#,
            r#"StandardOccupancy="4""#,
            Rule,
            "StandardOccupancy is not between",
        ),
        (
            r#"MaxChildOccupancy="2""#,
            r#"MaxChildOccupancy="4""#,
            Rule,
            "MaxChildOccupancy is more",
        ),
        (
            r#"Code="SGL" MinOccupancy="1""#,
            r#"Code="SGL" MinOccupancy="2""#,
            Rule,
            "MinOccupancy is more",
        ),
        (
            r#"StandardOccupancy="1""#,
            r#"StandardOccupancy="1" RoomID="1""#,
            Rule,
            "RoomID must not stand",
        ),
        (r#"RoomAmenityCode="26""#, "", Rule, "RoomAmenityCode is missing"),
        (
            r#"RoomAmenityCode="26""#,
            r#"RoomAmenityCode="999""#,
            Rule,
            "list RMA",
        ),
        (r#"InfoCode="1""#, r#"InfoCode="25""#, Rule, "same InfoCode"),
        (r#"InfoCode="1""#, "", Rule, "InfoCode is missing"),
        (r#"InfoCode="1""#, r#"InfoCode="17""#, Schema, "InfoCode"),
        (
            r#"InfoCode="23""#,
            r#"InfoCode="1""#,
            Rule,
            "TextItems is missing",
        ),
        (
            r#"InfoCode="1""#,
            r#"InfoCode="23""#,
            Rule,
            "ImageItems is missing",
        ),
        (
            r#"Language="de""#,
            r#"Language="en""#,
            Rule,
            "same language and format",
        ),
        (r#"Language="de""#, r#"Language="xx""#, Rule, "ISO 639-1"),
        (r#"Language="de""#, r#"Language="deu""#, Schema, "Language"),
        (r#"Language="fr""#, r#"Language="xx""#, Rule, "ISO 639-1"),
        (SINGLE, "", Schema, "Description is missing"),
        (r#"Category="6""#, r#"Category="999""#, Rule, "list PIC"),
        // The rooms of a category.
        (ROOM, "<TypeRoom/>", Rule, "RoomID is missing"),
        (
            ROOM,
            r#"<TypeRoom RoomID="102"/>"#,
            Rule,
            "RoomID of this category stands here twice",
        ),
        (
            ROOM,
            r#"<TypeRoom RoomID="101" Size="20"/>"#,
            Rule,
            "Size must not stand",
        ),
        (
            ROOM,
            r#"<TypeRoom RoomID="101" StandardOccupancy="2"/>"#,
            Rule,
            "StandardOccupancy must not stand",
        ),
        (
            ROOM,
            r#"<TypeRoom RoomID="101" RoomClassificationCode="42"/>"#,
            Rule,
            "RoomClassificationCode must not stand",
        ),
        (
            ROOM,
            r#"<TypeRoom RoomID="101" RoomType="1"/>"#,
            Rule,
            "RoomType must not stand",
        ),
        (
            ROOM,
            r#"<TypeRoom RoomID="101"/><Amenities><Amenity RoomAmenityCode="26"/></Amenities>"#,
            Rule,
            "Amenities must not stand",
        ),
        (
            ROOM,
            r#"<TypeRoom RoomID="101"/><MultimediaDescriptions/>"#,
            Rule,
            "MultimediaDescriptions must not stand",
        ),
        (
            "<GuestRoom Code=\"DBL\">\n            <TypeRoom RoomID=\"102\"/>",
            r#"<GuestRoom Code="DBL" MaxOccupancy="2"><TypeRoom RoomID="102"/>"#,
            Rule,
            "MaxOccupancy must not stand",
        ),
        (
            "<GuestRoom Code=\"DBL\">\n            <TypeRoom RoomID=\"102\"/>",
            r#"<GuestRoom Code="DBL" MinOccupancy="1"><TypeRoom RoomID="102"/>"#,
            Rule,
            "MinOccupancy must not stand",
        ),
        (
            "<GuestRoom Code=\"DBL\">\n            <TypeRoom RoomID=\"102\"/>",
            r#"<GuestRoom Code="DBL" MaxChildOccupancy="1"><TypeRoom RoomID="102"/>"#,
            Rule,
            "MaxChildOccupancy must not stand",
        ),
        (
            "<GuestRoom Code=\"DBL\">\n            <TypeRoom RoomID=\"102\"/>",
            r#"<GuestRoom Code="DBL" ID="D"><TypeRoom RoomID="102"/>"#,
            Rule,
            "ID must not stand",
        ),
        (
            "<GuestRoom Code=\"DBL\">\n            <TypeRoom RoomID=\"102\"/>",
            r#"<GuestRoom Code="TPL"><TypeRoom RoomID="102"/>"#,
            Rule,
            "RoomID must not stand in a category's own",
        ),
        // Nothing of Inventory/HotelInfo.
        (
            "<FacilityInfo>",
            "<HotelInfo/><FacilityInfo>",
            Rule,
            "HotelInfo must not stand",
        ),
        (
            "</FacilityInfo>",
            "</FacilityInfo><Policies><Policy/></Policies>",
            Rule,
            "Policies must not stand",
        ),
        (
            "</FacilityInfo>",
            r#"</FacilityInfo><AffiliationInfo><Awards><Award Rating="1" Provider="X"/></Awards></AffiliationInfo>"#,
            Rule,
            "AffiliationInfo must not stand",
        ),
        (
            "</FacilityInfo>",
            "</FacilityInfo><ContactInfos><ContactInfo/></ContactInfos>",
            Rule,
            "ContactInfos must not stand",
        ),
    ];
    refused(sample::inventory, Action::Inventory, Side::Request, BOTH, all);
}

#[test]
fn inventory_hotel_info() {
    const ROOM: &str = r#"<GuestRoom Code="DBL">"#;
    let all: &[Wrong] = &[
        (
            ROOM,
            r#"<GuestRoom Code="DBL" MaxOccupancy="2">"#,
            Rule,
            "MaxOccupancy must not stand",
        ),
        (
            ROOM,
            r#"<GuestRoom Code="DBL" MinOccupancy="2">"#,
            Rule,
            "MinOccupancy must not stand",
        ),
        (
            ROOM,
            r#"<GuestRoom Code="DBL" MaxChildOccupancy="2">"#,
            Rule,
            "MaxChildOccupancy must not stand",
        ),
        (
            ROOM,
            r#"<GuestRoom Code="DBL" ID="D">"#,
            Rule,
            "ID must not stand",
        ),
        (
            ROOM,
            r#"<GuestRoom Code="DBL"><TypeRoom/>"#,
            Rule,
            "TypeRoom must not stand",
        ),
        (
            ROOM,
            r#"<GuestRoom Code="DBL"><Amenities><Amenity/></Amenities>"#,
            Rule,
            "Amenities must not stand",
        ),
        (
            "<MultimediaDescription>",
            r#"<MultimediaDescription InfoCode="23">"#,
            Rule,
            "InfoCode must not stand",
        ),
        (r#"Category="6""#, r#"Category="999""#, Rule, "list PIC"),
        (
            r#"StayContext="Checkout""#,
            r#"StayContext="Checkin""#,
            Rule,
            "same StayContext",
        ),
        (r#"Language="en""#, r#"Language="xx""#, Rule, "ISO 639-1"),
        (r#"Start="15:00:00""#, r#"Start="3 pm""#, Schema, "Start"),
        (r#"Latitude="46.1""#, r#"Latitude="N46""#, Schema, "Latitude"),
    ];
    refused(sample::info, Action::Info, Side::Request, OLD, all);
    let old: &[Wrong] = &[(r#" HotelCode="H7""#, "", Rule, "neither HotelCode nor HotelName")];
    refused(sample::info, Action::Info, Side::Request, OLD, old);
}

#[test]
fn base_rates() {
    const STATIC: &str = r#"<Rate RateTimeUnit="Day" UnitMultiplier="1">"#;
    let answers: &[Wrong] = &[
        (r#" RatePlanCode="BAR""#, "", Rule, "RatePlanCode is missing"),
        (r#" CurrencyCode="EUR""#, "", Rule, "CurrencyCode is missing"),
        (r#"CurrencyCode="EUR""#, r#"CurrencyCode="EUX""#, Rule, "ISO 4217"),
        (
            STATIC,
            r#"<Rate InvTypeCode="X" Start="2026-01-01" End="2026-01-01">"#,
            Rule,
            "the first rate",
        ),
        (r#"NumberOfGuests="2" "#, "", Rule, "NumberOfGuests is missing"),
        (
            r#" AmountAfterTax="180.00""#,
            "",
            Rule,
            "AmountAfterTax is missing",
        ),
        (
            r#"AmountAfterTax="180.00""#,
            r#"AmountAfterTax="0""#,
            Schema,
            "AmountAfterTax",
        ),
    ];
    refused(sample::base_rates, Action::BaseRates, Side::Answer, BOTH, answers);
    let requests: &[Wrong] = &[
        (
            r#"Start="2027-01-01""#,
            r#"Start="2027-02-01""#,
            Rule,
            "Start is after End",
        ),
        (
            r#" Start="2027-01-01" End="2027-01-31""#,
            "",
            Rule,
            "Start and End are missing",
        ),
        (
            r#" RatePlanCode="BAR""#,
            "",
            Rule,
            "neither RatePlanCode nor RatePlanID",
        ),
        (r#"<HotelRef HotelCode="H7"/>"#, "", Rule, "HotelRef is missing"),
        (
            r#"<HotelRef HotelCode="H7"/>"#,
            r#"<HotelRef HotelCode="H7"/><HotelRef HotelCode="H7"/>"#,
            Rule,
            "stands here twice",
        ),
    ];
    refused(
        sample::base_rates_request,
        Action::BaseRates,
        Side::Request,
        BOTH,
        requests,
    );
    let text = sample::base_rates_request.replace(r#"<DateRange Start="2027-01-01" End="2027-01-31"/>"#, "");
    assert!(
        check(
            text.as_bytes(),
            Action::BaseRates,
            Side::Request,
            &Agreed::all(Version::V2024_10)
        )
        .is_ok()
    );
    let without = Agreed {
        version: Version::V2024_10,
        capabilities: Capabilities::default(),
    };
    assert_eq!(
        check(text.as_bytes(), Action::BaseRates, Side::Request, &without)
            .unwrap_err()
            .kind,
        Unsupported
    );
}

#[test]
fn activities() {
    let all: &[Wrong] = &[
        (
            r#"End="2027-01-05T11:00:00+01:00""#,
            r#"End="2027-01-05T08:00:00+01:00""#,
            Rule,
            "Start is after End",
        ),
        (r#"Language="de""#, r#"Language="en""#, Rule, "same language"),
        (r#"Type="18""#, r#"Type="14""#, Schema, "Event_ID: Type"),
        (
            "<GeneralEventInfo>",
            r#"<GeneralEventInfo URL="ftp://example.com">"#,
            Schema,
            "URL",
        ),
    ];
    refused(sample::activities, Action::Activities, Side::Request, BOTH, all);
}
