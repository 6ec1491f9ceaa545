//! The embedded services with everything that `template.yaml` makes in AWS, and the environment that it gives functions.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use vio_stack::{ACCESS_KEY, Endpoints, SECRET_KEY, Stack, StackOptions};
use vio_store::dynamo::TableNames;

use crate::tally::{Counter, Shared};
use crate::tls::{Certificate, Terminator};
use crate::{BenchError, Context};

/// Partition and sort key of the item that the bare function and its Node peer read.
const BENCH_ITEM: &str = "bench";

/// Running services.
pub struct Cloud {
    stack: Stack,
    tables: TableNames,
    dial_url: String,
    inbox_url: String,
    data_key: String,
    signing_key: String,
}

impl Cloud {
    /// Starts the services, keeping nothing, and sets them up.
    pub async fn start() -> Result<Self, BenchError> {
        let stack = Stack::start(StackOptions::ephemeral())
            .await
            .context("the embedded services")?;
        let tables = TableNames {
            main: "vio-main".to_owned(),
            person_keys: "vio-person-keys".to_owned(),
        };
        let dynamodb = stack.dynamodb();
        vio_store::schema::create_tables(&dynamodb, &tables)
            .await
            .context("the tables")?;
        dynamodb
            .put_item()
            .table_name(&tables.main)
            .item("pk", AttributeValue::S(BENCH_ITEM.to_owned()))
            .item("sk", AttributeValue::S(BENCH_ITEM.to_owned()))
            .send()
            .await
            .context("the item to read")?;
        let data_key = key(
            &stack,
            KeySpec::SymmetricDefault,
            KeyUsageType::EncryptDecrypt,
        )
        .await?;
        let signing_key = key(&stack, KeySpec::EccNistP256, KeyUsageType::SignVerify).await?;
        Ok(Self {
            dial_url: queue(&stack, "vio-dial").await?,
            inbox_url: queue(&stack, "vio-inbox").await?,
            stack,
            tables,
            data_key,
            signing_key,
        })
    }

    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    pub fn dial_url(&self) -> &str {
        &self.dial_url
    }

    pub fn inbox_url(&self) -> &str {
        &self.inbox_url
    }

    /// Bytes in both tables.
    pub async fn stored_bytes(&self) -> Result<usize, BenchError> {
        let client = self.stack.dynamodb();
        Ok(stored_bytes(&client, &self.tables.main).await?
            + stored_bytes(&client, &self.tables.person_keys).await?)
    }

    /// A function's environment, reaching the services at `endpoints`.
    pub fn environment(&self, endpoints: &Endpoints) -> BTreeMap<String, String> {
        let values = [
            ("AWS_REGION", "eu-west-2"),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb),
            ("AWS_ENDPOINT_URL_SQS", &endpoints.sqs),
            ("AWS_ENDPOINT_URL_KMS", &endpoints.kms),
            ("AWS_ENDPOINT_URL_S3", &endpoints.s3),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", &endpoints.events),
            ("VIO_TABLE", &self.tables.main),
            ("VIO_PERSON_KEYS_TABLE", &self.tables.person_keys),
            ("VIO_DATA_KEY_ID", &self.data_key),
            ("VIO_SIGNING_KEY_ID", &self.signing_key),
            ("VIO_DIAL_QUEUE_URL", &self.dial_url),
            ("VIO_INBOX_QUEUE_URL", &self.inbox_url),
            // No measured path hands a job on.
            ("VIO_JOBS_QUEUE_URL", &self.inbox_url),
            ("VIO_CALENDAR_QUEUE_URL", &self.inbox_url),
            ("VIO_MESSAGES_QUEUE_URL", &self.inbox_url),
            ("VIO_OUTGOING_QUEUE_URL", &self.inbox_url),
            ("VIO_SOCKETS_URL", &endpoints.sockets),
            ("VIO_BUS_NAME", "default"),
            ("VIO_BUCKET", "vio-data"),
            ("VIO_PUBLIC_URL", "https://bench.invalid"),
            ("VIO_SIGN_UP", "open"),
            ("VIO_TENANT_SETS_RETELL", "on"),
            ("RUST_LOG", "info"),
        ];
        values
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

async fn key(stack: &Stack, spec: KeySpec, usage: KeyUsageType) -> Result<String, BenchError> {
    let made = stack.kms().create_key().key_spec(spec).key_usage(usage);
    let made = made.send().await.context("a key")?;
    let metadata = made.key_metadata();
    let metadata = metadata.ok_or_else(|| BenchError::new("a key without an id"))?;
    Ok(metadata.key_id().to_owned())
}

async fn queue(stack: &Stack, name: &str) -> Result<String, BenchError> {
    let made = stack.sqs().create_queue().queue_name(name);
    let made = made.send().await.context("a queue")?;
    let url = made.queue_url();
    Ok(url
        .ok_or_else(|| BenchError::new("a queue without an address"))?
        .to_owned())
}

/// The services behind TLS, for cold starts.
pub struct OverTls {
    pub endpoints: Endpoints,
    _terminators: Vec<Terminator>,
}

impl OverTls {
    pub async fn start(stack: &Stack, certificate: &Certificate) -> Result<Self, BenchError> {
        let plain = stack.endpoints();
        let mut terminators = Vec::new();
        let mut urls = Vec::new();
        for url in [
            &plain.dynamodb,
            &plain.sqs,
            &plain.kms,
            &plain.s3,
            &plain.events,
            &plain.sockets,
        ] {
            let terminator = Terminator::start(url, certificate).await?;
            urls.push(terminator.url());
            terminators.push(terminator);
        }
        Ok(Self {
            endpoints: endpoints(urls)?,
            _terminators: terminators,
        })
    }
}

/// The services behind counters.
pub struct Counted {
    pub endpoints: Endpoints,
    pub tally: Shared,
    _counters: Vec<Counter>,
}

impl Counted {
    pub async fn start(stack: &Stack) -> Result<Self, BenchError> {
        let plain = stack.endpoints();
        let tally = Shared::default();
        let mut counters = Vec::new();
        let mut urls = Vec::new();
        for url in [
            &plain.dynamodb,
            &plain.sqs,
            &plain.kms,
            &plain.s3,
            &plain.events,
            &plain.sockets,
        ] {
            let counter = Counter::start(url, tally.clone()).await?;
            urls.push(counter.url().to_owned());
            counters.push(counter);
        }
        Ok(Self {
            endpoints: endpoints(urls)?,
            tally,
            _counters: counters,
        })
    }
}

/// In the order DynamoDB, SQS, KMS, S3, EventBridge, connections.
fn endpoints(urls: Vec<String>) -> Result<Endpoints, BenchError> {
    let [dynamodb, sqs, kms, s3, events, sockets] =
        <[String; 6]>::try_from(urls).map_err(|_| BenchError::new("six services are expected"))?;
    Ok(Endpoints {
        dynamodb,
        sqs,
        kms,
        s3,
        events,
        sockets,
    })
}

/// Bytes of everything in a table: names and values, as DynamoDB counts them, without its 100 bytes an item.
async fn stored_bytes(client: &aws_sdk_dynamodb::Client, table: &str) -> Result<usize, BenchError> {
    let mut bytes = 0;
    let mut pages = client
        .scan()
        .table_name(table)
        .into_paginator()
        .items()
        .send();
    while let Some(item) = pages.next().await {
        let item = item.context("reading the table")?;
        bytes += item
            .iter()
            .map(|(name, value)| name.len() + size(value))
            .sum::<usize>();
    }
    Ok(bytes)
}

fn size(value: &aws_sdk_dynamodb::types::AttributeValue) -> usize {
    use aws_sdk_dynamodb::types::AttributeValue as V;
    match value {
        V::S(text) => text.len(),
        V::N(text) => text.len() / 2 + 1,
        V::B(bytes) => bytes.as_ref().len(),
        V::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
        V::M(map) => {
            3 + map
                .iter()
                .map(|(name, value)| 1 + name.len() + size(value))
                .sum::<usize>()
        }
        V::Ss(texts) => texts.iter().map(String::len).sum(),
        _ => 1,
    }
}
