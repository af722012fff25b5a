//! Rules that a channel manager keeps for single ones of its channels: brought to what is wanted, by title. Nothing of them
//! is stored here: the channel manager has them, and is asked.

use super::connection::{self, logged};
use crate::db::TenantTx;
use crate::error::{Refusal, Result};
use crate::ports::channel::AvailabilityRule;
use crate::principal::Principal;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use uuid::Uuid;

/// One call to the channel manager; `id`s are its own.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Create(&'a AvailabilityRule),
    Replace { id: &'a str, rule: &'a AvailabilityRule },
    Delete { id: &'a str },
}

/// From what is there to what is wanted. What is as wanted needs no call, so a list that broke off half-way goes on when it
/// is given again.
pub fn steps<'a>(there: &'a [(String, AvailabilityRule)], wanted: &'a [AvailabilityRule]) -> Vec<Step<'a>> {
    let mut kept = HashSet::new();
    let mut steps = Vec::new();
    for rule in wanted {
        match there.iter().find(|(_, known)| known.title == rule.title) {
            Some((id, known)) => {
                kept.insert(id);
                if known != rule {
                    steps.push(Step::Replace { id, rule });
                }
            }
            None => steps.push(Step::Create(rule)),
        }
    }
    let gone = there.iter().filter(|(id, _)| !kept.contains(id));
    steps.extend(gone.map(|(id, _)| Step::Delete { id }));
    steps
}

/// What holds of rules wherever they are kept.
///
/// # Errors
/// 422: two of one title, a last night before the first.
pub fn check(rules: &[AvailabilityRule]) -> Result<(), Refusal> {
    let mut titles = HashSet::new();
    for (i, rule) in rules.iter().enumerate() {
        if !titles.insert(&rule.title) {
            let detail = "another rule has this title";
            return Err(Refusal::invalid("duplicate", detail).at(format!("/rules/{i}/title")));
        }
        if rule.last.is_some_and(|last| last < rule.from) {
            let detail = "`to` is not before `from`";
            return Err(Refusal::invalid("invalid_range", detail).at(format!("/rules/{i}/to")));
        }
    }
    Ok(())
}

/// They were changed at the channel manager.
pub async fn changed(tx: &mut TenantTx, who: &Principal, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let connection = connection::get(tx, id).await?;
    logged(
        tx,
        who,
        "channel_connection.availability_rules_set",
        &connection,
        now,
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::channel::{Effect, Weekdays};
    use chrono::{NaiveDate, Weekday};

    fn rule(title: &str, units: u32) -> AvailabilityRule {
        AvailabilityRule {
            title: title.to_owned(),
            effect: Effect::AtMost(units),
            channels: ["ota".to_owned()].into(),
            rooms: ["room".to_owned()].into(),
            from: NaiveDate::default(),
            last: None,
            weekdays: Weekdays::default(),
        }
    }

    #[test]
    fn only_what_differs_is_told() {
        let there = [("a", 1), ("b", 2), ("c", 3)].map(|(t, n)| (format!("id-{t}"), rule(t, n)));
        let wanted = [rule("a", 1), rule("b", 9), rule("d", 4)];
        let expected = [
            Step::Replace {
                id: "id-b",
                rule: &wanted[1],
            },
            Step::Create(&wanted[2]),
            Step::Delete { id: "id-c" },
        ];
        assert_eq!(steps(&there, &wanted), expected);
    }

    #[test]
    fn one_of_two_with_the_same_title_goes() {
        let there = ["1", "2"].map(|id| (id.to_owned(), rule("a", 1)));
        assert_eq!(steps(&there, &[rule("a", 1)]), [Step::Delete { id: "2" }]);
    }

    #[test]
    fn every_day_and_no_day_are_the_same() {
        let all = [
            Weekday::Sun,
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
            Weekday::Sat,
        ];
        assert_eq!(all.into_iter().collect::<Weekdays>(), Weekdays::default());
        let two: Weekdays = [Weekday::Sun, Weekday::Fri, Weekday::Sun].into_iter().collect();
        assert_eq!(two.days(), [Weekday::Fri, Weekday::Sun]);
    }

    #[test]
    fn titles_differ_and_no_rule_ends_before_it_begins() {
        let mut backwards = rule("b", 1);
        backwards.last = backwards.from.pred_opt();
        assert!(check(&[rule("a", 1), rule("b", 1)]).is_ok());
        assert!(check(&[rule("a", 1), rule("a", 2)]).is_err());
        assert!(check(&[backwards]).is_err());
    }
}
