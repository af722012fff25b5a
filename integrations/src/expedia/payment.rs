//! Who takes the guest's money, and Expedia's virtual cards.

use chrono::{Days, NaiveDate};
use innkeep_domain::channel::revision::{Charge, Collector, Payment, VirtualCard};
use rust_decimal::Decimal;

/// Begins the name of a seller whose guests pay at the hotel.
const HOTEL_COLLECT: &str = "A-";
/// Expedia writes it with and without a space.
const HOLDER: &str = "expediavirtualcard";
/// Days after the departure.
const CHARGEABLE: Days = Days::new(30);

/// The seller's name, and who collects.
pub(super) fn seller(told: &str) -> (&str, Collector) {
    match told.strip_prefix(HOTEL_COLLECT) {
        Some(name) => (name, Collector::Property),
        None => (told, Collector::Channel),
    }
}

/// `holder`: the name on the card, if there is one.
pub(super) fn payment(
    collected_by: Option<Collector>,
    holder: Option<&str>,
    arrival: NaiveDate,
    departure: NaiveDate,
) -> Payment {
    let of_expedia = |name: &str| name.replace(' ', "").eq_ignore_ascii_case(HOLDER);
    Payment {
        collected_by,
        virtual_card: holder.is_some_and(of_expedia).then(|| VirtualCard {
            chargeable_from: Some(arrival),
            chargeable_until: departure.checked_add_days(CHARGEABLE),
        }),
    }
}

/// Taxes are in the total.
pub(super) fn taxes(amount: Option<Decimal>) -> Vec<Charge> {
    let told = amount.filter(|amount| !amount.is_zero());
    let charge = told.map(|amount| Charge {
        name: "Taxes".to_owned(),
        amount,
        included: Some(true),
    });
    charge.into_iter().collect()
}
