//! A captured transaction as a pgbench script: the same statements, with dates drawn at random and fresh ids.

use super::capture::Statement;
use anyhow::Context;
use chrono::{Days, NaiveDate};
use sqlx::{AssertSqlSafe, Either, Executor, PgConnection, SqlSafeStr, Statement as _, TypeInfo};
use std::fmt::Write;

/// What of the captured values is replaced.
pub struct Replace {
    /// The captured stay: these dates become random ones, in step.
    pub arrival: NaiveDate,
    pub nights: u64,
    /// Random arrivals are the first night plus 0 to this.
    pub first: NaiveDate,
    pub spread: u64,
    /// Values made anew for each transaction, e.g. ids; each becomes an expression of the transaction's number.
    pub fresh: Vec<String>,
    /// Ids of the captured product, and of the one this script is about.
    pub product: Vec<(String, String)>,
}

pub async fn write(
    conn: &mut PgConnection,
    captured: &[Statement],
    replace: &Replace,
) -> anyhow::Result<String> {
    let mut script = format!("\\set d random(0, {})\n\\set n :n + 8\n", replace.spread);
    for (i, statement) in captured.iter().enumerate() {
        let sql = swap(&statement.sql, &replace.product);
        if i == 0 {
            // One round trip, as the program does it.
            script.push_str("\\startpipeline\n");
            for part in sql.split("; ") {
                writeln!(script, "{part};")?;
            }
            script.push_str("\\endpipeline\n");
            continue;
        }
        let types = parameter_types(conn, &statement.sql).await?;
        let mut text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        for (number, value) in statement.parameters.iter().enumerate().rev() {
            let kind = types.get(number).context("a parameter without a type")?;
            let value = value.as_ref().map(|v| swap(v, &replace.product));
            text = text.replace(
                &format!("${}", number + 1),
                &expression(value.as_deref(), kind, replace),
            );
        }
        writeln!(script, "{text};")?;
    }
    Ok(script)
}

fn swap(text: &str, product: &[(String, String)]) -> String {
    product
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

async fn parameter_types(conn: &mut PgConnection, sql: &str) -> anyhow::Result<Vec<String>> {
    let statement = conn.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await?;
    match statement.parameters() {
        Some(Either::Left(types)) => Ok(types.iter().map(|t| t.name().to_owned()).collect()),
        _ => Ok(Vec::new()),
    }
}

/// A parameter as SQL: its text with dates and fresh values cut out of the quotes, cast to its type.
fn expression(value: Option<&str>, kind: &str, replace: &Replace) -> String {
    let Some(value) = value else {
        return format!("NULL::{kind}");
    };
    let mut text = format!("'{}'", value.replace('\'', "''"));
    for offset in 0..=replace.nights {
        let date = (replace.arrival + Days::new(offset)).to_string();
        let first = replace.first + Days::new(offset);
        text = text.replace(&date, &format!("' || (date '{first}' + :d::int)::text || '"));
    }
    for (k, fresh) in replace.fresh.iter().enumerate() {
        // Clients share the counter's beginning, and so are told apart.
        let number = format!("to_hex(:n::bigint + :client_id::bigint * 4294967296 + {k})");
        let made = match fresh.len() {
            36 => format!("'01900000-0000-7000-8000-' || lpad({number}, 12, '0')"),
            _ => format!("upper({number})"),
        };
        text = text.replace(fresh.as_str(), &format!("' || {made} || '"));
    }
    // A constant stays one; anything else is text until it is cast.
    format!("({text})::{kind}")
}
