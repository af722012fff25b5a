//! Availability, rates and restrictions as pushed: each value is checked by itself, good ones are applied
//! in order, bad ones come back as warnings inside an HTTP 200.

mod availability;
mod problems;
mod restrictions;
mod span;

use serde_json::Value;

pub(crate) use problems::Problems;
pub(crate) use restrictions::RestrictionChange;
pub(crate) use span::Span;

use crate::property::Property;
use crate::world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Availability,
    Restrictions,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Restrictions => "restrictions",
        }
    }

    /// The field that an invented warning complains about.
    fn main_field(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Restrictions => "rate",
        }
    }
}

/// What became of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) property_ids: Vec<String>,
    pub(crate) values: usize,
    pub(crate) applied: usize,
    pub(crate) warnings: Vec<Value>,
}

/// Applies the values first to last, so that the last one told wins, also inside one call.
pub(crate) fn apply(world: &mut World, kind: Kind, values: &[Value]) -> Outcome {
    let mut outcome = Outcome {
        property_ids: property_ids(values),
        values: values.len(),
        ..Outcome::default()
    };
    let (warning_rate, silent_drop_rate) = (world.faults.warning_rate, world.faults.silent_drop_rate);
    for value in values {
        let spoiled = world.dice.chance(warning_rate);
        let swallowed = world.dice.chance(silent_drop_rate);
        let result = match world.property_mut(text(value, "property_id")) {
            None => Err(Problems::one("property_id", "is invalid")),
            Some(_) if spoiled => Err(Problems::one(kind.main_field(), "is invalid")),
            Some(property) => check_and_apply(property, kind, value, swallowed),
        };
        match result {
            Ok(()) => outcome.applied += 1,
            Err(problems) => outcome.warnings.push(problems.attach_to(value)),
        }
    }
    outcome
}

fn check_and_apply(
    property: &mut Property,
    kind: Kind,
    value: &Value,
    swallowed: bool,
) -> Result<(), Problems> {
    match kind {
        Kind::Availability => {
            let change = availability::parse(property, value)?;
            if !swallowed {
                property.set_availability(&change.room_type_id, change.span.dates(), change.count);
            }
        }
        Kind::Restrictions => {
            let (rate_plan_id, span, change) = restrictions::parse(property, value)?;
            if !swallowed {
                property.restrict(&rate_plan_id, span.dates(), &change);
            }
        }
    }
    Ok(())
}

/// The distinct properties of a call, in order of first mention.
pub(crate) fn property_ids(values: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in values.iter().map(|value| text(value, "property_id")) {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
