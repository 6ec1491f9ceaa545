//! The product on AWS: clients from the environment of a Lambda function.

use std::sync::Arc;

use aws_config::SdkConfig;
use vio_crypto::AwsKms;
use vio_providers::retell::HttpRetellFactory;
use vio_store::dynamo::{DynamoTable, TableNames};
use vio_store::env::{RandomIds, SystemClock};
use vio_store::objects::S3Objects;

use crate::app::{App, Parts, StartError};
use crate::config::{ConfigError, Platform, required};
use crate::queues::SqsQueues;

fn malformed(error: ConfigError) -> StartError {
    StartError::because("configuration")(error)
}

/// Region, credentials and HTTP client of this function, for everything that speaks to AWS.
pub async fn aws() -> SdkConfig {
    aws_config::load_from_env().await
}

/// The bucket (`VIO_BUCKET`). Not part of [`App`]: a function that keeps no objects does not link S3's client, which is
/// the largest of all.
pub fn objects(aws: &SdkConfig) -> Result<S3Objects, StartError> {
    let bucket = required("VIO_BUCKET").map_err(malformed)?;
    Ok(S3Objects::new(aws.into(), bucket))
}

impl App {
    /// Wires AWS's services, named by the function's environment.
    pub async fn from_env() -> Result<Self, StartError> {
        Self::from_aws(&aws().await)
    }

    /// The same over a configuration that something else uses too.
    pub fn from_aws(aws: &SdkConfig) -> Result<Self, StartError> {
        let platform = Platform::from_env().map_err(malformed)?;
        let tables = TableNames {
            main: required("VIO_TABLE").map_err(malformed)?,
            person_keys: required("VIO_PERSON_KEYS_TABLE").map_err(malformed)?,
        };
        let data_key = required("VIO_DATA_KEY_ID").map_err(malformed)?;
        let signing_key = required("VIO_SIGNING_KEY_ID").map_err(malformed)?;
        let dial = required("VIO_DIAL_QUEUE_URL").map_err(malformed)?;
        let inbox = required("VIO_INBOX_QUEUE_URL").map_err(malformed)?;
        let jobs = required("VIO_JOBS_QUEUE_URL").map_err(malformed)?;

        let http =
            vio_providers::Http::new().map_err(StartError::because("the providers' client"))?;
        let clock = Arc::new(SystemClock);
        Ok(Self::new(Parts {
            port: Arc::new(DynamoTable::new(aws_sdk_dynamodb::Client::new(aws), tables)),
            kms: Arc::new(AwsKms::new(
                aws_sdk_kms::Client::new(aws),
                data_key,
                signing_key,
            )),
            queues: Arc::new(SqsQueues::new(
                aws_sdk_sqs::Client::new(aws),
                dial,
                inbox,
                jobs,
            )),
            retell: Arc::new(HttpRetellFactory::new(http)),
            platform,
            clock: clock.clone(),
            real_clock: clock,
            ids: Arc::new(RandomIds),
        }))
    }
}
