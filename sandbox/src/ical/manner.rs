//! How the platforms write calendars, as measured.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Manner {
    /// Of what is taken only the nights are shown: nights that touch are one event, the past is cut off, and a UID
    /// follows from the first night.
    Booking,
    /// A reservation keeps its UID for good, and has a code. What else is closed has UIDs that follow from the first
    /// night, and rolls on with the day.
    Airbnb,
}

/// Whose UID stays with the reservation, and whose follows from the first night.
const RESERVED: &str = "1418fb94e984";
const NOT_AVAILABLE: &str = "7f662ec65913";

impl Manner {
    /// How far a calendar reaches, in days.
    pub(super) fn days_ahead(self) -> u64 {
        match self {
            Self::Booking => 549,
            Self::Airbnb => 366,
        }
    }

    /// How many days closed nights are shown after they are over.
    pub(super) fn days_back(self) -> u64 {
        match self {
            Self::Booking => 0,
            Self::Airbnb => 2,
        }
    }

    /// Does it show what it read elsewhere as its own closed nights?
    pub(super) fn echoes(self) -> bool {
        self == Self::Airbnb
    }
}

pub(super) fn booking_uid(listing: &str, first: &str) -> String {
    format!("{}@booking.com", digest(&[listing, first]))
}

pub(super) fn closed_uid(listing: &str, first: &str) -> String {
    format!("{NOT_AVAILABLE}-{}@airbnb.com", digest(&[listing, first]))
}

pub(super) fn reserved_uid(booking: &str) -> String {
    format!("{RESERVED}-{}@airbnb.com", digest(&[booking]))
}

/// What the guest reads out, `HM` and eight more, and the last four digits of the telephone.
pub(super) fn code(booking: &str) -> (String, String) {
    let digest = digest(&["code", booking]);
    let code = digest.get(..8).unwrap_or_default().to_uppercase();
    let digits = digest.bytes().skip(8).take(4);
    let digits = digits.map(|byte| char::from(b'0' + byte % 10)).collect();
    (format!("HM{code}"), digits)
}

/// 32 hexadecimal digits.
fn digest(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
