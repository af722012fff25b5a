//! Rate plans as reservations name them.

/// Ends the id of a plan whose booking Booking.com pays by a virtual card.
const PAID_BY_CARD: &str = "VCC";

/// Its id, and whether Booking.com pays by a virtual card.
pub(super) fn read(code: &str) -> (String, bool) {
    let code = code.trim();
    match code.strip_suffix(PAID_BY_CARD) {
        Some(id) => (id.trim_end().to_owned(), true),
        None => (code.to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_plan_paid_by_card_has_the_id_of_the_plan() {
        assert_eq!(read(" 4326892"), ("4326892".to_owned(), false));
        assert_eq!(read("4326892VCC"), ("4326892".to_owned(), true));
        assert_eq!(read("VCC"), (String::new(), true));
    }
}
