//! Extras, taxes and who collects the money, as sellers say them.

use super::check::{amount, only, words, yes_or_no};
use crate::cursor::Cursor;
use innkeep_domain::channel::revision::{Charge, Collector, Particulars, Payment, VirtualCard};
use innkeep_domain::ports::channel::Unreadable;

const MOST: usize = 100;
const NAME: usize = 200;

type Read<T> = Result<T, Unreadable>;

pub(super) fn particulars(of: &Cursor<'_>, currency: &str) -> Read<Particulars> {
    Ok(Particulars {
        extras: charges(of, "extras", currency)?,
        taxes: charges(of, "taxes", currency)?,
        payment: of
            .field("payment")
            .map(|at| payment(&at))
            .transpose()?
            .unwrap_or_default(),
    })
}

fn charges(of: &Cursor<'_>, key: &str, currency: &str) -> Read<Vec<Charge>> {
    let Some(at) = of.field(key) else {
        return Ok(Vec::new());
    };
    let items = at.items()?;
    if items.len() > MOST {
        return Err(at.fail(format!("must have at most {MOST} entries")));
    }
    let charge = |item: &Cursor<'_>| {
        only(item, &["name", "amount", "included"])?;
        Ok(Charge {
            name: words(&item.need("name")?, NAME)?,
            amount: amount(&item.need("amount")?, currency)?,
            included: item.field("included").map(|at| yes_or_no(&at)).transpose()?,
        })
    };
    items.iter().map(charge).collect()
}

fn payment(at: &Cursor<'_>) -> Read<Payment> {
    only(
        at,
        &[
            "collected_by",
            "virtual_card",
            "chargeable_from",
            "chargeable_until",
        ],
    )?;
    let collected_by = at.field("collected_by").map(|at| match at.text()? {
        "channel" => Ok(Collector::Channel),
        "property" => Ok(Collector::Property),
        _ => Err(at.fail("must be channel or property")),
    });
    let day = |key| at.field(key).map(|at| at.date()).transpose();
    let card = VirtualCard {
        chargeable_from: day("chargeable_from")?,
        chargeable_until: day("chargeable_until")?,
    };
    let there = at.field("virtual_card").map(|at| yes_or_no(&at)).transpose()?;
    if there != Some(true) && card != VirtualCard::default() {
        return Err(at.fail("says when a virtual card can be charged, and there is none"));
    }
    Ok(Payment {
        collected_by: collected_by.transpose()?,
        virtual_card: (there == Some(true)).then_some(card),
    })
}
