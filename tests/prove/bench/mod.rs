//! `make bench`.

use crate::harness::verdict::Scale;

pub async fn run(_only: Option<&str>, _scale: Scale) -> anyhow::Result<()> {
    anyhow::bail!("not yet")
}
