//! Calendars of real listings, where they lie beside the workspace.

use super::{here, read};
use innkeep_integrations::ical::{self, Unreadable};
use std::path::PathBuf;

/// File name and content; none where the folder is absent.
fn samples() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/ical/samples");
    let Ok(entries) = std::fs::read_dir(folder) else {
        println!("skipped: the samples are not here");
        return Vec::new();
    };
    let named = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    });
    named.collect()
}

#[test]
fn every_sample_reads() {
    for (name, text) in samples() {
        let reading = read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let reserved = text.matches("SUMMARY:Reserved").count();
        assert_eq!(reading.stays.len(), reserved, "{name}");
        let events = text.matches("BEGIN:VEVENT").count();
        let runs = reading.closed.runs().len();
        assert!(
            runs <= events - reserved && (runs > 0) == (events > reserved),
            "{name}"
        );
        let coded = reading.stays.values().filter(|stay| stay.code.is_some()).count();
        assert_eq!(coded, reserved, "{name}");
    }
}

#[test]
fn no_sample_reads_in_part() {
    for (name, text) in samples() {
        let part = text.as_bytes().get(..text.len() * 2 / 3).unwrap();
        let read = ical::read(part, here(chrono_tz::UTC));
        assert!(
            matches!(read, Err(Unreadable::CutOff | Unreadable::Broken { .. })),
            "{name}"
        );
    }
}
