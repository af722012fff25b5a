//! Our calendar of one unit, for a channel to import (RFC 5545): when it is taken, and nothing about whom by.

use innkeep_domain::channel::calendar::Taken;

/// Octets of a line, without its end (RFC 5545, 3.1).
const LINE: usize = 75;

/// `name` is the unit's.
pub fn write(name: &str, taken: &[Taken]) -> String {
    let mut out = String::new();
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Innkeep//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ] {
        put(&mut out, line);
    }
    put(&mut out, &format!("X-WR-CALNAME:{}", escaped(name)));
    for taken in taken {
        put(&mut out, "BEGIN:VEVENT");
        put(&mut out, &format!("UID:{}@innkeep", taken.id));
        put(
            &mut out,
            &format!("DTSTAMP:{}", taken.changed_at.format("%Y%m%dT%H%M%SZ")),
        );
        put(
            &mut out,
            &format!("DTSTART;VALUE=DATE:{}", taken.dates.from().format("%Y%m%d")),
        );
        put(
            &mut out,
            &format!("DTEND;VALUE=DATE:{}", taken.dates.to().format("%Y%m%d")),
        );
        put(&mut out, "SUMMARY:Not available");
        put(&mut out, "END:VEVENT");
    }
    put(&mut out, "END:VCALENDAR");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// One line, folded between characters.
fn put(out: &mut String, line: &str) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}
