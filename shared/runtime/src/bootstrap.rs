//! The product on AWS: clients from the environment of a Lambda function.

use std::sync::Arc;

use vio_crypto::AwsKms;
use vio_providers::retell::HttpRetellFactory;
use vio_store::dynamo::{DynamoTable, TableNames};
use vio_store::env::{RandomIds, SystemClock};

use crate::app::{App, Parts, StartError};
use crate::config::{ConfigError, Platform, required};
use crate::queues::SqsQueues;

impl App {
    /// Wires AWS's services, named by the function's environment.
    pub async fn from_env() -> Result<Self, StartError> {
        let malformed = |error: ConfigError| StartError::because("configuration")(error);
        let platform = Platform::from_env().map_err(malformed)?;
        let tables = TableNames {
            main: required("VIO_TABLE").map_err(malformed)?,
            person_keys: required("VIO_PERSON_KEYS_TABLE").map_err(malformed)?,
        };
        let data_key = required("VIO_DATA_KEY_ID").map_err(malformed)?;
        let signing_key = required("VIO_SIGNING_KEY_ID").map_err(malformed)?;
        let dial = required("VIO_DIAL_QUEUE_URL").map_err(malformed)?;
        let inbox = required("VIO_INBOX_QUEUE_URL").map_err(malformed)?;

        let aws = aws_config::load_from_env().await;
        let http =
            vio_providers::Http::new().map_err(StartError::because("the providers' client"))?;
        let clock = Arc::new(SystemClock);
        Self::new(Parts {
            port: Arc::new(DynamoTable::new(
                aws_sdk_dynamodb::Client::new(&aws),
                tables,
            )),
            kms: Arc::new(AwsKms::new(
                aws_sdk_kms::Client::new(&aws),
                data_key,
                signing_key,
            )),
            queues: Arc::new(SqsQueues::new(aws_sdk_sqs::Client::new(&aws), dial, inbox)),
            retell: Arc::new(HttpRetellFactory::new(http)),
            platform,
            clock: clock.clone(),
            real_clock: clock,
            ids: Arc::new(RandomIds),
        })
        .await
    }
}
