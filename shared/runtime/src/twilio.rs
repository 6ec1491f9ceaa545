//! Twilio as one tenant reaches it.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use vio_providers::twilio::{Account, TwilioApi};
use vio_store::tenants::TenantSettings;

use crate::app::App;

/// A client, and the fingerprint of what it was made from.
pub struct Twilio {
    pub api: Arc<dyn TwilioApi>,
    /// Hash of address, account, number and token: what was sent through another is never asked about here.
    pub fingerprint: String,
}

impl Twilio {
    /// None where the connection is not set up, or its address is none.
    pub fn of(app: &App, opened: &TenantSettings) -> Option<Self> {
        let twilio = &opened.settings.integrations.twilio;
        let sid = twilio.account_sid.as_ref().filter(|_| twilio.opens())?;
        let token = SecretString::from(opened.secrets.twilio_token.current.clone()?);
        let own = twilio.base_url.as_ref();
        let base = own.map_or(app.platform.twilio_url.as_str(), |url| url.as_str());
        let from = twilio.from_number.as_ref().map_or("", |from| from.as_str());
        let parts = [base, sid.as_str(), from].join("\n");
        let secret = token.expose_secret().as_bytes();
        let fingerprint = vio_crypto::mac::sign_hex(secret, &[parts.as_bytes()]);
        let account = Account {
            sid: sid.as_str().to_owned(),
            token: token.clone(),
        };
        match app.twilio.client_at(base, account) {
            Ok(api) => Some(Self { api, fingerprint }),
            Err(error) => {
                tracing::error!(%error, "the address for messages cannot be used");
                None
            }
        }
    }
}
