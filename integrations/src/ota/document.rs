//! Bytes from outside as an XML tree.

use super::element::Element;
use super::limits;
use super::refusal::Refusal;
use roxmltree::ParsingOptions;

/// A well-formed message within the limits; its elements borrow from the text.
pub struct Document<'a>(roxmltree::Document<'a>);

impl<'a> Document<'a> {
    /// Well-formed UTF-8 without a document type.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::unreadable("is not UTF-8"))?;
        limits::check(text)?;
        encoding(text)?;
        let options = ParsingOptions {
            allow_dtd: false,
            ..ParsingOptions::default()
        };
        let tree = roxmltree::Document::parse_with_options(text, options)
            .map_err(|error| Refusal::unreadable(format!("line {}: is not well-formed", error.pos().row)))?;
        Ok(Self(tree))
    }

    pub fn root(&self) -> Element<'_> {
        Element(self.0.root_element())
    }
}

/// A declared encoding that is not UTF-8 would have been read wrongly.
fn encoding(text: &str) -> Result<(), Refusal> {
    let start = text.trim_start_matches('\u{feff}');
    let declaration = start
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split("?>").next());
    let named = declaration
        .and_then(|d| d.split_once("encoding"))
        .map(|(_, name)| {
            name.trim_matches(|c: char| c.is_whitespace() || c == '=' || c == '"' || c == '\'')
                .to_ascii_lowercase()
        });
    match named.as_deref() {
        None => Ok(()),
        Some(name) if name.starts_with("utf-8") || name.starts_with("us-ascii") => Ok(()),
        Some(_) => Err(Refusal::unreadable("its encoding is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ota::refusal::Kind;

    #[test]
    fn reads_what_is_well_formed() {
        for text in [
            "<a/>",
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><a>&amp;&#228;</a>",
            "<?xml version='1.0' encoding = 'utf-8'?><a/>",
        ] {
            Document::read(text.as_bytes()).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        }
    }

    #[test]
    fn refuses_what_is_not() {
        let wrong: [&[u8]; 13] = [
            b"",
            b"text",
            b"<a>",
            b"<a></b>",
            b"<a/><a/>",
            b"<a b='1' b='2'/>",
            b"<a b='<'/>",
            b"<a>&unknown;</a>",
            b"<a>&#0;</a>",
            b"<a>\x01</a>",
            b"<a>\xff</a>",
            b"<x:a/>",
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        ];
        for bytes in wrong {
            let refusal = Document::read(bytes).map(|_| ()).unwrap_err();
            assert_eq!(
                refusal.kind,
                Kind::Unreadable,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}
