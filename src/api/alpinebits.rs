//! `POST /alpinebits`: what portals tell and ask in AlpineBits HotelData, at one address for all of them.

mod form;
mod reply;

use crate::api::{ApiResult, Tag};
use crate::app::{App, Shared};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use innkeep_domain::channel::connection::{self, Connection};
use innkeep_domain::channel::{endpoint, inbox, portal};
use innkeep_domain::{Error as DomainError, TenantId, jobs, property};
use innkeep_integrations::alpinebits::action::Action;
use innkeep_integrations::alpinebits::capability::Capability;
use innkeep_integrations::alpinebits::handshake::{Offer, Ping};
use innkeep_integrations::alpinebits::tell::{self, Hotel};
use innkeep_integrations::alpinebits::verdict::Agreed;
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::alpinebits::{NAME, push, send};
use innkeep_integrations::ota::answer::Answer;
use innkeep_integrations::ota::refusal::{Kind, Refusal};
use poem::Request;
use poem::http::{HeaderMap, header};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use poem_openapi::payload::Binary;
use reply::{Failure, Reply};

/// What a client may ask of us.
const SERVED: [Action; 4] = [
    Action::Handshake,
    Action::GuestRequestsPush,
    Action::InventoryPull,
    Action::BaseRates,
];
const CAPABILITIES: [Capability; 1] = [Capability::PushRoomRates];

pub struct AlpineBits;

#[OpenApi(tag = "Tag::Channels")]
impl AlpineBits {
    /// Exchange AlpineBits messages
    ///
    /// For portals: AlpineBits HotelData 2024-10 and 2022-10, logged in by HTTP Basic with the name and password that
    /// were given when the connection was made. The body is a form of `action` and `request`, which `Content-Encoding:
    /// gzip` may pack. Served are `OTA_Ping:Handshaking`, `OTA_HotelResNotif:GuestRequests`,
    /// `OTA_HotelDescriptiveInfo:Inventory` and `OTA_HotelRatePlan:BaseRates`. A reservation that is acknowledged is
    /// stored here; one that comes again changes nothing.
    #[oai(path = "/alpinebits", method = "post", operation_id = "exchange_alpinebits")]
    async fn exchange(
        &self,
        app: Data<&Shared>,
        request: &Request,
        /// `2024-10` or `2022-10`. A handshake is the same in all: whatever version it names is taken.
        #[oai(name = "X-AlpineBits-ClientProtocolVersion")]
        version: Header<Option<String>>,
        body: Binary<Vec<u8>>,
    ) -> ApiResult<Reply> {
        Reply::of(answer(&app, request.headers(), version.0.as_deref(), body.0).await)
    }
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    version: Option<&str>,
    body: Vec<u8>,
) -> Result<String, Failure> {
    let (tenant, connection) = caller(app, headers).await?;
    let form = form::read(headers, body).await?;
    let served = Action::of(&form.action).filter(|action| SERVED.contains(action));
    let action = served.ok_or_else(|| Failure::protocol("unknown or missing action"))?;
    let offer = Offer::new(&SERVED, &CAPABILITIES);
    if action == Action::Handshake {
        return match Ping::read(&form.request) {
            Ok(ping) => ping.answer(&offer).map_err(|e| Failure::ours(&e)),
            Err(refusal) => refused(action, refusal),
        };
    }
    let version =
        version.ok_or_else(|| Failure::protocol("X-AlpineBits-ClientProtocolVersion is missing"))?;
    let version: Version = version.trim().parse().map_err(Failure::protocol)?;
    let agreed = offer
        .agreed(version, action)
        .ok_or_else(|| Failure::ours(&"an action that is served and not offered"))?;
    let exchange = Exchange {
        app,
        tenant,
        connection: &connection,
        agreed: &agreed,
        request: &form.request,
    };
    match exchange.perform(action).await? {
        Ok(message) => Ok(message),
        Err(refusal) => refused(action, refusal),
    }
}

/// Whose name and password came with the request.
async fn caller(app: &App, headers: &HeaderMap) -> Result<(TenantId, Connection), Failure> {
    let (name, password) = basic(headers).ok_or(Failure::Stranger)?;
    let mut tx = app.db.begin_platform().await?;
    let found = endpoint::log_in(&mut tx, &name, &password).await?;
    tx.commit().await?;
    let (tenant, id) = found.ok_or(Failure::Stranger)?;
    let mut tx = app.db.begin(tenant).await?;
    let connection = connection::get(&mut tx, id).await?;
    tx.commit().await?;
    // Other channels have tokens too, for other doors.
    if connection.protocol != NAME {
        return Err(Failure::Stranger);
    }
    Ok((tenant, connection))
}

/// RFC 7617.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// What cannot be understood is an error of the protocol; what is against a rule of the business is answered in its words.
fn refused(action: Action, refusal: Refusal) -> Result<String, Failure> {
    match refusal.kind {
        Kind::Unreadable | Kind::Schema => Err(Failure::protocol(refusal)),
        Kind::Rule | Kind::Unsupported => Ok(send::answer(action, &Answer::from(&refusal))),
    }
}

/// A message within its connection.
struct Exchange<'a> {
    app: &'a App,
    tenant: TenantId,
    connection: &'a Connection,
    agreed: &'a Agreed,
    request: &'a [u8],
}

impl Exchange<'_> {
    /// The inner error is the client's.
    async fn perform(&self, action: Action) -> Result<Result<String, Refusal>, Failure> {
        let hotel = self.hotel().await?;
        match action {
            Action::GuestRequestsPush => self.take(&hotel).await,
            Action::InventoryPull => self.inventory(&hotel).await,
            Action::BaseRates => self.base_rates(&hotel).await,
            _ => Err(Failure::protocol("unknown or missing action")),
        }
    }

    async fn hotel(&self) -> Result<Hotel, DomainError> {
        let mut tx = self.app.db.begin(self.tenant).await?;
        let property = property::get(&mut tx, self.connection.property_id).await?;
        tx.commit().await?;
        Ok(Hotel {
            code: self.connection.external_property.clone().unwrap_or_default(),
            name: property.name,
            currency: property.currency,
        })
    }

    /// Acknowledged is only what is committed.
    async fn take(&self, hotel: &Hotel) -> Result<Result<String, Refusal>, Failure> {
        let pushed = match push::read(self.request, self.agreed, hotel) {
            Ok(pushed) => pushed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut tx = self.app.db.begin(self.tenant).await?;
        inbox::receive(&mut tx, self.connection.id, &pushed.messages, self.app.now()).await?;
        jobs::kick(&mut tx).await?;
        tx.commit().await?;
        Ok(pushed.answer(self.agreed))
    }

    async fn inventory(&self, hotel: &Hotel) -> Result<Result<String, Refusal>, Failure> {
        if let Err(refusal) = tell::inventory_wanted(self.request, self.agreed, hotel) {
            return Ok(Err(refusal));
        }
        let mut tx = self.app.db.begin(self.tenant).await?;
        let categories = portal::categories(&mut tx, self.connection.id).await?;
        tx.commit().await?;
        Ok(tell::inventory(&categories, self.agreed, hotel))
    }

    async fn base_rates(&self, hotel: &Hotel) -> Result<Result<String, Refusal>, Failure> {
        let wanted = match tell::rates_wanted(self.request, self.agreed, hotel) {
            Ok(wanted) => wanted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut tx = self.app.db.begin(self.tenant).await?;
        let dates = (wanted.first, wanted.last);
        let plans = portal::prices(&mut tx, self.connection, &wanted.plans, dates).await?;
        tx.commit().await?;
        Ok(tell::base_rates(&plans, self.agreed, hotel))
    }
}
