//! E-mail to contacts: sending one, and what becomes of one that nobody heard of.

use std::time::Duration;

use chrono::TimeDelta;
use vio_domain::mail::Link;
use vio_domain::messages::mail::{Around, rendered};
use vio_domain::messages::rules::NOT_READY;
use vio_domain::messages::state::{Reconciled, Report, reconcile_unlisted};
use vio_domain::text::Email;
use vio_providers::ses::feedback::MailTag;
use vio_providers::ses::{ACCOUNT_REFUSED, MailError, Mailbox, NewMail, Refusal};
use vio_runtime::App;
use vio_runtime::mail::Mail;
use vio_store::TenantStore;
use vio_store::messages::{MessageRow, Outcome, Sending};
use vio_store::tenants::TenantSettings;

/// How long SES may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// How long to rest after 429 without a word on it: SES counts by the second.
pub(crate) const REST: TimeDelta = TimeDelta::seconds(60);

/// Sends once. None where nobody knows whether it arrived.
pub(crate) async fn send(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    mail: &Mail,
    sending: &Sending,
) -> Option<Outcome> {
    let left = sending.row.bound.map(|bound| bound - ts.now());
    let left = left.and_then(|left| left.to_std().ok())?;
    let Some(new) = written(app, ts, settings, mail, sending) else {
        return Some(Outcome::Refused { error_code: None });
    };
    let answer = mail.api.send(&new, PATIENCE.min(left)).await;
    let now = ts.now();
    let again = |at| Some(Outcome::NotNow { again: at });
    match answer {
        Ok(provider_id) => Some(Outcome::Accepted {
            provider_id,
            report: Report::Accepted,
            error_code: None,
        }),
        Err(MailError::NoAnswer(_)) => None,
        Err(MailError::NotSigned) => {
            tracing::error!("{ACCOUNT_REFUSED}");
            Some(Outcome::AccountRefused {
                again: now + NOT_READY,
            })
        }
        Err(MailError::Refused {
            status,
            about,
            retry_after,
        }) => {
            tracing::warn!(tenant = %ts.id, message = %sending.row.id, status, ?about, "a message was refused");
            match about {
                Refusal::TooMany => {
                    let told = retry_after.map(|after| after.instant(now));
                    again(told.filter(|at| *at > now).unwrap_or(now + REST))
                }
                Refusal::Account | Refusal::Quota => {
                    tracing::error!("{ACCOUNT_REFUSED}");
                    Some(Outcome::AccountRefused {
                        again: now + NOT_READY,
                    })
                }
                Refusal::Mail => Some(Outcome::Refused {
                    error_code: Some(u32::from(status)),
                }),
            }
        }
    }
}

/// The e-mail as it goes out; None where its parts are none.
fn written(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    mail: &Mail,
    sending: &Sending,
) -> Option<NewMail> {
    let row = &sending.row;
    let to = Email::parse(&sending.to).ok()?;
    let token = ts.unsubscribe_token(row.contact, &to);
    let address = format!("{}/api/unsubscribe/{token}", app.platform.public_url);
    let unsubscribe = Link::parse(&address).ok()?;
    let business = settings.settings.business.spoken_name();
    let around = Around {
        business,
        unsubscribe: &unsubscribe,
    };
    let subject = sending.subject.as_deref().unwrap_or_default();
    let page = rendered(subject, &sending.text, around);
    let reply_to = settings.settings.integrations.email.reply_to.as_ref();
    let tag = MailTag::Message {
        tenant: row.tenant,
        contact: row.contact,
        message: row.id,
    };
    Some(NewMail {
        from: Mailbox::new(business, mail.from.as_str()),
        to: sending.to.clone(),
        reply_to: reply_to.map(|email| email.as_str().to_owned()),
        subject: page.subject,
        text: page.text,
        html: page.html,
        tag: tag.to_string(),
        unsubscribe: Some(address),
    })
}

/// SES has no list of what was sent: its news may still come, and after that nobody will find out.
pub(crate) fn look_up(app: &App, ts: &TenantStore, row: &MessageRow) -> Reconciled {
    let sent_at = row.sent_at.unwrap_or(row.created_at);
    let bound = row.bound.unwrap_or(sent_at);
    reconcile_unlisted(bound, app.platform.limits.reconcile_after(), ts.now())
}
