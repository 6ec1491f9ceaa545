//! Retell's samples: of a call that nobody here asked for, as they are, and of one of ours, under our own ids.

use serde_json::{Value, json};

use super::Right::{Ignored, Refused, Taken};
use super::*;
use crate::calls::{Granted, granted};

/// What a sample comes to for a call of ours.
pub(super) struct Sample {
    /// With our ids in it.
    ours: Right,
    /// Members of the call without which it comes to something else.
    says: &'static [(&'static str, Right)],
    /// Variations by hand, of a call of ours.
    rows: &'static [Row<Value>],
}

/// Granted, and nobody has heard of it yet.
const BEFORE: &str = "placing | pending | -";
const TALKING: &str = "answered | pending | -";
const TALKED: &str = "settled: answered | pending | -";

fn reason(event: &mut Value, word: &str) {
    set(event, "/call/disconnection_reason", json!(word));
}

fn decided(event: &mut Value, action: Value) {
    set(event, "/call/call_analysis/custom_analysis_data", action);
}

const ENDED: &[Row<Value>] = &[
    (
        "nobody picked up",
        |e| reason(e, "dial_no_answer"),
        Taken("settled: no_answer | pending | -"),
    ),
    (
        "busy",
        |e| reason(e, "dial_busy"),
        Taken("settled: busy | pending | -"),
    ),
    (
        "not connected by the carrier",
        |e| reason(e, "dial_failed"),
        Taken("settled: failed | pending | -"),
    ),
    (
        "a machine: its analysis is still to come",
        |e| reason(e, "voicemail_reached"),
        Taken(TALKING),
    ),
    (
        "a reason of the future, of a call that began",
        |e| reason(e, "reason_of_the_future"),
        Taken(TALKING),
    ),
    (
        "a reason of the future, of a call that never began",
        |e| {
            reason(e, "reason_of_the_future");
            remove(e, "/call/start_timestamp");
        },
        Taken("settled: failed | pending | -"),
    ),
    (
        "instants with fractions",
        |e| {
            set(e, "/call/start_timestamp", json!(1_714_608_475_945.5));
            set(e, "/call/end_timestamp", json!(1_714_608_491_736.25));
        },
        Taken(TALKING),
    ),
    (
        "instants as text are not there",
        |e| {
            set(e, "/call/start_timestamp", json!("2024-05-02T00:07:55Z"));
            set(e, "/call/end_timestamp", json!("soon"));
        },
        Taken(TALKING),
    ),
    (
        "instants out of all bounds",
        |e| {
            set(e, "/call/start_timestamp", json!(1e300));
            set(e, "/call/end_timestamp", json!(i64::MIN));
        },
        Taken(TALKING),
    ),
    (
        "the status says otherwise, and is not asked",
        |e| set(e, "/call/call_status", json!("not_connected")),
        Taken(TALKING),
    ),
];

pub(super) const SAMPLES: &[(&str, Sample)] = &[
    (
        "retell/webhook.call_started.from-openapi-example.json",
        Sample {
            ours: Taken(TALKING),
            says: &[],
            rows: &[
                (
                    "another tenant's ids",
                    |e| {
                        set(
                            e,
                            "/call/metadata/tenant_id",
                            json!("0192f0c1-2b3c-7def-8abc-0123456789ab"),
                        )
                    },
                    Taken(BEFORE),
                ),
                (
                    "another attempt's",
                    |e| {
                        set(
                            e,
                            "/call/metadata/attempt_id",
                            json!("0192f0c1-2b3c-7def-8abc-0123456789ab"),
                        )
                    },
                    Taken(BEFORE),
                ),
                (
                    "ids that are none",
                    |e| set(e, "/call/metadata/attempt_id", json!("1'); --")),
                    Taken(BEFORE),
                ),
                (
                    "metadata of another kind",
                    |e| set(e, "/call/metadata", json!(["x"])),
                    Taken(BEFORE),
                ),
                (
                    "without the contact, whom the session names",
                    |e| remove(e, "/call/metadata/contact_id"),
                    Taken(TALKING),
                ),
                (
                    "an event of the future",
                    |e| set(e, "/event", json!("call_transferred")),
                    Ignored,
                ),
                (
                    "an event of the future without a call",
                    |e| *e = json!({"event": "alert_triggered"}),
                    Ignored,
                ),
                (
                    "an id that is no text",
                    |e| set(e, "/call/call_id", json!(7)),
                    Refused(400),
                ),
                (
                    "a call that is none",
                    |e| set(e, "/call", json!("call")),
                    Refused(400),
                ),
            ],
        },
    ),
    (
        "retell/webhook.call_ended.official-doc-sample.json",
        Sample {
            ours: Taken(TALKING),
            says: &[],
            rows: ENDED,
        },
    ),
    (
        "retell/webhook.call_ended.from-openapi-example.json",
        Sample {
            ours: Taken(TALKING),
            says: &[],
            rows: ENDED,
        },
    ),
    (
        "retell/webhook.call_analyzed.from-openapi-example.json",
        Sample {
            ours: Taken(TALKED),
            says: &[
                // They talked, and nobody knows about what.
                (
                    "/call/call_analysis",
                    Taken("settled: answered | pending | analysis_missing"),
                ),
                // Nobody knows how it ended, and nothing was decided: a failure of ours, which is tried again.
                (
                    "/call/disconnection_reason",
                    Taken("settled: failed | pending | -"),
                ),
            ],
            rows: &[
                (
                    "confirmed",
                    |e| decided(e, json!({"appointment_action": "confirmed"})),
                    Taken("settled: answered | confirmed | -"),
                ),
                (
                    "cancelled",
                    |e| decided(e, json!({"appointment_action": "cancelled"})),
                    Taken("settled: answered | cancelled | -"),
                ),
                (
                    "moved",
                    |e| {
                        decided(
                            e,
                            json!({"appointment_action": "rescheduled", "new_time": "2026-03-30T10:30"}),
                        )
                    },
                    Taken("settled: answered | rescheduled 2026-03-30 09:30 | -"),
                ),
                (
                    "moved, as an instant",
                    |e| {
                        decided(
                            e,
                            json!({"appointment_action": "rescheduled", "new_time": "2026-03-30T11:30:00+02:00"}),
                        )
                    },
                    Taken("settled: answered | rescheduled 2026-03-30 09:30 | -"),
                ),
                (
                    "to be moved, without a time",
                    |e| decided(e, json!({"appointment_action": "rescheduled"})),
                    Taken("settled: answered | rescheduled | reschedule_requested"),
                ),
                (
                    "to be moved, to a time that is none",
                    |e| {
                        decided(
                            e,
                            json!({"appointment_action": "rescheduled", "new_time": "some day"}),
                        )
                    },
                    Taken("settled: answered | rescheduled | reschedule_requested"),
                ),
                (
                    "a word that the agent made up",
                    |e| decided(e, json!({"appointment_action": "perhaps"})),
                    Taken(TALKED),
                ),
                (
                    "a decision of another kind",
                    |e| decided(e, json!({"appointment_action": ["confirmed"]})),
                    Taken(TALKED),
                ),
                (
                    "confirmed by a machine is not confirmed",
                    |e| {
                        decided(e, json!({"appointment_action": "confirmed"}));
                        set(e, "/call/call_analysis/in_voicemail", json!(true));
                    },
                    Taken("settled: voicemail | pending | -"),
                ),
                (
                    "never connected: what was analysed is nobody's word",
                    |e| reason(e, "dial_no_answer"),
                    Taken("settled: no_answer | pending | -"),
                ),
                (
                    "asked not to be called",
                    |e| reason(e, "user_requested_dnc"),
                    Taken("settled: answered | pending | - | not to be called"),
                ),
                (
                    "an analysis of another kind",
                    |e| set(e, "/call/call_analysis", json!([1])),
                    Taken("settled: answered | pending | analysis_missing"),
                ),
                (
                    "a cost of another kind",
                    |e| set(e, "/call/call_cost", json!("much")),
                    Taken(TALKED),
                ),
            ],
        },
    ),
];

fn made_ours(clinic: &Clinic, granted: &Granted, event: &mut Value) {
    let ids = json!({
        "tenant_id": clinic.tenant.id, "session_id": granted.session,
        "attempt_id": granted.attempt, "contact_id": granted.contact,
    });
    set(event, "/call/metadata", ids);
}

async fn state(clinic: &Clinic, granted: &Granted) -> String {
    let (contact, session) = (granted.contact, granted.session);
    let row = clinic.store().session(contact, session).await.unwrap();
    let session = row.unwrap().session;
    let call = match session.report() {
        Some(report) => format!("settled: {}", json!(report.outcome).as_str().unwrap()),
        None => json!(session.status(clinic.now()))
            .as_str()
            .unwrap()
            .to_owned(),
    };
    let person = clinic.only_person().await;
    let appointment = &person.appointments[0];
    let mut status = json!(appointment.status).as_str().unwrap().to_owned();
    if status == "rescheduled" && !appointment.awaiting_new_time {
        status = format!("{status} {}", short(appointment.time));
    }
    let listed = clinic.store().on_do_not_call_list(&person.contact);
    let listed = if listed.await.unwrap() {
        " | not to be called"
    } else {
        ""
    };
    format!(
        "{call} | {status} | {}{listed}",
        attention(person.contact.needs_attention)
    )
}

async fn hold(name: &str, at: &str, ours: bool, change: impl FnOnce(&mut Value), right: Right) {
    let clinic = Clinic::new().await;
    let granted = granted(&clinic).await;
    assert_eq!(state(&clinic, &granted).await, BEFORE);
    let mut event = json_sample(name).unwrap();
    if ours {
        made_ours(&clinic, &granted, &mut event);
    }
    change(&mut event);
    let got = comes_to(&clinic, From::Retell, event.to_string().as_bytes()).await;
    let after = state(&clinic, &granted).await;
    judge(&format!("{name}: {at}"), got, &after, BEFORE, right);
}

#[tokio::test]
async fn every_call_sample_has_its_effect_or_refusal() {
    if folder().is_none() {
        return;
    }
    for (name, sample) in SAMPLES {
        hold(
            name,
            "of somebody else's call",
            false,
            |_| {},
            Taken(BEFORE),
        )
        .await;
        hold(name, "of a call of ours", true, |_| {}, sample.ours).await;
        for (at, change, right) in sample.rows {
            hold(name, at, true, change, *right).await;
        }
    }
}

#[tokio::test]
async fn every_call_sample_stands_without_any_member() {
    if folder().is_none() {
        return;
    }
    for (name, sample) in SAMPLES {
        let event = json_sample(name).unwrap();
        let call = event["call"].as_object().unwrap().keys();
        let places = call.map(|member| format!("/call/{member}"));
        let places = places.chain(["/event".to_owned(), "/call".to_owned()]);
        for place in places {
            let says = sample.says.iter().find(|(says, _)| *says == place);
            let right = match place.as_str() {
                "/event" | "/call" | "/call/call_id" => Refused(400),
                // Nothing says whose call it is.
                "/call/metadata" => Taken(BEFORE),
                _ => says.map_or(sample.ours, |(_, right)| *right),
            };
            hold(
                name,
                &format!("without {place}"),
                true,
                |e| remove(e, &place),
                right,
            )
            .await;
            hold(
                name,
                &format!("null {place}"),
                true,
                |e| set(e, &place, Value::Null),
                right,
            )
            .await;
        }
    }
}

#[tokio::test]
async fn every_call_sample_stands_whatever_surrounds_it() {
    if folder().is_none() {
        return;
    }
    for (name, _) in SAMPLES {
        let event = json_sample(name).unwrap();
        holds_whatever_surrounds_it(From::Retell, &event, true, Clinic::new).await;
    }
}
