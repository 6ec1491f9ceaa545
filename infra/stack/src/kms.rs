//! A stand-in for KMS: symmetric encryption with context, data keys, P-256 signatures.
//!
//! A ciphertext is a version byte, the key's id, a nonce, and AES-256-GCM output; the encryption
//! context is authenticated with it.

mod keystore;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    digest::{Digest, SHA256, digest},
    signature::{ECDSA_P256_SHA256_ASN1, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use self::keystore::Keystore;
use self::keystore::{Key, KeyInfo, KeySpec, KeystoreError, Material, public_key_der};
use crate::wire::{ACCOUNT, ApiError, AwsJson, REGION, input};

const CIPHERTEXT_VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
/// The largest plaintext of Encrypt and message of Sign, in bytes.
const MAX_PLAINTEXT: usize = 4096;
const MAX_DATA_KEY: usize = 1024;
/// The largest encryption context, in bytes.
const MAX_CONTEXT: usize = 8192;
const ECDSA: &str = "ECDSA_SHA_256";

/// The keys, behind the wire.
pub(crate) struct Kms {
    keys: Mutex<Keystore>,
}

impl Kms {
    pub(crate) fn new(keys: Keystore) -> Self {
        Self {
            keys: Mutex::new(keys),
        }
    }

    fn keys(&self) -> MutexGuard<'_, Keystore> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create_key(&self, request: CreateKey) -> Result<Value, ApiError> {
        let spec = request.key_spec.or(request.customer_master_key_spec);
        let spec = match spec.as_deref().unwrap_or("SYMMETRIC_DEFAULT") {
            "SYMMETRIC_DEFAULT" => KeySpec::Symmetric,
            "ECC_NIST_P256" => KeySpec::P256,
            _ => {
                return Err(ApiError::new(
                    "UnsupportedOperationException",
                    "The key spec is not known here.",
                ));
            }
        };
        let usage = request.key_usage.as_deref().unwrap_or("ENCRYPT_DECRYPT");
        if usage != spec.usage() {
            return Err(validation("The key usage does not go with the key spec."));
        }
        let info = self.keys().create(spec, request.description)?;
        Ok(json!({ "KeyMetadata": metadata(&info) }))
    }

    fn create_alias(&self, request: &SetAlias, replace: bool) -> Result<Value, ApiError> {
        let alias = &request.alias_name;
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-');
        let name = alias.strip_prefix("alias/").filter(|name| {
            !name.is_empty()
                && name.len() <= 250
                && !name.starts_with("aws/")
                && name.chars().all(legal)
        });
        if name.is_none() {
            return Err(ApiError::new(
                "InvalidAliasNameException",
                "The alias name is not valid.",
            ));
        }
        let mut keys = self.keys();
        if request.target_key_id.contains("alias/") {
            return Err(validation("An alias must point at a key."));
        }
        let target = find(&keys, &request.target_key_id)?.info.id;
        match (keys.alias(alias).is_some(), replace) {
            (true, false) => Err(ApiError::new(
                "AlreadyExistsException",
                "An alias with this name already exists.",
            )),
            (false, true) => Err(not_found(alias)),
            _ => {
                keys.set_alias(alias, target)?;
                Ok(json!({}))
            }
        }
    }

    fn list_aliases(&self, request: &ListAliases) -> Result<Value, ApiError> {
        let keys = self.keys();
        let only = request
            .key_id
            .as_deref()
            .map(|id| find(&keys, id).map(|key| key.info.id))
            .transpose()?;
        let aliases = keys
            .aliases()
            .iter()
            .filter(|(_, key)| only.is_none_or(|only| only == **key));
        let aliases = aliases.map(|(name, key)| {
            json!({
                "AliasName": name,
                "AliasArn": format!("arn:aws:kms:{REGION}:{ACCOUNT}:{name}"),
                "TargetKeyId": key,
            })
        });
        Ok(json!({ "Aliases": aliases.collect::<Vec<_>>(), "Truncated": false }))
    }

    fn describe_key(&self, request: &OfKey) -> Result<Value, ApiError> {
        let keys = self.keys();
        Ok(json!({ "KeyMetadata": metadata(&find(&keys, &request.key_id)?.info) }))
    }

    fn encrypt(&self, request: &Encrypt) -> Result<Value, ApiError> {
        let plaintext = bytes(&request.plaintext)?;
        if plaintext.is_empty() || plaintext.len() > MAX_PLAINTEXT {
            return Err(validation("Plaintext must have 1 to 4096 bytes."));
        }
        let keys = self.keys();
        let key = find(&keys, &request.key_id)?;
        let blob = seal(key, &request.encryption_context, plaintext)?;
        Ok(json!({
            "CiphertextBlob": BASE64.encode(blob),
            "KeyId": arn(&key.info),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    fn decrypt(&self, request: &Decrypt) -> Result<Value, ApiError> {
        let blob = bytes(&request.ciphertext_blob)?;
        let keys = self.keys();
        let expected = request
            .key_id
            .as_deref()
            .map(|id| find(&keys, id))
            .transpose()?;
        let id = blob
            .get(1..=KEY_ID_BYTES)
            .and_then(|id| Uuid::from_slice(id).ok());
        let key = id
            .and_then(|id| keys.get(&id))
            .ok_or_else(invalid_ciphertext)?;
        if expected.is_some_and(|expected| expected.info.id != key.info.id) {
            let message = "The key in the request is not the one that made the ciphertext.";
            return Err(ApiError::new("IncorrectKeyException", message));
        }
        let plaintext = open(key, &request.encryption_context, &blob)?;
        Ok(json!({
            "Plaintext": BASE64.encode(plaintext),
            "KeyId": arn(&key.info),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    fn generate_data_key(
        &self,
        request: &GenerateDataKey,
        plaintext: bool,
    ) -> Result<Value, ApiError> {
        let length = match (request.key_spec.as_deref(), request.number_of_bytes) {
            (Some("AES_256"), None) => 32,
            (Some("AES_128"), None) => 16,
            (None, Some(length)) if (1..=MAX_DATA_KEY).contains(&length) => length,
            _ => {
                return Err(validation(
                    "Give either KeySpec or NumberOfBytes (1 to 1024).",
                ));
            }
        };
        let mut data_key = vec![0; length];
        aws_lc_rs::rand::fill(&mut data_key).map_err(|_| internal())?;
        let keys = self.keys();
        let key = find(&keys, &request.key_id)?;
        let mut answer = json!({ "KeyId": arn(&key.info) });
        if plaintext {
            answer["Plaintext"] = Value::String(BASE64.encode(&data_key));
        }
        let blob = seal(key, &request.encryption_context, data_key)?;
        answer["CiphertextBlob"] = Value::String(BASE64.encode(blob));
        Ok(answer)
    }

    fn sign(&self, request: &Sign) -> Result<Value, ApiError> {
        let keys = self.keys();
        let (key, pair) = signing_pair(&keys, &request.key_id, &request.signing_algorithm)?;
        let digest = message_digest(&request.message, request.message_type.as_deref())?;
        let signature = pair.sign_digest(&digest).map_err(|_| internal())?;
        Ok(json!({
            "KeyId": arn(&key.info),
            "Signature": BASE64.encode(signature.as_ref()),
            "SigningAlgorithm": ECDSA,
        }))
    }

    fn verify(&self, request: &Verify) -> Result<Value, ApiError> {
        let keys = self.keys();
        let (key, pair) = signing_pair(&keys, &request.key_id, &request.signing_algorithm)?;
        let digest = message_digest(&request.message, request.message_type.as_deref())?;
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());
        public
            .verify_digest(&digest, &bytes(&request.signature)?)
            .map_err(|_| {
                ApiError::new(
                    "KMSInvalidSignatureException",
                    "The signature does not fit the message.",
                )
            })?;
        Ok(json!({ "KeyId": arn(&key.info), "SignatureValid": true, "SigningAlgorithm": ECDSA }))
    }

    fn get_public_key(&self, request: &OfKey) -> Result<Value, ApiError> {
        let keys = self.keys();
        let key = find(&keys, &request.key_id)?;
        let Material::P256(pair) = &key.material else {
            return Err(ApiError::new(
                "UnsupportedOperationException",
                "A symmetric key has no public key.",
            ));
        };
        let der = public_key_der(pair).ok_or_else(internal)?;
        Ok(json!({
            "KeyId": arn(&key.info),
            "PublicKey": BASE64.encode(der),
            "CustomerMasterKeySpec": key.info.spec.name(),
            "KeySpec": key.info.spec.name(),
            "KeyUsage": key.info.spec.usage(),
            "SigningAlgorithms": [ECDSA],
        }))
    }
}

impl AwsJson for Kms {
    const TARGET: &'static str = "TrentService";
    const MEDIA_TYPE: &'static str = "application/x-amz-json-1.1";
    const BODY_LIMIT: usize = 64 * 1024;

    async fn call(&self, operation: &str, body: &[u8]) -> Result<Value, ApiError> {
        match operation {
            "CreateKey" => self.create_key(input(body)?),
            "CreateAlias" => self.create_alias(&input(body)?, false),
            "UpdateAlias" => self.create_alias(&input(body)?, true),
            "ListAliases" => self.list_aliases(&input(body)?),
            "DescribeKey" => self.describe_key(&input(body)?),
            "Encrypt" => self.encrypt(&input(body)?),
            "Decrypt" => self.decrypt(&input(body)?),
            "GenerateDataKey" => self.generate_data_key(&input(body)?, true),
            "GenerateDataKeyWithoutPlaintext" => self.generate_data_key(&input(body)?, false),
            "Sign" => self.sign(&input(body)?),
            "Verify" => self.verify(&input(body)?),
            "GetPublicKey" => self.get_public_key(&input(body)?),
            _ => Err(ApiError::unknown_operation()),
        }
    }
}

type Context = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateKey {
    #[serde(default)]
    description: String,
    key_spec: Option<String>,
    customer_master_key_spec: Option<String>,
    key_usage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetAlias {
    alias_name: String,
    target_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListAliases {
    key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfKey {
    key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypt {
    key_id: String,
    plaintext: String,
    #[serde(default)]
    encryption_context: Context,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt {
    key_id: Option<String>,
    ciphertext_blob: String,
    #[serde(default)]
    encryption_context: Context,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey {
    key_id: String,
    key_spec: Option<String>,
    number_of_bytes: Option<usize>,
    #[serde(default)]
    encryption_context: Context,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sign {
    key_id: String,
    message: String,
    message_type: Option<String>,
    signing_algorithm: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Verify {
    key_id: String,
    message: String,
    message_type: Option<String>,
    signature: String,
    signing_algorithm: String,
}

/// Finds a key by id, key ARN, alias or alias ARN.
fn find<'a>(keys: &'a Keystore, name: &str) -> Result<&'a Key, ApiError> {
    let prefix = format!("arn:aws:kms:{REGION}:{ACCOUNT}:");
    let local = name.strip_prefix(&prefix).unwrap_or(name);
    let id = if local.starts_with("alias/") {
        keys.alias(local).copied()
    } else {
        local.strip_prefix("key/").unwrap_or(local).parse().ok()
    };
    id.and_then(|id| keys.get(&id))
        .ok_or_else(|| not_found(name))
}

fn arn(info: &KeyInfo) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{}", info.id)
}

fn metadata(info: &KeyInfo) -> Value {
    let mut shown = json!({
        "AWSAccountId": ACCOUNT,
        "KeyId": info.id,
        "Arn": arn(info),
        "CreationDate": info.created_at.timestamp(),
        "Description": info.description,
        "Enabled": true,
        "KeyState": "Enabled",
        "KeyManager": "CUSTOMER",
        "Origin": "AWS_KMS",
        "MultiRegion": false,
        "CustomerMasterKeySpec": info.spec.name(),
        "KeySpec": info.spec.name(),
        "KeyUsage": info.spec.usage(),
    });
    match info.spec {
        KeySpec::Symmetric => shown["EncryptionAlgorithms"] = json!(["SYMMETRIC_DEFAULT"]),
        KeySpec::P256 => shown["SigningAlgorithms"] = json!([ECDSA]),
    }
    shown
}

/// The encryption context in one unambiguous form.
fn context_bytes(context: &Context) -> Result<Vec<u8>, ApiError> {
    let mut out = Vec::new();
    for part in context.iter().flat_map(|(name, value)| [name, value]) {
        out.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend(part.as_bytes());
    }
    if out.len() > MAX_CONTEXT {
        return Err(validation("The encryption context is too large."));
    }
    Ok(out)
}

fn cipher(key: &Key) -> Result<RandomizedNonceKey, ApiError> {
    let Material::Symmetric(material) = &key.material else {
        return Err(ApiError::new(
            "InvalidKeyUsageException",
            "The key is not for encryption.",
        ));
    };
    RandomizedNonceKey::new(&AES_256_GCM, material).map_err(|_| internal())
}

fn seal(key: &Key, context: &Context, mut data: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    let aad = Aad::from(context_bytes(context)?);
    let nonce = cipher(key)?
        .seal_in_place_append_tag(aad, &mut data)
        .map_err(|_| internal())?;
    let mut blob = vec![CIPHERTEXT_VERSION];
    blob.extend(key.info.id.as_bytes());
    blob.extend(nonce.as_ref());
    blob.extend(data);
    Ok(blob)
}

fn open(key: &Key, context: &Context, blob: &[u8]) -> Result<Vec<u8>, ApiError> {
    let aad = Aad::from(context_bytes(context)?);
    let (version, rest) = blob.split_first().ok_or_else(invalid_ciphertext)?;
    if *version != CIPHERTEXT_VERSION || rest.len() < KEY_ID_BYTES + NONCE_BYTES {
        return Err(invalid_ciphertext());
    }
    let (nonce, sealed) = rest.split_at(KEY_ID_BYTES).1.split_at(NONCE_BYTES);
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| invalid_ciphertext())?;
    let mut data = sealed.to_vec();
    let plaintext = cipher(key)?.open_in_place(nonce, aad, &mut data);
    Ok(plaintext.map_err(|_| invalid_ciphertext())?.to_vec())
}

fn signing_pair<'a>(
    keys: &'a Keystore,
    name: &str,
    algorithm: &str,
) -> Result<(&'a Key, &'a EcdsaKeyPair), ApiError> {
    let key = find(keys, name)?;
    match &key.material {
        Material::P256(pair) if algorithm == ECDSA => Ok((key, pair)),
        _ => Err(ApiError::new(
            "InvalidKeyUsageException",
            "The key is not for this signing algorithm.",
        )),
    }
}

fn message_digest(message: &str, message_type: Option<&str>) -> Result<Digest, ApiError> {
    let message = bytes(message)?;
    match message_type.unwrap_or("RAW") {
        "RAW" if (1..=MAX_PLAINTEXT).contains(&message.len()) => Ok(digest(&SHA256, &message)),
        "RAW" => Err(validation("A raw message must have 1 to 4096 bytes.")),
        "DIGEST" => Digest::import_less_safe(&message, &SHA256)
            .map_err(|_| validation("Digest is invalid length for algorithm ECDSA_SHA_256.")),
        _ => Err(validation("MessageType must be RAW or DIGEST.")),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, ApiError> {
    BASE64
        .decode(text)
        .map_err(|_| ApiError::new("SerializationException", "A blob is not base64."))
}

fn validation(message: &str) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn not_found(name: &str) -> ApiError {
    let name: String = name.chars().filter(|c| !c.is_control()).take(256).collect();
    ApiError::new("NotFoundException", format!("{name} is not found."))
}

fn invalid_ciphertext() -> ApiError {
    ApiError::new("InvalidCiphertextException", "")
}

fn internal() -> ApiError {
    ApiError::new("KMSInternalException", "The request failed.")
        .status(StatusCode::INTERNAL_SERVER_ERROR)
}

impl From<KeystoreError> for ApiError {
    fn from(error: KeystoreError) -> Self {
        tracing::error!(%error, "development keys");
        internal()
    }
}
