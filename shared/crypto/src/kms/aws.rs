//! AWS KMS through the SDK.

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, MessageType, SigningAlgorithmSpec};
use zeroize::{Zeroize, Zeroizing};

use super::{DataKey, EncryptionContext, Kms, KmsError, SigningKey, WrappedKey};

/// AWS KMS: one symmetric key that wraps data keys, one `ECC_NIST_P256` key that signs access tokens (one key per
/// purpose, architecture.md *Security baseline*).
#[derive(Clone, Debug)]
pub struct AwsKms {
    client: Client,
    data_key_id: String,
    signing_key_id: String,
}

impl AwsKms {
    /// Uses the two keys, each named by id, alias or ARN.
    pub fn new(
        client: Client,
        data_key_id: impl Into<String>,
        signing_key_id: impl Into<String>,
    ) -> Self {
        Self {
            client,
            data_key_id: data_key_id.into(),
            signing_key_id: signing_key_id.into(),
        }
    }
}

#[async_trait]
impl Kms for AwsKms {
    async fn generate_data_key(
        &self,
        context: &EncryptionContext,
    ) -> Result<(DataKey, WrappedKey), KmsError> {
        let mut request = self
            .client
            .generate_data_key()
            .key_id(&self.data_key_id)
            .key_spec(DataKeySpec::Aes256);
        for (name, value) in context.pairs() {
            request = request.encryption_context(name, value);
        }
        let answer = request.send().await.map_err(classify)?;
        let wrapped = answer
            .ciphertext_blob
            .ok_or(KmsError::Malformed("no wrapped key"))?
            .into_inner();
        Ok((data_key(answer.plaintext)?, WrappedKey::from_bytes(wrapped)))
    }

    async fn decrypt_data_key(
        &self,
        wrapped: &WrappedKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KmsError> {
        // The key is named so that a blob wrapped under some other key of the account is refused.
        let mut request = self
            .client
            .decrypt()
            .key_id(&self.data_key_id)
            .ciphertext_blob(Blob::new(wrapped.as_bytes()));
        for (name, value) in context.pairs() {
            request = request.encryption_context(name, value);
        }
        data_key(request.send().await.map_err(classify)?.plaintext)
    }

    async fn sign_digest(&self, digest: &[u8; 32]) -> Result<Vec<u8>, KmsError> {
        let answer = self
            .client
            .sign()
            .key_id(&self.signing_key_id)
            .message(Blob::new(digest.as_slice()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await
            .map_err(classify)?;
        Ok(answer
            .signature
            .ok_or(KmsError::Malformed("no signature"))?
            .into_inner())
    }

    async fn public_key(&self) -> Result<SigningKey, KmsError> {
        let answer = self
            .client
            .get_public_key()
            .key_id(&self.signing_key_id)
            .send()
            .await
            .map_err(classify)?;
        Ok(SigningKey {
            id: answer.key_id.ok_or(KmsError::Malformed("no key id"))?,
            spki_der: answer
                .public_key
                .ok_or(KmsError::Malformed("no public key"))?
                .into_inner(),
        })
    }
}

fn data_key(plaintext: Option<Blob>) -> Result<DataKey, KmsError> {
    let mut bytes = plaintext
        .ok_or(KmsError::Malformed("no data key"))?
        .into_inner();
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new);
    bytes.zeroize();
    key.map_err(|_| KmsError::Malformed("a data key that is not of 256 bits"))
}

/// Never carries the raw answer: one that could not be read may hold a data key in clear.
fn classify<E>(error: SdkError<E>) -> KmsError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let context = match error {
        SdkError::ServiceError(context) => context,
        SdkError::ConstructionFailure(_) => {
            return KmsError::Malformed("a request that could not be made");
        }
        SdkError::TimeoutError(_) => return KmsError::Unavailable("no answer in time".into()),
        SdkError::DispatchFailure(_) => return KmsError::Unavailable("not reached".into()),
        _ => return KmsError::Unavailable("no answer that can be read".into()),
    };
    let service = context.into_err();
    match service.code() {
        Some("InvalidCiphertextException" | "IncorrectKeyException") => KmsError::Rejected,
        Some(
            "AccessDeniedException"
            | "DisabledException"
            | "NotFoundException"
            | "KMSInvalidStateException"
            | "InvalidKeyUsageException",
        ) => KmsError::Denied(Box::new(service)),
        _ => KmsError::Unavailable(Box::new(service)),
    }
}
