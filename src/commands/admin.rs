//! `innkeep admin` and `innkeep verify`: what an operator does by hand.

use crate::config::{Admin, AuditRecord, Database, Secrets, secret};
use anyhow::Context;
use innkeep_domain::audit;
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::identity::{self, Class, account, membership, operator};
use innkeep_domain::vault::rotate;
use innkeep_domain::{Role, TenantId, tenancy, verify as invariants};

pub async fn run(what: Admin, database: &Database) -> anyhow::Result<()> {
    let options = match &what {
        Admin::RotateKeys { secrets, .. } => secrets.database(database)?,
        _ => database.options()?,
    };
    let db = Db::connect(&options).await?;
    match what {
        Admin::AddTenant { name } => add_tenant(&db, &name).await,
        Admin::AddUser {
            email,
            name,
            tenant,
            role,
        } => add_user(&db, &email, &name, TenantId(tenant), &role).await,
        Admin::Operator { email, name, remove } => operator(&db, &email, &name, remove).await,
        Admin::Tenants => tenants(&db).await,
        Admin::RotateKeys { tenant, master, .. } => {
            let some = match tenant {
                Some(id) => vec![TenantId(id)],
                None => everybody(&db).await?,
            };
            rotate_keys(&db, &some, master).await
        }
    }
}

async fn add_tenant(db: &Db, name: &str) -> anyhow::Result<()> {
    let mut tx = db.begin_platform().await?;
    let tenant = tenancy::create(&mut tx, name, Clock::System.now()).await?;
    tx.commit().await?;
    super::print(&format!("{}\n", tenant.id))
}

async fn add_user(db: &Db, email: &str, name: &str, tenant: TenantId, role: &str) -> anyhow::Result<()> {
    let role = Role::parse(role).with_context(|| format!("`{role}` is no role"))?;
    let hash = identity::hash_password(password()?, &[email, name]).await?;
    let mut tx = db.begin_platform().await?;
    let user = account::add(&mut tx, Class::Staff, email, name, &hash, Clock::System.now()).await?;
    membership::set(&mut tx, user, tenant, role).await?;
    tx.commit().await?;
    super::print(&format!("{user}\n"))
}

async fn operator(db: &Db, email: &str, name: &str, remove: bool) -> anyhow::Result<()> {
    let now = Clock::System.now();
    let mut tx = db.begin_platform().await?;
    let found = account::find(&mut tx, Class::Staff, email).await?;
    tx.commit().await?;
    let user = match found {
        Some(account) => account.id,
        None => {
            anyhow::ensure!(!remove, "there is no such account");
            let hash = identity::hash_password(password()?, &[email, name]).await?;
            let mut tx = db.begin_platform().await?;
            let made = account::add(&mut tx, Class::Staff, email, name, &hash, now).await?;
            tx.commit().await?;
            made
        }
    };
    let mut tx = db.begin_platform().await?;
    if remove {
        operator::remove(&mut tx, user, now).await?;
    } else {
        operator::add(&mut tx, user, now).await?;
    }
    tx.commit().await?;
    super::print(&format!("{user}\n"))
}

/// Never an argument: every user of the machine can read those.
fn password() -> anyhow::Result<String> {
    if let Some(password) = secret("INNKEEP_PASSWORD") {
        return Ok(password);
    }
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("reading the password from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn tenants(db: &Db) -> anyhow::Result<()> {
    let mut tx = db.begin_platform().await?;
    for tenant in tenancy::all(&mut tx).await? {
        super::print(&format!("{}  {}\n", tenant.id, tenant.name))?;
    }
    Ok(())
}

/// Every tenant, and the installation itself.
async fn everybody(db: &Db) -> anyhow::Result<Vec<TenantId>> {
    let mut tx = db.begin_platform().await?;
    let tenants = tenancy::all(&mut tx).await?.into_iter().map(|tenant| tenant.id);
    Ok([TenantId::PLATFORM].into_iter().chain(tenants).collect())
}

/// Fails when values are left that only a key opens which is on its way out.
async fn rotate_keys(db: &Db, tenants: &[TenantId], master: bool) -> anyhow::Result<()> {
    let (mut done, mut left) = (0, 0);
    for tenant in tenants {
        if master {
            let mut tx = db.begin(*tenant).await?;
            let (wrapped, needs_old) = rotate::rewrap(&mut tx).await?;
            tx.commit().await?;
            done += wrapped;
            if needs_old {
                left += 1;
                super::print(&format!(
                    "{tenant}  has values of before data keys: rotate its keys first\n"
                ))?;
            }
        } else {
            let rotated = rotate::tenant(db, *tenant, Clock::System.now()).await?;
            done += rotated.resealed;
            left += rotated.unreadable;
            super::print(&format!(
                "{tenant}  {} values sealed anew, {} cannot be opened\n",
                rotated.resealed, rotated.unreadable
            ))?;
        }
    }
    let what = if master {
        "data keys wrapped"
    } else {
        "values sealed"
    };
    super::print(&format!("{done} {what} anew\n"))?;
    anyhow::ensure!(left == 0, "{left} are left under an old key");
    Ok(())
}

/// Fails when any invariant of any tenant does not hold.
pub async fn verify(database: &Database, secrets: &Secrets, record: &AuditRecord) -> anyhow::Result<()> {
    let options = if secrets.there() {
        secrets.database(database)?
    } else {
        database.options()?
    };
    let db = Db::connect(&options).await?;
    let all = everybody(&db).await?;
    let now = Clock::System.now();
    let mut broken = 0;
    for tenant in &all {
        let mut tx = db.begin(*tenant).await?;
        let mut findings = match *tenant {
            TenantId::PLATFORM => invariants::platform(&mut tx).await?,
            _ => invariants::tenant(&mut tx, now).await?,
        };
        if let Some(head) = record.anchor().get(*tenant).await? {
            findings.extend(audit::verify::anchored(&mut tx, &head).await?);
        }
        for finding in findings {
            broken += 1;
            super::print(&format!("{tenant}  {}: {}\n", finding.rule, finding.detail))?;
        }
    }
    let tenants = all.len() - 1;
    anyhow::ensure!(broken == 0, "{broken} findings in {tenants} tenants");
    super::print(&format!("every invariant holds in {tenants} tenants\n"))
}
