//! What a message may cost, counted in one pass over its bytes before anything is built from them.

use super::refusal::Refusal;

/// Free rooms of forty categories, told night by night for 500 nights, are 3 MB.
const BYTES: usize = 4 << 20;
const DEPTH: usize = 48;
const ELEMENTS: usize = 90_000;
/// Comments, instructions and sections. Real messages have some dozens.
const SKIPPED: usize = 10_000;
const ATTRIBUTES: usize = 160_000;
/// No schema here gives an element more than twenty.
const ATTRIBUTES_OF_ONE: usize = 64;
/// One text, comment or tag.
const RUN: usize = 64 << 10;
/// Prefixes cost memory for each element that declares one.
const NAMESPACES: usize = 64;

#[derive(Default)]
struct Count {
    depth: usize,
    elements: usize,
    skipped: usize,
    attributes: usize,
}

impl Count {
    fn element(&mut self) -> Result<(), Refusal> {
        self.elements += 1;
        within(self.elements, ELEMENTS, "elements")
    }
}

/// Refuses a document type (and with it every entity but the five of XML itself), and whatever is too much.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    within(text.len(), BYTES, "bytes")?;
    within(text.matches("xmlns").count(), NAMESPACES, "namespaces")?;
    let mut count = Count::default();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        within(at, RUN, "characters in one text")?;
        rest = &rest[at..];
        let length = match markup(rest) {
            Markup::Skipped(end) => {
                count.skipped += 1;
                within(count.skipped, SKIPPED, "comments and the like")?;
                past(rest, end)?
            }
            Markup::Declaration => return Err(Refusal::unreadable("a document type is not taken")),
            Markup::Tag => tag(rest, &mut count)?,
        };
        within(length, RUN, "characters in one tag, comment or section")?;
        rest = rest.get(length..).unwrap_or_default();
    }
    within(rest.len(), RUN, "characters in one text")
}

enum Markup {
    /// Ends with this.
    Skipped(&'static str),
    Declaration,
    Tag,
}

fn markup(rest: &str) -> Markup {
    let known = [
        ("<!--", Markup::Skipped("-->")),
        ("<![CDATA[", Markup::Skipped("]]>")),
        ("<?", Markup::Skipped("?>")),
        ("<!", Markup::Declaration),
    ];
    let found = known.into_iter().find(|(start, _)| rest.starts_with(start));
    found.map_or(Markup::Tag, |(_, markup)| markup)
}

fn past(rest: &str, end: &str) -> Result<usize, Refusal> {
    let at = rest
        .find(end)
        .ok_or_else(|| Refusal::unreadable("the document ends too early"))?;
    Ok(at + end.len())
}

/// Length of the tag at the start of `rest`, its attributes and depth counted.
fn tag(rest: &str, count: &mut Count) -> Result<usize, Refusal> {
    let (mut quote, mut attributes, mut last) = (None, 0, b'<');
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => {
                within(attributes, ATTRIBUTES_OF_ONE, "attributes of one element")?;
                count.attributes += attributes;
                within(count.attributes, ATTRIBUTES, "attributes")?;
                nest(rest, last, count)?;
                return Ok(at + 1);
            }
            _ => {}
        }
        if attributes > ATTRIBUTES_OF_ONE || at > RUN {
            break;
        }
        last = byte;
    }
    within(attributes, ATTRIBUTES_OF_ONE, "attributes of one element")?;
    Err(Refusal::unreadable("a tag does not end"))
}

fn nest(rest: &str, last: u8, count: &mut Count) -> Result<(), Refusal> {
    if rest.starts_with("</") {
        count.depth = count.depth.saturating_sub(1);
        return Ok(());
    }
    count.element()?;
    within(count.depth + 1, DEPTH, "levels")?;
    if last != b'/' {
        count.depth += 1;
    }
    Ok(())
}

fn within(found: usize, limit: usize, what: &str) -> Result<(), Refusal> {
    if found > limit {
        return Err(Refusal::unreadable(format!("more than {limit} {what}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        check(text).unwrap_err().reason
    }

    #[test]
    fn takes_what_is_within_every_limit() {
        let attributes: String = (0..ATTRIBUTES_OF_ONE).map(|i| format!(" a{i}='>=<'")).collect();
        let deep = "<a>".repeat(DEPTH) + &"</a>".repeat(DEPTH);
        let long = "x".repeat(RUN);
        for text in [
            format!("<?xml version='1.0'?><a{attributes}/>"),
            deep,
            format!("<a>{long}</a>"),
            "<a><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE x>]]></a>".to_owned(),
        ] {
            check(&text).unwrap();
        }
    }

    #[test]
    fn refuses_one_more_than_each_limit() {
        let attributes: String = (0..=ATTRIBUTES_OF_ONE).map(|i| format!(" a{i}=''")).collect();
        let one = format!("<a{}/>", " a=''".repeat(ATTRIBUTES_OF_ONE));
        for (text, what) in [
            (" ".repeat(BYTES + 1), "bytes"),
            (format!("<a{attributes}/>"), "attributes of one element"),
            (one.repeat(ATTRIBUTES / ATTRIBUTES_OF_ONE + 1), "attributes"),
            ("<a>".repeat(DEPTH + 1), "levels"),
            ("<a/>".repeat(ELEMENTS + 1), "elements"),
            ("<!---->".repeat(SKIPPED + 1), "comments and the like"),
            (
                format!("<a>{}</a>", "x".repeat(RUN + 1)),
                "characters in one text",
            ),
            ("x".repeat(RUN + 1), "characters in one text"),
            (
                format!("<a><!--{}--></a>", "x".repeat(RUN)),
                "characters in one tag",
            ),
            (
                format!("<a>{}</a>", "<b xmlns=''/>".repeat(NAMESPACES + 1)),
                "namespaces",
            ),
        ] {
            let said = refused(&text);
            assert!(said.contains(what), "{what}: {said}");
        }
    }

    #[test]
    fn refuses_document_types_and_what_does_not_end() {
        for (text, said) in [
            (
                "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                "a document type is not taken",
            ),
            ("<a><!DOCTYPE x></a>", "a document type is not taken"),
            ("<a b='>", "a tag does not end"),
            ("<a><!-- x", "the document ends too early"),
        ] {
            assert_eq!(refused(text), said);
        }
        assert_eq!(
            refused(&format!("<a b='{}", "x".repeat(RUN * 2))),
            "a tag does not end"
        );
    }
}
