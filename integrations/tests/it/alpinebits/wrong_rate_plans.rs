//! Each rule of RatePlans broken once.

use super::{BOTH, Wrong, refused, sample};
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::ota::refusal::Kind::{Rule, Schema};

fn wrong(all: &[Wrong]) {
    refused(sample::rate_plans, Action::RatePlans, Side::Request, BOTH, all);
}

#[test]
fn plans() {
    wrong(&[
        (
            r#"RatePlanNotifType="New" "#,
            "",
            Rule,
            "RatePlanNotifType is missing",
        ),
        (
            r#"RatePlanNotifType="New""#,
            r#"RatePlanNotifType="Newer""#,
            Schema,
            "RatePlanNotifType",
        ),
        (
            r#"RatePlanNotifType="New""#,
            r#"RatePlanNotifType="Remove""#,
            Rule,
            "must not stand in a plan that is removed",
        ),
        (r#"RatePlanCode="BAR-HB" "#, "", Rule, "RatePlanCode is missing"),
        (r#"CurrencyCode="EUR" "#, "", Rule, "CurrencyCode is missing"),
        (r#"CurrencyCode="EUR""#, r#"CurrencyCode="EUX""#, Rule, "ISO 4217"),
        (
            r#"CurrencyCode="EUR""#,
            r#"CurrencyCode="EU""#,
            Schema,
            "CurrencyCode",
        ),
        (
            r#"AmountAfterTax="80""#,
            r#"AmountAfterTax="80" CurrencyCode="CHF""#,
            Rule,
            "not the plan's",
        ),
        (r#"RatePlanType="12" "#, "", Rule, "beside RatePlanType 12"),
        (r#"RatePlanID="BAR" "#, "", Rule, "beside RatePlanID"),
        (
            "</RatePlans>",
            r#"<RatePlan RatePlanNotifType="Remove" RatePlanCode="BAR-HB"/></RatePlans>"#,
            Rule,
            "the plan stands here twice",
        ),
        (
            r#"<RatePlans HotelCode="H7">"#,
            r#"<UniqueID Type="16" ID="1" Instance="CompleteSet"/><RatePlans HotelCode="H7"><RatePlan RatePlanNotifType="Remove" RatePlanCode="X"/>"#,
            Rule,
            "complete set",
        ),
        (
            r#"<Description Name="gallery">"#,
            r#"<Description Name="title">"#,
            Rule,
            "same Name",
        ),
        (
            r#"<Image>https://example.com/ski.jpg</Image>"#,
            "<ListItem>1</ListItem>",
            Rule,
            "ListItem must not stand",
        ),
        (
            r#"<Image>https://example.com/ski.jpg</Image>"#,
            "<Image>ski.jpg</Image>",
            Schema,
            "Image",
        ),
        (r#"Language="en""#, r#"Language="xx""#, Rule, "ISO 639-1"),
        (r#" Language="en""#, "", Rule, "Language is missing"),
    ]);
}

#[test]
fn booking_rules() {
    const FIRST: &str = r#"<BookingRule Start="2027-01-01" End="2027-01-31">"#;
    wrong(&[
        (
            FIRST,
            r#"<BookingRule Start="2027-01-01">"#,
            Rule,
            "End is missing",
        ),
        (
            FIRST,
            r#"<BookingRule Start="2027-02-01" End="2027-01-31">"#,
            Rule,
            "Start is after End",
        ),
        (
            FIRST,
            r#"<BookingRule Start="2027-01-01" End="2027-02-01">"#,
            Rule,
            "meets another rule",
        ),
        (
            FIRST,
            r#"<BookingRule CodeContext="ROOMTYPE" Code="DBL" Start="2027-01-01" End="2027-01-31">"#,
            Rule,
            "meets another rule",
        ),
        (
            r#"CodeContext="ROOMTYPE" Code="DBL""#,
            r#"Code="DBL""#,
            Rule,
            "Code and CodeContext",
        ),
        (
            r#"CodeContext="ROOMTYPE" Code="DBL""#,
            r#"CodeContext="ROOMTYPE""#,
            Rule,
            "Code and CodeContext",
        ),
        (
            r#"Time="14" TimeUnit="Day" MinMaxMessageType="SetMaxLOS""#,
            r#"Time="1" TimeUnit="Day" MinMaxMessageType="SetMaxLOS""#,
            Rule,
            "SetMinLOS is more than SetMaxLOS",
        ),
        (
            r#"Time="3" TimeUnit"#,
            r#"Time="8" TimeUnit"#,
            Rule,
            "SetForwardMinStay is more",
        ),
        (
            r#"Time="3" TimeUnit"#,
            r#"Time="2.5" TimeUnit"#,
            Rule,
            "whole days",
        ),
        (
            r#"MinMaxMessageType="SetForwardMinStay""#,
            r#"MinMaxMessageType="SetForwardMaxStay""#,
            Rule,
            "length of the same type",
        ),
        (
            r#"MinMaxMessageType="SetForwardMinStay""#,
            r#"MinMaxMessageType="SetStay""#,
            Schema,
            "MinMaxMessageType",
        ),
        (
            r#"Sat="1""#,
            r#"Saturday="1""#,
            Schema,
            "attribute that is not in the schema",
        ),
        (
            r#"<RestrictionStatus Restriction="Master" Status="Open"/>"#,
            r#"<RestrictionStatus Restriction="Master"/>"#,
            Rule,
            "Status is missing",
        ),
    ]);
}

#[test]
fn rates() {
    const STATIC: &str = r#"<BaseByGuestAmt Type="7"/>"#;
    const SINGLE: &str = r#"<Rate InvTypeCode="SGL" Start="2027-01-01" End="2027-02-28">"#;
    const BABY: &str = r#"AgeQualifyingCode="8" MaxAge="3""#;
    wrong(&[
        (
            r#"<Rate RateTimeUnit="Day" UnitMultiplier="1">"#,
            r#"<Rate UnitMultiplier="1">"#,
            Rule,
            "RateTimeUnit is missing",
        ),
        (
            r#"<Rate RateTimeUnit="Day" UnitMultiplier="1">"#,
            r#"<Rate RateTimeUnit="Day">"#,
            Rule,
            "UnitMultiplier is missing",
        ),
        (
            r#"<Rate RateTimeUnit="Day" UnitMultiplier="1">"#,
            r#"<Rate RateTimeUnit="Day" UnitMultiplier="1" Start="2027-01-01">"#,
            Rule,
            "the first rate",
        ),
        (STATIC, "<BaseByGuestAmt/>", Rule, "Type is missing"),
        (
            STATIC,
            r#"<BaseByGuestAmt Type="7" NumberOfGuests="1"/>"#,
            Rule,
            "NumberOfGuests must not stand",
        ),
        (
            STATIC,
            r#"<BaseByGuestAmt Type="7"/><BaseByGuestAmt Type="25"/>"#,
            Rule,
            "one BaseByGuestAmt",
        ),
        (
            r#"<MealsIncluded MealPlanIndicator="true" MealPlanCodes="12"/>"#,
            "",
            Rule,
            "MealsIncluded is missing",
        ),
        (r#" MealPlanCodes="12""#, "", Rule, "MealPlanCodes is missing"),
        (
            r#"MealPlanCodes="12""#,
            r#"MealPlanCodes="2""#,
            Schema,
            "MealPlanCodes",
        ),
        (
            SINGLE,
            r#"<Rate Start="2027-01-01" End="2027-02-28">"#,
            Rule,
            "InvTypeCode is missing",
        ),
        (
            SINGLE,
            r#"<Rate InvTypeCode="SGL" End="2027-02-28">"#,
            Rule,
            "Start is missing",
        ),
        (
            SINGLE,
            r#"<Rate InvTypeCode="SGL" Start="2027-03-01" End="2027-02-28">"#,
            Rule,
            "Start is after End",
        ),
        (
            SINGLE,
            r#"<Rate InvTypeCode="DBL" Start="2027-01-01" End="2027-02-28">"#,
            Rule,
            "meets another rate",
        ),
        (
            SINGLE,
            r#"<Rate InvTypeCode="DBL" Start="2027-01-01" End="2027-02-28" Sat="1">"#,
            Rule,
            "meets another rate",
        ),
        (
            SINGLE,
            r#"<Rate InvTypeCode="SGL" Start="2027-01-01" End="2027-02-28" RateTimeUnit="Day">"#,
            Rule,
            "RateTimeUnit must not stand",
        ),
        (
            SINGLE,
            r#"<Rate RateTimeUnit="Day" UnitMultiplier="1">"#,
            Rule,
            "RateTimeUnit must not stand",
        ),
        (
            r#"<BaseByGuestAmt NumberOfGuests="1" AgeQualifyingCode="10" AmountAfterTax="80"/>"#,
            r#"<BaseByGuestAmt NumberOfGuests="1" AmountAfterTax="80"/>"#,
            Rule,
            "AgeQualifyingCode must be 10",
        ),
        (
            r#"<BaseByGuestAmt NumberOfGuests="1" AgeQualifyingCode="10" AmountAfterTax="80"/>"#,
            r#"<BaseByGuestAmt NumberOfGuests="1" AgeQualifyingCode="8" AmountAfterTax="80"/>"#,
            Rule,
            "AgeQualifyingCode must be 10",
        ),
        (
            r#"<BaseByGuestAmt NumberOfGuests="1" AgeQualifyingCode="10" AmountAfterTax="80"/>"#,
            r#"<BaseByGuestAmt AgeQualifyingCode="10" AmountAfterTax="80"/>"#,
            Rule,
            "NumberOfGuests is missing",
        ),
        (
            r#"<BaseByGuestAmt NumberOfGuests="1" AgeQualifyingCode="10" AmountAfterTax="80"/>"#,
            r#"<BaseByGuestAmt Type="7" NumberOfGuests="1" AgeQualifyingCode="10" AmountAfterTax="80"/>"#,
            Rule,
            "Type must not stand",
        ),
        (r#" AmountAfterTax="80""#, "", Rule, "AmountAfterTax is missing"),
        (
            r#"NumberOfGuests="1" AgeQualifyingCode="10" AmountAfterTax="106""#,
            r#"NumberOfGuests="2" AgeQualifyingCode="10" AmountAfterTax="106""#,
            Rule,
            "price for as many guests",
        ),
        (
            r#"AmountAfterTax="80""#,
            r#"AmountAfterTax="80,00""#,
            Schema,
            "AmountAfterTax",
        ),
        (r#" Amount="70""#, "", Rule, "Amount is missing"),
        (
            r#"AgeQualifyingCode="10" Amount="70""#,
            r#"AgeQualifyingCode="10" MinAge="18" Amount="70""#,
            Rule,
            "MinAge must not stand for an adult",
        ),
        (
            r#"AgeQualifyingCode="10" Amount="70""#,
            r#"AgeQualifyingCode="7" Amount="70""#,
            Rule,
            "AgeQualifyingCode must be 8 or 10",
        ),
        (
            BABY,
            r#"AgeQualifyingCode="10""#,
            Rule,
            "amount for further adults",
        ),
        (
            BABY,
            r#"AgeQualifyingCode="8""#,
            Rule,
            "neither MinAge nor MaxAge",
        ),
        (
            BABY,
            r#"AgeQualifyingCode="8" MaxAge="4""#,
            Rule,
            "meets the ages",
        ),
        (
            BABY,
            r#"AgeQualifyingCode="8" MinAge="3" MaxAge="3""#,
            Rule,
            "MinAge is not below MaxAge",
        ),
    ]);
}

#[test]
fn weekdays_part_rates_of_the_same_dates() {
    let parted = sample::rate_plans
        .replace(
            r#"<Rate InvTypeCode="DBL" Start="2027-02-01" End="2027-02-28">"#,
            r#"<Rate InvTypeCode="DBL" Start="2027-01-01" End="2027-02-28" Fri="1" Sat="1">"#,
        )
        .replace(
            r#"<Rate InvTypeCode="DBL" Start="2027-01-01" End="2027-01-31">"#,
            r#"<Rate InvTypeCode="DBL" Start="2027-01-01" End="2027-01-31" Sun="1" Fri="0">"#,
        );
    check(
        parted.as_bytes(),
        Action::RatePlans,
        Side::Request,
        &Agreed::all(Version::V2022_10),
    )
    .unwrap();
}

#[test]
fn supplements() {
    const STATIC: &str = r#"AddToBasicRateIndicator="true" MandatoryIndicator="true" ChargeTypeCode="18""#;
    const DATED: &str = r#"Amount="20" Start="2027-01-01" End="2027-06-30""#;
    wrong(&[
        (
            STATIC,
            r#"MandatoryIndicator="true" ChargeTypeCode="18""#,
            Rule,
            "AddToBasicRateIndicator is missing",
        ),
        (
            STATIC,
            r#"AddToBasicRateIndicator="true" ChargeTypeCode="18""#,
            Rule,
            "MandatoryIndicator is missing",
        ),
        (
            STATIC,
            r#"AddToBasicRateIndicator="true" MandatoryIndicator="true""#,
            Rule,
            "ChargeTypeCode is missing",
        ),
        (
            STATIC,
            r#"AddToBasicRateIndicator="true" MandatoryIndicator="true" ChargeTypeCode="18" Amount="1""#,
            Rule,
            "Amount must not stand",
        ),
        (
            STATIC,
            r#"AddToBasicRateIndicator="false" MandatoryIndicator="true" ChargeTypeCode="18""#,
            Schema,
            "AddToBasicRateIndicator",
        ),
        (
            r#"InvCode="CLEAN" AddToBasicRateIndicator"#,
            r#"InvCode="OTHER" AddToBasicRateIndicator"#,
            Rule,
            "no supplement of this InvCode",
        ),
        (DATED, r#"Amount="20" Start="2027-01-01""#, Rule, "End is missing"),
        (
            DATED,
            r#"Amount="20" Start="2027-07-01" End="2027-06-30""#,
            Rule,
            "Start is after End",
        ),
        (
            DATED,
            r#"Amount="20" Start="2027-01-01" End="2027-06-30" MandatoryIndicator="true""#,
            Rule,
            "MandatoryIndicator must not stand",
        ),
        (
            r#"<Supplement InvType="EXTRA" InvCode="CLEAN" Amount="20" Start="2027-01-01" End="2027-06-30"/>"#,
            r#"<Supplement InvType="EXTRA" InvCode="CLEAN" Amount="20" Start="2027-01-01" End="2027-06-30"/><Supplement InvType="EXTRA" InvCode="CLEAN" Amount="20" Start="2027-06-30" End="2027-07-30"/>"#,
            Rule,
            "same supplement",
        ),
        (r#"InvCode="0000011""#, r#"InvCode="11""#, Rule, "seven digits"),
        (
            r#"InvType="ALPINEBITSDOW""#,
            r#"InvType="DOW""#,
            Schema,
            "InvType",
        ),
    ]);
}

#[test]
fn offers() {
    const ADULTS: &str =
        r#"<Occupancy AgeQualifyingCode="10" MinAge="16" MaxAge="99" MinOccupancy="1" MaxOccupancy="4"/>"#;
    const NIGHTS: &str = r#"NightsRequired="7" NightsDiscounted="1" DiscountPattern="0000001""#;
    wrong(&[
        (
            r#"MinAdvancedBookingOffset="P3D""#,
            r#"MinAdvancedBookingOffset="P91D""#,
            Rule,
            "MinAdvancedBookingOffset is more",
        ),
        (
            r#"MinAdvancedBookingOffset="P3D""#,
            r#"MinAdvancedBookingOffset="3""#,
            Schema,
            "MinAdvancedBookingOffset",
        ),
        (
            r#"MinAdvancedBookingOffset="P3D""#,
            r#"MinAdvancedBookingOffset="P99999999999D""#,
            Rule,
            "MinAdvancedBookingOffset is not in reach",
        ),
        (
            r#"Time="9" TimeUnit"#,
            r#"Time="1" TimeUnit"#,
            Rule,
            "SetMinLOS is more than SetMaxLOS",
        ),
        (ADULTS, "", Rule, "occupancy of adults is missing"),
        (
            ADULTS,
            r#"<Occupancy AgeQualifyingCode="10" MinAge="100" MaxAge="99"/>"#,
            Rule,
            "MinAge is more",
        ),
        (
            ADULTS,
            r#"<Occupancy AgeQualifyingCode="10" MinOccupancy="5" MaxOccupancy="4"/>"#,
            Rule,
            "MinOccupancy is more",
        ),
        (
            r#"<Occupancy AgeQualifyingCode="8"/>"#,
            r#"<Occupancy AgeQualifyingCode="10"/>"#,
            Rule,
            "occupancy of the same age",
        ),
        (
            NIGHTS,
            r#"NightsRequired="7" DiscountPattern="0000001""#,
            Rule,
            "NightsDiscounted is missing",
        ),
        (
            NIGHTS,
            r#"NightsDiscounted="1""#,
            Rule,
            "NightsRequired is missing",
        ),
        (
            NIGHTS,
            r#"NightsRequired="7" NightsDiscounted="7""#,
            Rule,
            "NightsDiscounted is not below",
        ),
        (
            NIGHTS,
            r#"NightsRequired="7" NightsDiscounted="2" DiscountPattern="0000001""#,
            Rule,
            "DiscountPattern",
        ),
        (
            NIGHTS,
            r#"NightsRequired="6" NightsDiscounted="1" DiscountPattern="0000001""#,
            Rule,
            "DiscountPattern",
        ),
        (
            NIGHTS,
            r#"NightsRequired="7" NightsDiscounted="1" DiscountPattern="0000010""#,
            Schema,
            "DiscountPattern",
        ),
        (
            r#"Percent="100" NightsRequired"#,
            r#"Percent="50" NightsRequired"#,
            Schema,
            "Percent",
        ),
        (
            r#"<Discount Percent="100"/>"#,
            r#"<Discount Percent="100" NightsRequired="3" NightsDiscounted="1"/>"#,
            Rule,
            "NightsRequired must not stand",
        ),
        (r#"<Discount Percent="100"/>"#, "", Rule, "Discount is missing"),
        (
            r#"<Guest AgeQualifyingCode="8""#,
            r#"<Guest AgeQualifyingCode="10""#,
            Rule,
            "AgeQualifyingCode must be 8",
        ),
        (
            r#"FirstQualifyingPosition="1""#,
            r#"FirstQualifyingPosition="2""#,
            Schema,
            "FirstQualifyingPosition",
        ),
    ]);
    let none = sample::rate_plans.split("<Offers>").next().unwrap().to_owned()
        + "</RatePlan></RatePlans></OTA_HotelRatePlanNotifRQ>";
    let verdict = check(
        none.as_bytes(),
        Action::RatePlans,
        Side::Request,
        &Agreed::all(Version::V2022_10),
    );
    assert!(verdict.unwrap_err().reason.contains("the plan's rule is missing"));
}

#[test]
fn changes_and_removals() {
    let wrong: &[Wrong] = &[
        (r#"CurrencyCode="EUR" "#, "", Rule, "CurrencyCode is missing"),
        (
            r#"<RatePlan RatePlanNotifType="Remove" RatePlanCode="OLD"/>"#,
            r#"<RatePlan RatePlanNotifType="Remove"/>"#,
            Rule,
            "RatePlanCode is missing",
        ),
        (
            r#"<RatePlan RatePlanNotifType="Remove" RatePlanCode="OLD"/>"#,
            "<RatePlan/>",
            Rule,
            "RatePlanNotifType is missing",
        ),
        (
            r#"<RatePlans HotelCode="H7">"#,
            r#"<UniqueID Type="16" ID="1" Instance="CompleteSet"/><RatePlans HotelCode="H7">"#,
            Rule,
            "complete set",
        ),
    ];
    refused(
        sample::rate_plans_changed,
        Action::RatePlans,
        Side::Request,
        BOTH,
        wrong,
    );
}

/// Prices can be taken back by a change, and are told by everything else.
#[test]
fn prices_are_taken_back_by_changes_only() {
    let verdict = |text: &str| {
        let (before, rest) = text.rsplit_once("<BaseByGuestAmts>").unwrap();
        let (_, after) = rest.split_once("</BaseByGuestAmts>").unwrap();
        let text = format!("{before}{after}");
        check(
            text.as_bytes(),
            Action::RatePlans,
            Side::Request,
            &Agreed::all(Version::V2024_10),
        )
    };
    assert!(verdict(sample::rate_plans_changed).is_ok());
    let refusal = verdict(sample::rate_plans).unwrap_err();
    assert!(refusal.reason.contains("BaseByGuestAmt is missing"), "{refusal}");
}

#[test]
fn an_empty_plan_stands_alone_in_a_complete_set() {
    let message = |set: &str| {
        format!(
            r#"<OTA_HotelRatePlanNotifRQ xmlns="http://www.opentravel.org/OTA/2003/05" Version="1.000">{set}
            <RatePlans HotelCode="H7"><RatePlan/></RatePlans></OTA_HotelRatePlanNotifRQ>"#
        )
    };
    let verdict = |text: String| {
        check(
            text.as_bytes(),
            Action::RatePlans,
            Side::Request,
            &Agreed::all(Version::V2024_10),
        )
    };
    assert!(verdict(message(r#"<UniqueID Type="16" ID="1" Instance="CompleteSet"/>"#)).is_ok());
    assert_eq!(verdict(message("")).unwrap_err().kind, Rule);
}
