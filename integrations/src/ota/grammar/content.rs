//! Does an element follow its shape? Schemas give each element one place only, so there is nothing to try out: whatever
//! may stand next is known from its name.

use super::shape::{Attribute, Content, Particle, Shape, Term};
use crate::ota::NAMESPACE;
use crate::ota::element::Element;
use crate::ota::refusal::{Code, Kind, Refusal};
use std::iter::Peekable;
use std::vec::IntoIter;

type Children<'a> = Peekable<IntoIter<Element<'a>>>;

pub(super) fn check(shape: &Shape, at: Element<'_>) -> Result<(), Refusal> {
    if at.namespace() != Some(NAMESPACE) {
        return Err(broken(at, Code::UNABLE, "is not in the namespace of OTA"));
    }
    if matches!(shape.content, Content::Anything) {
        return Ok(());
    }
    attributes(&shape.attributes, at)?;
    match &shape.content {
        Content::Anything => Ok(()),
        Content::Mixed => childless(at),
        Content::Text(simple) => {
            childless(at)?;
            let right = simple.takes(&at.text());
            right
                .then_some(())
                .ok_or_else(|| broken(at, Code::INVALID_VALUE, "has a text that it must not have"))
        }
        Content::Elements(particles) => elements(particles, at),
    }
}

fn broken(at: Element<'_>, code: Code, reason: impl std::fmt::Display) -> Refusal {
    at.fail(Kind::Schema, code, reason)
}

fn attributes(known: &[Attribute], at: Element<'_>) -> Result<(), Refusal> {
    for (namespace, name, value) in at.attributes() {
        let found = known.iter().find(|one| one.name == name && namespace.is_none());
        let Some(attribute) = found else {
            return Err(broken(
                at,
                Code::INVALID_VALUE,
                "has an attribute that is not in the schema",
            ));
        };
        if !attribute.value.takes(value) {
            let reason = format!("{} has a value that it must not have", attribute.name);
            return Err(broken(at, Code::INVALID_VALUE, reason));
        }
    }
    match known.iter().find(|one| one.needed && !at.has(one.name)) {
        Some(missing) => Err(broken(at, Code::MISSING, format!("{} is missing", missing.name))),
        None => Ok(()),
    }
}

fn childless(at: Element<'_>) -> Result<(), Refusal> {
    match at.children().next() {
        Some(child) => Err(broken(child, Code::INVALID_VALUE, "must not stand here")),
        None => Ok(()),
    }
}

fn elements(particles: &[Particle], at: Element<'_>) -> Result<(), Refusal> {
    let text = at.text();
    let empty = particles.is_empty() && text.is_empty();
    if !empty && (particles.is_empty() || !text.trim().is_empty()) {
        return Err(broken(at, Code::INVALID_VALUE, "must not have text"));
    }
    let mut children = at.children().collect::<Vec<_>>().into_iter().peekable();
    sequence(particles, &mut children, at)?;
    match children.next() {
        Some(child) => Err(broken(child, Code::INVALID_VALUE, "must not stand here")),
        None => Ok(()),
    }
}

fn sequence(particles: &[Particle], children: &mut Children<'_>, at: Element<'_>) -> Result<(), Refusal> {
    particles
        .iter()
        .try_for_each(|particle| repeat(particle, children, at))
}

/// As often as it may, and at least as often as it must.
fn repeat(particle: &Particle, children: &mut Children<'_>, at: Element<'_>) -> Result<(), Refusal> {
    let mut times = 0;
    while times < particle.most {
        let Some(next) = children.peek() else { break };
        if !particle.term.starts_with(next.name()) {
            break;
        }
        once(&particle.term, children, at)?;
        times += 1;
    }
    if times >= particle.least || particle.term.may_be_empty() {
        return Ok(());
    }
    let reason = format!("{} is missing", particle.term.first());
    Err(broken(at, Code::MISSING, reason))
}

fn once(term: &Term, children: &mut Children<'_>, at: Element<'_>) -> Result<(), Refusal> {
    match term {
        Term::Element(_, shape) => children.next().map_or(Ok(()), |child| check(shape, child)),
        Term::Sequence(parts) => sequence(parts, children, at),
        Term::Choice(ways) => {
            let next = children.peek().map_or("", |child| child.name());
            let way = ways.iter().find(|way| way.term.starts_with(next));
            way.map_or(Ok(()), |way| repeat(way, children, at))
        }
    }
}

impl Term {
    /// May an element of this name begin it?
    fn starts_with(&self, name: &str) -> bool {
        match self {
            Self::Element(own, _) => *own == name,
            Self::Choice(ways) => ways.iter().any(|way| way.term.starts_with(name)),
            Self::Sequence(parts) => {
                let optional = parts.iter().take_while(|part| part.may_be_absent()).count();
                parts
                    .iter()
                    .take(optional + 1)
                    .any(|part| part.term.starts_with(name))
            }
        }
    }

    fn may_be_empty(&self) -> bool {
        match self {
            Self::Element(..) => false,
            Self::Sequence(parts) => parts.iter().all(Particle::may_be_absent),
            Self::Choice(ways) => ways.iter().any(Particle::may_be_absent),
        }
    }

    /// What is told to be missing.
    fn first(&self) -> &'static str {
        match self {
            Self::Element(name, _) => name,
            Self::Sequence(parts) | Self::Choice(parts) => {
                parts.first().map_or("content", |part| part.term.first())
            }
        }
    }
}

impl Particle {
    fn may_be_absent(&self) -> bool {
        self.least == 0 || self.term.may_be_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::ota::document::Document;
    use crate::ota::grammar::Grammar;

    const GRAMMAR: &str = "
type word = xs:string minLength=1
message Root
  group names
  choice
    sequence
      A?
        @X word
      B+ word
    C{1,2}
      mixed
      @Y? xs:boolean
  @Version xs:string
  @Made? xs:date

group names
  Name* word
  Any? any
";

    fn said(xml: &str) -> Result<(), String> {
        let text = format!("<Root xmlns='http://www.opentravel.org/OTA/2003/05' {xml}</Root>");
        let document = Document::read(text.as_bytes()).map_err(|refusal| refusal.to_string())?;
        let grammar = Grammar::new(&[GRAMMAR]);
        assert!(grammar.faults().is_empty(), "{:?}", grammar.faults());
        grammar
            .check(document.root())
            .map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn takes_what_the_notation_says() {
        for xml in [
            "Version='1'><B>b</B>",
            "Version='1' Made='2026-01-01'> <Name>n</Name> <Name>m</Name><Any x='y'>t<z/></Any><A X='x'/><B>b</B><B>c</B> ",
            "Version=''><C Y='1'>text</C><C/>",
            "Version='1' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'><C/>",
        ] {
            assert_eq!(said(xml), Ok(()), "{xml}");
        }
    }

    #[test]
    fn refuses_everything_else_and_says_where() {
        for (xml, reason) in [
            ("><C/>", "Root: Version is missing"),
            (
                "Version='1' Other=''><C/>",
                "Root: has an attribute that is not in the schema",
            ),
            (
                "Version='1' xmlns:o='o' o:Version=''><C/>",
                "Root: has an attribute that is not in the schema",
            ),
            (
                "Version='1' Made='today'><C/>",
                "Root: Made has a value that it must not have",
            ),
            ("Version='1'>", "Root: A is missing"),
            ("Version='1'><A X='x'/>", "Root: B is missing"),
            ("Version='1'><B>b</B><A X='x'/>", "Root/A: must not stand here"),
            ("Version='1'><B>b</B><C/>", "Root/C: must not stand here"),
            ("Version='1'><C/><C/><C/>", "Root/C[3]: must not stand here"),
            (
                "Version='1'><B>b</B><B/>",
                "Root/B[2]: has a text that it must not have",
            ),
            ("Version='1'><A/><B>b</B>", "Root/A: X is missing"),
            (
                "Version='1'><A X='x'>text</A><B>b</B>",
                "Root/A: must not have text",
            ),
            ("Version='1'><A X='x'> </A><B>b</B>", "Root/A: must not have text"),
            ("Version='1'>text<C/>", "Root: must not have text"),
            ("Version='1'><C><D/></C>", "Root/C/D: must not stand here"),
            ("Version='1'><B>b<D/></B>", "Root/B/D: must not stand here"),
            (
                "Version='1'><C xmlns=''/>",
                "Root/C: is not in the namespace of OTA",
            ),
        ] {
            assert_eq!(said(xml), Err(reason.to_owned()), "{xml}");
        }
    }

    #[test]
    fn what_is_not_understood_accepts_nothing() {
        let grammar = Grammar::new(&["message Root\n  @Version unknown\n  group other\nnonsense\n"]);
        assert_eq!(grammar.faults(), ["unknown", "group other", "nonsense"]);
        let text = "<Root xmlns='http://www.opentravel.org/OTA/2003/05' Version='1'/>";
        assert!(
            grammar
                .check(Document::read(text.as_bytes()).unwrap().root())
                .is_err()
        );
    }
}
