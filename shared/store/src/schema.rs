//! The tables as the local host and the tests create them; `template.yaml` declares the same for AWS, and a test
//! holds the two together.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    TimeToLiveSpecification,
};

use crate::dynamo::{DUE_INDEX, ENUM_INDEX, TableNames};
use crate::port::{DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, ENUM_TAG, PK, SK, TTL};

/// A table could not be created.
#[derive(Debug, thiserror::Error)]
#[error("cannot create table {table}: {reason}")]
pub struct SchemaError {
    pub table: String,
    pub reason: String,
}

/// Creates the tables where they do not exist yet.
pub async fn create_tables(client: &Client, names: &TableNames) -> Result<(), SchemaError> {
    let fail = |table: &str| {
        let table = table.to_owned();
        move |error: aws_sdk_dynamodb::error::BuildError| SchemaError {
            table,
            reason: error.to_string(),
        }
    };
    let schema = |pk: &str,
                  sk: &str|
     -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
        Ok(vec![
            KeySchemaElement::builder()
                .attribute_name(pk)
                .key_type(KeyType::Hash)
                .build()?,
            KeySchemaElement::builder()
                .attribute_name(sk)
                .key_type(KeyType::Range)
                .build()?,
        ])
    };
    let definitions = |attributes: &[&str]| -> Result<Vec<AttributeDefinition>, aws_sdk_dynamodb::error::BuildError> {
        attributes
            .iter()
            .map(|name| {
                AttributeDefinition::builder().attribute_name(*name).attribute_type(ScalarAttributeType::S).build()
            })
            .collect()
    };
    let index = |name: &str, pk: &str, sk: &str, projection: Projection| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(schema(pk, sk)?))
            .projection(projection)
            .build()
    };
    let due = index(
        DUE_INDEX,
        DUE_PK,
        DUE_SK,
        Projection::builder()
            .projection_type(ProjectionType::KeysOnly)
            .build(),
    )
    .map_err(fail(&names.main))?;
    let enumeration = index(
        ENUM_INDEX,
        ENUM_PK,
        ENUM_SK,
        Projection::builder()
            .projection_type(ProjectionType::Include)
            .non_key_attributes(ENUM_TAG)
            .build(),
    )
    .map_err(fail(&names.main))?;
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build()
        .map_err(fail(&names.main))?;

    let main = client
        .create_table()
        .table_name(&names.main)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(
            definitions(&[PK, SK, DUE_PK, DUE_SK, ENUM_PK, ENUM_SK]).map_err(fail(&names.main))?,
        ))
        .set_key_schema(Some(schema(PK, SK).map_err(fail(&names.main))?))
        .global_secondary_indexes(due)
        .global_secondary_indexes(enumeration)
        .stream_specification(stream)
        .send()
        .await;
    if created(&names.main, main)? {
        let ttl = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(TTL)
            .build()
            .map_err(fail(&names.main))?;
        client
            .update_time_to_live()
            .table_name(&names.main)
            .time_to_live_specification(ttl)
            .send()
            .await
            .map_err(|error| SchemaError {
                table: names.main.clone(),
                reason: DisplayErrorContext(&error).to_string(),
            })?;
    }
    let keys = client
        .create_table()
        .table_name(&names.person_keys)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(
            definitions(&[PK, SK]).map_err(fail(&names.person_keys))?,
        ))
        .set_key_schema(Some(schema(PK, SK).map_err(fail(&names.person_keys))?))
        .send()
        .await;
    created(&names.person_keys, keys)?;
    Ok(())
}

/// True if made now, false if it was there.
fn created<T>(
    table: &str,
    result: Result<T, SdkError<CreateTableError>>,
) -> Result<bool, SchemaError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(CreateTableError::ResourceInUseException(_)) => Ok(false),
            _ => Err(SchemaError {
                table: table.to_owned(),
                reason: DisplayErrorContext(&error).to_string(),
            }),
        },
    }
}
