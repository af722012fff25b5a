//! A trickle of guests, so that there is something to watch: they book what a channel was told, and some cancel.

use super::outside::Outside;
use super::place::{Channel, Place};
use crate::app::App;
use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate};
use innkeep_domain::ids::new_id;
use innkeep_domain::rates::offer::{self, Offer, Search};
use innkeep_domain::rates::stay::Stay;
use innkeep_integrations::outbound::Request;
use innkeep_integrations::standard_webhooks;
use serde_json::{Value, json};
use std::time::Duration;

pub const EVERY: Duration = Duration::from_secs(20);
/// Bookings that may still be cancelled.
const MOST_KEPT: usize = 50;
const NAMES: [(&str, &str); 8] = [
    ("Amélie", "Durand"),
    ("Bjørn", "Haugen"),
    ("Chiara", "Conti"),
    ("Dawid", "Nowak"),
    ("Eleni", "Papadaki"),
    ("Finn", "Murphy"),
    ("Greta", "Vogel"),
    ("Hugo", "Ferreira"),
];

pub struct Guests<'a> {
    pub app: &'a App,
    pub outside: &'a Outside,
    pub places: &'a [Place],
    /// Our own address.
    pub api: &'a str,
    /// The sandbox's bookings by these guests.
    pub booked: Vec<String>,
}

impl Guests<'_> {
    /// The next guest does something. A guest for whom nothing is left goes away.
    pub async fn next(&mut self) -> anyhow::Result<()> {
        if self.booked.len() > 3 && one_in(4) {
            let gone = self.booked.swap_remove(below(self.booked.len()));
            return self.outside.cancel(&gone).await;
        }
        // The host's three apartments would be full within the hour.
        let place = if one_in(6) {
            self.places.last()
        } else {
            self.places.first()
        };
        let Some(place) = place else { return Ok(()) };
        let Some(channel) = place.channels.get(below(place.channels.len())) else {
            return Ok(());
        };
        let today = self
            .app
            .clock
            .now()
            .date_naive()
            .max(place.property.business_date);
        let arrival = today + Days::new(1 + below(120) as u64);
        let stay = Stay::new(arrival, arrival + Days::new(1 + below(4) as u64))?;
        let Some(offer) = self.offer(place, stay).await? else {
            return Ok(());
        };
        match channel.external() {
            Some(property) => {
                let receipt = self
                    .outside
                    .sell(property, &at_ota(channel, &offer, stay)?)
                    .await?;
                self.booked.extend(receipt.map(|r| r.booking_id));
                let surplus = self.booked.len().saturating_sub(MOST_KEPT);
                self.booked.drain(..surplus);
                Ok(())
            }
            None => {
                self.post(
                    channel,
                    &by_webhook(
                        channel,
                        &offer,
                        &place.property.currency,
                        stay,
                        self.app.clock.now(),
                    )?,
                )
                .await
            }
        }
    }

    /// Something for sale to a couple, or a single.
    async fn offer(&self, place: &Place, stay: Stay) -> anyhow::Result<Option<Offer>> {
        let adults = if one_in(4) { 1 } else { 2 };
        let mut tx = self.app.db.begin(place.tenant).await?;
        let search = Search {
            property_id: place.property.id,
            stay,
            adults,
            children_ages: Vec::new(),
            promo_code: None,
        };
        let mut offers = offer::search(&mut tx, &place.who, &search).await?.offers;
        tx.commit().await?;
        offers.retain(|o| o.reasons.is_empty());
        let any = below(offers.len());
        Ok((any < offers.len()).then(|| offers.swap_remove(any)))
    }

    /// As a seller without an API of its own posts its bookings.
    async fn post(&self, channel: &Channel, message: &Value) -> anyhow::Result<()> {
        let secret = channel
            .signing_secret
            .as_deref()
            .context("a webhook without a secret")?;
        let (id, now, body) = (
            new_id().to_string(),
            self.app.clock.now(),
            serde_json::to_vec(message)?,
        );
        let signature = standard_webhooks::sign(secret, &id, now, &body)?;
        let request = Request::post(format!("{}/hooks/channels/{}", self.api, channel.token))
            .header("content-type", "application/json")
            .header(standard_webhooks::ID, id)
            .header(standard_webhooks::TIMESTAMP, now.timestamp().to_string())
            .header(standard_webhooks::SIGNATURE, signature)
            .body(body.into())?;
        let status = self.app.outbound.send(request).await?.status;
        ensure!(status.is_success(), "posting a booking to our own hook: {status}");
        Ok(())
    }
}

/// In the words of the sandbox's control side.
fn at_ota(channel: &Channel, offer: &Offer, stay: Stay) -> anyhow::Result<Value> {
    let (room, rate) = names(channel, offer)?;
    let (first, last) = guest();
    Ok(json!({
        "rooms": [{
            "room_type_id": room,
            "rate_plan_id": rate,
            "checkin_date": stay.arrival(),
            "checkout_date": stay.departure(),
        }],
        "customer": { "name": first, "surname": last, "country": "DE" },
        "ota_name": channel.seller(),
    }))
}

/// In the words of the open webhook.
fn by_webhook(
    channel: &Channel,
    offer: &Offer,
    currency: &str,
    stay: Stay,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<Value> {
    let (room, rate) = names(channel, offer)?;
    let (first, last) = guest();
    let night = |(date, price): &(NaiveDate, rust_decimal::Decimal)| json!({ "date": date, "price": price });
    let id = new_id().to_string();
    Ok(json!({
        "event": "booking.new",
        "booking": {
            "id": id,
            "revision": "1",
            "revised_at": now,
            "code": format!("SUN-{}", now.timestamp()),
            "sold_by": channel.seller(),
            "currency": currency,
            "total": offer.total,
            "booker": { "name": format!("{first} {last}") },
            "rooms": [{
                "id": "1",
                "room_type": room,
                "rate_plan": rate,
                "arrival": stay.arrival(),
                "departure": stay.departure(),
                "adults": 1,
                "nights": offer.nights.iter().map(night).collect::<Vec<_>>(),
            }],
        },
    }))
}

/// The channel's ids of what is offered.
fn names<'a>(channel: &'a Channel, offer: &Offer) -> anyhow::Result<(&'a str, &'a str)> {
    let room = channel
        .mapping
        .rooms
        .get(&offer.unit_type_id)
        .context("an unmapped unit type")?;
    let rate = channel
        .mapping
        .rates
        .get(&(offer.unit_type_id, offer.rate_plan_id));
    Ok((room, rate.context("an unmapped rate plan")?))
}

fn guest() -> (&'static str, &'static str) {
    NAMES.get(below(NAMES.len())).copied().unwrap_or(("A", "Guest"))
}

/// A number below `n`; 0 for 0.
fn below(n: usize) -> usize {
    if n == 0 { 0 } else { rand::random_range(0..n) }
}

fn one_in(n: usize) -> bool {
    below(n) == 0
}
