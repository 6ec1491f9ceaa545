//! What the template and the code both say, they say alike: tables and indexes, keys of the logs, routes.

use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;
use vio_domain::ids::TenantId;
use vio_http::access::{Access, TABLE};
use vio_store::dynamo::{DUE_INDEX, ENUM_INDEX};
use vio_store::key::{LogKind, log_pk};
use vio_store::port::{DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, ENUM_TAG, PK, SK, TTL};

use crate::document::{effective, entries, items, of_type, root, strings};
use crate::{Finding, Findings};

/// Keys, indexes and expiry are what the store reads and writes.
pub(crate) fn tables(template: &Value, found: &mut Findings) {
    let keys = |pk: &str, sk: &str| json!([{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]);
    let main = &template["Resources"]["MainTable"]["Properties"];
    let indexes = json!([
        {"IndexName": DUE_INDEX, "KeySchema": keys(DUE_PK, DUE_SK), "Projection": {"ProjectionType": "KEYS_ONLY"}},
        {"IndexName": ENUM_INDEX, "KeySchema": keys(ENUM_PK, ENUM_SK),
         "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": [ENUM_TAG]}},
    ]);
    if main["KeySchema"] != keys(PK, SK)
        || main["GlobalSecondaryIndexes"] != indexes
        || main["TimeToLiveSpecification"]["AttributeName"] != TTL
    {
        found.add(
            Finding::Table,
            "MainTable",
            "has other keys, indexes or expiry than the store",
        );
    }
    if template["Resources"]["PersonKeysTable"]["Properties"]["KeySchema"] != keys(PK, SK) {
        found.add(
            Finding::Table,
            "PersonKeysTable",
            "has other keys than the store",
        );
    }
}

/// The partitions that no function may update or delete in are those the store writes log entries to.
pub(crate) fn log_keys(template: &Value, found: &mut Findings) {
    let mut denied = Vec::new();
    for statement in
        items(&template["Resources"]["FunctionBase"]["Properties"]["PolicyDocument"]["Statement"])
    {
        if statement["Effect"] == "Deny" {
            strings(&statement["Condition"], &mut denied);
        }
    }
    let tenant = TenantId::new(Uuid::from_u128(7));
    for kind in [LogKind::Change, LogKind::Access] {
        let key = log_pk(tenant, kind, 3);
        if !denied.iter().any(|pattern| like(pattern, &key)) {
            found.add(
                Finding::Privilege,
                "FunctionBase",
                &format!("lets {key} be deleted"),
            );
        }
    }
}

/// IAM's `StringLike`, for `*` alone.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|at| like(rest, &text[at..]))),
    }
}

/// Every route of the access table reaches one function, and it is the one whose code has the route.
pub(crate) fn routes(template: &Value, found: &mut Findings) {
    for route in TABLE {
        let owners = owners(template, route.method.as_str(), route.path);
        let [owner] = owners.as_slice() else {
            found.add(
                Finding::Route,
                route.path,
                &format!("{} reaches {owners:?}", route.method),
            );
            continue;
        };
        if (route.access == Access::Signature) != (*owner == "WebhooksFunction") {
            found.add(
                Finding::Route,
                route.path,
                &format!("reaches {owner}: webhooks have their own function"),
            );
        }
    }
    for (name, function) in of_type(template, "AWS::Serverless::Function") {
        let folder = effective(template, function, "CodeUri")
            .as_str()
            .unwrap_or_default();
        let mut paths = Vec::new();
        documented(&root().join(folder).join("src"), &mut paths);
        for (method, path) in paths {
            let owners = owners(template, &method, &path);
            if owners != [name] {
                found.add(
                    Finding::Route,
                    &path,
                    &format!("is served by {name} and reaches {owners:?}"),
                );
            }
        }
    }
}

/// The functions that API Gateway would choose for a request, by the most specific path; more than one is an error,
/// and the catch-all for unknown paths does not count.
fn owners<'a>(template: &'a Value, method: &str, path: &str) -> Vec<&'a str> {
    let mut best = Vec::new();
    let mut best_rank = Vec::new();
    for (name, function) in of_type(template, "AWS::Serverless::Function") {
        for (_, event) in entries(&function["Events"]) {
            let (route, of) = (&event["Properties"]["Path"], &event["Properties"]["Method"]);
            if event["Type"] != "HttpApi" || (of != "ANY" && of != method) {
                continue;
            }
            let Some(mut rank) = route.as_str().and_then(|route| rank(route, path)) else {
                continue;
            };
            // Of two routes with one path the one with the method wins.
            rank.push(u8::from(of == method));
            if best.is_empty() || rank > best_rank {
                (best, best_rank) = (vec![name], rank);
            } else if rank == best_rank {
                best.push(name);
            }
        }
    }
    best
}

/// How specific a match is, step by step: literal 2, variable 1, the greedy rest 0. None if it does not match.
fn rank(route: &str, path: &str) -> Option<Vec<u8>> {
    let mut ranks = Vec::new();
    let mut steps = path.split('/');
    for part in route.split('/') {
        let step = steps.next()?;
        if part.ends_with("+}") {
            ranks.push(0);
            return Some(ranks);
        } else if part.starts_with('{') {
            ranks.push(1);
        } else if part == step {
            ranks.push(2);
        } else {
            return None;
        }
    }
    steps.next().is_none().then_some(ranks)
}

/// Methods and paths that a function's handlers are documented under: `utoipa::path(get, path = "/api/…"`.
fn documented(folder: &Path, paths: &mut Vec<(String, String)>) {
    // A folder that is not there is another rule's finding.
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            documented(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            for handler in text.split("utoipa::path(").skip(1) {
                let method = handler.trim_start().split(',').next().unwrap_or_default();
                let path = handler.split("path = \"").nth(1);
                let path = path.and_then(|rest| rest.split('"').next());
                paths.extend(path.map(|path| (method.to_uppercase(), path.to_owned())));
            }
        }
    }
}

#[test]
fn specific_routes_win() {
    assert!(
        rank("/api/a/{id}/call", "/api/a/{a}/call") > rank("/api/a/{proxy+}", "/api/a/{a}/call")
    );
    assert_eq!(rank("/api/a/{id}", "/api/a/x/y"), None);
    assert_eq!(rank("/api/a/{proxy+}", "/api/a"), None);
    assert!(like("T#*#LC#*", "T#7#LC#3") && !like("T#*#LC#*", "T#7#LA#3") && !like("T#*", "X"));
}
