//! Configuration, read once at start. A missing or malformed variable ends the start with its name.

use std::num::NonZeroU32;

use vio_crypto::password::Argon2Params;
use vio_domain::calling::limits::CallLimits;
use vio_domain::requests::REQUESTS_PER_MINUTE;

/// A variable is missing or malformed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    #[error("environment variable {name} is malformed: {reason}")]
    Malformed { name: &'static str, reason: String },
}

/// Reads one variable; empty counts as unset.
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads one variable that must be there.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

fn switch(name: &'static str, default: bool) -> Result<bool, ConfigError> {
    match optional(name).as_deref() {
        None => Ok(default),
        Some("1" | "true" | "on" | "yes") => Ok(true),
        Some("0" | "false" | "off" | "no") => Ok(false),
        Some(other) => Err(ConfigError::Malformed {
            name,
            reason: format!("{other:?} is neither on nor off"),
        }),
    }
}

/// The platform's limits and switches (rules.md "The call throttle"; api.md).
#[derive(Debug, Clone)]
pub struct Platform {
    pub limits: CallLimits,
    /// Requests a tenant may make of the API in a minute, all functions together (`VIO_REQUESTS_PER_MINUTE`, 0 for none);
    /// None where they are not counted.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Whether a client_admin may set Retell's agent, number and key (`VIO_TENANT_SETS_RETELL`).
    pub tenant_sets_retell: bool,
    /// Whether anybody may sign a business up (`VIO_SIGN_UP=open`), or only a super_admin.
    pub open_sign_up: bool,
    /// Whether integrations may name a base URL of their own, and users may be made with a password: the local host.
    pub local: bool,
    /// Where people and providers reach this deployment, without a trailing slash (`VIO_PUBLIC_URL`).
    pub public_url: String,
    /// Retell's address unless a tenant names another (`VIO_RETELL_URL`).
    pub retell_url: String,
    /// Cal.com's address unless a tenant names another (`VIO_CALCOM_URL`).
    pub calcom_url: String,
    /// Calendly's address unless a tenant names another (`VIO_CALENDLY_URL`).
    pub calendly_url: String,
    /// Twilio's address unless a tenant names another (`VIO_TWILIO_URL`).
    pub twilio_url: String,
    /// What hashing a password costs.
    pub password_cost: Argon2Params,
}

/// Retell's own address (CONTRACTS: "Base").
pub const RETELL_URL: &str = "https://api.retellai.com";
/// Cal.com's own address.
pub const CALCOM_URL: &str = "https://api.cal.com";
pub use vio_providers::calendly::CALENDLY_URL;
/// Twilio's own address.
pub use vio_providers::twilio::TWILIO_URL;

impl Platform {
    /// Whether people reach this deployment over TLS: only then is a cookie marked for it.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// From the environment of a deployed function.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            limits: limits_from_env()?,
            requests_per_minute: requests_per_minute_from_env()?,
            tenant_sets_retell: switch("VIO_TENANT_SETS_RETELL", false)?,
            open_sign_up: optional("VIO_SIGN_UP").as_deref() == Some("open"),
            local: false,
            public_url: required("VIO_PUBLIC_URL")?.trim_end_matches('/').to_owned(),
            retell_url: optional("VIO_RETELL_URL").unwrap_or_else(|| RETELL_URL.into()),
            calcom_url: optional("VIO_CALCOM_URL").unwrap_or_else(|| CALCOM_URL.into()),
            calendly_url: optional("VIO_CALENDLY_URL").unwrap_or_else(|| CALENDLY_URL.into()),
            twilio_url: optional("VIO_TWILIO_URL").unwrap_or_else(|| TWILIO_URL.into()),
            password_cost: Argon2Params::DEFAULT,
        })
    }
}

/// The call limits, shrunk by a test through the environment.
pub fn limits_from_env() -> Result<CallLimits, ConfigError> {
    CallLimits::from_lookup(optional).map_err(|error| ConfigError::Malformed {
        name: error.name,
        reason: error.to_string(),
    })
}

const REQUESTS: &str = "VIO_REQUESTS_PER_MINUTE";

/// The request limit: S0's, unless the environment names another; 0 for none.
pub fn requests_per_minute_from_env() -> Result<Option<NonZeroU32>, ConfigError> {
    let Some(text) = optional(REQUESTS) else {
        return Ok(NonZeroU32::new(REQUESTS_PER_MINUTE));
    };
    let limit = text.parse().map_err(|_| ConfigError::Malformed {
        name: REQUESTS,
        reason: "it must be a whole number".to_owned(),
    })?;
    Ok(NonZeroU32::new(limit))
}
