//! pgbench over a socket or TCP, as the role that the program uses.

use anyhow::{Context, ensure};
use sqlx::postgres::PgConnectOptions;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tokio::process::Command;

pub struct Pgbench {
    options: PgConnectOptions,
}

pub struct Run<'a> {
    pub database: &'a str,
    pub role: &'a str,
    /// Settings of the session, as in PGOPTIONS.
    pub options: &'a str,
    pub scripts: &'a [PathBuf],
    pub clients: usize,
    pub seconds: u64,
    /// Where transaction numbers begin, for fresh ids.
    pub base: u64,
}

impl Pgbench {
    pub fn new(server_url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            options: PgConnectOptions::from_str(server_url)?,
        })
    }

    fn command(&self, program: &str, user: &str, database: &str) -> Command {
        let mut command = Command::new(program);
        let host = match self.options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => self.options.get_host().to_owned(),
        };
        let port = self.options.get_port().to_string();
        command
            .args(["-h", &host, "-p", &port, "-U", user, "-d", database])
            .kill_on_drop(true);
        command
    }

    /// Transactions a second. A failed transaction ends the run: a wrong script measures nothing.
    pub async fn run(&self, run: &Run<'_>) -> anyhow::Result<f64> {
        let mut command = self.command("pgbench", run.role, run.database);
        command.env("PGOPTIONS", run.options);
        command.args(["-n", "-M", "prepared", "-j", "2"]);
        command.args(["-c", &run.clients.to_string(), "-T", &run.seconds.to_string()]);
        command.args(["-D", &format!("n={}", run.base)]);
        for script in run.scripts {
            command.arg("-f").arg(script);
        }
        let output = command.output().await.context("pgbench")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let error = errors
            .lines()
            .find(|l| l.contains("ERROR") || l.contains("error:"));
        ensure!(
            output.status.success() && error.is_none(),
            "pgbench: {}",
            error.unwrap_or(&errors)
        );
        let tps = said
            .lines()
            .find_map(|l| l.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        tps.with_context(|| format!("pgbench said: {said}"))
    }

    /// Runs SQL files as the superuser.
    pub async fn load(&self, database: &str, files: &[PathBuf]) -> anyhow::Result<()> {
        for file in files {
            let mut command = self.command("psql", self.options.get_username(), database);
            let output = command
                .args(["-q", "-v", "ON_ERROR_STOP=1", "-f"])
                .arg(file)
                .output()
                .await?;
            ensure!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }
}

/// The scripts of the database's own limit, if they are at hand.
pub fn limits() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("INNKEEP_LIMITS_DIR")?);
    Path::is_dir(&folder).then_some(folder)
}
