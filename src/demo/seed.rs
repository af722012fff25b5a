//! The first start: two tenants with everything they sell, and an owner for each. Done once; a later start finds it.

use super::portfolio::{self, CURRENCY, ChannelSpec, HouseSpec};
use super::prices;
use super::state::{Endpoint, House, Login, State};
use super::terms;
use chrono::{DateTime, Utc};
use innkeep_domain::channel::connection::{self, Mapping, NewConnection};
use innkeep_domain::db::{Db, TenantTx};
use innkeep_domain::identity::api_key::{self, NewApiKey};
use innkeep_domain::identity::{self, Class, account, membership};
use innkeep_domain::ids::{TenantId, new_id};
use innkeep_domain::ports::channel::Way;
use innkeep_domain::property::{self, NewProperty, NewUnitType, Property};
use innkeep_domain::rates::{ari, plan};
use innkeep_domain::{Principal, Role, tenancy};
use innkeep_integrations::{channex, open_webhook};
use uuid::Uuid;

/// The sandbox takes any key.
const SANDBOX_KEY: &str = "demo";
/// What Channex allows of each kind of call.
const CALLS_PER_MINUTE: i32 = 10;

/// Both houses, with connections that call the sandbox at this address. The owners come last, see [`is_seeded`].
pub async fn seed(db: &Db, sandbox: &str, now: DateTime<Utc>) -> anyhow::Result<State> {
    let mut houses = Vec::new();
    for spec in portfolio::all() {
        let mut tx = db.begin_platform().await?;
        let tenant = tenancy::create(&mut tx, spec.name, now).await?.id;
        let email = free_email(&mut tx, spec.owner.1).await?;
        tx.commit().await?;
        let mut tx = db.begin(tenant).await?;
        let (property, channels) = house(&mut tx, &spec, sandbox, now).await?;
        let page_key = Some(page_key(&mut tx, now).await?);
        tx.commit().await?;
        let owner = Login {
            email,
            password: identity::random_token(),
        };
        houses.push(House {
            tenant,
            property,
            owner,
            login_file: spec.login_file.to_owned(),
            channels,
            page_key,
        });
    }
    Ok(State {
        sandbox: sandbox.to_owned(),
        houses,
    })
}

/// The owners, once the state with their passwords is saved.
pub async fn add_owners(db: &Db, state: &State, now: DateTime<Utc>) -> anyhow::Result<()> {
    for (spec, house) in portfolio::all().iter().zip(&state.houses) {
        let hash = identity::hash_password(house.owner.password.clone(), &[]).await?;
        let mut tx = db.begin_platform().await?;
        let user = account::add(
            &mut tx,
            Class::Staff,
            &house.owner.email,
            spec.owner.0,
            &hash,
            now,
        )
        .await?;
        membership::set(&mut tx, user, house.tenant, Role::Owner).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Does this database hold what the state remembers? Every owner is there only when all else is.
pub async fn is_seeded(db: &Db, state: &State) -> anyhow::Result<bool> {
    let mut tx = db.begin_platform().await?;
    for house in &state.houses {
        let Some(owner) = account::find(&mut tx, Class::Staff, &house.owner.email).await? else {
            return Ok(false);
        };
        let tenants = membership::of_user(&mut tx, owner.id).await?;
        if !tenants.iter().any(|m| m.tenant == house.tenant) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A database that was seeded before by a demo whose secrets are lost keeps its users; ours gets another address.
async fn free_email(tx: &mut innkeep_domain::db::PlatformTx, wanted: &str) -> anyhow::Result<String> {
    if account::find(tx, Class::Staff, wanted).await?.is_none() {
        return Ok(wanted.to_owned());
    }
    let suffix: u32 = rand::random();
    Ok(wanted.replacen('@', &format!("+{suffix:08x}@"), 1))
}

async fn house(
    tx: &mut TenantTx,
    spec: &HouseSpec,
    sandbox: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<(Uuid, Vec<Endpoint>)> {
    let who = &who(tx.tenant());
    let new = NewProperty {
        name: spec.name.into(),
        kind: spec.kind.into(),
        zone: spec.zone.into(),
        currency: CURRENCY.into(),
    };
    let property = property::create(tx, who, new, now).await?;
    let mut types = Vec::new();
    for t in &spec.types {
        let new = NewUnitType {
            code: t.code.into(),
            name: t.name.into(),
            kind: unit_kind(spec.kind).into(),
            max_occupancy: t.persons,
        };
        let unit_type = property::create_unit_type(tx, who, property.id, new, now).await?;
        property::create_units(tx, who, unit_type.id, &t.units, now).await?;
        types.push((unit_type.id, t.code));
    }
    terms::charge(tx, who, property.id, now).await?;
    let plans = plans(tx, who, spec, &property, now).await?;
    let prices = prices::change(spec, &types, plans, property.business_date);
    ari::change(tx, who, property.id, prices, now).await?;
    let mut channels = Vec::new();
    for channel in spec.channels {
        channels.push(connect(tx, who, &property, channel, (&types, plans), sandbox, now).await?);
    }
    Ok((property.id, channels))
}

/// For the sandbox's page, which shows our calendar beside the channels'.
async fn page_key(tx: &mut TenantTx, now: DateTime<Utc>) -> anyhow::Result<String> {
    let new = NewApiKey {
        name: "Sandbox's page".into(),
        scopes: vec!["read_channels".into()],
        property_ids: None,
        expires_at: None,
    };
    let who = who(tx.tenant());
    Ok(api_key::create(tx, &who, new, now).await?.text)
}

/// The demo's own name in the event log.
pub fn who(tenant: TenantId) -> Principal {
    Principal::system(tenant, "demo")
}

async fn plans(
    tx: &mut TenantTx,
    who: &Principal,
    spec: &HouseSpec,
    property: &Property,
    now: DateTime<Utc>,
) -> anyhow::Result<(Uuid, Uuid)> {
    let (refundable, strict) = terms::policies(tx, who, property.id, now).await?;
    let flexible = plan::NewRatePlan {
        code: "FLEX".into(),
        name: "Flexible".into(),
        policy_id: Some(refundable),
        ..Default::default()
    };
    let base = plan::create(tx, who, property.id, flexible, now).await?.id;
    let second = plan::NewRatePlan {
        code: spec.second_plan.code.into(),
        name: spec.second_plan.name.into(),
        derived: Some((base, spec.second_plan.by)),
        policy_id: Some(if spec.second_plan.refundable {
            refundable
        } else {
            strict
        }),
        ..Default::default()
    };
    Ok((base, plan::create(tx, who, property.id, second, now).await?.id))
}

/// A connection that maps everything the house sells to ids of the channel's own.
async fn connect(
    tx: &mut TenantTx,
    who: &Principal,
    property: &Property,
    spec: &ChannelSpec,
    (types, plans): (&[(Uuid, &str)], (Uuid, Uuid)),
    sandbox: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<Endpoint> {
    let way = if spec.channex { Way::Called } else { Way::Signs };
    let of_channex = |value: String| spec.channex.then_some(value);
    let new = NewConnection {
        property_id: property.id,
        protocol: if spec.channex {
            channex::NAME
        } else {
            open_webhook::NAME
        }
        .into(),
        name: spec.name.into(),
        base_url: of_channex(sandbox.to_owned()),
        external_property: of_channex(new_id().to_string()),
        api_key: of_channex(SANDBOX_KEY.to_owned()),
        safety_buffer: 0,
        calls_per_minute: CALLS_PER_MINUTE,
        terms: connection::Terms::default(),
    };
    let created = connection::create(tx, who, new, way, now).await?;
    let mut mapping = Mapping::default();
    // Channex names things by UUID, a small seller by words.
    let id = |words: String| if spec.channex { new_id().to_string() } else { words };
    for (unit_type, code) in types {
        mapping.rooms.insert(*unit_type, id(code.to_lowercase()));
        for (plan, name) in [(plans.0, "flexible"), (plans.1, "second")] {
            mapping
                .rates
                .insert((*unit_type, plan), id(format!("{}-{name}", code.to_lowercase())));
        }
    }
    connection::set_mapping(tx, who, created.connection.id, &mapping, now).await?;
    Ok(Endpoint {
        connection: created.connection.id,
        token: created.endpoint_token,
        signing_secret: created.signing_secret,
    })
}

/// What a house of this kind lets.
fn unit_kind(property: &str) -> &'static str {
    match property {
        "host" => "apartment",
        "marina" => "berth",
        _ => "room",
    }
}
