//! Passkeys, with an authenticator made here: a P-256 key, and what WebAuthn wraps around its signatures.

use super::access;
use crate::support::{Answer, Server};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use innkeep_domain::Role;
use innkeep_domain::testing::House;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const ORIGIN: &str = "http://localhost:8080";
/// User present, user verified.
const PRESENT_AND_VERIFIED: u8 = 0x05;
const ATTESTED: u8 = 0x40;

struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    user: String,
    counter: u32,
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn client_data(kind: &str, challenge: &Value, origin: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

impl Authenticator {
    fn new(options: &Value) -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: rand::random(),
            user: options["publicKey"]["user"]["id"].as_str().unwrap().to_owned(),
            counter: 0,
        }
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest("localhost").to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// What `navigator.credentials.create` answers: attestation `none`, in CBOR.
    fn create(&self, options: &Value, origin: &str) -> Value {
        let public = self.key.public_key().as_ref();
        let (x, y) = public[1..].split_at(32);
        let mut data = self.data(PRESENT_AND_VERIFIED | ATTESTED);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(self.id);
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(x);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(y);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(data.len() as u8);
        object.extend(data);
        let client = client_data("webauthn.create", &options["publicKey"]["challenge"], origin);
        json!({ "id": text(self.id), "rawId": text(self.id), "type": "public-key",
            "response": { "attestationObject": text(object), "clientDataJSON": text(client) } })
    }

    /// What `navigator.credentials.get` answers.
    fn get(&mut self, options: &Value, origin: &str, flags: u8) -> Value {
        self.counter += 1;
        let client = client_data("webauthn.get", &options["publicKey"]["challenge"], origin);
        let data = self.data(flags);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({ "id": text(self.id), "rawId": text(self.id), "type": "public-key",
            "response": { "authenticatorData": text(data), "clientDataJSON": text(client),
                "signature": text(signature), "userHandle": self.user } })
    }
}

async fn begin(server: &Server) -> Value {
    server.nobody().act("/v1/auth/passkeys/login").await.is(200).body
}

async fn finish(server: &Server, begun: &Value, credential: &Value) -> Answer {
    let body = json!({ "challenge_token": begun["challenge_token"], "credential": credential });
    server
        .nobody()
        .post("/v1/auth/passkeys/login/finish", &body)
        .await
}

async fn enrol(server: &Server) -> (Authenticator, String) {
    let caller = server.caller(&server.adler, Role::Owner);
    let path = "/v1/auth/passkeys/enrolment";
    caller
        .post(path, &json!({ "password": "wrong" }))
        .await
        .problem(401, "wrong_credentials");
    let begun = caller
        .post(path, &json!({ "password": House::PASSWORD }))
        .await
        .is(200)
        .body;
    let authenticator = Authenticator::new(&begun["options"]);
    let answer = |origin: &str| {
        let credential = authenticator.create(&begun["options"], origin);
        json!({ "challenge_token": begun["challenge_token"], "name": "Phone", "credential": credential })
    };
    let made = caller
        .post("/v1/auth/passkeys", &answer(ORIGIN))
        .await
        .is(200)
        .body;
    // The challenge was answered.
    caller
        .post("/v1/auth/passkeys", &answer(ORIGIN))
        .await
        .problem(401, "wrong_passkey");
    (authenticator, made["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_passkey_logs_in_without_a_password_and_counts_as_both_factors() {
    let server = Server::start().await;
    let (mut authenticator, id) = enrol(&server).await;
    let begun = begin(&server).await;
    let credential = authenticator.get(&begun["options"], ORIGIN, PRESENT_AND_VERIFIED);
    let tokens = finish(&server, &begun, &credential).await.is(200).body;
    assert_eq!(tokens["role"], "owner");
    let me = server.bearer(access(&tokens));
    let sessions = me.get("/v1/me/sessions").await.is(200);
    assert!(sessions.items().iter().any(|s| s["second_factor"] == "passkey"));
    // Neither the same answer again, nor the same for another challenge.
    finish(&server, &begun, &credential)
        .await
        .problem(401, "wrong_passkey");
    let other = begin(&server).await;
    finish(&server, &other, &credential)
        .await
        .problem(401, "wrong_passkey");
    let list = me.get("/v1/auth/passkeys").await.is(200);
    assert_eq!(
        (&list.items()[0]["id"], &list.items()[0]["name"]),
        (&json!(id), &json!("Phone"))
    );
    assert!(list.items()[0]["last_used_at"].is_string());
    let path = format!("/v1/auth/passkeys/{id}");
    server.manager().delete(&path).await.problem(404, "not_found");
    me.delete(&path).await.is(204);
    let begun = begin(&server).await;
    let credential = authenticator.get(&begun["options"], ORIGIN, PRESENT_AND_VERIFIED);
    finish(&server, &begun, &credential)
        .await
        .problem(401, "wrong_passkey");
}

#[tokio::test]
async fn another_origin_key_or_user_and_an_unverified_user_are_refused() {
    let server = Server::start().await;
    let (mut authenticator, _) = enrol(&server).await;
    let begun = begin(&server).await;
    let elsewhere = authenticator.get(
        &begun["options"],
        "http://localhost.evil.example",
        PRESENT_AND_VERIFIED,
    );
    finish(&server, &begun, &elsewhere)
        .await
        .problem(401, "wrong_passkey");
    let begun = begin(&server).await;
    let unverified = authenticator.get(&begun["options"], ORIGIN, 0x01);
    finish(&server, &begun, &unverified)
        .await
        .problem(401, "wrong_passkey");
    let begun = begin(&server).await;
    let mut other = Authenticator::new(&json!({ "publicKey": { "user": { "id": authenticator.user } } }));
    other.id = authenticator.id;
    let forged = other.get(&begun["options"], ORIGIN, PRESENT_AND_VERIFIED);
    finish(&server, &begun, &forged)
        .await
        .problem(401, "wrong_passkey");
    let begun = begin(&server).await;
    let mut as_other = authenticator.get(&begun["options"], ORIGIN, PRESENT_AND_VERIFIED);
    as_other["response"]["userHandle"] = json!(text(server.adler.of_role(Role::Manager).user_id));
    finish(&server, &begun, &as_other)
        .await
        .problem(401, "wrong_passkey");
    let begun = begin(&server).await;
    finish(&server, &begun, &json!({ "id": "x" }))
        .await
        .problem(422, "invalid_passkey");
    // And the right one still gets in.
    let begun = begin(&server).await;
    let credential = authenticator.get(&begun["options"], ORIGIN, PRESENT_AND_VERIFIED);
    finish(&server, &begun, &credential).await.is(200);
}
