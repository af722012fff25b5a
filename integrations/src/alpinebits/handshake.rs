//! Which versions, actions and capabilities both sides know. Each handshake is whole: nothing is remembered of the last.

use super::action::{Action, Side};
use super::capability::{Capabilities, Capability};
use super::verdict::{Agreed, follows_schema};
use super::version::Version;
use crate::ota::answer::{Answer, Notice, Type};
use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Refusal};
use crate::ota::tag::Tag;
use serde::{Deserialize, Serialize};

/// Marks the warning that carries the intersection.
const STATUS: &str = "ALPINEBITS_HANDSHAKE";
const MESSAGE_VERSION: &str = "8.000";

/// What one side can do, as its JSON says it. Names that we do not know are theirs to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub versions: Vec<Offered>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    pub version: String,
    #[serde(default)]
    pub actions: Vec<OfferedAction>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedAction {
    pub action: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supports: Vec<String>,
}

impl Offer {
    /// These actions with these capabilities, in every version spoken here.
    pub fn new(actions: &[Action], capabilities: &[Capability]) -> Self {
        let offered = |version: Version| Offered {
            version: version.as_str().to_owned(),
            actions: actions
                .iter()
                .map(|action| offered_action(*action, capabilities, version))
                .collect(),
        };
        Self {
            versions: Version::ALL.into_iter().rev().map(offered).collect(),
        }
    }

    /// What is in both, in the order of `self`; a version without a common action is none.
    pub fn intersection(&self, other: &Self) -> Self {
        let versions = self.versions.iter().filter_map(|mine| {
            let theirs = other.versions.iter().find(|one| one.version == mine.version)?;
            let actions: Vec<OfferedAction> = mine
                .actions
                .iter()
                .filter_map(|action| common(action, &theirs.actions))
                .collect();
            (!actions.is_empty()).then(|| Offered {
                version: mine.version.clone(),
                actions,
            })
        });
        Self {
            versions: versions.collect(),
        }
    }

    /// Was the action agreed on for this version, and with what?
    pub fn agreed(&self, version: Version, action: Action) -> Option<Agreed> {
        let offered = self.versions.iter().find(|one| one.version == version.as_str())?;
        let found = offered
            .actions
            .iter()
            .find(|one| one.action == action.capability())?;
        let known = Capability::ALL.iter().copied();
        let agreed = known.filter(|one| found.supports.iter().any(|name| name == one.as_str()));
        Some(Agreed {
            version,
            capabilities: agreed.collect::<Capabilities>(),
        })
    }

    fn read(at: Element<'_>) -> Result<Self, Refusal> {
        let wrong = || {
            at.wrong(
                Code::INVALID_VALUE,
                "has no JSON of versions, actions and capabilities",
            )
        };
        serde_json::from_str(at.text().trim()).map_err(|_| wrong())
    }
}

/// `OTA_HotelInvCountNotif_accept_rooms` belongs to `action_OTA_HotelInvCountNotif`.
fn offered_action(action: Action, capabilities: &[Capability], version: Version) -> OfferedAction {
    let name = action.capability();
    let family = name.trim_start_matches("action_").trim_end_matches("_RatePlans");
    let known = capabilities
        .iter()
        .filter(|one| one.since() <= version)
        .map(|one| one.as_str());
    let own = known.filter(|one| one.strip_prefix(family).is_some_and(|rest| rest.starts_with('_')));
    OfferedAction {
        action: name.to_owned(),
        supports: own.map(str::to_owned).collect(),
    }
}

fn common(mine: &OfferedAction, theirs: &[OfferedAction]) -> Option<OfferedAction> {
    let other = theirs.iter().find(|one| one.action == mine.action)?;
    let both = mine.supports.iter().filter(|name| other.supports.contains(name));
    Some(OfferedAction {
        action: mine.action.clone(),
        supports: both.cloned().collect(),
    })
}

/// A client's handshake.
#[derive(Debug, PartialEq, Eq)]
pub struct Ping {
    pub offer: Offer,
    /// As it came: the answer says it again, unchanged.
    pub echo: String,
}

impl Ping {
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let document = Document::read(bytes)?;
        let root = document.root();
        // A handshake comes before any version is agreed on, and is the same in all.
        follows_schema(
            root,
            Action::Handshake,
            Side::Request,
            &Agreed::all(Version::V2024_10),
        )?;
        let data = root.need_child("EchoData")?;
        let offer = Offer::read(data)?;
        if offer.versions.is_empty() {
            return Err(data.wrong(Code::INVALID_VALUE, "offers no version"));
        }
        let echo = data.text();
        Ok(Self { offer, echo })
    }

    pub fn request(offer: &Offer) -> Result<String, serde_json::Error> {
        let data = Tag::new("EchoData").text(serde_json::to_string(offer)?);
        Ok(Tag::message("OTA_PingRQ", MESSAGE_VERSION).child(data).document())
    }

    /// Success with what both sides can do.
    pub fn answer(&self, ours: &Offer) -> Result<String, serde_json::Error> {
        let warning = Notice {
            kind: Type::ADVISORY,
            code: None,
            record: None,
            status: Some(STATUS.to_owned()),
            text: serde_json::to_string(&self.offer.intersection(ours))?,
        };
        let answer = Tag::message("OTA_PingRS", MESSAGE_VERSION)
            .children(Answer::Success(vec![warning]).tags())
            .child(Tag::new("EchoData").text(self.echo.as_str()));
        Ok(answer.document())
    }
}

/// What the server's answer says that both sides can do.
pub fn agreed(bytes: &[u8]) -> Result<Offer, Refusal> {
    let document = Document::read(bytes)?;
    let root = document.root();
    follows_schema(
        root,
        Action::Handshake,
        Side::Answer,
        &Agreed::all(Version::V2024_10),
    )?;
    if let Some(errors) = root.child("Errors") {
        return Err(errors.wrong(Code::UNABLE, "the handshake was refused"));
    }
    let found = root
        .list("Warnings", "Warning")
        .find(|one| one.get("Status") == Some(STATUS));
    let missing = || root.wrong(Code::MISSING, "no warning says what both sides can do");
    Offer::read(found.ok_or_else(missing)?)
}

/// The rules of both sides' messages, for whoever only wants the verdict.
pub(super) fn check(root: Element<'_>, side: Side) -> Result<(), Refusal> {
    if root.child("Errors").is_some() {
        return Ok(());
    }
    let mut said: Vec<Element<'_>> = root.child("EchoData").into_iter().collect();
    if side == Side::Answer {
        said.extend(
            root.list("Warnings", "Warning")
                .filter(|one| one.get("Status") == Some(STATUS)),
        );
    }
    said.into_iter().try_for_each(|at| Offer::read(at).map(drop))
}
