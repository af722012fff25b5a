//! Sending mail.

use async_trait::async_trait;

/// Plain text to one address.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// Neither the address nor the text, which may hold a token, belongs in a log.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({})", self.subject)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Worth trying again: the server is away, busy, or said "later".
    #[error("{0}")]
    Later(String),
    /// It will never be taken: no such mailbox, not an address.
    #[error("{0}")]
    Never(String),
}

#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}
