//! What guests write through channels, and what the house answers: taken in by a pull, kept sealed, sent by a worker.

mod desk;
mod sealed;
mod send;
mod subject;
mod take_in;

pub use desk::{
    Conversation, Letter, Review, answer, conversation, conversations, letters, reply, review, reviews,
};
pub use send::{Outgoing, due_letter, due_reply, letter_failed, letter_sent, reply_failed, reply_sent};
pub use subject::Said;
pub(crate) use subject::{export, shred};
pub use take_in::{failed, pulled, take_conversations, take_letters, take_pull, take_reviews, talk_now};
