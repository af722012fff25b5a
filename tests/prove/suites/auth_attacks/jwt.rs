//! Access tokens that are not ours: unsigned, signed by or for others, altered, of another time, kind or place.

use super::{Cases, Stage, text};
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use innkeep_domain::Role;
use innkeep_domain::clock::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::path::Path;

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn read(token: &str, n: usize) -> anyhow::Result<Value> {
    let part = token.split('.').nth(n).context("no such part")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?)
}

/// The key in the secrets folder, as somebody who stole it would use it: what is refused then is refused for its claims.
fn real_key(folder: &Path) -> anyhow::Result<EncodingKey> {
    let files = std::fs::read_dir(folder.join("secrets"))?;
    let pem = files
        .flatten()
        .map(|f| f.path())
        .find(|p| p.extension().is_some_and(|e| e == "pem"));
    Ok(EncodingKey::from_ed_pem(&std::fs::read(
        pem.context("no signing key")?,
    )?)?)
}

struct Forge {
    header: Value,
    claims: Value,
    real: EncodingKey,
    kid: String,
}

impl Forge {
    /// Properly signed, with other claims.
    fn claims(&self, change: impl FnOnce(&mut Value)) -> anyhow::Result<String> {
        let mut claims = self.claims.clone();
        change(&mut claims);
        let header = Header {
            kid: Some(self.kid.clone()),
            typ: Some("at+jwt".into()),
            ..Header::new(Algorithm::EdDSA)
        };
        Ok(encode(&header, &claims, &self.real)?)
    }
    /// Properly signed, with another header.
    fn header(&self, change: impl FnOnce(&mut Header)) -> anyhow::Result<String> {
        let mut header = Header {
            kid: Some(self.kid.clone()),
            typ: Some("at+jwt".into()),
            ..Header::new(Algorithm::EdDSA)
        };
        change(&mut header);
        Ok(encode(&header, &self.claims, &self.real)?)
    }
    /// Another header over a signature that no longer fits.
    fn unsigned(&self, change: impl FnOnce(&mut Value), signature: &str) -> String {
        let mut header = self.header.clone();
        change(&mut header);
        format!("{}.{}.{signature}", part(&header), part(&self.claims))
    }
}

pub async fn run(stage: &mut Stage, cases: &mut Cases) -> anyhow::Result<()> {
    let tokens = stage.log_in(0, Role::Owner).await?;
    let good = text(&tokens, "access_token").to_owned();
    let reply = stage.wire.get("/v1/properties", &good).await?;
    cases.honest("the token as it was given", &reply);
    let header = read(&good, 0)?;
    let forge = Forge {
        kid: text(&header, "kid").to_owned(),
        claims: read(&good, 1)?,
        real: real_key(&stage.world.folder)?,
        header,
    };
    let reply = stage.wire.get("/v1/properties", &forge.claims(|_| ())?).await?;
    cases.honest("the same claims, signed with the real key", &reply);
    let mut forged = headers(&forge, &good)?;
    forged.extend(claims(&forge, stage)?);
    forged.extend(shapes(&good));
    for (name, token) in forged {
        for path in ["/v1/properties", "/v1/users"] {
            let reply = stage.wire.get(path, &token).await?;
            cases.attack(format!("{name} at {path}"), &reply);
        }
    }
    Ok(())
}

fn headers(forge: &Forge, good: &str) -> anyhow::Result<Vec<(String, String)>> {
    let signature = good.rsplit('.').next().unwrap_or_default();
    let mut all = Vec::new();
    for alg in [
        "none", "None", "NONE", "nOnE", "HS256", "RS256", "ES256", "EdDSA ",
    ] {
        all.push((
            format!("alg {alg}"),
            forge.unsigned(|h| h["alg"] = json!(alg), ""),
        ));
        all.push((
            format!("alg {alg}, old signature"),
            forge.unsigned(|h| h["alg"] = json!(alg), signature),
        ));
    }
    // Confusion: the public key, which everyone may know, as an HMAC secret. Here by its name, and an empty secret.
    for secret in [forge.kid.as_bytes(), b""] {
        let header = Header {
            kid: Some(forge.kid.clone()),
            typ: Some("at+jwt".into()),
            ..Header::new(Algorithm::HS256)
        };
        let token = encode(&header, &forge.claims, &EncodingKey::from_secret(secret))?;
        all.push(("HMAC confusion".into(), token));
    }
    for kid in ["", "../../../../dev/null", "' or 1=1 --", "unknown", "\u{0}"] {
        all.push((
            format!("kid {kid:?}"),
            forge.header(|h| h.kid = Some(kid.into()))?,
        ));
    }
    all.push(("no kid".into(), forge.header(|h| h.kid = None)?));
    let elsewhere = "http://127.0.0.1:1/keys.json";
    let jku = |h: &mut Value| {
        h["jku"] = json!(elsewhere);
        h["kid"] = json!("attacker");
    };
    all.push(("jku".into(), forge.unsigned(jku, signature)));
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([7; 32]) });
    all.push(("jwk".into(), forge.unsigned(|h| h["jwk"] = jwk, signature)));
    all.push((
        "x5u".into(),
        forge.unsigned(|h| h["x5u"] = json!(elsewhere), signature),
    ));
    all.push((
        "crit".into(),
        forge.unsigned(|h| h["crit"] = json!(["exp"]), signature),
    ));
    for typ in [None, Some("JWT"), Some("id+jwt"), Some("logout+jwt")] {
        all.push((
            format!("typ {typ:?}"),
            forge.header(|h| h.typ = typ.map(str::to_owned))?,
        ));
    }
    Ok(all)
}

fn claims(forge: &Forge, stage: &Stage) -> anyhow::Result<Vec<(String, String)>> {
    let now = Clock::System.now().timestamp();
    let theirs = stage.other().of_role(Role::Owner);
    let (other_user, other_tenant) = (theirs.user_id, stage.other().tenant);
    let unknown = uuid::Uuid::now_v7();
    type Change = Box<dyn FnOnce(&mut Value)>;
    let all: Vec<(&str, Change)> = vec![
        ("expired", Box::new(move |c| c["exp"] = json!(now - 1))),
        ("exp as text", Box::new(|c| c["exp"] = json!("9999999999"))),
        (
            "no exp",
            Box::new(|c| drop(c.as_object_mut().and_then(|c| c.remove("exp")))),
        ),
        ("not yet", Box::new(move |c| c["nbf"] = json!(now + 600))),
        ("issued later", Box::new(move |c| c["iat"] = json!(now + 600))),
        (
            "another issuer",
            Box::new(|c| c["iss"] = json!("https://evil.example")),
        ),
        (
            "no issuer",
            Box::new(|c| drop(c.as_object_mut().and_then(|c| c.remove("iss")))),
        ),
        ("another audience", Box::new(|c| c["aud"] = json!("another-api"))),
        (
            "no audience",
            Box::new(|c| drop(c.as_object_mut().and_then(|c| c.remove("aud")))),
        ),
        (
            "the guests' door",
            Box::new(|c| c["aud"] = json!("innkeep-guest")),
        ),
        (
            "the operators' door",
            Box::new(|c| c["aud"] = json!("innkeep-platform")),
        ),
        ("another user", Box::new(move |c| c["sub"] = json!(other_user))),
        ("an unknown session", Box::new(move |c| c["sid"] = json!(unknown))),
        (
            "no session",
            Box::new(|c| drop(c.as_object_mut().and_then(|c| c.remove("sid")))),
        ),
    ];
    let mut made = Vec::new();
    for (name, change) in all {
        made.push((name.to_owned(), forge.claims(change)?));
    }
    // The session is of one tenant; its token cannot be moved to another.
    let token = forge.claims(|c| c["tid"] = json!(other_tenant))?;
    made.push(("another tenant".into(), token));
    Ok(made)
}

/// The real token, cut, stretched or stirred.
fn shapes(good: &str) -> Vec<(String, String)> {
    let (head, signature) = good.rsplit_once('.').unwrap_or((good, ""));
    let flipped: String = signature.chars().rev().collect();
    [
        ("trailing data", format!("{good}.e30")),
        ("trailing dot", format!("{good}.")),
        ("no signature", format!("{head}.")),
        ("two parts", head.to_owned()),
        ("a reversed signature", format!("{head}.{flipped}")),
        ("twice", format!("{good},{good}")),
        ("JSON", "{\"alg\":\"none\"}".to_owned()),
        ("padding", format!("{good}==")),
        ("nothing much", ".".to_owned()),
        ("very long", "a".repeat(7_000)),
    ]
    .map(|(name, token)| (name.to_owned(), token))
    .into()
}
