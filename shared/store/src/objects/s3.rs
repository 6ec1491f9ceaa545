//! The bucket in S3, through the AWS SDK.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;

use super::{ObjectError, ObjectName, Objects, Put};

/// How long one operation may take, repeats included: less than the 10 s that Retell waits for an answer, so that an
/// outage is answered and the provider delivers again.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// One bucket.
#[derive(Debug, Clone)]
pub struct S3Objects {
    client: Client,
    bucket: String,
}

impl S3Objects {
    /// Over a client's configuration, whose timeouts are replaced.
    pub fn new(config: aws_sdk_s3::config::Builder, bucket: String) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_timeout(OPERATION_TIMEOUT)
            .connect_timeout(OPERATION_TIMEOUT / 4)
            .build();
        Self {
            client: Client::from_conf(config.timeout_config(timeouts).build()),
            bucket,
        }
    }
}

/// What a failure of S3 means to us.
fn failed<E>(error: SdkError<E>) -> ObjectError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error.code() {
        Some("AccessDenied") => ObjectError::Refused(error.into()),
        _ => ObjectError::Unavailable(error.into()),
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn put_if_absent(&self, name: &ObjectName, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(name.as_str())
            .if_none_match("*")
            .body(ByteStream::from(bytes))
            .send()
            .await;
        match put {
            Ok(_) => Ok(Put::Created),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(Put::Exists),
            Err(error) => Err(failed(error)),
        }
    }

    async fn get(&self, name: &ObjectName) -> Result<Option<Vec<u8>>, ObjectError> {
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(name.as_str())
            .send()
            .await;
        let answer = match got {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        // Its bytes follow the answer, beyond the operation's own bound.
        let read = tokio::time::timeout(OPERATION_TIMEOUT, answer.body.collect()).await;
        match read {
            Ok(Ok(bytes)) => Ok(Some(bytes.to_vec())),
            Ok(Err(error)) => Err(ObjectError::Unavailable(error.into())),
            Err(late) => Err(ObjectError::Unavailable(late.into())),
        }
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), ObjectError> {
        let deleted = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(name.as_str())
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}
