//! News of e-mails: delivered, come back, or not wanted.

use vio_domain::messages::state::Report;
use vio_providers::ses::feedback::{Happened, MailNews, MailTag};
use vio_runtime::App;
use vio_store::StoreError;
use vio_store::log::Actor;
use vio_store::mail_stops::MailStop;

/// Applies one piece of news. What is none of ours is passed over.
pub(crate) async fn hear(app: &App, news: &MailNews) -> Result<(), StoreError> {
    let Some(tag) = MailTag::parse(&news.mail) else {
        return Ok(());
    };
    let (MailTag::Message { tenant, .. } | MailTag::Letter { tenant, .. }) = &tag;
    let Some((ts, settings)) = app.store.tenant_with_settings(*tenant).await? else {
        return Ok(());
    };
    let stop = match news.event {
        _ if !news.is_final() => None,
        Happened::Complaint => Some(MailStop::Complained),
        _ => Some(MailStop::Bounced),
    };
    let known = match tag {
        MailTag::Message {
            contact, message, ..
        } => {
            let report = match news.event {
                Happened::Delivery => Some(Report::Delivered),
                Happened::Bounce => Some(Report::Bounced),
                Happened::Reject => Some(Report::Failed),
                // It did arrive.
                Happened::Complaint => None,
            };
            let actor = Actor::provider("ses");
            let place = (contact, message);
            ts.hear_mail(&settings.settings, place, &news.id, (report, stop), &actor)
                .await?
        }
        MailTag::Letter { letter, .. } => match news.event {
            Happened::Delivery => true,
            _ => ts.letter_returned(&letter, stop).await?,
        },
    };
    tracing::info!(tenant = %ts.id, event = ?news.event, known, "news of an e-mail");
    Ok(())
}
