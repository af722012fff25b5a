//! The one way out to addresses that a tenant entered.
//!
//! A URL is read and judged, its host looked up once, every address judged, and the connection opened to one of those
//! addresses: there is no second look-up for a name to change its mind at. Redirects are answers, never followed here: who
//! wants to go there asks anew, and is judged anew ([`redirected`]). Proxies of the surroundings are not asked; nothing is
//! decompressed; time and size have limits. What the operator vouches for ([`Allow`]) is called wherever it is.

mod address;
mod connect;
mod target;

pub use connect::{ConnectError, Dialler, Resolver, System, Tcp};
pub use hyper::body::Bytes;
pub use hyper::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
pub use target::{Allow, NotAnAddress, Refused, read, redirected};
pub use url::Url;

use connect::Connector;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 8;
/// Bytes of an answer's head.
const LARGEST_HEAD: usize = 64 * 1024;

#[derive(Debug, Clone)]
pub struct Options {
    pub allow: Allow,
    /// From the name to an open connection.
    pub connect: Duration,
    /// From the name to the last byte of the answer.
    pub total: Duration,
    /// Bytes of an answer's body.
    pub largest: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allow: Allow::default(),
            connect: Duration::from_secs(2),
            total: Duration::from_secs(10),
            largest: 8 * 1024 * 1024,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Trying again will not help.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// It may or may not have arrived.
    #[error("{0}")]
    Unanswered(String),
}

/// Why an answer has no body.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the answer broke off: {0}")]
    Broken(String),
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Result<Bytes, BodyError>,
}

/// Cheap to clone: all clones share connections.
#[derive(Clone)]
pub struct Outbound {
    http: Client<HttpsConnector<Connector>, Full<Bytes>>,
    connector: Connector,
    total: Duration,
    largest: usize,
}

impl Outbound {
    /// By the machine's resolver, over TCP.
    pub fn new(options: Options) -> io::Result<Self> {
        Self::through(options, Arc::new(System), Arc::new(Tcp))
    }

    pub fn through(
        options: Options,
        resolver: Arc<dyn Resolver>,
        dialler: Arc<dyn Dialler>,
    ) -> io::Result<Self> {
        let connector = Connector {
            allow: Arc::new(options.allow),
            resolver,
            dialler,
            limit: options.connect,
        };
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector.clone());
        let http = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_buf_size(LARGEST_HEAD)
            .build(tls);
        Ok(Self {
            http,
            connector,
            total: options.total,
            largest: options.largest,
        })
    }

    /// May this be entered as an address? A name that is not known at the moment may: it is judged again at every call.
    pub async fn admit(&self, text: &str) -> Result<(), Refused> {
        let target = self.connector.allow.target(text)?;
        let addresses = self.connector.addresses(&target);
        match tokio::time::timeout(self.connector.limit, addresses).await {
            Ok(Err(ConnectError::Refused(refused))) => Err(refused),
            _ => Ok(()),
        }
    }

    /// One request, one answer, whatever its status.
    pub async fn send(&self, mut request: Request<Bytes>) -> Result<Answer, SendError> {
        // Judged before a connection that is already open can be used.
        self.connector.allow.target(&request.uri().to_string())?;
        let us = HeaderValue::from_static(concat!("innkeep/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(header::USER_AGENT, us);
        let exchange = async {
            let response = self.http.request(request.map(Full::new)).await;
            let response = response.map_err(|error| failure(&error))?;
            Ok(self.read(response).await)
        };
        let answered = tokio::time::timeout(self.total, exchange).await;
        answered.unwrap_or_else(|_| Err(SendError::Unanswered("timed out".to_owned())))
    }

    async fn read(&self, response: Response<Incoming>) -> Answer {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.largest).collect().await;
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.map(|b| b.to_bytes()).map_err(|error| {
                if error.is::<LengthLimitError>() {
                    BodyError::TooLarge(self.largest)
                } else {
                    BodyError::Broken(causes(&*error))
                }
            }),
        }
    }
}

fn failure(error: &hyper_util::client::legacy::Error) -> SendError {
    let mut chain = chain(error);
    if let Some(ConnectError::Refused(refused)) = chain.find_map(|e| e.downcast_ref()) {
        return SendError::Refused(*refused);
    }
    let why = error.source().map_or_else(|| error.to_string(), causes);
    if error.is_connect() {
        SendError::Unreachable(why)
    } else {
        SendError::Unanswered(why)
    }
}

/// The error and what caused it. Names no address.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut all: Vec<String> = chain(error).map(ToString::to_string).collect();
    all.dedup();
    all.join(": ")
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |e| (**e).source())
}
