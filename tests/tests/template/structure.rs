//! Names: functions and their folders, references, properties, runtimes, environment.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::document::{
    effective, entries, items, of_type, references, resources, root, strings, target,
};
use crate::properties::{EVENTS, NESTED, TYPES, has};
use crate::{Finding, Findings};

/// Each folder of functions/ has its function, each function its folder and binary.
pub(crate) fn functions(template: &Value, found: &mut Findings) {
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("functions"))
        .expect("functions/ can be read")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let mut built = BTreeSet::new();
    for (name, resource) in
        resources(template).filter(|(_, it)| it["Type"] == "AWS::Serverless::Function")
    {
        let properties = &resource["Properties"];
        let folder = properties["CodeUri"]
            .as_str()
            .and_then(|uri| uri.strip_prefix("functions/"))
            .unwrap_or_default();
        if !folders.contains(folder) || !built.insert(folder.to_owned()) {
            found.add(
                Finding::Function,
                name,
                "its CodeUri is no folder of functions/, or another function's",
            );
        }
        if resource["Metadata"]["BuildMethod"] != "rust-cargolambda"
            || resource["Metadata"]["BuildProperties"]["Binary"] != format!("vio-{folder}")
        {
            found.add(
                Finding::Function,
                name,
                "is not built by rust-cargolambda as the package's binary",
            );
        }
        let runtime = effective(template, properties, "Runtime");
        let architectures = effective(template, properties, "Architectures");
        let handler = effective(template, properties, "Handler");
        if runtime != "provided.al2023"
            || handler != "bootstrap"
            || architectures != &serde_json::json!(["arm64"])
        {
            found.add(
                Finding::Runtime,
                name,
                "is not a bootstrap on provided.al2023 for arm64",
            );
        }
        let logs = target(&properties["LoggingConfig"]["LogGroup"]).unwrap_or_default();
        if template["Resources"][logs]["Type"] != "AWS::Logs::LogGroup" {
            found.add(Finding::Logs, name, "has no log group of its own");
        }
    }
    for folder in folders.difference(&built) {
        found.add(
            Finding::Function,
            folder,
            "a folder of functions/ without a function",
        );
    }
    for (name, logs) in of_type(template, "AWS::Logs::LogGroup") {
        if logs["RetentionInDays"].is_null() || logs["KmsKeyId"].is_null() {
            found.add(Finding::Logs, name, "is kept for ever or in clear");
        }
    }
}

/// What is referred to exists, attributes included.
pub(crate) fn reference_targets(template: &Value, found: &mut Findings) {
    for section in ["Globals", "Resources", "Outputs", "Conditions"] {
        for (name, part) in entries(&template[section]) {
            let mut all = Vec::new();
            references(part, &mut all);
            for (target, attribute) in all {
                let resource = &template["Resources"][target.as_str()];
                let parameter = template["Parameters"].get(target.as_str()).is_some();
                let fine = match &attribute {
                    None => target.starts_with("AWS::") || parameter || resource.is_object(),
                    Some(attribute) => TYPES.iter().any(|(kind, _, attributes)| {
                        resource["Type"] == *kind && has(attributes, attribute)
                    }),
                };
                if !fine {
                    let attribute = attribute
                        .map(|attribute| format!(".{attribute}"))
                        .unwrap_or_default();
                    found.add(
                        Finding::Reference,
                        name,
                        &format!("{target}{attribute} is not there"),
                    );
                }
            }
        }
    }
}

/// Properties are spelled as documented.
pub(crate) fn property_names(template: &Value, found: &mut Findings) {
    for (name, resource) in resources(template) {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let Some((_, known, _)) = TYPES.iter().find(|(known, _, _)| *known == kind) else {
            found.add(
                Finding::Property,
                name,
                &format!("type {kind} is not in properties.rs"),
            );
            continue;
        };
        unknown(name, &resource["Properties"], known, found);
        for key in resource
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys())
        {
            if !has(
                "Type Properties Metadata DependsOn Condition DeletionPolicy UpdateReplacePolicy",
                key,
            ) {
                found.add(
                    Finding::Property,
                    name,
                    &format!("{key} is no part of a resource"),
                );
            }
        }
        for (_, path, known) in NESTED.iter().filter(|(nested, _, _)| *nested == kind) {
            let mut places = vec![&resource["Properties"]];
            for step in path.split('.') {
                places = places
                    .into_iter()
                    .flat_map(|place| match (step, place) {
                        ("*", Value::Array(items)) => items.iter().collect::<Vec<_>>(),
                        ("*", Value::Object(object)) => object.values().collect(),
                        _ => vec![&place[step]],
                    })
                    .collect();
            }
            for place in places {
                unknown(name, place, known, found);
            }
        }
        for (event, of) in entries(&resource["Properties"]["Events"]) {
            match EVENTS.iter().find(|(kind, _)| of["Type"] == *kind) {
                Some((_, known)) => {
                    unknown(&format!("{name}.{event}"), &of["Properties"], known, found)
                }
                None => found.add(
                    Finding::Property,
                    name,
                    &format!("{event}: a kind of event not in properties.rs"),
                ),
            }
        }
    }
    let globals = TYPES
        .iter()
        .find(|(kind, _, _)| *kind == "AWS::Serverless::Function")
        .expect("listed")
        .1;
    unknown("Globals", &template["Globals"]["Function"], globals, found);
}

fn unknown(at: &str, object: &Value, known: &str, found: &mut Findings) {
    for (property, _) in entries(object) {
        if !has(known, property) {
            found.add(
                Finding::Property,
                at,
                &format!("{property} is no known property"),
            );
        }
    }
}

/// Variables of the code that a deployed function does without: the providers' own addresses are the default.
const NOT_DEPLOYED: &[&str] = &[
    "VIO_RETELL_URL",
    "VIO_CALCOM_URL",
    "VIO_CALENDLY_URL",
    "VIO_TWILIO_URL",
    "VIO_MAIL_URL",
];

/// Every variable that the code of functions and shared crates reads is set, described for operators, and no secret.
pub(crate) fn environment(template: &Value, found: &mut Findings) {
    let set = &template["Globals"]["Function"]["Environment"]["Variables"];
    let mut read = BTreeSet::new();
    for folder in ["functions", "shared"] {
        variables(&root().join(folder), &mut read);
    }
    for name in &read {
        if set.get(name).is_none() && !NOT_DEPLOYED.contains(&name.as_str()) {
            found.add(
                Finding::Environment,
                name,
                "is read by the code and not set",
            );
        }
    }
    let manual =
        std::fs::read_to_string(root().join("docs/operations.md")).expect("docs/operations.md");
    for (name, value) in entries(set) {
        if !manual.contains(&format!("`{name}`")) {
            found.add(
                Finding::Environment,
                name,
                "is not described in docs/operations.md",
            );
        }
        let mut texts = Vec::new();
        strings(value, &mut texts);
        if texts.iter().any(|text| text.contains("{{resolve:")) {
            found.add(
                Finding::Environment,
                name,
                "puts a secret in clear into the environment",
            );
        }
    }
}

/// Names in quotes in source files, tests apart.
fn variables(folder: &Path, read: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if name != "tests" && name != "benches" {
                variables(&path, read);
            }
        } else if name.ends_with(".rs") && !name.contains("test") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            read.extend(
                text.split('"')
                    .filter(|word| word.len() > 4 && word.starts_with("VIO_"))
                    .filter(|word| {
                        word.bytes()
                            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                    })
                    .map(str::to_owned),
            );
        }
    }
}

/// Prefix of the objects of large webhook events (`vio_store::key`).
const EVENTS_PREFIX: &str = "inbox/";

/// Where the snapshots of tenant views lie (`vio_store::key::view_object`), and whose they are.
const VIEWS: (&str, &str) = ("ViewRole", "view/");

/// Large webhook events are kept for seven days, and nobody but their function gets at them; nor at snapshots of views.
pub(crate) fn large_events(template: &Value, found: &mut Findings) {
    let rules =
        &template["Resources"]["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"];
    let kept = items(rules).into_iter().any(|rule| {
        rule["Status"] == "Enabled"
            && rule["Prefix"] == EVENTS_PREFIX
            && rule["ExpirationInDays"] == vio_store::inbox::KEPT_DAYS
    });
    if !kept {
        found.add(
            Finding::Bucket,
            "DataBucket",
            "keeps events for another time",
        );
    }
    for (name, role) in of_type(template, "AWS::IAM::Role") {
        for policy in items(&role["Policies"]) {
            for statement in items(&policy["PolicyDocument"]["Statement"]) {
                let (mut actions, mut resources) = (Vec::new(), Vec::new());
                strings(&statement["Action"], &mut actions);
                strings(&statement["Resource"], &mut resources);
                let at_objects = actions.iter().any(|action| action.starts_with("s3:"));
                let own = [("WebhooksRole", EVENTS_PREFIX), VIEWS]
                    .into_iter()
                    .find(|(role, _)| *role == name)
                    .map(|(_, prefix)| format!("${{DataBucket.Arn}}/{prefix}*"));
                if at_objects && own.is_none_or(|own| resources != [own.as_str()]) {
                    found.add(
                        Finding::Bucket,
                        name,
                        "reaches objects that are not its own",
                    );
                }
            }
        }
    }
}

/// Buckets keep everybody out, answer over TLS only and encrypt.
pub(crate) fn buckets(template: &Value, found: &mut Findings) {
    for (name, bucket) in of_type(template, "AWS::S3::Bucket") {
        let block = &bucket["PublicAccessBlockConfiguration"];
        let all = [
            "BlockPublicAcls",
            "BlockPublicPolicy",
            "IgnorePublicAcls",
            "RestrictPublicBuckets",
        ];
        if all.iter().any(|switch| block[*switch] != true) || bucket["BucketEncryption"].is_null() {
            found.add(Finding::Bucket, name, "is open or in clear");
        }
        let tls_only = of_type(template, "AWS::S3::BucketPolicy")
            .filter(|(_, policy)| target(&policy["Bucket"]) == Some(name))
            .flat_map(|(_, policy)| items(&policy["PolicyDocument"]["Statement"]))
            .any(|it| {
                it["Effect"] == "Deny" && it["Condition"]["Bool"]["aws:SecureTransport"] == "false"
            });
        if !tls_only {
            found.add(Finding::Bucket, name, "answers without TLS");
        }
    }
}
