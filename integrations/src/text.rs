//! Text of others, made fit to keep: no control characters (PostgreSQL refuses NUL), trimmed, bounded.

/// `None` when nothing is left. Line breaks and tabs stay; what exceeds `limit` characters is cut.
pub(crate) fn clean(text: &str, limit: usize) -> Option<String> {
    let kept: String = text.trim().chars().filter(|c| fits(*c)).take(limit).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// May the character be stored and shown?
pub(crate) fn fits(c: char) -> bool {
    !c.is_control() || c == '\n' || c == '\t'
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn drops_what_cannot_be_stored_and_cuts_the_rest() {
        assert_eq!(clean(" a\u{0}b\nc ", 10).as_deref(), Some("ab\nc"));
        assert_eq!(clean("größer", 3).as_deref(), Some("grö"));
        assert_eq!(clean(" \u{0} ", 3), None);
    }
}
