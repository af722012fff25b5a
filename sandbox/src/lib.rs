//! A stand-in for Channex and the OTAs behind it, for a portal of the Alps, and for platforms with calendars only. It
//! speaks Channex's wire format on `/api/v1` and AlpineBits on `/alpinebits`, shows calendars on `/ical`, plays the guests
//! on `/sandbox`, misbehaves on request, and shares no code with Innkeep: what it believes about the formats comes from the
//! published documentation and from what was measured alone, so that a misreading shows.

mod alpinebits;
mod api;
mod ari;
mod beside;
mod booking;
mod clock;
mod connection;
mod control;
mod decide;
mod desk;
mod faults;
mod fixtures;
mod gate;
mod guests;
mod ical;
mod journal;
mod money;
mod page;
mod property;
mod replay;
mod reply;
mod revision;
mod scenario;
mod state;
mod webhook;
mod webhook_ota;
mod wish;
mod world;

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, Server, get};

pub use beside::Innkeep;
pub use faults::{Faults, OutageMode, RateLimit};
pub use fixtures::fixtures;
pub use guests::Guests;
pub use ical::CalendarFault;
pub use scenario::Scenario;
pub use state::{Options, Sandbox};

/// Hanging answers (see [`Faults::timeout_after_apply_rate`]) must not hold up a shutdown for longer.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Serves a new sandbox on `listener` until `shutdown` resolves.
pub async fn serve(
    listener: tokio::net::TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    serve_sandbox(listener, Sandbox::new(options)?, shutdown).await
}

/// Like [`serve`], for a caller that keeps a handle on the sandbox.
pub async fn serve_sandbox(
    listener: tokio::net::TcpListener,
    sandbox: Sandbox,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let acceptor = connection::SeverableAcceptor::new(listener, sandbox.severed())?;
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(routes(sandbox), shutdown, Some(SHUTDOWN_GRACE))
        .await
        .context("the sandbox stopped serving")
}

/// Everything the sandbox answers: `/api/v1` (Channex), `/alpinebits` (a portal), `/ical` (calendars), `/sandbox`
/// (control), `/` (a page to watch).
/// Faults that sever connections need [`serve`]; behind another server they answer 503 instead.
pub fn routes(sandbox: Sandbox) -> impl Endpoint {
    Route::new()
        .nest("/api/v1", api::routes().around(gate::pass))
        .at("/alpinebits", alpinebits::door().around(gate::luck))
        .at("/ical/:file", ical::door().around(gate::luck))
        .nest("/sandbox/alpinebits", alpinebits::control())
        .nest("/sandbox/ical", ical::control())
        .nest("/sandbox/webhook-ota", webhook_ota::routes())
        .nest("/sandbox/beside", beside::routes())
        .at("/sandbox/believed", get(page::believed))
        .nest("/sandbox", control::routes())
        .at("/", get(page::overview))
        .data(sandbox)
        .into_endpoint()
}
