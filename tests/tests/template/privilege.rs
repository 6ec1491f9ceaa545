//! Least privilege, and the way in.

use serde_json::Value;

use crate::document::{effective, entries, items, of_type, strings, target};
use crate::{Finding, Findings};

/// Resources with a `*` in them that are allowed, by role and statement: objects under a prefix that only this function
/// uses, the streams of one table, the connections of one API and the account for e-mail (AWS has no narrower form), objects of the
/// console for CloudFront.
const WIDER: &[(&str, &str)] = &[
    ("WebhooksRole", "LargeEvents"),
    ("ViewRole", "Snapshots"),
    ("ProjectorRole", "Streams"),
    ("LiveRole", "Streams"),
    ("LiveRole", "Say"),
    ("ProfileRole", "MailAccount"),
    ("ConsoleBucketPolicy", "Distribution"),
];

/// What no function may do: the code puts and deletes whole items, always on conditions.
const NEVER: &[&str] = &[
    "dynamodb:UpdateItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:Scan",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "kms:Encrypt",
    "kms:ScheduleKeyDeletion",
];

/// What these statements may do and no other: objects of events that are none of ours go at once, and snapshots of a view
/// that another took the place of.
const ONLY: &[(&str, &[(&str, &str)])] = &[(
    "s3:DeleteObject",
    &[("WebhooksRole", "LargeEvents"), ("ViewRole", "Snapshots")],
)];

/// Exact actions on exact resources, for each function through a role of its own.
pub(crate) fn policies(template: &Value, found: &mut Findings) {
    let mut roles = Vec::new();
    for (name, function) in of_type(template, "AWS::Serverless::Function") {
        match target(effective(template, function, "Role")) {
            Some(role) if !roles.contains(&role) => roles.push(role),
            _ => found.add(Finding::Privilege, name, "has no role of its own"),
        }
    }
    for role in &roles {
        let properties = &template["Resources"][*role]["Properties"];
        let managed: Vec<_> = items(&properties["ManagedPolicyArns"])
            .into_iter()
            .map(target)
            .collect();
        if managed != [Some("FunctionBase")] {
            found.add(
                Finding::Privilege,
                role,
                "has other managed policies than FunctionBase",
            );
        }
    }
    for (name, kind, statement) in statements(template) {
        if statement["Effect"] != "Allow" {
            continue;
        }
        let sid = statement["Sid"].as_str().unwrap_or_default();
        for action in items(&statement["Action"]) {
            let action = action.as_str().unwrap_or("*");
            if action.contains('*') || !action.contains(':') {
                found.add(Finding::Privilege, name, &format!("{sid}: action {action}"));
            }
            if kind != "AWS::KMS::Key" && NEVER.contains(&action) {
                found.add(
                    Finding::Privilege,
                    name,
                    &format!("{sid}: {action} is for no function"),
                );
            }
            if let Some((_, allowed)) = ONLY.iter().find(|(only, _)| *only == action)
                && !allowed.contains(&(name, sid))
            {
                found.add(
                    Finding::Privilege,
                    name,
                    &format!("{sid}: {action} is for {allowed:?} alone"),
                );
            }
        }
        // In a key's own policy `*` is that key.
        if kind == "AWS::KMS::Key"
            || WIDER.contains(&(name, sid))
            || !statement["Resource"].is_null() && exact(statement)
        {
            continue;
        }
        if statement["Action"] != "sts:AssumeRole" {
            found.add(
                Finding::Privilege,
                name,
                &format!("{sid}: resource is not exact"),
            );
        }
    }
}

fn exact(statement: &Value) -> bool {
    let mut texts = Vec::new();
    strings(&statement["Resource"], &mut texts);
    texts.iter().all(|text| !text.contains('*'))
}

/// Every statement: resource, its type, statement.
fn statements(template: &Value) -> Vec<(&str, &str, &Value)> {
    let mut all = Vec::new();
    for (name, resource) in crate::document::resources(template) {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let properties = &resource["Properties"];
        let inline = items(&properties["Policies"])
            .into_iter()
            .map(|policy| &policy["PolicyDocument"]);
        let documents = [
            &properties["PolicyDocument"],
            &properties["KeyPolicy"],
            &properties["AssumeRolePolicyDocument"],
        ];
        for document in documents.into_iter().chain(inline) {
            all.extend(
                items(&document["Statement"])
                    .into_iter()
                    .map(|statement| (name, kind, statement)),
            );
        }
    }
    all
}

/// Partition keys of the logs and their overflow, as the store writes them: `T#<tenant>#LC#<shard>`.
const LOG_KEYS: &[&str] = &["T#*#LA#*", "T#*#LC#*", "T#*#LX#*"];

/// Log entries are never updated or deleted by a function.
pub(crate) fn append_only_logs(template: &Value, found: &mut Findings) {
    let base = &template["Resources"]["FunctionBase"]["Properties"]["PolicyDocument"]["Statement"];
    let denied = items(base).into_iter().any(|it| {
        let actions = items(&it["Action"]);
        let mut keys = Vec::new();
        strings(
            &it["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"],
            &mut keys,
        );
        keys.sort_unstable();
        it["Effect"] == "Deny"
            && target(&it["Resource"]) == Some("MainTable")
            && ["dynamodb:DeleteItem", "dynamodb:UpdateItem"]
                .iter()
                .all(|deny| actions.iter().any(|it| **it == *deny))
            && keys == LOG_KEYS
            && it["Condition"]
                .as_object()
                .is_some_and(|condition| condition.len() == 1)
    });
    if !denied {
        found.add(
            Finding::Privilege,
            "FunctionBase",
            "does not forbid changing the logs",
        );
    }
}

/// The API is reached through CloudFront alone, is throttled, and its access log holds nothing personal.
pub(crate) fn way_in(template: &Value, found: &mut Findings) {
    for (name, api) in of_type(template, "AWS::Serverless::HttpApi") {
        if api["DisableExecuteApiEndpoint"] != true {
            found.add(Finding::WayIn, name, "answers at its default endpoint");
        }
        if api["DefaultRouteSettings"]["ThrottlingRateLimit"].is_null() {
            found.add(Finding::WayIn, name, "is not throttled");
        }
        let format = api["AccessLogSettings"]["Format"]
            .as_str()
            .unwrap_or_default();
        let told = [
            "path",
            "Path",
            "query",
            "identity",
            "authorizer",
            "domain",
            "protocol",
        ];
        if format.is_empty() || told.iter().any(|word| format.contains(word)) {
            found.add(
                Finding::WayIn,
                name,
                "logs nothing, or paths, queries or persons",
            );
        }
    }
    for (name, distribution) in of_type(template, "AWS::CloudFront::Distribution") {
        let config = &distribution["DistributionConfig"];
        let api = items(&config["Origins"])
            .into_iter()
            .find(|origin| origin["Id"] == "api");
        let secret = api.is_some_and(|api| {
            items(&api["OriginCustomHeaders"])
                .iter()
                .any(|header| header["HeaderName"] == "x-origin-secret")
        });
        if !secret || config["WebACLId"].is_null() || !config["Logging"].is_null() {
            found.add(
                Finding::WayIn,
                name,
                "sends no origin secret, has no web ACL, or logs queries",
            );
        }
    }
    let events = of_type(template, "AWS::Serverless::Function")
        .flat_map(|(_, function)| entries(&function["Events"]));
    for (event, of) in events {
        if of["Type"] == "HttpApi" && target(&of["Properties"]["ApiId"]) != Some("Api") {
            found.add(Finding::WayIn, event, "makes an API of its own");
        }
    }
}
