//! Messages as the portal reads and writes them.

use chrono::NaiveDate;
use roxmltree::Node;

pub(crate) const NAMESPACE: &str = "http://www.opentravel.org/OTA/2003/05";
/// No period is longer: three years.
const LONGEST: i64 = 1_100;

/// A warning beside a success.
pub(crate) struct Warning {
    pub(crate) kind: u8,
    /// Where the message has room for one.
    pub(crate) code: Option<u16>,
    pub(crate) record: Option<String>,
    pub(crate) status: Option<&'static str>,
    pub(crate) text: String,
}

impl Warning {
    /// This part was not taken.
    pub(crate) fn not_taken(record: &str, text: &str) -> Self {
        Self {
            kind: 3,
            code: None,
            record: Some(record.to_owned()),
            status: None,
            text: text.to_owned(),
        }
    }

    pub(crate) fn send(status: &'static str) -> Self {
        Self {
            kind: 11,
            code: None,
            record: None,
            status: Some(status),
            text: "this portal has lost what it knew".to_owned(),
        }
    }
}

/// Why a message is refused as a whole: a code of OpenTravel's list, and words.
pub(crate) struct Error(pub(crate) u16, pub(crate) String);

pub(crate) fn element<'a>(at: Node<'a, 'a>, name: &'static str) -> Option<Node<'a, 'a>> {
    elements(at, name).next()
}

pub(crate) fn elements<'a>(at: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    at.children()
        .filter(move |child| child.has_tag_name((NAMESPACE, name)))
}

/// From the first night to the last, both included.
pub(crate) fn period(at: Node<'_, '_>) -> Result<Vec<NaiveDate>, Error> {
    let day = |name: &str| at.attribute(name).and_then(|text| text.parse::<NaiveDate>().ok());
    let wrong = || Error(404, "Start and End are no dates, or not in order".to_owned());
    let (from, last) = day("Start").zip(day("End")).ok_or_else(wrong)?;
    if last < from || (last - from).num_days() > LONGEST {
        return Err(wrong());
    }
    Ok(from.iter_days().take_while(|night| *night <= last).collect())
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The answer `name` to a message that was taken, with `rest` behind the warnings, or refused.
pub(crate) fn answer(name: &str, taken: Result<(Vec<Warning>, String), Error>) -> String {
    let body = match taken {
        Err(Error(code, text)) => format!(
            "<Errors><Error Type=\"13\" Code=\"{code}\">{}</Error></Errors>",
            escaped(&text)
        ),
        Ok((warnings, rest)) => format!("<Success/>{}{rest}", list(&warnings)),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{NAMESPACE}\" Version=\"1.000\">{body}</{name}>"
    )
}

fn list(warnings: &[Warning]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let attribute = |name: &str, value: Option<&str>| {
        value.map_or_else(String::new, |value| format!(" {name}=\"{}\"", escaped(value)))
    };
    let all: String = warnings
        .iter()
        .map(|one| {
            format!(
                "<Warning Type=\"{}\"{}{}{}>{}</Warning>",
                one.kind,
                one.code
                    .map_or_else(String::new, |code| format!(" Code=\"{code}\"")),
                attribute("RecordID", one.record.as_deref()),
                attribute("Status", one.status),
                escaped(&one.text)
            )
        })
        .collect();
    format!("<Warnings>{all}</Warnings>")
}
