//! `/v1/channel-connections/{id}/availability-rules`: what a channel manager keeps from single ones of its channels. It has
//! them; nothing of them is here.

use super::probe;
use crate::api::weekday::Weekday;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::{App, Shared};
use chrono::NaiveDate;
use innkeep_domain::channel::connection;
use innkeep_domain::channel::rules::{self, Step};
use innkeep_domain::ports::channel::{self, Access, Effect};
use innkeep_domain::{Permission, Principal, Refusal};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use std::sync::Arc;
use uuid::Uuid;

pub struct ChannelRules;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct AvailabilityRules {
    /// By title.
    #[oai(validator(max_items = 100))]
    rules: Vec<AvailabilityRule>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct AvailabilityRule {
    /// No two rules of a connection have the same.
    #[oai(validator(min_length = 1, max_length = 255))]
    title: String,
    effect: RuleEffect,
    /// Units, of `availability_offset` and `max_availability`.
    #[oai(skip_serializing_if_is_none, validator(maximum(value = "10000")))]
    value: Option<u32>,
    /// The channels that it is for, by the channel manager's ids.
    #[oai(validator(min_items = 1, max_items = 100))]
    external_channels: Vec<String>,
    /// The rooms, by the channel manager's ids: those of `mappings` and `remote-products`.
    #[oai(validator(min_items = 1, max_items = 100))]
    external_rooms: Vec<String>,
    from: NaiveDate,
    /// The last night. Absent: it never ends.
    #[oai(skip_serializing_if_is_none)]
    to: Option<NaiveDate>,
    /// None: every day.
    #[oai(default)]
    weekdays: Vec<Weekday>,
}

/// What the channels see of the units that are free.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename_all = "snake_case")]
enum RuleEffect {
    /// None.
    CloseOut,
    /// `value` units less.
    AvailabilityOffset,
    /// `value` units at most.
    MaxAvailability,
}

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl ChannelRules {
    /// Read what single channels of a channel manager are told less of
    ///
    /// Asked of the channel manager. 409 `channel_failed` with its words, `no_availability_rules` for a channel that keeps
    /// none.
    #[oai(
        path = "/:id/availability-rules",
        method = "get",
        operation_id = "get_channel_availability_rules"
    )]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<AvailabilityRules>> {
        let keeper = Keeper::of(&app, &auth.0, Permission::ReadChannels, id.0).await?;
        Ok(Json(
            keeper.list().await?.into_iter().map(|(_, rule)| rule).collect(),
        ))
    }

    /// Replace what single channels of a channel manager are told less of
    ///
    /// Some channels behind a channel manager see fewer units than are free, or none: a room kept for the house's own
    /// site, a channel closed for August. What the channel manager itself is told stays the truth. Rules are known by
    /// their title: those that are there and not named go. What breaks off half-way goes on when it is called again. 409
    /// `channel_failed` with the channel manager's words, `no_availability_rules`.
    #[oai(
        path = "/:id/availability-rules",
        method = "put",
        operation_id = "set_channel_availability_rules"
    )]
    async fn set(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<AvailabilityRules>,
    ) -> ApiResult<Changed<AvailabilityRules>> {
        let wanted = body.0.rules.into_iter().enumerate();
        let wanted: Vec<channel::AvailabilityRule> =
            wanted.map(|(i, rule)| rule.parse(i)).collect::<Result<_, _>>()?;
        rules::check(&wanted)?;
        let keeper = Keeper::of(&app, &auth.0, Permission::WriteChannels, id.0).await?;
        let there = keeper.list().await?;
        for step in rules::steps(&there, &wanted) {
            keeper.take(step).await?;
        }
        write(
            &app,
            &auth.0,
            &once,
            "set_channel_availability_rules",
            async |tx| {
                rules::changed(tx, &auth.0, id.0, app.now()).await?;
                Ok(Changed::new(
                    &wanted.iter().cloned().collect::<AvailabilityRules>(),
                ))
            },
        )
        .await
    }
}

/// Who keeps the rules, and how it is reached.
struct Keeper {
    rules: Arc<dyn channel::AvailabilityRules>,
    access: Access,
}

impl Keeper {
    async fn of(app: &App, who: &Principal, may: Permission, id: Uuid) -> ApiResult<Self> {
        who.require(may)?;
        let mut tx = app.db.begin_for(who).await?;
        let known = connection::get(&mut tx, id).await?;
        tx.commit().await?;
        let protocol = app.protocols.get(&known.protocol);
        let rules = protocol.and_then(|p| p.more.rules.clone());
        match (rules, known.access(app.now())) {
            (Some(rules), Some(access)) => Ok(Self { rules, access }),
            _ => {
                let detail = "this channel keeps no rules for channels of its own";
                Err(Refusal::conflict("no_availability_rules", detail).into())
            }
        }
    }

    async fn list(&self) -> ApiResult<Vec<(String, channel::AvailabilityRule)>> {
        let there = self.rules.list(&self.access).await;
        let mut there = there.map_err(|e| probe::failed(&e))?;
        there.sort_by(|(_, a), (_, b)| a.title.cmp(&b.title));
        Ok(there)
    }

    async fn take(&self, step: Step<'_>) -> ApiResult<()> {
        let taken = match step {
            Step::Create(rule) => self.rules.create(&self.access, rule).await,
            Step::Replace { id, rule } => self.rules.replace(&self.access, id, rule).await,
            Step::Delete { id } => self.rules.delete(&self.access, id).await,
        };
        Ok(taken.map_err(|e| probe::failed(&e))?)
    }
}

impl AvailabilityRule {
    /// `i`: which of the list.
    fn parse(self, i: usize) -> Result<channel::AvailabilityRule, Refusal> {
        let effect = match (self.effect, self.value) {
            (RuleEffect::CloseOut, None) => Effect::CloseOut,
            (RuleEffect::AvailabilityOffset, Some(units)) => Effect::Offset(units),
            (RuleEffect::MaxAvailability, Some(units)) => Effect::AtMost(units),
            _ => {
                let detail =
                    "`availability_offset` and `max_availability` have a value, `close_out` has none";
                return Err(Refusal::invalid("invalid_value", detail).at(format!("/rules/{i}/value")));
            }
        };
        Ok(channel::AvailabilityRule {
            title: self.title,
            effect,
            channels: self.external_channels.into_iter().collect(),
            rooms: self.external_rooms.into_iter().collect(),
            from: self.from,
            last: self.to,
            weekdays: self.weekdays.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<channel::AvailabilityRule> for AvailabilityRule {
    fn from(rule: channel::AvailabilityRule) -> Self {
        let (effect, value) = match rule.effect {
            Effect::CloseOut => (RuleEffect::CloseOut, None),
            Effect::Offset(units) => (RuleEffect::AvailabilityOffset, Some(units)),
            Effect::AtMost(units) => (RuleEffect::MaxAvailability, Some(units)),
        };
        Self {
            title: rule.title,
            effect,
            value,
            external_channels: rule.channels.into_iter().collect(),
            external_rooms: rule.rooms.into_iter().collect(),
            from: rule.from,
            to: rule.last,
            weekdays: rule.weekdays.days().iter().map(|day| (*day).into()).collect(),
        }
    }
}

impl FromIterator<channel::AvailabilityRule> for AvailabilityRules {
    fn from_iter<T: IntoIterator<Item = channel::AvailabilityRule>>(rules: T) -> Self {
        Self {
            rules: rules.into_iter().map(Into::into).collect(),
        }
    }
}
