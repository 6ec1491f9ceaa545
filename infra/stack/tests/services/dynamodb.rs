use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, ConditionCheck, GlobalSecondaryIndex,
        KeySchemaElement, KeyType, Projection, ProjectionType, Put, ScalarAttributeType,
        StreamSpecification, StreamViewType, TransactWriteItem,
    },
};
use aws_sdk_dynamodbstreams::types::{OperationType, ShardIteratorType};

use crate::ephemeral;

pub(crate) const TABLE: &str = "things";

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// A table with `pk`, `sk`, an index on `gpk`, `gsk`, and a stream.
pub(crate) async fn make_table(dynamodb: &Client) -> String {
    let attribute = |name: &str| {
        let definition = AttributeDefinition::builder().attribute_name(name);
        definition
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let index = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("gpk", KeyType::Hash))
        .key_schema(key("gsk", KeyType::Range))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::All)
                .build(),
        )
        .build()
        .unwrap();
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .unwrap();
    let table = dynamodb
        .create_table()
        .table_name(TABLE)
        .set_attribute_definitions(Some(["pk", "sk", "gpk", "gsk"].map(attribute).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index)
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream)
        .send()
        .await
        .unwrap();
    table.table_description.unwrap().latest_stream_arn.unwrap()
}

fn put(sk: &str, condition: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .item("pk", s("a"))
        .item("sk", s(sk));
    TransactWriteItem::builder()
        .put(put.condition_expression(condition).build().unwrap())
        .build()
}

#[tokio::test]
async fn a_cancelled_transaction_names_the_reason_of_each_item_and_writes_nothing() {
    let stack = ephemeral().await;
    let dynamodb = stack.dynamodb();
    make_table(&dynamodb).await;
    let item = || dynamodb.put_item().table_name(TABLE).item("pk", s("a"));
    for sk in ["1", "3"] {
        let version = AttributeValue::N("3".to_owned());
        item()
            .item("sk", s(sk))
            .item("version", version)
            .send()
            .await
            .unwrap();
    }

    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .key("pk", s("a"))
        .key("sk", s("1"))
        .condition_expression("version = :v")
        .expression_attribute_values(":v", AttributeValue::N("4".to_owned()))
        .build()
        .unwrap();
    let cancelled = dynamodb
        .transact_write_items()
        .transact_items(put("2", "attribute_not_exists(pk)"))
        .transact_items(TransactWriteItem::builder().condition_check(check).build())
        .transact_items(put("3", "attribute_not_exists(pk)"))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let reasons = match cancelled {
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
            cancelled,
        ) => cancelled.cancellation_reasons.unwrap(),
        other => panic!("{other:?}"),
    };
    let codes: Vec<_> = reasons
        .iter()
        .map(|reason| reason.code().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]
    );
    let read = dynamodb
        .get_item()
        .table_name(TABLE)
        .key("pk", s("a"))
        .key("sk", s("2"));
    assert!(
        read.send().await.unwrap().item.is_none(),
        "nothing of it was written"
    );

    let token = || {
        let transaction = dynamodb
            .transact_write_items()
            .client_request_token("token");
        transaction
            .transact_items(put("2", "attribute_not_exists(pk)"))
            .send()
    };
    token().await.unwrap();
    token()
        .await
        .expect("the same token and request again succeed without effect");
}

#[tokio::test]
async fn an_index_is_sparse_and_ordered() {
    let stack = ephemeral().await;
    let dynamodb = stack.dynamodb();
    make_table(&dynamodb).await;
    for (sk, due) in [
        ("1", Some("2026-01-02")),
        ("2", Some("2026-01-01")),
        ("3", None),
        ("4", Some("2027")),
    ] {
        let item = dynamodb
            .put_item()
            .table_name(TABLE)
            .item("pk", s("a"))
            .item("sk", s(sk));
        let due = due.map(|due| HashMap::from([("gpk", "due"), ("gsk", due)]));
        let item = due
            .into_iter()
            .flatten()
            .fold(item, |item, (name, value)| item.item(name, s(value)));
        item.send().await.unwrap();
    }
    let found = dynamodb
        .query()
        .table_name(TABLE)
        .index_name("due")
        .key_condition_expression("gpk = :g and gsk < :n")
        .expression_attribute_values(":g", s("due"))
        .expression_attribute_values(":n", s("2026-06"))
        .send()
        .await
        .unwrap();
    let order: Vec<_> = found
        .items()
        .iter()
        .map(|item| item["sk"].as_s().unwrap().as_str())
        .collect();
    assert_eq!(order, ["2", "1"]);
}

#[tokio::test]
async fn the_stream_has_every_change_in_order_with_both_images() {
    let stack = ephemeral().await;
    let (dynamodb, streams) = (stack.dynamodb(), stack.dynamodb_streams());
    let arn = make_table(&dynamodb).await;
    for version in ["1", "2"] {
        let put = dynamodb
            .put_item()
            .table_name(TABLE)
            .item("pk", s("a"))
            .item("sk", s("k"));
        put.item("version", AttributeValue::N(version.to_owned()))
            .send()
            .await
            .unwrap();
    }
    let delete = dynamodb
        .delete_item()
        .table_name(TABLE)
        .key("pk", s("a"))
        .key("sk", s("k"));
    delete.send().await.unwrap();
    let described = streams
        .describe_stream()
        .stream_arn(&arn)
        .send()
        .await
        .unwrap();
    let shards = described.stream_description.unwrap().shards.unwrap();
    let iterator = streams
        .get_shard_iterator()
        .stream_arn(&arn)
        .shard_id(shards[0].shard_id().unwrap())
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await
        .unwrap()
        .shard_iterator
        .unwrap();
    let records = streams
        .get_records()
        .shard_iterator(iterator)
        .send()
        .await
        .unwrap()
        .records
        .unwrap();
    let names: Vec<_> = records
        .iter()
        .map(|record| record.event_name().unwrap().clone())
        .collect();
    assert_eq!(
        names,
        [
            OperationType::Insert,
            OperationType::Modify,
            OperationType::Remove
        ]
    );
    let change = records[1].dynamodb().unwrap();
    let version = |image: &HashMap<String, aws_sdk_dynamodbstreams::types::AttributeValue>| {
        image["version"].as_n().unwrap().clone()
    };
    assert_eq!(version(change.old_image().unwrap()), "1");
    assert_eq!(version(change.new_image().unwrap()), "2");
}
