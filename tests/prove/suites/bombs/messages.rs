//! OTA messages that would cost much: what XML parsers fell for, and what our own limits could overlook.

const NAMESPACE: &str = "http://www.opentravel.org/OTA/2003/05";

fn message(before: &str, inside: &str) -> String {
    format!(
        "{before}<OTA_HotelInvCountNotifRQ xmlns=\"{NAMESPACE}\" Version=\"4\">{inside}</OTA_HotelInvCountNotifRQ>"
    )
}

/// Name and text; `scale` makes them larger.
pub fn all(scale: usize) -> Vec<(&'static str, String)> {
    let many = 80_000 * scale;
    let laughs: String = (1..10)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect();
    let attributes: String = (0..many).map(|n| format!(" a{n}=\"\"")).collect();
    let namespaces: String = (0..many).map(|n| format!(" xmlns:n{n}=\"n\"")).collect();
    let long = "x".repeat(1 << 20).repeat(scale);
    let large = format!("<!DOCTYPE a [<!ENTITY l \"{}\">]>", "x".repeat(60_000));
    vec![
        (
            "a billion laughs",
            message(&format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]>"), "&l9;"),
        ),
        ("one large entity, often", message(&large, &"&l;".repeat(60_000))),
        (
            "an entity from a file",
            message("<!DOCTYPE a [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>", "&f;"),
        ),
        (
            "a document type from the net",
            message("<!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\">", ""),
        ),
        ("attributes", message("", &format!("<a{attributes}/>"))),
        (
            "the same attribute",
            message("", &format!("<a{}/>", " a=''".repeat(many))),
        ),
        ("attributes without end", format!("<a{attributes}")),
        ("namespaces", message("", &format!("<a{namespaces}/>"))),
        (
            "namespaces on each element",
            message("", &"<a xmlns:n='n'/>".repeat(many)),
        ),
        ("depth", "<a>".repeat(many)),
        (
            "depth in a right message",
            message("", &"<Inventories>".repeat(many)),
        ),
        ("elements", message("", &"<a/>".repeat(many))),
        ("comments", message("", &"<!---->".repeat(many))),
        ("instructions", message("", &"<?a?>".repeat(many))),
        ("sections", message("", &"<![CDATA[]]>".repeat(many))),
        ("a long text", message("", &long)),
        ("a long attribute", message("", &format!("<a b=\"{long}\"/>"))),
        ("a long name", message("", &format!("<{long}/>"))),
        ("a long comment", message("", &format!("<!--{long}-->"))),
        ("a long section", message("", &format!("<![CDATA[{long}]]>"))),
        ("a comment without end", message("", &format!("<!--{long}"))),
        ("a quote without end", message("", &format!("<a b=\"{long}"))),
        ("nothing but brackets", "<".repeat(many * 10)),
        ("nothing but blanks", " ".repeat(many * 100)),
        ("references", message("", &"&#65;".repeat(many * 10))),
    ]
}

/// As many free rooms as a large hotel tells night by night.
pub fn harmless() -> String {
    let inventory = |n: u32| {
        let (room, day) = (n % 40, n / 40);
        let night = chrono::NaiveDate::default() + chrono::Days::new(u64::from(day));
        format!(
            "<Inventory><StatusApplicationControl Start=\"{night}\" End=\"{night}\" InvTypeCode=\"R{room}\"/>\
             <InvCounts><InvCount CountType=\"2\" Count=\"3\"/></InvCounts></Inventory>"
        )
    };
    let all: String = (0..40 * 400).map(inventory).collect();
    let set = "<UniqueID Type=\"16\" ID=\"1\" Instance=\"CompleteSet\"/>";
    message(
        "",
        &format!("{set}<Inventories HotelCode=\"H7\">{all}</Inventories>"),
    )
}
