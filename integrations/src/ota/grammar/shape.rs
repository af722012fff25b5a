//! What may stand in an element, built from the notation.

use super::notation::{Line, lines};
use super::simple::{Simple, Types};
use std::collections::HashMap;

#[derive(Debug)]
pub(super) struct Shape {
    pub(super) attributes: Vec<Attribute>,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) needed: bool,
    pub(super) value: Simple,
}

#[derive(Debug)]
pub(super) enum Content {
    Anything,
    /// Text beside nothing but attributes.
    Mixed,
    Text(Simple),
    /// In this order; none = the element is empty.
    Elements(Vec<Particle>),
}

#[derive(Debug)]
pub(super) struct Particle {
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) term: Term,
}

#[derive(Debug)]
pub(super) enum Term {
    Element(&'static str, Box<Shape>),
    Sequence(Vec<Particle>),
    Choice(Vec<Particle>),
}

/// Groups stand in groups; deeper than this, one stands in itself.
const GROUPS: usize = 8;

struct Builder<'a> {
    groups: HashMap<&'static str, &'a [Line]>,
    types: Types,
    faults: Vec<String>,
}

/// Messages by their name, and what could not be understood.
pub(super) fn build(files: &[&'static str]) -> (HashMap<&'static str, Shape>, Vec<String>) {
    let all: Vec<Line> = files.iter().flat_map(|text| lines(text)).collect();
    let mut builder = Builder {
        groups: HashMap::new(),
        types: Types::default(),
        faults: Vec::new(),
    };
    for line in &all {
        match line.split() {
            ("type", said) => builder.types.name(said),
            ("group", name) => {
                builder.groups.insert(name, &line.below);
            }
            _ => {}
        }
    }
    let mut messages = HashMap::new();
    for line in &all {
        match line.split() {
            ("type" | "group", _) => {}
            ("message", name) => {
                messages.insert(name, builder.shape(&line.below, 0));
            }
            _ => builder.faults.push(line.said.to_owned()),
        }
    }
    (messages, builder.faults)
}

impl Builder<'_> {
    fn shape(&mut self, below: &[Line], depth: usize) -> Shape {
        let mut attributes = Vec::new();
        let mut rest = Vec::new();
        let mut content = None;
        for line in below {
            match line.split() {
                ("mixed", "") => content = Some(Content::Mixed),
                ("text", said) => content = Some(Content::Text(self.simple(said))),
                (name, said) if name.starts_with('@') => attributes.push(self.attribute(name, said)),
                _ => rest.push(line),
            }
        }
        let particles = rest
            .into_iter()
            .flat_map(|line| self.particles(line, depth))
            .collect();
        Shape {
            attributes,
            content: content.unwrap_or(Content::Elements(particles)),
        }
    }

    fn attribute(&mut self, name: &'static str, said: &str) -> Attribute {
        let name = name.trim_start_matches('@');
        Attribute {
            name: name.trim_end_matches('?'),
            needed: !name.ends_with('?'),
            value: self.simple(said),
        }
    }

    /// One particle, or those of the group.
    fn particles(&mut self, line: &Line, depth: usize) -> Vec<Particle> {
        let (word, said) = line.split();
        if word == "group" {
            return self.group(said, depth);
        }
        let Some((name, least, most)) = occurs(word) else {
            self.faults.push(line.said.to_owned());
            return Vec::new();
        };
        let mut below = || {
            line.below
                .iter()
                .flat_map(|line| self.particles(line, depth))
                .collect()
        };
        let term = match name {
            "sequence" => Term::Sequence(below()),
            "choice" => Term::Choice(below()),
            name => Term::Element(name, Box::new(self.element(said, &line.below, depth))),
        };
        vec![Particle { least, most, term }]
    }

    fn element(&mut self, said: &str, below: &[Line], depth: usize) -> Shape {
        let content = match said {
            "" => return self.shape(below, depth),
            "any" => Content::Anything,
            said => Content::Text(self.simple(said)),
        };
        Shape {
            attributes: Vec::new(),
            content,
        }
    }

    fn group(&mut self, name: &str, depth: usize) -> Vec<Particle> {
        match self.groups.get(name).copied() {
            Some(below) if depth < GROUPS => below
                .iter()
                .flat_map(|line| self.particles(line, depth + 1))
                .collect(),
            _ => {
                self.faults.push(format!("group {name}"));
                Vec::new()
            }
        }
    }

    fn simple(&mut self, said: &str) -> Simple {
        self.types.read(said).unwrap_or_else(|| {
            self.faults.push(said.to_owned());
            Simple::nothing()
        })
    }
}

/// `Name{1,3}` = from one to three.
fn occurs(word: &'static str) -> Option<(&'static str, usize, usize)> {
    let many = usize::MAX;
    Some(match word.char_indices().next_back()? {
        (at, '?') => (&word[..at], 0, 1),
        (at, '*') => (&word[..at], 0, many),
        (at, '+') => (&word[..at], 1, many),
        (_, '}') => {
            let (name, bounds) = word.trim_end_matches('}').split_once('{')?;
            let (least, most) = bounds.split_once(',')?;
            let most = if most.is_empty() { many } else { most.parse().ok()? };
            (name, least.parse().ok()?, most)
        }
        _ => (word, 1, 1),
    })
}
