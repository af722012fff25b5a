//! Content lines: `NAME;PARAMETER=...:value`, unfolded.

use super::{Unreadable, limits};
use std::borrow::Cow;

pub(super) struct Line<'a> {
    bytes: Cow<'a, [u8]>,
    name: usize,
    value: usize,
    /// Of the first line as sent, from 1.
    pub number: usize,
}

impl<'a> Line<'a> {
    fn new(bytes: Cow<'a, [u8]>, number: usize) -> Self {
        let mut quoted = false;
        let colon = bytes.iter().position(|byte| {
            quoted ^= *byte == b'"';
            *byte == b':' && !quoted
        });
        let head = colon.unwrap_or(bytes.len());
        let semicolon = bytes.iter().take(head).position(|byte| *byte == b';');
        let name = semicolon.unwrap_or(head);
        let value = colon.map_or(bytes.len(), |colon| colon + 1);
        Self {
            bytes,
            name,
            value,
            number,
        }
    }
    pub fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }
    pub fn is(&self, name: &str) -> bool {
        let own = self.bytes.get(..self.name).unwrap_or_default();
        own.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
    }
    pub fn value(&self) -> Cow<'_, str> {
        let value = self.bytes.get(self.value..).unwrap_or_default();
        String::from_utf8_lossy(value.trim_ascii())
    }
    pub fn says(&self, value: &str) -> bool {
        self.value().eq_ignore_ascii_case(value)
    }
    pub fn broken(&self, what: &'static str) -> Unreadable {
        Unreadable::Broken {
            line: self.number,
            what,
        }
    }
}

pub(super) struct Lines<'a> {
    rest: &'a [u8],
    read: usize,
}

impl<'a> Lines<'a> {
    pub fn new(body: &'a [u8]) -> Self {
        Self {
            rest: body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body),
            read: 0,
        }
    }

    /// One line as sent, without its end.
    fn sent(&mut self) -> Result<&'a [u8], Unreadable> {
        self.read += 1;
        if self.read > limits::LINES {
            return Err(Unreadable::TooMuch {
                most: limits::LINES,
                what: "lines",
            });
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (self.rest.get(..end), self.rest.get(end + 1..)),
            None => (Some(self.rest), None),
        };
        self.rest = rest.unwrap_or_default();
        let line = line.unwrap_or_default();
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn unfolded(&mut self) -> Result<Line<'a>, Unreadable> {
        let number = self.read + 1;
        let mut line = Cow::Borrowed(self.sent()?);
        while let Some(b' ' | b'\t') = self.rest.first() {
            let more = self.sent()?;
            line.to_mut().extend_from_slice(more.get(1..).unwrap_or_default());
        }
        if line.len() > limits::LINE {
            return Err(Unreadable::TooMuch {
                most: limits::LINE,
                what: "bytes in a line",
            });
        }
        Ok(Line::new(line, number))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.rest.is_empty()).then(|| self.unfolded())
    }
}
