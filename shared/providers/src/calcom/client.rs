//! Cal.com's API v2, as far as a connection test needs it.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use crate::json::text;
use crate::transport::{Http, send};
use crate::{ApiError, BaseUrl, Unanswered};

/// The version of the API that is spoken.
const API_VERSION: &str = "2024-08-13";

/// One tenant's access to Cal.com.
#[derive(Clone)]
pub struct CalcomClient {
    http: Http,
    base: BaseUrl,
    key: SecretString,
}

/// Whose key it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Me {
    /// The account's name.
    pub username: Option<String>,
    /// The account's e-mail, to compare with the organizer that the tenant named.
    pub email: Option<String>,
    /// The account's IANA zone.
    pub time_zone: Option<String>,
}

impl CalcomClient {
    /// Access with a key.
    pub fn new(http: Http, base: BaseUrl, key: SecretString) -> Self {
        Self { http, base, key }
    }

    /// `GET /v2/me`: tests the key.
    pub async fn me(&self, timeout: Duration) -> Result<Me, ApiError> {
        let request = self
            .http
            .get(self.base.join("/v2/me"))?
            .header("cal-api-version", API_VERSION);
        let answer = send(request, &self.key, timeout).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|_| Unanswered::Unreadable)?;
        let data = answer["data"]
            .as_object()
            .map(|_| &answer["data"])
            .ok_or(Unanswered::Unreadable)?;
        Ok(Me {
            username: text(&data["username"]),
            email: text(&data["email"]),
            time_zone: text(&data["timeZone"]),
        })
    }
}

impl fmt::Debug for CalcomClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalcomClient")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Me {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Me")
    }
}
