//! What Innkeep is asked: as little of its answers is read as is needed, and not without limits.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Innkeep, Range};

const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Of 200 items each.
const MOST_PAGES: usize = 20;

#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) protocol: String,
    pub(super) base_url: Option<String>,
    pub(super) external_property: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cell {
    pub(super) unit_type_id: String,
    rate_plan_id: Option<String>,
    pub(super) night: NaiveDate,
    pub(super) state: String,
    pub(super) truth: Truth,
}

#[derive(Debug, Deserialize)]
pub(super) struct Truth {
    pub(super) availability: Option<i64>,
}

#[derive(Deserialize)]
struct Mappings {
    rooms: Vec<RoomMapping>,
}

#[derive(Deserialize)]
struct RoomMapping {
    unit_type_id: String,
    external_id: String,
}

pub(super) async fn connections(
    http: &reqwest::Client,
    innkeep: &Innkeep,
) -> Result<Vec<Connection>, String> {
    all(http, innkeep, "channel-connections", &[]).await
}

/// The channel's room by unit type.
pub(super) async fn rooms(
    http: &reqwest::Client,
    innkeep: &Innkeep,
    connection: &str,
) -> Result<BTreeMap<String, String>, String> {
    let path = format!("channel-connections/{connection}/mappings");
    let mappings: Mappings = get(http, innkeep, &path, &[]).await?;
    let rooms = mappings.rooms.into_iter();
    Ok(rooms.map(|room| (room.unit_type_id, room.external_id)).collect())
}

/// What the channel may sell of each unit type on each night.
pub(super) async fn availability(
    http: &reqwest::Client,
    innkeep: &Innkeep,
    connection: &str,
    range: Range,
) -> Result<Vec<Cell>, String> {
    let named = [("from", range.from), ("to", range.to)];
    let named = named
        .into_iter()
        .filter_map(|(name, day)| Some((name, day?.to_string())));
    let path = format!("channel-connections/{connection}/cells");
    let mut cells: Vec<Cell> = all(http, innkeep, &path, &named.collect::<Vec<_>>()).await?;
    cells.retain(|cell| cell.rate_plan_id.is_none());
    Ok(cells)
}

/// Every page of a list.
async fn all<T: DeserializeOwned>(
    http: &reqwest::Client,
    innkeep: &Innkeep,
    path: &str,
    query: &[(&str, String)],
) -> Result<Vec<T>, String> {
    let (mut items, mut query) = (Vec::new(), query.to_vec());
    query.push(("limit", "200".to_owned()));
    for _ in 0..MOST_PAGES {
        let page: Page<T> = get(http, innkeep, path, &query).await?;
        items.extend(page.items);
        let Some(cursor) = page.next_cursor else {
            return Ok(items);
        };
        query.retain(|(name, _)| *name != "cursor");
        query.push(("cursor", cursor));
    }
    Err(format!("{path} has too many pages"))
}

async fn get<T: DeserializeOwned>(
    http: &reqwest::Client,
    innkeep: &Innkeep,
    path: &str,
    query: &[(&str, String)],
) -> Result<T, String> {
    let url = format!("{}/v1/{path}", innkeep.url.trim_end_matches('/'));
    let request = http.get(url).bearer_auth(&innkeep.api_key).query(query);
    let mut response = request.send().await.map_err(|error| error.to_string())?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("Innkeep answered {} to {path}", status.as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(format!("the answer to {path} is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|error| format!("the answer to {path}: {error}"))
}
