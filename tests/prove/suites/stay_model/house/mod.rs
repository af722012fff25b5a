//! The real house that the model is held against. A sequence is played in one transaction that is never committed, each
//! of its operations in a savepoint: so every sequence finds the same empty house.

mod act;
mod command;
mod look;

use super::model::{DAYS, Model, PRICES, units_of};
use super::ops::Op;
use super::picture::Picture;
use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use innkeep_domain::booking::entity::Booking;
use innkeep_domain::channel::connection::{self, Connection, NewConnection};
use innkeep_domain::channel::mapping::{Mapping, set_mapping};
use innkeep_domain::db::{Db, TenantTx};
use innkeep_domain::ports::channel::Way;
use innkeep_domain::testing::{House, Plan};
use innkeep_domain::{Error, Principal, property, verify};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Nights with a price: amended stays reach beyond the window.
const PRICED: u64 = DAYS as u64 + 10;

pub struct Real {
    db: Db,
    house: House,
    /// As the model counts them.
    units: Vec<Uuid>,
    connection: Connection,
    who: Principal,
}

/// A sequence being played.
struct Course {
    first: NaiveDate,
    now: DateTime<Utc>,
    /// In the order they were made: booking, reservation.
    stays: Vec<(Uuid, Uuid)>,
    revision: i64,
}

/// How often each operation ended how: `done`, or refused with a code.
pub type Tally = BTreeMap<(String, &'static str), usize>;

fn beginning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, 12, 0, 0)
        .single()
        .unwrap_or_default()
}

impl Real {
    pub async fn new(db: Db, name: String) -> anyhow::Result<Self> {
        let types: Vec<(&str, usize)> = (0..PRICES.len())
            .map(|kind| (["A", "B"][kind], units_of(kind)))
            .collect();
        let plan = Plan {
            name: Box::leak(name.into_boxed_str()),
            unit_types: Box::leak(types.into_boxed_slice()),
            nights: PRICED,
            ..Plan::HOTEL
        };
        let house = House::furnish(&db, &plan, beginning()).await?;
        let who = house.owner();
        let mut tx = db.begin(house.tenant).await?;
        let units = property::units(&mut tx, &who, house.property_id).await?;
        let of_type = |t: &property::UnitType| {
            units
                .iter()
                .filter(|u| u.unit_type_id == t.id)
                .map(|u| u.id)
                .collect()
        };
        let units: Vec<Vec<Uuid>> = house.unit_types.iter().map(of_type).collect();
        let connection = connect(&mut tx, &house).await?;
        tx.commit().await?;
        Ok(Self {
            db,
            units: units.concat(),
            connection,
            who,
            house,
        })
    }

    /// Plays a sequence beside a fresh model; the error is the first difference.
    pub async fn play(&self, ops: &[Op], tally: &mut Tally) -> anyhow::Result<()> {
        let mut tx = self.db.begin(self.house.tenant).await?;
        let mut course = Course {
            first: self.house.business_date,
            now: beginning(),
            stays: Vec::new(),
            revision: 0,
        };
        let mut model = Model::new();
        sqlx::raw_sql("savepoint step").execute(&mut *tx).await?;
        for (i, op) in ops.iter().enumerate() {
            let step = || format!("step {i}: {op:?}");
            let what = model.describe(op);
            let refused = self
                .step(&mut tx, &mut course, &model, op)
                .await
                .with_context(step)?;
            let expected = model.apply(op);
            if refused != expected.err() {
                bail!("{}: the model says {expected:?}, the house {refused:?}", step());
            }
            let seen = self.look(&mut tx, &course).await?;
            let agreed = Picture::of(&model)
                .differs(&seen)
                .and_then(|()| seen.no_unit_twice());
            agreed.with_context(|| format!("{}: {expected:?}", step()))?;
            *tally.entry((what, refused.unwrap_or("done"))).or_default() += 1;
        }
        let findings = verify::tenant(&mut tx, course.now).await?;
        ensure!(findings.is_empty(), "verify: {findings:?}");
        Ok(tx.rollback().await?)
    }

    /// Does it for real. `Some(code)` = refused, and nothing of it is left.
    async fn step(
        &self,
        tx: &mut TenantTx,
        course: &mut Course,
        before: &Model,
        op: &Op,
    ) -> anyhow::Result<Option<&'static str>> {
        match self.act(tx, course, before, op).await {
            Ok(()) => {
                sqlx::raw_sql("release savepoint step; savepoint step")
                    .execute(&mut **tx)
                    .await?;
                Ok(None)
            }
            Err(Error::Refused(refusal)) => {
                sqlx::raw_sql("rollback to savepoint step")
                    .execute(&mut **tx)
                    .await?;
                Ok(Some(refusal.code))
            }
            Err(other) => Err(other.into()),
        }
    }
}

async fn connect(tx: &mut TenantTx, house: &House) -> anyhow::Result<Connection> {
    let who = house.owner();
    let new = NewConnection {
        property_id: house.property_id,
        protocol: "webhook".into(),
        name: "Agent".into(),
        base_url: None,
        external_property: None,
        api_key: None,
        safety_buffer: 0,
        calls_per_minute: 10,
        terms: connection::Terms::default(),
    };
    let connection = connection::create(tx, &who, new, Way::Signs, beginning())
        .await?
        .connection;
    let mut mapping = Mapping::default();
    for unit_type in &house.unit_types {
        mapping.rooms.insert(unit_type.id, unit_type.code.clone());
    }
    set_mapping(tx, &who, connection.id, &mapping, beginning()).await?;
    Ok(connection)
}

impl Course {
    fn day(&self, day: usize) -> NaiveDate {
        self.first + Days::new(day as u64)
    }
    fn made(&mut self, booking: &Booking) {
        self.stays
            .extend(booking.reservations.iter().map(|r| (booking.id, r.id)));
    }
}
