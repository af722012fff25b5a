//! The dice, and what they hold in store for a request.

use std::time::Duration;

use poem::http::StatusCode;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::faults::{Faults, OutageMode};

pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Impossible things do not consume a throw: switching one fault off leaves the others' luck alone.
    pub(crate) fn chance(&mut self, rate: f64) -> bool {
        rate > 0.0 && self.0.random_bool(rate.clamp(0.0, 1.0))
    }

    pub(crate) fn duration(&mut self, range_ms: Option<(u64, u64)>) -> Duration {
        let (least, most) = range_ms.unwrap_or_default();
        Duration::from_millis(if most > least {
            self.0.random_range(least..=most)
        } else {
            least
        })
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }

    fn server_error(&mut self) -> StatusCode {
        match self.0.random_range(0..3) {
            0 => StatusCode::INTERNAL_SERVER_ERROR,
            1 => StatusCode::BAD_GATEWAY,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Served,
    Failed(StatusCode),
    /// The connection is cut before anything happened.
    Severed,
    /// No answer; `applied` says whether the request was carried out.
    Unanswered {
        applied: bool,
        sever: bool,
        hang: Duration,
    },
}

impl Fate {
    pub(crate) fn draw(faults: &Faults, dice: &mut Dice) -> Self {
        match faults.outage {
            OutageMode::Unavailable => return Self::Failed(StatusCode::SERVICE_UNAVAILABLE),
            OutageMode::Severed => return Self::Severed,
            OutageMode::Off => {}
        }
        let (sever, hang) = (faults.sever_on_timeout, Duration::from_millis(faults.hang_ms));
        if dice.chance(faults.error_rate) {
            Self::Failed(dice.server_error())
        } else if dice.chance(faults.timeout_before_apply_rate) {
            Self::Unanswered {
                applied: false,
                sever,
                hang,
            }
        } else if dice.chance(faults.timeout_after_apply_rate) {
            Self::Unanswered {
                applied: true,
                sever,
                hang,
            }
        } else {
            Self::Served
        }
    }

    /// For the journal.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Served => None,
            Self::Failed(_) => Some("error"),
            Self::Severed => Some("outage"),
            Self::Unanswered { applied: false, .. } => Some("timeout_before_apply"),
            Self::Unanswered { applied: true, .. } => Some("timeout_after_apply"),
        }
    }
}
