//! Reading the hotel's calendar: at once, and every so many seconds. What cannot be read changes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDate;
use poem::http::StatusCode;
use uuid::Uuid;

use super::read;
use crate::clock;
use crate::state::Sandbox;

const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Starts over, with the terms as they are.
pub(super) fn begin(sandbox: &Sandbox, id: &str) {
    let run = Uuid::new_v4();
    if let Some(listing) = sandbox.world().listings.get_mut(id) {
        listing.reading.run = Some(run);
        listing.reading.etag = None;
        if listing.terms.import_url.is_none() {
            listing.imported.clear();
            return;
        }
    }
    tokio::spawn(follow(sandbox.clone(), id.to_owned(), run));
}

async fn follow(sandbox: Sandbox, id: String, run: Uuid) {
    loop {
        let pause = match sandbox.world().listings.get(&id) {
            Some(listing) if listing.reading.run == Some(run) => listing.terms.refresh_s,
            _ => return,
        };
        once(&sandbox, &id).await;
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

/// Reads it now; false: there is none to read.
pub(super) async fn once(sandbox: &Sandbox, id: &str) -> bool {
    let known = sandbox.world().listings.get(id).and_then(|listing| {
        let url = listing.terms.import_url.clone()?;
        Some((url, listing.reading.etag.clone()))
    });
    let Some((url, etag)) = known else {
        return false;
    };
    let answer = ask(sandbox.http(), &url, etag.as_deref()).await;
    let world = &mut *sandbox.world();
    let listing = world.listings.get_mut(id);
    // Read from elsewhere meanwhile: of no interest any more.
    let Some(listing) = listing.filter(|listing| listing.terms.import_url.as_ref() == Some(&url)) else {
        return false;
    };
    listing.reading.times += 1;
    match answer {
        Ok(answer) => {
            if let Some((nights, etag)) = answer {
                listing.imported = nights;
                listing.reading.etag = etag;
            }
            listing.reading.read_at = Some(clock::now());
            listing.reading.last_error = None;
        }
        Err(reason) => listing.reading.last_error = Some(reason),
    }
    true
}

type Calendar = (BTreeSet<NaiveDate>, Option<String>);

/// `None`: it has not changed.
async fn ask(client: &reqwest::Client, url: &str, etag: Option<&str>) -> Result<Option<Calendar>, String> {
    let mut request = client.get(url);
    if let Some(etag) = etag {
        request = request.header("if-none-match", etag);
    }
    let mut response = request.send().await.map_err(|error| error.to_string())?;
    if response.status() == StatusCode::NOT_MODIFIED && etag.is_some() {
        return Ok(None);
    }
    if !response.status().is_success() {
        return Err(format!("the hotel answered {}", response.status().as_u16()));
    }
    let etag = response.headers().get("etag").and_then(|tag| tag.to_str().ok());
    let etag = etag.map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err("is too large".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    let nights = read::nights(&String::from_utf8_lossy(&body))?;
    Ok(Some((nights, etag)))
}
