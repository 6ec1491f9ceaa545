//! A message to one contact: staff's own words, or the reminder of an appointment now.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::{AppointmentId, ContactId, MessageId};
use vio_domain::messages::mail::{MailSubject, MailText};
use vio_domain::messages::rules::Reason;
use vio_domain::messages::segments::segments;
use vio_domain::messages::{Channel, OwnWords};
use vio_domain::phi::FieldPolicy;
use vio_domain::settings::Settings;
use vio_domain::text::MessageText;
use vio_http::idempotency::KeyedRequest;
use vio_http::{
    FieldProblem, Fields, Idempotent, Json, Kind, NoParams, Path, Principal, Problem, Query,
    RequestId,
};
use vio_runtime::App;
use vio_runtime::phi::{Screened, screen};
use vio_runtime::queues::MessageWork;
use vio_runtime::reach::can_edit;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::messages::{MessageRow, NewMessage, NotSendable};

/// What to send.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SendSms)]
pub(crate) struct Asked {
    /// At most 918 characters.
    #[schema(example = "We open at 10 today. See you later.")]
    message: String,
}

/// What to send by e-mail.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SendEmail)]
pub(crate) struct AskedEmail {
    /// At most 150 characters, one line.
    #[schema(example = "We open later today")]
    subject: String,
    /// At most 4,000 characters; a blank line begins a paragraph.
    #[schema(example = "Hello Zoe,\n\nwe open at 10 today. See you later.")]
    message: String,
}

/// How a reminder goes out.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReminderChannel)]
pub(crate) enum AskedChannel {
    Sms,
    Email,
}

impl From<AskedChannel> for Channel {
    fn from(asked: AskedChannel) -> Self {
        match asked {
            AskedChannel::Sms => Self::Sms,
            AskedChannel::Email => Self::Email,
        }
    }
}

/// Which appointment to remind of.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = SendReminder)]
pub(crate) struct AskedReminder {
    /// What the person prefers, else what reaches them, where left out.
    #[serde(default)]
    channel: Option<AskedChannel>,
    /// The current one when left out.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    appointment_id: Option<AppointmentId>,
}

/// A message that was taken on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    message_id: Uuid,
    contact_id: Uuid,
    /// `sms` or `email`.
    #[schema(value_type = String, example = "sms")]
    channel: &'static str,
    /// `queued`, `sending`, `sent`, `delivered`, `failed`, `undelivered`, `bounced`, `unknown` or `cancelled`.
    #[schema(value_type = String, example = "queued")]
    status: &'static str,
    /// When it goes out, or went.
    due_at: DateTime<Utc>,
    /// In how many parts an SMS is sent and charged; absent for a reminder, which gets its words when it goes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<usize>,
}

impl Message {
    fn of(row: &MessageRow, words: Option<&OwnWords>) -> Self {
        let sms = |words: &&OwnWords| words.channel() == Channel::Sms;
        Self {
            message_id: row.id.uuid(),
            contact_id: row.contact.uuid(),
            channel: row.channel.as_str(),
            status: row.status.as_str(),
            due_at: row.sent_at.unwrap_or(row.due),
            segments: words
                .filter(sms)
                .map(|words| segments(words.text()).segments),
        }
    }
}

/// Staff's words, judged: what is sent must not tell of anybody's health.
pub(crate) fn words(settings: &Settings, text: &str) -> Result<OwnWords, Problem> {
    let mut fields = Fields::default();
    let parsed = fields.take("/message", MessageText::parse(text));
    judged(settings, &[("/message", text)])?;
    parsed
        .map(OwnWords::Sms)
        .ok_or_else(|| Problem::from(fields))
}

/// The same of an e-mail, subject and all.
fn mail_words(settings: &Settings, asked: &AskedEmail) -> Result<OwnWords, Problem> {
    let mut fields = Fields::default();
    let subject = fields.take("/subject", MailSubject::parse(&asked.subject));
    let text = fields.take("/message", MailText::parse(&asked.message));
    judged(
        settings,
        &[
            ("/subject", asked.subject.as_str()),
            ("/message", asked.message.as_str()),
        ],
    )?;
    subject
        .zip(text)
        .map(|(subject, text)| OwnWords::Email { subject, text })
        .ok_or_else(|| Problem::from(fields))
}

fn judged(settings: &Settings, texts: &[(&'static str, &str)]) -> Result<(), Problem> {
    let blocked = texts.iter().filter_map(|(pointer, text)| {
        match screen(settings, FieldPolicy::Spoken, pointer, text) {
            Screened::Block(problem) => Some(problem),
            _ => None,
        }
    });
    let blocked: Vec<FieldProblem> = blocked.collect();
    match blocked.is_empty() {
        true => Ok(()),
        false => Err(Problem::validation(blocked)),
    }
}

/// The problem of a message that is not taken on.
fn refused(why: NotSendable) -> Problem {
    let kind = match why {
        NotSendable::NoSuchContact => return Problem::not_found(),
        NotSendable::NotConfigured => Kind::MessagingNotConfigured,
        NotSendable::NoAppointment => {
            return Problem::validation(vec![FieldProblem::new(
                "/appointment_id",
                "no_appointment",
                "The contact has no coming appointment that wants a reminder.",
            )]);
        }
        NotSendable::Person(Reason::NotOptedIn) => Kind::NotOptedIn,
        NotSendable::Person(Reason::NoNumber) => Kind::NoPhone,
        NotSendable::Person(Reason::NoEmail) => Kind::NoEmail,
        NotSendable::Person(_) => Kind::DoNotContact,
    };
    Problem::new(kind).with("reason", why.as_str())
}

/// Whether the contact is within reach, to write to.
pub(crate) async fn reach(
    ts: &TenantStore,
    who: &Principal,
    contact: ContactId,
) -> Result<bool, Problem> {
    let found = ts.contacts(&[contact]).await.map_err(store_problem)?;
    Ok(found
        .iter()
        .any(|(_, contact)| contact.deleted.is_none() && can_edit(who, contact)))
}

/// Hands a message on; the tick finds it otherwise.
pub(crate) async fn hand_on(app: &App, row: &MessageRow) {
    let work = MessageWork {
        tenant: row.tenant,
        contact: row.contact,
        message: row.id,
    };
    if let Err(error) = app.queues.message(work).await {
        tracing::warn!(tenant = %row.tenant, %error, "a message was not handed on; the tick does it");
    }
}

/// What is to be sent to a contact.
enum Wanted {
    Sms(Asked),
    Email(AskedEmail),
    Reminder(AskedReminder),
}

/// Sends a message to a contact, once per key.
async fn send(
    app: &App,
    who: &Principal,
    request: RequestId,
    contact: ContactId,
    keyed: Option<KeyedRequest>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let wanted = &wanted;
    app.once(who.tenant_id, keyed, |operation| async move {
        let (ts, settings) = app.tenant_with_settings(who).await?;
        if !reach(&ts, who, contact).await? {
            return Err(Problem::not_found());
        }
        let settings = &settings.settings;
        let (words, channel, appointment) = match wanted {
            Wanted::Sms(asked) => (Some(words(settings, &asked.message)?), None, None),
            Wanted::Email(asked) => (Some(mail_words(settings, asked)?), None, None),
            Wanted::Reminder(asked) => {
                let channel = asked.channel.map(Channel::from);
                (None, channel, asked.appointment_id)
            }
        };
        let new = NewMessage {
            contact,
            id: MessageId::new(operation),
            words,
            channel,
            appointment,
            batch: None,
        };
        let row = ts
            .send_message(settings, &new, &actor(who, request))
            .await
            .map_err(store_problem)?
            .map_err(refused)?;
        hand_on(app, &row).await;
        let answer = Message::of(&row, new.words.as_ref());
        Ok((StatusCode::ACCEPTED, Json(answer)))
    })
    .await
}

/// Sends an SMS to a contact who opted in, within the permitted hours. It is in the timeline at once; what became of it
/// shows there.
#[utoipa::path(post, path = "/api/contacts/{contact_id}/send-sms", tag = "messages", request_body = Asked,
    params(("contact_id" = Uuid, Path)),
    responses((status = 202, description = "Taken on", body = Message),
        (status = 409, description = "The person did not opt in, or messages are not set up")))]
pub(crate) async fn send_sms(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(contact): Path<ContactId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Asked>,
) -> Result<Response, Problem> {
    send(&app, &who, request, contact, keyed, Wanted::Sms(body)).await
}

/// Sends an e-mail to a contact who opted in. It is in the timeline at once; what became of it shows there.
#[utoipa::path(post, path = "/api/contacts/{contact_id}/send-email", tag = "messages", request_body = AskedEmail,
    params(("contact_id" = Uuid, Path)),
    responses((status = 202, description = "Taken on", body = Message),
        (status = 409, description = "The person did not opt in, or e-mails are not set up")))]
pub(crate) async fn send_email(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(contact): Path<ContactId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<AskedEmail>,
) -> Result<Response, Problem> {
    send(&app, &who, request, contact, keyed, Wanted::Email(body)).await
}

/// Sends the reminder of an appointment now, by SMS or e-mail, in the words that the business's privacy settings allow.
#[utoipa::path(post, path = "/api/contacts/{contact_id}/send-reminder", tag = "messages",
    params(("contact_id" = Uuid, Path)),
    request_body(content = AskedReminder, description = "May be left out"),
    responses((status = 202, description = "Taken on", body = Message),
        (status = 409, description = "The person did not opt in, or messages are not set up")))]
pub(crate) async fn send_reminder(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(contact): Path<ContactId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<AskedReminder>,
) -> Result<Response, Problem> {
    send(&app, &who, request, contact, keyed, Wanted::Reminder(body)).await
}
