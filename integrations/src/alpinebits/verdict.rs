//! Is a message right, as the standard says, between two sides that agreed on these capabilities?

use super::action::{Action, Side};
use super::capability::{Capabilities, Capability};
use super::rules;
use super::schema;
use super::version::Version;
use crate::ota::answer::{Answer, Notice};
use crate::ota::document::Document;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Kind, Refusal};

/// What a message is held against.
#[derive(Debug, Clone)]
pub struct Agreed {
    pub version: Version,
    pub capabilities: Capabilities,
}

impl Agreed {
    /// Everything of this version.
    pub fn all(version: Version) -> Self {
        Self {
            version,
            capabilities: Capabilities::all(),
        }
    }

    /// What `at` says may only be sent if it was agreed on.
    pub(super) fn need(&self, capability: Capability, at: Element<'_>) -> Result<(), Refusal> {
        if self.capabilities.has(capability, self.version) {
            return Ok(());
        }
        let reason = format!("needs {}, which was not agreed on", capability.as_str());
        Err(at.fail(Kind::Unsupported, Code::UNABLE, reason))
    }
}

/// The message follows schema and rules; with the warnings that go back to its sender.
pub fn check(bytes: &[u8], action: Action, side: Side, agreed: &Agreed) -> Result<Vec<Notice>, Refusal> {
    let document = Document::read(bytes)?;
    let root = document.root();
    follows_schema(root, action, side, agreed)?;
    rules::check(root, action, side, agreed)
}

/// The verdict as the answer's beginning.
pub fn answer(verdict: Result<Vec<Notice>, Refusal>) -> Answer {
    match verdict {
        Ok(warnings) => Answer::Success(warnings),
        Err(refusal) => Answer::from(&refusal),
    }
}

pub(super) fn follows_schema(
    root: Element<'_>,
    action: Action,
    side: Side,
    agreed: &Agreed,
) -> Result<(), Refusal> {
    if root.name() != action.root(side) {
        return Err(root.fail(Kind::Schema, Code::UNABLE, "is not the message of this action"));
    }
    schema::of(agreed.version).check(root)
}
