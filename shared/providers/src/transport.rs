//! One HTTP client for all providers: a request is sent once, within a time, and its answer read up to a size.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::error::{ApiError, ProviderMessage, RetryAfter, Unanswered};

/// Most bytes of an answer that are read (a call with its transcript).
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// Longest time to connect; a request's own limit may be shorter.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The client. Cheap to clone.
///
/// No redirects, no retries, no proxy from the environment, and no connection is used twice: one that died while the
/// function slept would leave a call of which nobody knows whether it was placed.
///
/// Made at the first request: it reads the system's roots, and most functions ask no provider anything.
#[derive(Debug, Clone, Default)]
pub struct Http(Arc<OnceLock<Client>>);

impl Http {
    /// A client not made yet; one per process.
    pub fn new() -> Self {
        Self::default()
    }

    fn client(&self) -> Result<&Client, Unanswered> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent("VioConcierge")
            .build()
            .map_err(|error| {
                tracing::error!(%error, "the client for providers could not be made");
                Unanswered::Connection
            })?;
        Ok(self.0.get_or_init(|| client))
    }

    pub(crate) fn get(&self, url: String) -> Result<RequestBuilder, Unanswered> {
        Ok(self.client()?.get(url))
    }

    pub(crate) fn post(&self, url: String) -> Result<RequestBuilder, Unanswered> {
        Ok(self.client()?.post(url))
    }

    pub(crate) fn delete(&self, url: String) -> Result<RequestBuilder, Unanswered> {
        Ok(self.client()?.delete(url))
    }
}

/// An answer, whatever it says.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<RetryAfter>,
    /// The name of the error, where the answer has one beside its status (AWS).
    pub(crate) error_type: Option<String>,
    /// A body that cannot be read takes nothing from a status that decides alone.
    pub(crate) body: Result<Vec<u8>, Unanswered>,
}

/// Sends once and reads the answer, all within `timeout`.
pub(crate) async fn exchange(
    request: RequestBuilder,
    timeout: Duration,
) -> Result<Answer, Unanswered> {
    let answer = request.timeout(timeout).send().await.map_err(unanswered)?;
    let header = |name: &str| answer.headers().get(name)?.to_str().ok();
    let retry_after = header("retry-after")
        .and_then(RetryAfter::parse)
        .or_else(|| header("x-ratelimit-reset").and_then(RetryAfter::of_reset));
    let error_type = header("x-amzn-errortype").map(str::to_owned);
    Ok(Answer {
        status: answer.status().as_u16(),
        retry_after,
        error_type,
        body: read(answer).await,
    })
}

/// Sends once with a bearer's key, all within `timeout`. The bytes are those of a 2xx answer.
pub(crate) async fn send(
    request: RequestBuilder,
    key: &SecretString,
    timeout: Duration,
) -> Result<Vec<u8>, ApiError> {
    let request = request.bearer_auth(key.expose_secret());
    let Answer {
        status,
        retry_after,
        body,
        ..
    } = exchange(request, timeout).await?;
    if ApiError::is_refusal(status) {
        return Err(ApiError::Refused {
            status,
            retry_after,
            message: message(&body.unwrap_or_default()),
        });
    }
    if !(200..300).contains(&status) {
        return Err(Unanswered::Status(status).into());
    }
    Ok(body?)
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Unanswered> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unanswered)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Unanswered::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unanswered(error: reqwest::Error) -> Unanswered {
    if error.is_timeout() {
        Unanswered::TimedOut
    } else {
        Unanswered::Connection
    }
}

/// `{"status": "error", "message": …}` of Retell, `{"title": …, "message": …}` of Calendly, `{"error": {"message": …}}` of
/// Cal.com.
fn message(body: &[u8]) -> ProviderMessage {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = body["message"]
        .as_str()
        .or_else(|| body["error"]["message"].as_str());
    ProviderMessage::new(text.unwrap_or_default())
}
