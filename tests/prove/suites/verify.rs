//! `verify`: each kind of corruption, seeded behind the program's back into a house that is sound, is found by
//! `innkeep verify` and named by the rule it breaks; undone, nothing is found.

use crate::harness::process::until;
use crate::harness::tally::booking;
use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use innkeep_domain::testing::{House, Plan};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use std::collections::BTreeSet;
use std::time::Duration;

/// Among the house's unit types.
const DOUBLE: usize = 1;
/// Fewer would not be what is promised.
const AT_LEAST: usize = 20;

/// What is broken (table, statement), and the rule that has to say so.
const KINDS: [(&str, &str, &str); 39] = [
    (
        "channel_connection",
        "update channel_connection set credentials = 'v1.0123456789abcdef.' || split_part(credentials, '.', 3)",
        "sealed_values_name_known_keys",
    ),
    // What is counted.
    (
        "inventory",
        "update inventory set sold = sold - 1 where sold > 0",
        "sold_equals_reservations",
    ),
    (
        "inventory",
        "update inventory set held = 0 where held > 0",
        "sold_equals_reservations",
    ),
    (
        "inventory",
        "delete from inventory where sold > 0",
        "sold_equals_reservations",
    ),
    (
        "group_allotment",
        "update group_allotment set drawn = drawn + 1",
        "sold_equals_reservations",
    ),
    (
        "stay_group",
        "update stay_group set status = 'released'",
        "sold_equals_reservations",
    ),
    (
        "stay_group",
        "update stay_group set arrival = departure - 1",
        "allotments_lie_in_their_group",
    ),
    (
        "inventory",
        "update inventory set capacity = capacity + 1",
        "capacity_equals_units",
    ),
    (
        "inventory",
        "update inventory set forced = forced + 1",
        "forced_covers_exactly",
    ),
    (
        "inventory",
        "update inventory set out_of_order = 0 where out_of_order > 0",
        "out_of_order_equals_maintenance",
    ),
    (
        "metric_day",
        "update metric_day set sold = sold + 1",
        "metrics_match",
    ),
    (
        "promo_code",
        "update promo_code set used = 0",
        "promo_codes_count_bookings",
    ),
    // Nights.
    (
        "reservation_night",
        "delete from reservation_night where night = (select max(night) from reservation_night)",
        "nights_match_stay",
    ),
    (
        "reservation_night",
        "update reservation_night set night = night + 300",
        "nights_match_stay",
    ),
    (
        "reservation",
        "update reservation set departure = departure + 1",
        "nights_match_stay",
    ),
    (
        "reservation_night",
        "update reservation_night set unit_type_id = null",
        "nights_take_a_unit_type",
    ),
    (
        "reservation_night",
        "update reservation_night set unit_type_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "reservation_night",
        "update reservation_night set property_id = gen_random_uuid()",
        "stays_are_of_their_property",
    ),
    // States.
    (
        "reservation",
        "update reservation set status = 'cancelled' where status = 'confirmed'",
        "booking_status_follows",
    ),
    (
        "booking",
        "update booking set status = 'cancelled' where status = 'confirmed'",
        "booking_status_follows",
    ),
    (
        "booking",
        "update booking set status = 'confirmed', hold_expires_at = null where status = 'tentative'",
        "booking_status_follows",
    ),
    (
        "reservation",
        "delete from reservation where status = 'confirmed'",
        "booking_status_follows",
    ),
    (
        "reservation",
        "update reservation set checked_in_at = null",
        "arrivals_and_departures_have_times",
    ),
    (
        "event",
        "delete from event where kind like 'booking.%'",
        "bookings_are_logged",
    ),
    // Money.
    (
        "reservation",
        "update reservation set total = total + 0.01",
        "stay_total_adds_up",
    ),
    (
        "reservation_night",
        "update reservation_night set price = price + 1",
        "stay_total_adds_up",
    ),
    (
        "reservation_line",
        "delete from reservation_line where not included",
        "stay_total_adds_up",
    ),
    (
        "booking",
        "update booking set total = total - 0.01",
        "booking_total_adds_up",
    ),
    (
        "reservation",
        "update reservation set fee = fee + 5 where status = 'cancelled'",
        "booking_total_adds_up",
    ),
    (
        "reservation_line",
        "update reservation_line set night = night + 300",
        "lines_lie_in_their_stay",
    ),
    // Units.
    (
        "stay_segment",
        "update stay_segment set to_night = to_night + 1 where reservation_id is not null",
        "segments_lie_in_their_stay",
    ),
    (
        "maintenance",
        "update maintenance set to_night = to_night + 1",
        "maintenance_is_in_its_unit",
    ),
    (
        "stay_segment",
        "update stay_segment set unit_id = (select id from unit where name = 'STE-1') where unit_id = (select id from unit where name = 'DBL-2')",
        "units_are_of_the_nights_type",
    ),
    // What refers to nothing.
    (
        "booking",
        "update booking set property_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "reservation",
        "update reservation set rate_plan_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "booking",
        "update booking set company_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "quote",
        "update quote set booking_id = gen_random_uuid()",
        "references_exist",
    ),
    (
        "guest",
        "update guest set merged_into = (select id from guest where last_name = 'Other') where last_name = 'Lovelace'",
        "merged_guests_have_no_stays",
    ),
    (
        "ari_shadow",
        "insert into ari_shadow select tenant_id, id, gen_random_uuid(), gen_random_uuid(), current_date, null, null, now() from channel_connection",
        "mapped_cells_known",
    ),
];

pub async fn run(_: Scale) -> anyhow::Result<Verdict> {
    let mut world = World::new(&[Plan::HOTEL]).await?;
    world.serve(true).await?;
    let house = world.houses[0].clone();
    let mut desk = Desk {
        wire: world.wire().await?,
        token: world.log_in(&house).await?,
        house,
    };
    desk.live().await?;
    let mut conn = world.database.superuser().await?;
    wait_for_metrics(&world).await?;
    world.stop_all().await?;
    let mut verdict = Verdict::default();
    let (sound, said) = world.verify().await?;
    verdict.demand(sound, format!("before: {said}"));
    let (mut found, mut rules) = (0, BTreeSet::new());
    for (table, corruption, rule) in KINDS {
        let said = corrupted(&world, &mut conn, table, corruption).await;
        let said = said.with_context(|| corruption.to_owned())?;
        let named = said.contains(&format!("  {rule}: "));
        verdict.demand(named, format!("{corruption}: {rule} does not say so: {said}"));
        found += usize::from(named);
        rules.insert(rule);
    }
    verdict.figure(format!(
        "{} kinds of corruption, {found} found by {} rules",
        KINDS.len(),
        rules.len()
    ));
    verdict.demand(KINDS.len() >= AT_LEAST, format!("fewer than {AT_LEAST} kinds"));
    let (sound, said) = world.verify().await?;
    verdict.demand(sound, format!("after: {said}"));
    verdict.figure("0 findings before and after");
    Ok(verdict)
}

/// What `innkeep verify` says while the table is corrupted. Row security and foreign keys do not hold a superuser back.
async fn corrupted(
    world: &World,
    conn: &mut PgConnection,
    table: &str,
    corruption: &str,
) -> anyhow::Result<String> {
    conn.execute("set session_replication_role = replica").await?;
    conn.execute(AssertSqlSafe(format!(
        "create temporary table saved as table {table}"
    )))
    .await?;
    let touched = conn
        .execute(AssertSqlSafe(corruption.to_owned()))
        .await?
        .rows_affected();
    let (_, said) = world.verify().await?;
    let back = format!(
        "begin; delete from {table}; insert into {table} overriding system value table saved; drop table saved; commit"
    );
    conn.execute(AssertSqlSafe(back)).await?;
    ensure!(touched > 0, "nothing there to corrupt");
    Ok(said)
}

/// The dashboard's projection follows the log a moment later.
async fn wait_for_metrics(world: &World) -> anyhow::Result<()> {
    until(Duration::from_secs(20), "the metrics follow", || async {
        let Ok(mut conn) = world.database.superuser().await else {
            return false;
        };
        let behind = "select exists (select from metric_day) and not exists (
            select from event e left join metric_cursor c using (tenant_id)
            where c.xid is null or (e.xid, e.seq) > (c.xid, c.seq))";
        sqlx::query_scalar(behind)
            .fetch_one(&mut conn)
            .await
            .unwrap_or(false)
    })
    .await?;
    Ok(())
}

struct Desk {
    wire: Wire,
    token: String,
    house: House,
}

impl Desk {
    async fn send(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let reply = self
            .wire
            .call(&request(method, path, &self.token, "", &body))
            .await?;
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        ensure!(reply.status < 300, "{method} {path}: {} {said}", reply.status);
        Ok(reply.json())
    }

    async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send("POST", path, body).await
    }

    /// A little of everything that `verify` looks at.
    async fn live(&mut self) -> anyhow::Result<()> {
        self.charges().await?;
        self.sales().await?;
        self.stays().await?;
        self.group().await?;
        let webhook =
            json!({ "property_id": self.house.property_id, "protocol": "webhook", "name": "Agent" });
        self.post("/v1/channel-connections", &webhook).await?;
        Ok(())
    }

    async fn charges(&mut self) -> anyhow::Result<()> {
        let at = format!("/v1/properties/{}", self.house.property_id);
        let tax = json!({ "code": "CITY", "name": "City tax", "kind": "tax", "charge": "per_person_night",
                          "value": "2.50", "included": false });
        self.post(&format!("{at}/taxes-and-fees"), &tax).await?;
        let vat = json!({ "code": "VAT", "name": "VAT", "kind": "tax", "charge": "percent", "value": "7",
                          "percent_of": "room", "included": true });
        self.post(&format!("{at}/taxes-and-fees"), &vat).await?;
        let promo = json!({ "code": "SPRING", "name": "Spring", "kind": "percent", "value": "10" });
        self.post(&format!("{at}/promo-codes"), &promo).await?;
        Ok(())
    }

    /// Sold, held, cancelled, quoted, with a promo code.
    async fn sales(&mut self) -> anyhow::Result<()> {
        self.book(30, 3, json!({})).await?;
        self.book(30, 2, json!({ "hold_minutes": 60 })).await?;
        self.book(40, 2, json!({ "promo_code": "SPRING" })).await?;
        let gone = self.book(45, 2, json!({})).await?;
        self.post(
            &format!("/v1/bookings/{}/actions/cancel", text(&gone["id"])),
            &Value::Null,
        )
        .await?;
        let mut body = self.body(50, 2);
        let ask = json!({ "property_id": self.house.property_id, "rooms": body["rooms"] });
        let quote = self.post("/v1/quotes", &ask).await?;
        body["quote_id"] = quote["id"].clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("rooms");
        }
        self.post("/v1/bookings", &body).await?;
        Ok(())
    }

    /// A guest in house, a unit assigned for later, and a unit out of order.
    async fn stays(&mut self) -> anyhow::Result<()> {
        let path = format!("/v1/properties/{}/units?limit=100", self.house.property_id);
        let units = self.send("GET", &path, &Value::Null).await?;
        let unit = |name: &str| {
            let found = units["items"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|u| u["name"] == name);
            found.map(|u| u["id"].clone()).context("no such unit")
        };
        for (from, name) in [(0, "DBL-1"), (5, "DBL-2")] {
            let stay = self.book(from, 2, json!({})).await?;
            let at = format!("/v1/reservations/{}", text(&stay["reservations"][0]["id"]));
            self.post(
                &format!("{at}/actions/assign-unit"),
                &json!({ "unit_id": unit(name)? }),
            )
            .await?;
            if from == 0 {
                let mut guest = Value::Null;
                for name in ["Other", "Lovelace"] {
                    guest = self.post("/v1/guests", &json!({ "last_name": name })).await?;
                }
                let guests = json!({ "guests": [{ "guest_id": guest["id"], "role": "primary" }] });
                self.send("PUT", &format!("{at}/guests"), &guests).await?;
                self.post(&format!("{at}/actions/check-in"), &json!({})).await?;
            }
        }
        let broken = json!({ "unit_id": unit("SGL-1")?, "kind": "out_of_order", "reason": "water",
                             "from": self.house.night(3), "to": self.house.night(6) });
        self.post(
            &format!("/v1/properties/{}/maintenance", self.house.property_id),
            &broken,
        )
        .await?;
        Ok(())
    }

    async fn group(&mut self) -> anyhow::Result<()> {
        let night = |n| self.house.night(n);
        let new = json!({ "property_id": self.house.property_id, "code": "WED", "name": "Wedding",
                          "status": "definite", "arrival": night(60), "departure": night(64) });
        let kept = json!({ "allotment": [{ "unit_type_id": self.house.unit_types[DOUBLE].id, "from": night(60), "to": night(62),
                                           "units": 3 }] });
        let group = self.post("/v1/groups", &new).await?;
        self.send(
            "PUT",
            &format!("/v1/groups/{}/allotment", text(&group["id"])),
            &kept,
        )
        .await?;
        self.book(60, 2, json!({ "group_id": group["id"] })).await?;
        Ok(())
    }

    async fn book(&mut self, from: u64, nights: u64, more: Value) -> anyhow::Result<Value> {
        let mut body = self.body(from, nights);
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        self.post("/v1/bookings", &body).await
    }

    fn body(&self, from: u64, nights: u64) -> Value {
        booking(
            &self.house,
            self.house.unit_types[DOUBLE].id,
            from,
            nights,
            "Ada Lovelace",
        )
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
