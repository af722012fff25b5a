//! What each command of the program does.

mod admin;
mod read_bookings;
pub mod serve;

use crate::config::{Cli, Command, owner_url};
use crate::telemetry::{self, LogFormat};
use anyhow::Context;
use std::future::pending;
use tokio::signal::unix::{SignalKind, signal};

pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let usual = if matches!(cli.command, Command::Serve { .. }) {
        LogFormat::Json
    } else {
        LogFormat::Human
    };
    let level = if matches!(cli.command, Command::Demo { .. }) {
        // A slow statement would break into the story; INNKEEP_LOG=warn shows it.
        "warn,sqlx=error"
    } else {
        // PostgreSQL's notices while migrating are no news.
        "info,sqlx::postgres::notice=warn"
    };
    telemetry::log(
        cli.log.as_deref().unwrap_or(level),
        cli.log_format.unwrap_or(usual),
    )
    .context("logging")?;
    match cli.command {
        Command::Openapi => print(&crate::openapi::text()?),
        Command::ReadBookings { seller, file } => {
            let (bookings, unread) = read_bookings::read(seller, &file)?;
            print(&bookings)?;
            anyhow::ensure!(unread.is_empty(), "not read: {}", unread.join("; "));
            Ok(())
        }
        Command::Migrate { down } => migrate(down).await,
        Command::Serve { only, settings } => serve::serve(only, &settings).await,
        Command::Demo { quiet, settings } => crate::demo::run(&settings, quiet).await,
        Command::Sandbox {
            sandbox,
            scenario,
            api,
        } => serve::sandbox(sandbox.sandbox_listen, scenario.as_deref(), api, stop_signal()).await,
        Command::Verify {
            database,
            secrets,
            record,
        } => admin::verify(&database, &secrets, &record).await,
        Command::Admin { what, database } => admin::run(what, &database).await,
    }
}

/// To standard output; a reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

async fn migrate(down: bool) -> anyhow::Result<()> {
    let url = owner_url()?;
    if down {
        innkeep_domain::db::migrate_down(&url)
            .await
            .context("migrating down")?;
    } else {
        innkeep_domain::db::migrate(&url, innkeep_workers::setup_queue)
            .await
            .context("migrating")?;
    }
    tracing::info!(down, "migrated");
    Ok(())
}

/// Resolves when the process is asked to end: SIGTERM, or Ctrl-C.
pub async fn stop_signal() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(error) => {
                tracing::error!(%error, "SIGTERM cannot be heard");
                pending().await
            }
        }
    };
    tokio::select! {
        () = terminate => {}
        heard = tokio::signal::ctrl_c() => {
            if let Err(error) = heard {
                tracing::error!(%error, "Ctrl-C cannot be heard");
            }
        }
    }
    tracing::info!("asked to stop");
}
