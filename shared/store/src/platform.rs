//! The platform's own keys: for what belongs to no tenant, such as the hash of a sign-in e-mail.

use serde::{Deserialize, Serialize};
use vio_crypto::{PlatformKeys, WrappedKey};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::Store;
use crate::tx::Tx;

#[derive(Serialize, Deserialize)]
struct Row {
    wrapped_key: WrappedKey,
    #[serde(skip)]
    version: u64,
}

impl Entity for Row {
    const TYPE: &'static str = "platform";
    fn key(&self) -> Key {
        key::platform()
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl Store {
    /// The platform's keys. The very first caller makes them; of several at once, one wins and all use its keys.
    pub async fn platform_keys(&self) -> Result<PlatformKeys, StoreError> {
        let failed = |error: vio_crypto::CryptoError| StoreError::Keys(Box::new(error));
        if let Some(row) = self.read::<Row>(&key::platform()).await? {
            return self.keys().platform(&row.wrapped_key).await.map_err(failed);
        }
        let (keys, wrapped_key) = self.keys().create_platform().await.map_err(failed)?;
        let mut tx = Tx::new();
        tx.create(&mut Row {
            wrapped_key,
            version: 0,
        })?;
        match self.commit(tx).await {
            Ok(()) => Ok(keys),
            Err(error) if error.is_lost() => {
                let row = self
                    .read::<Row>(&key::platform())
                    .await?
                    .ok_or(StoreError::Invalid("the platform's keys vanished".into()))?;
                self.keys().platform(&row.wrapped_key).await.map_err(failed)
            }
            Err(error) => Err(error),
        }
    }
}
