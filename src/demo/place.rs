//! A house as the demo tells of it: what is stored, with the ids under which its channels know it.

use super::portfolio;
use super::seed;
use super::state::{House, Login};
use chrono::{DateTime, Utc};
use innkeep_domain::channel::connection::{self, Connection, Mapping};
use innkeep_domain::db::Db;
use innkeep_domain::ids::TenantId;
use innkeep_domain::principal::Principal;
use innkeep_domain::property::{self, Property, UnitType};
use innkeep_domain::rates::plan::{self, RatePlan};
use serde_json::{Value, json};
use uuid::Uuid;

pub struct Place {
    pub tenant: TenantId,
    pub who: Principal,
    pub owner: Login,
    pub property: Property,
    pub unit_types: Vec<UnitType>,
    pub units: usize,
    pub plans: Vec<RatePlan>,
    pub channels: Vec<Channel>,
    pub page_key: Option<String>,
}

pub struct Channel {
    pub connection: Connection,
    pub mapping: Mapping,
    pub token: String,
    pub signing_secret: Option<String>,
}

impl Channel {
    /// The property's id at the sandbox; `None` for a channel that only calls us.
    pub fn external(&self) -> Option<&str> {
        self.connection.external_property.as_deref()
    }
    pub fn seller(&self) -> &str {
        portfolio::seller(&self.connection.name)
    }
}

impl Place {
    pub async fn open(db: &Db, house: &House) -> anyhow::Result<Self> {
        let who = seed::who(house.tenant);
        let mut tx = db.begin(house.tenant).await?;
        let property = property::get(&mut tx, house.property).await?;
        let unit_types = property::unit_types(&mut tx, &who, property.id).await?;
        let units = property::units(&mut tx, &who, property.id).await?.len();
        let plans = plan::list(&mut tx, &who, property.id).await?;
        let mut channels = Vec::new();
        for endpoint in &house.channels {
            channels.push(Channel {
                connection: connection::get(&mut tx, endpoint.connection).await?,
                mapping: Mapping::read(&mut tx, endpoint.connection).await?,
                token: endpoint.token.clone(),
                signing_secret: endpoint.signing_secret.clone(),
            });
        }
        tx.commit().await?;
        let (tenant, owner) = (house.tenant, house.owner.clone());
        Ok(Self {
            tenant,
            who,
            owner,
            property,
            unit_types,
            units,
            plans,
            channels,
            page_key: house.page_key.clone(),
        })
    }

    /// The sandbox forgets everything when it ends, so what it was told before counts for nothing: mapping anew, to
    /// the same ids, makes every cell differ from what is known to be there.
    pub async fn forget_what_was_told(&self, db: &Db, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut tx = db.begin(self.tenant).await?;
        for channel in self.told() {
            connection::set_mapping(&mut tx, &self.who, channel.connection.id, &channel.mapping, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The channels that take availability.
    pub fn told(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|c| c.connection.receives_ari)
    }

    pub fn unit_type(&self, id: Uuid) -> &str {
        self.unit_types
            .iter()
            .find(|t| t.id == id)
            .map_or("a room", |t| &t.name)
    }

    pub fn channel(&self, connection: Uuid) -> Option<&Channel> {
        self.channels.iter().find(|c| c.connection.id == connection)
    }

    /// The property as the sandbox registers it; booking messages are announced to our hook.
    pub fn at_sandbox(&self, channel: &Channel, api: &str) -> Value {
        let rates = |unit_type: Uuid| -> Vec<Value> {
            let of_type = |p: &RatePlan| {
                Some(json!({ "id": channel.mapping.rates.get(&(unit_type, p.id))?, "title": p.name }))
            };
            self.plans.iter().filter_map(of_type).collect()
        };
        let rooms: Vec<Value> = self
            .unit_types
            .iter()
            .filter_map(|t| {
                let id = channel.mapping.rooms.get(&t.id)?;
                Some(json!({ "id": id, "title": t.name, "rate_plans": rates(t.id) }))
            })
            .collect();
        json!({
            "title": format!("{} at {}", self.property.name, channel.seller()),
            "currency": self.property.currency,
            "webhook_url": format!("{api}/hooks/channels/{}", channel.token),
            "room_types": rooms,
        })
    }
}
