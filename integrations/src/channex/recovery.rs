//! Booking revisions by date, acknowledged or not: for when one was lost on the way.

use super::api::Api;
use super::feed;
use super::listing;
use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use innkeep_domain::ports::channel::{Access, ChannelError, RawMessage, Recovery};

const PAGES: usize = 50;

pub(super) struct Revisions {
    api: Api,
}

impl Revisions {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }
}

#[async_trait]
impl Recovery for Revisions {
    async fn messages(
        &self,
        access: &Access,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<RawMessage>, ChannelError> {
        let first = from.to_string();
        let end = to.checked_add_days(Days::new(1)).unwrap_or(to).to_string();
        let query = [
            ("filter[property_id]", access.property.as_str()),
            ("filter[inserted_at][gte]", &first),
            ("filter[inserted_at][lt]", &end),
            ("order[inserted_at]", "asc"),
        ];
        let entries = listing::all(&self.api, access, &["booking_revisions"], &query, PAGES).await?;
        // Should the filter have been passed over, what was not asked for is not taken.
        let wanted = entries.into_iter().filter(|entry| {
            let at = listing::instant(entry, "inserted_at").map(|at| at.date_naive());
            at.is_none_or(|day| (from..=to).contains(&day))
        });
        Ok(feed::messages(wanted.collect(), &access.property))
    }
}
