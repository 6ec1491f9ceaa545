//! What `template.yaml` creates in AWS, made in the embedded services: tables, queues with their dead-letter queues,
//! keys by alias, bucket, bus. Making what is there already changes nothing.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;
use vio_runtime::queues::QueueUrls;
use vio_stack::Stack;
use vio_store::dynamo::TableNames;

/// Alias of the key that wraps data keys.
pub(crate) const DATA_KEY: &str = "alias/vio-data";
/// Alias of the key that signs access tokens.
pub(crate) const SIGNING_KEY: &str = "alias/vio-signing";
/// The bucket.
pub const BUCKET: &str = "vio-data";
/// The event bus.
pub const BUS: &str = "vio-events";
/// The queue of wake-ups for the pump, and its dead letters.
pub(crate) const DIAL: [&str; 2] = ["vio-dial", "vio-dial-dead"];
/// The queue of stored webhook events, and its dead letters.
pub(crate) const INBOX: [&str; 2] = ["vio-inbox", "vio-inbox-dead"];
/// The queue of jobs.
pub(crate) const JOBS: [&str; 2] = ["vio-jobs", "vio-jobs-dead"];
/// The queue of messages to people.
pub(crate) const MESSAGES: [&str; 2] = ["vio-messages", "vio-messages-dead"];
/// The queue of what is to be told to businesses' own addresses.
pub(crate) const OUTGOING: [&str; 2] = ["vio-outgoing", "vio-outgoing-dead"];
/// The queue of what is due with calendars.
pub(crate) const CALENDAR: [&str; 2] = ["vio-calendar", "vio-calendar-dead"];

/// Seconds after which a message that was received and not deleted is delivered again (template.yaml).
const DIAL_VISIBILITY: u32 = 720;
const INBOX_VISIBILITY: u32 = 180;
const JOBS_VISIBILITY: u32 = 720;
const CALENDAR_VISIBILITY: u32 = 720;
const MESSAGES_VISIBILITY: u32 = 720;
const OUTGOING_VISIBILITY: u32 = 720;
/// Deliveries before a message goes to the dead letters (template.yaml).
const MAX_RECEIVES: u32 = 5;

/// A service refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up {what}")]
pub(crate) struct SetUpError {
    what: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl SetUpError {
    fn because<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        what: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self {
            what,
            source: source.into(),
        }
    }
}

/// The tables' names.
pub fn tables() -> TableNames {
    TableNames {
        main: "vio-main".into(),
        person_keys: "vio-person-keys".into(),
    }
}

/// Makes everything that is not there yet.
pub(crate) async fn set_up(stack: &Stack) -> Result<QueueUrls, SetUpError> {
    vio_store::schema::create_tables(&stack.dynamodb(), &tables())
        .await
        .map_err(SetUpError::because("the tables"))?;
    keys(stack).await?;
    bucket(stack).await?;
    bus(stack).await?;
    Ok(QueueUrls {
        dial: queue(stack, DIAL, DIAL_VISIBILITY).await?,
        inbox: queue(stack, INBOX, INBOX_VISIBILITY).await?,
        jobs: queue(stack, JOBS, JOBS_VISIBILITY).await?,
        calendar: queue(stack, CALENDAR, CALENDAR_VISIBILITY).await?,
        messages: queue(stack, MESSAGES, MESSAGES_VISIBILITY).await?,
        outgoing: queue(stack, OUTGOING, OUTGOING_VISIBILITY).await?,
    })
}

async fn keys(stack: &Stack) -> Result<(), SetUpError> {
    use aws_sdk_kms::types::{KeySpec, KeyUsageType};
    let kms = stack.kms();
    let known = kms
        .list_aliases()
        .send()
        .await
        .map_err(SetUpError::because("the keys' aliases"))?;
    let known: Vec<&str> = known
        .aliases()
        .iter()
        .filter_map(|alias| alias.alias_name())
        .collect();
    for (alias, spec, usage) in [
        (
            DATA_KEY,
            KeySpec::SymmetricDefault,
            KeyUsageType::EncryptDecrypt,
        ),
        (SIGNING_KEY, KeySpec::EccNistP256, KeyUsageType::SignVerify),
    ] {
        if known.contains(&alias) {
            continue;
        }
        let made = kms
            .create_key()
            .key_spec(spec)
            .key_usage(usage)
            .send()
            .await;
        let made = made.map_err(SetUpError::because("a key"))?;
        let id = made
            .key_metadata()
            .map(|key| key.key_id())
            .unwrap_or_default();
        let named = kms
            .create_alias()
            .alias_name(alias)
            .target_key_id(id)
            .send()
            .await;
        named.map_err(SetUpError::because("a key's alias"))?;
    }
    Ok(())
}

async fn bucket(stack: &Stack) -> Result<(), SetUpError> {
    let s3 = stack.s3();
    if s3.head_bucket().bucket(BUCKET).send().await.is_ok() {
        return Ok(());
    }
    s3.create_bucket()
        .bucket(BUCKET)
        .send()
        .await
        .map_err(SetUpError::because("the bucket"))?;
    Ok(())
}

async fn bus(stack: &Stack) -> Result<(), SetUpError> {
    let made = stack.events().create_event_bus().name(BUS).send().await;
    match made {
        Err(error)
            if !error
                .as_service_error()
                .is_some_and(|e| e.is_resource_already_exists_exception()) =>
        {
            Err(SetUpError::because("the bus")(error))
        }
        _ => Ok(()),
    }
}

async fn queue(
    stack: &Stack,
    [name, dead]: [&str; 2],
    visibility: u32,
) -> Result<String, SetUpError> {
    let sqs = stack.sqs();
    let dead = sqs
        .create_queue()
        .queue_name(dead)
        .send()
        .await
        .map_err(SetUpError::because("a queue"))?;
    let arn = sqs
        .get_queue_attributes()
        .queue_url(dead.queue_url().unwrap_or_default())
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .map_err(SetUpError::because("a queue"))?;
    let arn = arn
        .attributes()
        .and_then(|all| all.get(&QueueAttributeName::QueueArn));
    let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES.to_string() });
    let attributes = HashMap::from([
        (
            QueueAttributeName::VisibilityTimeout,
            visibility.to_string(),
        ),
        (QueueAttributeName::RedrivePolicy, redrive.to_string()),
    ]);
    let made = sqs
        .create_queue()
        .queue_name(name)
        .set_attributes(Some(attributes))
        .send()
        .await;
    let made = made.map_err(SetUpError::because("a queue"))?;
    Ok(made.queue_url().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use vio_stack::StackOptions;

    use super::*;

    #[tokio::test]
    async fn making_it_twice_is_making_it_once() {
        let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
        let first = set_up(&stack).await.unwrap();
        let aliases = async || {
            stack
                .kms()
                .list_aliases()
                .send()
                .await
                .unwrap()
                .aliases
                .unwrap()
        };
        let keys = aliases().await;
        let second = set_up(&stack).await.unwrap();
        assert_eq!((first.dial, first.inbox), (second.dial, second.inbox));
        assert_eq!((keys.len(), &keys), (2, &aliases().await));
        stack.shutdown().await;
    }
}
