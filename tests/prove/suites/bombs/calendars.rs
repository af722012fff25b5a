//! Calendars that nobody needs.

/// Each in several sizes: what is small enough to be read must be cheap, too.
pub fn all(sizes: u32) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for size in 0..sizes {
        for (name, bomb) in of(1 << size) {
            all.push((format!("{name} / {}", 1 << size), bomb));
        }
    }
    all
}

pub fn harmless() -> String {
    let days = (0..2000).map(|n| format!("DTSTART:2027{:02}{:02}\r\n", n % 12 + 1, n % 28 + 1));
    let events = days.map(|day| {
        format!("BEGIN:VEVENT\r\nDTSTAMP:20270101T000000Z\r\n{day}DURATION:P3D\r\nEND:VEVENT\r\n")
    });
    calendar(&events.collect::<String>())
}

fn of(part: usize) -> Vec<(&'static str, String)> {
    let many = |count: usize, text: &str| text.repeat(count / part);
    let numbered = |count: usize, text: &str| {
        let all = (0..count / part).map(|n| text.replace('#', &n.to_string()));
        all.collect::<String>()
    };
    let mega = 1 << 20;
    vec![
        ("ten thousand years", event("DTEND;VALUE=DATE:99991231\r\n")),
        ("an endless duration", event("DURATION:P4294967295W\r\n")),
        (
            "ten thousand years, often",
            calendar(&many(
                20_000,
                "BEGIN:VEVENT\r\nDTSTART:00010101\r\nDTEND:99991231\r\nEND:VEVENT\r\n",
            )),
        ),
        ("every second, for ever", event("RRULE:FREQ=SECONDLY\r\n")),
        ("80,000 properties", wrong(&numbered(80_000, "X-P#:v\r\n"))),
        (
            "80,000 names of one property",
            wrong(&many(80_000, "SUMMARY:v\r\n")),
        ),
        (
            "80,000 parameters",
            wrong(&format!("SUMMARY{}:v\r\n", numbered(80_000, ";P#=v"))),
        ),
        ("quotes", wrong(&format!("SUMMARY;P={}:v\r\n", many(mega, "\"")))),
        (
            "a huge line",
            wrong(&format!("SUMMARY:{}\r\n", many(7 * mega, "x"))),
        ),
        (
            "a huge line under the limit of size",
            wrong(&format!("SUMMARY:{}\r\n", many(mega - 500, "x"))),
        ),
        (
            "endless folds",
            wrong(&format!("SUMMARY:x{}\r\n", many(2 * mega, "\r\n "))),
        ),
        (
            "folds under the limit of size",
            wrong(&format!("SUMMARY:x{}\r\n", many(300_000, "\r\n "))),
        ),
        (
            "folds that grow",
            wrong(&format!(
                "SUMMARY:x{}\r\n",
                many(15_000, "\r\n xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
            )),
        ),
        (
            "80,000 events",
            calendar(&format!(
                "{}BEGIN:VEVENT\r\nEND:VEVENT\r\n",
                many(80_000, "BEGIN:VEVENT\r\nDTSTART:20270301\r\nEND:VEVENT\r\n")
            )),
        ),
        (
            "two hundred years, often",
            wrong(&many(
                6_000,
                "END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20270301\r\nDURATION:P73200D\r\n",
            )),
        ),
        (
            "components in components",
            calendar(&many(100_000, "BEGIN:VEVENT\r\n")),
        ),
        ("calendars in calendars", many(60_000, "BEGIN:VCALENDAR\r\n")),
        ("blank lines", many(mega, "\n")),
        ("nothing but zeros", many(mega, "\0")),
        (
            "a page to log in",
            format!("<html>{}</html>", many(mega / 2, "<p>")),
        ),
    ]
}

fn calendar(inside: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{inside}END:VCALENDAR\r\n")
}

fn event(inside: &str) -> String {
    calendar(&format!(
        "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270301\r\n{inside}END:VEVENT\r\n"
    ))
}

/// Wrong at its very end: nothing of it is spared the reader.
fn wrong(inside: &str) -> String {
    event(&format!("{inside}DTEND:never\r\n"))
}
