//! `/v1/channel-connections/{id}/cells`: each cell by itself, for whoever asks why a channel shows what it shows.

use crate::api::money::Amount;
use crate::api::page::{Page, Window, write};
use crate::api::{ApiResult, Auth, Tag};
use crate::app::Shared;
use chrono::{DateTime, NaiveDate, Utc};
use innkeep_domain::channel::cells::{self, Place, Question, Shown};
use innkeep_domain::channel::diff::Value;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct ChannelCells;

/// One product's availability or rate on one night.
#[derive(Object)]
struct ChannelCell {
    unit_type_id: Uuid,
    /// Absent: the availability.
    #[oai(skip_serializing_if_is_none)]
    rate_plan_id: Option<Uuid>,
    night: NaiveDate,
    state: CellState,
    /// Since when it is in flight or alarmed; absent if it was never told nor marked.
    #[oai(skip_serializing_if_is_none)]
    since: Option<DateTime<Utc>>,
    /// Why the channel refused it, in its words.
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
    /// What the channel is to believe: safety buffer, markup and closed-out dates are in it.
    truth: CellValue,
    /// What it accepted last; absent while that is not known.
    #[oai(skip_serializing_if_is_none)]
    accepted: Option<CellValue>,
}

#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum CellState {
    /// The channel accepted what is true.
    Converged,
    /// Changed and not sent yet, or sent and not confirmed.
    InFlight,
    /// Refused by the channel; tried again when it is read back.
    Alarmed,
}

#[derive(Object)]
struct CellValue {
    #[oai(skip_serializing_if_is_none)]
    availability: Option<i32>,
    /// In the property's currency.
    #[oai(skip_serializing_if_is_none)]
    price: Option<Amount>,
    #[oai(skip_serializing_if_is_none)]
    min_stay_arrival: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    min_stay_through: Option<i32>,
    /// 0: none.
    #[oai(skip_serializing_if_is_none)]
    max_stay: Option<i32>,
    #[oai(skip_serializing_if_is_none)]
    closed_to_arrival: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    closed_to_departure: Option<bool>,
    #[oai(skip_serializing_if_is_none)]
    stop_sell: Option<bool>,
}

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl ChannelCells {
    /// List cells
    ///
    /// What is true, what the channel accepted, and whether the two agree. A page that asks for rare ones may be short,
    /// or empty, and not be the last: `next_cursor` says.
    #[oai(path = "/:id/cells", method = "get", operation_id = "list_channel_cells")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        /// The business date, if absent.
        from: Query<Option<NaiveDate>>,
        /// The last night; 31 nights in all, if absent, and at most 92.
        to: Query<Option<NaiveDate>>,
        unit_type_id: Query<Option<Uuid>>,
        state: Query<Option<CellState>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<ChannelCell>>> {
        let window = Window::<Place>::parse(limit.0, cursor.0.as_deref())?;
        let question = Question {
            from: from.0,
            last: to.0,
            unit_type_id: unit_type_id.0,
            state: state.0.map(cells::State::from),
        };
        let mut tx = app.db.begin_for(&auth.0).await?;
        let limit = window.limit as usize;
        let (shown, next) = cells::read(&mut tx, &auth.0, id.0, question, window.after, limit).await?;
        Ok(Json(Page {
            items: shown.into_iter().map(ChannelCell::from).collect(),
            next_cursor: next.and_then(|place| write(&place)),
        }))
    }
}

impl From<CellState> for cells::State {
    fn from(state: CellState) -> Self {
        match state {
            CellState::Converged => Self::Converged,
            CellState::InFlight => Self::InFlight,
            CellState::Alarmed => Self::Alarmed,
        }
    }
}

impl From<cells::State> for CellState {
    fn from(state: cells::State) -> Self {
        match state {
            cells::State::Converged => Self::Converged,
            cells::State::InFlight => Self::InFlight,
            cells::State::Alarmed => Self::Alarmed,
        }
    }
}

impl From<Shown> for ChannelCell {
    fn from(s: Shown) -> Self {
        Self {
            unit_type_id: s.unit_type_id,
            rate_plan_id: s.rate_plan_id,
            night: s.night,
            state: s.state.into(),
            since: s.since,
            reason: s.reason,
            truth: s.truth.into(),
            accepted: s.accepted.map(CellValue::from),
        }
    }
}

impl From<Value> for CellValue {
    fn from(value: Value) -> Self {
        let (availability, rate) = match value {
            Value::Free(free) => (Some(free), None),
            Value::Rate(rate) => (None, Some(rate)),
        };
        let rate = rate.unwrap_or_default();
        Self {
            availability,
            price: rate.price.map(Amount),
            min_stay_arrival: rate.min_stay_arrival,
            min_stay_through: rate.min_stay_through,
            max_stay: rate.max_stay,
            closed_to_arrival: rate.closed_to_arrival,
            closed_to_departure: rate.closed_to_departure,
            stop_sell: rate.stop_sell,
        }
    }
}
