//! E-mail as this deployment sends it: one sender for all businesses, whose names it shows.

use std::fmt;
use std::sync::Arc;

use aws_config::SdkConfig;
use vio_domain::text::Email;
use vio_providers::ses::{Mailer, SesMailer, SesSigning};
use vio_providers::{BaseUrl, Http};

use crate::app::StartError;
use crate::config::{ConfigError, optional};

const FROM: &str = "VIO_MAIL_FROM";
const URL: &str = "VIO_MAIL_URL";

/// The sender, and the way out.
#[derive(Clone)]
pub struct Mail {
    pub api: Arc<dyn Mailer>,
    /// The address that everything is sent from (`VIO_MAIL_FROM`); it is proved to SES, as is its domain.
    pub from: Email,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

impl Mail {
    /// From the environment of a deployed function: None where `VIO_MAIL_FROM` is not set. `VIO_MAIL_URL` replaces SES's
    /// address in the function's region, `VIO_MAIL_CONFIGURATION_SET` names what sends the news of e-mails.
    pub fn from_env(aws: &SdkConfig) -> Result<Option<Self>, StartError> {
        let Some(from) = optional(FROM) else {
            return Ok(None);
        };
        let malformed = |name, reason: String| {
            StartError::because("configuration")(ConfigError::Malformed { name, reason })
        };
        let from = Email::parse(&from).map_err(|error| malformed(FROM, error.detail))?;
        let credentials = aws.credentials_provider();
        let credentials = credentials
            .ok_or_else(|| malformed(FROM, "there are no credentials to send with".to_owned()))?;
        let region = aws.region().map_or("", |region| region.as_ref()).to_owned();
        let url = optional(URL).unwrap_or_else(|| format!("https://email.{region}.amazonaws.com"));
        let base = BaseUrl::parse(&url).map_err(|error| malformed(URL, error.to_string()))?;
        let signing = SesSigning {
            credentials,
            region,
        };
        let configuration_set = optional("VIO_MAIL_CONFIGURATION_SET");
        let api = SesMailer::new(Http::new(), base, signing, configuration_set);
        Ok(Some(Self {
            api: Arc::new(api),
            from,
        }))
    }
}
