//! Our own nights, coming back.
//!
//! A channel that reads our calendar closes those nights and shows them in its own. Taken for its claim, a cancelled
//! booking would go round between two channels for ever. Three facts tell an echo: the night is closed and not a stay;
//! it was no claim before; and it stands in the calendar that the channel *itself fetched* last (`told`). What it had
//! not yet read when it closed the night is its own sale.
//!
//! An echo *lingers* once the channel has read that the night is open. It may have sold it since, so it is held; but
//! nobody else is told, or two channels would keep each other's echo alive. After [`patience::ECHO`] it is a claim.

use super::patience;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Echo {
    /// The channel was told that the night is taken.
    Told,
    Lingering {
        until: DateTime<Utc>,
    },
}

impl Echo {
    /// What a closed night is that is no claim yet; `None` = a claim from now on.
    pub(super) fn next(echo: Option<Self>, told: bool, at: DateTime<Utc>) -> Option<Self> {
        match echo {
            _ if told => Some(Self::Told),
            Some(Self::Told) => Some(Self::Lingering {
                until: at + patience::ECHO,
            }),
            Some(Self::Lingering { until }) if at < until => echo,
            _ => None,
        }
    }
    pub(super) fn lingers(self) -> bool {
        matches!(self, Self::Lingering { .. })
    }
}
