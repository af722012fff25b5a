//! Who is in the demo: a hotel and a host, what they sell and where.

use innkeep_domain::rates::plan::Adjustment;
use rust_decimal::{Decimal, dec};

pub struct HouseSpec {
    pub name: &'static str,
    pub kind: &'static str,
    pub zone: &'static str,
    pub owner: (&'static str, &'static str),
    pub login_file: &'static str,
    pub types: Vec<TypeSpec>,
    pub second_plan: SecondPlan,
    pub channels: &'static [ChannelSpec],
}

pub const CURRENCY: &str = "EUR";

pub struct TypeSpec {
    pub code: &'static str,
    pub name: &'static str,
    pub persons: i32,
    pub units: Vec<String>,
    /// A night in the low season.
    pub price: Decimal,
}

/// Every house has a flexible base plan, and one that derives from it.
pub struct SecondPlan {
    pub code: &'static str,
    pub name: &'static str,
    pub by: Adjustment,
    pub min_stay: Option<i32>,
    pub refundable: bool,
}

pub struct ChannelSpec {
    pub name: &'static str,
    /// The seller behind the channel, as its messages name it.
    pub sells_as: &'static str,
    /// Otherwise it is an open webhook, which takes no availability.
    pub channex: bool,
}

const fn channex(name: &'static str, sells_as: &'static str) -> ChannelSpec {
    ChannelSpec {
        name,
        sells_as,
        channex: true,
    }
}

pub fn all() -> Vec<HouseSpec> {
    vec![lindenhof(), marina()]
}

/// Who sells under a connection of this name.
pub fn seller(connection: &str) -> &str {
    let known = [LINDENHOF_CHANNELS, MARINA_CHANNELS]
        .into_iter()
        .flatten()
        .find(|c| c.name == connection);
    known.map_or(connection, |c| c.sells_as)
}

const LINDENHOF_CHANNELS: &[ChannelSpec] = &[
    channex("Channex: BookingCom", "BookingCom"),
    channex("Channex: Expedia", "Expedia"),
    ChannelSpec {
        name: "Webhook: Sunny Stays",
        sells_as: "Sunny Stays",
        channex: false,
    },
];
const MARINA_CHANNELS: &[ChannelSpec] = &[channex("Channex: Airbnb", "Airbnb")];

/// Rooms `101`, `102`, ... on one floor.
fn rooms(first: u32, count: u32) -> Vec<String> {
    (first..first + count).map(|n| n.to_string()).collect()
}

fn lindenhof() -> HouseSpec {
    let unit_type = |code, name, persons, units, price| TypeSpec {
        code,
        name,
        persons,
        units,
        price,
    };
    HouseSpec {
        name: "Hotel Lindenhof",
        kind: "hotel",
        zone: "Europe/Berlin",
        owner: ("Hanna Linden", "owner@lindenhof.example"),
        login_file: "demo-login.json",
        types: vec![
            unit_type("DBL", "Double", 3, rooms(201, 22), dec!(96)),
            unit_type("SGL", "Single", 1, rooms(101, 12), dec!(72)),
            unit_type("SUI", "Suite", 4, rooms(301, 6), dec!(164)),
        ],
        second_plan: SecondPlan {
            code: "NRF",
            name: "Non-refundable",
            by: Adjustment::Percent(dec!(-10)),
            min_stay: None,
            refundable: false,
        },
        channels: LINDENHOF_CHANNELS,
    }
}

fn marina() -> HouseSpec {
    let apartment = |code, name: &'static str, persons, price| TypeSpec {
        code,
        name,
        persons,
        units: vec![name.to_owned()],
        price,
    };
    HouseSpec {
        name: "Casa Marina",
        kind: "host",
        zone: "Europe/Lisbon",
        owner: ("Rui Marinho", "owner@casamarina.example"),
        login_file: "demo-login-host.json",
        types: vec![
            apartment("FAROL", "Apartment Farol", 4, dec!(118)),
            apartment("MARE", "Apartment Maré", 2, dec!(89)),
            apartment("VELA", "Apartment Vela", 6, dec!(149)),
        ],
        second_plan: SecondPlan {
            code: "WEEK",
            name: "Weekly",
            by: Adjustment::Amount(dec!(-12)),
            min_stay: Some(7),
            refundable: true,
        },
        channels: MARINA_CHANNELS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portfolio_is_what_the_readme_says() {
        let sizes: Vec<(usize, usize)> = all()
            .iter()
            .map(|h| (h.types.len(), h.types.iter().map(|t| t.units.len()).sum()))
            .collect();
        assert_eq!(sizes, [(3, 40), (3, 3)]);
        assert_eq!(seller("Channex: Expedia"), "Expedia");
    }
}
