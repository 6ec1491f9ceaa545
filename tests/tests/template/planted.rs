//! Errors on purpose: one change of the template each, and the rule that must notice.

use serde_json::{Value, json};

use crate::Finding;
use crate::document::read;

type Plant = (&'static str, Finding, fn(&mut Value));

fn at<'a>(template: &'a mut Value, path: &str) -> &'a mut Value {
    template
        .pointer_mut(path)
        .unwrap_or_else(|| panic!("{path} is not there: the plant is out of date"))
}

fn set(template: &mut Value, path: &str, value: Value) {
    *at(template, path) = value;
}

/// Removes the last step of a path; it must have been there.
fn remove(template: &mut Value, path: &str) {
    let (parent, name) = path.rsplit_once('/').expect("a path");
    let gone = at(template, parent)
        .as_object_mut()
        .and_then(|object| object.remove(name));
    assert!(
        gone.is_some(),
        "{path} is not there: the plant is out of date"
    );
}

fn rename(template: &mut Value, path: &str, name: &str) {
    let (parent, old) = path.rsplit_once('/').expect("a path");
    let object = at(template, parent).as_object_mut().expect("an object");
    let value = object
        .remove(old)
        .unwrap_or_else(|| panic!("{path} is not there: the plant is out of date"));
    object.insert(name.to_owned(), value);
}

#[rustfmt::skip]
const PLANTS: &[Plant] = &[
    // What the linters let pass.
    ("a misspelled property of a function", Finding::Property, |t| rename(t, "/Resources/ContactsFunction/Properties/CodeUri", "CodeUrl")),
    ("a misspelled property of an event", Finding::Property, |t| rename(t, "/Resources/CampaignWorkerFunction/Properties/Events/Dial/Properties/FunctionResponseTypes", "FunctionResponseType")),
    ("a misspelled nested property", Finding::Property, |t| rename(t, "/Resources/MainTable/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", "PointInTimeRecoverEnabled")),
    ("a misspelled property of the globals", Finding::Property, |t| rename(t, "/Globals/Function/MemorySize", "Memory")),
    ("a reference to nothing", Finding::Reference, |t| set(t, "/Globals/Function/Environment/Variables/VIO_TABLE", json!({"Ref": "MainTabel"}))),
    ("an attribute of nothing", Finding::Reference, |t| set(t, "/Resources/CallsRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource", json!({"Fn::GetAtt": "Table.Arn"}))),
    ("an attribute that the type has not", Finding::Reference, |t| set(t, "/Resources/CallsRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource", json!({"Fn::GetAtt": "MainTable.ARN"}))),
    ("nothing inside a text", Finding::Reference, |t| set(t, "/Outputs/PublicUrl/Value", json!({"Fn::Sub": "https://${PublicDomian}"}))),
    ("an invalid runtime", Finding::Runtime, |t| set(t, "/Globals/Function/Runtime", json!("provided.al2024"))),
    ("another architecture", Finding::Runtime, |t| { t["Resources"]["CallsFunction"]["Properties"]["Architectures"] = json!(["x86_64"]); }),
    // Functions and folders.
    ("a folder without a function", Finding::Function, |t| remove(t, "/Resources/ProjectorFunction")),
    ("a function without a folder", Finding::Function, |t| set(t, "/Resources/CallsFunction/Properties/CodeUri", json!("functions/call"))),
    ("a function built as another", Finding::Function, |t| set(t, "/Resources/CallsFunction/Metadata/BuildProperties/Binary", json!("vio-contacts"))),
    ("a variable that is not set", Finding::Environment, |t| { t["Globals"]["Function"]["Environment"]["Variables"]["VIO_NOT_DESCRIBED"] = json!("1"); }),
    ("a secret in the environment", Finding::Environment, |t| set(t, "/Globals/Function/Environment/Variables/VIO_ORIGIN_SECRET_SHA256", json!({"Fn::Sub": "{{resolve:secretsmanager:x}}"}))),
    ("a log kept for ever", Finding::Logs, |t| remove(t, "/Resources/CallsLogs/Properties/RetentionInDays")),
    // Nothing is lost quietly.
    ("a queue without dead letters", Finding::Queue, |t| remove(t, "/Resources/DialQueue/Properties/RedrivePolicy")),
    ("dead letters without an alarm", Finding::Queue, |t| remove(t, "/Resources/InboxDeadLettersDepth")),
    ("an alarm on another queue", Finding::Queue, |t| set(t, "/Resources/InboxDeadLettersDepth/Properties/Dimensions/0/Value", json!({"Fn::GetAtt": "DialDeadLetters.QueueName"}))),
    ("a message shown again too soon", Finding::Queue, |t| set(t, "/Resources/DialQueue/Properties/VisibilityTimeout", json!(60))),
    ("a batch that fails as a whole", Finding::EventSource, |t| remove(t, "/Resources/WebhooksFunction/Properties/Events/Inbox/Properties/FunctionResponseTypes")),
    ("a stream that does not bisect", Finding::EventSource, |t| set(t, "/Resources/ProjectorFunction/Properties/Events/Changes/Properties/BisectBatchOnFunctionError", json!(false))),
    ("a stream that retries without end", Finding::EventSource, |t| set(t, "/Resources/ProjectorFunction/Properties/Events/Changes/Properties/MaximumRetryAttempts", json!(-1))),
    ("a stream without a failure destination", Finding::EventSource, |t| remove(t, "/Resources/ProjectorFunction/Properties/Events/Changes/Properties/DestinationConfig")),
    ("a schedule without dead letters", Finding::EventSource, |t| remove(t, "/Resources/RemindersFunction/Properties/Events/Tick/Properties/DeadLetterConfig")),
    ("a table without recovery", Finding::Table, |t| set(t, "/Resources/PersonKeysTable/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", json!(false))),
    ("a table that can be deleted", Finding::Table, |t| remove(t, "/Resources/MainTable/Properties/DeletionProtectionEnabled")),
    ("keys recoverable for weeks", Finding::Table, |t| remove(t, "/Resources/PersonKeysTable/Properties/PointInTimeRecoverySpecification/RecoveryPeriodInDays")),
    ("a function that fails unnoticed", Finding::Alarm, |t| remove(t, "/Resources/CallsErrors")),
    ("an account whose e-mail is refused unnoticed", Finding::Alarm, |t| set(t, "/Resources/MailRefusals/Properties/FilterPattern", json!("refused"))),
    ("an alarm that tells nobody", Finding::Alarm, |t| set(t, "/Resources/TickStopped/Properties/AlarmActions", json!([]))),
    // What the code says too.
    ("an index of another name", Finding::Table, |t| set(t, "/Resources/MainTable/Properties/GlobalSecondaryIndexes/0/IndexName", json!("dues"))),
    ("another attribute for expiry", Finding::Table, |t| set(t, "/Resources/MainTable/Properties/TimeToLiveSpecification/AttributeName", json!("expires"))),
    ("a route to nobody", Finding::Route, |t| remove(t, "/Resources/ProfileFunction/Properties/Events/Health")),
    ("a route to two functions", Finding::Route, |t| { t["Resources"]["CallsFunction"]["Properties"]["Events"]["More"] = json!({"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "Api"}, "Method": "ANY", "Path": "/api/tags"}}); }),
    ("webhooks at the wrong function", Finding::Route, |t| set(t, "/Resources/WebhooksFunction/Properties/Events/Webhook/Properties/Path", json!("/api/webhooks/{proxy+}"))),
    // Least privilege and the way in.
    ("an action with a wildcard", Finding::Privilege, |t| set(t, "/Resources/CallsRole/Properties/Policies/0/PolicyDocument/Statement/0/Action", json!("dynamodb:*"))),
    ("every resource", Finding::Privilege, |t| set(t, "/Resources/CallsRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource", json!("*"))),
    ("updating items", Finding::Privilege, |t| set(t, "/Resources/CallsRole/Properties/Policies/0/PolicyDocument/Statement/0/Action/0", json!("dynamodb:UpdateItem"))),
    ("a role shared by two functions", Finding::Privilege, |t| set(t, "/Resources/CallsFunction/Properties/Role", json!({"Fn::GetAtt": "ContactsRole.Arn"}))),
    ("a broad managed policy", Finding::Privilege, |t| set(t, "/Resources/CallsRole/Properties/ManagedPolicyArns", json!([{"Ref": "FunctionBase"}, "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"]))),
    ("logs that can be deleted", Finding::Privilege, |t| set(t, "/Resources/FunctionBase/Properties/PolicyDocument/Statement/3/Condition/ForAnyValue:StringLike/dynamodb:LeadingKeys", json!(["T#*#LC#*"]))),
    ("another function that deletes objects", Finding::Privilege, |t| { at(t, "/Resources/CallsRole/Properties/Policies/0/PolicyDocument/Statement/0/Action").as_array_mut().expect("a list").push(json!("s3:DeleteObject")); }),
    ("events kept too long", Finding::Bucket, |t| set(t, "/Resources/DataBucket/Properties/LifecycleConfiguration/Rules/0/ExpirationInDays", json!(70))),
    ("events of another prefix kept", Finding::Bucket, |t| set(t, "/Resources/DataBucket/Properties/LifecycleConfiguration/Rules/0/Prefix", json!("in/"))),
    ("every object for the webhooks", Finding::Bucket, |t| { for statement in at(t, "/Resources/WebhooksRole/Properties/Policies/0/PolicyDocument/Statement").as_array_mut().expect("a list") { if statement["Sid"] == "LargeEvents" { statement["Resource"] = json!({"Fn::Sub": "${DataBucket.Arn}/*"}); } } }),
    ("an open bucket", Finding::Bucket, |t| set(t, "/Resources/DataBucket/Properties/PublicAccessBlockConfiguration/BlockPublicPolicy", json!(false))),
    ("a bucket without TLS", Finding::Bucket, |t| remove(t, "/Resources/DataBucketPolicy")),
    ("an open default endpoint", Finding::WayIn, |t| set(t, "/Resources/Api/Properties/DisableExecuteApiEndpoint", json!(false))),
    ("paths in the access log", Finding::WayIn, |t| set(t, "/Resources/Api/Properties/AccessLogSettings/Format", json!("$context.path"))),
];

#[test]
fn each_planted_error_is_found() {
    let sound = read("template.yaml");
    for (what, rule, plant) in PLANTS {
        let mut template = sound.clone();
        plant(&mut template);
        let found = crate::judge(&template);
        assert!(
            found.iter().any(|(found, _)| found == rule),
            "{what}: {rule:?} did not notice; found {found:#?}"
        );
    }
}
