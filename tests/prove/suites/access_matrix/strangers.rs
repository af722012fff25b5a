//! Ids of another tenant, or of a property that is not ours to see, in every place that takes one: answered like an id
//! that does not exist, byte for byte and in the same time, and nothing of theirs is told or changed.

use super::Findings;
use super::document::Operation;
use super::maker::{Request, Slot};
use super::stage::{Stage, Who};
use crate::harness::wire::Reply;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What belongs to the whole tenant: staff of one property see it too.
const OF_ALL_PROPERTIES: [&str; 9] = [
    "guests",
    "companies",
    "users",
    "roles",
    "sessions",
    "invitations",
    "api-keys",
    "tenants",
    "accounts",
];

/// Who attacks whom.
pub struct Stranger<'a> {
    pub victim: Who,
    pub token: &'a str,
}

impl Stranger<'_> {
    fn reaches_for(&self, slot: &Slot) -> bool {
        self.victim == Who::Theirs || !OF_ALL_PROPERTIES.contains(&slot.kind.as_str())
    }
}

/// Each place of each request, one by one, then all of them at once.
pub async fn probe(
    stage: &mut Stage,
    stranger: &Stranger<'_>,
    operation: &Operation,
    found: &mut Findings,
) -> anyhow::Result<()> {
    for request in stage.maker(Who::Ours).requests(operation) {
        let slots: Vec<Slot> = request
            .slots
            .iter()
            .filter(|s| stranger.reaches_for(s))
            .cloned()
            .collect();
        for slot in &slots {
            compare(
                stage,
                stranger,
                operation,
                (&request, std::slice::from_ref(slot)),
                found,
            )
            .await?;
        }
        if slots.len() > 1 {
            compare(stage, stranger, operation, (&request, &slots), found).await?;
        }
    }
    Ok(())
}

async fn compare(
    stage: &mut Stage,
    stranger: &Stranger<'_>,
    operation: &Operation,
    (request, slots): (&Request, &[Slot]),
    found: &mut Findings,
) -> anyhow::Result<()> {
    let (mut theirs, mut unknown, mut ids) = (request.clone(), request.clone(), Vec::new());
    // The same thing twice in a request is the same unknown thing twice.
    let mut nobody: HashMap<&str, String> = HashMap::new();
    for slot in slots {
        let Some(id) = stage.side(stranger.victim).things.get(&slot.kind).cloned() else {
            return Ok(());
        };
        let nobodys = nobody
            .entry(&slot.kind)
            .or_insert_with(|| Uuid::now_v7().to_string())
            .clone();
        theirs = theirs.with(&slot.place, &id);
        unknown = unknown.with(&slot.place, &nobodys);
        ids.push((id, nobodys));
    }
    let times = found.times.entry(operation.id.clone()).or_default();
    // Whatever comes first may pay for what was before: by turns.
    let ((first, seen), (second, expected)) = if times.len().is_multiple_of(2) {
        let seen = timed(stage, stranger, &theirs).await?;
        (seen, timed(stage, stranger, &unknown).await?)
    } else {
        let expected = timed(stage, stranger, &unknown).await?;
        (timed(stage, stranger, &theirs).await?, expected)
    };
    found.probes += 2;
    times.push((first, second));
    let (seen_text, expected_text) = (
        plain(&seen, ids.iter().map(|(theirs, _)| theirs)),
        plain(&expected, ids.iter().map(|(_, nobodys)| nobodys)),
    );
    let places: Vec<_> = slots.iter().map(|s| &s.place).collect();
    if seen_text != expected_text {
        found.leak(
            operation,
            format!("{places:?}: {seen_text} instead of {expected_text}"),
        );
    }
    if tells_of(stage, stranger.victim, &seen) {
        found.leak(
            operation,
            format!("{places:?}: tells of the other side: {seen_text}"),
        );
    }
    if seen.status < 300 && !operation.is_safe() {
        found.leak(operation, format!("{places:?}: is accepted: {seen_text}"));
    }
    if seen.status >= 500 {
        found.wrong(operation, format!("{places:?}: {seen_text}"));
    }
    Ok(())
}

/// The same two requests over and over, by turns.
pub async fn time(
    stage: &mut Stage,
    stranger: &Stranger<'_>,
    operation: &Operation,
    times: usize,
    found: &mut Findings,
) -> anyhow::Result<()> {
    let request = stage.maker(Who::Ours).plain(operation);
    let slot = request
        .slots
        .iter()
        .find(|s| stage.theirs.things.contains_key(&s.kind))
        .cloned();
    if let Some(slot) = slot {
        for _ in 0..times {
            compare(
                stage,
                stranger,
                operation,
                (&request, std::slice::from_ref(&slot)),
                found,
            )
            .await?;
        }
    }
    Ok(())
}

async fn timed(
    stage: &mut Stage,
    stranger: &Stranger<'_>,
    request: &Request,
) -> anyhow::Result<(Duration, Reply)> {
    let begun = Instant::now();
    let reply = stage.send(request, stranger.token, "").await?;
    Ok((begun.elapsed(), reply))
}

/// The whole answer without what differs by nature: the ids that were sent and the request's own.
fn plain<'a>(reply: &Reply, ids: impl Iterator<Item = &'a String>) -> String {
    let mut text = format!(
        "{} {:?} {}",
        reply.status,
        reply.headers,
        String::from_utf8_lossy(&reply.body)
    );
    if let Some(own) = reply.header("x-request-id") {
        text = text.replace(own, "{request}");
    }
    for id in ids {
        text = text.replace(id.as_str(), "{id}");
    }
    text
}

/// Does an answer hold what only the victim wrote? Its word stands in no request of ours.
fn tells_of(stage: &Stage, victim: Who, reply: &Reply) -> bool {
    let body = String::from_utf8_lossy(&reply.body);
    body.contains(stage.side(victim).word)
}

/// Cursors of their lists, their idempotency keys, headers that name them: nothing of theirs comes back.
pub async fn borrow(
    stage: &mut Stage,
    stranger: &Stranger<'_>,
    operation: &Operation,
    found: &mut Findings,
) -> anyhow::Result<()> {
    let listed = operation.path.rsplit('/').next().unwrap_or_default();
    if stranger.victim == Who::Beside && OF_ALL_PROPERTIES.contains(&listed) {
        return Ok(());
    }
    let mine = stage.maker(Who::Ours).plain(operation);
    if operation.takes("cursor") {
        let owner = stage.side(stranger.victim).owner.clone();
        let theirs = stage.maker(stranger.victim).plain(operation);
        let page = stage.send(&theirs.asking("limit", "1"), &owner, "").await?.json();
        let cursor = page["next_cursor"].as_str().unwrap_or("eyJpZCI6MX0");
        let reply = stage
            .send(&mine.asking("cursor", cursor), stranger.token, "")
            .await?;
        keep(stage, stranger, operation, "their cursor", &reply, found);
    }
    if operation.is_safe() {
        let tenant = stage.side(stranger.victim).tenant.0;
        let claims = format!(
            "X-Tenant-Id: {tenant}\r\nX-Tenant: {tenant}\r\nX-Forwarded-User: owner@mare.example\r\n"
        );
        let reply = stage.send(&mine, stranger.token, &claims).await?;
        keep(
            stage,
            stranger,
            operation,
            "a header with their tenant",
            &reply,
            found,
        );
    }
    Ok(())
}

/// After the attacks, because it lets them work: their request, and ours with the same idempotency key.
pub async fn replay(
    stage: &mut Stage,
    stranger: &Stranger<'_>,
    operation: &Operation,
    found: &mut Findings,
) -> anyhow::Result<Reply> {
    let owner = stage.side(stranger.victim).owner.clone();
    let request = stage.maker(stranger.victim).plain(operation);
    let key = format!("Idempotency-Key: {}\r\n", Uuid::now_v7());
    let honest = stage.send_as(&request, &owner, &key).await?;
    let reply = stage.send_as(&request, stranger.token, &key).await?;
    // Our own request holds their word, so what counts is whether we were given their answer.
    found.probes += 1;
    if honest.status < 300 && reply.body == honest.body && !honest.body.is_empty() && !operation.is_safe() {
        found.leak(
            operation,
            "their idempotency key: their answer is given again".to_owned(),
        );
    }
    Ok(honest)
}

fn keep(
    stage: &Stage,
    stranger: &Stranger<'_>,
    operation: &Operation,
    what: &str,
    reply: &Reply,
    found: &mut Findings,
) {
    found.probes += 1;
    if tells_of(stage, stranger.victim, reply) {
        found.leak(
            operation,
            format!("{what}: {}", String::from_utf8_lossy(&reply.body)),
        );
    }
    if reply.status >= 500 {
        found.wrong(operation, format!("{what}: {}", reply.status));
    }
}
