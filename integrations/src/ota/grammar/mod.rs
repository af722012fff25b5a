//! The schema of a dialect, in a short notation, and whether a message follows it.
//!
//! A grammar says of a message what its XML schema says: which elements in which order and how often, which attributes,
//! which values. One line is one element, attribute or group; what is indented below belongs to it:
//!
//! ```text
//! type def_date = xs:date pattern=\S+       a type by name; types end in the schema's own simple types
//! message OTA_ReadRQ                        an element that a message may start with
//!   ReadRequests                            exactly one; `?` none or one, `*` any, `+` at least one, `{1,3}`
//!     HotelReadRequest
//!       @HotelCode def_code                 an attribute that must stand here; `@HotelName?` may
//!       Comment* def_text                   an element with nothing but text of this type
//!       choice                              one of the lines below; `sequence` = all of them, in order
//!       mixed | text def_text | any         text in an element with attributes; anything at all
//!       group def_more                      the lines of `group def_more`
//! ```
//!
//! What cannot be understood accepts nothing, and is told by [`Grammar::faults`].

mod content;
mod lexical;
mod notation;
mod shape;
mod simple;

use super::element::Element;
use super::refusal::{Code, Kind, Refusal};
use shape::Shape;
use std::collections::HashMap;

pub struct Grammar {
    messages: HashMap<&'static str, Shape>,
    faults: Vec<String>,
}

impl Grammar {
    /// Files of one dialect and version; their order does not matter.
    pub fn new(files: &[&'static str]) -> Self {
        let (messages, faults) = shape::build(files);
        Self { messages, faults }
    }

    /// Lines of the files that say nothing we know: a test holds this empty.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// The message follows the schema from its root down, or the first place where it does not.
    pub fn check(&self, root: Element<'_>) -> Result<(), Refusal> {
        let Some(shape) = self.messages.get(root.name()) else {
            return Err(root.fail(Kind::Schema, Code::UNABLE, "is no message of this version"));
        };
        content::check(shape, root)
    }
}
