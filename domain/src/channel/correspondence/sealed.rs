//! People's words as they are kept.

use crate::cards;
use crate::error::{Error, Result};
use crate::private::private;
use crate::vault::{Place, Vault};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

private!(Opinion);

/// What is personal in a review.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opinion {
    pub guest_name: Option<String>,
    pub text: Option<String>,
    pub reply: Option<String>,
}

/// Card numbers are nothing to keep.
pub(super) fn seal(
    vault: &Vault,
    table: &'static str,
    column: &'static str,
    id: Uuid,
    text: &str,
) -> Result<String> {
    vault.seal(&Place::new(table, column, id), cards::masked(text).as_bytes())
}

pub(super) fn open(
    vault: &Vault,
    table: &'static str,
    column: &'static str,
    id: Uuid,
    sealed: &str,
) -> Result<String> {
    let opened = vault.open(&Place::new(table, column, id), sealed)?;
    let text = std::str::from_utf8(&opened).map_err(|e| Error::internal(e.to_string()))?;
    Ok(text.to_owned())
}

pub(super) fn seal_title(vault: &Vault, id: Uuid, text: &str) -> Result<String> {
    seal(vault, "channel_conversation", "title", id, text)
}

pub(super) fn open_title(vault: &Vault, id: Uuid, sealed: &str) -> Result<String> {
    open(vault, "channel_conversation", "title", id, sealed)
}

pub(super) fn seal_body(vault: &Vault, id: Uuid, text: &str) -> Result<String> {
    seal(vault, "channel_letter", "body", id, text)
}

pub(super) fn open_body(vault: &Vault, id: Uuid, sealed: &str) -> Result<String> {
    open(vault, "channel_letter", "body", id, sealed)
}

impl Opinion {
    fn place(id: Uuid) -> Place {
        Place::new("channel_review", "content", id)
    }

    pub fn seal(&self, vault: &Vault, id: Uuid) -> Result<String> {
        let masked = |text: &Option<String>| text.as_deref().map(|t| cards::masked(t).into_owned());
        let kept = Self {
            guest_name: self.guest_name.clone(),
            text: masked(&self.text),
            reply: masked(&self.reply),
        };
        vault.seal_json(&Self::place(id), &kept)
    }

    pub fn open(vault: &Vault, id: Uuid, sealed: &str) -> Result<Self> {
        vault.open_json(&Self::place(id), sealed)
    }
}
