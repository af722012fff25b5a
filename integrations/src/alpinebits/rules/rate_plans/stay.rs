//! How long a stay may be, and on which days it may begin and end: booking rules and offers say it alike.

use crate::alpinebits::rules::common;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use rust_decimal::Decimal;

/// Each bound once, in whole days, the least not above the most.
pub(super) fn lengths(of: Element<'_>) -> Result<(), Refusal> {
    let all = || of.list("LengthsOfStay", "LengthOfStay");
    common::once(
        all().map(|at| (at.get("MinMaxMessageType"), at)),
        "a length of the same type",
    )?;
    let bound = |kind: &str| match all().find(|at| at.get("MinMaxMessageType") == Some(kind)) {
        Some(at) => days(at),
        None => Ok(None),
    };
    for (least, most) in [
        ("SetMinLOS", "SetMaxLOS"),
        ("SetForwardMinStay", "SetForwardMaxStay"),
    ] {
        if let (Some(from), Some(to)) = (bound(least)?, bound(most)?)
            && from > to
        {
            return Err(of.wrong(Code::INVALID_VALUE, format!("{least} is more than {most}")));
        }
    }
    all().try_for_each(|at| days(at).map(drop))
}

fn days(at: Element<'_>) -> Result<Option<Decimal>, Refusal> {
    let time = at.amount("Time")?;
    match time {
        Some(days) if !days.fract().is_zero() => {
            Err(at.wrong(Code::INVALID_VALUE, "Time is not in whole days"))
        }
        time => Ok(time),
    }
}

/// `P3D` in days.
pub(super) fn offset(at: Element<'_>, attribute: &str) -> Result<Option<u32>, Refusal> {
    let Some(text) = at.get(attribute) else {
        return Ok(None);
    };
    let wrong = || at.wrong(Code::INVALID_VALUE, format!("{attribute} is not in reach"));
    let days = text.trim_start_matches('P').trim_end_matches('D').parse();
    days.map(Some).map_err(|_| wrong())
}
