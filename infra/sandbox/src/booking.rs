//! A booking on somebody's Cal.com calendar.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A booking in the shape of `GET /v2/bookings`, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Booking {
    pub(crate) uid: String,
    pub(crate) organizer_email: String,
    pub(crate) updated_at: DateTime<Utc>,
    /// The API's own shape.
    pub(crate) value: Value,
}

impl Booking {
    /// A booking as given to the sandbox: the API's own shape with at least `uid`, `start` and the
    /// first host's `email`.
    pub(crate) fn given(mut value: Value, now: DateTime<Utc>) -> Result<Self, &'static str> {
        let uid = value["uid"]
            .as_str()
            .ok_or("a booking needs a uid")?
            .to_owned();
        let organizer_email = value["hosts"][0]["email"]
            .as_str()
            .ok_or("a booking needs hosts[0].email")?
            .to_lowercase();
        instant(&value["start"]).ok_or("a booking needs a start (RFC 3339)")?;
        if value.get("status").is_none() {
            value["status"] = json!("accepted");
        }
        if value.get("createdAt").is_none() {
            value["createdAt"] = json!(text(now));
        }
        value["updatedAt"] = json!(text(now));
        Ok(Self {
            uid,
            organizer_email,
            updated_at: now,
            value,
        })
    }

    /// The booking that a webhook speaks of; `None` for events that carry none.
    pub(crate) fn of_event(event: &Value, now: DateTime<Utc>) -> Option<Self> {
        let status = match event["triggerEvent"].as_str()? {
            "BOOKING_CREATED" | "BOOKING_RESCHEDULED" => "accepted",
            "BOOKING_REQUESTED" => "pending",
            "BOOKING_CANCELLED" => "cancelled",
            "BOOKING_REJECTED" => "rejected",
            _ => return None,
        };
        let payload = &event["payload"];
        let (start, end) = (
            instant(&payload["startTime"])?,
            instant(&payload["endTime"])?,
        );
        let attendees: Vec<Value> = payload["attendees"]
            .as_array()
            .map_or_else(Vec::new, |all| {
                all.iter()
                    .map(|one| {
                        json!({
                            "name": one["name"],
                            "email": one["email"],
                            "timeZone": one["timeZone"],
                            "phoneNumber": one["phoneNumber"],
                            "language": one["language"]["locale"],
                        })
                    })
                    .collect()
            });
        let responses: serde_json::Map<String, Value> = payload["responses"]
            .as_object()
            .map_or_else(Default::default, |all| {
                all.iter()
                    .filter_map(|(slug, response)| {
                        Some((slug.clone(), response.get("value")?.clone()))
                    })
                    .collect()
            });
        let mut value = json!({
            "id": payload["bookingId"],
            "uid": payload["uid"],
            "title": payload["title"],
            "description": payload["description"],
            "hosts": [{
                "id": payload["organizer"]["id"],
                "name": payload["organizer"]["name"],
                "email": payload["organizer"]["email"],
                "username": payload["organizer"]["username"],
                "timeZone": payload["organizer"]["timeZone"],
            }],
            "status": status,
            "start": text(start),
            "end": text(end),
            "duration": (end - start).num_minutes(),
            "eventTypeId": payload["eventTypeId"],
            "location": payload["location"],
            "absentHost": false,
            "createdAt": event["createdAt"],
            "metadata": {},
            "icsUid": payload["iCalUID"],
            "attendees": attendees,
            "guests": [],
            "bookingFieldsResponses": responses,
        });
        for (from, to) in [
            ("rescheduleUid", "rescheduledFromUid"),
            ("cancellationReason", "cancellationReason"),
        ] {
            if payload[from].is_string() {
                value[to] = payload[from].clone();
            }
        }
        Self::given(value, now).ok()
    }

    /// Whether it is still to take place.
    pub(crate) fn is_upcoming(&self, now: DateTime<Utc>) -> bool {
        self.status() == "accepted"
            && instant(&self.value["start"]).is_some_and(|start| start > now)
    }

    /// The webhook event that tells of it.
    pub(crate) fn as_event(&self, trigger: &str, now: DateTime<Utc>) -> Value {
        let value = &self.value;
        let host = &value["hosts"][0];
        let answers = value["bookingFieldsResponses"].as_object();
        let responses: serde_json::Map<String, Value> = answers
            .into_iter()
            .flatten()
            .map(|(slug, answer)| (slug.clone(), json!({"label": slug, "value": answer})))
            .collect();
        let mut event = json!({
            "triggerEvent": trigger,
            "createdAt": text(now),
            "payload": {
                "uid": self.uid,
                "bookingId": value["id"],
                "title": value["title"],
                "eventTypeId": value["eventTypeId"],
                "startTime": value["start"],
                "endTime": value["end"],
                "organizer": {"name": host["name"], "email": host["email"], "timeZone": host["timeZone"]},
                "attendees": value["attendees"],
                "responses": responses,
                "iCalUID": value["icsUid"],
                "status": self.status().to_uppercase(),
            },
        });
        for (from, to) in [
            ("rescheduledFromUid", "rescheduleUid"),
            ("cancellationReason", "cancellationReason"),
        ] {
            if value[from].is_string() {
                event["payload"][to] = value[from].clone();
            }
        }
        event
    }

    /// The booking that this one replaces.
    pub(crate) fn replaces(&self) -> Option<&str> {
        self.value["rescheduledFromUid"].as_str()
    }

    pub(crate) fn status(&self) -> &str {
        self.value["status"].as_str().unwrap_or_default()
    }

    /// The same booking with other fields, updated now.
    pub(crate) fn with(&self, changes: &[(&str, Value)], now: DateTime<Utc>) -> Self {
        let mut booking = self.clone();
        for (name, value) in changes {
            booking.value[*name] = value.clone();
        }
        booking.updated_at = now;
        booking.value["updatedAt"] = json!(text(now));
        booking
    }
}

/// An instant in RFC 3339.
pub(crate) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?)
        .ok()
        .map(|at| at.to_utc())
}

/// An instant as Cal.com writes it: with milliseconds and `Z`.
pub(crate) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
