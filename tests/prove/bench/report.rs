//! The figures of one contest: means over the rounds, ratios, processor time for each operation.

use super::cpu::Cpu;
use super::load::Measured;
use crate::harness::verdict::ms;

pub struct Row {
    name: &'static str,
    per_second: f64,
    /// Microseconds for each operation.
    cpu: Cpu,
    latency: String,
}

impl Row {
    pub fn http(measured: &Measured, cpu: Cpu) -> Self {
        let latency = format!("p50 {} p99 {}", ms(measured.p50), ms(measured.p99));
        Self {
            name: "innkeep over HTTP",
            per_second: measured.per_second,
            cpu: each(cpu, measured.count as f64),
            latency,
        }
    }
    pub fn pgbench(name: &'static str, tps: f64, seconds: u64, cpu: Cpu) -> Self {
        Self {
            name,
            per_second: tps,
            cpu: each(cpu, tps * seconds as f64),
            latency: String::new(),
        }
    }
}

fn each(cpu: Cpu, count: f64) -> Cpu {
    let micros = |seconds: f64| seconds * 1e6 / count.max(1.0);
    Cpu {
        innkeep: micros(cpu.innkeep),
        postgres: micros(cpu.postgres),
        client: micros(cpu.client),
    }
}

pub struct Report {
    title: String,
    rows: Vec<Row>,
}

impl Report {
    pub fn new(name: &str, clients: usize) -> Self {
        Self {
            title: format!("{name}, {clients} clients"),
            rows: Vec::new(),
        }
    }

    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub fn print(&self) {
        println!(
            "{} (mean of {} rounds; CPU in us for each)",
            self.title,
            self.of(self.rows[0].name).len()
        );
        println!(
            "  {:<20} {:>8}  {:>7} {:>8} {:>7} {:>7}",
            "", "per s", "innkeep", "postgres", "client", "ratio"
        );
        let ours = self.mean(self.rows[0].name, |r| r.per_second);
        let mut seen: Vec<&str> = Vec::new();
        for row in &self.rows {
            if seen.contains(&row.name) {
                continue;
            }
            seen.push(row.name);
            let mean = |f: fn(&Row) -> f64| self.mean(row.name, f);
            let (rate, innkeep, postgres) = (
                mean(|r| r.per_second),
                mean(|r| r.cpu.innkeep),
                mean(|r| r.cpu.postgres),
            );
            let (client, ratio) = (mean(|r| r.cpu.client), ours / rate);
            let latency = &row.latency;
            println!(
                "  {:<20} {rate:>8.0}  {innkeep:>7.0} {postgres:>8.0} {client:>7.0} {ratio:>7.2}  {latency}",
                row.name
            );
        }
    }

    fn of(&self, name: &str) -> Vec<&Row> {
        self.rows.iter().filter(|r| r.name == name).collect()
    }

    fn mean(&self, name: &str, f: fn(&Row) -> f64) -> f64 {
        let rows = self.of(name);
        rows.iter().map(|r| f(r)).sum::<f64>() / rows.len().max(1) as f64
    }
}
