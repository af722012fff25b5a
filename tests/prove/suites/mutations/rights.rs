//! Each row of the rights table, gone and altered: a server with that table is started and asked by `access-matrix`.

use crate::harness::verdict::{Scale, Verdict};
use crate::harness::wire::Wire;
use crate::suites::access_matrix::Findings;
use crate::suites::access_matrix::rights::{Callers, probe};
use crate::suites::access_matrix::stage::{Stage, serve};
use innkeep::openapi;
use innkeep::rights::{Needs, Rights, TABLE};
use innkeep_domain::Permission;

/// Wrong in a way that lets somebody in, or keeps somebody out.
fn altered(needs: Needs) -> Vec<Needs> {
    let other = |p: Permission| Permission::ALL.into_iter().find(|q| *q != p).unwrap_or(p);
    match needs {
        // Open operations ask for no credential, so the table is not consulted: only a missing row shows.
        Needs::Nothing => Vec::new(),
        Needs::Person => vec![Needs::Operator, Needs::Tenant(Permission::ReadInventory)],
        Needs::Operator => vec![Needs::Person, Needs::Nothing],
        Needs::Tenant(p) => vec![Needs::Tenant(other(p)), Needs::WholeTenant(p), Needs::Nothing],
        Needs::WholeTenant(p) => vec![Needs::WholeTenant(other(p)), Needs::Tenant(p), Needs::Person],
    }
}

pub async fn run(stage: &mut Stage, scale: Scale, verdict: &mut Verdict) -> anyhow::Result<()> {
    let document = openapi::document()?;
    // What came before takes longer than a server keeps a silent connection.
    stage.wire = Wire::open(serve(&stage.app, TABLE).await?).await?;
    let callers = Callers::hire(stage).await?;
    let operations = std::mem::take(&mut stage.operations);
    let (mut tried, mut red, mut only_written) = (0, 0, 0);
    let mut missed = |what: String, seen: bool| {
        tried += 1;
        red += usize::from(seen);
        verdict.demand(seen, format!("not noticed: {what}"));
    };
    // In CI every seventh row is altered; each is taken away.
    let step = scale.of(7, 1);
    for (n, (id, needs)) in TABLE.iter().enumerate() {
        let without: Vec<_> = TABLE.iter().copied().filter(|(other, _)| other != id).collect();
        missed(
            format!("no row for {id}"),
            Rights::new(&without, &document).is_err(),
        );
        let Some(operation) = operations.iter().find(|o| o.id == *id).filter(|_| n % step == 0) else {
            continue;
        };
        for wrong in altered(*needs) {
            let mut table = TABLE.to_vec();
            table[n].1 = wrong;
            stage.wire = Wire::open(serve(&stage.app, &table).await?).await?;
            let mut found = Findings::default();
            probe(stage, &callers, operation, &mut found).await?;
            // Where the domain asks for the same once more nobody gets in; then CI's look at the document has to see it.
            let written = found.is_clean() && openapi::document_of(&table)? != document;
            only_written += usize::from(written);
            missed(
                format!("{id} needs {wrong:?} instead of {needs:?}"),
                written || !found.is_clean(),
            );
        }
    }
    verdict.figure(format!(
        "{red} of {tried} changes of the rights table noticed, {only_written} of them in the document alone, where the \
         domain asks once more"
    ));
    Ok(())
}
