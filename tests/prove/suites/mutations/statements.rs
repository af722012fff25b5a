//! Row security is one wall; our SQL is the other: every statement names the tenant for every table it reads, so that
//! either wall stands alone. PostgreSQL's planner says what a statement is bound to. Then each condition is taken out.

use crate::harness::verdict::Verdict;
use anyhow::Context;
use innkeep_domain::testing::TestDatabase;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

const COLUMN: &str = "tenant_id";

struct Statement {
    text: String,
    /// PostgreSQL's names of its parameters' types.
    types: Vec<String>,
}

pub async fn run(database: &TestDatabase, verdict: &mut Verdict) -> anyhow::Result<()> {
    let statements = prepared()?;
    // Past row security, whose conditions would be in every plan.
    let mut conn = database.superuser().await?;
    conn.execute("set plan_cache_mode = force_generic_plan").await?;
    let guarded = tables(
        &mut conn,
        "select tablename::text from pg_policies where policyname = 'tenant'",
    )
    .await?;
    // Platform tables name tenants too; row security does not guard them.
    let named = "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
                 where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id'";
    let named = tables(&mut conn, named).await?;
    let (mut tried, mut red, mut twice) = (0, 0, 0);
    for Statement { text, types } in &statements {
        let plan = plan(&mut conn, text, types).await.with_context(|| text.clone())?;
        let for_all = unbound(&plan, &guarded);
        verdict.demand(
            for_all.is_empty(),
            format!("no tenant for {for_all:?} in: {text}"),
        );
        let for_all = unbound(&plan, &named);
        for (condition, instead) in conditions(text) {
            let mut mutant = text.clone();
            mutant.replace_range(condition, &instead);
            let other = self::plan(&mut conn, &mutant, types)
                .await
                .with_context(|| mutant.clone())?;
            if conditions_of(&other) == conditions_of(&plan) {
                twice += 1;
                continue;
            }
            let seen = unbound(&other, &named) != for_all;
            tried += 1;
            red += usize::from(seen);
            verdict.demand(seen, format!("not noticed: {mutant}"));
        }
    }
    conn.close().await?;
    verdict.figure(format!("{} statements name their tenant", statements.len()));
    verdict.figure(format!("{red} of {tried} conditions that were taken out noticed"));
    verdict.figure(format!("{twice} follow from others"));
    Ok(())
}

async fn tables(conn: &mut PgConnection, sql: &'static str) -> anyhow::Result<BTreeSet<String>> {
    let names: Vec<String> = sqlx::query_scalar(sql).fetch_all(conn).await?;
    Ok(names.into_iter().collect())
}

/// Every statement that the program was compiled with.
fn prepared() -> anyhow::Result<Vec<Statement>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let mut all = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let told: Value = serde_json::from_slice(&std::fs::read(file?.path())?)?;
        let types = told["describe"]["parameters"]["Left"]
            .as_array()
            .into_iter()
            .flatten();
        all.push(Statement {
            text: told["query"].as_str().context("no query")?.to_owned(),
            types: types.filter_map(Value::as_str).map(sql_type).collect(),
        });
    }
    Ok(all)
}

fn sql_type(name: &str) -> String {
    let (one, list) = name.strip_suffix("Array").map_or((name, ""), |one| (one, "[]"));
    format!("{}{list}", one.to_lowercase())
}

/// As for any values of the parameters; nothing is executed.
async fn plan(conn: &mut PgConnection, text: &str, types: &[String]) -> anyhow::Result<Value> {
    let (types, nulls) = (types.join(", "), vec!["null"; types.len()].join(", "));
    let arguments = |list: &str| {
        if list.is_empty() {
            String::new()
        } else {
            format!("({list})")
        }
    };
    conn.execute(AssertSqlSafe(format!(
        "prepare probe {} as {text}",
        arguments(&types)
    )))
    .await?;
    let explain = format!(
        "explain (format json, verbose, costs off) execute probe {}",
        arguments(&nulls)
    );
    let row = conn.fetch_one(AssertSqlSafe(explain)).await;
    conn.execute("deallocate probe").await?;
    Ok(row?.try_get::<Value, _>(0)?)
}

/// Places where a tenant is compared, and what to put there: the parameter's type must stay known.
fn conditions(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(&format!("{COLUMN} = ")) {
        let alias = text[..at]
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .map_or(0, |i| i + 1);
        let value = at + COLUMN.len() + 3;
        let rest = &text[value..];
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || "$._".contains(c)))
            .unwrap_or(rest.len());
        let instead = match &rest[..length] {
            parameter if parameter.starts_with('$') => format!("{parameter}::uuid is not null"),
            other if other.ends_with(COLUMN) => "true".to_owned(),
            _ => continue,
        };
        found.push((alias..value + length, instead));
    }
    found
}

fn nodes(plan: &Value) -> Vec<&Value> {
    let mut all = Vec::new();
    let mut open = vec![&plan[0]["Plan"]];
    while let Some(node) = open.pop() {
        all.push(node);
        open.extend(node["Plans"].as_array().into_iter().flatten());
    }
    all
}

/// What rows must fulfil, node by node.
fn conditions_of(plan: &Value) -> Vec<String> {
    let of = |node: &Value| {
        let fields = node.as_object().into_iter().flatten();
        let conditions = fields.filter(|(name, _)| name.ends_with("Cond") || name.ends_with("Filter"));
        conditions
            .map(|(_, text)| text.as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    nodes(plan).into_iter().flat_map(of).collect()
}

/// Tables of tenants that a plan reads for all of them: their tenant is compared with no parameter, not even by way of
/// other tables.
fn unbound(plan: &Value, tables: &BTreeSet<String>) -> Vec<String> {
    let conditions = conditions_of(plan);
    let equal: Vec<(&str, &str)> = conditions.iter().flat_map(|text| equalities(text)).collect();
    let mut bound: BTreeSet<&str> = equal.iter().flat_map(|(a, b)| [*a, *b]).collect();
    bound.retain(|side| side.starts_with('$'));
    loop {
        let known = bound.len();
        for (one, other) in &equal {
            if bound.contains(one) || bound.contains(other) {
                bound.extend([*one, *other]);
            }
        }
        if bound.len() == known {
            break;
        }
    }
    let scans = nodes(plan)
        .into_iter()
        .filter(|n| n["Node Type"] != "ModifyTable");
    let scans = scans.filter(|n| {
        n["Relation Name"]
            .as_str()
            .is_some_and(|name| tables.contains(name))
    });
    let alias = |scan: &Value| scan["Alias"].as_str().unwrap_or_default().to_owned();
    let all_tenants = |alias: &String| !bound.contains(format!("{alias}.{COLUMN}").as_str());
    scans.map(alias).filter(all_tenants).collect()
}

/// Both sides of each `=` in a plan's condition: `("b.tenant_id", "$1")`.
fn equalities(condition: &str) -> impl Iterator<Item = (&str, &str)> {
    let of_name = |c: char| c.is_alphanumeric() || "$._".contains(c);
    condition.match_indices(" = ").map(move |(at, sign)| {
        let (before, after) = (&condition[..at], &condition[at + sign.len()..]);
        let begins = before.rfind(|c| !of_name(c)).map_or(0, |i| i + 1);
        let ends = after.find(|c| !of_name(c)).unwrap_or(after.len());
        (&before[begins..], &after[..ends])
    })
}
