//! The calendars' samples. A booking that the rows call known was made before, from Cal.com's own sample of one.

use serde_json::{Value, json};

use super::Right::{Ignored, Refused, Taken};
use super::*;

/// What a sample needs to be understood at all, and how it stands without any other of its members.
pub(super) struct Sample {
    /// The booking that the calendar told of before, and that is known here.
    known: Option<&'static str>,
    /// The sample as it is.
    right: Right,
    /// What it cannot be without.
    needs: &'static [&'static str],
    /// Members without which it comes to something else.
    says: &'static [(&'static str, Right)],
    /// Variations by hand.
    rows: &'static [Row<Value>],
}

const GUEST: &str = "Guest User <guest@example.com> - | pending 2024-01-01 10:00 15 min, Strategy Session with Organizer Name | no_phone";
const RUNG: &str = "Guest User <guest@example.com> +442071838750 | pending 2026-03-09 12:00 15 min, Strategy Session with Organizer Name, a call is planned | -";
const COMING: &str = "Guest User <guest@example.com> - | pending 2026-03-09 12:00 15 min, Strategy Session with Organizer Name | no_phone";
const KNOWN: &str = GUEST;
const OFF: &str = "Guest User <guest@example.com> - | cancelled 2024-01-01 10:00 15 min, Strategy Session with Organizer Name | no_phone";
const MOVED: &str = "Guest User <guest@example.com> - | rescheduled 2024-01-10 14:30 15 min, Strategy Session with Organizer Name | no_phone";
const PHONE: &str = "+44 20 7183 8750";

fn comes(event: &mut Value) {
    set(event, "/payload/startTime", json!("2026-03-09T12:00:00Z"));
    set(event, "/payload/endTime", json!("2026-03-09T12:15:00Z"));
}

pub(super) const SAMPLES: &[(&str, Sample)] = &[
    (
        "calcom/doc-2026.BOOKING_CREATED.json",
        Sample {
            known: None,
            right: Taken(GUEST),
            needs: &[
                "/triggerEvent",
                "/payload",
                "/payload/uid",
                "/payload/startTime",
            ],
            says: &[
                (
                    "/payload/eventTitle",
                    Taken(
                        "Guest User <guest@example.com> - | pending 2024-01-01 10:00 15 min, - with Organizer Name | no_phone",
                    ),
                ),
                (
                    "/payload/organizer",
                    Taken(
                        "Guest User <guest@example.com> - | pending 2024-01-01 10:00 15 min, Strategy Session with - | no_phone",
                    ),
                ),
            ],
            rows: &[
                ("still to come, without a number", comes, Taken(COMING)),
                (
                    "a number in the answer attendeePhoneNumber",
                    |e| {
                        comes(e);
                        set(
                            e,
                            "/payload/responses/attendeePhoneNumber/value",
                            json!(PHONE),
                        );
                    },
                    Taken(RUNG),
                ),
                (
                    "a number in the answer phone",
                    |e| {
                        comes(e);
                        set(
                            e,
                            "/payload/responses/phone",
                            json!({"label": "p", "value": PHONE}),
                        );
                    },
                    Taken(RUNG),
                ),
                (
                    "a number in the answer phoneNumber",
                    |e| {
                        comes(e);
                        set(
                            e,
                            "/payload/responses/phoneNumber",
                            json!({"label": "p", "value": PHONE}),
                        );
                    },
                    Taken(RUNG),
                ),
                (
                    "a number for reminders by SMS",
                    |e| {
                        comes(e);
                        set(e, "/payload/smsReminderNumber", json!(PHONE));
                    },
                    Taken(RUNG),
                ),
                (
                    "the first attendee's number",
                    |e| {
                        comes(e);
                        set(e, "/payload/attendees/0/phoneNumber", json!(PHONE));
                    },
                    Taken(RUNG),
                ),
                (
                    "a place that is a telephone",
                    |e| {
                        comes(e);
                        set(
                            e,
                            "/payload/responses/location/value",
                            json!({"optionValue": PHONE, "value": "phone"}),
                        );
                    },
                    Taken(RUNG),
                ),
                (
                    "a place that is none",
                    |e| {
                        comes(e);
                        set(
                            e,
                            "/payload/responses/location/value",
                            json!({"optionValue": PHONE, "value": "inPerson"}),
                        );
                    },
                    Taken(COMING),
                ),
                (
                    "a number that cannot be one",
                    |e| {
                        comes(e);
                        set(e, "/payload/smsReminderNumber", json!("12"));
                    },
                    Taken(COMING),
                ),
                (
                    "a number of a country that is not accepted",
                    |e| {
                        comes(e);
                        set(e, "/payload/smsReminderNumber", json!("+12024561414"));
                    },
                    Taken(COMING),
                ),
                (
                    "a number that is a number",
                    |e| {
                        comes(e);
                        set(e, "/payload/smsReminderNumber", json!(442_071_838_750_u64));
                    },
                    Taken(COMING),
                ),
                (
                    "an invented address",
                    |e| {
                        set(
                            e,
                            "/payload/attendees/0/email",
                            json!("447911000001@sms.cal.com"),
                        );
                        set(
                            e,
                            "/payload/responses/email/value",
                            json!("447911000001@SMS.cal.com"),
                        );
                    },
                    Taken(
                        "Guest User <-> - | pending 2024-01-01 10:00 15 min, Strategy Session with Organizer Name | no_phone",
                    ),
                ),
                (
                    "times with milliseconds",
                    |e| {
                        set(e, "/payload/startTime", json!("2026-03-09T12:00:00.000Z"));
                        set(e, "/payload/endTime", json!("2026-03-09T12:15:00.000Z"));
                    },
                    Taken(COMING),
                ),
                (
                    "times with an offset of zero",
                    |e| {
                        set(e, "/payload/startTime", json!("2026-03-09T12:00:00+00:00"));
                        set(e, "/payload/endTime", json!("2026-03-09T12:15:00+00:00"));
                    },
                    Taken(COMING),
                ),
                (
                    "times of elsewhere",
                    |e| {
                        set(e, "/payload/startTime", json!("2026-03-09T08:00:00-04:00"));
                        set(e, "/payload/endTime", json!("2026-03-09T17:45:00+05:30"));
                    },
                    Taken(COMING),
                ),
                (
                    "a time without a zone",
                    |e| set(e, "/payload/startTime", json!("2026-03-09T12:00:00")),
                    Refused(400),
                ),
                (
                    "a time that is a number",
                    |e| set(e, "/payload/startTime", json!(1_773_057_600)),
                    Refused(400),
                ),
                (
                    "a day that there is not",
                    |e| set(e, "/payload/startTime", json!("2026-02-30T12:00:00Z")),
                    Refused(400),
                ),
                (
                    "an end that cannot be read",
                    |e| set(e, "/payload/endTime", json!("soon")),
                    Taken(GUEST),
                ),
                (
                    "nobody to be found anywhere",
                    |e| {
                        set(e, "/payload/attendees", json!([]));
                        set(e, "/payload/responses", json!({}));
                    },
                    Taken(
                        "Guest <-> - | pending 2024-01-01 10:00 15 min, Strategy Session with Organizer Name | no_phone",
                    ),
                ),
                (
                    "everything strange",
                    |e| {
                        for member in [
                            "additionalNotes",
                            "organizer",
                            "attendees",
                            "iCalSequence",
                            "location",
                            "eventTitle",
                            "length",
                            "eventTypeId",
                        ] {
                            set(e, &format!("/payload/{member}"), json!([[{"x": null}]]));
                        }
                    },
                    Taken(
                        "Guest User <guest@example.com> - | pending 2024-01-01 10:00 15 min, - with - | no_phone",
                    ),
                ),
                (
                    "a zone that is none",
                    |e| {
                        set(
                            e,
                            "/payload/attendees/0/timeZone",
                            json!("Middle-earth/Shire"),
                        )
                    },
                    Taken(GUEST),
                ),
                (
                    "an event of the future",
                    |e| set(e, "/triggerEvent", json!("BOOKING_TELEPORTED")),
                    Ignored,
                ),
                (
                    "a name that is no text",
                    |e| set(e, "/triggerEvent", json!(7)),
                    Refused(400),
                ),
                (
                    "an id that is blank",
                    |e| set(e, "/payload/uid", json!("  ")),
                    Refused(400),
                ),
            ],
        },
    ),
    (
        "calcom/doc-2026.BOOKING_RESCHEDULED.json",
        Sample {
            known: Some("previous-booking-unique-id"),
            right: Taken(MOVED),
            needs: &[
                "/triggerEvent",
                "/payload",
                "/payload/uid",
                "/payload/startTime",
            ],
            says: &[
                // The latest word on a booking counts whole: what it does not say is not known any more.
                (
                    "/payload/eventTitle",
                    Taken(
                        "Guest User <guest@example.com> - | rescheduled 2024-01-10 14:30 15 min, - with Organizer Name | no_phone",
                    ),
                ),
                (
                    "/payload/organizer",
                    Taken(
                        "Guest User <guest@example.com> - | rescheduled 2024-01-10 14:30 15 min, Strategy Session with - | no_phone",
                    ),
                ),
                // Without the booking that it was, it is another one of the same person.
                (
                    "/payload/rescheduleUid",
                    Taken(
                        "Guest User <guest@example.com> - | pending 2024-01-01 10:00 15 min, Strategy Session with Organizer Name; rescheduled 2024-01-10 14:30 15 min, Strategy Session with Organizer Name | no_phone",
                    ),
                ),
            ],
            rows: &[
                (
                    "of a booking that nobody knows",
                    |e| set(e, "/payload/rescheduleUid", json!("unheard-of")),
                    Taken(
                        "Guest User <guest@example.com> - | pending 2024-01-01 10:00 15 min, Strategy Session with Organizer Name; rescheduled 2024-01-10 14:30 15 min, Strategy Session with Organizer Name | no_phone",
                    ),
                ),
                (
                    "as the calendar's own interface tells it",
                    |e| set(e, "/triggerEvent", json!("BOOKING_REQUESTED")),
                    Taken(MOVED),
                ),
                (
                    "to a time still to come",
                    comes,
                    Taken(
                        "Guest User <guest@example.com> - | rescheduled 2026-03-09 12:00 15 min, Strategy Session with Organizer Name | no_phone",
                    ),
                ),
                (
                    "told before the booking was made",
                    |e| set(e, "/createdAt", json!("2023-01-01T00:00:00Z")),
                    Taken(MOVED),
                ),
            ],
        },
    ),
    (
        "calcom/doc-2026.BOOKING_CANCELLED.json",
        Sample {
            known: Some("unique-booking-identifier"),
            right: Taken(OFF),
            needs: &["/triggerEvent", "/payload", "/payload/uid"],
            says: &[],
            rows: &[
                (
                    "of a booking that nobody knows",
                    |e| set(e, "/payload/uid", json!("unheard-of")),
                    Taken(KNOWN),
                ),
                (
                    "asked to choose another time",
                    |e| set(e, "/payload/requestReschedule", json!(true)),
                    Taken(
                        "Guest User <guest@example.com> - | rescheduled 2024-01-01 10:00 15 min, Strategy Session with Organizer Name, waits for a new time | new_time_awaited",
                    ),
                ),
                (
                    "without a time",
                    |e| {
                        remove(e, "/payload/startTime");
                        remove(e, "/payload/endTime");
                    },
                    Taken(OFF),
                ),
            ],
        },
    ),
    (
        "calcom/doc-2026.BOOKING_REJECTED.json",
        Sample {
            known: Some("unique-booking-identifier"),
            right: Taken(OFF),
            needs: &["/triggerEvent", "/payload", "/payload/uid"],
            says: &[],
            rows: &[(
                "of a booking that nobody knows",
                |e| set(e, "/payload/uid", json!("unheard-of")),
                Taken(KNOWN),
            )],
        },
    ),
    (
        "calcom/doc-2026.BOOKING_REQUESTED.json",
        Sample {
            known: None,
            // It waits for the organizer; nobody is booked yet.
            right: Ignored,
            needs: &["/triggerEvent"],
            says: &[],
            rows: &[(
                "nothing but its name",
                |e| *e = json!({"triggerEvent": "BOOKING_REQUESTED"}),
                Ignored,
            )],
        },
    ),
    (
        "calcom/doc-2026.BOOKING_NO_SHOW_UPDATED.marked.json",
        Sample {
            known: Some("5vQFqxDFMjdgKGMijqtqRw"),
            right: Taken(MISSED),
            needs: &["/triggerEvent"],
            says: &[
                // Without its booking it says nothing.
                ("/payload", Ignored),
                ("/payload/bookingUid", Ignored),
                ("/payload/attendees", Taken(KNOWN)),
            ],
            rows: &[
                (
                    "of a booking that nobody knows",
                    |e| set(e, "/payload/bookingUid", json!("unheard-of")),
                    Taken(KNOWN),
                ),
                (
                    "without a word on who came",
                    |e| remove(e, "/payload/attendees/0/noShow"),
                    Taken(KNOWN),
                ),
                (
                    "a word that is no word",
                    |e| set(e, "/payload/attendees/0/noShow", json!("yes")),
                    Taken(KNOWN),
                ),
                (
                    "without an address, of the only one booked",
                    |e| set(e, "/payload/attendees/0/email", Value::Null),
                    Taken(MISSED),
                ),
            ],
        },
    ),
    (
        "calcom/doc-2026.BOOKING_NO_SHOW_UPDATED.unmarked.json",
        Sample {
            known: Some("5vQFqxDFMjdgKGMijqtqRw"),
            right: Taken(KNOWN),
            needs: &["/triggerEvent"],
            says: &[("/payload", Ignored), ("/payload/bookingUid", Ignored)],
            rows: &[(
                "of a booking that nobody knows",
                |e| set(e, "/payload/bookingUid", json!("unheard-of")),
                Taken(KNOWN),
            )],
        },
    ),
    (
        "calcom/doc-2026.MEETING_ENDED.json",
        Sample {
            known: None,
            right: Ignored,
            needs: &["/triggerEvent"],
            says: &[],
            rows: &[(
                "wrapped",
                |e| {
                    let inner = e.clone();
                    *e = json!({"triggerEvent": "MEETING_ENDED", "createdAt": "2024-01-01T10:20:00Z", "payload": inner});
                },
                Ignored,
            )],
        },
    ),
    (
        "calendly/official-2024.invitee_created.json",
        Sample {
            known: None,
            // It comes without the event's times, which are read from the calendar.
            right: Taken(NOBODY),
            needs: &["/event", "/payload", "/payload/uri", "/payload/event"],
            says: &[],
            rows: &[
                ("with its times", scheduled, Taken(JOHN)),
                (
                    "with its times, and a number for texts",
                    |e| {
                        scheduled(e);
                        set(e, "/payload/text_reminder_number", json!(PHONE));
                    },
                    Taken(JOHN_RUNG),
                ),
                (
                    "with its times, and rung at the place",
                    |e| {
                        scheduled(e);
                        set(
                            e,
                            "/payload/scheduled_event/location",
                            json!({"type": "outbound_call", "location": PHONE}),
                        );
                    },
                    Taken(JOHN_RUNG),
                ),
                (
                    "with its times, and an answer that is a number",
                    |e| {
                        scheduled(e);
                        set(
                            e,
                            "/payload/questions_and_answers",
                            json!([{"question": "Where do we reach you?", "answer": PHONE}]),
                        );
                    },
                    Taken(JOHN_RUNG),
                ),
                (
                    "with its times, and a place with a password",
                    |e| {
                        scheduled(e);
                        set(
                            e,
                            "/payload/scheduled_event/location",
                            json!({"type": "zoom", "data": {"password": "x"}}),
                        );
                    },
                    Taken(JOHN),
                ),
                (
                    "times in other spellings",
                    |e| {
                        scheduled(e);
                        set(
                            e,
                            "/payload/scheduled_event/start_time",
                            json!("2026-03-09T12:00:00.000000Z"),
                        );
                        set(
                            e,
                            "/payload/scheduled_event/end_time",
                            json!("2026-03-09T13:15:00+01:00"),
                        );
                    },
                    Taken(JOHN),
                ),
                (
                    "a time without a zone is read from the calendar",
                    |e| {
                        scheduled(e);
                        set(
                            e,
                            "/payload/scheduled_event/start_time",
                            json!("2026-03-09T12:00:00"),
                        );
                    },
                    Taken(NOBODY),
                ),
                (
                    "nothing to read it by",
                    |e| {
                        scheduled(e);
                        set(e, "/payload/scheduled_event/start_time", Value::Null);
                        remove(e, "/payload/event");
                        remove(e, "/payload/scheduled_event/uri");
                    },
                    Refused(400),
                ),
                (
                    "names that are null",
                    |e| {
                        scheduled(e);
                        set(e, "/payload/first_name", Value::Null);
                        set(e, "/payload/last_name", Value::Null);
                    },
                    Taken(JOHN),
                ),
                (
                    "a zone that is none",
                    |e| {
                        scheduled(e);
                        set(e, "/payload/timezone", json!("America/New York"));
                    },
                    Taken(JOHN),
                ),
                (
                    "an event of the future",
                    |e| set(e, "/event", json!("invitee.cloned")),
                    Ignored,
                ),
            ],
        },
    ),
    (
        "calendly/official-2024.invitee_canceled.json",
        Sample {
            known: None,
            right: Taken(NOBODY),
            needs: &["/event", "/payload", "/payload/uri"],
            says: &[],
            rows: &[
                (
                    "of one that moved: the new one says more",
                    |e| set(e, "/payload/rescheduled", json!(true)),
                    Ignored,
                ),
                (
                    "who did not come, of a booking that nobody knows",
                    |e| set(e, "/event", json!("invitee_no_show.created")),
                    Taken(NOBODY),
                ),
                (
                    "who came after all, of a booking that nobody knows",
                    |e| set(e, "/event", json!("invitee_no_show.deleted")),
                    Taken(NOBODY),
                ),
            ],
        },
    ),
];

const MISSED: &str = "Guest User <guest@example.com> - | pending 2024-01-01 10:00 15 min, Strategy Session with Organizer Name, did not come | no_phone";
const JOHN: &str = "John Doe <test@example.com> - | pending 2026-03-09 12:00 15 min, Hygiene with Ada Grey | no_phone";
const JOHN_RUNG: &str = "John Doe <test@example.com> +442071838750 | pending 2026-03-09 12:00 15 min, Hygiene with Ada Grey, a call is planned | -";

fn scheduled(event: &mut Value) {
    let event_of = json!({
        "uri": "https://api.calendly.com/scheduled_events/AAAAAAAAAAAAAAAA", "name": "Hygiene",
        "start_time": "2026-03-09T12:00:00Z", "end_time": "2026-03-09T12:15:00Z",
        "location": null, "event_memberships": [{"user": "https://api.calendly.com/users/A", "user_name": "Ada Grey", "user_email": "ada@example.com"}],
    });
    set(event, "/payload/scheduled_event", event_of);
}

/// A clinic that heard of a booking before.
async fn clinic(known: Option<&str>) -> Clinic {
    let clinic = Clinic::new().await;
    if let Some(uid) = known {
        let mut made = json_sample("calcom/doc-2026.BOOKING_CREATED.json").unwrap();
        set(&mut made, "/payload/uid", json!(uid));
        set(&mut made, "/createdAt", json!("2023-12-01T00:00:00Z"));
        clinic.hear(&[made]).await;
        assert_eq!(state(&clinic).await, KNOWN);
    }
    clinic
}

/// Everybody, as the tables write it.
async fn state(clinic: &Clinic) -> String {
    let mut all = Vec::new();
    for person in clinic.people().await {
        let contact = &person.contact;
        let text = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let mut appointments: Vec<_> = person.appointments.iter().collect();
        appointments.sort_by_key(|appointment| appointment.time);
        let appointments = appointments.iter().map(|a| {
            let length = a
                .duration
                .map_or_else(|| "?".to_owned(), |length| length.minutes().to_string());
            let kind = text(a.appointment_type.as_ref().map(|kind| kind.as_str()));
            let owner = text(a.owner_name.as_ref().map(|name| name.as_str()));
            let more = [
                (a.next_call_at.is_some(), ", a call is planned"),
                (a.awaiting_new_time, ", waits for a new time"),
                (
                    a.attendance == vio_domain::appointment::Attendance::NoShow,
                    ", did not come",
                ),
            ];
            let more: String = more
                .iter()
                .filter(|(so, _)| *so)
                .map(|(_, words)| *words)
                .collect();
            let status = json!(a.status);
            format!(
                "{} {} {length} min, {kind} with {owner}{more}",
                status.as_str().unwrap(),
                short(a.time)
            )
        });
        let appointments: Vec<String> = appointments.collect();
        all.push(format!(
            "{} <{}> {} | {} | {}",
            contact.name.as_str(),
            text(contact.email.as_ref().map(|email| email.as_str())),
            text(contact.phone.as_ref().map(|phone| phone.as_str())),
            appointments.join("; "),
            attention(contact.needs_attention),
        ));
    }
    if all.is_empty() {
        return NOBODY.to_owned();
    }
    all.join(" & ")
}

async fn hold(name: &str, at: &str, known: Option<&str>, event: &Value, right: Right) {
    let clinic = clinic(known).await;
    let before = state(&clinic).await;
    let body = event.to_string();
    let got = comes_to(&clinic, From::of(name), body.as_bytes()).await;
    let after = state(&clinic).await;
    judge(&format!("{name}: {at}"), got, &after, &before, right);
}

/// Every member of the event and of its payload, by its place.
fn members(event: &Value) -> Vec<String> {
    let of = |value: &Value, place: &str| {
        let members = value.as_object().into_iter().flatten();
        members
            .map(|(name, _)| format!("{place}/{name}"))
            .collect::<Vec<_>>()
    };
    [of(event, ""), of(&event["payload"], "/payload")].concat()
}

#[tokio::test]
async fn every_booking_sample_has_its_effect_or_refusal() {
    if folder().is_none() {
        return;
    }
    for (name, sample) in SAMPLES {
        let event = json_sample(name).unwrap();
        hold(name, "as it is", sample.known, &event, sample.right).await;
        for (at, change, right) in sample.rows {
            let mut event = event.clone();
            change(&mut event);
            hold(name, at, sample.known, &event, *right).await;
        }
    }
}

/// Whatever is left out or null is as if nobody had said it: refused where nothing can be told without it, what the table
/// says where it changes what is told, and the same as ever otherwise.
#[tokio::test]
async fn every_booking_sample_stands_without_any_member() {
    if folder().is_none() {
        return;
    }
    for (name, sample) in SAMPLES {
        let event = json_sample(name).unwrap();
        let places = members(&event);
        for place in sample
            .needs
            .iter()
            .chain(sample.says.iter().map(|(place, _)| place))
        {
            assert!(
                places.iter().any(|found| found == place),
                "{name}: {place} is not there"
            );
        }
        for place in places {
            let says = sample.says.iter().find(|(says, _)| *says == place);
            let right = match says {
                Some((_, right)) => *right,
                None if sample.needs.contains(&place.as_str()) => Refused(400),
                None => sample.right,
            };
            let mut missing = event.clone();
            remove(&mut missing, &place);
            hold(
                name,
                &format!("without {place}"),
                sample.known,
                &missing,
                right,
            )
            .await;
            let mut null = event.clone();
            set(&mut null, &place, Value::Null);
            hold(name, &format!("null {place}"), sample.known, &null, right).await;
        }
    }
}

#[tokio::test]
async fn every_booking_sample_stands_whatever_surrounds_it() {
    if folder().is_none() {
        return;
    }
    for (name, sample) in SAMPLES {
        let event = json_sample(name).unwrap();
        let taken = sample.right != Ignored;
        holds_whatever_surrounds_it(From::of(name), &event, taken, || clinic(sample.known)).await;
    }
}
