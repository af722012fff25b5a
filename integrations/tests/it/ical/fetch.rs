use super::{calendar, here, nights};
use crate::server::{Answer, Channel, impatient, reply};
use chrono_tz::Tz;
use innkeep_domain::ports::calendar::{Calendars, Fetched, Validators};
use innkeep_domain::ports::channel::ChannelError;
use innkeep_integrations::ical::Fetch;

async fn ask(channel: &Channel, known: &Validators) -> Result<Fetched, ChannelError> {
    let base = &channel.access.base_url;
    let address = format!("{base}calendar/ical/1.ics?s=secret");
    Fetch(impatient(base)).fetch(&address, known, here(Tz::UTC)).await
}

async fn asked(answer: Answer) -> Result<Fetched, ChannelError> {
    ask(&Channel::answering(answer).await, &Validators::default()).await
}

fn validators() -> Validators {
    Validators {
        etag: Some("W/\"7\"".into()),
        last_modified: Some("Mon, 01 Mar 2027 12:00:00 GMT".into()),
    }
}

fn some() -> String {
    calendar(&["BEGIN:VEVENT", "DTSTART:20270310", "END:VEVENT"])
}

#[tokio::test]
async fn a_calendar_comes_with_what_to_ask_with_next() {
    let headers = "etag: W/\"7\"\r\nlast-modified: Mon, 01 Mar 2027 12:00:00 GMT\r\n";
    let channel = Channel::answering(Answer::Reply(200, headers.into(), some())).await;
    let fetched = ask(&channel, &Validators::default()).await.unwrap();
    let Fetched::Calendar {
        reading,
        validators: kept,
    } = fetched
    else {
        panic!("{fetched:?}");
    };
    assert_eq!(reading.closed, nights(&[("0310", "0311")]));
    assert_eq!(kept, validators());
    let first = channel.last();
    assert_eq!(first.line(), "GET /calendar/ical/1.ics?s=secret HTTP/1.1");
    assert!(!first.head.contains("if-"), "{}", first.head);
    ask(&channel, &kept).await.unwrap();
    let head = channel.last().head;
    assert!(head.contains("if-none-match: W/\"7\"\r\n"), "{head}");
    assert!(
        head.contains("if-modified-since: Mon, 01 Mar 2027 12:00:00 GMT"),
        "{head}"
    );
}

#[tokio::test]
async fn unchanged_since_what_we_know() {
    let channel = Channel::answering(reply(304, "")).await;
    assert_eq!(ask(&channel, &validators()).await, Ok(Fetched::Unchanged));
    let refused = ask(&channel, &Validators::default()).await;
    assert!(
        matches!(refused, Err(ChannelError::Refused { status: 304, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_is_no_calendar_is_seen_as_that() {
    for (answer, expected) in [
        (reply(200, "<html>Log in</html>"), "not a calendar"),
        (reply(200, ""), "not a calendar"),
        (
            reply(200, some().replace("END:VCALENDAR", "")),
            "breaks off before its end",
        ),
        (Answer::Endless, "more than 8388608 bytes"),
    ] {
        assert_eq!(asked(answer).await, Ok(Fetched::Unreadable(expected.to_owned())));
    }
}

#[tokio::test]
async fn no_answer_is_not_seen() {
    let refused = |status: u16| {
        format!("channel refused with {status} calendar_refused: the channel answered {status}")
    };
    for (answer, expected) in [
        (reply(404, some()), refused(404)),
        (reply(302, some()), refused(302)),
        (
            reply(500, some()),
            "channel failed with 500: the channel answered 500".into(),
        ),
        (reply(408, some()), "no answer: the channel answered 408".into()),
        (
            Answer::Reply(429, "retry-after: 90\r\n".into(), some()),
            "asked to wait 90s".into(),
        ),
        (
            Answer::Reply(503, "retry-after: 99999999\r\n".into(), some()),
            "asked to wait 86400s".into(),
        ),
        (reply(503, some()), "asked to wait 3600s".into()),
    ] {
        assert_eq!(asked(answer).await.unwrap_err().to_string(), expected);
    }
    for answer in [Answer::CutShort, Answer::CloseAtOnce, Answer::Hang] {
        let error = asked(answer).await.unwrap_err();
        assert!(matches!(error, ChannelError::Unknown(_)), "{error:?}");
    }
    let fetch = Fetch(impatient("http://127.0.0.1:1/"));
    let known = Validators::default();
    let refused = fetch.fetch("http://127.0.0.1:22/x", &known, here(Tz::UTC)).await;
    assert!(
        matches!(&refused, Err(ChannelError::Refused { code, .. }) if code == "address_refused"),
        "{refused:?}"
    );
    let silent = fetch.fetch("http://127.0.0.1:1/x", &known, here(Tz::UTC)).await;
    assert!(matches!(silent, Err(ChannelError::Unreachable(_))), "{silent:?}");
}
