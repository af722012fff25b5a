//! `innkeep demo`: API, workers and the sandbox channel in one process, a seeded portfolio, and the main job told step
//! by step while it happens. Started again, it goes on with the data kept.

mod follow;
mod guests;
mod latency;
mod messages;
mod outside;
mod place;
mod portfolio;
mod prices;
mod say;
mod seed;
mod show;
mod snapshot;
mod state;
mod story;
mod terms;
mod tour;

use crate::app::App;
use crate::commands::{serve, stop_signal};
use crate::config::{Settings, secret};
use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use follow::Follow;
use guests::Guests;
use innkeep_sandbox::{Innkeep, Options, Sandbox};
use messages::Messages;
use outside::Outside;
use place::Place;
use state::State;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use story::Story;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How often the event log and the channels' journals are read.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs until asked to stop. `quiet`: no guests of its own after the story.
pub async fn run(settings: &Settings, quiet: bool) -> anyhow::Result<()> {
    let settings = &at_home(settings)?;
    let app = Arc::new(serve::open(settings).await?);
    // An address in use should be noticed before anything is seeded.
    drop(bind(settings.listen).await?);
    let listener = bind(settings.sandbox.sandbox_listen).await?;
    let sandbox = Sandbox::new(Options::default())?;
    let outside = Outside::new(sandbox.clone());
    let at = app.clock.now();
    let (places, kept) = open_places(&app, settings, &outside).await?;
    for place in &places {
        if let Some(api_key) = place.page_key.clone() {
            let url = tour::url(settings.listen);
            sandbox.watch(Innkeep { url, api_key });
        }
    }
    let started = Started { at, kept };
    let (stop, all_done) = (CancellationToken::new(), CancellationToken::new());
    let ours = async {
        let signal = async {
            tokio::select! { () = stop_signal() => {}, () = stop.cancelled() => {} }
            anyhow::Ok(())
        };
        let show = present(&app, &outside, &places, settings, started, quiet, &stop);
        let (a, b, c, d) = tokio::join!(
            ending(&stop, signal),
            ending(&stop, serve::api(app.clone(), settings, stop.clone())),
            ending(&stop, serve::workers(app.clone(), settings, stop.clone())),
            ending(&stop, show),
        );
        // The sandbox goes last: what is under way towards it shall arrive.
        all_done.cancel();
        a.and(b).and(c).and(d)
    };
    let theirs = ending(
        &stop,
        innkeep_sandbox::serve_sandbox(listener, sandbox, all_done.clone().cancelled_owned()),
    );
    let (ours, theirs) = tokio::join!(ours, theirs);
    app.db.close().await;
    say::line("stopped; the data is kept");
    ours.and(theirs)
}

/// The sandbox and the demo's own API may be called where they are.
fn at_home(settings: &Settings) -> anyhow::Result<Settings> {
    let mut settings = settings.clone();
    for address in [settings.listen, settings.sandbox.sandbox_listen] {
        let home = tour::url(address).replace("http://", "");
        settings.outbound_allow = settings.outbound_allow.and(home.parse()?);
    }
    Ok(settings)
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("listen on {address}"))
}

/// Whatever ends, ends the others.
async fn ending(
    stop: &CancellationToken,
    part: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let result = part.await;
    stop.cancel();
    result
}

/// The houses, seeded or found again, and registered at the sandbox before anything is sent there.
async fn open_places(
    app: &App,
    settings: &Settings,
    outside: &Outside,
) -> anyhow::Result<(Vec<Place>, bool)> {
    let begun = app.clock.now();
    let (state, kept) = open_state(app, settings).await?;
    let api = tour::url(settings.listen);
    let mut places = Vec::new();
    for house in &state.houses {
        let place = Place::open(&app.db, house).await?;
        for channel in place.told() {
            let Some(property) = channel.external() else {
                continue;
            };
            outside
                .register(property, &place.at_sandbox(channel, &api))
                .await?;
        }
        if kept {
            place.forget_what_was_told(&app.db, app.clock.now()).await?;
        }
        places.push(place);
    }
    let how = if kept {
        "going on with the data kept".to_owned()
    } else {
        format!("seeded in {}", say::ms(begun, app.clock.now()))
    };
    say::line(format!("Innkeep demo, {how}"));
    for place in &places {
        let p = &place.property;
        let (types, plans) = (place.unit_types.len(), place.plans.len());
        say::line(format!(
            "  {:<22} {}, {}, {}: {} units of {types} types, {plans} rate plans, channels: {}",
            p.name,
            p.kind,
            p.zone,
            p.currency,
            place.units,
            place
                .channels
                .iter()
                .map(place::Channel::seller)
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    Ok((places, kept))
}

async fn open_state(app: &App, settings: &Settings) -> anyhow::Result<(State, bool)> {
    let sandbox = tour::url(settings.sandbox.sandbox_listen);
    if let Some(state) = State::load(&settings.secrets.secrets_dir)?
        && seed::is_seeded(&app.db, &state).await?
    {
        ensure!(
            state.sandbox == sandbox,
            "the demo's channels are at {}; set INNKEEP_SANDBOX_LISTEN to that, or start over (make clean-local)",
            state.sandbox
        );
        return Ok((state, true));
    }
    let now = app.clock.now();
    let state = seed::seed(&app.db, &sandbox, now).await?;
    state.save(&settings.secrets.secrets_dir)?;
    seed::add_owners(&app.db, &state, now).await?;
    Ok((state, false))
}

/// The story, then whatever happens, until the end.
async fn present(
    app: &App,
    outside: &Outside,
    places: &[Place],
    settings: &Settings,
    started: Started,
    quiet: bool,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let live = async {
        listening(settings).await;
        let story = Story { app, outside };
        for place in places {
            story.first_sync(place, started.at).await?;
        }
        let mut follow = Follow::begin(app, outside, places).await?;
        say::blank();
        let place = places.first().context("no house")?;
        let first = story.tell(place, &Messages::load()?, &mut follow).await?;
        say::blank();
        say::line(how_long(started, first));
        // The journals are read a little late.
        tokio::time::sleep(Duration::from_millis(400)).await;
        follow.look().await?;
        follow.sum_up();
        tour::show(settings, places);
        stay_up(
            &mut follow,
            Guests {
                app,
                outside,
                places,
                api: &tour::url(settings.listen),
                booked: Vec::new(),
            },
            quiet,
        )
        .await
    };
    tokio::select! {
        told = live => told,
        () = stop.cancelled() => Ok(()),
    }
}

async fn stay_up(follow: &mut Follow<'_>, mut guests: Guests<'_>, quiet: bool) -> anyhow::Result<()> {
    say::line(match quiet {
        true => "What happens from now on (Ctrl-C or `make stop` ends it):".to_owned(),
        false => format!(
            "What happens from now on, with a guest every {} s (Ctrl-C or `make stop` ends it):",
            guests::EVERY.as_secs()
        ),
    });
    follow.aloud = true;
    let mut next_guest = tokio::time::interval(guests::EVERY);
    let mut next_look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = next_look.tick() => {
                if let Err(error) = follow.look().await {
                    tracing::warn!(%error, "the demo could not look");
                }
            }
            _ = next_guest.tick(), if !quiet => {
                if let Err(error) = guests.next().await {
                    tracing::warn!(%error, "a guest of the demo failed");
                }
            }
        }
    }
}

async fn listening(settings: &Settings) {
    let address = tour::url(settings.listen).replace("http://", "");
    while TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// When this process began, and whether it found the data of an earlier start.
#[derive(Clone, Copy)]
struct Started {
    at: DateTime<Utc>,
    kept: bool,
}

/// `scripts/run` says when it began; otherwise this process did.
fn how_long(started: Started, first: DateTime<Utc>) -> String {
    let given = secret("INNKEEP_STARTED_AT").and_then(|t| t.parse().ok());
    let from = match (started.kept, given.and_then(|t| DateTime::from_timestamp(t, 0))) {
        (false, Some(given)) => {
            return format!(
                "time from clone to first booking: {} s",
                (first - given).num_seconds()
            );
        }
        (true, Some(given)) => given,
        (_, None) => started.at,
    };
    format!(
        "time from start to first booking: {:.1} s",
        (first - from).as_seconds_f64()
    )
}
