//! Categories and rooms to a portal (Inventory push): all of them at once, in the place of those it knew.

use super::action::{Action, Side};
use super::capability::Capability;
use super::sink::Sink;
use super::{inventory, outcome, verdict};
use crate::ota::answer::Type;
use crate::ota::tag::Tag;
use async_trait::async_trait;
use innkeep_domain::channel::portal::Category;
use innkeep_domain::ports::channel::{Access, ChannelError, Showcase, Shown};

#[async_trait]
impl Showcase for Sink {
    async fn show(&self, access: &Access, categories: &[Category]) -> Result<Shown, ChannelError> {
        let action = Action::Inventory;
        let agreed = self.agreed(access, action).await?;
        let with_rooms = agreed.capabilities.has(Capability::UseRooms, agreed.version);
        let told = inventory::told(categories, with_rooms);
        let shown = Shown {
            categories: told.categories,
            rooms: told.numbers,
            left_out: told.left_out,
        };
        let message = Tag::message(action.root(Side::Request), inventory::VERSION)
            .child(told.contents(&access.property))
            .document();
        verdict::check(message.as_bytes(), action, Side::Request, &agreed)
            .map_err(|refusal| outcome::unsayable(&refusal))?;
        let answer = self.tell(access, &agreed, action, &message).await?;
        let warnings = outcome::accepted(answer)?;
        // What a warning speaks of was not taken.
        match warnings.iter().find(|one| one.kind != Type::ADVISORY) {
            Some(warning) => Err(outcome::partly(warning)),
            None => Ok(shown),
        }
    }

    fn can_say(&self, code: &str) -> bool {
        inventory::code_fits(code)
    }
}
