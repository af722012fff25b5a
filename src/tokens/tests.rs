use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

struct Folder(PathBuf);
impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("innkeep-keys-{}", new_id())))
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn noon() -> DateTime<Utc> {
    "2027-03-01T12:00:00Z".parse().unwrap()
}
fn after(seconds: i64) -> DateTime<Utc> {
    noon() + chrono::Duration::seconds(seconds)
}
fn tokens() -> (Folder, Tokens) {
    let folder = Folder::new();
    let tokens = Tokens::open(&folder.0, noon()).unwrap();
    (folder, tokens)
}
fn someone(door: Door) -> Bearer {
    Bearer::Session {
        session: new_id(),
        user: new_id(),
        door,
        tenant: Some(TenantId(new_id())),
    }
}
fn issued(tokens: &Tokens) -> String {
    tokens.issue(someone(Door::Tenant), noon()).unwrap()
}
fn segment(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
/// The token's claims, changed, and signed again with the real key.
fn resigned(tokens: &Tokens, change: impl FnOnce(&mut Value)) -> String {
    let claims = tokens.verify(&issued(tokens), noon()).unwrap();
    let mut claims = serde_json::to_value(claims).unwrap();
    change(&mut claims);
    let signing = tokens.keys.newest();
    encode(&header(signing.id), &claims, &signing.private).unwrap()
}

#[test]
fn a_token_says_who_is_calling_at_which_door() {
    let (_folder, tokens) = tokens();
    let doors = Door::ALL.map(someone);
    for bearer in doors.into_iter().chain([Bearer::Key(new_id())]) {
        let token = tokens.issue(bearer, noon()).unwrap();
        assert_eq!(tokens.bearer(&token, after(LIFETIME_SECONDS - 1)), Ok(bearer));
    }
}

#[test]
fn another_kind_of_token_is_refused() {
    let (_folder, tokens) = tokens();
    let claims = tokens.verify(&issued(&tokens), noon()).unwrap();
    let signing = tokens.keys.newest();
    for typ in [Some("JWT"), Some("id+jwt"), None] {
        let header = Header {
            typ: typ.map(str::to_owned),
            ..header(signing.id.clone())
        };
        let token = encode(&header, &claims, &signing.private).unwrap();
        assert_eq!(tokens.bearer(&token, noon()), Err(TokenError::Invalid), "{typ:?}");
    }
}

#[test]
fn it_ends_to_the_second_and_says_so() {
    let (_folder, tokens) = tokens();
    assert_eq!(
        tokens
            .bearer(&issued(&tokens), after(LIFETIME_SECONDS))
            .unwrap_err(),
        TokenError::Expired
    );
}

#[test]
fn unsigned_and_symmetric_tokens_are_refused() {
    let (_folder, tokens) = tokens();
    let token = issued(&tokens);
    let claims = token.split('.').nth(1).unwrap();
    let kid = tokens.keys.newest().id;
    for alg in ["none", "None", "NONE", "HS256", "ES256"] {
        let forged = format!(
            "{}.{claims}.",
            segment(&json!({"alg": alg, "typ": "at+jwt", "kid": kid}))
        );
        assert_eq!(
            tokens.bearer(&forged, noon()).unwrap_err(),
            TokenError::Invalid,
            "{alg}"
        );
    }
    // The classic confusion: HMAC keyed with the public key, which everyone may know.
    let public = tokens.keys.public(&kid).unwrap();
    let secret = EncodingKey::from_secret(public.try_get_as_bytes().unwrap());
    let header = Header {
        kid: Some(kid),
        typ: Some(TYPE.into()),
        ..Header::new(Algorithm::HS256)
    };
    let claims = tokens.verify(&token, noon()).unwrap();
    let forged = encode(&header, &claims, &secret).unwrap();
    assert_eq!(tokens.bearer(&forged, noon()).unwrap_err(), TokenError::Invalid);
}

#[test]
fn the_key_must_be_named_and_known() {
    let (_folder, tokens) = tokens();
    let (_other_folder, other) = super::tests::tokens();
    assert_eq!(
        tokens.bearer(&issued(&other), noon()).unwrap_err(),
        TokenError::Invalid
    );
    let claims = tokens.verify(&issued(&tokens), noon()).unwrap();
    let nameless = encode(
        &Header {
            kid: None,
            ..header(String::new())
        },
        &claims,
        &tokens.keys.newest().private,
    )
    .unwrap();
    assert_eq!(tokens.bearer(&nameless, noon()).unwrap_err(), TokenError::Invalid);
    // Another's signature under our key's name.
    let header = header(tokens.keys.newest().id);
    let forged = encode(&header, &claims, &other.keys.newest().private).unwrap();
    assert_eq!(tokens.bearer(&forged, noon()).unwrap_err(), TokenError::Invalid);
}

#[test]
fn a_changed_token_is_refused() {
    let (_folder, tokens) = tokens();
    let token = issued(&tokens);
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["sub"] = json!(new_id());
    let forged = format!("{}.{}.{}", parts[0], segment(&claims), parts[2]);
    for token in [
        forged.as_str(),
        "",
        "a.b.c",
        &token[..token.len() - 4],
        "....",
        parts[1],
    ] {
        assert_eq!(
            tokens.bearer(token, noon()).unwrap_err(),
            TokenError::Invalid,
            "{token}"
        );
    }
}

#[test]
fn every_claim_is_checked() {
    let (_folder, tokens) = tokens();
    type Change = fn(&mut Value);
    let cases: [Change; 7] = [
        |c| c["iss"] = json!("someone"),
        |c| c["aud"] = json!("elsewhere"),
        |c| c["sub"] = json!("emperor"),
        |c| c["nbf"] = json!(noon().timestamp() + 60),
        |c| c["iat"] = json!(noon().timestamp() + 60),
        |c| c["tid"] = json!("nobody"),
        |c| {
            let _ = c.as_object_mut().unwrap().remove("exp");
        },
    ];
    for (i, change) in cases.into_iter().enumerate() {
        assert_eq!(
            tokens.bearer(&resigned(&tokens, change), noon()).unwrap_err(),
            TokenError::Invalid,
            "case {i}"
        );
    }
    assert!(tokens.bearer(&resigned(&tokens, |_| ()), noon()).is_ok());
}

#[test]
fn a_new_file_signs_and_the_old_one_still_verifies() {
    let (folder, before) = tokens();
    let old = issued(&before);
    let second = Folder::new();
    Tokens::open(&second.0, after(86_400)).unwrap();
    let file = keys_in(&second.0).pop().unwrap();
    std::fs::copy(&file, folder.0.join(file.file_name().unwrap())).unwrap();
    let rotated = Tokens::open(&folder.0, noon()).unwrap();
    assert_ne!(rotated.keys.newest().id, before.keys.newest().id);
    assert!(rotated.bearer(&old, noon()).is_ok());
}

#[test]
fn the_first_key_is_made_once_and_private() {
    let (folder, first) = tokens();
    let second = Tokens::open(&folder.0, after(86_400)).unwrap();
    assert_eq!(first.keys.newest().id, second.keys.newest().id);
    let files = keys_in(&folder.0);
    assert_eq!(files.len(), 1);
    assert_eq!(
        std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

fn keys_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect()
}
