//! Who gets as far as the routes, and what every answer carries.

use super::address::{Client, Proxies};
use super::cors::{self, Origins};
use super::crowd::{Crowd, Place};
use super::{head, headers};
use crate::api::error::{ApiError, ApiResult};
use crate::throttle::{Bucket, Kind, Limiter, Quotas, Toll};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// Supervisors and collectors ask these again and again.
const UNCOUNTED: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];
/// Open to everybody whatever credential they show.
const FROM_OUTSIDE: [&str; 3] = ["/hooks/", "/ical/", "/alpinebits"];
/// Where something can be guessed.
const LOG_IN: [&str; 3] = ["/v1/auth/", "/v1/platform/auth/", "/v1/invitations/"];

#[derive(Clone)]
pub struct Guard {
    pub limiter: Arc<Limiter>,
    pub proxies: Proxies,
    pub origins: Origins,
    pub crowd: Crowd,
    /// People reach this installation over https.
    pub secure: bool,
}

impl Default for Guard {
    /// No quotas, no proxies, no origins.
    fn default() -> Self {
        Self {
            limiter: Arc::new(Limiter::new(None, Quotas::default())),
            proxies: Proxies::default(),
            origins: Origins::default(),
            crowd: Crowd::new(usize::MAX),
            secure: false,
        }
    }
}

/// A request that was let in. Dropping it makes room for another.
pub struct Pass {
    toll: Toll,
    address: IpAddr,
    counted: bool,
    /// Charged before anything is done; nothing: whoever the credential names is charged.
    kind: Option<Kind>,
    _place: Place,
}

impl Guard {
    /// What the request's answer must carry, read before the request is gone.
    pub fn looks(&self, request: &Request) -> Looks {
        Looks {
            path: request.uri().path().to_owned(),
            origin: self.origins.of(request),
            preflight: !self.origins.is_empty() && cors::is_preflight(request),
            cors: !self.origins.is_empty(),
            secure: self.secure,
        }
    }

    /// Checks what can be checked without knowing who calls.
    pub fn admit(&self, request: &mut Request) -> ApiResult<Pass> {
        let address = self.proxies.client(request);
        request.set_data(Client(address));
        head::check(request)?;
        let crowded = "too many requests of your address are under way at once";
        let crowded = || ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_at_once", crowded);
        let path = request.uri().path();
        let from_outside = FROM_OUTSIDE.iter().any(|p| path.starts_with(p));
        let unknown = from_outside || !request.headers().contains_key(header::AUTHORIZATION);
        let kind = if request.method() == Method::POST && LOG_IN.iter().any(|p| path.starts_with(p)) {
            Some(Kind::LogIn)
        } else {
            unknown.then_some(Kind::Address)
        };
        let counted = !UNCOUNTED.contains(&path);
        let pass = Pass {
            _place: self.crowd.enter(address).ok_or_else(crowded)?,
            toll: Toll::new(self.limiter.clone()),
            kind: kind.filter(|_| counted),
            counted,
            address,
        };
        request.set_data(pass.toll.clone());
        Ok(pass)
    }
}

impl Pass {
    /// Charges whoever does not say who calls.
    pub async fn charge(&self) -> ApiResult<()> {
        match self.kind {
            Some(kind) => self.toll.charge(&[Bucket::address(kind, self.address)]).await,
            None => Ok(()),
        }
    }

    /// Whoever turned out to be nobody pays afterwards, and learns no more once the quota is used up.
    pub async fn settle(&self) -> ApiResult<()> {
        if self.toll.is_paid() || !self.counted {
            return Ok(());
        }
        let address = Bucket::address(Kind::Address, self.address);
        self.toll.charge(&[address]).await
    }

    pub fn show(&self, headers: &mut HeaderMap) {
        self.toll.show(headers);
    }
}

/// What an answer carries for browsers.
pub struct Looks {
    path: String,
    origin: Option<HeaderValue>,
    preflight: bool,
    cors: bool,
    secure: bool,
}

impl Looks {
    /// The answer to a browser that asks whether it may ask: nothing else is looked at then.
    pub fn preflight(&self) -> Option<Response> {
        self.preflight.then(cors::preflight)
    }

    pub fn put_on(self, headers: &mut HeaderMap) {
        headers::protect(&self.path, self.secure, headers);
        if self.cors {
            cors::allow(self.origin, headers);
        }
    }
}
