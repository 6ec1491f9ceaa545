//! Twilio's samples: somebody who is known wrote STOP, and a message of ours did not arrive.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::Context;
use serde_json::json;
use vio_domain::contact::VoiceConsent;
use vio_store::messages::MessageRow;

use super::Right::{Ignored, Refused, Taken};
use super::*;
use crate::sms::{self, TOKEN, signed};

/// A form, field by field.
type Fields = Vec<(String, String)>;

/// What a sample comes to.
pub(super) struct Sample {
    /// As it is.
    right: Right,
    /// Fields without which it comes to something else.
    says: &'static [(&'static str, Right)],
    /// Variations by hand.
    rows: &'static [Row<Fields>],
}

const BEFORE: &str = "sending | messages, calls | -";
const STOPPED: &str = "sending | nothing | -, 1 written";
const UNDELIVERED: &str = "undelivered 30003 | messages, calls | message_not_delivered";

fn put(fields: &mut Fields, name: &str, value: &str) {
    let found = fields.iter_mut().find(|(field, _)| field == name);
    match found {
        Some((_, old)) => value.clone_into(old),
        None => fields.push((name.to_owned(), value.to_owned())),
    }
}

fn without(fields: &mut Fields, name: &str) {
    fields.retain(|(field, _)| field != name);
}

pub(super) const SAMPLES: &[(&str, Sample)] = &[
    (
        "twilio/inbound-sms.form.txt",
        Sample {
            right: Taken(STOPPED),
            says: &[
                // Nobody's number.
                ("From", Refused(400)),
            ],
            rows: &[
                (
                    "in small letters, with a full stop",
                    |f| put(f, "Body", " stop. "),
                    Taken(STOPPED),
                ),
                (
                    "CANCEL may mean the appointment",
                    |f| put(f, "Body", "CANCEL"),
                    Taken("sending | nothing | cancel_requested, 1 written"),
                ),
                (
                    "YES to no question",
                    |f| put(f, "Body", "YES"),
                    Taken("sending | messages, calls | reply_to_read, 1 written"),
                ),
                (
                    "HELP is answered by Twilio",
                    |f| put(f, "Body", "help"),
                    Taken("sending | messages, calls | -, 1 written"),
                ),
                (
                    "START of somebody who is in",
                    |f| put(f, "Body", "START"),
                    Taken("sending | messages, calls | -, 1 written"),
                ),
                (
                    "a stop word of the account's own",
                    |f| put(f, "Body", "ARRET"),
                    Taken("sending | nothing | -, 1 written"),
                ),
                (
                    "a sentence with the word",
                    |f| {
                        put(f, "OptOutType", "");
                        put(f, "Body", "Please stop by at ten");
                    },
                    Taken("sending | messages, calls | reply_to_read, 1 written"),
                ),
                (
                    "more than a message holds",
                    |f| {
                        put(f, "OptOutType", "");
                        put(f, "Body", &"Hello ".repeat(2_000));
                    },
                    Taken("sending | messages, calls | reply_to_read, 1 written"),
                ),
                (
                    "from somebody whom nobody knows",
                    |f| put(f, "From", "+447911000009"),
                    Taken(BEFORE),
                ),
                (
                    "from a short code",
                    |f| put(f, "From", "60777"),
                    Taken(BEFORE),
                ),
                (
                    "without its own id, under the older name",
                    |f| without(f, "MessageSid"),
                    Taken(STOPPED),
                ),
                (
                    "without any id",
                    |f| {
                        without(f, "MessageSid");
                        without(f, "SmsSid");
                    },
                    Refused(400),
                ),
                (
                    "an id that is none",
                    |f| {
                        put(f, "MessageSid", "7");
                        put(f, "SmsSid", "7");
                    },
                    Refused(400),
                ),
                (
                    "with what nobody knows yet",
                    |f| put(f, "FutureField", "x"),
                    Taken(STOPPED),
                ),
                (
                    "a field twice",
                    |f| f.push(("NumMedia".into(), "1".into())),
                    Taken(STOPPED),
                ),
                (
                    "too large",
                    |f| put(f, "FutureField", &"x".repeat(64 * 1024)),
                    Refused(413),
                ),
            ],
        },
    ),
    (
        "twilio/status-callback.form.txt",
        Sample {
            right: Taken(UNDELIVERED),
            says: &[(
                "ErrorCode",
                Taken("undelivered | messages, calls | message_not_delivered"),
            )],
            rows: &[
                (
                    "delivered",
                    |f| {
                        put(f, "MessageStatus", "delivered");
                        without(f, "ErrorCode");
                    },
                    Taken("delivered | messages, calls | -"),
                ),
                (
                    "on its way",
                    |f| {
                        put(f, "MessageStatus", "sent");
                        without(f, "ErrorCode");
                    },
                    Taken("sent | messages, calls | -"),
                ),
                (
                    "under the older name alone",
                    |f| without(f, "MessageStatus"),
                    Taken(UNDELIVERED),
                ),
                (
                    "a code that is none",
                    |f| put(f, "ErrorCode", "soon"),
                    Taken("undelivered | messages, calls | message_not_delivered"),
                ),
                (
                    "a status of the future",
                    |f| put(f, "MessageStatus", "translated"),
                    Ignored,
                ),
                (
                    "without any status",
                    |f| {
                        without(f, "MessageStatus");
                        without(f, "SmsStatus");
                    },
                    Ignored,
                ),
                (
                    "without any id",
                    |f| {
                        without(f, "MessageSid");
                        without(f, "SmsSid");
                    },
                    Refused(400),
                ),
                (
                    "with what nobody knows yet",
                    |f| put(f, "FutureField", "x"),
                    Taken(UNDELIVERED),
                ),
                (
                    "too large",
                    |f| put(f, "FutureField", &"x".repeat(64 * 1024)),
                    Refused(413),
                ),
            ],
        },
    ),
];

/// A clinic, a person who takes messages from the number of the samples, and a message to them that is on its way.
struct Desk {
    clinic: Clinic,
    message: MessageRow,
    /// Where Twilio posts.
    path: String,
}

impl Desk {
    async fn new(name: &str) -> Self {
        let (clinic, path) = sms::clinic().await;
        sms::person_at(&clinic, "+447912345678").await;
        let message = sms::sending(&clinic).await;
        let path = if name.contains("status") {
            format!("{path}?contact={}&message={}", message.contact, message.id)
        } else {
            path
        };
        let desk = Self {
            clinic,
            message,
            path,
        };
        assert_eq!(desk.state().await, BEFORE);
        desk
    }

    async fn state(&self) -> String {
        let store = self.clinic.store();
        let row = store.message(self.message.contact, self.message.id).await;
        let row = row.unwrap().unwrap();
        let code = row
            .error_code
            .map_or(String::new(), |code| format!(" {code}"));
        let person = self.clinic.only_person().await;
        let preferences = &person.contact.preferences;
        let rung = matches!(preferences.voice_consent, VoiceConsent::Given { .. })
            && person.open_sessions().next().is_some();
        let takes = match (preferences.sms_opt_in, rung) {
            (true, true) => "messages, calls",
            (true, false) => "messages",
            (false, true) => "calls",
            (false, false) => "nothing",
        };
        let (entries, _) = store
            .interactions_of(person.contact.id, 20, None)
            .await
            .unwrap();
        let inbound = vio_store::contacts::Direction::Inbound;
        let written = entries
            .iter()
            .filter(|entry| entry.direction == Some(inbound))
            .count();
        let written = match written {
            0 => String::new(),
            some => format!(", {some} written"),
        };
        let reason = attention(person.contact.needs_attention);
        format!(
            "{}{code} | {takes} | {reason}{written}",
            row.status.as_str()
        )
    }

    /// Posts a form and processes it: the status, and whether it was stored.
    async fn posts(&self, fields: &Fields) -> (u16, String) {
        let (body, signature) = form(&self.path, fields);
        let status = sms::post(&self.clinic, &self.path, &signature, &body).await;
        let stored = self.clinic.drain().await;
        let word = match (status.as_u16(), stored) {
            (200, 1) => "accepted",
            (200, 0) => "ignored",
            (_, 0) => "",
            other => panic!("{other:?}"),
        };
        (status.as_u16(), word.to_owned())
    }
}

fn form(path: &str, fields: &Fields) -> (String, String) {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    signed(path, &fields, TOKEN)
}

/// A sample's fields.
fn fields(name: &str) -> Fields {
    let body = String::from_utf8(sample(name).unwrap()).unwrap();
    body.trim()
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.replace("%2B", "+"))
        })
        .collect()
}

async fn hold(name: &str, at: &str, change: impl FnOnce(&mut Fields), right: Right) {
    let desk = Desk::new(name).await;
    let mut fields = fields(name);
    change(&mut fields);
    let got = desk.posts(&fields).await;
    judge(
        &format!("{name}: {at}"),
        got,
        &desk.state().await,
        BEFORE,
        right,
    );
}

#[tokio::test]
async fn every_message_sample_has_its_effect_or_refusal() {
    if folder().is_none() {
        return;
    }
    for (name, sample) in SAMPLES {
        hold(name, "as it is", |_| {}, sample.right).await;
        for (at, change, right) in sample.rows {
            hold(name, at, change, *right).await;
        }
        for (field, _) in fields(name) {
            let says = sample.says.iter().find(|(says, _)| *says == field);
            let right = says.map_or(sample.right, |(_, right)| *right);
            hold(
                name,
                &format!("without {field}"),
                |f| without(f, &field),
                right,
            )
            .await;
            hold(
                name,
                &format!("empty {field}"),
                |f| put(f, &field, ""),
                right,
            )
            .await;
        }
    }
}

/// As the gateway hands on forms: in base64, and the same once more is nothing new.
#[tokio::test]
async fn every_message_sample_may_come_in_base64_and_again() {
    if folder().is_none() {
        return;
    }
    for (name, sample) in SAMPLES {
        let desk = Desk::new(name).await;
        let (body, signature) = form(&desk.path, &fields(name));
        let (path, query) = desk.path.split_once('?').unwrap_or((&desk.path, ""));
        let mut request = crate::events::sample_event("sms");
        request["rawPath"] = json!(path);
        request["requestContext"]["http"]["path"] = json!(path);
        request["rawQueryString"] = json!(query);
        request["headers"]["x-twilio-signature"] = json!(signature);
        request["body"] = json!(STANDARD.encode(&body));
        request["isBase64Encoded"] = json!(true);
        for stored in [1, 0] {
            let (webhooks, service) = (&desk.clinic.webhooks, &desk.clinic.service);
            let answer =
                vio_webhooks::invoke(webhooks, service, request.clone(), Context::default()).await;
            assert_eq!(answer.unwrap()["statusCode"], 200, "{name}");
            assert_eq!(desk.clinic.drain().await, stored, "{name}");
            let Taken(after) = sample.right else {
                panic!("{name}")
            };
            assert_eq!(desk.state().await, after, "{name}");
        }
    }
}
