//! Setting a house up at a channel, mapping it, and asking for bookings again: what talks to the channel while somebody
//! waits for the answer. Nobody's connection to the database waits for a channel.

mod build;
mod products;
mod show;

use super::probe;
use crate::api::reply::Accepted;
use crate::api::{ApiResult, Auth, Body, Changed, Once, Tag, write};
use crate::app::Shared;
use build::SetUp;
use chrono::NaiveDate;
use innkeep_domain::channel::{connection, inbox, setup};
use innkeep_domain::{Permission, Refusal, jobs};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use products::RemoteProducts;
use uuid::Uuid;

const MOST_DAYS: i64 = 31;

pub struct ChannelSetUp;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Days {
    /// The first day on which what is looked for came up at the channel, in UTC.
    from: NaiveDate,
    /// The last, at most 31 days in all.
    to: NaiveDate,
}

#[derive(Object)]
struct Recovered {
    connection_id: Uuid,
    /// Booking messages of those days that the channel has.
    listed: u64,
    /// Of them those that were not here: they are taken in now.
    missing: u64,
}

#[OpenApi(prefix_path = "/v1/channel-connections", tag = "Tag::Channels")]
impl ChannelSetUp {
    /// What the channel sells of the property
    ///
    /// Its rooms and rates, each with what is mapped to it, or a suggestion by name or size; and what of ours is not sold
    /// there. 409 `channel_failed` with the channel's words, `nothing_to_map` for a channel that has no list.
    #[oai(
        path = "/:id/remote-products",
        method = "get",
        operation_id = "list_remote_products"
    )]
    async fn remote_products(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
    ) -> ApiResult<Json<RemoteProducts>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let house = setup::read(&mut tx, &auth.0, Permission::ReadChannels, id.0).await?;
        tx.commit().await?;
        let catalogue = build::catalogue(&app, &house.connection)?;
        let access = house
            .connection
            .access(app.now())
            .ok_or_else(build::no_property)?;
        let all = catalogue.products(&access).await.map_err(|e| probe::failed(&e))?;
        Ok(Json(RemoteProducts::new(&house, &all)))
    }

    /// Set the property up at the channel
    ///
    /// Makes there what is sold here and not mapped: the property, if the connection names none, room types, rate plans;
    /// what is there under the same name already is taken instead. Maps them, and has the channel call us. A channel that
    /// has no list and is told what there is (`alpinebits`): what is not mapped is mapped under our own codes, then all
    /// that is mapped is told, in the place of what was told before. What breaks
    /// off half-way goes on when it is called again. 409 `channel_failed` with the channel's words, `wrong_currency`,
    /// `set_up_running`.
    #[oai(
        path = "/:id/actions/set-up",
        method = "post",
        operation_id = "set_up_channel"
    )]
    async fn set_up(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
    ) -> ApiResult<Changed<SetUp>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let house = setup::take(&mut tx, &auth.0, id.0, app.now()).await?;
        tx.commit().await?;
        let protocol = app.protocols.get(&house.connection.protocol);
        let set_up = match protocol.and_then(|p| p.more.showcase.clone()) {
            Some(showcase) => show::all(&app, &auth.0, &house, &*showcase).await,
            None => build::all(&app, &auth.0, &house).await,
        };
        match set_up {
            Ok(done) => {
                write(&app, &auth.0, &once, "set_up_channel", async |tx| {
                    setup::finish(tx, &auth.0, id.0, app.now()).await?;
                    Ok(Changed::new(&done))
                })
                .await
            }
            Err(error) => {
                let mut tx = app.db.begin_for(&auth.0).await?;
                setup::finish(&mut tx, &auth.0, id.0, app.now()).await?;
                tx.commit().await?;
                Err(error)
            }
        }
    }

    /// Ask the channel for its bookings of some days again
    ///
    /// Whatever of them is not here is taken in, acknowledged or not: for bookings that were lost on the way. 409
    /// `channel_failed` with the channel's words, `nothing_to_recover` for a channel that cannot be asked.
    #[oai(
        path = "/:id/actions/recover",
        method = "post",
        operation_id = "recover_channel_bookings"
    )]
    async fn recover(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<Days>,
    ) -> ApiResult<Accepted<Recovered>> {
        auth.0.require(Permission::WriteChannels)?;
        let Days { from, to } = body.0;
        if to < from || (to - from).num_days() >= MOST_DAYS {
            let detail = format!("`to` is not before `from`, and at most {MOST_DAYS} days");
            return Err(Refusal::invalid("out_of_range", detail).at("/to").into());
        }
        let mut tx = app.db.begin_for(&auth.0).await?;
        let known = connection::get(&mut tx, id.0).await?;
        tx.commit().await?;
        let protocol = app.protocols.get(&known.protocol);
        let recovery = protocol.and_then(|p| p.more.recovery.clone());
        let (Some(recovery), Some(access)) = (recovery, known.access(app.now())) else {
            let detail = "this channel cannot be asked for bookings by date";
            return Err(Refusal::conflict("nothing_to_recover", detail).into());
        };
        let messages = recovery.messages(&access, from, to).await;
        let messages = messages.map_err(|e| probe::failed(&e))?;
        write(&app, &auth.0, &once, "recover_channel_bookings", async |tx| {
            let missing = inbox::store(tx, id.0, &messages, app.now()).await?;
            jobs::kick(tx).await?;
            Ok(Accepted::new(&Recovered {
                connection_id: id.0,
                listed: messages.len() as u64,
                missing,
            }))
        })
        .await
    }
}
