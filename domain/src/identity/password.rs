//! Passwords: which are good enough, argon2id off the async threads, and the same time for a user who is not there.

use super::account::Account;
use crate::error::{Error, Refusal, Result};
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

pub const SHORTEST_PASSWORD: usize = 12;
pub const LONGEST_PASSWORD: usize = 512;

/// argon2id takes 19 MiB and a core for tens of milliseconds: never on the async threads, never many at once.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Verified against when the user is unknown, so that both answers take the same time.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody has this password").ok());

fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash
        .map_err(|e| Error::internal(format!("argon2: {e}")))?
        .to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok())
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _permit = HASHING
        .acquire()
        .await
        .map_err(|e| Error::internal(e.to_string()))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::internal(e.to_string()))
}

/// Long enough, and not what is tried first: common and leaked passwords, the person's own name and address, keyboard
/// rows, dates (zxcvbn's lists, score 3 of 4 at least).
pub fn check_strength(password: &str, about: &[&str]) -> Result<(), Refusal> {
    let length = password.chars().count();
    if length < SHORTEST_PASSWORD || password.len() > LONGEST_PASSWORD {
        let detail = format!("a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters");
        return Err(Refusal::invalid("password_length", detail).at("/password"));
    }
    let estimate = zxcvbn::zxcvbn(password, about);
    if estimate.score() >= zxcvbn::Score::Three {
        return Ok(());
    }
    let why = estimate
        .feedback()
        .and_then(|f| f.warning())
        .map(|w| w.to_string());
    let why = why.unwrap_or_else(|| "it is easy to guess".into());
    let detail = format!("choose another password: {why}");
    Err(Refusal::invalid("password_too_weak", detail).at("/password"))
}

/// Hashes a new password, refusing one that is not worth hashing. `about`: what belongs to the person.
pub async fn hash_password(password: String, about: &[&str]) -> Result<String> {
    let about: Vec<String> = about.iter().map(ToString::to_string).collect();
    off_thread(move || {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        check_strength(&password, &about)?;
        hash(&password)
    })
    .await?
}

/// Same time and same words for a wrong password, an unknown account, and one that was disabled.
pub async fn check_password(found: Option<Account>, password: String) -> Result<Account> {
    let wrong =
        || Refusal::unauthenticated("wrong_credentials", "the e-mail address or the password is wrong");
    if password.len() > LONGEST_PASSWORD {
        return Err(wrong().into());
    }
    let stored = found.as_ref().map(|c| c.password_hash.clone());
    let matches = off_thread(move || match stored.as_ref() {
        Some(stored) => verify(&password, stored),
        None => NOBODY.as_ref().is_some_and(|nobody| verify(&password, nobody)),
    })
    .await?;
    let account = found.filter(|a| matches && a.disabled_at.is_none());
    account.ok_or_else(|| wrong().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_refused() {
        let about = ["ada@adler.example", "Ada Lovelace"];
        let why = |p: &str| check_strength(p, &about).map_err(|r| r.code);
        assert_eq!(why("short pass"), Err("password_length"));
        assert_eq!(why(&"x".repeat(513)), Err("password_length"));
        for weak in [
            "password1234",
            "aaaaaaaaaaaaaaaa",
            "qwertyuiop123",
            "123456789012",
            "ada lovelace",
        ] {
            assert_eq!(why(weak), Err("password_too_weak"), "{weak}");
        }
        assert_eq!(why("correct horse battery staple"), Ok(()));
        assert_eq!(why("tyres-7-umbrella-moss"), Ok(()));
    }
}
