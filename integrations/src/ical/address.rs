//! Where a calendar is, from what people are given to copy.

/// Channels and calendar programs hand out `webcal://` and `webcals://`, which only tell a machine what to open the link
/// with: what is meant is the same over https. Anything else is what it was.
pub fn address(link: String) -> String {
    match link.split_once("://") {
        Some((scheme, rest)) if is_webcal(scheme) => format!("https://{rest}"),
        _ => link,
    }
}

fn is_webcal(scheme: &str) -> bool {
    ["webcal", "webcals"]
        .iter()
        .any(|webcal| scheme.eq_ignore_ascii_case(webcal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_scheme_is_another() {
        for (link, expected) in [
            (
                "webcal://h.example/a.ics?s=webcal://x",
                "https://h.example/a.ics?s=webcal://x",
            ),
            ("WebCals://h.example:8443", "https://h.example:8443"),
            ("https://h.example/webcal://x", "https://h.example/webcal://x"),
            ("http://h.example", "http://h.example"),
            ("webcal:h.example", "webcal:h.example"),
            ("webcal", "webcal"),
        ] {
            assert_eq!(address(link.to_owned()), expected);
        }
    }
}
