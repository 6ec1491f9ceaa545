//! The voice provider as one tenant reaches it.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use vio_providers::retell::RetellApi;
use vio_runtime::app::App;
use vio_store::tenants::TenantSettings;

/// A client, and the fingerprint of what it was made from.
pub struct Voice {
    pub api: Arc<dyn RetellApi>,
    /// Hash of credential and base URL: an attempt granted under another is never asked about here.
    pub fingerprint: String,
}

impl Voice {
    /// None where no key is stored, or the address is not one.
    pub fn of(app: &App, settings: &TenantSettings) -> Option<Self> {
        let key = SecretString::from(settings.secrets.retell_key.current.clone()?);
        let own = settings.settings.integrations.retell.base_url.as_ref();
        let base_url = own.map_or(app.platform.retell_url.as_str(), |url| url.as_str());
        let message = [base_url.as_bytes(), b"\n"];
        let fingerprint = vio_crypto::mac::sign_hex(key.expose_secret().as_bytes(), &message);
        match app.retell.client_at(base_url, key) {
            Ok(api) => Some(Self { api, fingerprint }),
            Err(error) => {
                tracing::error!(%error, "the voice provider's address cannot be used");
                None
            }
        }
    }
}
