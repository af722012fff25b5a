//! A place in a message that knows its own path, so that a complaint says where.

use super::refusal::{Code, Kind, Refusal};
use chrono::{DateTime, NaiveDate};
use innkeep_domain::money;
use roxmltree::Node;
use rust_decimal::Decimal;
use std::fmt::Display;

/// Attributes of this namespace speak to XML tools, not to us.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

const NO_AMOUNT: &str = "is not an amount in reach";
const NO_DATE: &str = "is not a date";

#[derive(Clone, Copy)]
pub struct Element<'a>(pub(super) Node<'a, 'a>);

impl<'a> Element<'a> {
    pub fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    pub fn namespace(self) -> Option<&'a str> {
        self.0.tag_name().namespace()
    }

    pub fn parent(self) -> Option<Self> {
        self.0.parent_element().map(Self)
    }

    pub fn children(self) -> impl Iterator<Item = Self> {
        self.0.children().filter(Node::is_element).map(Element)
    }

    pub fn all(self, name: &'static str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.name() == name)
    }

    pub fn child(self, name: &'static str) -> Option<Self> {
        self.all(name).next()
    }

    /// The children `name` of the child `list`: OTA wraps every list in an element.
    pub fn list(self, list: &'static str, name: &'static str) -> impl Iterator<Item = Self> {
        self.child(list)
            .into_iter()
            .flat_map(move |found| found.all(name))
    }

    /// The first element down this path.
    pub fn at(self, path: &[&'static str]) -> Option<Self> {
        path.iter().try_fold(self, |at, name| at.child(name))
    }

    /// Attributes without a prefix, and those with one that are not for XML tools.
    pub(crate) fn attributes(self) -> impl Iterator<Item = (Option<&'a str>, &'a str, &'a str)> {
        let all = self.0.attributes();
        let told = all.map(|a| (a.namespace(), a.name(), a.value()));
        told.filter(|(namespace, name, _)| {
            *namespace != Some(SCHEMA_INSTANCE)
                || !["schemaLocation", "noNamespaceSchemaLocation"].contains(name)
        })
    }

    pub fn get(self, attribute: &str) -> Option<&'a str> {
        self.0.attribute(attribute)
    }

    pub fn has(self, attribute: &str) -> bool {
        self.get(attribute).is_some()
    }

    /// All text directly inside, as written.
    pub fn text(self) -> String {
        self.0
            .children()
            .filter(Node::is_text)
            .filter_map(|node| node.text())
            .collect()
    }

    pub fn fail(self, kind: Kind, code: Code, reason: impl Display) -> Refusal {
        Refusal {
            kind,
            code,
            path: self.path(),
            reason: reason.to_string(),
        }
    }

    /// A rule of the action is broken here.
    pub fn wrong(self, code: Code, reason: impl Display) -> Refusal {
        self.fail(Kind::Rule, code, reason)
    }

    pub fn need(self, attribute: &str) -> Result<&'a str, Refusal> {
        let missing = || self.wrong(Code::MISSING, format!("{attribute} is missing"));
        self.get(attribute).ok_or_else(missing)
    }

    pub fn need_child(self, name: &'static str) -> Result<Self, Refusal> {
        let missing = || self.wrong(Code::MISSING, format!("{name} is missing"));
        self.child(name).ok_or_else(missing)
    }

    /// None of these attributes and child elements may stand here; `why` ends the sentence.
    pub fn bare(self, names: &[&str], why: &str) -> Result<(), Refusal> {
        let child = |name: &str| self.children().any(|child| child.name() == name);
        match names.iter().find(|name| self.has(name) || child(name)) {
            Some(name) => Err(self.wrong(Code::INVALID_VALUE, format!("{name} must not stand {why}"))),
            None => Ok(()),
        }
    }

    pub fn date(self, attribute: &str) -> Result<Option<NaiveDate>, Refusal> {
        self.read(attribute, Code::DATES, NO_DATE, date)
    }

    /// With its offset; one without is in no zone that we know, and is read as none at all.
    pub fn instant(self, attribute: &str) -> Option<DateTime<chrono::Utc>> {
        instant(self.get(attribute)?)
    }

    pub fn number(self, attribute: &str) -> Result<Option<u32>, Refusal> {
        let read = |text: &str| text.trim().parse().ok();
        self.read(
            attribute,
            Code::INVALID_VALUE,
            "is not a whole number in reach",
            read,
        )
    }

    pub fn amount(self, attribute: &str) -> Result<Option<Decimal>, Refusal> {
        self.read(attribute, Code::INVALID_VALUE, NO_AMOUNT, amount)
    }

    /// An amount as text inside.
    pub fn text_amount(self) -> Result<Decimal, Refusal> {
        amount(&self.text()).ok_or_else(|| self.wrong(Code::INVALID_VALUE, NO_AMOUNT))
    }

    /// A date as text inside.
    pub fn text_date(self) -> Result<NaiveDate, Refusal> {
        date(&self.text()).ok_or_else(|| self.wrong(Code::DATES, NO_DATE))
    }

    /// As [`Self::instant`], from the text inside.
    pub fn text_instant(self) -> Option<DateTime<chrono::Utc>> {
        instant(&self.text())
    }

    /// The element as it was written, with everything inside.
    pub fn source(self) -> &'a str {
        let document = self.0.document().input_text();
        document.get(self.0.range()).unwrap_or_default()
    }

    pub fn flag(self, attribute: &str) -> bool {
        self.get(attribute)
            .is_some_and(|text| ["1", "true"].contains(&text.trim()))
    }

    fn read<T>(
        self,
        attribute: &str,
        code: Code,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.get(attribute) else {
            return Ok(None);
        };
        let wrong = || self.wrong(code, format!("{attribute} {what}"));
        read(text).map(Some).ok_or_else(wrong)
    }

    /// `A/B[2]/C`: an index where the parent has several of the name.
    fn path(self) -> String {
        let mut steps: Vec<String> = std::iter::successors(Some(self), |at| at.parent())
            .map(|at| at.step())
            .collect();
        steps.reverse();
        steps.join("/")
    }

    fn step(self) -> String {
        let name: String = self.name().chars().take(64).collect();
        let same = |siblings: Self| {
            siblings
                .children()
                .filter(|child| child.name() == self.name())
                .collect()
        };
        let alike: Vec<Self> = self.parent().map(same).unwrap_or_default();
        match alike.iter().position(|child| child.0 == self.0) {
            Some(index) if alike.len() > 1 => format!("{name}[{}]", index + 1),
            _ => name,
        }
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    text.trim().get(..10)?.parse().ok()
}

fn instant(text: &str) -> Option<DateTime<chrono::Utc>> {
    let at = DateTime::parse_from_rfc3339(text.trim()).ok()?;
    Some(at.to_utc())
}

fn amount(text: &str) -> Option<Decimal> {
    let amount = Decimal::from_str_exact(text.trim()).ok();
    amount.filter(|amount| amount.abs() <= money::LARGEST)
}
