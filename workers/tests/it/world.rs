//! A furnished hotel with one connected channel.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use innkeep_domain::booking::channel::{Applied, apply};
use innkeep_domain::booking::entity::Booking;
use innkeep_domain::booking::reserve::{Basket, NewBooking, NewRoom, reserve};
use innkeep_domain::channel::connection::{self, Connection, NewConnection};
use innkeep_domain::channel::mapping::{Mapping, set_mapping};
use innkeep_domain::channel::push::{self, Call, Manner, Next};
use innkeep_domain::channel::revision::{Booker, ChannelRevision, ChannelRoom, Particulars, RevisionStatus};
use innkeep_domain::channel::status::{self, SyncStatus};
use innkeep_domain::db::Db;
use innkeep_domain::due::due;
use innkeep_domain::ports::channel::{PushReport, Telling, Way};
use innkeep_domain::rates::stay::Stay;
use innkeep_domain::testing::{House, Plan, TestDatabase};
use innkeep_domain::{Principal, verify};
use rust_decimal::{Decimal, dec};
use uuid::Uuid;

pub struct World {
    pub db: Db,
    pub house: House,
    pub connection: Connection,
    _database: TestDatabase,
}

/// As most channels are told.
pub const MANNER: Manner = Manner {
    most_ranges: 10_000,
    telling: Some(Telling::CHANGES),
};

pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 1, 12, 0, 0).unwrap()
}

impl World {
    /// Everything mapped and nothing told yet.
    pub async fn connected(calls_per_minute: i32) -> Self {
        let database = TestDatabase::create(innkeep_workers::setup_queue).await.unwrap();
        let db = database.connect(4).await.unwrap();
        let house = House::furnish(&db, &Plan::HOTEL, now()).await.unwrap();
        let new = NewConnection {
            property_id: house.property_id,
            protocol: "channex".into(),
            name: "Channex".into(),
            base_url: Some("http://127.0.0.1:1".into()),
            external_property: Some("p".into()),
            api_key: Some("k".into()),
            safety_buffer: 0,
            calls_per_minute,
            terms: connection::Terms::default(),
        };
        let mut tx = db.begin(house.tenant).await.unwrap();
        let made = connection::create(&mut tx, &house.owner(), new, Way::Called, now())
            .await
            .unwrap();
        let mut mapping = Mapping::default();
        for unit_type in &house.unit_types {
            mapping.rooms.insert(unit_type.id, unit_type.code.clone());
            mapping
                .rates
                .insert((unit_type.id, house.base_plan), format!("{}-BAR", unit_type.code));
        }
        set_mapping(&mut tx, &house.owner(), made.connection.id, &mapping, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Self {
            db,
            house,
            connection: made.connection,
            _database: database,
        }
    }

    /// Connected, and the channel has accepted everything. Returns how many calls that took.
    pub async fn in_step(calls_per_minute: i32) -> (Self, usize) {
        let world = Self::connected(calls_per_minute).await;
        let calls = world.drain().await;
        (world, calls)
    }

    pub async fn next(&self, at: DateTime<Utc>) -> Next {
        self.next_by(MANNER, at).await
    }

    pub async fn next_by(&self, manner: Manner, at: DateTime<Utc>) -> Next {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let connection = connection::get(&mut tx, self.connection.id).await.unwrap();
        let next = push::prepare(&mut tx, &connection, manner, at).await.unwrap();
        tx.commit().await.unwrap();
        next
    }

    pub async fn due(&self, at: DateTime<Utc>) -> Vec<Uuid> {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        due(&mut tx, at).await.unwrap().pushes
    }

    pub async fn call(&self, at: DateTime<Utc>) -> Box<Call> {
        match self.next(at).await {
            Next::Call(call) => call,
            other => panic!("expected a call, not {other:?}"),
        }
    }

    pub async fn answer(&self, call: &Call, report: PushReport) {
        self.answer_at(call, report, now()).await;
    }

    pub async fn answer_at(&self, call: &Call, report: PushReport, at: DateTime<Utc>) {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        push::answered(&mut tx, call, &report, at).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Accepts calls until there are none.
    pub async fn drain(&self) -> usize {
        let mut calls = 0;
        while let Next::Call(call) = self.next(now()).await {
            self.answer(&call, PushReport::default()).await;
            calls += 1;
        }
        calls
    }

    pub async fn sell(&self, code: &str, from: u64, nights: u64) -> Booking {
        let stay = Stay::new(self.house.night(from), self.house.night(from + nights)).unwrap();
        let room = NewRoom {
            unit_type_id: self.unit_type(code),
            rate_plan_id: self.house.base_plan,
            stay,
            adults: 1,
            children_ages: vec![],
            guest_name: None,
            extras: vec![],
        };
        let new = NewBooking {
            property_id: self.house.property_id,
            booker: Booker {
                name: "Ada".into(),
                ..Booker::default()
            },
            notes: None,
            basket: Basket::Rooms {
                rooms: vec![room],
                promo_code: None,
            },
            expected_total: None,
            hold_minutes: None,
            group_id: None,
        };
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let booking = reserve(&mut tx, &self.house.owner(), new, now()).await.unwrap();
        tx.commit().await.unwrap();
        booking
    }

    /// From now on the channel calls the unit type so.
    pub async fn map(&self, unit_type: &str, external: &str) {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let mut mapping = Mapping::read(&mut tx, self.connection.id).await.unwrap();
        mapping
            .rooms
            .insert(self.unit_type(unit_type), external.to_owned());
        set_mapping(&mut tx, &self.house.owner(), self.connection.id, &mapping, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub fn unit_type(&self, code: &str) -> Uuid {
        self.house.unit_type(code).unwrap()
    }

    pub async fn apply(&self, revision: &ChannelRevision) -> Applied {
        let who = Principal::channel(self.house.tenant, self.connection.id);
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let applied = apply(&mut tx, &who, &self.connection, revision, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        applied
    }

    /// (sold, forced) of a night.
    pub async fn stock(&self, code: &str, night: u64) -> (i32, i32) {
        let ari = innkeep_domain::rates::ari::read;
        let date = self.house.night(night);
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let all = ari(&mut tx, &self.house.owner(), self.house.property_id, date, date)
            .await
            .unwrap();
        let of_type = all
            .iter()
            .find(|a| a.unit_type_id == self.unit_type(code))
            .unwrap();
        let (_, night) = of_type.nights.first().unwrap();
        (night.sold, night.forced)
    }

    pub async fn status(&self) -> SyncStatus {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        status::read(&mut tx, &self.house.owner(), self.connection.id)
            .await
            .unwrap()
    }

    pub async fn open_alerts(&self) -> Vec<String> {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        let open = innkeep_domain::alert::open(&mut tx, &self.house.owner(), None, 50)
            .await
            .unwrap();
        open.into_iter().map(|a| a.kind).collect()
    }

    pub async fn assert_sound(&self) {
        let mut tx = self.db.begin(self.house.tenant).await.unwrap();
        assert_eq!(verify::tenant(&mut tx, now()).await.unwrap(), []);
    }
}

/// A revision of booking `booking`, the `number`-th of its kind, with rooms (code, from, nights).
pub fn revision(
    house: &House,
    booking: &str,
    number: u32,
    status: RevisionStatus,
    rooms: &[(&str, u64, u64)],
) -> ChannelRevision {
    let room = |(i, (code, from, nights)): (usize, &(&str, u64, u64))| ChannelRoom {
        room_ref: Some(format!("{booking}-{i}")),
        room_type: Some((*code).to_owned()),
        rate_plan: Some(format!("{code}-BAR")),
        arrival: house.night(*from),
        departure: house.night(from + nights),
        nights: (*from..from + nights)
            .map(|n| (house.night(n), dec!(90)))
            .collect::<Vec<(NaiveDate, Decimal)>>(),
        amount: dec!(90) * Decimal::from(*nights),
        adults: 1,
        children: 0,
        guest_name: None,
    };
    ChannelRevision {
        booking_ref: booking.to_owned(),
        revision: format!("{booking}-r{number}"),
        revised_at: Some(now() + chrono::Duration::seconds(i64::from(number))),
        status,
        code: booking.to_owned(),
        sold_by: "BookingCom".into(),
        currency: "EUR".into(),
        total: dec!(90),
        commission: None,
        particulars: Particulars::default(),
        booker: Booker {
            name: "Grace".into(),
            ..Booker::default()
        },
        notes: None,
        rooms: rooms.iter().enumerate().map(room).collect(),
    }
}
