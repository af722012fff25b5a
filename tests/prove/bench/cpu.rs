//! Processor time, from /proc: what a booking costs whom.

use anyhow::Context;
use sqlx::{Connection, PgConnection};
use std::path::PathBuf;

/// Clock ticks a second, as every Linux reports them.
const TICKS: f64 = 100.0;

/// Seconds of processor time used so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    pub innkeep: f64,
    pub postgres: f64,
    /// This process and the pgbenches it has waited for.
    pub client: f64,
}

impl Cpu {
    pub fn since(self, before: Self) -> Self {
        Self {
            innkeep: self.innkeep - before.innkeep,
            postgres: self.postgres - before.postgres,
            client: self.client - before.client,
        }
    }
}

pub struct Meter {
    innkeep: u32,
    postmaster: u32,
}

impl Meter {
    pub async fn new(innkeep: u32, server_url: &str) -> anyhow::Result<Self> {
        let file = data_directory(server_url).await?.join("postmaster.pid");
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let postmaster = text.lines().next().unwrap_or_default().trim().parse()?;
        Ok(Self { innkeep, postmaster })
    }

    pub fn read(&self) -> Cpu {
        let mut cpu = Cpu::default();
        for stat in processes() {
            if stat.pid == self.innkeep {
                cpu.innkeep += stat.own;
            } else if stat.pid == self.postmaster {
                cpu.postgres += stat.own + stat.children;
            } else if stat.parent == self.postmaster {
                cpu.postgres += stat.own;
            } else if stat.pid == std::process::id() {
                cpu.client += stat.own + stat.children;
            }
        }
        cpu
    }
}

/// Where the server keeps its data; its log is there too.
pub async fn data_directory(server_url: &str) -> anyhow::Result<PathBuf> {
    let mut conn = PgConnection::connect(server_url).await?;
    let folder: String = sqlx::query_scalar("show data_directory")
        .fetch_one(&mut conn)
        .await?;
    conn.close().await?;
    Ok(folder.into())
}

struct Stat {
    pid: u32,
    parent: u32,
    own: f64,
    /// Of children that have ended.
    children: f64,
}

fn processes() -> impl Iterator<Item = Stat> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|e| {
        let pid = e.file_name().to_str()?.parse().ok()?;
        let text = std::fs::read_to_string(e.path().join("stat")).ok()?;
        // The name in parentheses may hold blanks.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |i: usize| {
            fields
                .get(i)
                .and_then(|f| f.parse::<f64>().ok())
                .unwrap_or_default()
                / TICKS
        };
        let parent = fields.get(1)?.parse().ok()?;
        Some(Stat {
            pid,
            parent,
            own: ticks(11) + ticks(12),
            children: ticks(13) + ticks(14),
        })
    })
}
