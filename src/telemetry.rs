//! Logs and measurements: JSON lines with the request's id and tenant, and Prometheus text at `/metrics`.

use anyhow::Context;
use innkeep_domain::cards;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use poem::Endpoint;
use poem::endpoint::make_sync;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::{fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Seconds. Fine where an answer should be, coarse where it should not.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
/// Without this, histograms nobody reads would grow.
const UPKEEP: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Json,
    Human,
}

/// `filter` is tracing's syntax, e.g. `info,innkeep=debug`. Logs go to standard error.
pub fn log(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("`{filter}` is no log filter"))?;
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Json => {
            let lines = fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false);
            registry.with(lines.with_writer(|| Masked)).try_init()?;
        }
        LogFormat::Human => {
            let colours = std::io::stderr().is_terminal();
            registry
                .with(fmt::layer().with_ansi(colours).with_writer(|| Masked))
                .try_init()?;
        }
    }
    Ok(())
}

/// Standard error, a line at a time, without card numbers: whatever an error quotes, they stay out of logs.
struct Masked;

impl Write for Masked {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().write_all(cards::masked(&text).as_bytes())?;
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The process's measurements.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// One recorder per process, whoever asks first; must be called inside the runtime.
    pub fn install() -> Result<Self, BuildError> {
        static INSTALLED: Mutex<Option<Metrics>> = Mutex::new(None);
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = installed.as_ref() {
            return Ok(metrics.clone());
        }
        let builder =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?;
        let handle = builder.install_recorder()?;
        let metrics = installed.insert(Self(handle.clone())).clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                handle.run_upkeep();
            }
        });
        Ok(metrics)
    }

    /// `/metrics`.
    pub fn endpoint(&self) -> impl Endpoint + use<> {
        let handle = self.0.clone();
        make_sync(move |_| {
            poem::Response::builder()
                .content_type("text/plain; version=0.0.4")
                .body(handle.render())
        })
    }
}
