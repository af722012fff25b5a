//! Messages from files, with what their names say of them.

use anyhow::Context;
use innkeep_integrations::alpinebits::action::{Action, Side};
use innkeep_integrations::alpinebits::capability::{Capabilities, Capability};
use innkeep_integrations::alpinebits::send;
use innkeep_integrations::alpinebits::verdict::{Agreed, check};
use innkeep_integrations::alpinebits::version::Version;
use innkeep_integrations::ota::answer::Answer;
use innkeep_integrations::ota::document::Document;
use innkeep_integrations::ota::refusal::Kind;
use std::fs;
use std::path::Path;

pub struct Message {
    pub name: String,
    pub text: String,
    pub action: Action,
    pub side: Side,
    version: Version,
    verdict: Named,
}

#[derive(Clone, Copy, PartialEq)]
enum Named {
    Right,
    Wrong,
    /// Right for those who agreed on it.
    Needs(Capability),
}

impl Message {
    pub fn agreed(&self) -> Agreed {
        Agreed::all(self.version)
    }

    pub fn is_right(&self) -> bool {
        self.verdict == Named::Right
    }

    /// What is not as the name says.
    pub fn wrong(&self) -> Option<String> {
        let judge = |agreed: &Agreed| check(self.text.as_bytes(), self.action, self.side, agreed);
        let all = judge(&self.agreed());
        let found = match (self.verdict, all) {
            (Named::Right, Ok(_)) => {
                return self
                    .answered()
                    .err()
                    .map(|error| format!("{}: {error:#}", self.name));
            }
            (Named::Wrong, Err(refusal)) if matches!(refusal.kind, Kind::Schema | Kind::Rule) => return None,
            (Named::Needs(capability), Ok(_)) => {
                let agreed = Agreed {
                    version: self.version,
                    capabilities: Capabilities::all().without(capability),
                };
                match judge(&agreed) {
                    Err(refusal) if refusal.kind == Kind::Unsupported => return None,
                    other => other,
                }
            }
            (_, other) => other,
        };
        Some(format!("{}: {found:?}", self.name))
    }

    /// An answer of nothing but success, warnings or errors can be read, and written as it was meant.
    fn answered(&self) -> anyhow::Result<()> {
        use Action::{Acknowledgments, Activities, FreeRooms, Info, Inventory, RatePlans};
        let plain = [Acknowledgments, Activities, FreeRooms, Info, Inventory, RatePlans];
        if self.side == Side::Request || !plain.contains(&self.action) {
            return Ok(());
        }
        let read = |text: &str| Answer::read(Document::read(text.as_bytes())?.root());
        let answer = read(&self.text)?;
        let written = send::answer(self.action, &answer);
        check(written.as_bytes(), self.action, self.side, &self.agreed())?;
        anyhow::ensure!(read(&written)? == answer, "is another answer when written again");
        Ok(())
    }
}

/// Samples and validation files of the versions that are spoken here; none where the folder is absent.
pub fn published(folder: &Path) -> anyhow::Result<Vec<Message>> {
    let mut found = Vec::new();
    for version in Version::ALL {
        let named = version.as_str().replace('-', "_");
        for (path, name) in files(&folder.join("samples").join(&named))? {
            let action = sample(&name).with_context(|| format!("{name}: of no known action"))?;
            found.push(message(&path, name, action, version, Named::Right)?);
        }
        for (chapter, _) in files(&folder.join("validation").join(&named))? {
            for (path, name) in files(Path::new(&chapter))? {
                let action =
                    validated(&chapter, &name).with_context(|| format!("{name}: of no known action"))?;
                let verdict = named_verdict(&name).with_context(|| format!("{name}: says no verdict"))?;
                found.push(message(&path, name, action, version, verdict)?);
            }
        }
    }
    Ok(found)
}

/// Messages of our own making.
pub fn own(folder: &Path) -> anyhow::Result<Vec<Message>> {
    let known = [
        ("free_rooms", Action::FreeRooms, Side::Request),
        ("guest_requests", Action::GuestRequests, Side::Answer),
        ("inventory", Action::Inventory, Side::Request),
        ("rate_plans", Action::RatePlans, Side::Request),
        ("base_rates", Action::BaseRates, Side::Answer),
        ("acknowledge", Action::Acknowledgments, Side::Request),
    ];
    let mut found = Vec::new();
    for version in Version::ALL {
        for (name, action, side) in known {
            let path = folder.join(name).with_extension("xml");
            let path = path.to_string_lossy();
            let mut one = message(&path, name.to_owned(), action, version, Named::Right)?;
            one.side = side;
            found.push(one);
        }
    }
    Ok(found)
}

fn message(
    path: &str,
    name: String,
    action: Action,
    version: Version,
    verdict: Named,
) -> anyhow::Result<Message> {
    let side = if name.contains("RQ") {
        Side::Request
    } else {
        Side::Answer
    };
    Ok(Message {
        text: fs::read_to_string(path).with_context(|| path.to_owned())?,
        name: format!("{} {name}", version.as_str()),
        action,
        side,
        version,
        verdict,
    })
}

/// Path and name of what is in a folder, in order.
fn files(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((entry.path().to_string_lossy().into_owned(), name));
    }
    found.sort();
    Ok(found)
}

/// `GuestRequests-Push-OTA_HotelResNotifRQ.xml`
fn sample(name: &str) -> Option<Action> {
    let info = name.to_lowercase().contains("hotelinfo");
    let all = [
        ("Handshake-", Action::Handshake),
        ("FreeRooms-", Action::FreeRooms),
        ("GuestRequests-Acknowledgments-", Action::Acknowledgments),
        (
            "GuestRequests-Push-OTA_HotelResNotifRQ-StatusUpdate",
            Action::StatusUpdate,
        ),
        ("GuestRequests-Push-", Action::GuestRequestsPush),
        ("GuestRequests-", Action::GuestRequests),
        (
            "Inventory-Push-",
            if info { Action::Info } else { Action::Inventory },
        ),
        (
            "Inventory-Pull-",
            if info {
                Action::InfoPull
            } else {
                Action::InventoryPull
            },
        ),
        ("RatePlans-", Action::RatePlans),
        ("BaseRates-", Action::BaseRates),
        ("Activities-", Action::Activities),
    ];
    all.into_iter()
        .find(|(prefix, _)| name.starts_with(prefix))
        .map(|(_, action)| action)
}

/// `…/inventory`, `HotelDescriptiveContentNotifRQ_HotelInfo-err-id-notnull.xml`
fn validated(chapter: &str, name: &str) -> Option<Action> {
    let chapter = chapter.rsplit('/').next()?;
    Some(match chapter {
        "freerooms" => Action::FreeRooms,
        "inventory" if name.contains("_HotelInfo-") => Action::Info,
        "inventory" => Action::Inventory,
        "rateplans" => Action::RatePlans,
        "baserates" => Action::BaseRates,
        "guestrequests" if name.contains("ReadRQ") || name.contains("ResRetrieve") => Action::GuestRequests,
        "guestrequests" if name.contains("NotifReport") => Action::Acknowledgments,
        "guestrequests" => Action::GuestRequestsPush,
        _ => return None,
    })
}

/// `…_support_closing-seasons.xml`: right where closing seasons were agreed on.
fn named_verdict(name: &str) -> Option<Named> {
    let words: Vec<&str> = name.trim_end_matches(".xml").split(['_', '-']).collect();
    let at = words
        .iter()
        .position(|word| ["ok", "err", "support"].contains(word))?;
    let (word, rest) = words.get(at..)?.split_first()?;
    Some(match *word {
        "ok" => Named::Right,
        "err" => Named::Wrong,
        _ => {
            let wanted = format!("_accept_{}", rest.join("_")).to_lowercase();
            let capability = Capability::ALL
                .iter()
                .find(|one| one.as_str().to_lowercase().ends_with(&wanted))?;
            Named::Needs(*capability)
        }
    })
}
