//! The houses that are asked, and what is in them before the first question.

use crate::harness::tally::booking;
use crate::harness::wire::Wire;
use crate::harness::world::World;
use anyhow::{Context, ensure};
use innkeep_domain::clock::Clock;
use innkeep_domain::rates::ari::{self, Change, PriceEntry, Range};
use innkeep_domain::rates::plan::{self, Adjustment, NewRatePlan};
use innkeep_domain::testing::{House, Plan};
use innkeep_domain::vault::Place;
use rust_decimal::{Decimal, dec};
use serde_json::json;
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

/// Clients, at most; each has a stay of its own to change.
pub const MOST_CLIENTS: usize = 32;
/// Arrivals are this many nights apart at most.
pub const SPREAD: u64 = 280;
/// Nights that a booking and a changed stay have.
pub const NIGHTS: u64 = 3;

const HOTELS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];
const HOTEL: Plan = Plan {
    name: "hotel",
    unit_types: &[
        ("A", 1),
        ("B", 1),
        ("C", 1),
        ("D", 1),
        ("E", 1),
        ("F", 1),
        ("G", 1),
        ("H", 1),
    ],
    nights: 365,
    ..Plan::HOTEL
};
/// A hundred units of twenty types; ten rate plans when it is furnished.
const HALL: Plan = Plan {
    name: "hall",
    unit_types: &[
        ("A", 5),
        ("B", 5),
        ("C", 5),
        ("D", 5),
        ("E", 5),
        ("F", 5),
        ("G", 5),
        ("H", 5),
        ("I", 5),
        ("J", 5),
        ("K", 5),
        ("L", 5),
        ("M", 5),
        ("N", 5),
        ("O", 5),
        ("P", 5),
        ("Q", 5),
        ("R", 5),
        ("S", 5),
        ("T", 5),
    ],
    nights: 365,
    ..Plan::HOTEL
};
/// Besides the two that every house has; each base plan's derived one is listed behind it.
const MORE_PLANS: usize = 4;
/// Stays in each hall, over a hundred nights.
const HALL_STAYS: u64 = 1_200;

pub struct Stage {
    pub world: World,
    pub hotels: Vec<House>,
    pub hall: House,
    /// The bookers of the clients' own stays, sealed each for its row.
    pub sealed: Vec<String>,
}

impl Stage {
    pub async fn build() -> anyhow::Result<Self> {
        let hotels = HOTELS.map(|name| Plan { name, ..HOTEL });
        let world = World::new(&[&[HALL], hotels.as_slice()].concat()).await?;
        let hotels = world.houses[1..].to_vec();
        Self::furnish(world, hotels).await
    }

    /// A hall, a hotel, and one small house beside them.
    pub async fn small() -> anyhow::Result<Self> {
        let small = Plan {
            name: "small",
            nights: 120,
            ..HOTEL
        };
        let world = World::new(&[HALL, HOTEL, small]).await?;
        let hotel = world.houses[1].clone();
        Self::furnish(world, vec![hotel]).await
    }

    async fn furnish(mut world: World, hotels: Vec<House>) -> anyhow::Result<Self> {
        let hall = world.houses[0].clone();
        add_plans(&world, &hall).await?;
        let mut conn = world.database.superuser().await?;
        world.serve(false).await?;
        fill(&world, &hall).await?;
        // Nobody is refused here, so that every attempt costs the same.
        conn.execute("update inventory set capacity = 1000000, sold = sold + 100000")
            .await?;
        let sealed = own_stays(&world, &hotels[0], &mut conn).await?;
        world.stop_all().await?;
        conn.execute("vacuum analyze").await?;
        Ok(Self {
            world,
            hotels,
            hall,
            sealed,
        })
    }

    /// The stay that a client changes, in the first hotel.
    pub fn stay(client: usize) -> Uuid {
        Self::known(1, client)
    }

    /// Which of these values is the first client's booker, sealed.
    pub async fn sealed_booker<'a>(
        &self,
        mut values: impl Iterator<Item = &'a String>,
    ) -> anyhow::Result<Option<&'a String>> {
        let vault = self.world.db.begin(self.hotels[0].tenant).await?.vault().await?;
        let place = booker_of(Self::known(0, 0));
        Ok(values.find(|value| vault.open(&place, value).is_ok()))
    }

    /// Ids that a script can work out from its client's number: (1) the stay, (0) its booking.
    pub fn known(kind: u64, client: usize) -> Uuid {
        Uuid::from_u64_pair(
            0x0190_0000_0000_7000,
            0x9000_0000_0000_0000 | kind << 32 | client as u64,
        )
    }
}

/// Base plans with prices of their own, each with a derived one.
async fn add_plans(world: &World, hall: &House) -> anyhow::Result<()> {
    let (who, now) = (hall.owner(), Clock::System.now());
    let mut tx = world.db.begin(hall.tenant).await?;
    for i in 0..MORE_PLANS {
        let new = |code: &str, derived| NewRatePlan {
            code: format!("{code}{i}"),
            name: format!("Plan {code}{i}"),
            derived,
            ..NewRatePlan::default()
        };
        let base = plan::create(&mut tx, &who, hall.property_id, new("BAS", None), now).await?;
        let less = Some((base.id, Adjustment::Percent(dec!(-15))));
        plan::create(&mut tx, &who, hall.property_id, new("DER", less), now).await?;
        let range = Range {
            from: hall.night(0),
            to: hall.night(HALL.nights - 1),
            weekdays: Vec::new(),
        };
        let prices = hall.unit_types.iter().map(|u| PriceEntry {
            rate_plan_id: base.id,
            unit_type_id: u.id,
            range: range.clone(),
            price: dec!(120) + Decimal::from(i),
            currency: HALL.currency.into(),
        });
        let change = Change {
            prices: prices.collect(),
            ..Change::default()
        };
        ari::change(&mut tx, &who, hall.property_id, change, now).await?;
    }
    Ok(tx.commit().await?)
}

/// A hall's tape chart is to have something on it: stays, each in its unit.
async fn fill(world: &World, hall: &House) -> anyhow::Result<()> {
    let token = world.log_in(hall).await?;
    let mut wire = world.wire().await?;
    for i in 0..HALL_STAYS {
        let unit_type = &hall.unit_types[(i % hall.unit_types.len() as u64) as usize];
        let from = 5 + i * 7 % 97;
        let body = booking(hall, unit_type.id, from, NIGHTS, "stays");
        // A type that is full on these nights is not asked again.
        let status = wire.post("/v1/bookings", &token, &body).await?.status;
        ensure!(status == 201 || status == 409, "a hall's booking: {status}");
    }
    let path = format!("/v1/properties/{}/actions/assign-units", hall.property_id);
    let days = json!({ "from": hall.night(0), "to": hall.night(100) });
    let reply = wire.post(&path, &token, &days).await?;
    ensure!(reply.status == 200, "assign: {} {}", reply.status, reply.code());
    Ok(())
}

/// One stay for each client, under ids that a script can work out. Their bookers, sealed.
async fn own_stays(world: &World, hotel: &House, conn: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let token = world.log_in(hotel).await?;
    let mut wire = world.wire().await?;
    conn.execute("set session_replication_role = replica").await?;
    let mut all = Vec::new();
    for client in 0..MOST_CLIENTS {
        let (booking_id, stay_id) = book(&mut wire, hotel, &token).await?;
        for (sql, old, new) in [
            (
                "update booking set id = $2 where id = $1",
                booking_id,
                Stage::known(0, client),
            ),
            (
                "update reservation set booking_id = $2 where booking_id = $1",
                booking_id,
                Stage::known(0, client),
            ),
            (
                "update event set subject_id = $2 where subject_id = $1",
                booking_id,
                Stage::known(0, client),
            ),
            (
                "update reservation set id = $2 where id = $1",
                stay_id,
                Stage::stay(client),
            ),
            (
                "update reservation_night set reservation_id = $2 where reservation_id = $1",
                stay_id,
                Stage::stay(client),
            ),
        ] {
            sqlx::query(sql).bind(old).bind(new).execute(&mut *conn).await?;
        }
        // Sealed for its row, and so anew for another.
        let (id, personal) = (
            Stage::known(0, client),
            json!({ "booker": { "name": "changes" } }),
        );
        let vault = world.db.begin(hotel.tenant).await?.vault().await?;
        let sealed = vault.seal_json(&booker_of(id), &personal)?;
        sqlx::query("update booking set personal = $2 where id = $1")
            .bind(id)
            .bind(&sealed)
            .execute(&mut *conn)
            .await?;
        all.push(sealed);
    }
    conn.execute("reset session_replication_role").await?;
    Ok(all)
}

fn booker_of(booking: Uuid) -> Place {
    Place::new("booking", "personal", booking)
}

async fn book(wire: &mut Wire, hotel: &House, token: &str) -> anyhow::Result<(Uuid, Uuid)> {
    let body = booking(hotel, hotel.unit_types[0].id, 0, NIGHTS, "changes");
    let made = wire.post("/v1/bookings", token, &body).await?;
    ensure!(made.status == 201, "a stay to change: {}", made.code());
    let made = made.json();
    let id = |value: &serde_json::Value| value.as_str().and_then(|s| s.parse().ok()).context("an id");
    Ok((id(&made["id"])?, id(&made["reservations"][0]["id"])?))
}
