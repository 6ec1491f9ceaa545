//! Sending what is due, by whichever channel.

use serde::Deserialize;
use vio_domain::messages::Channel;
use vio_domain::messages::state::Reconciled;
use vio_domain::words::{asks_to_confirm, mailed_reminder, written_reminder};
use vio_providers::ses::feedback::MailNews;
use vio_runtime::App;
use vio_runtime::batch::MessageError;
use vio_runtime::crash;
use vio_runtime::queues::{LetterWork, MessageWork, NoticeWork};
use vio_runtime::twilio::Twilio;
use vio_store::StoreError;
use vio_store::contacts::Person;
use vio_store::locations::LocationRow;
use vio_store::messages::{MessageRow, Outcome, Ready, Taken, Words};
use vio_store::tenants::{TenantSettings, TenantStatus};
use vio_store::words::words_input;

use crate::{email, feedback, letters, notices, sms};

/// Times that one run takes a message: sent, looked for, sent again.
const ROUNDS: usize = 3;

/// What comes from the queue, told apart by its fields.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Work {
    /// A message to a contact is to be sent, or looked for.
    Message(MessageWork),
    /// A letter to somebody on the staff is to be sent.
    Letter(LetterWork),
    /// Staff are to be told what they want to be told of.
    Notices(NoticeWork),
    /// Something happened to an e-mail.
    News(MailNews),
}

/// Does what a message of the queue asks for. What is done with, or not due, is left alone.
pub async fn process(app: &App, work: Work) -> Result<(), MessageError> {
    let done = match &work {
        Work::Message(message) => run(app, message).await,
        Work::Letter(letter) => letters::send(app, letter).await,
        Work::Notices(work) => notices::tell(app, work).await,
        Work::News(news) => feedback::hear(app, news).await,
    };
    done.map_err(MessageError::retry)
}

async fn run(app: &App, work: &MessageWork) -> Result<(), StoreError> {
    let Some((ts, settings)) = app.store.tenant_with_settings(work.tenant).await? else {
        return Ok(());
    };
    let tenant = app.store.tenant_row(work.tenant).await?;
    let active = tenant.is_some_and(|row| row.status == TenantStatus::Active);
    let integrations = &settings.settings.integrations;
    let set_up = |channel| active && integrations.channel_ready(channel);
    let twilio = Twilio::of(app, &settings).filter(|_| set_up(Channel::Sms));
    let mail = app.mail.as_ref().filter(|_| set_up(Channel::Email));
    let locations = ts.locations().await?;
    let words = |person: &Person, row: &MessageRow| words(&settings, &locations, person, row);
    let ready = Ready {
        sms: twilio.as_ref().map(|twilio| twilio.fingerprint.as_str()),
        email: mail.is_some(),
        bound: app.platform.limits.placement_bound(),
    };
    for _ in 0..ROUNDS {
        let place = (work.contact, work.message);
        let taken = ts.take_message(&settings, ready, place, words).await?;
        let (sent, outcome) = match taken {
            Taken::Send(sending) => {
                crash::point("message_counted");
                let outcome = match (sending.row.channel, &twilio, mail) {
                    (Channel::Sms, Some(twilio), _) => {
                        sms::send(app, &ts, &settings, twilio.api.as_ref(), &sending).await
                    }
                    (Channel::Email, _, Some(mail)) => {
                        email::send(app, &ts, &settings, mail, &sending).await
                    }
                    _ => return Ok(()),
                };
                crash::point("message_sent");
                let Some(outcome) = outcome else {
                    tracing::warn!(tenant = %ts.id, message = %work.message, "a message was not answered; it may have arrived");
                    return Ok(());
                };
                (sending, outcome)
            }
            Taken::LookUp(sending) => {
                let found = match (sending.row.channel, &twilio) {
                    (Channel::Sms, Some(twilio)) => {
                        sms::look_up(app, &ts, &settings, &twilio.api, &sending).await?
                    }
                    (Channel::Email, _) => email::look_up(app, &ts, &sending.row),
                    _ => return Ok(()),
                };
                (sending, Outcome::LookedUp(found))
            }
            Taken::Nothing => return Ok(()),
        };
        let row = ts
            .record_outcome(&settings.settings, &sent.row, outcome.clone())
            .await?;
        crash::point("message_recorded");
        tracing::info!(tenant = %ts.id, message = %work.message, channel = sent.row.channel.as_str(),
                       status = row.map(|row| row.status.as_str()), "message");
        if outcome != Outcome::LookedUp(Reconciled::NotSent) {
            return Ok(());
        }
    }
    Ok(())
}

fn words(
    settings: &TenantSettings,
    locations: &[LocationRow],
    person: &Person,
    row: &MessageRow,
) -> Words {
    let appointment = row.appointment.and_then(|id| person.appointment(id));
    let location = appointment
        .and_then(|a| a.location)
        .and_then(|id| locations.iter().find(|location| location.id == id));
    let input = words_input(
        &settings.settings,
        &person.contact,
        appointment,
        location,
        None,
    );
    match row.channel {
        Channel::Sms => Words {
            subject: None,
            text: written_reminder(&input),
            asks: asks_to_confirm(&input),
        },
        Channel::Email => {
            let answers = settings.settings.integrations.email.reply_to.is_some();
            let (subject, text) = mailed_reminder(&input, answers);
            Words {
                subject: Some(subject),
                text,
                // What people answer to an e-mail, a person reads.
                asks: false,
            }
        }
    }
}
