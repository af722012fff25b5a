//! PATCH: an absent field is left, `null` clears, a value sets. DTOs use poem-openapi's `MaybeUndefined`.

use innkeep_domain::error::Refusal;
use poem_openapi::types::MaybeUndefined;

/// `None` = leave, `Some(None)` = clear, `Some(Some(v))` = set: the shape the domain's commands take.
pub fn change<T>(field: MaybeUndefined<T>) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// A field that always has a value: `null` is refused.
pub fn required<T>(field: MaybeUndefined<T>, pointer: &str) -> Result<Option<T>, Refusal> {
    match field {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => {
            Err(Refusal::invalid("cannot_be_cleared", "this always has a value").at(pointer))
        }
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}
