//! Everybody who lacks something that an operation needs is refused, and whoever has just that is let in.

use super::Findings;
use super::document::Operation;
use super::maker::{Place, Request};
use super::stage::{Stage, Who, token};
use crate::harness::wire::Reply;
use chrono::Duration;
use innkeep::rights::Needs;
use innkeep::tokens::Bearer;
use innkeep_domain::identity::Door;
use innkeep_domain::testing::Staff;
use innkeep_domain::{Permission, Role};
use std::collections::HashMap;
use uuid::Uuid;

/// Everybody who calls: what they are called, and what they send.
pub struct Callers {
    /// Worth nothing anywhere.
    void: Vec<(String, String)>,
    /// The built-in roles.
    roles: Vec<(Role, String)>,
    /// By permission: staff and a program with all but it, staff and a program with only it.
    all_but: HashMap<Permission, [String; 2]>,
    only: HashMap<Permission, [String; 2]>,
    /// Every permission, at one property.
    somewhere: String,
    program: String,
    operator: String,
}

impl Callers {
    pub async fn hire(stage: &mut Stage) -> anyhow::Result<Self> {
        let property = stage.ours.things["properties"].clone();
        let (mut all_but, mut only) = (HashMap::new(), HashMap::new());
        for permission in Permission::ALL {
            let others: Vec<_> = Permission::ALL.into_iter().filter(|p| *p != permission).collect();
            let staff = stage.staff(&others, None).await?;
            all_but.insert(permission, [staff, stage.key(&others).await?]);
            let staff = stage.staff(&[permission], None).await?;
            only.insert(permission, [staff, stage.key(&[permission]).await?]);
        }
        Ok(Self {
            void: void(stage)?,
            roles: roles(stage)?,
            all_but,
            only,
            somewhere: stage.staff(&Permission::ALL, Some(&property)).await?,
            program: stage.key(&Permission::ALL).await?,
            operator: stage.operator().await?,
        })
    }

    /// Staff of one property who may do everything there.
    pub fn somewhere(&self) -> &str {
        &self.somewhere
    }
}

fn roles(stage: &Stage) -> anyhow::Result<Vec<(Role, String)>> {
    let house = &stage.world.houses[0];
    let of = |staff: &Staff| {
        anyhow::Ok((
            staff.role,
            token(&stage.app, house.tenant, staff, stage.app.now())?,
        ))
    };
    house.staff.iter().map(of).collect()
}

/// Credentials that are none: expired, altered, made up, of sessions and keys that do not exist, of another's session.
fn void(stage: &Stage) -> anyhow::Result<Vec<(String, String)>> {
    let (house, other) = (&stage.world.houses[0], &stage.world.houses[1]);
    let staff = house.of_role(Role::Owner);
    let issue = |session, user, door, tenant, at| {
        let bearer = Bearer::Session {
            session,
            user,
            door,
            tenant,
        };
        stage.app.tokens.issue(bearer, at)
    };
    let (now, tenant) = (stage.app.now(), Some(house.tenant));
    let good = issue(staff.session_id, staff.user_id, Door::Tenant, tenant, now)?;
    let old = now - Duration::hours(1);
    let all = [
        ("nothing", String::new()),
        (
            "expired",
            issue(staff.session_id, staff.user_id, Door::Tenant, tenant, old)?,
        ),
        (
            "no session",
            issue(Uuid::now_v7(), staff.user_id, Door::Tenant, tenant, now)?,
        ),
        (
            "another's session",
            issue(
                other.staff[0].session_id,
                staff.user_id,
                Door::Tenant,
                tenant,
                now,
            )?,
        ),
        (
            "the guests' door",
            issue(staff.session_id, staff.user_id, Door::Guest, None, now)?,
        ),
        (
            "the operators' door",
            issue(staff.session_id, staff.user_id, Door::Platform, None, now)?,
        ),
        ("cut", good[..good.len() - 2].to_owned()),
        (
            "no key",
            format!("ik_{}_{}", Uuid::now_v7().simple(), "0".repeat(43)),
        ),
        ("a word", "owner".to_owned()),
    ];
    Ok(all.map(|(name, token)| (name.to_owned(), token)).to_vec())
}

/// A request of which nothing exists: rights are asked before ids, and nothing comes of it.
fn harmless(stage: &Stage, operation: &Operation) -> Request {
    let mut request = stage.maker(Who::Ours).plain(operation);
    for slot in request.slots.clone() {
        request = request.with(&slot.place, &Uuid::now_v7().to_string());
    }
    if request
        .slots
        .iter()
        .any(|s| matches!(s.place, Place::Path(_) | Place::Body(_)))
    {
        return request;
    }
    // Without an id to miss: a body that nothing can be made of.
    request.body = request.body.map(|_| serde_json::json!({ "no such field": 1 }));
    request
}

/// Refused for rights, and not for what was sent.
fn refused(reply: &Reply) -> bool {
    let code = reply.code();
    reply.status == 401
        || (reply.status == 403 && ["missing_permission", "some_properties_only"].contains(&&*code))
}

pub async fn probe(
    stage: &mut Stage,
    callers: &Callers,
    operation: &Operation,
    found: &mut Findings,
) -> anyhow::Result<()> {
    let request = harmless(stage, operation);
    let mut turned_away: Vec<(String, &str)> = Vec::new();
    let mut let_in: Vec<(String, &str)> = Vec::new();
    let person = callers.roles[0].1.as_str();
    if operation.needs != Needs::Nothing {
        turned_away.extend(
            callers
                .void
                .iter()
                .map(|(name, token)| (name.clone(), token.as_str())),
        );
    }
    match operation.needs {
        Needs::Nothing => {}
        Needs::Person => {
            turned_away.push(("a program".into(), &callers.program));
            let_in.push(("a person".into(), person));
        }
        Needs::Operator => {
            turned_away.push(("a program".into(), &callers.program));
            turned_away.push(("a person".into(), person));
            let_in.push(("an operator".into(), &callers.operator));
        }
        Needs::Tenant(permission) | Needs::WholeTenant(permission) => {
            turned_away.push(("an operator".into(), &callers.operator));
            for (role, token) in &callers.roles {
                let has = role.permissions().has(permission);
                let list = if has { &mut let_in } else { &mut turned_away };
                list.push((format!("the role {}", role.name()), token));
            }
            for (kind, token) in ["staff", "a program"].iter().zip(&callers.all_but[&permission]) {
                turned_away.push((format!("{kind} with all but {}", permission.name()), token));
            }
            for (kind, token) in ["staff", "a program"].iter().zip(&callers.only[&permission]) {
                let list = if operation.besides.is_some() {
                    &mut turned_away
                } else {
                    &mut let_in
                };
                list.push((format!("{kind} with only {}", permission.name()), token));
            }
            if let Some(second) = operation.besides {
                for (kind, token) in ["staff", "a program"].iter().zip(&callers.all_but[&second]) {
                    turned_away.push((format!("{kind} with all but {}", second.name()), token));
                }
            }
            let whole = matches!(operation.needs, Needs::WholeTenant(_));
            let list = if whole { &mut turned_away } else { &mut let_in };
            list.push(("staff of one property".into(), &callers.somewhere));
        }
    }
    for (caller, token) in turned_away {
        let reply = stage.send(&request, token, "").await?;
        found.probes += 1;
        if !refused(&reply) {
            found.leak(
                operation,
                format!("{caller} is answered {} {}", reply.status, reply.code()),
            );
        }
    }
    for (caller, token) in let_in {
        let reply = stage.send(&request, token, "").await?;
        found.probes += 1;
        if refused(&reply) || reply.status >= 500 {
            found.wrong(
                operation,
                format!("{caller} is answered {} {}", reply.status, reply.code()),
            );
        }
    }
    Ok(())
}
