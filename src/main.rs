//! The program: reads its arguments and hands over to the library.

use clap::Parser;
use innkeep::commands;
use innkeep::config::Cli;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    commands::run(Cli::parse()).await
}
