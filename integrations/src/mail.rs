//! Mail: over SMTP to a server that sends it on, or into a folder to be read there.

use async_trait::async_trait;
use innkeep_domain::ports::mail::{MailError, Mailer, Message};
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const TIMEOUT: Duration = Duration::from_secs(20);

/// Hands mail to a server: `smtps://user:password@host`, or `smtp://host:587?tls=required`.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// # Errors
    /// In words that do not repeat the URL, which holds a password.
    pub fn new(url: &str, from: &str) -> Result<Self, String> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
        let builder = builder.map_err(|_| "not a URL like smtps://user:password@host".to_owned())?;
        let from = from
            .parse()
            .map_err(|_| format!("`{from}` is not a sender like Innkeep <mail@example.com>"))?;
        Ok(Self {
            transport: builder.timeout(Some(TIMEOUT)).build(),
            from,
        })
    }
}

fn letter(from: &Mailbox, message: &Message) -> Result<Letter, MailError> {
    let never = |e: &dyn std::fmt::Display| MailError::Never(e.to_string());
    let to: Mailbox = message.to.parse().map_err(|e| never(&e))?;
    Letter::builder()
        .from(from.clone())
        .to(to)
        .subject(message.subject.as_str())
        .body(message.text.clone())
        .map_err(|e| never(&e))
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let letter = letter(&self.from, message)?;
        let sent = self.transport.send(letter).await;
        sent.map(drop).map_err(|e| refused(&e))
    }
}

/// A server's final "no" concerns this mail; everything else may be otherwise later. The words may quote an address, so
/// they are cut down to the reply's code.
fn refused(error: &SmtpError) -> MailError {
    let code = error
        .status()
        .map_or_else(|| "no answer".into(), |c| format!("the server said {c}"));
    if error.is_permanent() {
        MailError::Never(code)
    } else {
        MailError::Later(code)
    }
}

/// Writes each mail as a file, for installations that have no mail server yet and for trying things out.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }
}

#[async_trait]
impl Mailer for Folder {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let later = |e: std::io::Error| MailError::Later(e.to_string());
        tokio::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .await
            .map_err(later)?;
        // Under its name only once it is whole.
        let id = innkeep_domain::ids::new_id();
        let (draft, path) = (
            self.0.join(format!(".{id}.tmp")),
            self.0.join(format!("{id}.txt")),
        );
        let mut file = tokio::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .await
            .map_err(later)?;
        let text = format!(
            "To: {}\nSubject: {}\n\n{}",
            message.to, message.subject, message.text
        );
        file.write_all(text.as_bytes()).await.map_err(later)?;
        file.flush().await.map_err(later)?;
        tokio::fs::rename(draft, path).await.map_err(later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: &str) -> Message {
        Message {
            to: to.into(),
            subject: "Hello".into(),
            text: "a token".into(),
        }
    }

    #[test]
    fn a_letter_has_one_reader_and_no_other_headers() {
        let from: Mailbox = "Innkeep <mail@innkeep.example>".parse().unwrap();
        let text = letter(&from, &message("ada@adler.example")).unwrap().formatted();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("To: ada@adler.example\r\n") && text.contains("Subject: Hello\r\n"));
        for bad in [
            "",
            "ada",
            "ada@adler.example, eve@evil.example",
            "ada@adler.example\r\nBcc: e@e.e",
        ] {
            assert!(
                matches!(letter(&from, &message(bad)), Err(MailError::Never(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_the_settings_is_said_without_the_password() {
        let why = |url, from| Smtp::new(url, from).err().unwrap_or_default();
        assert!(!why("gopher://user:geheim@host", "a@b.c").contains("geheim"));
        assert!(why("smtp://host", "nobody").contains("nobody"));
    }

    #[tokio::test]
    async fn a_folder_keeps_mail_for_its_owners_eyes() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("innkeep-mail-{}", innkeep_domain::ids::new_id()));
        let mail = Folder::new(folder.clone());
        mail.send(&message("ada@adler.example")).await.unwrap();
        let file = std::fs::read_dir(&folder)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(std::fs::read_to_string(&file).unwrap().contains("a token"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
