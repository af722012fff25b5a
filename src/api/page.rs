//! Lists: `?limit=` (default 50, at most 200) and `?cursor=`, answered with `{items, next_cursor}`.

use crate::api::error::{ApiError, ApiResult};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde::Serialize;
use serde::de::DeserializeOwned;

const DEFAULT: u32 = 50;
const LARGEST: u32 = 200;
const LONGEST_CURSOR: usize = 512;

/// One page; without `next_cursor` it is the last.
#[derive(Debug, Object)]
pub struct Page<T: ParseFromJSON + ToJSON + Send + Sync> {
    pub items: Vec<T>,
    /// Opaque: send it as `cursor` to read on.
    #[oai(skip_serializing_if_is_none)]
    pub next_cursor: Option<String>,
}

impl<T: ParseFromJSON + ToJSON + Send + Sync> Page<T> {
    /// A list that is short by nature, on one page.
    pub fn all<R>(rows: Vec<R>, dto: impl Fn(R) -> T) -> Self {
        Self {
            items: rows.into_iter().map(dto).collect(),
            next_cursor: None,
        }
    }
}

/// Where a page begins and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Window<C> {
    pub after: Option<C>,
    pub limit: u32,
}

impl<C: Serialize + DeserializeOwned> Window<C> {
    pub fn parse(limit: Option<u32>, cursor: Option<&str>) -> ApiResult<Self> {
        let limit = limit.unwrap_or(DEFAULT);
        if !(1..=LARGEST).contains(&limit) {
            return Err(ApiError::parameter("limit", format!("1 to {LARGEST}")));
        }
        let after =
            cursor.map(|c| read(c).ok_or_else(|| ApiError::parameter("cursor", "not a cursor of this list")));
        Ok(Self {
            after: after.transpose()?,
            limit,
        })
    }

    /// Rows to ask for: one more than the page shows whether there is another.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page out of at most [`Self::rows`] rows; `place` is the row's place in the order.
    pub fn page<R, T>(&self, mut rows: Vec<R>, place: impl Fn(&R) -> C, dto: impl Fn(R) -> T) -> Page<T>
    where
        T: ParseFromJSON + ToJSON + Send + Sync,
    {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let next_cursor = rows.last().filter(|_| more).and_then(|r| write(&place(r)));
        Page {
            items: rows.into_iter().map(dto).collect(),
            next_cursor,
        }
    }
}

/// A place in an order, opaque to clients.
pub fn write<C: Serialize>(place: &C) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).ok()?))
}

pub fn read<C: DeserializeOwned>(cursor: &str) -> Option<C> {
    if cursor.len() > LONGEST_CURSOR {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(limit: u32, total: i32) -> Vec<Vec<i32>> {
        let (mut cursor, mut pages) = (None, Vec::new());
        loop {
            let window = Window::<i32>::parse(Some(limit), cursor.as_deref()).unwrap();
            let from = window.after.map_or(0, |a| a + 1);
            let rows = (from..total).take(window.rows() as usize).collect();
            let page = window.page(rows, |r| *r, |r| r);
            pages.push(page.items);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return pages,
            }
        }
    }

    #[test]
    fn pages_cover_everything_once_and_the_last_says_so() {
        assert_eq!(all(2, 5), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(all(5, 5), [vec![0, 1, 2, 3, 4]]);
        assert_eq!(all(2, 0), [Vec::<i32>::new()]);
    }

    #[test]
    fn limits_and_foreign_cursors_are_refused() {
        for limit in [0, 201] {
            assert!(Window::<i32>::parse(Some(limit), None).is_err());
        }
        for cursor in ["", "x", "!!!", &"A".repeat(600), &write(&"text").unwrap()] {
            assert!(Window::<i32>::parse(None, Some(cursor)).is_err(), "{cursor}");
        }
        assert_eq!(
            Window::<i32>::parse(None, None).unwrap(),
            Window {
                after: None,
                limit: 50
            }
        );
    }
}
