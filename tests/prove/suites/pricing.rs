//! `pricing`: worked cases, priced by the real program and compared to the cent with what `pricing/expected.py` reckoned
//! apart from it: as offers, as bookings, and as quotes that are booked.

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::{Wire, request};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate};
use innkeep_domain::testing::Plan;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const CASES: &str = include_str!("../pricing/cases.json");
const EXPECTED: &str = include_str!("../pricing/expected.json");
/// Units of each type: no case is to fail for lack of one.
const UNITS: usize = 200;
/// Nights that have a price.
const NIGHTS: u64 = 60;

/// A property set up as a house of `cases.json` says.
struct House {
    id: String,
    currency: String,
    business_date: NaiveDate,
    types: BTreeMap<String, String>,
    plans: BTreeMap<String, String>,
    extras: BTreeMap<String, String>,
}

struct Desk {
    wire: Wire,
    token: String,
}

pub async fn run(_: Scale) -> anyhow::Result<Verdict> {
    let (given, expected): (Value, Value) = (serde_json::from_str(CASES)?, serde_json::from_str(EXPECTED)?);
    let mut world = World::new(&[Plan::HOTEL]).await?;
    world.serve(false).await?;
    let token = world.log_in(&world.houses[0]).await?;
    let mut desk = Desk {
        wire: world.wire().await?,
        token,
    };
    let mut houses = BTreeMap::new();
    for (name, setup) in given["houses"].as_object().context("houses")? {
        houses.insert(
            name.as_str(),
            desk.furnish(name, setup).await.with_context(|| name.clone())?,
        );
    }
    let cases = given["cases"].as_array().context("cases")?;
    let expected = expected.as_array().context("expected")?;
    ensure!(
        cases.len() == expected.len(),
        "run tests/prove/pricing/expected.py"
    );
    let (mut verdict, mut differ) = (Verdict::default(), 0);
    for (i, (case, expected)) in cases.iter().zip(expected).enumerate() {
        let house = houses.get(text(&case["house"])).context("an unknown house")?;
        let found = desk.differences(house, case, expected, i % 2 == 1).await;
        let found = found.with_context(|| text(&case["name"]).to_owned())?;
        differ += usize::from(!found.is_empty());
        verdict.demand(
            found.is_empty(),
            format!("{}: {}", text(&case["name"]), found.join("; ")),
        );
    }
    verdict.figure(format!("{} cases, {differ} differ", cases.len()));
    let (holds, said) = world.verify().await?;
    verdict.demand(holds, said);
    Ok(verdict)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn days(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
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

    async fn create(&mut self, path: &str, body: &Value) -> anyhow::Result<String> {
        Ok(text(&self.send("POST", path, body).await?["id"]).to_owned())
    }

    async fn furnish(&mut self, name: &str, setup: &Value) -> anyhow::Result<House> {
        let currency = text(&setup["currency"]).to_owned();
        let new = json!({ "name": name, "kind": "hotel", "zone": "UTC", "currency": currency });
        let property = self.send("POST", "/v1/properties", &new).await?;
        let mut house = House {
            id: text(&property["id"]).to_owned(),
            currency,
            business_date: text(&property["business_date"]).parse()?,
            types: BTreeMap::new(),
            plans: BTreeMap::new(),
            extras: BTreeMap::new(),
        };
        let at = format!("/v1/properties/{}", house.id);
        for (code, places) in entries(&setup["types"]) {
            let new = json!({ "code": code, "name": code, "max_occupancy": places });
            let id = self.create(&format!("{at}/unit-types"), &new).await?;
            let names: Vec<String> = (0..UNITS).map(|n| format!("{code}-{n}")).collect();
            let units = json!({ "unit_type_id": id, "names": names });
            self.send("POST", &format!("{at}/units"), &units).await?;
            house.types.insert(code.clone(), id);
        }
        // Base plans come first in the file, because the others name them.
        for (code, plan) in entries(&setup["plans"]) {
            let mut new = json!({ "code": code, "name": code });
            for kind in ["percent", "amount"] {
                if let Some(value) = plan.get(kind) {
                    let parent = house
                        .plans
                        .get(text(&plan["parent"]))
                        .context("a plan before its parent")?;
                    new["derived"] = json!({ "parent_id": parent, "kind": kind, "value": value });
                }
            }
            let id = self.create(&format!("{at}/rate-plans"), &new).await?;
            house.plans.insert(code.clone(), id);
        }
        self.set_prices(&house, setup).await?;
        self.add_charges(&mut house, setup).await?;
        Ok(house)
    }

    async fn set_prices(&mut self, house: &House, setup: &Value) -> anyhow::Result<()> {
        let (at, base) = (format!("/v1/properties/{}", house.id), &house.plans["BAR"]);
        let mut prices = Vec::new();
        for (code, cycle) in entries(&setup["prices"]) {
            let cycle = cycle.as_array().context("prices")?;
            prices.extend((0..NIGHTS).zip(cycle.iter().cycle()).map(|(n, price)| {
                let night = house.night(n);
                json!({ "rate_plan_id": base, "unit_type_id": house.types[code], "from": night, "to": night,
                        "price": house.money(price) })
            }));
        }
        self.send("PATCH", &format!("{at}/ari"), &json!({ "prices": prices }))
            .await?;
        let mut items = Vec::new();
        for (code, price) in entries(&setup["occupancy"]) {
            let mut item = price.clone();
            item["unit_type_id"] = json!(house.types[code]);
            items.push(item);
        }
        let path = format!("{at}/rate-plans/{base}/occupancy-prices");
        self.send("PUT", &path, &json!({ "items": items })).await?;
        Ok(())
    }

    async fn add_charges(&mut self, house: &mut House, setup: &Value) -> anyhow::Result<()> {
        let at = format!("/v1/properties/{}", house.id);
        for tax in setup["taxes"].as_array().into_iter().flatten() {
            let mut new = tax.clone();
            new["name"] = tax["code"].clone();
            for end in ["valid_from", "valid_to"] {
                if !tax[end].is_null() {
                    new[end] = json!(house.night(days(&tax[end])));
                }
            }
            self.send("POST", &format!("{at}/taxes-and-fees"), &new).await?;
        }
        for (code, extra) in entries(&setup["extras"]) {
            let price = house.money(&extra["price"]);
            let new = json!({ "code": code, "name": code, "charge": extra["charge"], "price": price });
            let id = self.create(&format!("{at}/extras"), &new).await?;
            house.extras.insert(code.clone(), id);
        }
        for (code, promo) in entries(&setup["promos"]) {
            let new = json!({ "code": code, "name": code, "kind": promo["kind"], "value": promo["value"] });
            self.send("POST", &format!("{at}/promo-codes"), &new).await?;
        }
        Ok(())
    }

    /// What differs from the expectation, offered and then booked; half of the cases by way of a quote.
    async fn differences(
        &mut self,
        house: &House,
        case: &Value,
        expected: &Value,
        quoted: bool,
    ) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        let offer = self.offer(house, case).await?;
        let nights = amounts(&offer["nights"]);
        if nights != text(&expected["nights"]) {
            found.push(format!("offered nights {nights}"));
        }
        // Extras are chosen when booking.
        if case.get("extras").is_none() {
            found.extend(house.compare("offered", &offer, expected)?);
        }
        let mut booking = json!({ "property_id": house.id, "booker": { "name": "Ada Lovelace" } });
        let (room, promo) = (house.room(case), &case["promo"]);
        if quoted {
            let ask = json!({ "property_id": house.id, "rooms": [room], "promo_code": promo });
            let quote = self.send("POST", "/v1/quotes", &ask).await?;
            found.extend(house.compare("quoted", &quote["rooms"][0], expected)?);
            booking["quote_id"] = quote["id"].clone();
        } else {
            booking["rooms"] = json!([room]);
            booking["promo_code"] = promo.clone();
        }
        let booked = self.send("POST", "/v1/bookings", &booking).await?;
        found.extend(house.compare("booked", &booked["reservations"][0], expected)?);
        Ok(found)
    }

    async fn offer(&mut self, house: &House, case: &Value) -> anyhow::Result<Value> {
        let (arrival, departure) = house.stay(case);
        let ages = case["ages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ages: Vec<String> = ages.iter().map(Value::to_string).collect();
        let mut path = format!(
            "/v1/properties/{}/offers?arrival={arrival}&departure={departure}&adults={}&children_ages={}",
            house.id,
            case["adults"],
            ages.join(",")
        );
        if let Some(code) = case["promo"].as_str() {
            path = format!("{path}&promo_code={code}");
        }
        let found = self.send("GET", &path, &Value::Null).await?;
        let product = |o: &&Value| {
            text(&o["unit_type_id"]) == house.types[text(&case["type"])]
                && text(&o["rate_plan_id"]) == house.plans[text(&case["plan"])]
        };
        let offer = found["items"].as_array().into_iter().flatten().find(product);
        let offer = offer.context("not offered")?.clone();
        ensure!(offer["bookable"] == true, "not bookable: {}", offer["reasons"]);
        Ok(offer)
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flat_map(Map::iter)
}

/// `80.00 90.00`.
fn amounts(nights: &Value) -> String {
    let nights = nights.as_array().into_iter().flatten();
    nights
        .map(|n| text(&n["price"]["amount"]))
        .collect::<Vec<_>>()
        .join(" ")
}

impl House {
    fn night(&self, offset: u64) -> NaiveDate {
        self.business_date + Days::new(offset)
    }

    fn money(&self, amount: &Value) -> Value {
        json!({ "amount": amount, "currency": self.currency })
    }

    fn stay(&self, case: &Value) -> (NaiveDate, NaiveDate) {
        let from = days(&case["from"]);
        (self.night(from), self.night(from + days(&case["nights"])))
    }

    fn room(&self, case: &Value) -> Value {
        let (arrival, departure) = self.stay(case);
        let chosen = entries(&case["extras"]);
        let extras =
            chosen.map(|(code, quantity)| json!({ "extra_id": self.extras[code], "quantity": quantity }));
        json!({
            "unit_type_id": self.types[text(&case["type"])],
            "rate_plan_id": self.plans[text(&case["plan"])],
            "arrival": arrival,
            "departure": departure,
            "adults": case["adults"],
            "children_ages": case.get("ages").cloned().unwrap_or(json!([])),
            "extras": extras.collect::<Vec<_>>(),
        })
    }

    fn compare(&self, how: &str, priced: &Value, expected: &Value) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        let (nights, lines) = (amounts(&priced["nights"]), self.lines(&priced["lines"])?);
        let total = text(&priced["total"]["amount"]);
        if nights != text(&expected["nights"]) {
            found.push(format!("{how} nights {nights}, not {}", expected["nights"]));
        }
        if lines != expected["lines"] {
            found.push(format!("{how} lines {lines}, not {}", expected["lines"]));
        }
        if total != text(&expected["total"]) {
            found.push(format!("{how} total {total}, not {}", expected["total"]));
        }
        Ok(found)
    }

    /// As `expected.py` shows them.
    fn lines(&self, lines: &Value) -> anyhow::Result<Value> {
        let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in lines.as_array().context("lines")? {
            let included = if line["included"] == true {
                "included"
            } else {
                "added"
            };
            let (code, kind, source) = (text(&line["code"]), text(&line["kind"]), text(&line["source"]));
            let night = match line["night"].as_str() {
                Some(night) => (night.parse::<NaiveDate>()? - self.business_date)
                    .num_days()
                    .to_string(),
                None => "-".to_owned(),
            };
            let row = rows.entry(format!("{code} {kind} {source} x{} {included}", line["quantity"]));
            row.or_default()
                .push(format!("{night}:{}", text(&line["amount"]["amount"])));
        }
        let rows = rows.into_iter().map(|(key, parts)| (key, parts.join(" ").into()));
        Ok(Value::Object(rows.collect()))
    }
}
