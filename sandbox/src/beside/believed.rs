//! What a channel here would sell.

use chrono::NaiveDate;

use super::ask::Connection;
use crate::state::Sandbox;

/// Who is behind a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seat {
    /// Of Channex: the property's id.
    Property(String),
    /// One that speaks the open webhook: its name.
    Shop(String),
    /// Of the portal: the hotel's code.
    Portal(String),
}

impl Seat {
    /// `None`: the channel is none of those here.
    pub(super) fn of(sandbox: &Sandbox, connection: &Connection) -> Option<Self> {
        let property = connection.external_property.clone();
        match connection.protocol.as_str() {
            "channex" => property
                .filter(|id| sandbox.world().property(id).is_some())
                .map(Self::Property),
            "webhook" => {
                let address = connection.base_url.as_deref()?.strip_suffix("/push")?;
                let (_, name) = address.split_once("/sandbox/webhook-ota/")?;
                let known = sandbox.world().shops.contains_key(name);
                known.then(|| Self::Shop(name.to_owned()))
            }
            "alpinebits" => property
                .filter(|code| sandbox.portal().hotel(code).is_some())
                .map(Self::Portal),
            _ => None,
        }
    }

    /// `None`: never told.
    pub(super) fn left(&self, sandbox: &Sandbox, room: &str, night: NaiveDate) -> Option<i64> {
        match self {
            Self::Property(id) => sandbox.world().property(id)?.availability(room, night),
            Self::Shop(name) => sandbox.world().shops.get(name)?.left(room, night),
            Self::Portal(code) => {
                let portal = sandbox.portal();
                let believed = portal.hotel(code)?.believed(room, night);
                believed.map(i64::from)
            }
        }
    }

    /// The channel's name of a room.
    pub(super) fn title(&self, sandbox: &Sandbox, room: &str) -> String {
        let title = match self {
            Self::Property(id) => {
                let world = sandbox.world();
                let room = world.property(id).and_then(|property| property.room_type(room));
                room.map(|room| room.title.clone())
            }
            Self::Shop(_) | Self::Portal(_) => None,
        };
        title
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| room.to_owned())
    }
}
