//! A house with a little of everything that `verify` looks at.

use crate::harness::tally::booking;
use crate::harness::wire::{Wire, request};
use anyhow::{Context, ensure};
use innkeep_domain::testing::House;
use serde_json::{Value, json};

/// Among the house's unit types.
const DOUBLE: usize = 1;

pub(super) struct Desk {
    pub wire: Wire,
    pub token: String,
    pub house: House,
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
    pub async fn live(&mut self) -> anyhow::Result<()> {
        self.charges().await?;
        self.sales().await?;
        self.stays().await?;
        self.group().await?;
        let webhook =
            json!({ "property_id": self.house.property_id, "protocol": "webhook", "name": "Agent" });
        self.post("/v1/channel-connections", &webhook).await?;
        let path = format!("/v1/properties/{}/units?limit=1", self.house.property_id);
        let units = self.send("GET", &path, &Value::Null).await?;
        let calendar = json!({ "unit_id": units["items"][0]["id"], "name": "Agent" });
        self.post("/v1/calendar-connections", &calendar).await?;
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
                self.post(&format!("{at}/actions/check-in"), &Value::Null).await?;
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
