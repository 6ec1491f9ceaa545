//! Nothing is lost quietly: queues, event sources, tables, alarms.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use vio_providers::ses::ACCOUNT_REFUSED;

use crate::document::{effective, entries, items, of_type, target};
use crate::{Finding, Findings};

/// Where failures go: redrive targets, failure destinations, dead letters of schedules.
fn dead_letter_queues(template: &Value) -> BTreeSet<&str> {
    let redrives = of_type(template, "AWS::SQS::Queue")
        .filter_map(|(_, queue)| target(&queue["RedrivePolicy"]["deadLetterTargetArn"]));
    let sources = of_type(template, "AWS::Serverless::Function")
        .flat_map(|(_, function)| entries(&function["Events"]))
        .filter_map(|(_, event)| {
            target(&event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"])
                .or_else(|| target(&event["Properties"]["DeadLetterConfig"]["Arn"]))
        });
    redrives.chain(sources).collect()
}

/// Each queue has a dead-letter queue, each of both an alarm, and a message is hidden for as long as it may be worked on.
pub(crate) fn queues(template: &Value, found: &mut Findings) {
    let dead = dead_letter_queues(template);
    for (name, queue) in of_type(template, "AWS::SQS::Queue") {
        if dead.contains(name) {
            if !alarmed(
                template,
                "ApproximateNumberOfMessagesVisible",
                "QueueName",
                name,
            ) {
                found.add(Finding::Queue, name, "holds dead letters and has no alarm");
            }
            continue;
        }
        let letters = target(&queue["RedrivePolicy"]["deadLetterTargetArn"]).unwrap_or_default();
        if template["Resources"][letters]["Type"] != "AWS::SQS::Queue" {
            found.add(Finding::Queue, name, "has no dead-letter queue");
        }
        if !alarmed(template, "ApproximateAgeOfOldestMessage", "QueueName", name) {
            found.add(Finding::Queue, name, "has no alarm on its age");
        }
        let mut consumers = 0;
        for (function, properties) in of_type(template, "AWS::Serverless::Function") {
            for (_, event) in entries(&properties["Events"]) {
                if target(&event["Properties"]["Queue"]) != Some(name) {
                    continue;
                }
                consumers += 1;
                let timeout = effective(template, properties, "Timeout")
                    .as_u64()
                    .unwrap_or(u64::MAX);
                if queue["VisibilityTimeout"].as_u64().unwrap_or(30) < timeout.saturating_mul(6) {
                    found.add(
                        Finding::Queue,
                        name,
                        &format!("shows a message again while {function} may work on it"),
                    );
                }
            }
        }
        if consumers != 1 {
            found.add(Finding::Queue, name, &format!("has {consumers} consumers"));
        }
    }
}

/// Failures of one message or record never repeat the others' work, never stop the rest, and end somewhere.
pub(crate) fn event_sources(template: &Value, found: &mut Findings) {
    for (name, function) in of_type(template, "AWS::Serverless::Function") {
        let events: Vec<_> = entries(&function["Events"]).collect();
        if events.is_empty() {
            found.add(Finding::EventSource, name, "has no event");
        }
        for (event, of) in events {
            let it = &of["Properties"];
            let at = format!("{name}.{event}");
            let kind = of["Type"].as_str().unwrap_or_default();
            if matches!(kind, "SQS" | "DynamoDB")
                && !items(&it["FunctionResponseTypes"])
                    .iter()
                    .any(|kind| **kind == "ReportBatchItemFailures")
            {
                found.add(Finding::EventSource, &at, "does not report single failures");
            }
            let bounded = |name: &str| it[name].as_i64().is_some_and(|bound| bound >= 0);
            if kind == "DynamoDB"
                && (it["BisectBatchOnFunctionError"] != true
                    || !bounded("MaximumRetryAttempts")
                    || !bounded("MaximumRecordAgeInSeconds")
                    || target(&it["DestinationConfig"]["OnFailure"]["Destination"]).is_none())
            {
                found.add(
                    Finding::EventSource,
                    &at,
                    "does not bisect, retries without end, or loses what it gives up",
                );
            }
            if kind == "ScheduleV2" && target(&it["DeadLetterConfig"]["Arn"]).is_none() {
                found.add(
                    Finding::EventSource,
                    &at,
                    "loses ticks that cannot be delivered",
                );
            }
        }
    }
}

/// Tables can be recovered and are not deleted by mistake.
pub(crate) fn tables(template: &Value, found: &mut Findings) {
    for (name, table) in of_type(template, "AWS::DynamoDB::Table") {
        let resource = &template["Resources"][name];
        if table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] != true {
            found.add(Finding::Table, name, "cannot be recovered");
        }
        if table["DeletionProtectionEnabled"] != true
            || resource["DeletionPolicy"] != "Retain"
            || resource["UpdateReplacePolicy"] != "Retain"
        {
            found.add(Finding::Table, name, "can be deleted by mistake");
        }
    }
    let main = &template["Resources"]["MainTable"]["Properties"];
    if main["TimeToLiveSpecification"]["Enabled"] != true
        || main["StreamSpecification"]["StreamViewType"] != "NEW_IMAGE"
    {
        found.add(
            Finding::Table,
            "MainTable",
            "has no expiry or no stream of new images",
        );
    }
    let recovery =
        &template["Resources"]["PersonKeysTable"]["Properties"]["PointInTimeRecoverySpecification"];
    if recovery["RecoveryPeriodInDays"] != 1 {
        found.add(
            Finding::Table,
            "PersonKeysTable",
            "keeps destroyed keys for longer than a day",
        );
    }
}

/// Functions that fail, lag or stop are noticed, by somebody.
pub(crate) fn alarms(template: &Value, found: &mut Findings) {
    for (name, function) in of_type(template, "AWS::Serverless::Function") {
        if !alarmed(template, "Errors", "FunctionName", name) {
            found.add(Finding::Alarm, name, "fails unnoticed");
        }
        for (_, event) in entries(&function["Events"]) {
            if event["Type"] == "DynamoDB"
                && !alarmed(template, "IteratorAge", "FunctionName", name)
            {
                found.add(Finding::Alarm, name, "lags unnoticed");
            }
            if event["Type"] == "ScheduleV2"
                && !alarmed(template, "Invocations", "FunctionName", name)
            {
                found.add(Finding::Alarm, name, "stops unnoticed");
            }
        }
    }
    let metrics: BTreeMap<_, _> = of_type(template, "AWS::CloudWatch::Alarm")
        .map(|(name, it)| (it["MetricName"].as_str(), name))
        .collect();
    for metric in ["Throttles", "5xx"] {
        if !metrics.contains_key(&Some(metric)) {
            found.add(Finding::Alarm, metric, "has no alarm");
        }
    }
    // What the log says and what is looked for are the same words, and somebody is told.
    let pattern = format!("{{ $.message = \"{ACCOUNT_REFUSED}\" }}");
    let refusals = of_type(template, "AWS::Logs::MetricFilter").find(|(_, filter)| {
        filter["FilterPattern"] == pattern.as_str()
            && target(&filter["LogGroupName"]) == Some("MessagingLogs")
    });
    let counted =
        refusals.and_then(|(_, filter)| filter["MetricTransformations"][0]["MetricName"].as_str());
    if counted.is_none() || !metrics.contains_key(&counted) {
        found.add(Finding::Alarm, "SES", "refuses the account unnoticed");
    }
    for (name, alarm) in of_type(template, "AWS::CloudWatch::Alarm") {
        if items(&alarm["AlarmActions"]).is_empty() {
            found.add(Finding::Alarm, name, "tells nobody");
        }
    }
}

fn alarmed(template: &Value, metric: &str, dimension: &str, resource: &str) -> bool {
    of_type(template, "AWS::CloudWatch::Alarm").any(|(_, alarm)| {
        alarm["MetricName"] == metric
            && items(&alarm["Dimensions"])
                .iter()
                .any(|it| it["Name"] == dimension && target(&it["Value"]) == Some(resource))
    })
}
