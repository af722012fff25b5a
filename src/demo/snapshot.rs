//! What can be seen of a house at one moment: its stock, what each channel believes, the dashboard.

use super::outside::Outside;
use super::place::{Channel, Place};
use crate::app::App;
use chrono::NaiveDate;
use innkeep_domain::metrics::{self, Dashboard};
use innkeep_domain::rates::ari;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Units by (unit type, night); `None` = a channel was never told.
pub type Cells = BTreeMap<(Uuid, NaiveDate), Option<i64>>;

pub struct Snapshot {
    pub stock: Cells,
    /// In the order of [`Place::told`].
    pub channels: Vec<Cells>,
    pub board: Dashboard,
}

/// Nights `first..=last` of a unit type that changed alike.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub unit_type: Uuid,
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub before: Option<i64>,
    pub after: Option<i64>,
}

impl Snapshot {
    /// Of nights `from..=to`.
    pub async fn take(
        app: &App,
        outside: &Outside,
        place: &Place,
        (from, to): (NaiveDate, NaiveDate),
    ) -> anyhow::Result<Self> {
        let mut tx = app.db.begin(place.tenant).await?;
        let ari = ari::read(&mut tx, &place.who, place.property.id, from, to).await?;
        let board =
            metrics::dashboard(&mut tx, &place.who, place.property.id, from, to, app.clock.now()).await?;
        tx.commit().await?;
        let mut stock = Cells::new();
        for unit_type in &ari {
            let cells = unit_type
                .nights
                .iter()
                .map(|(night, n)| ((unit_type.unit_type_id, *night), Some(n.free().into())));
            stock.extend(cells);
        }
        let mut channels = Vec::new();
        for channel in place.told() {
            channels.push(believed(outside, channel, from, to).await?);
        }
        Ok(Self {
            stock,
            channels,
            board,
        })
    }
}

async fn believed(
    outside: &Outside,
    channel: &Channel,
    from: NaiveDate,
    to: NaiveDate,
) -> anyhow::Result<Cells> {
    let Some(property) = channel.external() else {
        return Ok(Cells::new());
    };
    let calendar = outside.calendar(property, from, to).await?;
    let known =
        |((room, night), n): ((String, NaiveDate), _)| Some(((channel.mapping.unit_type(&room)?, night), n));
    Ok(calendar.into_iter().filter_map(known).collect())
}

/// What differs, neighbouring nights merged.
pub fn changes(before: &Cells, after: &Cells) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    for ((unit_type, night), now) in after {
        let was = before.get(&(*unit_type, *night)).copied().flatten();
        if was == *now {
            continue;
        }
        match out.last_mut() {
            Some(c)
                if c.unit_type == *unit_type
                    && c.last.succ_opt() == Some(*night)
                    && (c.before, c.after) == (was, *now) =>
            {
                c.last = *night;
            }
            _ => out.push(Change {
                unit_type: *unit_type,
                first: *night,
                last: *night,
                before: was,
                after: *now,
            }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;
    use innkeep_domain::ids::new_id;

    #[test]
    fn neighbouring_nights_that_changed_alike_are_one() {
        let room = new_id();
        let first: NaiveDate = "2027-05-01".parse().unwrap();
        let cells = |values: [i64; 5]| -> Cells {
            values
                .iter()
                .zip(first.iter_days())
                .map(|(n, d)| ((room, d), Some(*n)))
                .collect()
        };
        let found = changes(&cells([5, 5, 5, 4, 4]), &cells([5, 4, 4, 3, 4]));
        let spans: Vec<_> = found
            .iter()
            .map(|c| (c.first, c.last, c.before, c.after))
            .collect();
        let day = |n| first + Days::new(n);
        assert_eq!(
            spans,
            [
                (day(1), day(2), Some(5), Some(4)),
                (day(3), day(3), Some(4), Some(3))
            ]
        );
    }
}
