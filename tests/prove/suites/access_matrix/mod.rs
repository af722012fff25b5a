//! `access-matrix`: every operation of the document is called by everybody who may not, with every id that is not
//! theirs. Nobody gets in, nobody learns that something exists, and nothing of the others changes.

mod document;
mod footprint;
mod maker;
pub mod rights;
pub mod stage;
mod strangers;

use crate::harness::verdict::{Scale, Verdict, ms, percentile};
use crate::harness::wire::Reply;
use document::Operation;
use footprint::{changed, footprint};
use innkeep::rights::Needs;
use rights::Callers;
use stage::{Stage, Who};
use std::collections::BTreeMap;
use std::time::Duration;
use strangers::Stranger;
use uuid::Uuid;

/// Operations whose plain request does not come as far as their ids even for those who may, each for its reason. This
/// list only shrinks.
const UNREACHED: [(&str, &str); 1] = [(
    "merge_guests",
    "there is one guest, who cannot be merged with itself",
)];

/// What takes things away, and so comes last when the victims work with them.
const ENDS: [&str; 8] = [
    "cancel", "close", "delete", "erase", "no_show", "remove", "revoke", "suspend",
];

/// What was tried and what came of it.
#[derive(Default)]
pub struct Findings {
    pub probes: usize,
    leaks: Vec<String>,
    wrong: Vec<String>,
    /// By operation: how long another's id took, and how long an unknown one.
    times: BTreeMap<String, Vec<(Duration, Duration)>>,
}

impl Findings {
    pub fn is_clean(&self) -> bool {
        self.leaks.is_empty() && self.wrong.is_empty()
    }
    fn leak(&mut self, operation: &Operation, what: impl std::fmt::Display) {
        self.leaks.push(format!("{}: {what}", operation.id));
    }
    fn wrong(&mut self, operation: &Operation, what: impl std::fmt::Display) {
        self.wrong.push(format!("{}: {what}", operation.id));
    }
}

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let mut stage = Stage::open().await?;
    let operations = std::mem::take(&mut stage.operations);
    let callers = Callers::hire(&mut stage).await?;
    let mut found = Findings::default();
    let owner = stage.ours.owner.clone();
    let ids = (
        stage.theirs.tenant.0,
        stage.beside.things["properties"].parse::<Uuid>()?,
    );
    let theirs = footprint(&stage.world.database, "tenant_id", ids.0).await?;
    let beside = footprint(&stage.world.database, "property_id", ids.1).await?;
    let outside = Stranger {
        victim: Who::Theirs,
        token: &owner,
    };
    let inside = Stranger {
        victim: Who::Beside,
        token: callers.somewhere(),
    };
    for operation in &operations {
        rights::probe(&mut stage, &callers, operation, &mut found).await?;
    }
    let of_tenants = operations
        .iter()
        .filter(|o| !matches!(o.needs, Needs::Nothing | Needs::Operator));
    for operation in of_tenants.clone() {
        strangers::probe(&mut stage, &outside, operation, &mut found).await?;
        strangers::borrow(&mut stage, &outside, operation, &mut found).await?;
        if let Needs::Tenant(_) = operation.needs {
            strangers::probe(&mut stage, &inside, operation, &mut found).await?;
            strangers::borrow(&mut stage, &inside, operation, &mut found).await?;
        }
        strangers::time(&mut stage, &outside, operation, scale.of(4, 40), &mut found).await?;
    }
    let now = footprint(&stage.world.database, "tenant_id", ids.0).await?;
    let beside_now = footprint(&stage.world.database, "property_id", ids.1).await?;
    let mut verdict = Verdict::default();
    for (before, after) in [(&theirs, &now), (&beside, &beside_now)] {
        let tables = changed(before, after);
        verdict.demand(tables.is_empty(), format!("rows of others changed in {tables:?}"));
    }
    let ends = |o: &&Operation| ENDS.iter().any(|word| o.id.contains(word));
    let (mut last, first): (Vec<_>, Vec<_>) = of_tenants.filter(|o| names_ids(&stage, o)).partition(ends);
    // What is deleted has no address to revoke; last of all comes the session they work in.
    last.sort_by_key(|o| (o.id == "revoke_session", o.id.starts_with("delete")));
    let mut reached = 0;
    for operation in first.into_iter().chain(last) {
        let reply = strangers::replay(&mut stage, &outside, operation, &mut found).await?;
        reached += usize::from(reaches(operation, &reply, &mut verdict));
    }
    tell(&mut verdict, &found, operations.len(), reached, scale);
    Ok(verdict)
}

fn names_ids(stage: &Stage, operation: &Operation) -> bool {
    let known = &stage.theirs.things;
    let slots = stage.maker(Who::Theirs).plain(operation).slots;
    slots.iter().any(|slot| known.contains_key(&slot.kind))
}

/// The very request with which the ids were attacked, by those whose ids they are: were it refused for its form, the
/// attack would have proven nothing.
fn reaches(operation: &Operation, reply: &Reply, verdict: &mut Verdict) -> bool {
    let through = reply.status < 300 || reply.status == 409;
    let listed = UNREACHED.iter().any(|(id, _)| *id == operation.id);
    let body = String::from_utf8_lossy(&reply.body);
    verdict.demand(
        through || listed,
        format!("{}: not reached: {} {body}", operation.id, reply.status),
    );
    verdict.demand(
        !(through && listed),
        format!("{}: need not be in UNREACHED", operation.id),
    );
    through
}

fn tell(verdict: &mut Verdict, found: &Findings, operations: usize, reached: usize, scale: Scale) {
    verdict.figure(format!(
        "{operations} operations, {reached} reached with the victim's ids"
    ));
    verdict.figure(format!("{} probes", found.probes));
    verdict.demand(
        scale == Scale::Quick || found.probes >= 10_000,
        "fewer than 10,000 probes",
    );
    verdict.none(found.leaks.len(), "leaks");
    verdict.none(found.wrong.len(), "wrong answers");
    for what in found.leaks.iter().chain(&found.wrong) {
        verdict.demand(false, what.clone());
    }
    let mut apart: Vec<(Duration, &str)> = found
        .times
        .iter()
        .map(|(id, times)| (difference(times), id.as_str()))
        .collect();
    apart.sort_unstable();
    let (worst, id) = apart.last().copied().unwrap_or_default();
    let median = percentile(&apart.iter().map(|(d, _)| *d).collect::<Vec<_>>(), 50.0);
    verdict.figure(format!(
        "median time difference {}, largest of an operation {} ({id})",
        ms(median),
        ms(worst)
    ));
    let telling = if scale == Scale::Full { worst } else { median };
    verdict.demand(
        telling < Duration::from_millis(5),
        "the time tells another's id from an unknown one",
    );
}

/// Between the medians of those that came first in their pairs, and of those that came second, on the whole: what comes
/// first may pay for what was before it, whoever's id it names.
fn difference(times: &[(Duration, Duration)]) -> Duration {
    let turn = |n: usize| -> [f64; 2] {
        let (theirs, unknown): (Vec<_>, Vec<_>) = times.iter().skip(n).step_by(2).copied().unzip();
        [theirs, unknown].map(|side| percentile(&side, 50.0).as_secs_f64())
    };
    let ([theirs_first, unknown_second], [theirs_second, unknown_first]) = (turn(0), turn(1));
    let first = theirs_first - unknown_first;
    let second = theirs_second - unknown_second;
    Duration::from_secs_f64((first + second).abs() / 2.0)
}
