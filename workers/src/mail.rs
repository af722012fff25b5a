//! Sends what is due. Each mail is put together and marked as tried in one transaction, sent outside of any, and deleted
//! in another: a process that dies on the way sends it once more.

use crate::Workers;
use innkeep_domain::mail;
use innkeep_domain::ports::mail::MailError;

pub(crate) async fn run(workers: &Workers) -> anyhow::Result<()> {
    while one(workers).await? {}
    Ok(())
}

async fn one(workers: &Workers) -> anyhow::Result<bool> {
    let ctx = &workers.ctx;
    let mut tx = ctx.db.begin_platform().await?;
    let Some(due) = mail::take(&mut tx, ctx.clock.now()).await? else {
        return Ok(false);
    };
    let message = mail::compose(&mut tx, &due.mail, &ctx.public_url, ctx.clock.now()).await?;
    if message.is_none() {
        mail::sent(&mut tx, due.id).await?;
    }
    tx.commit().await?;
    let Some(message) = message else {
        return Ok(true);
    };
    let outcome = ctx.mailer.send(&message).await;
    let mut tx = ctx.db.begin_platform().await?;
    let label = match outcome {
        Ok(()) => {
            mail::sent(&mut tx, due.id).await?;
            "sent"
        }
        Err(error) => {
            let never = matches!(error, MailError::Never(_));
            mail::failed(&mut tx, due.id, &error.to_string(), never, ctx.clock.now()).await?;
            tracing::warn!(id = %due.id, %error, "mail was not taken");
            "failed"
        }
    };
    tx.commit().await?;
    metrics::counter!("innkeep_mails_total", "outcome" => label).increment(1);
    Ok(true)
}
