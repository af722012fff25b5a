//! An element to be written.

use super::NAMESPACE;
use std::borrow::Cow;
use std::fmt::Write;

/// An OTA element with what stands in it; text and child elements do not mix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    name: String,
    attributes: Vec<(Cow<'static, str>, String)>,
    children: Vec<Tag>,
    text: String,
}

impl Tag {
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
            children: Vec::new(),
            text: String::new(),
        }
    }

    /// The element around a message, which names the namespace.
    pub fn message(name: impl Into<String>, version: &str) -> Self {
        Self::new(name).with("xmlns", NAMESPACE).with("Version", version)
    }

    pub fn with(mut self, attribute: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        self.attributes.push((attribute.into(), value.to_string()));
        self
    }

    pub fn with_some(self, attribute: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(attribute, value),
            None => self,
        }
    }

    pub fn child(mut self, child: Tag) -> Self {
        self.children.push(child);
        self
    }

    pub fn children(mut self, children: impl IntoIterator<Item = Tag>) -> Self {
        self.children.extend(children);
        self
    }

    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The whole document, with its declaration.
    pub fn document(&self) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        escape(&self.text, out);
        for child in &self.children {
            child.write(out);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// What XML cannot carry at all is left out; line breaks survive in attributes too.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_ascii_control() => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ota::document::Document;
    use proptest::prelude::*;

    proptest! {
        /// Whatever text is written is read back, as far as XML can carry it.
        #[test]
        fn text_survives(text in "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\u{fffe}\u{ffff}]{0,40}") {
            let written = Tag::message("Root", "1").with("Value", &text).child(Tag::new("In").text(&text)).document();
            let document = Document::read(written.as_bytes()).unwrap();
            let root = document.root();
            prop_assert_eq!(root.namespace(), Some(NAMESPACE));
            prop_assert_eq!(root.get("Value"), Some(text.as_str()));
            prop_assert_eq!(root.child("In").unwrap().text(), text);
        }
    }

    #[test]
    fn what_xml_cannot_carry_is_left_out() {
        let written = Tag::message("Root", "1").text("a\u{0}\u{1}b").document();
        assert_eq!(Document::read(written.as_bytes()).unwrap().root().text(), "ab");
    }
}
