//! `innkeep admin` and `innkeep verify`: what an operator does by hand.

use crate::config::{Admin, Database, Settings, secret};
use anyhow::Context;
use innkeep_domain::audit;
use innkeep_domain::clock::Clock;
use innkeep_domain::db::Db;
use innkeep_domain::identity::{self, Class, account, membership, operator};
use innkeep_domain::{Role, TenantId, tenancy};

pub async fn run(what: Admin, database: &Database) -> anyhow::Result<()> {
    let db = Db::connect(&database.options()?).await?;
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

/// Fails when any invariant of any tenant does not hold.
pub async fn verify(settings: &Settings) -> anyhow::Result<()> {
    let db = Db::connect(&settings.database()?).await?;
    let anchor = settings.anchor();
    let mut tx = db.begin_platform().await?;
    let all = tenancy::all(&mut tx).await?;
    drop(tx);
    let mut broken = 0;
    for tenant in &all {
        let mut tx = db.begin(tenant.id).await?;
        let mut findings = innkeep_domain::verify::tenant(&mut tx).await?;
        if let Some(head) = anchor.get(tenant.id).await? {
            findings.extend(audit::verify::anchored(&mut tx, &head).await?);
        }
        for finding in findings {
            broken += 1;
            super::print(&format!("{}  {}: {}\n", tenant.id, finding.rule, finding.detail))?;
        }
    }
    anyhow::ensure!(broken == 0, "{broken} findings in {} tenants", all.len());
    super::print(&format!("every invariant holds in {} tenants\n", all.len()))
}
