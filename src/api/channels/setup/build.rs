//! Step by step: one call to the channel, one transaction that records it.

use crate::api::ApiResult;
use crate::api::channels::probe;
use crate::app::App;
use innkeep_domain::channel::connection::Connection;
use innkeep_domain::channel::setup::{self, House};
use innkeep_domain::ports::channel::{
    Access, Catalogue, NewRemoteProperty, NewRemoteRate, NewRemoteRoom, RemoteProducts, Shown,
};
use innkeep_domain::{Principal, Refusal};
use poem_openapi::Object;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// What was done to bring the house to the channel; nothing, if all was there.
#[derive(Object)]
pub struct SetUp {
    connection_id: Uuid,
    /// The channel's id of the property.
    external_property: String,
    property_created: bool,
    rooms_created: u32,
    /// There already, under the same name.
    rooms_found: u32,
    rates_created: u32,
    rates_found: u32,
    /// The channel was told to call us when something happens.
    webhook_registered: bool,
    /// Mapped unit types that a channel without a list of its own was told of, and units of theirs.
    #[oai(skip_serializing_if_is_none)]
    unit_types_told: Option<u32>,
    #[oai(skip_serializing_if_is_none)]
    units_told: Option<u32>,
    /// Of both, those that it has no word for, or does not want.
    #[oai(skip_serializing_if_is_none)]
    left_out: Option<u32>,
}

impl SetUp {
    pub fn new(connection_id: Uuid, external_property: String) -> Self {
        Self {
            connection_id,
            external_property,
            property_created: false,
            rooms_created: 0,
            rooms_found: 0,
            rates_created: 0,
            rates_found: 0,
            webhook_registered: false,
            unit_types_told: None,
            units_told: None,
            left_out: None,
        }
    }

    pub fn mapped(&mut self, rooms: u32, rates: u32) {
        self.rooms_created = rooms;
        self.rates_created = rates;
    }

    pub fn shown(self, shown: Shown) -> Self {
        Self {
            unit_types_told: Some(shown.categories),
            units_told: Some(shown.rooms),
            left_out: Some(shown.left_out),
            ..self
        }
    }
}

pub fn catalogue(app: &App, connection: &Connection) -> ApiResult<Arc<dyn Catalogue>> {
    let protocol = app.protocols.get(&connection.protocol);
    let catalogue = protocol.and_then(|p| p.more.catalogue.clone());
    Ok(catalogue.ok_or_else(|| {
        let detail = "this channel has no list of what it sells";
        Refusal::conflict("nothing_to_map", detail)
    })?)
}

pub fn no_property() -> Refusal {
    Refusal::conflict("nothing_to_map", "the property is not set up at the channel yet")
}

/// One set-up under way.
struct Builder<'a> {
    app: &'a App,
    who: &'a Principal,
    house: &'a House,
    catalogue: Arc<dyn Catalogue>,
    access: Access,
    done: SetUp,
}

pub async fn all(app: &App, who: &Principal, house: &House) -> ApiResult<SetUp> {
    let catalogue = catalogue(app, &house.connection)?;
    let access = house.connection.account().ok_or_else(no_property)?;
    let mut builder = Builder {
        app,
        who,
        house,
        catalogue,
        done: SetUp::new(house.connection.id, access.property.clone()),
        access,
    };
    builder.property().await?;
    let there = builder.catalogue.products(&builder.access).await;
    let there = there.map_err(|e| probe::failed(&e))?;
    probe::right_currency(house, &there)?;
    let rooms = builder.rooms(&there).await?;
    builder.rates(&there, &rooms).await?;
    builder.webhook().await?;
    Ok(builder.done)
}

impl Builder<'_> {
    async fn property(&mut self) -> ApiResult<()> {
        if !self.access.property.is_empty() {
            return Ok(());
        }
        let new = NewRemoteProperty {
            title: self.house.title.clone(),
            currency: self.house.currency.clone(),
            zone: self.house.zone.clone(),
        };
        let made = self.catalogue.create_property(&self.access, &new).await;
        let made = made.map_err(|e| probe::failed(&e))?;
        let mut tx = self.app.db.begin_for(self.who).await?;
        setup::keep_property(&mut tx, self.house.connection.id, &made).await?;
        tx.commit().await?;
        self.done.property_created = true;
        self.done.external_property.clone_from(&made);
        self.access.property = made;
        Ok(())
    }

    /// The channel's rooms, by unit type.
    async fn rooms(&mut self, there: &RemoteProducts) -> ApiResult<HashMap<Uuid, String>> {
        let house = self.house;
        let mut rooms = HashMap::new();
        let mut taken: Vec<&str> = house
            .rooms
            .iter()
            .filter_map(|r| r.external_id.as_deref())
            .collect();
        for room in &house.rooms {
            if let Some(external) = &room.external_id {
                rooms.insert(room.unit_type_id, external.clone());
                continue;
            }
            let same = |r: &str, title: &str| !taken.contains(&r) && setup::same_title(&room.title, title);
            let external = if let Some(found) = there.rooms.iter().find(|r| same(&r.id, &r.title)) {
                taken.push(&found.id);
                self.done.rooms_found += 1;
                found.id.clone()
            } else {
                let new = NewRemoteRoom {
                    title: room.title.clone(),
                    units: u32::try_from(room.units).unwrap_or(0).max(1),
                    occupancy: persons(room.occupancy),
                };
                let made = self.catalogue.create_room(&self.access, &new).await;
                self.done.rooms_created += 1;
                made.map_err(|e| probe::failed(&e))?
            };
            let mut tx = self.app.db.begin_for(self.who).await?;
            setup::keep_room(&mut tx, house.connection.id, room.unit_type_id, &external).await?;
            tx.commit().await?;
            rooms.insert(room.unit_type_id, external);
        }
        Ok(rooms)
    }

    async fn rates(&mut self, there: &RemoteProducts, rooms: &HashMap<Uuid, String>) -> ApiResult<()> {
        let house = self.house;
        let mut taken: Vec<&str> = house
            .rates
            .iter()
            .filter_map(|r| r.external_id.as_deref())
            .collect();
        for rate in house.rates.iter().filter(|r| r.external_id.is_none()) {
            let Some(room) = rooms.get(&rate.unit_type_id) else {
                continue;
            };
            let found = there.rates.iter().find(|r| {
                r.room.as_ref() == Some(room)
                    && !taken.contains(&r.id.as_str())
                    && setup::same_title(&rate.title, &r.title)
            });
            let external = if let Some(found) = found {
                taken.push(&found.id);
                self.done.rates_found += 1;
                found.id.clone()
            } else {
                let new = NewRemoteRate {
                    title: rate.title.clone(),
                    room: room.clone(),
                    occupancy: persons(rate.occupancy),
                    currency: house.currency.clone(),
                };
                let made = self.catalogue.create_rate(&self.access, &new).await;
                self.done.rates_created += 1;
                made.map_err(|e| probe::failed(&e))?
            };
            let mut tx = self.app.db.begin_for(self.who).await?;
            setup::keep_rate(&mut tx, house.connection.id, rate, &external).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// One address of ours is enough; its last part is the secret.
    async fn webhook(&mut self) -> ApiResult<()> {
        let prefix = format!("{}/hooks/channels/", self.app.public_url.trim_end_matches('/'));
        let known = self.catalogue.callbacks(&self.access, &prefix).await;
        if !known.map_err(|e| probe::failed(&e))?.is_empty() {
            return Ok(());
        }
        let mut tx = self.app.db.begin_for(self.who).await?;
        let token = setup::another_endpoint(&mut tx, self.house.connection.id).await?;
        tx.commit().await?;
        let called = self
            .catalogue
            .call_back(&self.access, &format!("{prefix}{token}"))
            .await;
        called.map_err(|e| probe::failed(&e))?;
        self.done.webhook_registered = true;
        Ok(())
    }
}

fn persons(occupancy: i32) -> u32 {
    u32::try_from(occupancy).unwrap_or(1).max(1)
}
