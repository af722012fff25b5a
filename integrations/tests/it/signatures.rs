//! Standard Webhooks: the published vector, and every way it must fail.

use chrono::{DateTime, TimeDelta, Utc};
use innkeep_integrations::standard_webhooks::{
    Headers, ID, SIGNATURE, SignatureError, TIMESTAMP, sign, verify,
};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const MESSAGE: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const AT: i64 = 1_649_367_553;
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const GOOD: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(AT + seconds, 0).unwrap()
}

fn headers(signature: &str) -> Headers<'_> {
    Headers {
        id: Some(MESSAGE),
        timestamp: Some("1649367553"),
        signature: Some(signature),
    }
}

fn check(secrets: &[&str], headers: Headers<'_>) -> Result<(), SignatureError> {
    let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
    verify(&secrets, headers, BODY, at(0))
}

#[test]
fn the_published_vector_holds_both_ways() {
    assert_eq!(check(&[SECRET], headers(GOOD)), Ok(()));
    assert_eq!(sign(SECRET, MESSAGE, at(0), BODY).as_deref(), Ok(GOOD));
}

#[test]
fn a_secret_works_with_and_without_its_prefix() {
    let bare = SECRET.strip_prefix("whsec_").unwrap();
    assert_eq!(check(&[bare], headers(GOOD)), Ok(()));
    assert_eq!(sign(bare, MESSAGE, at(0), BODY).as_deref(), Ok(GOOD));
}

#[test]
fn missing_and_empty_headers_are_named() {
    let all = headers(GOOD);
    for absent in [None, Some("")] {
        assert_eq!(
            check(&[SECRET], Headers { id: absent, ..all }),
            Err(SignatureError::Missing(ID))
        );
        let no_time = Headers {
            timestamp: absent,
            ..all
        };
        assert_eq!(check(&[SECRET], no_time), Err(SignatureError::Missing(TIMESTAMP)));
        let unsigned = Headers {
            signature: absent,
            ..all
        };
        assert_eq!(
            check(&[SECRET], unsigned),
            Err(SignatureError::Missing(SIGNATURE))
        );
    }
}

#[test]
fn a_timestamp_is_a_number_of_seconds() {
    for odd in [
        "yesterday",
        "1649367553.5",
        "2022-04-07",
        "99999999999999999999",
        "9223372036854775807",
    ] {
        let headers = Headers {
            timestamp: Some(odd),
            ..headers(GOOD)
        };
        assert_eq!(
            check(&[SECRET], headers),
            Err(SignatureError::InvalidTimestamp),
            "{odd}"
        );
    }
}

#[test]
fn five_minutes_both_ways_and_not_a_second_more() {
    let verified = |now| verify(&[SECRET.to_owned()], headers(GOOD), BODY, now);
    assert_eq!(verified(at(300)), Ok(()));
    assert_eq!(verified(at(-300)), Ok(()));
    assert_eq!(verified(at(301)), Err(SignatureError::TooOld));
    assert_eq!(verified(at(-301)), Err(SignatureError::TooNew));
    assert_eq!(
        verified(at(300) + TimeDelta::milliseconds(1)),
        Err(SignatureError::TooOld)
    );
}

#[test]
fn one_good_signature_among_several_is_enough() {
    let wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    assert_eq!(
        check(&[SECRET], headers(&format!("{wrong} v2,{wrong} {GOOD} {wrong}"))),
        Ok(())
    );
    assert_eq!(check(&[SECRET], headers(wrong)), Err(SignatureError::Mismatch));
}

#[test]
fn other_and_missing_versions_do_not_count() {
    let bare = GOOD.strip_prefix("v1,").unwrap();
    for odd in [
        bare.to_owned(),
        format!("v1a,{bare}"),
        format!("v2,{bare}"),
        "v1,".into(),
        "v1,?".into(),
        ",".into(),
    ] {
        assert_eq!(
            check(&[SECRET], headers(&odd)),
            Err(SignatureError::Mismatch),
            "{odd}"
        );
    }
    let short = format!("v1,{}", "tZ1I4/hDygAJ");
    assert_eq!(check(&[SECRET], headers(&short)), Err(SignatureError::Mismatch));
}

#[test]
fn any_of_several_secrets_and_none_that_is_empty() {
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    assert_eq!(check(&[other, SECRET], headers(GOOD)), Ok(()));
    assert_eq!(check(&["", "not base64!", SECRET], headers(GOOD)), Ok(()));
    assert_eq!(check(&[other], headers(GOOD)), Err(SignatureError::Mismatch));
    for useless in [&[][..], &[""], &["whsec_"], &["not base64!"]] {
        assert_eq!(
            check(useless, headers(GOOD)),
            Err(SignatureError::NoSecret),
            "{useless:?}"
        );
    }
    assert_eq!(sign("", MESSAGE, at(0), BODY), Err(SignatureError::NoSecret));
}

#[test]
fn every_signed_part_counts() {
    let verified = |headers, body: &[u8]| verify(&[SECRET.to_owned()], headers, body, at(0));
    let mut body = BODY.to_vec();
    body.push(b' ');
    assert_eq!(verified(headers(GOOD), &body), Err(SignatureError::Mismatch));
    let renamed = Headers {
        id: Some("msg_other"),
        ..headers(GOOD)
    };
    assert_eq!(verified(renamed, BODY), Err(SignatureError::Mismatch));
    let later = Headers {
        timestamp: Some("1649367554"),
        ..headers(GOOD)
    };
    assert_eq!(verified(later, BODY), Err(SignatureError::Mismatch));
}
