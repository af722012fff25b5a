//! A furnished tenant: property, unit types, units, rate plans, prices, and one member of staff per role.

use crate::db::{Db, PlatformTx, TenantTx};
use crate::error::{Error, Result};
use crate::identity::{self, Class, Door, account, membership, session};
use crate::ids::TenantId;
use crate::principal::{Principal, Role};
use crate::property::{self, NewProperty, NewUnitType, UnitType};
use crate::rates::ari::{self, Change, PriceEntry, Range};
use crate::rates::plan::{self, Adjustment, NewRatePlan};
use crate::tenancy;
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::{Decimal, dec};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// What to furnish.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Also the domain of the staff's addresses: `owner@adler.example`.
    pub name: &'static str,
    pub kind: &'static str,
    pub zone: &'static str,
    pub currency: &'static str,
    /// Code and number of units of each type. Prices start at 100 and rise by 50 from type to type.
    pub unit_types: &'static [(&'static str, usize)],
    /// Nights that have a price, from the business date on.
    pub nights: u64,
}

impl Plan {
    pub const HOTEL: Self = Self {
        name: "adler",
        kind: "hotel",
        zone: "Europe/Berlin",
        currency: "EUR",
        unit_types: &[("SGL", 2), ("DBL", 5), ("STE", 1)],
        nights: 120,
    };
    pub const HOST: Self = Self {
        name: "mare",
        kind: "host",
        zone: "Europe/Lisbon",
        currency: "EUR",
        unit_types: &[("APT", 1), ("VIL", 1)],
        nights: 120,
    };
}

/// A user of the house.
#[derive(Debug, Clone)]
pub struct Staff {
    pub user_id: Uuid,
    pub email: String,
    pub role: Role,
    /// Open, in the house's tenant.
    pub session_id: Uuid,
}

#[derive(Debug, Clone)]
pub struct House {
    pub tenant: TenantId,
    pub property_id: Uuid,
    pub business_date: NaiveDate,
    pub unit_types: Vec<UnitType>,
    /// The base plan, `BAR`.
    pub base_plan: Uuid,
    /// Ten percent less than the base plan, `NRF`.
    pub derived_plan: Uuid,
    /// In the order of [`Role::ALL`].
    pub staff: Vec<Staff>,
}

impl House {
    pub const PASSWORD: &str = "correct horse battery staple";

    pub async fn furnish(db: &Db, plan: &Plan, now: DateTime<Utc>) -> Result<Self> {
        let mut tx = db.begin_platform().await?;
        let tenant = tenancy::create(&mut tx, plan.name, now).await?.id;
        let mut staff = Vec::new();
        for role in Role::ALL {
            let email = format!("{}@{}.example", role.name(), plan.name);
            let hash = password_hash().await?;
            let user_id = account::add(&mut tx, Class::Staff, &email, role.name(), hash, now).await?;
            membership::set(&mut tx, user_id, tenant, role).await?;
            let session_id = log_in(&mut tx, user_id, now).await?;
            staff.push(Staff {
                user_id,
                email,
                role,
                session_id,
            });
        }
        tx.commit().await?;
        let mut tx = db.begin(tenant).await?;
        let house = build(&mut tx, plan, staff, now).await?;
        tx.commit().await?;
        Ok(house)
    }

    /// May do everything in the house.
    pub fn owner(&self) -> Principal {
        Principal::system(self.tenant, "testing")
    }

    pub fn of_role(&self, role: Role) -> &Staff {
        self.staff
            .iter()
            .find(|s| s.role == role)
            .unwrap_or(&self.staff[0])
    }

    pub fn unit_type(&self, code: &str) -> Option<Uuid> {
        self.unit_types.iter().find(|u| u.code == code).map(|u| u.id)
    }

    /// So many nights after the business date.
    pub fn night(&self, offset: u64) -> NaiveDate {
        self.business_date + Days::new(offset)
    }
}

async fn log_in(tx: &mut PlatformTx, user: Uuid, now: DateTime<Utc>) -> Result<Uuid> {
    let user = account::get(tx, user).await?;
    let tenant = session::choose_tenant(tx, &user, None).await?;
    let origin = session::Origin::default();
    Ok(session::open(tx, &user, Door::Tenant, tenant, &origin, now)
        .await?
        .id)
}

/// One argon2id per process: hashing is not what these tests are about.
async fn password_hash() -> Result<&'static str> {
    static HASH: OnceCell<String> = OnceCell::const_new();
    Ok(HASH
        .get_or_try_init(|| identity::hash_password(House::PASSWORD.into(), &[]))
        .await?)
}

async fn build(tx: &mut TenantTx, plan: &Plan, staff: Vec<Staff>, now: DateTime<Utc>) -> Result<House> {
    let who = Principal::system(tx.tenant(), "testing");
    let new = NewProperty {
        name: plan.name.into(),
        kind: plan.kind.into(),
        zone: plan.zone.into(),
        currency: plan.currency.into(),
    };
    let property = property::create(tx, &who, new, now).await?;
    let mut unit_types = Vec::new();
    for (code, units) in plan.unit_types {
        let new = NewUnitType {
            code: (*code).into(),
            name: format!("Type {code}"),
            kind: "room".into(),
            max_occupancy: 4,
        };
        let unit_type = property::create_unit_type(tx, &who, property.id, new, now).await?;
        let names: Vec<String> = (1..=*units).map(|i| format!("{code}-{i}")).collect();
        property::create_units(tx, &who, unit_type.id, &names, now).await?;
        unit_types.push(unit_type);
    }
    let base = NewRatePlan {
        code: "BAR".into(),
        name: "Best rate".into(),
        derived: None,
        ..Default::default()
    };
    let base = plan::create(tx, &who, property.id, base, now).await?.id;
    let less = Some((base, Adjustment::Percent(dec!(-10))));
    let derived = NewRatePlan {
        code: "NRF".into(),
        name: "Non-refundable".into(),
        derived: less,
        ..Default::default()
    };
    let derived = plan::create(tx, &who, property.id, derived, now).await?.id;
    let last = property.business_date + Days::new(plan.nights.saturating_sub(1));
    let range = Range {
        from: property.business_date,
        to: last,
        weekdays: Vec::new(),
    };
    let price = |(i, unit_type): (usize, &UnitType)| PriceEntry {
        rate_plan_id: base,
        unit_type_id: unit_type.id,
        range: range.clone(),
        price: dec!(100) + dec!(50) * Decimal::from(i),
        currency: plan.currency.into(),
    };
    let prices = unit_types.iter().enumerate().map(price).collect();
    ari::change(
        tx,
        &who,
        property.id,
        Change {
            prices,
            ..Change::default()
        },
        now,
    )
    .await?;
    let tenant = tx.tenant();
    let business_date = property.business_date;
    if unit_types.is_empty() {
        return Err(Error::internal("a house without unit types"));
    }
    Ok(House {
        tenant,
        property_id: property.id,
        business_date,
        unit_types,
        base_plan: base,
        derived_plan: derived,
        staff,
    })
}
