//! Each rule of GuestRequests broken once.

use super::{BOTH, NEW, OLD, Wrong, refused, sample};
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::ota::refusal::Kind::{Rule, Schema};

fn wrong(all: &[Wrong]) {
    refused(
        sample::guest_requests,
        Action::GuestRequests,
        Side::Answer,
        BOTH,
        all,
    );
}

#[test]
fn statuses_and_ids() {
    wrong(&[
        (
            r#"ResStatus="Modify""#,
            r#"ResStatus="Modified""#,
            Schema,
            "ResStatus",
        ),
        (
            r#"ResStatus="Modify""#,
            r#"ResStatus="Cancelled""#,
            Rule,
            "Type is 15",
        ),
        (
            r#"Type="14" ID="r-1""#,
            r#"Type="15" ID="r-1""#,
            Rule,
            "Type is 15",
        ),
        (
            r#"Type="15" ID="r-2""#,
            r#"Type="14" ID="r-2""#,
            Rule,
            "HotelReservation[3]/UniqueID … Type is 15",
        ),
        (r#"Type="15" ID="r-2""#, r#"Type="15""#, Schema, "ID is missing"),
        (r#"ID="r-2""#, r#"ID="""#, Schema, "ID has a value"),
        (
            r#"CreateDateTime="2026-11-04T10:00:00+01:00""#,
            r#"CreateDateTime="2026-11-04""#,
            Schema,
            "CreateDateTime",
        ),
        (
            r#"ResStatus="Requested" RoomStayReservation="true""#,
            r#"ResStatus="Requested" RoomStayReservation="false""#,
            Rule,
            "RoomStays must not stand",
        ),
    ]);
}

#[test]
fn rooms() {
    const DOUBLE: &str = r#"<TimeSpan Start="2027-02-01" End="2027-02-04"/>"#;
    const WINDOW: &str = r#"<StartDateWindow EarliestDate="2027-02-01" LatestDate="2027-02-08"/>"#;
    wrong(&[
        (r#"RoomTypeCode="DBL" "#, "", Rule, "RoomTypeCode is missing"),
        (
            r#"RoomClassificationCode="42""#,
            r#"RoomClassificationCode="999""#,
            Rule,
            "list GRI",
        ),
        (
            r#"<Total AmountAfterTax="300.50" CurrencyCode="EUR"/>"#,
            "",
            Rule,
            "Total is missing",
        ),
        (
            r#"AmountAfterTax="300.50""#,
            r#"AmountAfterTax="-300.50""#,
            Schema,
            "AmountAfterTax",
        ),
        (
            "<RatePlans>\n            <RatePlan/>\n          </RatePlans>",
            "",
            Rule,
            "RatePlans is missing",
        ),
        (
            r#"<GuestCount Count="1" Age="5"/>"#,
            r#"<GuestCount Count="0" Age="5"/>"#,
            Schema,
            "Count",
        ),
        (
            DOUBLE,
            r#"<TimeSpan Start="2027-02-01"/>"#,
            Rule,
            "End is missing",
        ),
        (
            DOUBLE,
            r#"<TimeSpan Start="2027-02-04" End="2027-02-01"/>"#,
            Rule,
            "Start is after End",
        ),
        (
            DOUBLE,
            r#"<TimeSpan Start="2027-02-04" End="2027-02-04"/>"#,
            Rule,
            "not after the arrival",
        ),
        (
            DOUBLE,
            r#"<TimeSpan><StartDateWindow EarliestDate="2027-02-01" LatestDate="2027-02-08"/></TimeSpan>"#,
            Rule,
            "StartDateWindow must not stand",
        ),
        (
            WINDOW,
            r#"<StartDateWindow EarliestDate="2027-02-09" LatestDate="2027-02-08"/>"#,
            Rule,
            "EarliestDate is after LatestDate",
        ),
        (
            r#"<TimeSpan Duration="P4N">"#,
            r#"<TimeSpan Duration="4">"#,
            Schema,
            "Duration",
        ),
        (
            r#"<TimeSpan Duration="P4N">"#,
            r#"<TimeSpan Start="2027-02-01" End="2027-02-02">"#,
            Rule,
            "Start must not stand beside a window",
        ),
        (
            r#"MealPlanCodes="12""#,
            r#"MealPlanCodes="11""#,
            Schema,
            "MealPlanCodes",
        ),
    ]);
}

#[test]
fn people_and_cards() {
    const CARD: &str = r#"CardCode="VI" ExpireDate="1230""#;
    wrong(&[
        (
            CARD,
            r#"CardCode="VI" ExpireDate="1330""#,
            Rule,
            "ExpireDate is not month and year",
        ),
        (CARD, r#"CardCode="VI" ExpireDate="12/30""#, Schema, "ExpireDate"),
        (CARD, r#"CardCode="visa" ExpireDate="1230""#, Schema, "CardCode"),
        (
            "<CardNumber>",
            r#"<CardNumber EncryptedValue="x" EncryptionMethod="y">"#,
            Rule,
            "either PlainText or EncryptedValue",
        ),
        (
            "<CardNumber>",
            r#"<CardNumber EncryptionMethod="y">"#,
            Rule,
            "beside EncryptedValue",
        ),
        (
            "<PlainText>4111111111111111\n                    </PlainText>",
            "",
            Rule,
            "either PlainText or EncryptedValue",
        ),
        ("otto@example.com", "otto", Schema, "Email: has a text"),
        (
            r#"PhoneNumber="+390001""#,
            r#"PhoneNumber="39 0001""#,
            Schema,
            "PhoneNumber",
        ),
        (
            r#"<CountryName Code="DE"/>"#,
            r#"<CountryName Code="Deutschland"/>"#,
            Schema,
            "Code",
        ),
        (
            r#"Language="de">
                  <PersonName>"#,
            r#"Language="deutsch">
                  <PersonName>"#,
            Schema,
            "Language",
        ),
        ("<Surname>Asker</Surname>", "", Schema, "Surname is missing"),
        (
            r#"<Comment Name="customer comment">"#,
            r#"<Comment Name="included services">"#,
            Rule,
            "same Name",
        ),
        (
            "<Text>We come late.</Text>",
            r#"<ListItem ListItem="1" Language="de">x</ListItem>"#,
            Rule,
            "ListItem must not stand",
        ),
        (
            r#"<ListItem ListItem="1" Language="de">Parkplatz</ListItem>"#,
            "<Text>x</Text>",
            Rule,
            "Text must not stand",
        ),
    ]);
    let nobody: &[Wrong] = &[(
        r#"<BasicPropertyInfo HotelCode="H7"/>
      </ResGlobalInfo>
    </HotelReservation>
    <HotelReservation CreateDateTime="2026-11-04"#,
        r#"<BasicPropertyInfo/>
      </ResGlobalInfo>
    </HotelReservation>
    <HotelReservation CreateDateTime="2026-11-04"#,
        Rule,
        "neither HotelCode nor HotelName",
    )];
    refused(
        sample::guest_requests,
        Action::GuestRequests,
        Side::Answer,
        OLD,
        nobody,
    );
}

/// No complaint repeats what a person wrote.
#[test]
fn complaints_hold_no_person() {
    use innkeep_integrations::alpinebits::verdict::{Agreed, check};
    use innkeep_integrations::alpinebits::version::Version;
    let wrong = sample::guest_requests
        .replace("otto@example.com", "canary")
        .replace("+390001", "canary");
    let refusal = check(
        wrong.as_bytes(),
        Action::GuestRequests,
        Side::Answer,
        &Agreed::all(Version::V2024_10),
    )
    .unwrap_err();
    assert!(!format!("{refusal} {refusal:?}").contains("canary"), "{refusal}");
}

#[test]
fn rates_and_services_of_2024() {
    let all: &[Wrong] = &[
        (
            r#"ExpireDate="2027-02-03""#,
            r#"ExpireDate="2027-01-03""#,
            Rule,
            "EffectiveDate is after ExpireDate",
        ),
        (r#"RPH="1"/>"#, r#"RPH="2"/>"#, Rule, "no service has this RPH"),
        (
            r#"ServicePricingType="Per use""#,
            r#"ServicePricingType="Per hour""#,
            Schema,
            "ServicePricingType",
        ),
        (r#"Quantity="1""#, r#"Quantity="0""#, Schema, "Quantity"),
        (
            r#"EffectiveDate="2027-02-03""#,
            "",
            Schema,
            "EffectiveDate is missing",
        ),
    ];
    refused(
        sample::guest_requests_2024,
        Action::GuestRequestsPush,
        Side::Request,
        NEW,
        all,
    );
    let whole: &[Wrong] = &[(r#"<RoomRates>"#, "<RoomRates>", Schema, "TimeSpan is missing")];
    refused(
        sample::guest_requests_2024,
        Action::GuestRequestsPush,
        Side::Request,
        OLD,
        whole,
    );
}

#[test]
fn acknowledgments_and_statuses() {
    let all: &[Wrong] = &[
        (
            r#"RecordID="r-3""#,
            r#"RecordID="r-1""#,
            Rule,
            "refuses what is acknowledged",
        ),
        (r#" RecordID="r-3""#, "", Schema, "RecordID is missing"),
        (r#" Code="450""#, "", Schema, "Code is missing"),
        ("<Success/>", "", Schema, "Success is missing"),
    ];
    refused(
        sample::acknowledge,
        Action::Acknowledgments,
        Side::Request,
        BOTH,
        all,
    );
    let all: &[Wrong] = &[
        (r#"Type="15""#, r#"Type="14""#, Rule, "Type is 15"),
        (r#"Type="14""#, r#"Type="15""#, Rule, "Type is 15"),
    ];
    refused(
        sample::status_update,
        Action::StatusUpdate,
        Side::Request,
        BOTH,
        all,
    );
    // As a pushed request the same message lacks everything a reservation has.
    let bare: &[Wrong] = &[(
        r#"Version="1.000""#,
        r#"Version="1.000""#,
        Rule,
        "RoomStays is missing",
    )];
    refused(
        sample::status_update,
        Action::GuestRequestsPush,
        Side::Request,
        BOTH,
        bare,
    );
    let all: &[Wrong] = &[(
        r#"Start="2026-12-01T08:00:00+01:00""#,
        r#"Start="2026-12-01""#,
        Schema,
        "Start",
    )];
    refused(sample::read, Action::GuestRequests, Side::Request, BOTH, all);
}
