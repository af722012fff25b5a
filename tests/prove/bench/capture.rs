//! The very statements the program sends for one request, as PostgreSQL's own log recorded them: whatever the code
//! becomes, the comparison is with its own SQL.

use super::cpu::data_directory;
use anyhow::{Context, ensure};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

/// One statement with its parameters as text; `None` = NULL.
#[derive(Debug, Clone)]
pub struct Statement {
    pub sql: String,
    pub parameters: Vec<Option<String>>,
}

impl Statement {
    /// A transaction.
    pub fn begins(&self) -> bool {
        is(self, "BEGIN")
    }
}

pub struct Log {
    file: PathBuf,
    from: u64,
}

impl Log {
    /// From now on.
    pub async fn open(server_url: &str) -> anyhow::Result<Self> {
        let file = data_directory(server_url).await?.join("server.log");
        let from = std::fs::metadata(&file)
            .with_context(|| format!("no log at {}", file.display()))?
            .len();
        Ok(Self { file, from })
    }

    /// All transactions that have ended, one after the other: a read of personal data writes its audit entry in one of
    /// its own.
    pub async fn transactions(&self) -> anyhow::Result<Vec<Statement>> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut file = std::fs::File::open(&self.file)?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let mut all = statements(&text);
        // A read ends with a rollback, there being nothing to commit.
        let ends = |s: &Statement| is(s, "COMMIT") || is(s, "ROLLBACK");
        let end = all
            .iter()
            .rposition(ends)
            .context("no end of a transaction in the log")?;
        all.truncate(end + 1);
        let begin = all
            .iter()
            .position(Statement::begins)
            .context("no BEGIN in the log")?;
        let found = all.split_off(begin);
        ensure!(found.len() > 2, "an empty transaction");
        Ok(found)
    }
}

fn is(statement: &Statement, verb: &str) -> bool {
    statement
        .sql
        .get(..verb.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(verb))
}

/// A record begins with a time and has further lines indented by a tab.
fn statements(log: &str) -> Vec<Statement> {
    let mut records: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), records.last_mut()) {
            (Some(more), Some(record)) => {
                record.push('\n');
                record.push_str(more);
            }
            _ => records.push(line.to_owned()),
        }
    }
    let mut found: Vec<Statement> = Vec::new();
    for record in records {
        if let Some((_, detail)) = record.split_once("DETAIL:  parameters: ") {
            if let Some(last) = found.last_mut() {
                last.parameters = parameters(detail);
            }
        } else if let Some((_, said)) = record.split_once("LOG:  ")
            && let Some((kind, sql)) = said.split_once(": ")
            && (kind == "statement" || kind.starts_with("execute"))
        {
            found.push(Statement {
                sql: sql.to_owned(),
                parameters: Vec::new(),
            });
        }
    }
    found
}

/// `$1 = 'a''b', $2 = NULL, ...`
fn parameters(detail: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut rest = detail;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            found.push(None);
            rest = value.strip_prefix("NULL").unwrap_or_default();
            continue;
        };
        let mut text = String::new();
        let mut chars = quoted.char_indices().peekable();
        let mut end = quoted.len();
        while let Some((i, c)) = chars.next() {
            if c != '\'' {
                text.push(c);
            } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                text.push('\'');
                chars.next();
            } else {
                end = i + 1;
                break;
            }
        }
        found.push(Some(text));
        rest = &quoted[end..];
    }
    found
}
