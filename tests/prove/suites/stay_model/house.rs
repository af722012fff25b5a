//! The real house that the model is held against: a fresh stretch of nights for each sequence.

use super::model::{Amend, CHANNEL_PRICE, DAYS, Model, Night, Op, PRICES, Stock, UNITS};
use anyhow::{Context, bail};
use chrono::{DateTime, Days, Duration, NaiveDate, TimeZone, Utc};
use innkeep_domain::booking::amend::{Amendment, amend};
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::channel::apply;
use innkeep_domain::booking::entity::Reservation;
use innkeep_domain::booking::reserve::{Basket, NewBooking, NewRoom, reserve};
use innkeep_domain::booking::{entity, hold, settle, store};
use innkeep_domain::channel::connection::{self, Connection, NewConnection};
use innkeep_domain::channel::mapping::{Mapping, set_mapping};
use innkeep_domain::channel::revision::{Booker, ChannelRevision, ChannelRoom, RevisionStatus};
use innkeep_domain::db::{Db, TenantTx};
use innkeep_domain::desk::maintenance::{self, NewMaintenance};
use innkeep_domain::rates::ari::{self, Change, PriceEntry, Range};
use innkeep_domain::rates::stay::Stay;
use innkeep_domain::testing::{House, Plan};
use innkeep_domain::{Error, Principal, property, verify};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Nights from one sequence's first to the next one's.
const STRIDE: u64 = DAYS as u64 + 3;
/// Sequences a house has nights for.
const WINDOWS: u64 = 45;

pub struct Real {
    db: Db,
    house: House,
    connection: Connection,
    who: Principal,
    window: u64,
}

/// One sequence's state beside the model's.
struct Course {
    first: NaiveDate,
    now: DateTime<Utc>,
    today: NaiveDate,
    /// In the order they were made: booking, reservation.
    stays: Vec<(Uuid, Uuid)>,
    references: [Option<usize>; 3],
    revision: i64,
}

fn beginning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, 12, 0, 0)
        .single()
        .unwrap_or_default()
}

impl Real {
    pub async fn new(db: Db, name: String) -> anyhow::Result<Self> {
        let plan = Plan {
            name: Box::leak(name.into_boxed_str()),
            unit_types: &[("A", UNITS[0] as usize), ("B", UNITS[1] as usize)],
            nights: WINDOWS * STRIDE + 30,
            ..Plan::HOTEL
        };
        let house = House::furnish(&db, &plan, beginning()).await?;
        let mut tx = db.begin(house.tenant).await?;
        let new = NewConnection {
            property_id: house.property_id,
            protocol: "webhook".into(),
            name: "Agent".into(),
            base_url: None,
            external_property: None,
            api_key: None,
            safety_buffer: 0,
            calls_per_minute: 10,
        };
        let who = house.owner();
        let connection = connection::create(&mut tx, &who, new, false, beginning())
            .await?
            .connection;
        let mut mapping = Mapping::default();
        for unit_type in &house.unit_types {
            mapping.rooms.insert(unit_type.id, unit_type.code.clone());
        }
        set_mapping(&mut tx, &who, connection.id, &mapping, beginning()).await?;
        tx.commit().await?;
        Ok(Self {
            db,
            house,
            connection,
            who,
            window: 0,
        })
    }

    pub fn is_used_up(&self) -> bool {
        self.window == WINDOWS
    }

    /// Plays a sequence on fresh nights beside a fresh model; the error is the first difference.
    pub async fn play(&mut self, ops: &[Op]) -> anyhow::Result<()> {
        let first = self.house.night(self.window * STRIDE + 1);
        self.window += 1;
        let mut course = Course {
            first,
            now: beginning(),
            today: first,
            stays: Vec::new(),
            references: [None; 3],
            revision: 0,
        };
        self.move_business_date(first).await?;
        for (kind, price) in PRICES.into_iter().enumerate() {
            self.reprice(&course, kind, price).await?;
        }
        let mut model = Model::new();
        for (i, op) in ops.iter().enumerate() {
            let expected = model.apply(op);
            let got = self
                .act(&mut course, &model, op)
                .await
                .with_context(|| format!("step {i}: {op:?}"))?;
            if got.as_deref() != expected.as_ref().map_err(|c| *c).err() {
                bail!("step {i}: {op:?}: the model says {expected:?}, the house {got:?}");
            }
            self.compare(&course, &model)
                .await
                .with_context(|| format!("step {i}: {op:?}: {expected:?}"))?;
        }
        Ok(())
    }

    pub async fn verify(&self) -> anyhow::Result<()> {
        let mut tx = self.db.begin(self.house.tenant).await?;
        let findings = verify::tenant(&mut tx).await?;
        anyhow::ensure!(findings.is_empty(), "verify: {findings:?}");
        Ok(())
    }

    /// As the night audit will.
    async fn move_business_date(&self, to: NaiveDate) -> anyhow::Result<()> {
        let mut tx = self.db.begin(self.house.tenant).await?;
        sqlx::query("update property set business_date = $2 where id = $1")
            .bind(self.house.property_id)
            .bind(to)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn reprice(&self, course: &Course, kind: usize, price: i64) -> anyhow::Result<()> {
        let entry = PriceEntry {
            rate_plan_id: self.house.base_plan,
            unit_type_id: self.house.unit_types[kind].id,
            range: Range {
                from: course.first,
                to: course.first + Days::new(STRIDE - 1),
                weekdays: Vec::new(),
            },
            price: Decimal::from(price),
            currency: "EUR".into(),
        };
        let change = Change {
            prices: vec![entry],
            ..Change::default()
        };
        let mut tx = self.db.begin(self.house.tenant).await?;
        ari::change(&mut tx, &self.who, self.house.property_id, change, course.now).await?;
        Ok(tx.commit().await?)
    }

    /// Does it for real. `Some(code)` = refused.
    async fn act(&self, course: &mut Course, model: &Model, op: &Op) -> anyhow::Result<Option<String>> {
        match op {
            Op::NightPasses => {
                course.today = course.day(model.today);
                self.move_business_date(course.today).await?;
                return Ok(None);
            }
            Op::Reprice { kind, price } => {
                self.reprice(course, *kind, *price).await?;
                return Ok(None);
            }
            Op::TimePasses { minutes } => {
                course.now += Duration::minutes(*minutes);
                return self.end_holds(course).await;
            }
            _ => {}
        }
        let mut tx = self.db.begin(self.house.tenant).await?;
        match self.try_it(&mut tx, course, op).await {
            Ok(()) => {
                tx.commit().await?;
                Ok(None)
            }
            Err(Error::Refused(refusal)) => {
                tx.rollback().await?;
                Ok(Some(refusal.code.to_string()))
            }
            Err(other) => Err(other.into()),
        }
    }

    async fn end_holds(&self, course: &Course) -> anyhow::Result<Option<String>> {
        loop {
            let mut tx = self.db.begin(self.house.tenant).await?;
            let ended = hold::end_expired(&mut tx, course.now).await?;
            tx.commit().await?;
            if !ended {
                return Ok(None);
            }
        }
    }

    async fn try_it(&self, tx: &mut TenantTx, course: &mut Course, op: &Op) -> innkeep_domain::Result<()> {
        let (who, now) = (&self.who, course.now);
        let force = Some(Force {
            reason: "the model says so".into(),
        });
        match op {
            Op::Book {
                kind,
                from,
                len,
                adults,
            } => {
                let made = reserve(
                    tx,
                    who,
                    self.booking(course, *kind, (*from, *len), *adults, None),
                    now,
                )
                .await?;
                course.made(&made);
            }
            Op::Hold {
                kind,
                from,
                len,
                minutes,
            } => {
                let new = self.booking(course, *kind, (*from, *len), 1, Some(*minutes));
                let made = reserve(tx, who, new, now).await?;
                course.made(&made);
            }
            Op::Channel {
                reference,
                kind,
                from,
                len,
            } => {
                let revision = self.revision(
                    course,
                    *reference,
                    RevisionStatus::Modified,
                    Some((*kind, *from, *len)),
                );
                let applied = apply(tx, who, &self.connection, &revision, now).await?;
                if course.references[*reference].is_none() {
                    course.references[*reference] = Some(course.stays.len());
                    course.made(&store::get(tx, who, applied.booking_id).await?);
                }
            }
            Op::ChannelCancel { reference } => {
                if let Some(stay) = course.references[*reference] {
                    let (kind, from, len) = self.slept(tx, course, stay).await?;
                    let last = Some((kind, from, len));
                    let revision = self.revision(course, *reference, RevisionStatus::Cancelled, last);
                    apply(tx, who, &self.connection, &revision, now).await?;
                }
            }
            Op::Confirm { stay } => {
                if let Some((booking, _)) = course.pick(*stay) {
                    hold::confirm(tx, who, booking, None, now).await?;
                }
            }
            Op::Cancel { stay } => {
                if let Some((_, id)) = course.pick(*stay) {
                    cancel(tx, who, What::Reservation(id), None, None, now).await?;
                }
            }
            Op::NoShow { stay } => {
                if let Some((_, id)) = course.pick(*stay) {
                    settle::no_show(tx, who, id, None, None, now).await?;
                }
            }
            Op::Reinstate { stay, force: forced } => {
                if let Some((_, id)) = course.pick(*stay) {
                    settle::reinstate(tx, who, id, None, force.as_ref().filter(|_| *forced), now).await?;
                }
            }
            Op::Amend {
                stay,
                change,
                force: forced,
            } => {
                if let Some((_, id)) = course.pick(*stay) {
                    let amendment = self.amendment(tx, course, id, change).await?;
                    let force = force.as_ref().filter(|_| *forced);
                    amend(tx, who, id, &amendment, None, force, None, now).await?;
                }
            }
            Op::Block {
                kind,
                unit,
                from,
                len,
            } => {
                let id = self.house.unit_types[*kind].id;
                let units = property::units(tx, who, self.house.property_id).await?;
                let of_kind: Vec<_> = units.iter().filter(|u| u.unit_type_id == id).collect();
                let new = NewMaintenance {
                    unit_id: of_kind[unit % of_kind.len()].id,
                    kind: maintenance::Kind::OutOfOrder,
                    reason: "a leak".into(),
                    from: course.day(*from),
                    to: course.day(from + len),
                    force: false,
                };
                maintenance::create(tx, who, self.house.property_id, new, now).await?;
            }
            Op::TimePasses { .. } | Op::Reprice { .. } | Op::NightPasses => {}
        }
        Ok(())
    }

    fn booking(
        &self,
        course: &Course,
        kind: usize,
        (from, len): (usize, usize),
        adults: i32,
        hold_minutes: Option<i32>,
    ) -> NewBooking {
        let stay = Stay::new(course.day(from), course.day(from + len));
        let rooms = stay.into_iter().map(|stay| NewRoom {
            unit_type_id: self.house.unit_types[kind].id,
            rate_plan_id: self.house.base_plan,
            stay,
            adults,
            children_ages: Vec::new(),
            guest_name: None,
            extras: Vec::new(),
        });
        NewBooking {
            property_id: self.house.property_id,
            booker: Booker {
                name: "Ada".into(),
                ..Booker::default()
            },
            notes: None,
            basket: Basket::Rooms {
                rooms: rooms.collect(),
                promo_code: None,
            },
            expected_total: None,
            hold_minutes,
            group_id: None,
        }
    }

    fn revision(
        &self,
        course: &mut Course,
        reference: usize,
        status: RevisionStatus,
        stay: Option<(usize, usize, usize)>,
    ) -> ChannelRevision {
        course.revision += 1;
        let price = Decimal::from(CHANNEL_PRICE);
        let room = |(kind, from, len): (usize, usize, usize)| ChannelRoom {
            room_ref: Some("1".into()),
            room_type: Some(self.house.unit_types[kind].code.clone()),
            rate_plan: None,
            arrival: course.day(from),
            departure: course.day(from + len),
            nights: (from..from + len).map(|d| (course.day(d), price)).collect(),
            amount: price * Decimal::from(len),
            adults: 1,
            children: 0,
            guest_name: None,
        };
        let rooms: Vec<_> = stay.map(room).into_iter().collect();
        ChannelRevision {
            booking_ref: format!("{}-{reference}", self.window),
            revision: format!("{}-{}", self.window, course.revision),
            revised_at: Some(course.now + Duration::milliseconds(course.revision)),
            status,
            code: "X".into(),
            sold_by: "Agent".into(),
            currency: "EUR".into(),
            total: rooms.iter().map(|r: &ChannelRoom| r.amount).sum(),
            commission: None,
            booker: Booker {
                name: "Grace".into(),
                ..Booker::default()
            },
            notes: None,
            rooms,
        }
    }

    async fn reservation(&self, tx: &mut TenantTx, id: Uuid) -> innkeep_domain::Result<Reservation> {
        let booking = store::booking_of(tx, id).await?;
        let booking = store::get(tx, &self.who, booking).await?;
        let found = booking.reservations.into_iter().find(|r| r.id == id);
        found.ok_or_else(|| Error::internal("a stay is gone"))
    }

    /// Type and nights of a stay as the house has them: what a channel repeats when it cancels.
    async fn slept(
        &self,
        tx: &mut TenantTx,
        course: &Course,
        stay: usize,
    ) -> innkeep_domain::Result<(usize, usize, usize)> {
        let r = self.reservation(tx, course.stays[stay].1).await?;
        let from = (r.arrival - course.first).num_days();
        let len = (r.departure - r.arrival).num_days();
        Ok((self.kind(r.unit_type_id), from as usize, len as usize))
    }

    fn kind(&self, unit_type: Option<Uuid>) -> usize {
        usize::from(unit_type == Some(self.house.unit_types[1].id))
    }

    async fn amendment(
        &self,
        tx: &mut TenantTx,
        course: &Course,
        id: Uuid,
        change: &Amend,
    ) -> innkeep_domain::Result<Amendment> {
        let now = self.reservation(tx, id).await?;
        let arrival = change.from.map(|d| course.day(d));
        let from = arrival.unwrap_or(now.arrival);
        Ok(Amendment {
            arrival,
            departure: change.len.map(|len| from + Days::new(len as u64)),
            unit_type_id: change.kind.map(|k| self.house.unit_types[k].id),
            // A channel's rooms here are mapped to no rate: whoever changes one names it.
            rate_plan_id: now.rate_plan_id.or(Some(self.house.base_plan)),
            adults: change.adults,
            from: change.anew.map(|d| course.day(d)),
            keep_prices: change.keep_prices,
            ..Amendment::default()
        })
    }

    /// Every stay and every counter of the window.
    async fn compare(&self, course: &Course, model: &Model) -> anyhow::Result<()> {
        let mut tx = self.db.begin(self.house.tenant).await?;
        let stays = self.stays(&mut tx, course).await?;
        for (i, (got, expected)) in stays.iter().zip(&model.stays).enumerate() {
            let expected = Found {
                status: expected.status.name().into(),
                kind: expected.kind,
                total: expected.total().into(),
                nights: expected.nights.clone(),
            };
            anyhow::ensure!(
                *got == expected,
                "stay {i}: the model says {expected:?}, the house {got:?}"
            );
        }
        anyhow::ensure!(
            stays.len() == model.stays.len(),
            "{} stays, not {}",
            stays.len(),
            model.stays.len()
        );
        let stock = self.stock(&mut tx, course).await?;
        let expected = model.stock();
        anyhow::ensure!(
            stock == expected,
            "stock: the model says {expected:?}, the house {stock:?}"
        );
        Ok(())
    }

    /// The stays of the sequence as stored, in the order they were made.
    async fn stays(&self, tx: &mut TenantTx, course: &Course) -> anyhow::Result<Vec<Found>> {
        type Row = (
            String,
            Option<Uuid>,
            Decimal,
            Vec<NaiveDate>,
            Vec<Option<Uuid>>,
            Vec<Decimal>,
        );
        let ids: Vec<Uuid> = course.stays.iter().map(|(_, id)| *id).collect();
        let rows: Vec<Row> = sqlx::query_as(
            "select r.status, r.unit_type_id, r.total, array_agg(n.night order by n.night),
                    array_agg(n.unit_type_id order by n.night), array_agg(n.price order by n.night)
             from unnest($1::uuid[]) with ordinality as w (id, i)
             join reservation r on r.id = w.id join reservation_night n on n.reservation_id = r.id
             group by w.i, r.tenant_id, r.id order by w.i",
        )
        .bind(ids)
        .fetch_all(&mut **tx)
        .await?;
        let found = |(status, unit_type, total, dates, types, prices): Row| {
            let nights = dates.into_iter().zip(types).zip(prices);
            let night = |((date, unit_type), price): ((NaiveDate, _), Decimal)| Night {
                day: (date - course.first).num_days() as usize,
                kind: self.kind(unit_type),
                price: price.try_into().unwrap_or(-1),
            };
            Found {
                status,
                kind: self.kind(unit_type),
                total,
                nights: nights.map(night).collect(),
            }
        };
        Ok(rows.into_iter().map(found).collect())
    }

    async fn stock(&self, tx: &mut TenantTx, course: &Course) -> anyhow::Result<Stock> {
        let last = course.day(DAYS + 2);
        let all = ari::read(tx, &self.who, self.house.property_id, course.first, last).await?;
        let mut stock = Stock::new();
        for of_type in all {
            for (date, night) in of_type
                .nights
                .iter()
                .filter(|(_, n)| n.sold + n.held + n.out_of_order != 0)
            {
                let cell = (
                    self.kind(Some(of_type.unit_type_id)),
                    (*date - course.first).num_days() as usize,
                );
                stock.insert(cell, (night.sold, night.held, night.out_of_order));
                let forced = (night.sold + night.held + night.out_of_order - night.capacity).max(0);
                anyhow::ensure!(
                    night.forced == forced,
                    "{cell:?}: {} forced, {forced} needed",
                    night.forced
                );
            }
        }
        Ok(stock)
    }
}

/// A stay as stored, in the model's words.
#[derive(Debug, PartialEq)]
struct Found {
    status: String,
    kind: usize,
    total: Decimal,
    nights: Vec<Night>,
}

impl Course {
    fn day(&self, day: usize) -> NaiveDate {
        self.first + Days::new(day as u64)
    }
    fn made(&mut self, booking: &entity::Booking) {
        self.stays
            .extend(booking.reservations.iter().map(|r| (booking.id, r.id)));
    }
    fn pick(&self, stay: usize) -> Option<(Uuid, Uuid)> {
        let n = self.stays.len();
        (n > 0).then(|| self.stays[stay % n])
    }
}
