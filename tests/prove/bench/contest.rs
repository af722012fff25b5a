//! What is asked, over HTTP by clients and as its own SQL by pgbench.

use super::stage::{NIGHTS, SPREAD, Stage};
use crate::harness::tally::booking;
use innkeep_domain::testing::House;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;

/// Nights searched, and on the tape chart.
const SEARCHED: u64 = 14;
const CHART: u64 = 60;

pub struct Contest {
    pub name: &'static str,
    pub houses: fn(&Stage) -> &[House],
    /// How many of them, and of their unit types, the scripts are about. More would be more to plan in a short run.
    pub scripts: (usize, usize),
    pub ask: fn(&House, &Draw) -> Ask,
    /// Nights of the dates asked about, and how far apart these begin at most.
    pub nights: u64,
    pub spread: u64,
    /// Scripts of the database's own limit.
    pub limits: &'static [&'static str],
}

/// What differs from one request to the next.
pub struct Draw {
    pub client: usize,
    pub unit_type: usize,
    /// Nights from the business date.
    pub from: u64,
}

impl Draw {
    pub fn random(client: usize, contest: &Contest, dice: &mut StdRng) -> Self {
        Self {
            client,
            unit_type: dice.random_range(0..8),
            from: dice.random_range(0..contest.spread),
        }
    }
}

pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub body: String,
}

impl Ask {
    fn get(path: String) -> Self {
        Self {
            method: "GET",
            path,
            body: String::new(),
        }
    }
}

pub const ALL: [Contest; 4] = [
    Contest {
        name: "bookings",
        houses: |stage| &stage.hotels,
        scripts: (2, 2),
        ask: |house, draw| Ask {
            method: "POST",
            path: "/v1/bookings".into(),
            body: booking(
                house,
                house.unit_types[draw.unit_type].id,
                draw.from,
                NIGHTS,
                "bench",
            )
            .to_string(),
        },
        nights: NIGHTS,
        spread: SPREAD,
        limits: &["book_A", "book_C", "book_D"],
    },
    Contest {
        name: "amendments",
        houses: |stage| &stage.hotels[..1],
        scripts: (1, 1),
        ask: |house, draw| Ask {
            method: "POST",
            path: format!("/v1/reservations/{}/actions/amend", Stage::stay(draw.client)),
            body: json!({ "arrival": house.night(draw.from), "departure": house.night(draw.from + NIGHTS) })
                .to_string(),
        },
        nights: NIGHTS,
        spread: SPREAD,
        limits: &[],
    },
    Contest {
        name: "offers",
        houses: |stage| std::slice::from_ref(&stage.hall),
        scripts: (1, 1),
        ask: |house, draw| {
            let (arrival, departure) = (house.night(draw.from), house.night(draw.from + SEARCHED));
            let property = house.property_id;
            Ask::get(format!(
                "/v1/properties/{property}/offers?arrival={arrival}&departure={departure}&adults=2"
            ))
        },
        nights: SEARCHED,
        spread: SPREAD,
        limits: &["avail_4rt", "avail_pipe2"],
    },
    Contest {
        name: "calendar",
        houses: |stage| std::slice::from_ref(&stage.hall),
        scripts: (1, 1),
        ask: |house, draw| {
            let (from, to) = (house.night(draw.from), house.night(draw.from + CHART));
            let property = house.property_id;
            Ask::get(format!("/v1/properties/{property}/calendar?from={from}&to={to}"))
        },
        nights: CHART,
        spread: 40,
        limits: &[],
    },
];
