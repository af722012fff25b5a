//! Query strings in Channex's bracket style: `filter[date][gte]`, `pagination[page]`, `order[inserted_at]`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

/// Two years and a bit: one full horizon and more.
const MAX_DAYS: i64 = 800;
const MAX_LIMIT: usize = 100;

pub(crate) type Parameters = BTreeMap<String, String>;

pub(crate) fn property_id(parameters: &Parameters) -> Option<&str> {
    parameters.get("filter[property_id]").map(String::as_str)
}

/// `filter[date]`, or `filter[date][gte]` with `filter[date][lte]`, both included.
pub(crate) fn dates(parameters: &Parameters) -> Result<Vec<NaiveDate>, &'static str> {
    let read = |name: &str| {
        parameters
            .get(name)
            .map(|text| text.parse::<NaiveDate>().map_err(|_| "date is invalid"))
    };
    let (from, to) = match read("filter[date]") {
        Some(day) => (day?, day?),
        None => match (read("filter[date][gte]"), read("filter[date][lte]")) {
            (Some(from), Some(to)) => (from?, to?),
            _ => return Err("date is required"),
        },
    };
    if to < from || (to - from).num_days() >= MAX_DAYS {
        return Err("date is invalid");
    }
    Ok(from.iter_days().take_while(|day| *day <= to).collect())
}

pub(crate) struct Page {
    page: usize,
    limit: usize,
}

impl Page {
    pub(crate) fn of(parameters: &Parameters) -> Self {
        let number = |name: &str| parameters.get(name).and_then(|text| text.parse::<usize>().ok());
        Self {
            page: number("pagination[page]").unwrap_or(1).max(1),
            limit: number("pagination[limit]").unwrap_or(10).clamp(1, MAX_LIMIT),
        }
    }

    pub(crate) fn cut<T>(&self, items: Vec<T>) -> Vec<T> {
        items
            .into_iter()
            .skip((self.page - 1).saturating_mul(self.limit))
            .take(self.limit)
            .collect()
    }

    pub(crate) fn meta(&self, total: usize) -> Value {
        json!({ "total": total, "page": self.page, "limit": self.limit })
    }

    /// A list as Channex wraps it.
    pub(crate) fn list(&self, items: Vec<Value>) -> Value {
        let meta = self.meta(items.len());
        json!({ "data": self.cut(items), "meta": meta })
    }
}
