//! The port over DynamoDB through the AWS SDK. The only file (with `schema.rs`) that speaks the SDK's types.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue as Sdk, ConditionCheck, ConsumedCapacity, Delete, KeysAndAttributes, Put,
    ReturnConsumedCapacity, TransactWriteItem,
};

use crate::meter::Meter;
use crate::port::{
    Attributes, Condition, DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, Index, Key, MAX_BATCH_GET, Op, PK,
    Page, Port, PortError, Position, Query, SK, SortRange, Source, TableName, Transaction, VERSION,
    distinct,
};

/// Names of the tables and of the indexes of the main one.
#[derive(Debug, Clone)]
pub struct TableNames {
    pub main: String,
    pub person_keys: String,
}

pub const DUE_INDEX: &str = "due";
pub const ENUM_INDEX: &str = "enumeration";

/// How often keys that DynamoDB left unprocessed in a batch are asked for again.
const BATCH_ROUNDS: u32 = 5;

/// The tables in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    names: TableNames,
    meter: Arc<Meter>,
}

impl DynamoTable {
    pub fn new(client: Client, names: TableNames) -> Self {
        Self {
            client,
            names,
            meter: Arc::default(),
        }
    }

    /// What has been consumed so far.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    fn name(&self, table: TableName) -> &str {
        match table {
            TableName::Main => &self.names.main,
            TableName::PersonKeys => &self.names.person_keys,
        }
    }

    fn consumed<'a>(&self, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>, write: bool) {
        for entry in capacity {
            let units = entry.capacity_units().unwrap_or(0.0);
            if write {
                self.meter.add_write(units)
            } else {
                self.meter.add_read(units)
            }
        }
    }
}

/// Expression, names and values, each absent where there is none.
type Rendered = (
    Option<String>,
    Option<HashMap<String, String>>,
    Option<HashMap<String, Sdk>>,
);

/// A condition as DynamoDB wants it.
#[derive(Default)]
struct Expression {
    text: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, Sdk>,
}

impl Expression {
    fn of(condition: &Condition) -> Self {
        let mut expression = Self::default();
        expression.text = expression.render(condition);
        expression
    }

    fn name(&mut self, name: &str) -> String {
        let alias = format!("#n{}", self.names.len());
        self.names.insert(alias.clone(), name.to_owned());
        alias
    }

    fn value(&mut self, value: Sdk) -> String {
        let alias = format!(":v{}", self.values.len());
        self.values.insert(alias.clone(), value);
        alias
    }

    fn render(&mut self, condition: &Condition) -> Option<String> {
        Some(match condition {
            Condition::Always => return None,
            Condition::Absent => format!("attribute_not_exists({})", self.name(PK)),
            Condition::Present => format!("attribute_exists({})", self.name(PK)),
            Condition::VersionIs(version) => {
                format!(
                    "{} = {}",
                    self.name(VERSION),
                    self.value(Sdk::N(version.to_string()))
                )
            }
            Condition::AbsentOrExpired { attribute, now_ms } => {
                let key = self.name(PK);
                let name = self.name(attribute);
                let value = self.value(Sdk::N(now_ms.to_string()));
                format!("(attribute_not_exists({key}) OR {name} <= {value})")
            }
            Condition::Equals(name, value) => {
                let name = self.name(name);
                let value = self.value(value.clone().into());
                format!("{name} = {value}")
            }
            Condition::Both(a, b) => match (self.render(a), self.render(b)) {
                (Some(a), Some(b)) => format!("({a} AND {b})"),
                (one, other) => return one.or(other),
            },
        })
    }

    fn parts(self) -> Rendered {
        (
            self.text,
            (!self.names.is_empty()).then_some(self.names),
            (!self.values.is_empty()).then_some(self.values),
        )
    }
}

fn sdk_key(key: &Key) -> HashMap<String, Sdk> {
    HashMap::from([
        (PK.into(), Sdk::S(key.pk.clone())),
        (SK.into(), Sdk::S(key.sk.clone())),
    ])
}

fn to_sdk(item: &Attributes) -> HashMap<String, Sdk> {
    item.iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect()
}

fn from_sdk(item: HashMap<String, Sdk>) -> Attributes {
    item.into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect()
}

fn built<T>(result: Result<T, aws_sdk_dynamodb::error::BuildError>) -> Result<T, PortError> {
    result.map_err(|error| PortError::Invalid(error.to_string()))
}

/// Sorts an SDK error into what a caller can do about it. Reads and writes alike.
fn classify<E>(error: SdkError<E>) -> PortError
where
    E: std::error::Error + Send + Sync + ProvideErrorMetadata + 'static,
    SdkError<E>: Send + Sync,
{
    match error.code() {
        Some("ConditionalCheckFailedException") => PortError::ConditionFailed { failed: vec![0] },
        Some("TransactionConflictException" | "TransactionInProgressException") => {
            PortError::Conflict
        }
        Some(
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded",
        ) => PortError::Throttled,
        Some(
            "ValidationException"
            | "IdempotentParameterMismatchException"
            | "ResourceNotFoundException",
        ) => PortError::Invalid(error.message().unwrap_or("refused").to_owned()),
        _ => PortError::Unknown(Box::new(error)),
    }
}

fn classify_transaction(error: SdkError<TransactWriteItemsError>) -> PortError {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return classify(error);
    };
    let codes: Vec<&str> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap_or("None"))
        .collect();
    let failed: Vec<usize> = (0..codes.len())
        .filter(|at| codes[*at] == "ConditionalCheckFailed")
        .collect();
    if !failed.is_empty() {
        PortError::ConditionFailed { failed }
    } else if codes.contains(&"TransactionConflict") {
        PortError::Conflict
    } else if codes
        .iter()
        .any(|code| matches!(*code, "ThrottlingError" | "ProvisionedThroughputExceeded"))
    {
        PortError::Throttled
    } else {
        PortError::Invalid(format!("transaction cancelled: {codes:?}"))
    }
}

#[async_trait]
impl Port for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        let answer = self
            .client
            .get_item()
            .table_name(self.name(key.table))
            .set_key(Some(sdk_key(key)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(classify)?;
        self.consumed(answer.consumed_capacity(), false);
        Ok(answer.item.map(from_sdk))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        distinct(keys)?;
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(MAX_BATCH_GET) {
            let mut wanted: HashMap<String, Vec<HashMap<String, Sdk>>> = HashMap::new();
            for key in chunk {
                wanted
                    .entry(self.name(key.table).to_owned())
                    .or_default()
                    .push(sdk_key(key));
            }
            let mut request = HashMap::new();
            for (table, keys) in wanted {
                let keys = built(
                    KeysAndAttributes::builder()
                        .set_keys(Some(keys))
                        .consistent_read(true)
                        .build(),
                )?;
                request.insert(table, keys);
            }
            let mut rounds = 0;
            while !request.is_empty() {
                let answer = self
                    .client
                    .batch_get_item()
                    .set_request_items(Some(request))
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await
                    .map_err(classify)?;
                self.consumed(answer.consumed_capacity(), false);
                found.extend(
                    answer
                        .responses
                        .into_iter()
                        .flatten()
                        .flat_map(|(_, items)| items)
                        .map(from_sdk),
                );
                request = answer.unprocessed_keys.unwrap_or_default();
                rounds += 1;
                if !request.is_empty() {
                    if rounds > BATCH_ROUNDS {
                        return Err(PortError::Throttled);
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20 << rounds)).await;
                }
            }
        }
        Ok(found)
    }

    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        let (table, index, pk_name, sk_name) = match query.source {
            Source::Table(table) => (table, None, PK, SK),
            Source::Index(Index::Due) => (TableName::Main, Some(DUE_INDEX), DUE_PK, DUE_SK),
            Source::Index(Index::Enumeration) => {
                (TableName::Main, Some(ENUM_INDEX), ENUM_PK, ENUM_SK)
            }
        };
        if let Some(after) = &query.after
            && after.index.is_some() != index.is_some()
        {
            return Err(PortError::Invalid("a position of another index".into()));
        }
        let mut values = HashMap::from([(":pk".to_owned(), Sdk::S(query.pk.clone()))]);
        let mut names = HashMap::from([("#pk".to_owned(), pk_name.to_owned())]);
        let mut expression = "#pk = :pk".to_owned();
        if query.sort != SortRange::All {
            names.insert("#sk".into(), sk_name.into());
        }
        let mut bind =
            |name: &str, value: &str| values.insert(name.to_owned(), Sdk::S(value.to_owned()));
        match &query.sort {
            SortRange::All => {}
            SortRange::Prefix(prefix) => {
                expression.push_str(" AND begins_with(#sk, :low)");
                bind(":low", prefix);
            }
            SortRange::Between(low, high) => {
                expression.push_str(" AND #sk BETWEEN :low AND :high");
                bind(":low", low);
                bind(":high", high);
            }
            SortRange::AtMost(high) => {
                expression.push_str(" AND #sk <= :high");
                bind(":high", high);
            }
        }
        let start = query.after.as_ref().map(|after| {
            let mut key = HashMap::from([
                (PK.to_owned(), Sdk::S(after.pk.clone())),
                (SK.to_owned(), Sdk::S(after.sk.clone())),
            ]);
            if let Some((pk, sk)) = &after.index {
                key.insert(pk_name.into(), Sdk::S(pk.clone()));
                key.insert(sk_name.into(), Sdk::S(sk.clone()));
            }
            key
        });
        let answer = self
            .client
            .query()
            .table_name(self.name(table))
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .scan_index_forward(query.ascending)
            .limit(i32::try_from(query.limit.max(1)).unwrap_or(i32::MAX))
            .set_consistent_read(index.is_none().then_some(true))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(classify)?;
        self.consumed(answer.consumed_capacity(), false);
        let part = |key: &HashMap<String, Sdk>, name: &str| {
            key.get(name)
                .and_then(|value| value.as_s().ok())
                .cloned()
                .unwrap_or_default()
        };
        let next = answer
            .last_evaluated_key
            .filter(|key| !key.is_empty())
            .map(|key| Position {
                pk: part(&key, PK),
                sk: part(&key, SK),
                index: index
                    .is_some()
                    .then(|| (part(&key, pk_name), part(&key, sk_name))),
            });
        Ok(Page {
            items: answer
                .items
                .unwrap_or_default()
                .into_iter()
                .map(from_sdk)
                .collect(),
            next,
        })
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        if let [op] = transaction.ops.as_slice() {
            return self.single(op).await;
        }
        let mut items = Vec::with_capacity(transaction.ops.len());
        for op in &transaction.ops {
            items.push(self.transact_item(op)?);
        }
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(&transaction.token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(classify_transaction)?;
        self.consumed(answer.consumed_capacity(), true);
        Ok(())
    }
}

impl DynamoTable {
    fn transact_item(&self, op: &Op) -> Result<TransactWriteItem, PortError> {
        Ok(match op {
            Op::Put {
                table,
                item,
                condition,
            } => {
                let (text, names, values) = Expression::of(condition).parts();
                TransactWriteItem::builder().put(built(
                    Put::builder()
                        .table_name(self.name(*table))
                        .set_item(Some(to_sdk(item)))
                        .set_condition_expression(text)
                        .set_expression_attribute_names(names)
                        .set_expression_attribute_values(values)
                        .build(),
                )?)
            }
            Op::Delete { key, condition } => {
                let (text, names, values) = Expression::of(condition).parts();
                TransactWriteItem::builder().delete(built(
                    Delete::builder()
                        .table_name(self.name(key.table))
                        .set_key(Some(sdk_key(key)))
                        .set_condition_expression(text)
                        .set_expression_attribute_names(names)
                        .set_expression_attribute_values(values)
                        .build(),
                )?)
            }
            Op::Check { key, condition } => {
                let (text, names, values) = Expression::of(condition).parts();
                TransactWriteItem::builder().condition_check(built(
                    ConditionCheck::builder()
                        .table_name(self.name(key.table))
                        .set_key(Some(sdk_key(key)))
                        .set_condition_expression(text)
                        .set_expression_attribute_names(names)
                        .set_expression_attribute_values(values)
                        .build(),
                )?)
            }
        }
        .build())
    }

    /// One operation needs no transaction: a plain conditional write costs half.
    async fn single(&self, op: &Op) -> Result<(), PortError> {
        let total = ReturnConsumedCapacity::Total;
        match op {
            Op::Put {
                table,
                item,
                condition,
            } => {
                let (text, names, values) = Expression::of(condition).parts();
                let answer = self
                    .client
                    .put_item()
                    .table_name(self.name(*table))
                    .set_item(Some(to_sdk(item)))
                    .set_condition_expression(text)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_consumed_capacity(total)
                    .send()
                    .await
                    .map_err(classify)?;
                self.consumed(answer.consumed_capacity(), true);
            }
            Op::Delete { key, condition } => {
                let (text, names, values) = Expression::of(condition).parts();
                let answer = self
                    .client
                    .delete_item()
                    .table_name(self.name(key.table))
                    .set_key(Some(sdk_key(key)))
                    .set_condition_expression(text)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_consumed_capacity(total)
                    .send()
                    .await
                    .map_err(classify)?;
                self.consumed(answer.consumed_capacity(), true);
            }
            Op::Check { .. } => {
                return Err(PortError::Invalid("a check alone writes nothing".into()));
            }
        }
        Ok(())
    }
}
