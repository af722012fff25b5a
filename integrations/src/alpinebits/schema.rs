//! The published schema of each version. Names of types and groups are the schema's own.

use super::version::Version;
use crate::ota::grammar::Grammar;
use std::sync::LazyLock;

macro_rules! files {
    ($version:literal) => {
        [
            include_str!(concat!("schema/", $version, "/common.grammar")),
            include_str!(concat!("schema/", $version, "/handshake.grammar")),
            include_str!(concat!("schema/", $version, "/free_rooms.grammar")),
            include_str!(concat!("schema/", $version, "/guest_requests.grammar")),
            include_str!(concat!("schema/", $version, "/reservation.grammar")),
            include_str!(concat!("schema/", $version, "/inventory.grammar")),
            include_str!(concat!("schema/", $version, "/hotel.grammar")),
            include_str!(concat!("schema/", $version, "/rate_plans.grammar")),
            include_str!(concat!("schema/", $version, "/activities.grammar")),
        ]
    };
}

static V2022_10: LazyLock<Grammar> = LazyLock::new(|| Grammar::new(&files!("2022-10")));
static V2024_10: LazyLock<Grammar> = LazyLock::new(|| Grammar::new(&files!("2024-10")));

pub fn of(version: Version) -> &'static Grammar {
    match version {
        Version::V2022_10 => &V2022_10,
        Version::V2024_10 => &V2024_10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_grammars_is_understood() {
        for version in Version::ALL {
            assert!(
                of(version).faults().is_empty(),
                "{version:?}: {:?}",
                of(version).faults()
            );
        }
    }
}
