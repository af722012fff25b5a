//! Versions of the standard that are spoken here.

use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    V2022_10,
    V2024_10,
}

impl Version {
    pub const ALL: [Self; 2] = [Self::V2022_10, Self::V2024_10];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2022_10 => "2022-10",
            Self::V2024_10 => "2024-10",
        }
    }
}

/// Nobody promised to speak this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the version is not known here")]
pub struct UnknownVersion;

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or(UnknownVersion)
    }
}
