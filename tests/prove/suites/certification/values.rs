//! Scenarios 2 to 10: what is changed in the house, and the values that the channel must be told for it.

use super::Scenario;
use super::stage::Stage;
use serde_json::{Value, json};

/// A rate plan of a room type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Product {
    pub room: &'static str,
    pub plan: &'static str,
}

const fn product(room: &'static str, plan: &'static str) -> Product {
    Product { room, plan }
}

pub const TWIN_BAR: Product = product("twin", "bar");
pub const TWIN_BB: Product = product("twin", "bb");
pub const DOUBLE_BAR: Product = product("double", "bar");
pub const DOUBLE_BB: Product = product("double", "bb");

impl Product {
    pub const ALL: [Self; 4] = [TWIN_BAR, TWIN_BB, DOUBLE_BAR, DOUBLE_BB];

    /// To begin with: on most nights, and at weekends.
    pub fn price(self, weekend: bool) -> &'static str {
        match (self.plan, weekend) {
            ("bar", false) => "100.00",
            ("bar", true) => "129.50",
            (_, false) => "120.00",
            (_, true) => "149.50",
        }
    }
}

pub struct Told;

impl Told {
    /// What a rate is first told: all fields, neutral but for the price.
    pub fn everything(price: &str) -> Value {
        json!({ "rate": price, "min_stay_arrival": 1, "min_stay_through": 1, "max_stay": 0,
                "closed_to_arrival": false, "closed_to_departure": false, "stop_sell": false })
    }
}

/// Product, first and last day, then what is set and what of it must be told.
type Line = (Product, u64, u64, Value, Value);

/// 2 to 8.
pub fn rates(stage: &Stage) -> Vec<Scenario> {
    vec![
        prices(
            stage,
            "2 single date, single rate",
            &[(TWIN_BAR, 22, 22, "333.00")],
        ),
        prices(
            stage,
            "3 single date, several rates",
            &[
                (TWIN_BAR, 21, 21, "333.00"),
                (DOUBLE_BAR, 25, 25, "444.00"),
                (DOUBLE_BB, 29, 29, "456.23"),
            ],
        ),
        prices(
            stage,
            "4 several dates, several rates",
            &[
                (TWIN_BAR, 1, 10, "241.00"),
                (DOUBLE_BAR, 10, 16, "312.66"),
                (DOUBLE_BB, 1, 20, "111.00"),
            ],
        ),
        restrictions(stage, "5 minimum stay", &minimum_stays()),
        restrictions(stage, "6 stop sell", &stop_sells()),
        restrictions(stage, "7 several restrictions", &several()),
        half_a_year(stage),
    ]
}

fn same(product: Product, from: u64, last: u64, fields: Value) -> Line {
    (product, from, last, fields.clone(), fields)
}

fn minimum_stays() -> [Line; 3] {
    let least = |nights: u32| json!({ "min_stay_arrival": nights });
    [
        same(TWIN_BAR, 23, 23, least(3)),
        same(DOUBLE_BAR, 25, 25, least(2)),
        same(DOUBLE_BB, 15, 15, least(5)),
    ]
}

fn stop_sells() -> [Line; 3] {
    let stop = || json!({ "stop_sell": true });
    [
        same(TWIN_BAR, 14, 14, stop()),
        same(DOUBLE_BAR, 16, 16, stop()),
        same(DOUBLE_BB, 20, 20, stop()),
    ]
}

/// What is set to what it was already is not told.
fn several() -> [Line; 4] {
    [
        (
            TWIN_BAR,
            1,
            10,
            json!({ "closed_to_arrival": true, "closed_to_departure": false, "max_stay": 4, "min_stay_arrival": 1 }),
            json!({ "closed_to_arrival": true, "max_stay": 4 }),
        ),
        (
            TWIN_BB,
            12,
            16,
            json!({ "closed_to_arrival": false, "closed_to_departure": true, "min_stay_arrival": 6 }),
            json!({ "closed_to_departure": true, "min_stay_arrival": 6 }),
        ),
        same(
            DOUBLE_BAR,
            10,
            16,
            json!({ "closed_to_arrival": true, "min_stay_arrival": 2 }),
        ),
        same(DOUBLE_BB, 1, 20, json!({ "min_stay_arrival": 10 })),
    ]
}

/// December to the first of May, behind the days of the others.
fn half_a_year(stage: &Stage) -> Scenario {
    let (first, last) = (31, 182);
    let mut all = prices(
        stage,
        "8 half a year",
        &[
            (TWIN_BAR, first, last, "432.00"),
            (DOUBLE_BAR, first, last, "342.00"),
        ],
    );
    let open = |nights: u32| json!({ "closed_to_arrival": false, "closed_to_departure": false, "min_stay_arrival": nights });
    let (from, to) = (stage.day(first), stage.day(last));
    all.change["restrictions"] = json!([
        stage.restriction(TWIN_BAR, from, to, &open(2)),
        stage.restriction(DOUBLE_BAR, from, to, &open(3)),
    ]);
    all.rates = vec![
        stage.rate(
            TWIN_BAR,
            from,
            to,
            json!({ "rate": "432.00", "min_stay_arrival": 2 }),
        ),
        stage.rate(
            DOUBLE_BAR,
            from,
            to,
            json!({ "rate": "342.00", "min_stay_arrival": 3 }),
        ),
    ];
    all
}

fn prices(stage: &Stage, name: &'static str, lines: &[(Product, u64, u64, &str)]) -> Scenario {
    let set = lines
        .iter()
        .map(|(p, from, to, amount)| stage.price(*p, stage.day(*from), stage.day(*to), amount));
    let told = lines.iter().map(|(p, from, to, amount)| {
        stage.rate(*p, stage.day(*from), stage.day(*to), json!({ "rate": amount }))
    });
    Scenario {
        name,
        change: json!({ "prices": set.collect::<Vec<_>>() }),
        availability: Vec::new(),
        rates: told.collect(),
    }
}

fn restrictions(stage: &Stage, name: &'static str, lines: &[Line]) -> Scenario {
    let set = lines
        .iter()
        .map(|(p, from, to, fields, _)| stage.restriction(*p, stage.day(*from), stage.day(*to), fields));
    let told = lines
        .iter()
        .map(|(p, from, to, _, told)| stage.rate(*p, stage.day(*from), stage.day(*to), told.clone()));
    Scenario {
        name,
        change: json!({ "restrictions": set.collect::<Vec<_>>() }),
        availability: Vec::new(),
        rates: told.collect(),
    }
}

/// 9 and 10: units are taken off sale, so that what the scenario names is left.
pub fn availability(stage: &Stage) -> Vec<Scenario> {
    let closing = |name, lines: [(&str, u64, u64, u32, i64); 2]| Scenario {
        name,
        change: json!({ "availability": lines
            .map(|(room, from, to, blocked, _)| stage.blocked(room, stage.day(from), stage.day(to), blocked)) }),
        availability: lines
            .map(|(room, from, to, _, left)| stage.free(room, stage.day(from), stage.day(to), left))
            .to_vec(),
        rates: Vec::new(),
    };
    vec![
        closing(
            "9 availability, single date",
            [("twin", 21, 21, 1, 7), ("double", 25, 25, 6, 0)],
        ),
        closing(
            "10 availability, several dates",
            [("twin", 10, 16, 5, 3), ("double", 17, 24, 2, 4)],
        ),
    ]
}
