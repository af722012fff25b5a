//! For a channel that has no list of its own and is told what there is: what is not mapped gets the house's codes, then
//! everything that is mapped is shown.

use super::build::{SetUp, no_property};
use crate::api::ApiResult;
use crate::api::channels::probe;
use crate::app::App;
use innkeep_domain::channel::setup::House;
use innkeep_domain::channel::{own_codes, portal, showcase};
use innkeep_domain::ports::channel::Showcase;
use innkeep_domain::{Principal, Refusal};

pub async fn all(app: &App, who: &Principal, house: &House, channel: &dyn Showcase) -> ApiResult<SetUp> {
    let access = house.connection.access(app.now()).ok_or_else(no_property)?;
    let id = house.connection.id;
    let mut tx = app.db.begin_for(who).await?;
    let mapped = own_codes::map(&mut tx, house, |code| channel.can_say(code)).await?;
    let categories = portal::categories(&mut tx, id).await?;
    tx.commit().await?;
    if categories.is_empty() {
        let detail = "no unit type is mapped, and none has a code that the channel takes";
        return Err(Refusal::conflict("nothing_to_map", detail).into());
    }
    let shown = channel.show(&access, &categories).await;
    let shown = shown.map_err(|e| probe::failed(&e))?;
    let mut tx = app.db.begin_for(who).await?;
    showcase::shown(&mut tx, id, app.now()).await?;
    tx.commit().await?;
    let mut done = SetUp::new(id, access.property);
    done.mapped(mapped.rooms, mapped.rates);
    Ok(done.shown(shown))
}
