//! Promo codes: less a night for those who know the word.

use super::plan::Adjustment;
use crate::booking::entity::{Booking, BookingStatus};
use crate::db::TenantTx;
use crate::error::{Error, Refusal, Result};
use crate::rates::stay::Stay;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
pub struct Promo {
    pub id: Uuid,
    pub property_id: Uuid,
    /// Upper case; asked for in any.
    pub code: String,
    pub name: String,
    pub discount: Discount,
    pub limits: Limits,
    /// Bookings made with it that are on.
    pub used: i32,
    pub active: bool,
    pub version: i32,
}

/// Off each night's price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Discount {
    Percent(Decimal),
    Amount(Decimal),
}

/// When and for what a code holds; dates are inclusive.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// By the property's business date.
    pub booking_from: Option<NaiveDate>,
    pub booking_to: Option<NaiveDate>,
    /// First and last night that may be slept.
    pub stay_from: Option<NaiveDate>,
    pub stay_to: Option<NaiveDate>,
    pub min_nights: Option<i32>,
    /// `None` = all.
    pub rate_plan_ids: Option<Vec<Uuid>>,
    pub usage_limit: Option<i32>,
}

impl Discount {
    /// The night's price less the discount.
    pub fn adjustment(self) -> Adjustment {
        match self {
            Self::Percent(p) => Adjustment::Percent(-p),
            Self::Amount(a) => Adjustment::Amount(-a),
        }
    }
    pub(super) fn columns(self) -> (&'static str, Decimal) {
        match self {
            Self::Percent(v) => ("percent", v),
            Self::Amount(v) => ("amount", v),
        }
    }
}

impl Promo {
    /// Why it does not hold for this stay.
    pub fn obstacle(&self, stay: Stay, plan: Uuid, business_date: NaiveDate) -> Option<String> {
        let l = &self.limits;
        let within = |from: Option<NaiveDate>, to: Option<NaiveDate>, first: NaiveDate, last: NaiveDate| {
            from.is_none_or(|d| d <= first) && to.is_none_or(|d| last <= d)
        };
        if !self.active {
            return Some("it is not active".into());
        }
        if !within(l.booking_from, l.booking_to, business_date, business_date) {
            return Some(format!("it does not hold for bookings made on {business_date}"));
        }
        if !within(l.stay_from, l.stay_to, stay.arrival(), stay.last_night()) {
            return Some("it does not hold for every night of this stay".into());
        }
        if let Some(min) = l
            .min_nights
            .filter(|m| usize::try_from(*m).is_ok_and(|m| m > stay.len()))
        {
            return Some(format!("it takes at least {min} nights"));
        }
        if l.rate_plan_ids.as_ref().is_some_and(|ids| !ids.contains(&plan)) {
            return Some("it does not hold for this rate plan".into());
        }
        None
    }

    pub fn used_up(&self) -> bool {
        self.limits.usage_limit.is_some_and(|l| self.used >= l)
    }
}

/// A code as it is stored and compared.
pub fn normal(code: &str) -> String {
    code.trim().to_uppercase()
}

#[derive(serde::Deserialize)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) property_id: Uuid,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) value: Decimal,
    pub(super) booking_from: Option<NaiveDate>,
    pub(super) booking_to: Option<NaiveDate>,
    pub(super) stay_from: Option<NaiveDate>,
    pub(super) stay_to: Option<NaiveDate>,
    pub(super) min_nights: Option<i32>,
    pub(super) rate_plan_ids: Option<Vec<Uuid>>,
    pub(super) usage_limit: Option<i32>,
    pub(super) used: i32,
    pub(super) active: bool,
    pub(super) version: i32,
}

impl TryFrom<Row> for Promo {
    type Error = Error;
    fn try_from(r: Row) -> Result<Self> {
        Ok(Self {
            id: r.id,
            property_id: r.property_id,
            code: r.code,
            name: r.name,
            discount: match r.kind.as_str() {
                "percent" => Discount::Percent(r.value),
                "amount" => Discount::Amount(r.value),
                other => return Err(Error::internal(format!("unknown discount `{other}`"))),
            },
            limits: Limits {
                booking_from: r.booking_from,
                booking_to: r.booking_to,
                stay_from: r.stay_from,
                stay_to: r.stay_to,
                min_nights: r.min_nights,
                rate_plan_ids: r.rate_plan_ids,
                usage_limit: r.usage_limit,
            },
            used: r.used,
            active: r.active,
            version: r.version,
        })
    }
}

/// Counts one booking made with the code, under its lock: 409 `promo_code_used_up` when none is left.
pub async fn use_up(tx: &mut TenantTx, property_id: Uuid, code: &str) -> Result<()> {
    let counted = sqlx::query!(
        "update promo_code set used = used + 1
         where tenant_id = $1 and property_id = $2 and code = $3 and active
           and (usage_limit is null or used < usage_limit)",
        tx.t(),
        property_id,
        normal(code)
    )
    .execute(&mut **tx)
    .await?;
    if counted.rows_affected() == 1 {
        return Ok(());
    }
    Err(used_up().at("/promo_code").into())
}

/// A code counts the bookings that are on: one that is cancelled gives its use back, one that comes back takes it
/// again, even of a code that is not active any more. 409 `promo_code_used_up` when others took it meanwhile, unless
/// forced.
pub(crate) async fn follow(tx: &mut TenantTx, before: &Booking, after: &Booking, forced: bool) -> Result<()> {
    let uses = |b: &Booking| i32::from(b.status != BookingStatus::Cancelled);
    let change = uses(after) - uses(before);
    let code = after.reservations.iter().find_map(|r| r.promo_code.as_deref());
    let Some(code) = code.filter(|_| change != 0) else {
        return Ok(());
    };
    let counted = sqlx::query!(
        "update promo_code set used = greatest(0, used + $4)
         where tenant_id = $1 and property_id = $2 and code = $3
           and ($4 < 0 or $5 or usage_limit is null or used < usage_limit)",
        tx.t(),
        after.property_id,
        code,
        change,
        forced
    )
    .execute(&mut **tx)
    .await?;
    if counted.rows_affected() == 1 {
        return Ok(());
    }
    Err(used_up().into())
}

/// Another booking was faster.
fn used_up() -> Refusal {
    let detail = "the promo code has been used as often as it may be";
    Refusal::conflict("promo_code_used_up", detail)
}
