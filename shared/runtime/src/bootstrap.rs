//! The product on AWS: clients from the environment of a Lambda function.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use vio_crypto::AwsKms;
use vio_providers::retell::HttpRetellFactory;
use vio_store::dynamo::{DynamoTable, TableNames};
use vio_store::env::{RandomIds, SystemClock};
use vio_store::objects::S3Objects;

use crate::app::{App, Parts, StartError};
use crate::config::{ConfigError, Platform, required};
use crate::mail::Mail;
use crate::queues::{QueueUrls, SqsQueues};

fn malformed(error: ConfigError) -> StartError {
    StartError::because("configuration")(error)
}

/// Region, credentials and HTTP client of this function, for everything that speaks to AWS.
pub async fn aws() -> SdkConfig {
    let tls = Provider::Rustls(CryptoMode::AwsLc);
    let http = OneForAll(Builder::new().tls_provider(tls).build_https());
    aws_config::from_env().http_client(http).load().await
}

/// The SDK's HTTP client, shared by the clients of all services and made at the first request. On its own each of them
/// makes one at its start, to try it, and another at its first request, and each reads the system's roots for it.
#[derive(Debug)]
struct OneForAll(SharedHttpClient);

impl HttpClient for OneForAll {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
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
        let queues = QueueUrls {
            dial: required("VIO_DIAL_QUEUE_URL").map_err(malformed)?,
            inbox: required("VIO_INBOX_QUEUE_URL").map_err(malformed)?,
            jobs: required("VIO_JOBS_QUEUE_URL").map_err(malformed)?,
            calendar: required("VIO_CALENDAR_QUEUE_URL").map_err(malformed)?,
            messages: required("VIO_MESSAGES_QUEUE_URL").map_err(malformed)?,
            outgoing: required("VIO_OUTGOING_QUEUE_URL").map_err(malformed)?,
        };

        let clock = Arc::new(SystemClock);
        Ok(Self::new(Parts {
            port: Arc::new(DynamoTable::new(aws_sdk_dynamodb::Client::new(aws), tables)),
            kms: Arc::new(AwsKms::new(
                aws_sdk_kms::Client::new(aws),
                data_key,
                signing_key,
            )),
            queues: Arc::new(SqsQueues::new(aws_sdk_sqs::Client::new(aws), queues)),
            retell: Arc::new(HttpRetellFactory::new(vio_providers::Http::new())),
            mail: Mail::from_env(aws)?,
            platform,
            clock: clock.clone(),
            real_clock: clock,
            ids: Arc::new(RandomIds),
        }))
    }
}
