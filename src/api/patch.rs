//! PATCH: an absent field is left, `null` clears, a value sets. DTOs use poem-openapi's `MaybeUndefined`.

use poem_openapi::types::MaybeUndefined;

/// `None` = leave, `Some(None)` = clear, `Some(Some(v))` = set: the shape the domain's commands take.
pub fn change<T>(field: MaybeUndefined<T>) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}
