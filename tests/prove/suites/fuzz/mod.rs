//! `fuzz`: Schemathesis makes up requests for every operation of the document: good ones, broken ones, and chains in which
//! one answer feeds the next request. No answer is a server error, none has a status, a header or a shape that the document
//! does not promise, and no operation overlooks that a credential is missing or wrong.

mod dictionary;
mod door;
mod schemathesis;
mod stage;

use crate::harness::verdict::{Scale, Verdict};
use door::Door;
use schemathesis::Report;
use stage::Stage;

/// Kinds of failure with a figure of their own; the last one stands for all others.
const KINDS: [(&str, &str); 4] = [
    ("ServerError", "server errors"),
    ("UndefinedStatusCode", "undocumented statuses"),
    ("IgnoredAuth", "ignored credentials"),
    ("", "other differences from the document"),
];

pub async fn run(scale: Scale) -> anyhow::Result<Verdict> {
    let document = innkeep::openapi::document()?;
    let mut stage = Stage::set().await?;
    let mut verdict = Verdict::default();
    let mut reports = Vec::new();
    for door in Door::ALL {
        let report = schemathesis::run(&stage, &document, door, scale).await?;
        judge(&mut verdict, door, &report);
        reports.push(report);
    }
    let sum = |of: fn(&Report) -> usize| reports.iter().map(of).sum::<usize>();
    let cases = sum(|r| r.test_cases.generated);
    let least = scale.of(500, 20_000);
    verdict.figure(format!("{cases} cases"));
    verdict.demand(cases >= least, format!("only {cases} cases, not {least}"));
    verdict.figure(format!(
        "{} operations, {} of them brought to a success",
        sum(|r| r.operations.tested),
        sum(Report::accepted)
    ));
    for (kind, what) in KINDS {
        let of_kind = |r: &Report| {
            let all = r.failures.iter().filter(|f| kind_of(&f.kind) == kind);
            all.map(|f| f.count).sum::<usize>()
        };
        verdict.none(reports.iter().map(of_kind).sum(), what);
    }
    let (sound, said) = stage.world.verify().await?;
    verdict.demand(sound, format!("innkeep verify: {said}"));
    stage.world.stop_all().await?;
    Ok(verdict)
}

fn kind_of(failure: &str) -> &'static str {
    let known = KINDS.iter().find(|(kind, _)| *kind == failure);
    known.map_or("", |(kind, _)| kind)
}

/// Everything behind the door was tried, and nothing was found.
fn judge(verdict: &mut Verdict, door: Door, report: &Report) {
    let (name, wanted) = (door.name(), door.operations().len());
    let tested = report.operations.tested;
    verdict.demand(report.complete, format!("{name}: cut short"));
    verdict.demand(
        tested == wanted,
        format!("{name}: {tested} of {wanted} operations tried"),
    );
    verdict.demand(report.errors.is_empty(), format!("{name}: {:?}", report.errors));
    for failure in &report.failures {
        let places = failure.operations.join(", ");
        verdict.demand(
            false,
            format!("{name}: {} {} at {places}", failure.count, failure.kind),
        );
    }
    if !report.failures.is_empty() || !report.errors.is_empty() {
        verdict.demand(false, format!("{name}:\n{}", report.said));
    }
}
