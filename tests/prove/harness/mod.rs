//! What every suite is made of: a world of its own, the program as child processes, a client, a verdict.

pub mod channel;
pub mod process;
pub mod proxy;
pub mod tally;
pub mod verdict;
pub mod wire;
pub mod world;

use anyhow::Context;
use innkeep_domain::testing::SERVER_URL;
use sqlx::{Connection, PgConnection};

/// Does the database at hand keep what it was given? Proofs against one that does not would prove little.
pub async fn durable() -> anyhow::Result<bool> {
    let url =
        std::env::var(SERVER_URL).with_context(|| format!("{SERVER_URL} is not set: run `make prove`"))?;
    let mut conn = PgConnection::connect(&url).await?;
    let fsync: String = sqlx::query_scalar("show fsync").fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(fsync == "on")
}
