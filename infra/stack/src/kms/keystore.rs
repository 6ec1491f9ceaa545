//! The development keys behind the KMS stand-in, and the file that keeps them.

use std::{
    collections::BTreeMap,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const NOTICE: &str = "DEVELOPMENT KEYS. In clear, for a local stack only. Never protect real data with them. \
                      Without this file the tables and objects beside it cannot be read.";
const VERSION: u32 = 1;

/// Why keys could not be made, read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeystoreError {
    #[error("the key file cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    #[error("the key file is damaged or of another version")]
    Damaged,
    #[error("a key could not be made")]
    Generation,
}

/// What a key is for and how it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeySpec {
    #[serde(rename = "SYMMETRIC_DEFAULT")]
    Symmetric,
    #[serde(rename = "ECC_NIST_P256")]
    P256,
}

impl KeySpec {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "SYMMETRIC_DEFAULT",
            Self::P256 => "ECC_NIST_P256",
        }
    }

    pub(crate) fn usage(self) -> &'static str {
        match self {
            Self::Symmetric => "ENCRYPT_DECRYPT",
            Self::P256 => "SIGN_VERIFY",
        }
    }
}

/// What can be told about a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyInfo {
    pub(crate) id: Uuid,
    pub(crate) spec: KeySpec,
    pub(crate) description: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// Key material, ready for use.
pub(crate) enum Material {
    Symmetric([u8; 32]),
    P256(Box<EcdsaKeyPair>),
}

/// A key.
pub(crate) struct Key {
    pub(crate) info: KeyInfo,
    pub(crate) material: Material,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    #[serde(flatten)]
    info: KeyInfo,
    /// Base64: the 32 bytes of a symmetric key, the PKCS #8 document of an elliptic-curve key.
    material: String,
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    notice: String,
    version: u32,
    keys: Vec<StoredKey>,
    aliases: BTreeMap<String, Uuid>,
}

/// Keys and aliases.
pub(crate) struct Keystore {
    path: Option<PathBuf>,
    keys: BTreeMap<Uuid, Key>,
    aliases: BTreeMap<String, Uuid>,
}

impl Keystore {
    /// Opens the keys kept at `path`, or an empty store; without a path nothing is kept.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, KeystoreError> {
        let mut store = Self {
            path,
            keys: BTreeMap::new(),
            aliases: BTreeMap::new(),
        };
        let Some(path) = store.path.as_deref().filter(|path| path.exists()) else {
            return Ok(store);
        };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let file: KeyFile =
            serde_json::from_slice(&std::fs::read(path)?).map_err(|_| KeystoreError::Damaged)?;
        if file.version != VERSION {
            return Err(KeystoreError::Damaged);
        }
        for stored in file.keys {
            let bytes = BASE64
                .decode(&stored.material)
                .map_err(|_| KeystoreError::Damaged)?;
            let material = match stored.info.spec {
                KeySpec::Symmetric => {
                    Material::Symmetric(bytes.try_into().map_err(|_| KeystoreError::Damaged)?)
                }
                KeySpec::P256 => Material::P256(Box::new(
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &bytes)
                        .map_err(|_| KeystoreError::Damaged)?,
                )),
            };
            store.keys.insert(
                stored.info.id,
                Key {
                    info: stored.info,
                    material,
                },
            );
        }
        store.aliases = file.aliases;
        Ok(store)
    }

    /// Makes and keeps a key.
    pub(crate) fn create(
        &mut self,
        spec: KeySpec,
        description: String,
    ) -> Result<KeyInfo, KeystoreError> {
        let material = match spec {
            KeySpec::Symmetric => {
                let mut bytes = [0; 32];
                aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeystoreError::Generation)?;
                Material::Symmetric(bytes)
            }
            KeySpec::P256 => Material::P256(Box::new(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
                    .map_err(|_| KeystoreError::Generation)?,
            )),
        };
        let info = KeyInfo {
            id: Uuid::now_v7(),
            spec,
            description,
            created_at: Utc::now(),
        };
        self.keys.insert(
            info.id,
            Key {
                info: info.clone(),
                material,
            },
        );
        self.save().inspect_err(|_| {
            self.keys.remove(&info.id);
        })?;
        Ok(info)
    }

    /// Points `alias` at a key; an earlier target is forgotten.
    pub(crate) fn set_alias(&mut self, alias: &str, key: Uuid) -> Result<(), KeystoreError> {
        let before = self.aliases.insert(alias.to_owned(), key);
        self.save().inspect_err(|_| {
            match before {
                Some(before) => self.aliases.insert(alias.to_owned(), before),
                None => self.aliases.remove(alias),
            };
        })
    }

    pub(crate) fn get(&self, id: &Uuid) -> Option<&Key> {
        self.keys.get(id)
    }

    pub(crate) fn alias(&self, alias: &str) -> Option<&Uuid> {
        self.aliases.get(alias)
    }

    pub(crate) fn aliases(&self) -> &BTreeMap<String, Uuid> {
        &self.aliases
    }

    fn save(&self) -> Result<(), KeystoreError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let keys = self.keys.values().map(|key| {
            let material = match &key.material {
                Material::Symmetric(bytes) => BASE64.encode(bytes),
                Material::P256(pair) => {
                    BASE64.encode(pair.to_pkcs8v1().map_err(|_| KeystoreError::Generation)?)
                }
            };
            Ok(StoredKey {
                info: key.info.clone(),
                material,
            })
        });
        let file = KeyFile {
            notice: NOTICE.to_owned(),
            version: VERSION,
            keys: keys.collect::<Result<_, KeystoreError>>()?,
            aliases: self.aliases.clone(),
        };
        let text = serde_json::to_vec_pretty(&file).map_err(|_| KeystoreError::Damaged)?;
        write_private(path, &text)?;
        Ok(())
    }
}

/// Replaces the file at `path` in one step; only the owner can read it.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let next = path.with_extension("json.next");
    match std::fs::remove_file(&next) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&next)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    match path.parent() {
        Some(directory) => std::fs::File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// The public half of a pair, as a DER SubjectPublicKeyInfo.
pub(crate) fn public_key_der(pair: &EcdsaKeyPair) -> Option<Vec<u8>> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
    Some(der.as_ref().to_vec())
}
