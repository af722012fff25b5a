//! Card numbers that people write into free text: found and masked before the text is stored or logged. Whoever keeps
//! them has to protect them by rules (PCI DSS 3.5) that a booking needs nobody to be under.

use std::borrow::Cow;

/// Digits that stay, as on a receipt.
const SHOWN: usize = 4;

/// Digits that stand together.
struct Group {
    /// Bytes of the text.
    start: usize,
    end: usize,
    /// One blank, hyphen or dot parts it from the group before.
    joined: bool,
}

/// The text with each card number's digits but the last four as `*`. Equal in length, and the same again when masked
/// again.
pub fn masked(text: &str) -> Cow<'_, str> {
    let groups = groups(text);
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(group) = groups.get(at) {
        let Some(count) = card_from(text, &groups, at) else {
            at += 1;
            continue;
        };
        if bytes.is_empty() {
            bytes = text.as_bytes().to_vec();
        }
        let end = groups.get(at + count - 1).map_or(group.end, |last| last.end);
        let number = bytes.get_mut(group.start..end).unwrap_or_default();
        let digits = number.iter_mut().filter(|b| b.is_ascii_digit());
        for digit in digits.rev().skip(SHOWN) {
            *digit = b'*';
        }
        at += count;
    }
    if bytes.is_empty() {
        return Cow::Borrowed(text);
    }
    // Digits became asterisks, one byte each: it is UTF-8 as before.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn groups(text: &str) -> Vec<Group> {
    let bytes = text.as_bytes();
    let mut groups: Vec<Group> = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_digit() {
            continue;
        }
        match groups.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            last => {
                let between = last.filter(|l| l.end + 1 == at).and_then(|l| bytes.get(l.end));
                groups.push(Group {
                    start: at,
                    end: at + 1,
                    joined: between.is_some_and(|b| b" -.".contains(b)),
                });
            }
        }
    }
    groups
}

/// How many groups from this one on are one card number: the most that can be.
fn card_from(text: &str, groups: &[Group], first: usize) -> Option<usize> {
    let mut digits = String::new();
    let mut found = None;
    for (count, group) in groups.iter().skip(first).enumerate() {
        if count > 0 && !group.joined {
            break;
        }
        digits.push_str(text.get(group.start..group.end)?);
        if digits.len() > 19 {
            break;
        }
        if is_issued(&digits) && has_check_digit(&digits) {
            found = Some(count + 1);
        }
    }
    found
}

/// Does a network issue numbers that begin so and are this long? Visa's 13 digits were given up long ago and are the
/// length of telephone numbers, so they are none.
fn is_issued(digits: &str) -> bool {
    let begins = |length| digits.get(..length).and_then(|d| d.parse::<u32>().ok());
    let (Some(two), Some(three), Some(four)) = (begins(2), begins(3), begins(4)) else {
        return false;
    };
    match digits.len() {
        14 => matches!(two, 36 | 38 | 39) || matches!(three, 300..=305 | 309),
        15 => matches!(two, 34 | 37),
        16 if matches!(two, 51..=55) || matches!(four, 2221..=2720) => true,
        16 | 19 if two / 10 == 4 => true,
        // Discover, JCB, Mir, Maestro, UnionPay, RuPay.
        16..=19 => matches!(two, 50 | 56..=69 | 81 | 82) || matches!(four, 2200..=2204 | 3528..=3589),
        _ => false,
    }
}

/// The Luhn check of ISO/IEC 7812.
fn has_check_digit(digits: &str) -> bool {
    let digits = digits.bytes().rev().map(|b| u32::from(b - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Networks' own numbers for tests.
    const NUMBERS: [&str; 9] = [
        "4111111111111111",
        "4000000000000000006",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "30569309025904",
        "6011111111111117",
        "3530111333300000",
        "6200000000000005",
    ];

    /// The number in groups of these lengths, parted by this.
    fn written(number: &str, lengths: &[usize], by: &str) -> String {
        let (mut groups, mut rest) = (Vec::new(), number);
        for length in lengths {
            let (group, left) = rest.split_at((*length).min(rest.len()));
            groups.push(group);
            rest = left;
        }
        groups.push(rest);
        groups.retain(|group| !group.is_empty());
        groups.join(by)
    }

    proptest! {
        #[test]
        fn a_card_number_is_masked_however_it_is_written(
            which in 0..NUMBERS.len(), lengths in prop::collection::vec(1..7_usize, 0..6), by in "[ .-]",
            before in "([a-z]{0,9}[ :,(]| 12 |\n)?", after in "([ ,;)][a-z]{0,9}| 12/27 123|\n)?",
        ) {
            let number = written(NUMBERS[which], &lengths, &by);
            let text = format!("{before}{number}{after}");
            let kept = masked(&text);
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            let shown: String = kept.chars().filter(|c| c.is_ascii_digit() || *c == '*').collect();
            let expected = format!("{}{}", "*".repeat(digits.len() - SHOWN), &digits[digits.len() - SHOWN..]);
            prop_assert!(shown.contains(&expected), "{text:?} became {kept:?}");
        }

        #[test]
        fn only_digits_change_and_masking_again_changes_nothing(text in "[0-9 .*a-zé-]{0,60}") {
            let once = masked(&text).into_owned();
            prop_assert_eq!(once.chars().count(), text.chars().count());
            for (a, b) in text.chars().zip(once.chars()) {
                prop_assert!(a == b || (a.is_ascii_digit() && b == '*'));
            }
            prop_assert_eq!(masked(&once), once.as_str());
        }

        /// E.164 allows 15 digits; no country uses more than 13.
        #[test]
        fn telephone_numbers_stay(country in "(1|7|33|34|351|36|39|44|49|55|62|852)", rest in "[0-9]{6,10}") {
            let number = format!("+{country} {rest}");
            prop_assert_eq!(masked(&number), number.as_str());
        }

        /// Without a good check digit it is some other number.
        #[test]
        fn a_wrong_check_digit_stays(which in 0..NUMBERS.len(), add in 1..10_u8) {
            let (head, last) = NUMBERS[which].split_at(NUMBERS[which].len() - 1);
            let wrong = format!("{head}{}", (last.as_bytes()[0] - b'0' + add) % 10);
            prop_assert_eq!(masked(&wrong), wrong.as_str());
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "",
            "room 4111 1111 1111 1112",
            "2026-05-01 2026-05-02",
            "IBAN DE89 3704 0044 0532 0130 00",
            "booking 1111111111111117",
            "0049 171 5550100 and 0049 171 5550101",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn two_cards_in_one_text_are_both_masked() {
        let text = "4111 1111 1111 1111, 4111111111111111 or\t378282246310005.";
        let kept = "**** **** **** 1111, ************1111 or\t***********0005.";
        assert_eq!(masked(text), kept);
    }
}
