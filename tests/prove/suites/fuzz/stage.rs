//! The house before the first generated request: one or two of each thing that a path can name, made over the API.

use super::dictionary::Words;
use crate::harness::wire::{Reply, Wire};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use innkeep_domain::clock::Clock;
use innkeep_domain::identity::operator;
use innkeep_domain::testing::{House, Plan};
use innkeep_domain::{Permission, Role};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

pub struct Stage {
    pub world: World,
    /// Of an operator, good for ten minutes.
    pub operator: String,
    pub words: Words,
}

impl Stage {
    pub async fn set() -> anyhow::Result<Self> {
        let lodge = Plan {
            name: "lodge",
            ..Plan::HOST
        };
        let mut world = World::new(&[Plan::HOTEL, Plan::HOST, lodge]).await?;
        world.serve(false).await?;
        let mut stage = Self {
            words: given(&world),
            world,
            operator: String::new(),
        };
        stage.operator = stage.operator().await?;
        stage.furnish().await?;
        Ok(stage)
    }

    /// Whose operations are tried.
    pub fn house(&self) -> &House {
        &self.world.houses[0]
    }
    /// Whose staff is shuffled.
    pub fn other(&self) -> &House {
        &self.world.houses[1]
    }

    async fn furnish(&mut self) -> anyhow::Result<()> {
        let token = text(&self.log_in(self.house(), Role::Owner).await?, "access_token");
        let mut wire = self.world.wire().await?;
        let path = format!("/v1/properties/{}/units", self.house().property_id);
        let units = wire.get(&path, &token).await?.json();
        let units = units["items"]
            .as_array()
            .or(units.as_array())
            .context("no units")?;
        let unit = text(&units[0], "id");
        let ids = units.iter().map(|unit| unit["id"].clone());
        self.words.insert("units".into(), ids.collect());
        for (name, path, body) in things(self.house(), &unit) {
            let made = wire.post(&path, &token, &body).await?;
            ensure!(
                made.status == 201,
                "{path}: {} {}",
                made.status,
                String::from_utf8_lossy(&made.body)
            );
            self.note(name, &made);
        }
        Ok(())
    }

    /// What a log-in answers.
    pub async fn log_in(&self, house: &House, role: Role) -> anyhow::Result<Value> {
        let body = json!({ "email": house.of_role(role).email, "password": House::PASSWORD });
        post(&mut self.world.wire().await?, "/v1/auth/login", "", body).await
    }

    /// Makes an owner of the third house an operator, and logs them in at that door.
    async fn operator(&self) -> anyhow::Result<String> {
        let house = &self.world.houses[2];
        let owner = house.of_role(Role::Owner);
        let mut tx = self.world.db.begin_platform().await?;
        operator::add(&mut tx, owner.user_id, Clock::System.now()).await?;
        tx.commit().await?;
        let token = text(&self.log_in(house, Role::Owner).await?, "access_token");
        let mut wire = self.world.wire().await?;
        let password = json!({ "password": House::PASSWORD });
        let enrolled = post(&mut wire, "/v1/auth/mfa/totp", &token, password).await?;
        let secret = Secret::try_from_base32(text(&enrolled, "secret"));
        let app = Builder::new()
            .with_secret(secret.ok().context("no secret")?)
            .build();
        let app = app.ok().context("no TOTP")?;
        let code = |steps: i64| {
            let at = Clock::System.now().timestamp() + 30 * steps;
            app.generate(at.cast_unsigned()).to_string()
        };
        // Each code opens once: the step before confirms, this one logs in.
        let first = json!({ "code": code(-1) });
        post(&mut wire, "/v1/auth/mfa/totp/confirm", &token, first).await?;
        let log_in = json!({ "email": owner.email, "password": House::PASSWORD });
        let challenge = post(&mut wire, "/v1/platform/auth/login", "", log_in).await?;
        let answer = json!({ "challenge_token": text(&challenge, "challenge_token"), "code": code(0) });
        let tokens = post(&mut wire, "/v1/auth/mfa/verify", "", answer).await?;
        Ok(text(&tokens, "access_token"))
    }

    fn note(&mut self, name: &str, made: &Reply) {
        let made = made.json();
        // Some answers show the thing itself, some beside its secrets.
        let one = [&made, &made["api_key"], &made["connection"]];
        let id = one.into_iter().find_map(|v| v["id"].as_str());
        let mut add = |name: &str, word: &str| self.words.entry(name.into()).or_default().push(word.into());
        add(name, id.unwrap_or_default());
        for reservation in made["reservations"].as_array().into_iter().flatten() {
            add("reservations", &text(reservation, "id"));
        }
        if let Some(token) = made["hook_path"].as_str().and_then(|p| p.rsplit('/').next()) {
            add("hooks", token);
        }
    }
}

/// What is known before anything is made.
fn given(world: &World) -> Words {
    let (house, third) = (&world.houses[0], &world.houses[2]);
    let nights = |nights: [u64; 4]| json!(nights.map(|n| house.night(n)));
    let staff = |house: &House| house.staff.iter().map(|s| s.user_id).collect::<Vec<_>>();
    let operator = third.of_role(Role::Owner).user_id;
    let users = [staff(house), staff(&world.houses[1])].concat();
    let accounts: Vec<_> = staff(third).into_iter().filter(|id| *id != operator).collect();
    let codes: Vec<String> = (0..50).map(|n| format!("C{n}")).collect();
    let unit_types: Vec<_> = house.unit_types.iter().map(|u| u.id).collect();
    let all = json!({
        "accounts": accounts,
        "base-urls": [format!("http://{}", world.sandbox)],
        "codes": codes,
        "countries": ["DE", "PT"],
        "currencies": ["EUR"],
        "emails": ["ada@example.com", "grace@example.com"],
        "first-nights": nights([0, 1, 2, 3]),
        "hours": ["10:00", "15:00"],
        "iata-codes": ["12345678"],
        "kinds": ["hotel", "host"],
        "languages": ["de", "pt-BR"],
        "last-nights": nights([4, 5, 6, 7]),
        "names": ["Ada", "Grace", "Emmy"],
        "numbers": [1, 2, "1", "10"],
        "passwords": [House::PASSWORD],
        "permissions": Permission::ALL.map(Permission::name),
        "phones": ["+49 30 123456"],
        "promo-words": ["SPRING"],
        "properties": [house.property_id],
        "protocols": ["webhook"],
        "rate-plans": [house.base_plan, house.derived_plan],
        "tenants": [third.tenant],
        "unit-types": unit_types,
        "users": users,
        "zones": ["Europe/Berlin", "America/New_York"],
    });
    let each = all.as_object().into_iter().flatten();
    each.map(|(name, words)| (name.clone(), words.as_array().cloned().unwrap_or_default()))
        .collect()
}

/// Name of the dictionary, path, and what is asked for, in an order in which each has what it needs.
fn things(house: &House, unit: &str) -> Vec<(&'static str, String, Value)> {
    let property = house.property_id;
    let of = |name: &str| format!("/v1/properties/{property}/{name}");
    let night = |n| house.night(n).to_string();
    let room = |from: u64| {
        json!({ "unit_type_id": house.unit_types[1].id, "rate_plan_id": house.base_plan, "adults": 2,
                "arrival": night(from), "departure": night(from + 2) })
    };
    let booking =
        |from| json!({ "property_id": property, "booker": { "name": "Ada" }, "rooms": [room(from)] });
    let money = json!({ "amount": "10.00", "currency": "EUR" });
    let named = |code: &str, rest: Value| {
        let mut all = json!({ "code": code, "name": code });
        for (key, value) in rest.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        all
    };
    let every = Permission::ALL.map(Permission::name);
    vec![
        ("bookings", "/v1/bookings".into(), booking(0)),
        ("bookings", "/v1/bookings".into(), booking(0)),
        ("bookings", "/v1/bookings".into(), booking(5)),
        ("bookings", "/v1/bookings".into(), booking(9)),
        (
            "quotes",
            "/v1/quotes".into(),
            json!({ "property_id": property, "rooms": [room(20)], "valid_minutes": 1440 }),
        ),
        ("guests", "/v1/guests".into(), json!({ "last_name": "Lovelace" })),
        ("guests", "/v1/guests".into(), json!({ "last_name": "Hopper" })),
        ("guests", "/v1/guests".into(), json!({ "last_name": "Noether" })),
        (
            "companies",
            "/v1/companies".into(),
            json!({ "kind": "company", "name": "Engines" }),
        ),
        (
            "companies",
            "/v1/companies".into(),
            json!({ "kind": "travel_agent", "name": "Ways" }),
        ),
        (
            "groups",
            "/v1/groups".into(),
            named(
                "TOUR",
                json!({ "property_id": property, "arrival": night(30), "departure": night(33) }),
            ),
        ),
        (
            "extras",
            of("extras"),
            named("BRK", json!({ "charge": "per_person_night", "price": money })),
        ),
        (
            "policies",
            of("policies"),
            named("FLEX", json!({ "text": "Free.", "no_show": { "nights": 1 } })),
        ),
        (
            "promo-codes",
            of("promo-codes"),
            named("SPRING", json!({ "kind": "percent", "value": "10" })),
        ),
        (
            "taxes-and-fees",
            of("taxes-and-fees"),
            named(
                "CITY",
                json!({ "kind": "fee", "charge": "per_stay", "value": "2", "included": false }),
            ),
        ),
        (
            "maintenance",
            of("maintenance"),
            json!({ "unit_id": unit, "kind": "out_of_service", "reason": "Paint", "from": night(40), "to": night(42) }),
        ),
        (
            "housekeeping-tasks",
            of("housekeeping-tasks"),
            json!({ "unit_id": unit, "date": night(0), "title": "Towels" }),
        ),
        (
            "channel-connections",
            "/v1/channel-connections".into(),
            json!({ "property_id": property, "protocol": "webhook", "name": "Own site" }),
        ),
        (
            "calendar-connections",
            "/v1/calendar-connections".into(),
            json!({ "unit_id": unit, "name": "Agent" }),
        ),
        (
            "api-keys",
            "/v1/api-keys".into(),
            json!({ "name": "Till", "scopes": every }),
        ),
        (
            "invitations",
            "/v1/invitations".into(),
            json!({ "email": "new@adler.example", "role": "front_desk" }),
        ),
        (
            "roles",
            "/v1/roles".into(),
            json!({ "name": "Night", "permissions": ["read_bookings"] }),
        ),
    ]
}

async fn post(wire: &mut Wire, path: &str, token: &str, body: Value) -> anyhow::Result<Value> {
    let reply = wire.post(path, token, &body).await?;
    ensure!(reply.status < 300, "{path}: {} {}", reply.status, reply.code());
    Ok(reply.json())
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
