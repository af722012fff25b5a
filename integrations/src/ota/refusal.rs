//! Why a message is not taken, in the form OTA gives to errors.

use std::fmt::Display;

/// How far the message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is no XML that is read here: nothing in it is known.
    Unreadable,
    /// It does not follow the schema.
    Schema,
    /// It follows the schema, but not the rules of its action.
    Rule,
    /// It would be right if both sides had agreed on the capability.
    Unsupported,
}

/// A code of OpenTravel's list of errors (ERR).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub u16);

impl Code {
    pub const INVALID_VALUE: Self = Self(320);
    pub const MISSING: Self = Self(321);
    pub const HOTEL: Self = Self(392);
    pub const ROOM_TYPE: Self = Self(402);
    pub const DATES: Self = Self(404);
    pub const UNABLE: Self = Self(450);
}

/// A message refused as a whole. The reason quotes names of the schema, never a value that may be a person's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Refusal {
    pub kind: Kind,
    pub code: Code,
    /// Elements from the root down, e.g. `OTA_ReadRQ/ReadRequests`.
    pub path: String,
    pub reason: String,
}

impl Refusal {
    pub(super) fn unreadable(reason: impl Display) -> Self {
        Self {
            kind: Kind::Unreadable,
            code: Code::UNABLE,
            path: "/".to_owned(),
            reason: reason.to_string(),
        }
    }
}
