//! What the platform costs in AWS, without telephony: list prices times measured units and requests.
//!
//! Every quantity comes from the JSON that the bench writes ([`Measured`]); what cannot be measured here is a named
//! constant of this file.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign, Mul};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::prices as p;
use crate::tally::Tally;

/// Memory at which Lambda gives one whole processor; below it, a share (Lambda's documentation).
const WHOLE_PROCESSOR_MB: f64 = 1769.0;
/// Billed time of one request to an AWS service from within a region. Assumed; here they answer in under a millisecond.
const SERVICE_ROUND_TRIP: Duration = Duration::from_millis(6);
/// Requests with which Lambda takes one message from a queue: its receipt and its deletion.
const REQUESTS_PER_MESSAGE: f64 = 2.0;
/// Lambda polls an idle queue with five long polls of 20 s at a time (Lambda's documentation).
const IDLE_POLLS_PER_MINUTE: f64 = 15.0;
const MINUTES_PER_MONTH: f64 = 365.0 / 12.0 * 24.0 * 60.0;
/// Bytes of log lines that Lambda itself writes per invocation (START, END, REPORT).
const PLATFORM_LOG_BYTES: f64 = 350.0;

/// What starts a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// CloudFront with its web ACL, then the HTTP API.
    Http,
    /// One message of a queue.
    Queue,
    /// The schedule.
    Schedule,
    /// A batch of the table's stream: Lambda's reads of it are free.
    Stream,
}

/// What was used of everything that has a price per use. Adds up, and scales.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    pub write_units: f64,
    pub read_units: f64,
    pub kms_symmetric: f64,
    pub kms_ecc: f64,
    pub sqs_requests: f64,
    pub bus_events: f64,
    pub scheduled: f64,
    pub http_requests: f64,
    pub invocations: f64,
    pub gb_seconds: f64,
    pub log_bytes: f64,
}

impl Usage {
    /// Of one invocation: what it asked of AWS, how long it ran here on a whole processor, with how much memory in MB,
    /// and how many bytes it logged.
    pub fn of(
        trigger: Trigger,
        asked: &Tally,
        took: Duration,
        memory_mb: u32,
        logged: u64,
    ) -> Self {
        let count = |prefix| asked.requests_of(prefix) as f64;
        let ecc = count("KMS.Sign") + count("KMS.GetPublicKey");
        let requests: u64 = asked.requests.values().sum();
        let memory = f64::from(memory_mb);
        let share = (memory / WHOLE_PROCESSOR_MB).min(1.0);
        let billed =
            took.as_secs_f64() / share + SERVICE_ROUND_TRIP.as_secs_f64() * requests as f64;
        let of = |wanted| if trigger == wanted { 1.0 } else { 0.0 };
        Self {
            write_units: asked.write_units,
            read_units: asked.read_units,
            kms_symmetric: count("KMS.") - ecc,
            kms_ecc: ecc,
            sqs_requests: count("SQS.") + of(Trigger::Queue) * REQUESTS_PER_MESSAGE,
            bus_events: count("EventBridge."),
            scheduled: of(Trigger::Schedule),
            http_requests: of(Trigger::Http),
            invocations: 1.0,
            gb_seconds: billed * memory / 1024.0,
            log_bytes: logged as f64 + PLATFORM_LOG_BYTES,
        }
    }

    /// Dollars, by service.
    pub fn price(&self) -> Bill {
        let per_http = p::HTTP_API_REQUEST + p::CLOUDFRONT_REQUEST + p::WAF_REQUEST;
        Bill(vec![
            ("table writes", self.write_units * p::WRITE_UNIT),
            ("table reads", self.read_units * p::READ_UNIT),
            (
                "KMS",
                self.kms_symmetric * p::KMS_SYMMETRIC + self.kms_ecc * p::KMS_ECC,
            ),
            (
                "Lambda",
                self.invocations * p::LAMBDA_REQUEST + self.gb_seconds * p::LAMBDA_GB_SECOND,
            ),
            ("HTTP API, CloudFront, WAF", self.http_requests * per_http),
            (
                "queues, bus, schedule",
                self.sqs_requests * p::SQS_REQUEST
                    + self.bus_events * p::BUS_EVENT
                    + self.scheduled * p::SCHEDULED,
            ),
            ("logs", self.log_bytes / p::GIB * p::LOGS_GIB),
        ])
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            write_units: self.write_units + other.write_units,
            read_units: self.read_units + other.read_units,
            kms_symmetric: self.kms_symmetric + other.kms_symmetric,
            kms_ecc: self.kms_ecc + other.kms_ecc,
            sqs_requests: self.sqs_requests + other.sqs_requests,
            bus_events: self.bus_events + other.bus_events,
            scheduled: self.scheduled + other.scheduled,
            http_requests: self.http_requests + other.http_requests,
            invocations: self.invocations + other.invocations,
            gb_seconds: self.gb_seconds + other.gb_seconds,
            log_bytes: self.log_bytes + other.log_bytes,
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = std::mem::take(self) + other;
    }
}

impl Mul<f64> for Usage {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self {
            write_units: self.write_units * times,
            read_units: self.read_units * times,
            kms_symmetric: self.kms_symmetric * times,
            kms_ecc: self.kms_ecc * times,
            sqs_requests: self.sqs_requests * times,
            bus_events: self.bus_events * times,
            scheduled: self.scheduled * times,
            http_requests: self.http_requests * times,
            invocations: self.invocations * times,
            gb_seconds: self.gb_seconds * times,
            log_bytes: self.log_bytes * times,
        }
    }
}

/// Dollars by item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill(pub Vec<(&'static str, f64)>);

impl Bill {
    pub fn total(&self) -> f64 {
        self.0.iter().map(|(_, dollars)| dollars).sum()
    }
}

/// What the bench measured, as it writes it down.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Usage of one operation, by its name.
    pub operations: BTreeMap<String, Usage>,
    /// The operations of one reminder from booking to settled, by name, and how often each.
    pub reminder: BTreeMap<String, f64>,
    /// Bytes that a tenant has in the tables right after sign-up.
    pub idle_tenant_bytes: Option<f64>,
}

/// Name of the operation that the schedule runs each minute.
pub const TICK: &str = "tick, nothing due";

/// How many things with a price per month the templates declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fixed {
    pub keys: usize,
    pub alarms: usize,
    pub queue_consumers: usize,
    pub acl_rules: usize,
}

impl Fixed {
    /// Counts them in the text of `template.yaml` and `infra/edge.yaml`.
    pub fn declared(template: &str, edge: &str) -> Self {
        let typed = |text: &str, kind: &str| {
            let lines = text.lines().map(str::trim);
            lines
                .filter(|line| line.strip_prefix("Type: ") == Some(kind))
                .count()
        };
        Self {
            keys: typed(template, "AWS::KMS::Key") + typed(edge, "AWS::KMS::Key"),
            alarms: typed(template, "AWS::CloudWatch::Alarm")
                + typed(edge, "AWS::CloudWatch::Alarm"),
            queue_consumers: typed(template, "SQS"),
            // One line each; transformations within a rule have theirs in braces.
            acl_rules: edge
                .lines()
                .filter(|line| line.trim().starts_with("Priority:"))
                .count(),
        }
    }
}

/// What a month costs before there is any tenant.
pub fn floor(measured: &Measured, fixed: Fixed) -> Bill {
    let tick = measured.operations.get(TICK).cloned().unwrap_or_default();
    let polls = fixed.queue_consumers as f64 * IDLE_POLLS_PER_MINUTE * MINUTES_PER_MONTH;
    Bill(vec![
        (
            "ticks, each minute",
            (tick * MINUTES_PER_MONTH).price().total(),
        ),
        ("polling of idle queues", polls * p::SQS_REQUEST),
        ("KMS keys", fixed.keys as f64 * p::KMS_KEY_MONTH),
        ("alarms", fixed.alarms as f64 * p::ALARM_MONTH),
        (
            "web ACL and its rules",
            p::WAF_ACL_MONTH + fixed.acl_rules as f64 * p::WAF_RULE_MONTH,
        ),
        (
            "DNS zone, origin secret",
            p::HOSTED_ZONE_MONTH + p::SECRET_MONTH,
        ),
    ])
}

/// What 1,000 reminders cost all in, and what of them was not measured. `None` where nothing was.
pub fn thousand_reminders(measured: &Measured) -> Option<(Bill, Vec<String>)> {
    let mut usage = Usage::default();
    let mut missing = Vec::new();
    for (name, times) in &measured.reminder {
        match measured.operations.get(name) {
            Some(one) => usage += one.clone() * *times,
            None => missing.push(name.clone()),
        }
    }
    (usage.invocations > 0.0).then(|| ((usage * 1000.0).price(), missing))
}

/// What a tenant costs a month that does nothing: its rows lie there. Ticks do not ask for tenants without work.
pub fn idle_tenant(measured: &Measured) -> Option<f64> {
    let bytes = measured.idle_tenant_bytes?;
    Some(bytes / p::GIB * (p::TABLE_GIB_MONTH + p::RECOVERY_GIB_MONTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * b.abs().max(1e-6), "{a} is not {b}");
    }

    #[test]
    fn each_use_has_its_price() {
        let million = |set: fn(&mut Usage)| {
            let mut usage = Usage::default();
            set(&mut usage);
            (usage * 1e6).price().total()
        };
        close(million(|u| u.write_units = 1.0), 0.7423);
        close(million(|u| u.read_units = 1.0), 0.1485);
        close(million(|u| u.kms_symmetric = 1.0), 3.0);
        close(million(|u| u.kms_ecc = 1.0), 15.0);
        close(million(|u| u.sqs_requests = 1.0), 0.40);
        close(million(|u| u.bus_events = 1.0), 1.0);
        close(million(|u| u.scheduled = 1.0), 1.15);
        close(million(|u| u.http_requests = 1.0), 1.16 + 1.2 + 0.6);
        close(million(|u| u.invocations = 1.0), 0.20);
        close(million(|u| u.gb_seconds = 1.0), 13.3334);
        close(million(|u| u.log_bytes = 1.0), 1e6 / p::GIB * 0.5985);
    }

    #[test]
    fn an_invocation_pays_for_its_share_of_a_processor_and_for_waiting() {
        let mut asked = Tally::default();
        asked.count(
            "DynamoDB_20120810.GetItem",
            br#"{"ConsumedCapacity":{"CapacityUnits":1.0}}"#,
        );
        asked.count("TrentService.Decrypt", b"{}");
        asked.count("TrentService.Sign", b"{}");
        asked.count("AmazonSQS.SendMessage", b"{}");
        let ms = Duration::from_millis(10);
        let usage = Usage::of(Trigger::Queue, &asked, ms, 512, 1000);
        close(usage.read_units, 1.0);
        close(usage.kms_symmetric, 1.0);
        close(usage.kms_ecc, 1.0);
        close(usage.sqs_requests, 3.0);
        close(usage.http_requests, 0.0);
        close(usage.log_bytes, 1350.0);
        let billed = 0.010 * 1769.0 / 512.0 + 4.0 * 0.006;
        close(usage.gb_seconds, billed * 0.5);
        // More memory than one processor needs makes nothing faster.
        let large = Usage::of(Trigger::Http, &Tally::default(), ms, 3538, 0);
        close(large.gb_seconds, 0.010 * 3538.0 / 1024.0);
        close(large.http_requests, 1.0);
    }

    #[test]
    fn a_thousand_reminders_are_their_operations_a_thousand_times() {
        let one = |write_units| Usage {
            write_units,
            invocations: 1.0,
            ..Usage::default()
        };
        let mut measured = Measured::default();
        assert_eq!(thousand_reminders(&measured), None);
        measured.operations = BTreeMap::from([("a".into(), one(10.0)), ("b".into(), one(5.0))]);
        measured.reminder =
            BTreeMap::from([("a".into(), 1.0), ("b".into(), 3.0), ("c".into(), 1.0)]);
        let (bill, missing) = thousand_reminders(&measured).unwrap();
        close(
            bill.total(),
            1000.0 * (25.0 * p::WRITE_UNIT + 4.0 * p::LAMBDA_REQUEST),
        );
        assert_eq!(missing, ["c"]);
    }

    #[test]
    fn the_floor_is_what_the_templates_declare() {
        let template = "  K:\n    Type: AWS::KMS::Key\n  A:\n    Type: AWS::CloudWatch::Alarm\n  \
                        B:\n    Type: AWS::CloudWatch::Alarm\n          Type: SQS\n    Type: AWS::SQS::Queue\n";
        let edge = "Rules:\n  - Name: a\n    Priority: 0\n    X: [{Priority: 0}]\n  - Name: b\n    Priority: 1\n";
        let fixed = Fixed::declared(template, edge);
        let wanted = Fixed {
            keys: 1,
            alarms: 2,
            queue_consumers: 1,
            acl_rules: 2,
        };
        assert_eq!(fixed, wanted);
        let bill = floor(&Measured::default(), fixed);
        let polls = 15.0 * 43_800.0 * 0.40 / 1e6;
        close(bill.total(), polls + 1.0 + 0.2 + 5.0 + 2.0 + 0.9);
    }

    #[test]
    fn an_idle_tenant_costs_its_storage() {
        let measured = Measured {
            idle_tenant_bytes: Some(p::GIB),
            ..Measured::default()
        };
        close(idle_tenant(&measured).unwrap(), 0.297 + 0.2376);
        assert_eq!(idle_tenant(&Measured::default()), None);
    }

    #[test]
    fn the_measurements_are_read_as_they_were_written() {
        let mut measured = Measured::default();
        measured.operations.insert(
            TICK.into(),
            Usage {
                read_units: 8.0,
                ..Usage::default()
            },
        );
        let text = serde_json::to_string(&measured).unwrap();
        assert_eq!(serde_json::from_str::<Measured>(&text).unwrap(), measured);
    }
}
