//! Two tenants with a thing of every kind, one of them with a second property, people and programs with any rights, and
//! a server whose rights table can be exchanged.

use super::document::{Document, Operation};
use super::maker::{Maker, Request, Things};
use crate::harness::wire::{self, Reply, Wire};
use crate::harness::world::World;
use anyhow::{Context, ensure};
use chrono::{DateTime, Days, NaiveDate, Utc};
use innkeep::app::App;
use innkeep::cache::Cache;
use innkeep::edge::{Guard, Limits, Mutations};
use innkeep::grants::Grants;
use innkeep::rights::{Needs, TABLE};
use innkeep::routes;
use innkeep::server::{self, ServerOptions};
use innkeep::telemetry::Metrics;
use innkeep::tokens::{Bearer, Tokens};
use innkeep_domain::channel::{connection, correspondence, inbox};
use innkeep_domain::clock::Clock;
use innkeep_domain::identity::{Class, Door, account, membership, operator, passkey, session};
use innkeep_domain::ids::TenantId;
use innkeep_domain::ports::channel::{Protocols, RawMessage, RemoteConversation, RemoteReview};
use innkeep_domain::testing::{House, Plan, Staff};
use innkeep_domain::{Permission, Role};
use innkeep_integrations::outbound::{Options, Outbound};
use innkeep_integrations::{anchor, channex, mail, open_webhook};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use uuid::Uuid;

/// How one of each kind comes to be, in this order.
const MADE: [&str; 21] = [
    "create_property",
    "create_unit_type",
    "create_units",
    "create_policy",
    "create_rate_plan",
    "change_ari",
    "create_tax_or_fee",
    "create_extra",
    "create_promo_code",
    "create_company",
    "create_guest",
    "create_group",
    "create_quote",
    "create_booking",
    "create_maintenance",
    "create_housekeeping_task",
    "create_channel_connection",
    "create_calendar_connection",
    "create_role",
    "create_invitation",
    "create_api_key",
];

/// A tenant's property with everything in it.
pub struct Side {
    pub tenant: TenantId,
    pub things: Things,
    /// Stands in everything this side wrote, and nowhere else.
    pub word: &'static str,
    /// An access token with all rights in the tenant.
    pub owner: String,
}

pub struct Stage {
    pub app: Arc<App>,
    pub document: Document,
    pub operations: Vec<Operation>,
    /// Who attacks.
    pub ours: Side,
    /// Another property of the same tenant.
    pub beside: Side,
    /// Another tenant.
    pub theirs: Side,
    pub arrival: NaiveDate,
    pub world: World,
    pub wire: Wire,
}

impl Stage {
    pub async fn open() -> anyhow::Result<Self> {
        let world = World::new(&[Plan::HOTEL, Plan::HOST]).await?;
        let app = Arc::new(app(&world)?);
        let document = Document::committed()?;
        let operations = document.operations()?;
        let wire = Wire::open(serve(&app, TABLE).await?).await?;
        let arrival = app.now().date_naive() + Days::new(30);
        let side = |house: &House, word| -> anyhow::Result<Side> {
            Ok(Side {
                tenant: house.tenant,
                things: tenants_things(house),
                word,
                owner: token(&app, house.tenant, house.of_role(Role::Owner), app.now())?,
            })
        };
        let (hotel, host) = (&world.houses[0], &world.houses[1]);
        let (ours, beside, theirs) = (
            side(hotel, "kestrel")?,
            side(hotel, "osprey")?,
            side(host, "harrier")?,
        );
        let mut stage = Self {
            app,
            document,
            operations,
            ours,
            beside,
            theirs,
            arrival,
            world,
            wire,
        };
        for who in [Who::Ours, Who::Beside, Who::Theirs] {
            stage.furnish(who).await?;
        }
        Ok(stage)
    }

    pub fn operation(&self, id: &str) -> anyhow::Result<&Operation> {
        let found = self.operations.iter().find(|o| o.id == id);
        found.with_context(|| format!("no operation `{id}`"))
    }

    pub fn side(&self, who: Who) -> &Side {
        match who {
            Who::Ours => &self.ours,
            Who::Beside => &self.beside,
            Who::Theirs => &self.theirs,
        }
    }

    pub fn maker(&self, who: Who) -> Maker<'_> {
        let side = self.side(who);
        Maker::new(&self.document, &side.things, side.word, self.arrival)
    }

    /// One of each kind, through the API.
    async fn furnish(&mut self, who: Who) -> anyhow::Result<()> {
        for id in MADE {
            let operation = self.operation(id)?;
            let request = self.maker(who).plain(operation);
            let segments = operation.path.rsplit('/');
            let kind = segments.into_iter().next().unwrap_or_default().to_owned();
            let owner = self.side(who).owner.clone();
            let reply = self.send(&request, &owner, "").await?;
            let answer = reply.json();
            ensure!(
                reply.status < 300,
                "{id}: {} {answer} for {:?}",
                reply.status,
                request.body
            );
            let mut made = Vec::new();
            made.extend(first_id(&answer).map(|id| (kind, id)));
            made.extend(first_id(&answer["reservations"]).map(|id| ("reservations".to_owned(), id)));
            let side = match who {
                Who::Ours => &mut self.ours,
                Who::Beside => &mut self.beside,
                Who::Theirs => &mut self.theirs,
            };
            side.things.extend(made);
        }
        self.send_message(who).await?;
        self.write_as_guest(who).await
    }

    /// A booking message of the side's channel: only a channel sends those.
    async fn send_message(&mut self, who: Who) -> anyhow::Result<()> {
        let side = self.side(who);
        let connection: Uuid = side.things["channel-connections"].parse()?;
        let message = RawMessage {
            message_id: format!("{} 1", side.word),
            raw: json!({ "of": side.word }).to_string(),
        };
        let mut tx = self.app.db.begin(side.tenant).await?;
        inbox::store(&mut tx, connection, &[message], self.app.now()).await?;
        let stored = inbox::next(&mut tx, connection, self.app.now()).await?;
        tx.commit().await?;
        let id = stored.context("the message is not there")?.id.to_string();
        let side = match who {
            Who::Ours => &mut self.ours,
            Who::Beside => &mut self.beside,
            Who::Theirs => &mut self.theirs,
        };
        side.things.insert("messages".to_owned(), id);
        Ok(())
    }

    /// A conversation and a review: only guests begin those.
    async fn write_as_guest(&mut self, who: Who) -> anyhow::Result<()> {
        let (side, now) = (self.side(who), self.app.now());
        let mut tx = self.app.db.begin(side.tenant).await?;
        let connection = connection::get(&mut tx, side.things["channel-connections"].parse()?).await?;
        let conversation = RemoteConversation {
            id: format!("{} conversation", side.word),
            title: side.word.to_owned(),
            booking: None,
            provider: None,
            closed: false,
            messages: 1,
            last_message_at: Some(now),
        };
        let begun = correspondence::take_conversations(&mut tx, connection.id, &[conversation]).await?;
        let review = RemoteReview {
            id: format!("{} review", side.word),
            booking: None,
            provider: None,
            guest_name: None,
            text: Some(side.word.to_owned()),
            reply: None,
            score: None,
            received_at: now,
        };
        correspondence::take_reviews(&mut tx, &connection, &[review], now).await?;
        let written = sqlx::query_scalar::<_, Uuid>(
            "select id from channel_review where tenant_id = $1 and connection_id = $2",
        );
        let review = written
            .bind(side.tenant.0)
            .bind(connection.id)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        let (conversation, _) = begun.first().context("the conversation is not there")?;
        let made = [("conversations", *conversation), ("reviews", review)];
        let side = match who {
            Who::Ours => &mut self.ours,
            Who::Beside => &mut self.beside,
            Who::Theirs => &mut self.theirs,
        };
        side.things
            .extend(made.map(|(kind, id)| (kind.to_owned(), id.to_string())));
        Ok(())
    }

    pub async fn send(&mut self, request: &Request, token: &str, extra: &str) -> anyhow::Result<Reply> {
        let key = if request.method == "GET" {
            String::new()
        } else {
            format!("Idempotency-Key: {}\r\n", Uuid::now_v7())
        };
        self.send_as(request, token, &format!("{key}{extra}")).await
    }

    /// With these headers only.
    pub async fn send_as(&mut self, request: &Request, token: &str, extra: &str) -> anyhow::Result<Reply> {
        let body = request.body.as_ref().map(Value::to_string).unwrap_or_default();
        let bytes = wire::request(&request.method, &request.path(), token, extra, &body);
        self.wire.call_again(&bytes).await
    }

    /// A member of our tenant's staff, with these permissions at these properties.
    pub async fn staff(
        &mut self,
        permissions: &[Permission],
        property: Option<&str>,
    ) -> anyhow::Result<String> {
        let owner = self.ours.owner.clone();
        let names: Vec<&str> = permissions.iter().map(|p| p.name()).collect();
        let unique = Uuid::now_v7();
        let role = json!({ "name": unique.to_string(), "permissions": names });
        let role = self.wire.post("/v1/roles", &owner, &role).await?;
        let role_id = first_id(&role.json()).with_context(|| format!("role: {}", role.json()))?;
        let (tenant, now) = (self.ours.tenant, self.app.now());
        let mut tx = self.app.db.begin_platform().await?;
        let email = format!("{unique}@kestrel.example");
        let user_id = account::add(&mut tx, Class::Staff, &email, "Staff", "no password", now).await?;
        membership::set(&mut tx, user_id, tenant, Role::ReadOnly).await?;
        let user = account::get(&mut tx, user_id).await?;
        let origin = session::Origin::default();
        let member = session::choose_tenant(&mut tx, &user, Some(tenant)).await?;
        let opened = session::open(&mut tx, &user, Door::Tenant, member, &origin, now).await?;
        tx.commit().await?;
        let post = json!({ "role_id": role_id, "property_ids": property.map(|p| [p]) });
        let request = wire::request(
            "PUT",
            &format!("/v1/users/{user_id}"),
            &owner,
            "",
            &post.to_string(),
        );
        let changed = self.wire.call_again(&request).await?;
        ensure!(changed.status == 200, "staff: {}", changed.json());
        let staff = Staff {
            user_id,
            email,
            role: Role::ReadOnly,
            session_id: opened.id,
        };
        token(&self.app, tenant, &staff, now)
    }

    /// A program of our tenant, with these scopes.
    pub async fn key(&mut self, scopes: &[Permission]) -> anyhow::Result<String> {
        let names: Vec<&str> = scopes.iter().map(|p| p.name()).collect();
        let key = json!({ "name": "a program", "scopes": names });
        let reply = self.wire.post("/v1/api-keys", &self.ours.owner, &key).await?;
        let secret = reply.json()["key"].as_str().map(str::to_owned);
        secret.with_context(|| format!("key: {}", reply.json()))
    }

    /// Somebody who runs the installation.
    pub async fn operator(&self) -> anyhow::Result<String> {
        let now = self.app.now();
        let mut tx = self.app.db.begin_platform().await?;
        let user = account::add(
            &mut tx,
            Class::Staff,
            "op@innkeep.example",
            "Op",
            "no password",
            now,
        )
        .await?;
        operator::add(&mut tx, user, now).await?;
        let user = account::get(&mut tx, user).await?;
        let origin = session::Origin::default();
        let opened = session::open(&mut tx, &user, Door::Platform, None, &origin, now).await?;
        tx.commit().await?;
        Ok(self.app.tokens.issue(Bearer::of(&opened), now)?)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Ours,
    Beside,
    Theirs,
}

fn app(world: &World) -> anyhow::Result<App> {
    // Stands still: answers to equal requests show equal times.
    let clock = Clock::fixed(Clock::System.now());
    let url = "http://localhost:8080";
    let outbound = Outbound::new(Options::default())?;
    Ok(App {
        metrics: Metrics::install()?,
        tokens: Tokens::open(&world.folder.join("secrets"), clock.now())?,
        cache: Arc::new(Cache::new(None)),
        redis: None,
        db: world.db.clone(),
        protocols: Protocols::new(vec![
            channex::protocol(outbound.clone()),
            open_webhook::protocol(outbound.clone(), clock.clone()),
        ]),
        outbound,
        grants: Grants::default(),
        mailer: Arc::new(mail::Folder::new(world.folder.join("mail"))),
        anchor: Arc::new(anchor::Folder::new(world.folder.join("audit"))),
        relying_party: passkey::relying_party(url)?,
        public_url: url.into(),
        clock,
    })
}

/// A server with this rights table, for as long as the suite lasts.
pub async fn serve(app: &Arc<App>, table: &[(&str, Needs)]) -> anyhow::Result<SocketAddr> {
    let mutations = Mutations::default();
    let edge = routes::edge_with(
        table,
        app.clone(),
        Limits::default(),
        Guard::default(),
        mutations.clone(),
    )?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let options = ServerOptions::default();
    tokio::spawn(server::serve(
        listener,
        Arc::new(edge),
        mutations,
        options,
        std::future::pending(),
    ));
    Ok(address)
}

/// An access token in the open session of one of the tenant's staff.
pub fn token(app: &App, tenant: TenantId, staff: &Staff, at: DateTime<Utc>) -> anyhow::Result<String> {
    let bearer = Bearer::Session {
        session: staff.session_id,
        user: staff.user_id,
        door: Door::Tenant,
        tenant: Some(tenant),
    };
    Ok(app.tokens.issue(bearer, at)?)
}

/// What a tenant has by being one.
fn tenants_things(house: &House) -> Things {
    let somebody = house.of_role(Role::Housekeeping);
    let owner = house.of_role(Role::Owner);
    Things::from([
        ("tenants".to_owned(), house.tenant.0.to_string()),
        ("users".to_owned(), somebody.user_id.to_string()),
        ("accounts".to_owned(), somebody.user_id.to_string()),
        ("sessions".to_owned(), owner.session_id.to_string()),
    ])
}

/// The id of what an answer is about: its own, its first item's, or of the object it wraps.
fn first_id(answer: &Value) -> Option<String> {
    let own = |value: &Value| value["id"].as_str().map(str::to_owned);
    let items = answer["items"].as_array().or_else(|| answer.as_array());
    own(answer)
        .or_else(|| items?.first().and_then(own))
        .or_else(|| answer.as_object()?.values().find_map(own))
}
