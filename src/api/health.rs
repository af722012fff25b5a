//! Is this process alive, and may it be given requests? The latter asks everything it depends on.

use crate::api::Tag;
use crate::app::{App, Shared};
use chrono::Duration as Days;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use std::time::Duration;

/// A dependency that takes longer than this is down for a load balancer's purposes.
const PATIENCE: Duration = Duration::from_secs(2);
const HEARTBEAT_SECONDS: i64 = 30;

pub struct Health;

#[derive(Object)]
struct Live {
    status: String,
}

#[derive(Object)]
struct Ready {
    status: Status,
    checks: Checks,
}

/// `up`: all is well. `degraded`: slower or late, but correct. `down`: give this process no requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum Status {
    Up,
    Degraded,
    Down,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum Check {
    Up,
    Down,
    /// Nothing of the kind is configured.
    Off,
}

/// PostgreSQL and its migrations decide; Redis and workers only degrade.
#[derive(Clone, Copy, Object)]
struct Checks {
    postgres: Check,
    migrations: Check,
    redis: Check,
    /// Was a worker process heard of in the last 30 seconds?
    workers: Check,
}

#[derive(ApiResponse)]
enum Readiness {
    /// Requests are welcome.
    #[oai(status = 200)]
    Yes(Json<Ready>),
    /// Not now.
    #[oai(status = 503)]
    No(Json<Ready>),
}

#[OpenApi(prefix_path = "/health", tag = "Tag::Operations")]
impl Health {
    /// Is the process alive
    #[oai(path = "/live", method = "get", operation_id = "get_liveness")]
    async fn live(&self) -> Json<Live> {
        Json(Live { status: "up".into() })
    }

    /// May it be given requests
    #[oai(path = "/ready", method = "get", operation_id = "get_readiness")]
    async fn ready(&self, app: Data<&Shared>) -> Readiness {
        let checks = check(&app).await;
        let status = checks.verdict();
        let ready = Json(Ready { status, checks });
        if status == Status::Down {
            Readiness::No(ready)
        } else {
            Readiness::Yes(ready)
        }
    }
}

impl Checks {
    fn verdict(self) -> Status {
        match self {
            Self {
                postgres: Check::Down,
                ..
            }
            | Self {
                migrations: Check::Down,
                ..
            } => Status::Down,
            Self {
                redis: Check::Down, ..
            }
            | Self {
                workers: Check::Down, ..
            } => Status::Degraded,
            _ => Status::Up,
        }
    }
}

async fn check(app: &App) -> Checks {
    let redis = match app.cache.ping().await {
        None => Check::Off,
        Some(true) => Check::Up,
        Some(false) => Check::Down,
    };
    Checks {
        postgres: outcome("postgres", app.db.ping()).await,
        migrations: outcome("migrations", app.db.ready()).await,
        redis,
        workers: outcome("workers", heartbeat(app)).await,
    }
}

async fn heartbeat(app: &App) -> innkeep_domain::Result<()> {
    let mut tx = app.db.begin_platform().await?;
    let newest = innkeep_domain::heartbeat::newest(&mut tx).await?;
    match newest {
        Some(at) if app.now() - at < Days::seconds(HEARTBEAT_SECONDS) => Ok(()),
        _ => Err(innkeep_domain::Error::internal("no worker was heard of lately")),
    }
}

async fn outcome(what: &str, work: impl Future<Output = innkeep_domain::Result<()>>) -> Check {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(())) => Check::Up,
        Ok(Err(error)) => {
            tracing::warn!(what, %error, "health check");
            Check::Down
        }
        Err(_) => {
            tracing::warn!(what, "health check did not answer in time");
            Check::Down
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_and_workers_degrade_and_only_postgres_takes_the_process_out() {
        let up = Checks {
            postgres: Check::Up,
            migrations: Check::Up,
            redis: Check::Off,
            workers: Check::Up,
        };
        assert_eq!(up.verdict(), Status::Up);
        assert_eq!(
            Checks {
                redis: Check::Down,
                ..up
            }
            .verdict(),
            Status::Degraded
        );
        assert_eq!(
            Checks {
                workers: Check::Down,
                ..up
            }
            .verdict(),
            Status::Degraded
        );
        assert_eq!(
            Checks {
                migrations: Check::Down,
                ..up
            }
            .verdict(),
            Status::Down
        );
        assert_eq!(
            Checks {
                postgres: Check::Down,
                redis: Check::Down,
                ..up
            }
            .verdict(),
            Status::Down
        );
    }
}
