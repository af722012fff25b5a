//! A right message, broken once in every place, in ways that no schema and no rule allows anywhere.

use std::ops::Range;

/// Its content is free by the schema.
const FREE: &str = "Success";
const NUMBERS: [&str; 14] = [
    "Count",
    "Age",
    "Time",
    "NumberOfGuests",
    "AmountAfterTax",
    "Amount",
    "MinAge",
    "MaxAge",
    "MinOccupancy",
    "MaxOccupancy",
    "StandardOccupancy",
    "NightsRequired",
    "NightsDiscounted",
    "Percent",
];

/// What was done, and the message with it.
pub fn of(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let with =
        |range: Range<usize>, said: &str| format!("{}{said}{}", &text[..range.start], &text[range.end..]);
    for (index, tag) in tags(text).into_iter().enumerate() {
        let whole = &text[tag.clone()];
        let name = whole[1..]
            .split([' ', '\n', '\t', '\r', '/', '>'])
            .next()
            .unwrap_or_default();
        if name == FREE {
            continue;
        }
        let after = tag.start + 1 + name.len();
        found.push((
            format!("an attribute too many in {name}"),
            with(after..after, r#" Surplus="1""#),
        ));
        if index > 0 {
            found.push((
                format!("an element before {name}"),
                with(tag.start..tag.start, "<Surplus/>"),
            ));
            found.push((
                format!("text before {name}"),
                with(tag.start..tag.start, "surplus"),
            ));
            found.push((
                format!("{name} in no namespace"),
                with(after..after, r#" xmlns="""#),
            ));
        }
        found.push((format!("nothing from {name} on"), text[..tag.start].to_owned()));
        for (attribute, value) in attributes(text, tag) {
            let said = &text[value.clone()];
            if said.len() == 10
                && said
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| (byte == b'-') == (at == 4 || at == 7))
            {
                found.push((
                    format!("{attribute} on a day that is none"),
                    with(value.clone(), "2027-02-30"),
                ));
                found.push((format!("{attribute} in words"), with(value, "tomorrow")));
            } else if NUMBERS.contains(&attribute) {
                found.push((format!("{attribute} below zero"), with(value.clone(), "-1")));
                found.push((format!("{attribute} in words"), with(value, "one")));
            }
        }
    }
    found
}

/// Start tags, comments and the declaration passed over.
fn tags(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|found| at + found) {
        let rest = &text[start..];
        let end = if rest.starts_with("<!--") { "-->" } else { ">" };
        let length = rest.find(end).map_or(rest.len(), |found| found + end.len());
        if !["<!", "<?", "</"].iter().any(|other| rest.starts_with(other)) {
            found.push(start..start + length);
        }
        at = start + length;
    }
    found
}

/// Name and place of the value of each attribute without a prefix.
fn attributes(text: &str, tag: Range<usize>) -> Vec<(&str, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = tag.start;
    while let Some(equals) = text[at..tag.end].find('=').map(|found| at + found) {
        let name = text[at..equals].trim_end();
        let name = &name[name.rfind(char::is_whitespace).map_or(0, |blank| blank + 1)..];
        let Some(open) = text[equals..tag.end]
            .find(['"', '\''])
            .map(|found| equals + found)
        else {
            break;
        };
        let quote = &text[open..=open];
        let Some(close) = text[open + 1..tag.end].find(quote).map(|found| open + 1 + found) else {
            break;
        };
        if !name.contains(':') && name != "xmlns" {
            found.push((name, open + 1..close));
        }
        at = close + 1;
    }
    found
}
