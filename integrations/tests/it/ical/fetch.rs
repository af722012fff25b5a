use super::{calendar, here, nights};
use crate::server::{Answer, Channel, impatient, reply, trusting};
use chrono_tz::Tz;
use innkeep_domain::ports::calendar::{Calendars, Fetched, Validators};
use innkeep_domain::ports::channel::ChannelError;
use innkeep_integrations::ical::Fetch;
use innkeep_integrations::outbound::{Allow, Options, Outbound};

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

async fn moved(status: u16, location: &str) -> Channel {
    Channel::answering(Answer::Reply(
        status,
        format!("location: {location}\r\n"),
        String::new(),
    ))
    .await
}

/// From the first one, all of them being trusted.
async fn ask_along(channels: &[&Channel], known: &Validators) -> Result<Fetched, ChannelError> {
    let bases = channels.iter().map(|channel| channel.access.base_url.as_str());
    let options = Options {
        allow: bases.clone().map(trusting).fold(Allow::default(), Allow::and),
        ..Options::default()
    };
    let address = format!("{}calendar/ical/1.ics?s=secret", bases.clone().next().unwrap());
    let fetch = Fetch(Outbound::new(options).unwrap());
    fetch.fetch(&address, known, here(Tz::UTC)).await
}

fn times_asked(channel: &Channel) -> usize {
    channel.asked.lock().unwrap().len()
}

#[tokio::test]
async fn a_calendar_that_moved_is_read_where_it_is() {
    for status in [301, 302, 303, 307, 308] {
        let there = Channel::answering(reply(200, some())).await;
        let place = format!("{}moved/1.ics?s=secret", there.access.base_url);
        let here = moved(status, &place).await;
        let fetched = ask_along(&[&here, &there], &Validators::default()).await;
        assert!(
            matches!(&fetched, Ok(Fetched::Calendar { reading, .. }) if reading.closed == nights(&[("0310", "0311")])),
            "{status}: {fetched:?}"
        );
        assert_eq!(there.last().line(), "GET /moved/1.ics?s=secret HTTP/1.1");
        assert!(there.last().head.contains("accept: text/calendar"));
    }
    let there = Channel::answering(reply(200, some())).await;
    let beside = there.access.base_url.strip_prefix("http:").unwrap();
    let here = moved(302, &format!("{beside}2.ics")).await;
    assert!(ask_along(&[&here, &there], &Validators::default()).await.is_ok());
    assert_eq!(there.last().line(), "GET /2.ics HTTP/1.1");
}

/// A calendar elsewhere may bear the same mark, and a redirect may lead elsewhere next time.
#[tokio::test]
async fn what_was_known_of_one_address_says_nothing_of_another() {
    let headers = "etag: W/\"7\"\r\nlast-modified: Mon, 01 Mar 2027 12:00:00 GMT\r\n";
    let there = Channel::answering(Answer::Reply(200, headers.into(), some())).await;
    let here = moved(302, &there.access.base_url).await;
    let fetched = ask_along(&[&here, &there], &validators()).await.unwrap();
    assert!(
        here.last().head.contains("if-none-match: W/\"7\""),
        "{}",
        here.last().head
    );
    assert!(!there.last().head.contains("if-"), "{}", there.last().head);
    assert!(
        matches!(&fetched, Fetched::Calendar { validators, .. } if *validators == Validators::default()),
        "{fetched:?}"
    );
    let unasked = Channel::answering(reply(304, "")).await;
    let here = moved(302, &unasked.access.base_url).await;
    let refused = ask_along(&[&here, &unasked], &validators()).await;
    assert!(
        matches!(refused, Err(ChannelError::Refused { status: 304, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn three_redirects_are_followed_and_no_circle() {
    let end = Channel::answering(reply(200, some())).await;
    let third = moved(302, &end.access.base_url).await;
    let second = moved(301, &third.access.base_url).await;
    let first = moved(308, &second.access.base_url).await;
    let all = [&first, &second, &third, &end];
    let known = Validators::default();
    assert!(ask_along(&all, &known).await.is_ok());
    let before = moved(307, &first.access.base_url).await;
    let refused = ask_along(&[&before, &first, &second, &third, &end], &known).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "channel refused with 302 calendar_refused: the channel redirects more than 3 times"
    );
    assert_eq!(all.map(times_asked), [2, 2, 2, 1]);
    for itself in ["1.ics?s=secret", "/calendar/ical/1.ics?s=secret", "?s=secret", ""] {
        let round = moved(302, itself).await;
        assert_eq!(
            ask_along(&[&round], &known).await.unwrap_err().to_string(),
            "channel refused with 302 calendar_refused: the channel redirects in a circle"
        );
        assert_eq!(times_asked(&round), 1);
    }
}

#[tokio::test]
async fn no_redirect_leads_where_no_address_may() {
    let inside = Channel::answering(reply(200, some())).await;
    let port = port_of(&inside);
    for (place, expected) in [
        (format!("http://127.0.0.1:{port}/"), "only https is called"),
        (
            format!("https://127.0.0.1:{port}/"),
            "the host is not on the public Internet",
        ),
        (
            format!("https://2130706433:{port}/"),
            "the host is not on the public Internet",
        ),
        (
            format!("https://localhost:{port}/"),
            "this name belongs to a network of its own, not to the Internet",
        ),
        (
            format!("https://u:p@127.0.0.1:{port}/"),
            "an address must not carry a user or a password",
        ),
        (
            format!("//u@127.0.0.1:{port}/"),
            "an address must not carry a user or a password",
        ),
        (format!("webcal://127.0.0.1:{port}/"), "only https is called"),
        ("file:///etc/passwd".to_owned(), "only https is called"),
        (
            "https://hotel.example:25/".to_owned(),
            "port 25 is not called: 443, or 1024 and above",
        ),
        (
            format!("\\\\127.0.0.1:{port}/"),
            "the address must read https://host/path",
        ),
    ] {
        let here = moved(302, &place).await;
        let error = ask_along(&[&here], &Validators::default()).await.unwrap_err();
        let said = format!(
            "channel refused with 0 address_refused: the channel redirects to where nothing is called: {expected}"
        );
        assert_eq!(error.to_string(), said, "{place}");
    }
    assert_eq!(times_asked(&inside), 0);
}

fn port_of(channel: &Channel) -> String {
    let base = channel.access.base_url.trim_end_matches('/');
    base.rsplit(':').next().unwrap().to_owned()
}
