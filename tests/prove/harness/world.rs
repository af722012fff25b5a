//! A world: one database, furnished houses, and whichever processes of the program a suite wants in it.

use super::process::{Process, free_port, until};
use super::wire::Wire;
use anyhow::{Context, ensure};
use innkeep::tokens::LIFETIME_SECONDS;
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::testing::{House, Plan, TestDatabase};
use innkeep_domain::{Role, testing};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_innkeep");
/// Half of an access token's time.
const RENEWED: Duration = Duration::from_secs(LIFETIME_SECONDS.cast_unsigned() / 2);

pub struct World {
    // Before the database, so that processes have gone when it is dropped.
    processes: Vec<Process>,
    pub db: Db,
    pub database: TestDatabase,
    pub folder: PathBuf,
    pub houses: Vec<House>,
    pub api: SocketAddr,
    pub sandbox: SocketAddr,
    /// The program's own variables, besides those every process gets.
    pub environment: Vec<(&'static str, String)>,
}

impl World {
    pub async fn new(plans: &[Plan]) -> anyhow::Result<Self> {
        let database = TestDatabase::create(innkeep_workers::setup_queue).await?;
        let db = database.connect(8).await?;
        let mut houses = Vec::new();
        for plan in plans {
            houses.push(House::furnish(&db, plan, Clock::System.now()).await?);
        }
        let folder = std::env::temp_dir().join(format!("innkeep-prove-{}", database.name()));
        std::fs::create_dir_all(&folder)?;
        // The same as ours: what one seals the other opens.
        let master_key = folder.join("shared.key");
        let hex: String = TestDatabase::MASTER_KEY.map(|b| format!("{b:02x}")).concat();
        std::fs::write(&master_key, hex)?;
        let (api, sandbox) = (loopback()?, loopback()?);
        let environment = vec![
            ("INNKEEP_MASTER_KEY_FILE", master_key.display().to_string()),
            ("INNKEEP_OUTBOUND_ALLOW", sandbox.to_string()),
            // All clients of a suite are at one address, and few users.
            ("INNKEEP_RATE_ADDRESS", "0".to_owned()),
            ("INNKEEP_RATE_LOG_IN", "0".to_owned()),
            ("INNKEEP_RATE_USER", "0".to_owned()),
            ("INNKEEP_RATE_KEY", "0".to_owned()),
            ("INNKEEP_RATE_TENANT", "0".to_owned()),
            ("INNKEEP_REQUESTS_PER_ADDRESS", "100000".to_owned()),
            ("DATABASE_URL", database.app_url()),
            (
                "REDIS_URL",
                std::env::var("INNKEEP_TEST_REDIS_URL").unwrap_or_default(),
            ),
        ];
        Ok(Self {
            processes: Vec::new(),
            db,
            database,
            folder,
            houses,
            api,
            sandbox,
            environment,
        })
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.environment.retain(|(n, _)| *n != name);
        self.environment.push((name, value.into()));
    }

    /// The program with `arguments`, in this world.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("INNKEEP_OWNER_DATABASE_URL")
            .env(
                "INNKEEP_LOG",
                std::env::var("INNKEEP_PROVE_LOG").unwrap_or("warn".into()),
            )
            .env("INNKEEP_LOG_FORMAT", "human")
            .env("INNKEEP_SECRETS_DIR", self.folder.join("secrets"))
            .env("INNKEEP_LISTEN", self.api.to_string())
            .env("INNKEEP_SANDBOX_LISTEN", self.sandbox.to_string())
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn start(&self, name: &str, arguments: &[&str]) -> anyhow::Result<Process> {
        Process::start(&self.folder, name, self.program(arguments))
    }

    /// Starts the API (or, with `all`, API and workers in one process), and waits until it answers.
    pub async fn serve(&mut self, all: bool) -> anyhow::Result<u32> {
        let arguments: &[&str] = if all {
            &["serve"]
        } else {
            &["serve", "--only", "api"]
        };
        let process = self.start("api", arguments)?;
        self.keep(process, self.api, "/health/live").await
    }

    pub async fn start_sandbox(&mut self) -> anyhow::Result<u32> {
        let process = self.start("sandbox", &["sandbox"])?;
        self.keep(process, self.sandbox, "/sandbox/properties").await
    }

    async fn keep(&mut self, mut process: Process, address: SocketAddr, path: &str) -> anyhow::Result<u32> {
        let answers = until(Duration::from_secs(20), "the program answers", || async {
            match Wire::open(address).await {
                Ok(mut wire) => wire.get(path, "").await.is_ok_and(|r| r.status == 200),
                Err(_) => false,
            }
        });
        let answered = answers.await;
        ensure!(
            answered.is_ok() && !process.ended(),
            "it does not start:\n{}",
            process.last_words()
        );
        let pid = process.pid().context("no pid")?;
        self.processes.push(process);
        Ok(pid)
    }

    /// Kills what was started with [`World::serve`] and [`World::start_sandbox`].
    pub async fn stop_all(&mut self) -> anyhow::Result<()> {
        for mut process in self.processes.drain(..) {
            process.kill().await?;
        }
        Ok(())
    }

    pub async fn wire(&self) -> anyhow::Result<Wire> {
        Wire::open(self.api).await
    }

    /// An access token of a manager of the house.
    pub async fn log_in(&self, house: &House) -> anyhow::Result<String> {
        log_in(&mut self.wire().await?, house).await
    }

    /// `innkeep verify`: whether every invariant holds, and what it said.
    pub async fn verify(&self) -> anyhow::Result<(bool, String)> {
        let output = self.program(&["verify"]).output().await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok((output.status.success(), said))
    }

    /// Warnings and errors a process has logged.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(Path::join(&self.folder, format!("{name}.log"))).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.processes.clear();
        if std::env::var_os("INNKEEP_PROVE_KEEP").is_none() {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}

/// A manager of the house who is at it for longer than an access token lasts.
pub struct Manager<'a> {
    world: &'a World,
    house: &'a House,
    token: String,
    since: Instant,
}

impl<'a> Manager<'a> {
    pub async fn log_in(world: &'a World, house: &'a House) -> anyhow::Result<Self> {
        Ok(Self {
            world,
            house,
            token: world.log_in(house).await?,
            since: Instant::now(),
        })
    }

    /// An access token that is not about to end. Where nobody answers for a while, the old one is good for a while.
    pub async fn token(&mut self) -> &str {
        if self.since.elapsed() > RENEWED
            && let Ok(fresh) = Self::log_in(self.world, self.house).await
        {
            *self = fresh;
        }
        &self.token
    }
}

/// An access token of a manager of the house. A machine that is busy with something else may say 503 first.
pub async fn log_in(wire: &mut Wire, house: &House) -> anyhow::Result<String> {
    let body = json!({ "email": house.of_role(Role::Manager).email, "password": testing::House::PASSWORD });
    let mut reply = wire.post("/v1/auth/login", "", &body).await?;
    for _ in 0..5 {
        if reply.status == 503 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            reply = wire.post("/v1/auth/login", "", &body).await?;
        }
    }
    let token = reply.json()["access_token"].as_str().map(str::to_owned);
    token.with_context(|| format!("log-in answered {}", reply.status))
}

fn loopback() -> anyhow::Result<SocketAddr> {
    Ok(SocketAddr::from(([127, 0, 0, 1], free_port()?)))
}
