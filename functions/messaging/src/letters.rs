//! Letters to staff: one that was not answered is sent again (`vio_domain::letters::rules`).

use vio_providers::ses::feedback::MailTag;
use vio_providers::ses::{ACCOUNT_REFUSED, MailError, Mailbox, NewMail, Refusal};
use vio_runtime::App;
use vio_runtime::queues::LetterWork;
use vio_store::StoreError;
use vio_store::letters::LetterOutcome;

use crate::email::{PATIENCE, REST};

/// Sends a letter that is due. One of a business that is suspended goes too: it is how its people are told.
pub(crate) async fn send(app: &App, work: &LetterWork) -> Result<(), StoreError> {
    let Some((ts, settings)) = app.store.tenant_with_settings(work.tenant).await? else {
        return Ok(());
    };
    let mail = app.mail.as_ref();
    let taken = ts.take_letter(&work.letter, mail.is_some()).await?;
    let (Some(sending), Some(mail)) = (taken, mail) else {
        return Ok(());
    };
    let business = settings.settings.business.spoken_name();
    let page = sending.letter.render(business);
    let tag = MailTag::Letter {
        tenant: work.tenant,
        letter: work.letter.clone(),
    };
    let new = NewMail {
        from: Mailbox::new("VioConcierge", mail.from.as_str()),
        to: sending.to.as_str().to_owned(),
        reply_to: None,
        subject: page.subject,
        text: page.text,
        html: page.html,
        tag: tag.to_string(),
        unsubscribe: None,
    };
    let row = &sending.row;
    let now = ts.now();
    let outcome = match mail.api.send(&new, PATIENCE).await {
        Ok(provider_id) => LetterOutcome::Accepted { provider_id },
        Err(MailError::NoAnswer(_)) => LetterOutcome::Again { at: None },
        Err(
            MailError::NotSigned
            | MailError::Refused {
                about: Refusal::Account | Refusal::Quota,
                ..
            },
        ) => {
            tracing::error!("{ACCOUNT_REFUSED}");
            LetterOutcome::AccountRefused
        }
        Err(MailError::Refused {
            about: Refusal::Mail,
            ..
        }) => LetterOutcome::Refused,
        Err(MailError::Refused { retry_after, .. }) => {
            let told = retry_after.map(|after| after.instant(now));
            LetterOutcome::Again {
                at: Some(told.unwrap_or(now + REST)),
            }
        }
    };
    tracing::info!(tenant = %ts.id, letter = %row.id, kind = %row.letter_kind, tries = row.tries,
                   sent = matches!(outcome, LetterOutcome::Accepted { .. }), "letter");
    ts.record_letter(row, outcome).await
}
