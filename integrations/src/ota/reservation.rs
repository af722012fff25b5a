//! What reservations of every OTA dialect have in common. What is written wrongly here and is not needed to give the
//! guest a room is left out: it must not cost the booking.

use super::element::Element;
use super::refusal::{Code, Refusal};
use crate::text::clean;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::channel::revision::{Booker, NO_CURRENCY, RevisionStatus};
use innkeep_domain::inventory::LONGEST_RANGE;
use rust_decimal::Decimal;

pub(crate) const SHORT: usize = 200;
pub(crate) const LONG: usize = 8000;
const MOST_PEOPLE: u32 = 100;
/// From this age on, a guest whose age is told is counted as an adult.
const ADULT_AGE: u32 = 18;
/// Infants and children in OpenTravel's list of ages (AQC), for guests whose age is not told.
const CHILDREN: [&str; 2] = ["7", "8"];

/// When this was said of a booking, to tell older words from newer ones. The time of the sale stays the same in all that
/// is said later, so it counts for the sale alone; what says no time of its own counts in the order in which it comes.
pub(crate) fn revised_at(
    status: RevisionStatus,
    modified: Option<DateTime<Utc>>,
    sold: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    modified.or(sold.filter(|_| status == RevisionStatus::New))
}

/// The text inside, fit to keep.
pub(crate) fn said(at: Option<Element<'_>>, limit: usize) -> Option<String> {
    clean(&at?.text(), limit)
}

/// The texts inside, one below the other.
pub(crate) fn lines<'a>(all: impl Iterator<Item = Element<'a>>) -> Option<String> {
    let texts: Vec<String> = all.filter_map(|one| said(Some(one), LONG)).collect();
    clean(&texts.join("\n"), LONG)
}

/// The first `Customer` of the `Profiles` here.
pub(crate) fn customer(at: Element<'_>) -> Option<Element<'_>> {
    at.at(&["Profiles", "ProfileInfo", "Profile", "Customer"])
}

/// A `Customer`.
pub(crate) fn booker(customer: Element<'_>) -> Booker {
    Booker {
        name: name(customer),
        email: said(customer.child("Email"), SHORT),
        phone: telephone(customer),
        country: customer
            .at(&["Address", "CountryName"])
            .and_then(|one| country(one.get("Code")?)),
    }
}

/// Of the `PersonName` here; empty if there is none.
pub(crate) fn name(at: Element<'_>) -> String {
    let name = at.child("PersonName");
    let part = |which| said(name.and_then(|name| name.child(which)), SHORT);
    full_name([part("GivenName"), part("Surname")])
}

pub(crate) fn full_name(parts: [Option<String>; 2]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A name that is known.
pub(crate) fn known(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

/// ISO 3166-1 alpha-2, in the case of the standard.
pub(crate) fn country(code: &str) -> Option<String> {
    clean(code, 2).map(|code| code.to_ascii_uppercase())
}

/// A number to talk to, before one to send a fax to.
fn telephone(customer: Element<'_>) -> Option<String> {
    let of_kind = |kind| {
        let mut all = customer.all("Telephone");
        all.find(|one| one.get("PhoneTechType") == Some(kind))
    };
    let number = of_kind("5")
        .or_else(|| of_kind("1"))
        .or_else(|| customer.child("Telephone"))?;
    phone(["CountryAccessCode", "AreaCityCode", "PhoneNumber"].map(|part| number.get(part)))
}

/// Country, area and number; without its country, as it was written.
pub(crate) fn phone(parts: [Option<&str>; 3]) -> Option<String> {
    let [country, area, number] = parts.map(|part| clean(part?, SHORT));
    let abroad = country.map(|code| format!("+{code}"));
    let parts: Vec<String> = [abroad, area, Some(number?)].into_iter().flatten().collect();
    clean(&parts.join(" "), SHORT)
}

/// Arrival and departure of a `RoomStay`.
pub(crate) fn time_span(stay: Element<'_>) -> Result<(NaiveDate, NaiveDate), Refusal> {
    let span = stay.need_child("TimeSpan")?;
    let missing = || span.wrong(Code::DATES, "says no arrival and departure");
    let (arrival, departure) = span.date("Start")?.zip(span.date("End")?).ok_or_else(missing)?;
    bounds(span, arrival, departure)?;
    Ok((arrival, departure))
}

/// An attribute down this path, fit to keep.
pub(crate) fn code(at: Element<'_>, path: &[&'static str], attribute: &str) -> Option<String> {
    clean(at.at(path)?.get(attribute)?, SHORT)
}

/// An attribute of an element that may be missing.
pub(crate) fn amount(at: Option<Element<'_>>, attribute: &str) -> Result<Option<Decimal>, Refusal> {
    at.map_or(Ok(None), |at| at.amount(attribute))
}

/// The first that is named.
pub(crate) fn currency<'a>(places: impl IntoIterator<Item = Element<'a>>, attribute: &str) -> String {
    let mut named = places
        .into_iter()
        .filter_map(|at| clean(at.get(attribute)?, SHORT));
    named.next().unwrap_or_else(|| NO_CURRENCY.to_owned())
}

/// What each night costs, in order: one rate for each, which says its day in an attribute.
pub(crate) fn nights<'a>(
    rates: impl Iterator<Item = Element<'a>>,
    day: &str,
    price: impl Fn(Element<'a>) -> Result<Decimal, Refusal>,
) -> Result<Vec<(NaiveDate, Decimal)>, Refusal> {
    let night = |rate: Element<'a>| {
        let missing = || rate.wrong(Code::DATES, format!("{day} is missing"));
        Ok((rate.date(day)?.ok_or_else(missing)?, price(rate)?))
    };
    let mut nights = rates.map(night).collect::<Result<Vec<_>, Refusal>>()?;
    nights.sort();
    nights.dedup_by_key(|(night, _)| *night);
    Ok(nights)
}

/// The card that vouches for the booking or the room.
pub(crate) fn payment_card(at: Element<'_>) -> Option<Element<'_>> {
    at.at(&[
        "Guarantee",
        "GuaranteesAccepted",
        "GuaranteeAccepted",
        "PaymentCard",
    ])
}

/// As many nights as a stay here can have; `at` says where it is wrong.
pub(crate) fn bounds(at: Element<'_>, arrival: NaiveDate, departure: NaiveDate) -> Result<(), Refusal> {
    if (1..=LONGEST_RANGE).contains(&(departure - arrival).num_days()) {
        return Ok(());
    }
    Err(at.wrong(
        Code::DATES,
        format!("a stay has from 1 to {LONGEST_RANGE} nights"),
    ))
}

/// Adults and children of a `RoomStay`.
pub(crate) fn people(stay: Element<'_>) -> Result<(i32, i32), Refusal> {
    let (mut adults, mut children) = (0_u32, 0_u32);
    for count in stay.list("GuestCounts", "GuestCount") {
        let number = count.number("Count")?.unwrap_or_default().min(MOST_PEOPLE);
        let of_children = count
            .get("AgeQualifyingCode")
            .is_some_and(|code| CHILDREN.contains(&code));
        match count.number("Age")? {
            Some(age) if age < ADULT_AGE => children += number,
            None if of_children => children += number,
            _ => adults += number,
        }
    }
    Ok((bounded(adults), bounded(children)))
}

pub(crate) fn bounded(people: u32) -> i32 {
    i32::try_from(people.min(MOST_PEOPLE)).unwrap_or_default()
}
