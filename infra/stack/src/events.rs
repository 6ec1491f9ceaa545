//! A stand-in for EventBridge: buses, rules with simple patterns, SQS targets.

mod pattern;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::pattern::EventPattern;
use crate::{
    clock::StackClock,
    sqs::{Sqs, name_in_arn},
    wire::{ACCOUNT, ApiError, AwsJson, REGION, input},
};

const DEFAULT_BUS: &str = "default";
const MAX_ENTRIES: usize = 10;
const MAX_TARGETS: usize = 5;
/// The largest PutEvents request, in bytes of its entries.
const MAX_EVENTS_BYTES: usize = 256 * 1024;

#[derive(Debug)]
struct Rule {
    pattern: EventPattern,
    pattern_text: String,
    enabled: bool,
    /// Target id to queue name.
    targets: BTreeMap<String, String>,
}

type Buses = BTreeMap<String, BTreeMap<String, Rule>>;

/// The event buses.
pub(crate) struct Events {
    buses: Mutex<Buses>,
    queues: Arc<Sqs>,
    clock: Arc<dyn StackClock>,
}

impl Events {
    pub(crate) fn new(queues: Arc<Sqs>, clock: Arc<dyn StackClock>) -> Self {
        let buses = Buses::from([(DEFAULT_BUS.to_owned(), BTreeMap::new())]);
        Self {
            buses: Mutex::new(buses),
            queues,
            clock,
        }
    }

    fn buses(&self) -> MutexGuard<'_, Buses> {
        self.buses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create_bus(&self, request: CreateEventBus) -> Result<Value, ApiError> {
        check_name(&request.name)?;
        let arn = format!(
            "arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{}",
            request.name
        );
        match self.buses().entry(request.name) {
            Entry::Occupied(_) => Err(ApiError::new(
                "ResourceAlreadyExistsException",
                "The event bus exists already.",
            )),
            Entry::Vacant(entry) => {
                entry.insert(BTreeMap::new());
                Ok(json!({ "EventBusArn": arn }))
            }
        }
    }

    fn put_rule(&self, request: PutRule) -> Result<Value, ApiError> {
        check_name(&request.name)?;
        let Some(pattern_text) = request.event_pattern else {
            return Err(ApiError::new(
                "ValidationException",
                "A rule here needs an EventPattern.",
            ));
        };
        let pattern = EventPattern::parse(&pattern_text)
            .map_err(|reason| ApiError::new("InvalidEventPatternException", reason))?;
        let enabled = match request.state.as_deref() {
            None | Some("ENABLED") => true,
            Some("DISABLED") => false,
            Some(_) => {
                return Err(ApiError::new(
                    "ValidationException",
                    "The state is not known.",
                ));
            }
        };
        let mut buses = self.buses();
        let rules = bus(&mut buses, request.event_bus_name.as_deref())?;
        let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{}", request.name);
        let targets = rules
            .remove(&request.name)
            .map(|rule| rule.targets)
            .unwrap_or_default();
        rules.insert(
            request.name,
            Rule {
                pattern,
                pattern_text,
                enabled,
                targets,
            },
        );
        Ok(json!({ "RuleArn": arn }))
    }

    fn delete_rule(&self, request: &OfRule) -> Result<Value, ApiError> {
        let mut buses = self.buses();
        let rules = bus(&mut buses, request.event_bus_name.as_deref())?;
        if rules
            .get(&request.rule_name)
            .is_some_and(|rule| !rule.targets.is_empty())
        {
            return Err(ApiError::new(
                "ValidationException",
                "Rule can't be deleted since it has targets.",
            ));
        }
        rules.remove(&request.rule_name);
        Ok(json!({}))
    }

    fn describe_rule(&self, request: &OfRule) -> Result<Value, ApiError> {
        let mut buses = self.buses();
        let rules = bus(&mut buses, request.event_bus_name.as_deref())?;
        let rule = rules.get(&request.rule_name).ok_or_else(no_such_rule)?;
        Ok(json!({
            "Name": request.rule_name,
            "EventPattern": rule.pattern_text,
            "State": if rule.enabled { "ENABLED" } else { "DISABLED" },
        }))
    }

    fn put_targets(&self, request: &PutTargets) -> Result<Value, ApiError> {
        let mut buses = self.buses();
        let rules = bus(&mut buses, request.event_bus_name.as_deref())?;
        let rule = rules.get_mut(&request.rule).ok_or_else(no_such_rule)?;
        let mut failed = Vec::new();
        for target in &request.targets {
            let queue = name_in_arn(&target.arn);
            let full = rule.targets.len() >= MAX_TARGETS && !rule.targets.contains_key(&target.id);
            let plain = target
                .other
                .keys()
                .all(|name| matches!(name.as_str(), "DeadLetterConfig" | "RetryPolicy"));
            match queue {
                Some(queue) if !full && plain => {
                    rule.targets.insert(target.id.clone(), queue.to_owned());
                }
                _ => failed.push(json!({
                    "TargetId": target.id,
                    "ErrorCode": "ValidationException",
                    "ErrorMessage": "Targets here are up to five SQS queues that take the event as it is.",
                })),
            }
        }
        Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
    }

    fn remove_targets(&self, request: &RemoveTargets) -> Result<Value, ApiError> {
        let mut buses = self.buses();
        let rules = bus(&mut buses, request.event_bus_name.as_deref())?;
        let rule = rules.get_mut(&request.rule).ok_or_else(no_such_rule)?;
        rule.targets.retain(|id, _| !request.ids.contains(id));
        Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
    }

    fn put_events(&self, request: PutEvents) -> Result<Value, ApiError> {
        if request.entries.is_empty() || request.entries.len() > MAX_ENTRIES {
            return Err(ApiError::new(
                "ValidationException",
                "PutEvents takes 1 to 10 entries.",
            ));
        }
        if request.entries.iter().map(EventEntry::size).sum::<usize>() > MAX_EVENTS_BYTES {
            let message = "Total size of the entries in the request is over the limit.";
            return Err(ApiError::new("ValidationException", message));
        }
        let outcomes: Vec<_> = request
            .entries
            .into_iter()
            .map(|entry| self.put_event(entry))
            .collect();
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        let entries = outcomes.into_iter().map(|outcome| match outcome {
            Ok(id) => json!({ "EventId": id }),
            Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
        });
        Ok(json!({ "FailedEntryCount": failed, "Entries": entries.collect::<Vec<_>>() }))
    }

    fn put_event(&self, entry: EventEntry) -> Result<Uuid, (&'static str, &'static str)> {
        let required = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (Some(source), Some(detail_type), Some(detail)) = (
            required(entry.source),
            required(entry.detail_type),
            required(entry.detail),
        ) else {
            return Err((
                "InvalidArgument",
                "Source, DetailType and Detail are required.",
            ));
        };
        let detail: Map<String, Value> = serde_json::from_str(&detail)
            .map_err(|_| ("MalformedDetail", "Detail is malformed."))?;
        let time = match entry.time {
            Some(seconds) => {
                from_epoch(seconds).ok_or(("InvalidArgument", "Time is out of range."))?
            }
            None => self.clock.now(),
        };
        let id = Uuid::now_v7();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": time.to_rfc3339_opts(SecondsFormat::Secs, true),
            "region": REGION,
            "resources": entry.resources,
            "detail": detail,
        });
        let mut buses = self.buses();
        let rules = bus(&mut buses, entry.event_bus_name.as_deref())
            .map_err(|_| ("InvalidArgument", "The event bus does not exist."))?;
        let matching = rules
            .iter()
            .filter(|(_, rule)| rule.enabled && rule.pattern.matches(&event));
        let body = event.to_string();
        for (name, rule) in matching {
            for queue in rule.targets.values() {
                if let Err(error) = self.queues.deliver(queue, &body) {
                    tracing::warn!(rule = %name, %queue, code = error.code(), "event not delivered");
                }
            }
        }
        Ok(id)
    }
}

impl AwsJson for Events {
    const TARGET: &'static str = "AWSEvents";
    const MEDIA_TYPE: &'static str = "application/x-amz-json-1.1";
    const BODY_LIMIT: usize = 2 * 1024 * 1024;
    const SENDING: &'static [&'static str] = &["PutEvents"];

    async fn call(&self, operation: &str, body: &[u8]) -> Result<Value, ApiError> {
        match operation {
            "CreateEventBus" => self.create_bus(input(body)?),
            "PutRule" => self.put_rule(input(body)?),
            "DeleteRule" => self.delete_rule(&input(body)?),
            "DescribeRule" => self.describe_rule(&input(body)?),
            "PutTargets" => self.put_targets(&input(body)?),
            "RemoveTargets" => self.remove_targets(&input(body)?),
            "PutEvents" => self.put_events(input(body)?),
            _ => Err(ApiError::unknown_operation()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateEventBus {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRule {
    name: String,
    event_pattern: Option<String>,
    state: Option<String>,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfRule {
    #[serde(rename = "Name")]
    rule_name: String,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutTargets {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    id: String,
    arn: String,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveTargets {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<EventEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EventEntry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    /// Seconds since the epoch.
    time: Option<f64>,
    event_bus_name: Option<String>,
}

impl EventEntry {
    /// The size that counts, as EventBridge computes it.
    fn size(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail]
            .into_iter()
            .flatten();
        let time = if self.time.is_some() { 14 } else { 0 };
        texts.chain(&self.resources).map(String::len).sum::<usize>() + time
    }
}

/// The rules of a bus named by its name or ARN; the default bus without one.
fn bus<'a>(
    buses: &'a mut Buses,
    name: Option<&str>,
) -> Result<&'a mut BTreeMap<String, Rule>, ApiError> {
    let name = name.unwrap_or(DEFAULT_BUS);
    let name = name
        .rsplit_once(":event-bus/")
        .map_or(name, |(_, name)| name);
    buses
        .get_mut(name)
        .ok_or_else(|| ApiError::new("ResourceNotFoundException", "The event bus does not exist."))
}

fn no_such_rule() -> ApiError {
    ApiError::new(
        "ResourceNotFoundException",
        "The rule does not exist on the event bus.",
    )
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
        return Err(ApiError::new(
            "ValidationException",
            "The name is not valid.",
        ));
    }
    Ok(())
}

fn from_epoch(seconds: f64) -> Option<DateTime<chrono::Utc>> {
    // Whole seconds: that is all an event's time shows.
    DateTime::from_timestamp(seconds.floor() as i64, 0)
}
