//! What Innkeep posts to others, for the document: the messages are the types that are posted, so they cannot differ.

use crate::api::Tag;
use innkeep_integrations::open_webhook::ari::{AvailabilityMessage, MessageAnswer, RatesMessage};
use poem_openapi::param::Header;
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaWebhook, Registry};
use poem_openapi::{ApiResponse, Webhook};

/// All of them.
pub struct Pushed;

impl Webhook for Pushed {
    fn meta() -> Vec<MetaWebhook> {
        let all = [<&dyn PushedAvailability>::meta(), <&dyn PushedRates>::meta()];
        all.into_iter().flatten().collect()
    }

    fn register(registry: &mut Registry) {
        <&dyn PushedAvailability>::register(registry);
        <&dyn PushedRates>::register(registry);
    }
}

/// One trait for each message: poem-openapi takes one webhook of a method in a trait.
#[Webhook(tag = "Tag::Channels")]
pub trait PushedAvailability {
    /// Availability has changed
    ///
    /// Posted to the `base_url` of a connection of protocol `webhook`, within a second or so. Signed as in Standard
    /// Webhooks: HMAC-SHA256 over `id.timestamp.body` with the connection's `signing_secret`.
    #[oai(name = "ari.availability", method = "post")]
    fn availability(
        &self,
        /// The message's; none comes twice.
        #[oai(name = "webhook-id")]
        id: Header<String>,
        /// Unix seconds. Take no message from more than five minutes ago or ahead.
        #[oai(name = "webhook-timestamp")]
        timestamp: Header<i64>,
        /// `v1,<base64>`; two of them with a blank between while the secret is changed: one has to be right.
        #[oai(name = "webhook-signature")]
        signature: Header<String>,
        message: Json<AvailabilityMessage>,
    ) -> Answered;
}

#[Webhook(tag = "Tag::Channels")]
pub trait PushedRates {
    /// Rates have changed
    ///
    /// Prices and restrictions, posted and signed like `ari.availability`.
    #[oai(name = "ari.rates", method = "post")]
    fn rates(
        &self,
        /// The message's; none comes twice.
        #[oai(name = "webhook-id")]
        id: Header<String>,
        /// Unix seconds. Take no message from more than five minutes ago or ahead.
        #[oai(name = "webhook-timestamp")]
        timestamp: Header<i64>,
        /// `v1,<base64>`; two of them with a blank between while the secret is changed: one has to be right.
        #[oai(name = "webhook-signature")]
        signature: Header<String>,
        message: Json<RatesMessage>,
    ) -> Answered;
}

/// What the other side may answer. 5xx, or none within 10 seconds: it is told again, at least once a minute.
#[derive(ApiResponse)]
pub enum Answered {
    /// Taken, but for what is listed. Any 2xx will do, with any body or none.
    #[oai(status = 200)]
    Taken(Json<MessageAnswer>),
    /// Nothing is sent for as long as `Retry-After` says, in seconds; 60 without it.
    #[oai(status = 429)]
    Later,
    /// There is no such endpoint any more: shown to the hotel, and tried again after a minute.
    #[oai(status = 410)]
    Gone,
}
