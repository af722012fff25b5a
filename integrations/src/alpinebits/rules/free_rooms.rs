//! FreeRooms: how many rooms are free on which nights.

use super::common::{self, Period};
use crate::alpinebits::capability::Capability;
use crate::alpinebits::verdict::Agreed;
use crate::ota::answer::{Notice, Type};
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};

/// What a client says of its rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeRooms {
    pub hotel_code: Option<String>,
    /// Everything said earlier is forgotten; else only what is named here changes.
    pub complete: bool,
    /// Nights on which the hotel is closed.
    pub closed: Vec<Period>,
    /// None together with `complete`: nothing is known any more.
    pub stock: Vec<Stock>,
}

/// Absolute counts for the nights of a period; what was not said is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    pub category: String,
    /// One room of the category.
    pub room: Option<String>,
    pub period: Period,
    pub bookable: u32,
    pub out_of_order: u32,
    pub out_of_market: u32,
}

/// From a message that follows the schema.
pub(crate) fn read(root: Element<'_>, agreed: &Agreed) -> Result<(FreeRooms, Vec<Notice>), Refusal> {
    let inventories = root.need_child("Inventories")?;
    common::hotel(inventories)?;
    let complete = root.child("UniqueID").is_some();
    let set = if complete {
        Capability::CompleteSet
    } else {
        Capability::Deltas
    };
    let all: Vec<Element<'_>> = inventories.all("Inventory").collect();
    let mut said = FreeRooms {
        hotel_code: inventories.get("HotelCode").map(str::to_owned),
        complete,
        closed: Vec::new(),
        stock: Vec::new(),
    };
    if let [only] = all.as_slice()
        && only.children().next().is_none()
    {
        if !complete {
            return Err(only.wrong(Code::UNABLE, "an empty Inventory stands in a complete set only"));
        }
        agreed.need(set, root)?;
        return Ok((said, Vec::new()));
    }
    let seasons = all.iter().take_while(|at| is_season(**at)).count();
    let (closed, open) = all.split_at(seasons);
    said.closed = closing_seasons(closed, agreed)?;
    said.stock = open
        .iter()
        .map(|at| stock(*at, agreed))
        .collect::<Result<_, _>>()?;
    together(&said.stock, open)?;
    agreed.need(set, root)?;
    let warnings = warnings(&said);
    Ok((said, warnings))
}

fn is_season(at: Element<'_>) -> bool {
    at.child("StatusApplicationControl")
        .is_some_and(|control| control.flag("AllInvCode"))
}

fn closing_seasons(all: &[Element<'_>], agreed: &Agreed) -> Result<Vec<Period>, Refusal> {
    let mut periods = Vec::new();
    for at in all {
        at.bare(&["InvCounts"], "in a closing season")?;
        let control = at.need_child("StatusApplicationControl")?;
        control.bare(&["InvTypeCode", "InvCode"], "in a closing season")?;
        agreed.need(Capability::ClosingSeasons, control)?;
        periods.push(Period::need(control, "Start", "End")?);
    }
    let seasons = periods.iter().zip(all).map(|(period, at)| ((), *period, *at));
    match common::overlap(seasons.collect()) {
        Some(at) => Err(at.wrong(Code::DATES, "meets another closing season")),
        None => Ok(periods),
    }
}

fn stock(at: Element<'_>, agreed: &Agreed) -> Result<Stock, Refusal> {
    let control = at.need_child("StatusApplicationControl")?;
    if control.flag("AllInvCode") {
        return Err(at.wrong(Code::UNABLE, "closing seasons stand before everything else"));
    }
    let room = control.get("InvCode").map(str::to_owned);
    let mut stock = Stock {
        category: control.need("InvTypeCode")?.to_owned(),
        period: Period::need(control, "Start", "End")?,
        room,
        bookable: 0,
        out_of_order: 0,
        out_of_market: 0,
    };
    let level = if stock.room.is_some() {
        Capability::Rooms
    } else {
        Capability::Categories
    };
    agreed.need(level, control)?;
    counts(at, &mut stock, agreed)?;
    Ok(stock)
}

fn counts(at: Element<'_>, stock: &mut Stock, agreed: &Agreed) -> Result<(), Refusal> {
    let counts = || at.list("InvCounts", "InvCount");
    common::once(
        counts().map(|count| (count.get("CountType"), count)),
        "a count of the same type",
    )?;
    for count in counts() {
        let number = count.number("Count")?.unwrap_or_default();
        match count.get("CountType") {
            Some("6") => {
                agreed.need(Capability::OutOfOrder, count)?;
                stock.out_of_order = number;
            }
            Some("9") => {
                agreed.need(Capability::OutOfMarket, count)?;
                stock.out_of_market = number;
            }
            _ => stock.bookable = number,
        }
    }
    Ok(())
}

/// Rooms or categories, and each night of each once.
fn together(stock: &[Stock], at: &[Element<'_>]) -> Result<(), Refusal> {
    let rooms = stock.iter().map(|one| one.room.is_some());
    let first = rooms.clone().next().unwrap_or_default();
    if let Some((_, other)) = rooms.zip(at).find(|(room, _)| *room != first) {
        return Err(other.wrong(Code::UNABLE, "rooms and categories are not mixed"));
    }
    let keyed = stock
        .iter()
        .zip(at)
        .map(|(one, at)| ((&one.category, &one.room), one.period, *at));
    match common::overlap(keyed.collect()) {
        Some(at) => Err(at.wrong(Code::DATES, "meets another period of the same room or category")),
        None => Ok(()),
    }
}

/// Free rooms in a closed house are no reason to refuse the rest: the house is closed.
fn warnings(said: &FreeRooms) -> Vec<Notice> {
    let mut seasons = said.closed.clone();
    seasons.sort_unstable();
    // They do not meet each other, so the last one that begins early enough ends last.
    let closed = |period: Period| {
        let begun = seasons.partition_point(|season| season.from <= period.last);
        let last = begun.checked_sub(1).and_then(|index| seasons.get(index));
        last.is_some_and(|season| season.meets(period))
    };
    let mut free = said.stock.iter().filter(|stock| stock.bookable > 0);
    let first = free.find(|stock| closed(stock.period)).map(|stock| Notice {
        kind: Type::BUSINESS_RULE,
        record: Some(stock.category.clone()),
        ..Notice::advisory("free rooms in a closing season are not offered")
    });
    first.into_iter().collect()
}
