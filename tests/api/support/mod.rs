//! A running server with two furnished tenants, and people who call it.

mod answer;
mod outside;

pub use answer::Answer;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use innkeep::app::App;
use innkeep::cache::Cache;
use innkeep::edge::{Guard, Limits, Mutations};
use innkeep::grants::Grants;
use innkeep::redis::Redis;
use innkeep::server::ServerOptions;
use innkeep::telemetry::Metrics;
use innkeep::tokens::{Bearer, Tokens};
use innkeep::{routes, server};
use innkeep_domain::Role;
use innkeep_domain::clock::Clock;
use innkeep_domain::identity::{Door, passkey};
use innkeep_domain::mail;
use innkeep_domain::ports::channel::Protocols;
use innkeep_domain::ports::mail::{MailError, Mailer, Message};
use innkeep_domain::testing::{House, Plan, TestDatabase};
use innkeep_integrations::outbound::Outbound;
use innkeep_integrations::{alpinebits, anchor, channex, ical, open_webhook};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A Monday morning; the clock stands still until a test moves it.
pub const NOW: &str = "2027-01-04T10:00:00Z";

pub struct Server {
    pub app: Arc<App>,
    pub address: SocketAddr,
    /// A hotel with two singles, five doubles and a suite.
    pub adler: House,
    /// Another tenant: a host with an apartment and a villa.
    pub mare: House,
    pub http: reqwest::Client,
    letters: Arc<Letters>,
    // Last, so that connections are gone when it is dropped.
    pub database: TestDatabase,
}

impl Server {
    /// Without quotas.
    pub async fn start() -> Self {
        Self::behind(|_| Guard::default()).await
    }

    pub async fn behind(guard: impl FnOnce(Option<Arc<Redis>>) -> Guard) -> Self {
        Self::furnished(guard, outside::outbound("")).await
    }

    /// In a world where the operator allows this `host:port`, too.
    pub async fn beside(neighbour: &str) -> Self {
        Self::furnished(|_| Guard::default(), outside::outbound(neighbour)).await
    }

    async fn furnished(guard: impl FnOnce(Option<Arc<Redis>>) -> Guard, outbound: Outbound) -> Self {
        let database = TestDatabase::create(innkeep_workers::setup_queue).await.unwrap();
        let db = database.connect(8).await.unwrap();
        let now: DateTime<Utc> = NOW.parse().unwrap();
        let adler = House::furnish(&db, &Plan::HOTEL, now).await.unwrap();
        let mare = House::furnish(&db, &Plan::HOST, now).await.unwrap();
        let letters = Arc::new(Letters::default());
        let redis = std::env::var("INNKEEP_TEST_REDIS_URL").ok();
        let redis = redis.map(|url| Arc::new(Redis::new(&url).unwrap()));
        let app = Arc::new(App {
            db,
            clock: Clock::fixed(now),
            tokens: Tokens::open(&secrets(), now).unwrap(),
            cache: Arc::new(Cache::new(redis.clone())),
            redis: redis.clone(),
            protocols: Protocols::new(vec![
                channex::protocol(outbound.clone()),
                open_webhook::protocol(outbound.clone(), Clock::fixed(now)),
                alpinebits::protocol(outbound.clone()),
            ]),
            outbound,
            metrics: Metrics::install().unwrap(),
            grants: Grants::default(),
            mailer: letters.clone(),
            anchor: Arc::new(anchor::Folder::new(secrets().join("audit"))),
            public_url: "http://localhost:8080".into(),
            relying_party: passkey::relying_party("http://localhost:8080").unwrap(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mutations = Mutations::default();
        let limits = Limits {
            body: 256 * 1024,
            ..Limits::default()
        };
        let edge = Arc::new(routes::edge(app.clone(), limits, guard(redis), mutations.clone()).unwrap());
        tokio::spawn(server::serve(
            listener,
            edge,
            mutations,
            ServerOptions::default(),
            std::future::pending(),
        ));
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            app,
            address,
            adler,
            mare,
            http,
            letters,
            database,
        }
    }

    /// Somebody with this role in the house.
    pub fn caller(&self, house: &House, role: Role) -> Caller<'_> {
        let token = self.token(house, role, self.app.clock.now());
        Caller {
            server: self,
            token: Some(token),
        }
    }

    /// An access token in the open session of somebody with this role.
    pub fn token(&self, house: &House, role: Role, at: DateTime<Utc>) -> String {
        let staff = house.of_role(role);
        let bearer = Bearer::Session {
            session: staff.session_id,
            user: staff.user_id,
            door: Door::Tenant,
            tenant: Some(house.tenant),
        };
        self.app.tokens.issue(bearer, at).unwrap()
    }

    /// Sends what mail is due, and returns the last one to this address.
    pub async fn mail_to(&self, address: &str) -> Option<Message> {
        let now = self.app.now();
        loop {
            let mut tx = self.app.db.begin_platform().await.unwrap();
            let Some(due) = mail::take(&mut tx, now).await.unwrap() else {
                break;
            };
            let message = mail::compose(&mut tx, &due.mail, &self.app.public_url, now)
                .await
                .unwrap();
            mail::sent(&mut tx, due.id).await.unwrap();
            tx.commit().await.unwrap();
            if let Some(message) = message {
                self.app.mailer.send(&message).await.unwrap();
            }
        }
        let sent = self.letters.0.lock().unwrap();
        sent.iter().rev().find(|m| m.to == address).cloned()
    }

    /// The token in the link of the last mail to this address.
    pub async fn mailed_token(&self, address: &str) -> String {
        let message = self.mail_to(address).await.unwrap();
        let (_, after) = message.text.split_once("token=").unwrap();
        after.split_whitespace().next().unwrap().to_owned()
    }

    /// The hotel's manager, who may do everything there.
    pub fn manager(&self) -> Caller<'_> {
        self.caller(&self.adler, Role::Manager)
    }

    pub fn bearer(&self, token: impl Into<String>) -> Caller<'_> {
        Caller {
            server: self,
            token: Some(token.into()),
        }
    }

    pub fn nobody(&self) -> Caller<'_> {
        Caller {
            server: self,
            token: None,
        }
    }

    /// Works in the background, as `innkeep serve` does, until `stop`.
    pub fn work(&self, stop: CancellationToken) {
        let app = &self.app;
        let ctx = innkeep_workers::Context {
            db: app.db.clone(),
            clock: app.clock.clone(),
            protocols: app.protocols.clone(),
            calendars: Arc::new(ical::Fetch(app.outbound.clone())),
            read_back_every: Duration::from_secs(300),
            cache: app.cache.clone(),
            mailer: app.mailer.clone(),
            anchor: app.anchor.clone(),
            public_url: app.public_url.clone(),
        };
        tokio::spawn(innkeep_workers::run(ctx, stop));
    }

    /// What is stored, as rows per table; a failed log-in is counted, and no more. Keys are not data.
    pub async fn stored(&self) -> BTreeMap<String, i64> {
        let mut rows = self.database.row_counts().await.unwrap();
        rows.remove("failed_attempt");
        // Made when a tenant's data is first looked at.
        rows.remove("tenant_key");
        rows
    }
}

/// Signing keys for all tests of this process.
pub fn secrets() -> PathBuf {
    let folder = std::env::var_os("INNKEEP_SECRETS_DIR").map(PathBuf::from);
    folder
        .unwrap_or_else(std::env::temp_dir)
        .join("innkeep-api-tests")
}

/// Every mail that was sent.
#[derive(Default)]
struct Letters(Mutex<Vec<Message>>);

#[async_trait]
impl Mailer for Letters {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}

pub struct Caller<'a> {
    server: &'a Server,
    token: Option<String>,
}

impl Caller<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .server
            .http
            .request(method, format!("http://{}{path}", self.server.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// An action without a body.
    pub async fn act(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    pub async fn with_header(
        &self,
        method: Method,
        path: &str,
        header: (&str, &str),
        body: &Value,
    ) -> Answer {
        let request = self.request(method, path).header(header.0, header.1);
        self.send(if body.is_null() {
            request
        } else {
            request.json(body)
        })
        .await
    }
}

/// A room of the hotel's `code` type, `nights` nights from so many nights after the business date on.
pub fn room(house: &House, code: &str, from: u64, nights: u64) -> Value {
    json!({
        "unit_type_id": house.unit_type(code).unwrap(),
        "rate_plan_id": house.base_plan,
        "arrival": house.night(from),
        "departure": house.night(from + nights),
        "adults": 2,
    })
}

/// A booking of these rooms.
pub fn booking(house: &House, rooms: &[Value]) -> Value {
    json!({ "property_id": house.property_id, "booker": { "name": "Ada Lovelace" }, "rooms": rooms })
}

/// The hotel's events of one kind, oldest first. The log shows a transaction once every older one has ended, in any
/// database of the server: other tests' too.
pub async fn events(server: &Server, kind: &str) -> Vec<Value> {
    let mut tx = server.app.db.begin(server.adler.tenant).await.unwrap();
    let all: i64 = sqlx::query_scalar("select count(*) from event")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    loop {
        let page = server.manager().get("/v1/events?limit=200").await.is(200);
        if page.items().len() as i64 == all {
            let found = page.items().iter().filter(|e| e["kind"] == kind);
            return found.cloned().collect();
        }
        tokio::task::yield_now().await;
    }
}

/// An id that nobody has.
pub fn unknown() -> Uuid {
    Uuid::now_v7()
}
