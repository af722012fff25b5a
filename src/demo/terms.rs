//! What a demo house charges beside its nights, and the terms it sells under.

use chrono::{DateTime, Utc};
use innkeep_domain::Principal;
use innkeep_domain::booking::line::LineKind;
use innkeep_domain::db::TenantTx;
use innkeep_domain::rates::Per;
use innkeep_domain::rates::extra::{self, NewExtra};
use innkeep_domain::rates::policies;
use innkeep_domain::rates::policy::{Penalty, Policy, Tier};
use innkeep_domain::rates::tax::{Base, Charge};
use innkeep_domain::rates::taxes::{self, NewTaxFee};
use rust_decimal::{Decimal, dec};
use uuid::Uuid;

/// A year before the arrival: no booking is earlier.
const ALWAYS: i32 = 365 * 24;

/// VAT in the price, a city tax on top of it, breakfast and parking to choose.
pub async fn charge(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let tax = |code: &str, name: &str, charge, value, included, from_age| NewTaxFee {
        code: code.into(),
        name: name.into(),
        kind: LineKind::Tax,
        charge,
        value,
        included,
        from_age,
        to_age: None,
        cap_nights: None,
        cap_amount: None,
        valid_from: None,
        valid_to: None,
    };
    let city = Charge::Amount(Per::PersonNight);
    for new in [
        tax("VAT", "VAT 7 %", Charge::Percent(Base::Room), dec!(7), true, None),
        tax("CITY", "City tax", city, dec!(2.50), false, Some(18)),
    ] {
        taxes::create(tx, who, property_id, new, now).await?;
    }
    for (code, name, per, price) in [
        ("BREAKFAST", "Breakfast", Per::PersonNight, dec!(14)),
        ("PARKING", "Parking", Per::Night, dec!(12)),
    ] {
        let new = NewExtra {
            code: code.into(),
            name: name.into(),
            per,
            price,
        };
        extra::create(tx, who, property_id, new, now).await?;
    }
    Ok(())
}

/// The flexible terms, and those that give nothing back.
pub async fn policies(
    tx: &mut TenantTx,
    who: &Principal,
    property_id: Uuid,
    now: DateTime<Utc>,
) -> anyhow::Result<(Uuid, Uuid)> {
    let whole = Penalty::Percent(Decimal::ONE_HUNDRED);
    let flexible = Policy {
        code: "FLEX".into(),
        name: "Flexible".into(),
        text:
            "Free until two days before the arrival, then the first night. Who does not come pays the stay."
                .into(),
        cancellation: vec![Tier {
            hours_before: 48,
            penalty: Penalty::Nights(1),
        }],
        no_show: whole,
        deposit_percent: Decimal::ZERO,
    };
    let strict = Policy {
        code: "NRF".into(),
        name: "Non-refundable".into(),
        text: "Paid when booking; nothing is given back.".into(),
        cancellation: vec![Tier {
            hours_before: ALWAYS,
            penalty: whole,
        }],
        no_show: whole,
        deposit_percent: Decimal::ONE_HUNDRED,
    };
    let (flexible, _) = policies::create(tx, who, property_id, flexible, now).await?;
    let (strict, _) = policies::create(tx, who, property_id, strict, now).await?;
    Ok((flexible.id, strict.id))
}
