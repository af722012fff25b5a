//! Indented lines as a tree.

/// A line and the lines indented below it.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub(super) said: &'static str,
    pub(super) below: Vec<Line>,
}

/// Two blanks are one level; empty lines and those that start with `#` say nothing.
pub(super) fn lines(text: &'static str) -> Vec<Line> {
    let told = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mut told = told.peekable();
    level(&mut told, 0)
}

fn level(told: &mut std::iter::Peekable<impl Iterator<Item = &'static str>>, depth: usize) -> Vec<Line> {
    let mut found = Vec::new();
    while let Some(line) = told.next_if(|line| indent(line) >= depth) {
        let below = level(told, depth + 1);
        found.push(Line {
            said: line.trim_start(),
            below,
        });
    }
    found
}

fn indent(line: &str) -> usize {
    (line.len() - line.trim_start_matches(' ').len()) / 2
}

impl Line {
    /// The first word and the rest.
    pub(super) fn split(&self) -> (&'static str, &'static str) {
        self.said.split_once(' ').unwrap_or((self.said, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_nest_by_indentation() {
        let line = |said, below| Line { said, below };
        let found = lines("a\n  b x\n    c\n\n# no\n  d\ne\n");
        let a = vec![line("b x", vec![line("c", vec![])]), line("d", vec![])];
        assert_eq!(found, [line("a", a), line("e", vec![])]);
    }
}
