//! Captured transactions as a pgbench script: the same statements, with dates drawn at random and fresh ids.

use super::capture::Statement;
use anyhow::Context;
use chrono::{Days, NaiveDate};
use sqlx::{AssertSqlSafe, Either, Executor, PgConnection, SqlSafeStr, Statement as _, TypeInfo};
use std::fmt::Write;
use uuid::Uuid;

/// What of the captured values is replaced.
pub struct Replace {
    /// The captured stay, and before it the one that was changed: their dates become random ones, in step.
    pub arrivals: [NaiveDate; 2],
    pub nights: u64,
    /// Random arrivals are the first night plus 0 to this.
    pub first: NaiveDate,
    pub spread: u64,
    /// Values made anew for each transaction, e.g. ids; each becomes an expression of the transaction's number.
    pub fresh: Vec<String>,
    /// Ids of the first client's stay: each client has its own, with its number at the end.
    pub own: [Uuid; 2],
    /// The captured stay's booker, sealed for its row, and each client's.
    pub sealed: Option<(String, Vec<String>)>,
    /// Ids of the captured product, and of the one this script is about.
    pub product: Vec<(String, String)>,
}

pub async fn write(
    conn: &mut PgConnection,
    captured: &[Statement],
    replace: &Replace,
) -> anyhow::Result<String> {
    let spread = replace.spread;
    let mut script = format!("\\set d0 random(0, {spread})\n\\set d1 random(0, {spread})\n\\set n :n + 8\n");
    for statement in captured {
        let sql = swap(&statement.sql, &replace.product);
        if statement.begins() {
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
    if let Some((element, count)) = repeated(value) {
        let one = expression(Some(element), kind.trim_end_matches("[]"), replace);
        return format!("array_fill({one}, array[{count}])");
    }
    if let Some((_, own)) = replace.sealed.as_ref().filter(|(captured, _)| captured == value) {
        return format!("(array['{}'])[:client_id::int + 1]", own.join("', '"));
    }
    let mut text = format!("'{}'", value.replace('\'', "''"));
    let first = replace.first;
    for (i, arrival) in replace.arrivals.iter().enumerate() {
        for offset in 0..=replace.nights {
            let date = (*arrival + Days::new(offset)).to_string();
            let made = format!("(date '{first}' + {offset} + :d{i}::int)::text");
            text = text.replace(&date, &format!("' || {made} || '"));
        }
    }
    for own in replace.own.map(|id| id.to_string()) {
        let (kind, _) = own.split_at(28);
        let made = format!("'{kind}' || lpad(to_hex(:client_id::bigint), 8, '0')");
        text = text.replace(&own, &format!("' || {made} || '"));
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

/// An array of one value again and again: written once, since pgbench takes 255 variables in a statement at most.
fn repeated(value: &str) -> Option<(&str, usize)> {
    let elements: Vec<&str> = value.strip_prefix('{')?.strip_suffix('}')?.split(',').collect();
    let first = elements.first().filter(|_| elements.len() > 1)?;
    elements
        .iter()
        .all(|e| e == first)
        .then_some((first, elements.len()))
}
