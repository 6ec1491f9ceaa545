//! One reminder from booking to settled, on the release binaries: a signed booking arrives, is processed, the tick finds
//! the call due, the pump places it, and the provider's three signed webhooks settle it. Real clock: the booking says it
//! was made a day ago, so its reminder is due at once.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;
use vio_sandbox::{calcom_signature, retell_signature};

use crate::cost::Trigger;
use crate::events::{self, HttpEvent};
use crate::units::Counting;
use crate::{BenchError, Context};

const API_KEY: &str = "key_bench_0123456789abcdef";
const BOOKING_SECRET: &str = "bench-booking-secret-0123456789";
/// Requests that placed a call.
type Placed = Arc<Mutex<Vec<Value>>>;

/// Stands in for Retell: takes every call.
struct Provider {
    url: String,
    placed: Placed,
    server: JoinHandle<()>,
}

impl Provider {
    async fn start() -> Result<Self, BenchError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("a port for the provider")?;
        let url = format!("http://{}", listener.local_addr().context("its address")?);
        let placed = Placed::default();
        let router = Router::new()
            .route("/v2/create-phone-call", post(create))
            .with_state(placed.clone());
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            url,
            placed,
            server,
        })
    }

    fn call(&self) -> Option<Value> {
        let placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
        placed.last().cloned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn create(
    State(placed): State<Placed>,
    body: axum::Json<Value>,
) -> (StatusCode, axum::Json<Value>) {
    let axum::Json(mut call) = body;
    call["call_id"] = json!(format!("call_{}", Uuid::now_v7().simple()));
    call["call_status"] = json!("registered");
    let mut all = placed.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(call.clone());
    (StatusCode::CREATED, axum::Json(call))
}

/// The steps and how often each happens in a reminder's life.
pub async fn reminder(counting: &mut Counting<'_>) -> Result<BTreeMap<String, f64>, BenchError> {
    let provider = Provider::start().await?;
    counting.restart_with("VIO_RETELL_URL", &provider.url).await;
    let addresses = connect(counting).await?;
    let mut life = Life {
        counting,
        steps: BTreeMap::new(),
        stream: String::new(),
    };
    life.stream = life.latest().await?;
    // Settings wake the pump; what follows is to be the reminder's alone.
    life.messages("dial", "pump after settings", "campaign-worker")
        .await?;
    life.stream = life.latest().await?;

    // The second finds what the processes keep already read, but also the second look that the pump has at what was
    // booked around the change of settings. The third is a reminder alone, and the one that counts.
    for round in 0..3_i64 {
        life.steps.clear();
        let booking = booking(Utc::now(), round).to_string();
        let signature = (
            "x-cal-signature-256",
            calcom_signature(BOOKING_SECRET, booking.as_bytes()),
        );
        life.webhook("booking", &addresses.calcom, signature, &booking)
            .await?;
        let before = provider.call();
        // Reminders are due at whole minutes.
        let into_minute = Utc::now().timestamp_millis().rem_euclid(60_000);
        let wait = u64::try_from(60_000 - into_minute).unwrap_or_default() + 200;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        life.step(
            "tick, one call due",
            "reminders",
            Trigger::Schedule,
            &events::tick(),
        )
        .await?;
        life.messages("dial", "pump places the call", "campaign-worker")
            .await?;
        let call = provider.call().filter(|call| Some(call) != before.as_ref());
        let call =
            call.ok_or_else(|| BenchError::new("no call was placed for a booking that was due"))?;
        for event in ["call_started", "call_ended", "call_analyzed"] {
            let body = news(event, &call, Utc::now()).to_string();
            let signature =
                retell_signature(API_KEY, body.as_bytes(), Utc::now().timestamp_millis());
            let signature = ("x-retell-signature", signature);
            life.webhook(event, &addresses.retell, signature, &body)
                .await?;
        }
        // Wake-ups that were left behind find nothing to do, and cost all the same.
        life.messages("dial", "pump finds nothing left", "campaign-worker")
            .await?;
    }
    Ok(life.steps)
}

struct Addresses {
    calcom: String,
    retell: String,
}

/// Connects the business to both providers; the paths of its webhooks.
async fn connect(counting: &mut Counting<'_>) -> Result<Addresses, BenchError> {
    let body = json!({
        "retell": { "agent_id": "agent_bench", "from_number": "+442079460000", "api_key": API_KEY },
        "calcom": { "enabled": true, "api_key": "cal_bench_0123456789", "webhook_secret": BOOKING_SECRET,
                    "organizer_email": "organizer@bench.example.com" },
    });
    // The reminder must be due at whatever hour and day somebody measures.
    let any_time = json!({
        "call_hours": {"start_time": "00:00", "end_time": "24:00", "weekend_calling": true, "holiday_calling": true},
    });
    let event = HttpEvent::new("PATCH", "/api/settings/calls").json(&any_time);
    counting.http("call at any time", "profile", event).await?;
    let path = "/api/settings/integrations";
    let event = HttpEvent::new("PATCH", path).json(&body);
    counting.http("connect providers", "profile", event).await?;
    let read = counting
        .http("read integrations", "profile", HttpEvent::new("GET", path))
        .await?
        .json()?;
    let address = |provider: &str| -> Result<String, BenchError> {
        let url = read[provider]["webhook_url"].as_str();
        let path = url.and_then(|url| url.find("/api/").map(|at| url[at..].to_owned()));
        path.ok_or_else(|| BenchError::new(format!("no webhook address of {provider}")))
    };
    Ok(Addresses {
        calcom: address("calcom")?,
        retell: address("retell")?,
    })
}

struct Life<'a, 'b> {
    counting: &'a mut Counting<'b>,
    steps: BTreeMap<String, f64>,
    /// Where in the table's stream the last step ended.
    stream: String,
}

impl Life<'_, '_> {
    /// One invocation, and what the projector makes of its changes.
    async fn step(
        &mut self,
        name: &str,
        function: &str,
        trigger: Trigger,
        event: &Value,
    ) -> Result<(), BenchError> {
        let answered = self.counting.invoke(name, function, trigger, event).await?;
        if let Some(status @ 300..) = answered.status() {
            return Err(BenchError::new(format!(
                "{name}: answered {status}: {}",
                answered.body
            )));
        }
        if answered
            .body
            .get("batchItemFailures")
            .and_then(Value::as_array)
            .is_some_and(|f| !f.is_empty())
        {
            return Err(BenchError::new(format!(
                "{name}: the message was given back"
            )));
        }
        *self.steps.entry(name.to_owned()).or_default() += 1.0;
        let records = self.changes().await?;
        if !records.is_empty() {
            let projected = format!("projector after: {name}");
            let batch = json!({ "Records": records });
            self.counting
                .invoke(&projected, "projector", Trigger::Stream, &batch)
                .await?;
            *self.steps.entry(projected).or_default() += 1.0;
        }
        Ok(())
    }

    /// A provider's webhook: taken in, then processed from the queue.
    async fn webhook(
        &mut self,
        what: &str,
        path: &str,
        signature: (&'static str, String),
        body: &str,
    ) -> Result<(), BenchError> {
        let event = HttpEvent::new("POST", path)
            .header("content-type", "application/json".to_owned())
            .header(signature.0, signature.1)
            .text(body)
            .event();
        self.step(
            &format!("{what}: webhook taken in"),
            "webhooks",
            Trigger::Http,
            &event,
        )
        .await?;
        let processed = self
            .messages("inbox", &format!("{what}: processed"), "webhooks")
            .await?;
        if processed == 0 {
            return Err(BenchError::new(format!("{what}: no message to process it")));
        }
        Ok(())
    }

    /// Delivers what waits in a queue now, message by message; how many there were.
    async fn messages(
        &mut self,
        queue: &str,
        name: &str,
        function: &str,
    ) -> Result<usize, BenchError> {
        let cloud = self.counting.cloud();
        let url = match queue {
            "dial" => cloud.dial_url(),
            _ => cloud.inbox_url(),
        };
        let (url, sqs) = (url.to_owned(), cloud.stack().sqs());
        let mut count = 0;
        loop {
            let received = sqs
                .receive_message()
                .queue_url(&url)
                .wait_time_seconds(1)
                .send()
                .await;
            let received = received.context("receiving a message")?;
            let Some(message) = received.messages().first() else {
                return Ok(count);
            };
            let receipt = message.receipt_handle().unwrap_or_default();
            let deleted = sqs
                .delete_message()
                .queue_url(&url)
                .receipt_handle(receipt)
                .send()
                .await;
            deleted.context("deleting a message")?;
            let event = events::sqs(&format!("vio-{queue}"), message.body().unwrap_or_default());
            self.step(name, function, Trigger::Queue, &event).await?;
            count += 1;
        }
    }

    async fn streams(&self, operation: &str, body: Value) -> Result<Value, BenchError> {
        let answer = reqwest::Client::new()
            .post(&self.counting.cloud().stack().endpoints().dynamodb)
            .header(
                "x-amz-target",
                format!("DynamoDBStreams_20120810.{operation}"),
            )
            .header("content-type", "application/x-amz-json-1.0")
            // Not checked, but asked for. The SDK would turn the records into types that a function is not sent.
            .header(
                "x-amz-date",
                Utc::now().format("%Y%m%dT%H%M%SZ").to_string(),
            )
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-2/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=none",
            )
            .body(body.to_string())
            .send()
            .await
            .context(operation.to_owned())?;
        let text = answer.text().await.context(operation.to_owned())?;
        serde_json::from_str(&text).context(operation.to_owned())
    }

    /// The end of the main table's stream.
    async fn latest(&self) -> Result<String, BenchError> {
        let text = |value: &Value, what: &str| {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| BenchError::new(format!("the stream of the table has no {what}")))
        };
        let streams = self
            .streams("ListStreams", json!({ "TableName": "vio-main" }))
            .await?;
        let arn = text(&streams["Streams"][0]["StreamArn"], "name")?;
        let described = self
            .streams("DescribeStream", json!({ "StreamArn": arn }))
            .await?;
        let shard = text(
            &described["StreamDescription"]["Shards"][0]["ShardId"],
            "shard",
        )?;
        let asked = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "LATEST" });
        let iterator = self.streams("GetShardIterator", asked).await?;
        text(&iterator["ShardIterator"], "position")
    }

    /// What was changed since the last time this was asked, as the stream tells it.
    async fn changes(&mut self) -> Result<Vec<Value>, BenchError> {
        let mut answer = self
            .streams("GetRecords", json!({ "ShardIterator": self.stream }))
            .await?;
        if let Some(next) = answer["NextShardIterator"].as_str() {
            self.stream = next.to_owned();
        }
        match answer["Records"].take() {
            Value::Array(records) => Ok(records),
            _ => Err(BenchError::new(format!("the stream answered {answer}"))),
        }
    }
}

fn at(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A booking for three hours from now, made a day ago.
fn booking(now: DateTime<Utc>, number: i64) -> Value {
    let start = now + TimeDelta::hours(3) + TimeDelta::minutes(30 * number);
    let name = ["Ottoline Ferris", "Balthazar Quill", "Persis Underhay"]
        [(number.unsigned_abs() % 3) as usize];
    let email = format!("booked{number}@example.com");
    let phone = format!("+447400500{:03}", 100 + number);
    json!({
        "triggerEvent": "BOOKING_CREATED",
        "createdAt": at(now - TimeDelta::hours(24)),
        "payload": {
            "title": "Consultation",
            "type": "consultation",
            "startTime": at(start),
            "endTime": at(start + TimeDelta::minutes(30)),
            "organizer": { "name": "Organizer", "email": "organizer@bench.example.com", "timeZone": "Europe/London" },
            "attendees": [{ "email": email, "name": name, "timeZone": "Europe/London" }],
            "responses": {
                "name": { "label": "your_name", "value": name },
                "email": { "label": "email_address", "value": email },
                "attendeePhoneNumber": { "label": "phone_number", "value": phone },
            },
            "uid": format!("bench{}", Uuid::now_v7().simple()),
            "bookingId": 4000 + number,
            "status": "ACCEPTED",
            "length": 30,
            "eventTypeId": 12,
            "iCalSequence": 0,
        },
    })
}

/// What Retell says of a call: answered, and confirmed.
fn news(event: &str, placed: &Value, now: DateTime<Utc>) -> Value {
    let mut call = json!({
        "call_type": "phone_call",
        "call_id": placed["call_id"],
        "agent_id": "agent_bench",
        "from_number": placed["from_number"],
        "to_number": placed["to_number"],
        "direction": "outbound",
        "metadata": placed["metadata"],
        "retell_llm_dynamic_variables": placed["retell_llm_dynamic_variables"],
        "call_status": "ongoing",
        "start_timestamp": now.timestamp_millis() - 60_000,
    });
    if event != "call_started" {
        call["call_status"] = json!("ended");
        call["end_timestamp"] = json!(now.timestamp_millis());
        call["duration_ms"] = json!(60_000);
        call["disconnection_reason"] = json!("agent_hangup");
        call["transcript"] =
            json!("Agent: Can you still come?\nUser: Yes, I will be there.\n".repeat(20));
    }
    if event == "call_analyzed" {
        call["call_analysis"] = json!({
            "call_summary": "The person confirmed.",
            "in_voicemail": false,
            "user_sentiment": "Positive",
            "call_successful": true,
            "custom_analysis_data": { "appointment_action": "confirmed" },
        });
    }
    json!({ "event": event, "call": call })
}
