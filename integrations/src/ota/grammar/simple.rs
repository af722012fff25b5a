//! Values: the simple types of XML Schema that OTA messages use, and what narrows them.

use super::lexical::Base;
use regex::Regex;
use rust_decimal::Decimal;
use std::collections::HashMap;

/// A value is right if one of these takes it.
#[derive(Debug, Clone)]
pub(super) struct Simple(Vec<Kind>);

#[derive(Debug, Clone)]
struct Kind {
    base: Base,
    facets: Vec<Facet>,
}

#[derive(Debug, Clone)]
enum Facet {
    OneOf(Vec<String>),
    /// In characters.
    AtLeast(usize),
    AtMost(usize),
    Pattern(Regex),
    From(Decimal),
    Above(Decimal),
    To(Decimal),
}

/// Types by their name, and those that were read before: compiling a pattern costs.
#[derive(Default)]
pub(super) struct Types {
    named: HashMap<&'static str, &'static str>,
    read: HashMap<String, Simple>,
}

impl Types {
    /// `def_date = xs:date pattern=\S+`
    pub(super) fn name(&mut self, said: &'static str) {
        if let Some((name, means)) = said.split_once(" = ") {
            self.named.insert(name, means);
        }
    }

    /// A base with facets, or several with ` or ` between them.
    pub(super) fn read(&mut self, said: &str) -> Option<Simple> {
        if let Some(known) = self.read.get(said) {
            return Some(known.clone());
        }
        let simple = self.expand(said, 0)?;
        self.read.insert(said.to_owned(), simple.clone());
        Some(simple)
    }

    fn expand(&self, said: &str, depth: usize) -> Option<Simple> {
        let mut kinds = Vec::new();
        for one in said.split(" or ") {
            let (word, rest) = one.split_once(' ').unwrap_or((one, ""));
            let mut found = match self.named.get(word) {
                Some(means) if depth < 8 => self.expand(means, depth + 1)?,
                Some(_) => return None,
                None => Simple(vec![base(word)?]),
            };
            let facets = facets(rest)?;
            found
                .0
                .iter_mut()
                .for_each(|kind| kind.facets.extend(facets.iter().cloned()));
            kinds.extend(found.0);
        }
        Some(Simple(kinds))
    }
}

fn base(word: &str) -> Option<Kind> {
    let (base, facets) = match word {
        "xs:string" => (Base::String, vec![]),
        "xs:anyURI" => (Base::Uri, vec![]),
        "xs:language" => (Base::Language, vec![]),
        "xs:boolean" => (Base::Boolean, vec![]),
        "xs:integer" => (Base::Integer, vec![]),
        "xs:nonNegativeInteger" => (Base::Integer, vec![Facet::From(Decimal::ZERO)]),
        "xs:positiveInteger" => (Base::Integer, vec![Facet::From(Decimal::ONE)]),
        "xs:decimal" => (Base::Decimal, vec![]),
        "xs:date" => (Base::Date, vec![]),
        "xs:dateTime" => (Base::DateTime, vec![]),
        "xs:time" => (Base::Time, vec![]),
        _ => return None,
    };
    Some(Kind { base, facets })
}

/// `(a | b)` or `name=value …`; a pattern takes the rest of the line.
fn facets(said: &str) -> Option<Vec<Facet>> {
    let mut found = Vec::new();
    let mut rest = said.trim();
    while !rest.is_empty() {
        if let Some(pattern) = rest.strip_prefix("pattern=") {
            found.push(Facet::Pattern(Regex::new(&format!("^(?:{pattern})$")).ok()?));
            break;
        }
        if let Some(values) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            let values = values.split('|').map(|value| value.trim().to_owned());
            found.push(Facet::OneOf(values.collect()));
            break;
        }
        let (one, more) = rest.split_once(' ').unwrap_or((rest, ""));
        found.push(facet(one)?);
        rest = more.trim_start();
    }
    Some(found)
}

fn facet(said: &str) -> Option<Facet> {
    let (name, value) = said.split_once('=')?;
    Some(match name {
        "minLength" => Facet::AtLeast(value.parse().ok()?),
        "maxLength" => Facet::AtMost(value.parse().ok()?),
        "minInclusive" => Facet::From(value.parse().ok()?),
        "minExclusive" => Facet::Above(value.parse().ok()?),
        "maxInclusive" => Facet::To(value.parse().ok()?),
        _ => return None,
    })
}

impl Simple {
    /// Takes no value at all.
    pub(super) fn nothing() -> Self {
        Self(Vec::new())
    }

    pub(super) fn takes(&self, value: &str) -> bool {
        self.0.iter().any(|kind| kind.takes(value))
    }
}

impl Kind {
    fn takes(&self, value: &str) -> bool {
        let value = self.base.collapsed(value);
        self.base.takes(value) && self.facets.iter().all(|facet| facet.holds(value))
    }
}

impl Facet {
    fn holds(&self, value: &str) -> bool {
        // A number too long to be compared is too long to be used.
        let number = |holds: &dyn Fn(Decimal) -> bool| Decimal::from_str_exact(value).is_ok_and(holds);
        match self {
            Self::OneOf(values) => values.iter().any(|one| one == value),
            Self::AtLeast(characters) => value.chars().count() >= *characters,
            Self::AtMost(characters) => value.chars().count() <= *characters,
            Self::Pattern(pattern) => pattern.is_match(value),
            Self::From(limit) => number(&|found| found >= *limit),
            Self::Above(limit) => number(&|found| found > *limit),
            Self::To(limit) => number(&|found| found <= *limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, right: &[&str], wrong: &[&str]) {
        let mut types = Types::default();
        types.name("code = xs:string minLength=1 maxLength=3");
        types.name("count = xs:positiveInteger pattern=[0-9]+");
        let simple = types.read(said).unwrap();
        for value in right {
            assert!(simple.takes(value), "{said} takes {value}");
        }
        for value in wrong {
            assert!(!simple.takes(value), "{said} refuses {value}");
        }
    }

    #[test]
    fn facets_narrow_their_base() {
        check("code", &["a", "äöü"], &["", "abcd"]);
        check("code (ab | cd)", &["ab", "cd"], &["abc", "a", " ab"]);
        check("xs:string (a b | )", &["a b", ""], &["a", " "]);
        check("count", &["1", " 7 ", "007"], &["0", "-1", "+1", "", "1.0"]);
        check("count (1 | 23)", &["1", "23"], &["2", "3"]);
        check(
            "xs:decimal minInclusive=0.0 pattern=[0-9]*\\.?[0-9]*",
            &["0", "1.", ".5"],
            &["-1", ".", "", "1e3"],
        );
        check("xs:decimal minExclusive=0.0", &["0.01"], &["0", "0.0"]);
        check(
            "xs:integer minInclusive=2 maxInclusive=4",
            &["2", "4"],
            &["1", "5"],
        );
        check(
            "xs:string pattern=newsletter:(no|yes)",
            &["newsletter:no"],
            &["newsletter:", "xnewsletter:no"],
        );
        check(
            "xs:date or xs:time",
            &["2026-01-31", "10:00:00"],
            &["2026-01-31T10:00:00"],
        );
    }

    #[test]
    fn unknown_words_are_no_types() {
        let mut types = Types::default();
        for said in [
            "xs:float",
            "code",
            "xs:string length=3",
            "xs:string pattern=[",
            "xs:string minLength=x",
        ] {
            assert!(types.read(said).is_none(), "{said}");
        }
    }
}
