//! The command line and the environment. Secrets come from the environment or from files, never from arguments: every
//! user of the machine can read those.

use crate::edge::{EdgeSettings, Limits};
use crate::secrets;
use crate::server::ServerOptions;
use crate::telemetry::LogFormat;
use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use innkeep_domain::db::DbOptions;
use innkeep_domain::ports::anchor::Anchor;
use innkeep_domain::ports::mail::Mailer;
use innkeep_integrations::outbound::Allow;
use innkeep_integrations::{anchor, mail, outbound};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

const ENVIRONMENT: &str = "\
Environment:
  DATABASE_URL                PostgreSQL, logged in as innkeep_app
  INNKEEP_OWNER_DATABASE_URL  PostgreSQL for `migrate`, as a role that may create roles (default: DATABASE_URL)
  REDIS_URL                   cache and quotas; without it everything works, slower
  INNKEEP_SMTP_URL            mail server, e.g. smtps://user:password@host; without it mails are written into a folder
  INNKEEP_SANDBOX_API_KEY     for `sandbox`: a key that may read channels at INNKEEP_SANDBOX_API
  INNKEEP_PASSWORD            the new user's password for `admin add-user` (default: asked on standard input)
Every option shown by `innkeep <command> --help` can be set by the variable named there.";

/// Innkeep: an open property management platform whose vacancy sign never lies.
#[derive(Debug, Parser)]
#[command(name = "innkeep", version, after_help = ENVIRONMENT)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// What to log, e.g. `info,innkeep=debug`. Default: warn for `demo`, info for everything else.
    #[arg(long, env = "INNKEEP_LOG", global = true)]
    pub log: Option<String>,
    /// Default: json for `serve`, human for everything else.
    #[arg(long, env = "INNKEEP_LOG_FORMAT", value_enum, global = true)]
    pub log_format: Option<LogFormat>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer requests and work in the background.
    Serve {
        /// Only one of the two; run as many processes of each as you like.
        #[arg(long, value_enum)]
        only: Option<Only>,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Bring the database to this program's version (or back to nothing).
    Migrate {
        /// Undo every migration: all data is lost.
        #[arg(long)]
        down: bool,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Show what is understood of a seller's own message with bookings, as JSON.
    ReadBookings {
        #[arg(value_enum)]
        seller: Seller,
        file: PathBuf,
    },
    /// Run everything with sample data, to look around.
    Demo {
        /// No guests that book by themselves after the story.
        #[arg(long)]
        quiet: bool,
        #[command(flatten)]
        settings: Box<Settings>,
    },
    /// Serve stand-ins of the outside world, to try Innkeep against.
    Sandbox {
        #[command(flatten)]
        sandbox: StandIns,
        /// A file that says from which second on which faults hold and which guests come (sandbox/README.md).
        #[arg(long, env = "INNKEEP_SANDBOX_SCENARIO")]
        scenario: Option<std::path::PathBuf>,
        /// Where an Innkeep is whose calendar the page shows beside the channels'; its key is in INNKEEP_SANDBOX_API_KEY.
        #[arg(long, env = "INNKEEP_SANDBOX_API")]
        api: Option<String>,
    },
    /// Recompute every invariant from the data and report what does not hold.
    Verify {
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        secrets: Secrets,
        #[command(flatten)]
        record: AuditRecord,
    },
    /// Manage tenants and users.
    Admin {
        #[command(subcommand)]
        what: Admin,
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    Api,
    Workers,
}

/// Whose messages can be read without a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Seller {
    /// B.XML or OTA.
    BookingCom,
    /// Booking Retrieval or Booking Notification.
    Expedia,
}

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Add a tenant; prints its id.
    AddTenant {
        #[arg(long)]
        name: String,
    },
    /// Add a user with a role in a tenant; the password is read from INNKEEP_PASSWORD or standard input.
    AddUser {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        tenant: uuid::Uuid,
        /// owner, manager, front_desk, accountant, housekeeping or read_only
        #[arg(long, default_value = "owner")]
        role: String,
    },
    /// Make somebody an operator of this installation, with a door of their own at /v1/platform. An account that is not
    /// there yet is made; its password is read from INNKEEP_PASSWORD or standard input.
    Operator {
        #[arg(long)]
        email: String,
        #[arg(long, default_value = "Operator")]
        name: String,
        /// Take it back instead.
        #[arg(long)]
        remove: bool,
    },
    /// List tenants.
    Tenants,
    /// Seal personal data under new keys, beside the running installation. Cut off, run it again: it goes on.
    RotateKeys {
        /// One tenant's keys; without it every tenant's, and the installation's own.
        #[arg(long)]
        tenant: Option<uuid::Uuid>,
        /// The master key was replaced: only wrap the data keys by the new one.
        #[arg(long)]
        master: bool,
        #[command(flatten)]
        secrets: Secrets,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Settings {
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub sandbox: StandIns,
    #[arg(long, env = "INNKEEP_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub secrets: Secrets,
    #[command(flatten)]
    pub record: AuditRecord,
    /// Client connections at once.
    #[arg(long, env = "INNKEEP_MAX_CONNECTIONS", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
    /// Where people reach this installation: links in mails begin with it, and passkeys are bound to its host for good.
    /// Default: `http://localhost:<port>`.
    #[arg(long, env = "INNKEEP_PUBLIC_URL")]
    pub public_url: Option<String>,
    #[command(flatten)]
    pub mail: Mail,
    /// How often a channel that can be asked is asked whether it still believes what it was told, in seconds.
    #[arg(long, env = "INNKEEP_READ_BACK_SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub read_back_seconds: u32,
    /// Bytes of a request's body.
    #[arg(long, env = "INNKEEP_BODY_LIMIT", default_value_t = 1 << 20)]
    pub body_limit: usize,
    /// `host:port` of the operator's own, parted by commas, that tenants' channels may be at: called over http too, and
    /// inside the operator's network. Everything else must be https on the public Internet.
    #[arg(
        long,
        env = "INNKEEP_OUTBOUND_ALLOW",
        default_value = "",
        hide_default_value = true
    )]
    pub outbound_allow: Allow,
    #[command(flatten)]
    pub edge: EdgeSettings,
}

#[derive(Debug, Clone, Args)]
pub struct Mail {
    /// Who mails are from.
    #[arg(
        long,
        env = "INNKEEP_MAIL_FROM",
        default_value = "Innkeep <innkeep@localhost>"
    )]
    pub mail_from: String,
    /// Without a mail server (INNKEEP_SMTP_URL): the folder that mails are written into.
    #[arg(long, env = "INNKEEP_MAIL_DIR", default_value = ".local/mail")]
    pub mail_dir: PathBuf,
}

impl Mail {
    pub fn mailer(&self) -> anyhow::Result<Arc<dyn Mailer>> {
        let Some(url) = secret("INNKEEP_SMTP_URL") else {
            return Ok(Arc::new(mail::Folder::new(self.mail_dir.clone())));
        };
        let smtp = mail::Smtp::new(&url, &self.mail_from);
        Ok(Arc::new(smtp.map_err(|e| {
            anyhow::anyhow!("INNKEEP_SMTP_URL, INNKEEP_MAIL_FROM: {e}")
        })?))
    }
}

#[derive(Debug, Clone, Args)]
pub struct Secrets {
    /// Signing keys (`*.pem`); a first one is made if there is none.
    #[arg(long, env = "INNKEEP_SECRETS_DIR", default_value = ".local/secrets")]
    pub secrets_dir: PathBuf,
    /// What personal data's keys are wrapped with: 32 bytes, base64 or hexadecimal. Default: `master.key` in the
    /// secrets folder, made if there is none.
    #[arg(long, env = "INNKEEP_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// The master key before this one: still opens, until `admin rotate-keys --master` has run.
    #[arg(long, env = "INNKEEP_OLD_MASTER_KEY_FILE")]
    pub old_master_key_file: Option<PathBuf>,
}

impl Secrets {
    /// Is there a master key? A command that only looks makes none.
    pub fn there(&self) -> bool {
        self.master_key_file.is_some() || secrets::is_there(&self.secrets_dir)
    }

    /// How a program logs in that opens personal data.
    pub fn database(&self, database: &Database) -> anyhow::Result<DbOptions> {
        let (named, old) = (
            self.master_key_file.as_deref(),
            self.old_master_key_file.as_deref(),
        );
        let keys = secrets::master_keys(named, old, &self.secrets_dir)?;
        Ok(DbOptions {
            master_keys: Some(Arc::new(keys)),
            ..database.options()?
        })
    }
}

#[derive(Debug, Clone, Args)]
pub struct AuditRecord {
    /// The folder where the ends of audit trails are put on record: keep it apart from the database.
    #[arg(long, env = "INNKEEP_AUDIT_DIR", default_value = ".local/audit")]
    pub audit_dir: PathBuf,
}

impl AuditRecord {
    pub fn anchor(&self) -> Arc<dyn Anchor> {
        Arc::new(anchor::Folder::new(self.audit_dir.clone()))
    }
}

#[derive(Debug, Clone, Args)]
pub struct Database {
    /// Database connections at once.
    #[arg(long, env = "INNKEEP_DB_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub db_connections: u32,
}

impl Database {
    /// How a command logs in that touches no personal data.
    pub fn options(&self) -> anyhow::Result<DbOptions> {
        let url =
            secret("DATABASE_URL").context("set DATABASE_URL to the database, logged in as innkeep_app")?;
        Ok(DbOptions {
            connections: self.db_connections,
            ..DbOptions::new(url)
        })
    }
}

/// Where `migrate` logs in.
pub fn owner_url() -> anyhow::Result<String> {
    let url = secret("INNKEEP_OWNER_DATABASE_URL").or_else(|| secret("DATABASE_URL"));
    url.context("set INNKEEP_OWNER_DATABASE_URL or DATABASE_URL")
}

pub fn redis_url() -> Option<String> {
    secret("REDIS_URL")
}

/// A variable that is set and not empty.
pub fn secret(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

#[derive(Debug, Clone, Args)]
pub struct StandIns {
    #[arg(long, env = "INNKEEP_SANDBOX_LISTEN", default_value = "127.0.0.1:8090")]
    pub sandbox_listen: SocketAddr,
}

impl Settings {
    /// How the server logs in, with the key that opens personal data.
    pub fn database(&self) -> anyhow::Result<DbOptions> {
        self.secrets.database(&self.database)
    }
    pub fn public_url(&self) -> String {
        let local = || format!("http://localhost:{}", self.listen.port());
        self.public_url.clone().unwrap_or_else(local)
    }
    pub fn limits(&self) -> Limits {
        Limits {
            body: self.body_limit,
            ..Limits::default()
        }
    }
    pub fn outbound(&self) -> outbound::Options {
        outbound::Options {
            allow: self.outbound_allow.clone(),
            ..outbound::Options::default()
        }
    }
    pub fn server(&self) -> ServerOptions {
        ServerOptions {
            connections: self.max_connections as usize,
            ..ServerOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
