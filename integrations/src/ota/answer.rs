//! What is answered to a message: success, with warnings perhaps, or errors.

use super::element::Element;
use super::refusal::Refusal;
use super::tag::Tag;

/// A type of OpenTravel's list of error and warning types (EWT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type(pub u16);

impl Type {
    pub const BUSINESS_RULE: Self = Self(3);
    /// A warning nobody has to act on.
    pub const ADVISORY: Self = Self(11);
    pub const APPLICATION: Self = Self(13);
}

/// An error, or a warning beside a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub kind: Type,
    /// Of the list of errors (ERR); most warnings have none.
    pub code: Option<u16>,
    /// Which of the things sent it speaks about.
    pub record: Option<String>,
    /// A request to the other side, in the dialect's own word.
    pub status: Option<String>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Taken. What a warning speaks of was not, unless it is advisory.
    Success(Vec<Notice>),
    /// Refused as a whole.
    Errors(Vec<Notice>),
}

impl Notice {
    pub fn advisory(text: impl Into<String>) -> Self {
        Self {
            kind: Type::ADVISORY,
            code: None,
            record: None,
            status: None,
            text: text.into(),
        }
    }

    fn read(at: Element<'_>) -> Result<Self, Refusal> {
        let own = |name| at.get(name).map(str::to_owned);
        let code = |name| Ok::<_, Refusal>(at.number(name)?.and_then(|n| u16::try_from(n).ok()));
        Ok(Self {
            kind: Type(code("Type")?.unwrap_or_default()),
            code: code("Code")?,
            record: own("RecordID"),
            status: own("Status"),
            text: at.text().trim().to_owned(),
        })
    }

    fn tag(&self, name: &str) -> Tag {
        Tag::new(name)
            .with("Type", self.kind.0)
            .with_some("Code", self.code)
            .with_some("RecordID", self.record.as_deref())
            .with_some("Status", self.status.as_deref())
            .text(self.text.as_str())
    }
}

impl From<&Refusal> for Answer {
    fn from(refusal: &Refusal) -> Self {
        Self::Errors(vec![Notice {
            kind: Type::APPLICATION,
            code: Some(refusal.code.0),
            record: None,
            status: None,
            text: refusal.to_string(),
        }])
    }
}

impl Answer {
    /// From a message whose schema was checked.
    pub fn read(root: Element<'_>) -> Result<Self, Refusal> {
        let notices = |list, name| -> Result<Vec<Notice>, Refusal> {
            root.list(list, name).map(Notice::read).collect()
        };
        match root.child("Errors") {
            Some(_) => Ok(Self::Errors(notices("Errors", "Error")?)),
            None => Ok(Self::Success(notices("Warnings", "Warning")?)),
        }
    }

    /// The elements that begin every answer.
    pub fn tags(&self) -> Vec<Tag> {
        let list = |name: &str, one: &str, notices: &[Notice]| {
            Tag::new(name).children(notices.iter().map(|notice| notice.tag(one)))
        };
        match self {
            Self::Errors(errors) => vec![list("Errors", "Error", errors)],
            Self::Success(warnings) if warnings.is_empty() => vec![Tag::new("Success")],
            Self::Success(warnings) => vec![Tag::new("Success"), list("Warnings", "Warning", warnings)],
        }
    }
}
