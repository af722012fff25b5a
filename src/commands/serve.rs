//! `innkeep serve`: the API, the workers, or both in one process.

use super::stop_signal;
use crate::app::App;
use crate::cache::Cache;
use crate::config::{Only, Settings, redis_url, secret};
use crate::edge::Mutations;
use crate::grants::Grants;
use crate::redis::Redis;
use crate::telemetry::Metrics;
use crate::tokens::Tokens;
use crate::{routes, server};
use anyhow::Context;
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::identity::passkey;
use innkeep_domain::ports::channel::Protocols;
use innkeep_integrations::outbound::Outbound;
use innkeep_integrations::{alpinebits, channex, ical, open_webhook};
use innkeep_sandbox::{Innkeep, Options, Sandbox, Scenario};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Runs until the process is asked to stop, or until one half fails; then the other half stops too.
pub async fn serve(only: Option<Only>, settings: &Settings) -> anyhow::Result<()> {
    let app = Arc::new(open(settings).await?);
    let stop = CancellationToken::new();
    let ending = async {
        tokio::select! {
            () = stop_signal() => stop.cancel(),
            () = stop.cancelled() => {}
        }
        anyhow::Ok(())
    };
    let api = async {
        let done = if only == Some(Only::Workers) {
            Ok(())
        } else {
            api(app.clone(), settings, stop.clone()).await
        };
        ended(only == Some(Only::Workers), &stop);
        done
    };
    let workers = async {
        let done = if only == Some(Only::Api) {
            Ok(())
        } else {
            workers(app.clone(), settings, stop.clone()).await
        };
        ended(only == Some(Only::Api), &stop);
        done
    };
    let (ending, api, workers) = tokio::join!(ending, api, workers);
    app.db.close().await;
    ending.and(api).and(workers)
}

/// A half that was wanted and has ended takes the process down: whoever supervises it starts it anew.
fn ended(unwanted: bool, stop: &CancellationToken) {
    if !unwanted {
        stop.cancel();
    }
}

pub async fn open(settings: &Settings) -> anyhow::Result<App> {
    let clock = Clock::System;
    let now = clock.now();
    let redis = redis_url().map(|url| Redis::new(&url).map(Arc::new));
    let redis = redis.transpose().context("REDIS_URL")?;
    let outbound = Outbound::new(settings.outbound()).context("certificates of the outside world")?;
    Ok(App {
        metrics: Metrics::install().context("metrics")?,
        tokens: Tokens::open(&settings.secrets.secrets_dir, now)?,
        cache: Arc::new(Cache::new(redis.clone())),
        redis,
        db: Db::connect(&settings.database()?).await?,
        protocols: protocols(&outbound, &clock),
        outbound,
        grants: Grants::default(),
        mailer: settings.mail.mailer()?,
        anchor: settings.record.anchor(),
        relying_party: passkey::relying_party(&settings.public_url())?,
        public_url: settings.public_url().into(),
        clock,
    })
}

/// The channel protocols this program speaks.
fn protocols(outbound: &Outbound, clock: &Clock) -> Protocols {
    Protocols::new(vec![
        channex::protocol(outbound.clone()),
        open_webhook::protocol(outbound.clone(), clock.clone()),
        alpinebits::protocol(outbound.clone()),
    ])
}

pub async fn api(app: Arc<App>, settings: &Settings, stop: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listen on {}", settings.listen))?;
    let mutations = Mutations::default();
    let guard = settings.edge.guard(app.redis.clone(), &app.public_url);
    let edge = routes::edge(app, settings.limits(), guard, mutations.clone());
    let edge = edge.context("the OpenAPI document")?;
    server::serve(
        listener,
        Arc::new(edge),
        mutations,
        settings.server(),
        stop.cancelled_owned(),
    )
    .await?;
    Ok(())
}

pub async fn workers(app: Arc<App>, settings: &Settings, stop: CancellationToken) -> anyhow::Result<()> {
    let ctx = innkeep_workers::Context {
        db: app.db.clone(),
        clock: app.clock.clone(),
        protocols: app.protocols.clone(),
        calendars: Arc::new(ical::Fetch(app.outbound.clone())),
        read_back_every: Duration::from_secs(settings.read_back_seconds.into()),
        cache: app.cache.clone(),
        mailer: app.mailer.clone(),
        anchor: app.anchor.clone(),
        public_url: app.public_url.clone(),
    };
    innkeep_workers::run(ctx, stop).await
}

pub async fn sandbox(
    listen: SocketAddr,
    scenario: Option<&Path>,
    api: Option<String>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(Options::default())?;
    if let Some(url) = api {
        let api_key = secret("INNKEEP_SANDBOX_API_KEY").context("set INNKEEP_SANDBOX_API_KEY")?;
        sandbox.watch(Innkeep { url, api_key });
    }
    if let Some(file) = scenario {
        let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        tokio::spawn(Scenario::read(&text)?.play(sandbox.clone()));
    }
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listen on {listen}"))?;
    innkeep_sandbox::serve_sandbox(listener, sandbox, stop).await
}
