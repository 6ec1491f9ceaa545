//! Retell's API over HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use vio_domain::ids::AttemptId;

use super::{ApiError, Call, Concurrency, CreateError, CreatedCall, RetellApi, RetellFactory};
use crate::json::{text, whole};
use crate::transport::{Http, send};
use crate::{BaseUrl, Unanswered};

/// Calls of one attempt that are looked at; there is one, or none.
const MOST_CALLS_OF_AN_ATTEMPT: usize = 10;

/// One tenant's access to Retell.
#[derive(Clone)]
pub struct HttpRetell {
    http: Http,
    base: BaseUrl,
    key: SecretString,
}

/// Makes [`HttpRetell`]s over one HTTP client.
#[derive(Debug, Clone)]
pub struct HttpRetellFactory {
    http: Http,
}

impl HttpRetellFactory {
    /// A factory over a client made once per process.
    pub fn new(http: Http) -> Self {
        Self { http }
    }
}

impl RetellFactory for HttpRetellFactory {
    fn client(&self, base: BaseUrl, key: SecretString) -> Arc<dyn RetellApi> {
        Arc::new(HttpRetell {
            http: self.http.clone(),
            base,
            key,
        })
    }
}

impl HttpRetell {
    /// The address of one call. Ids of the provider are letters, digits, `_` and `-`; another one cannot exist there.
    fn of_call(&self, path: &str, call_id: &str) -> Result<String, ApiError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if call_id.is_empty() || call_id.len() > 200 || !call_id.bytes().all(plain) {
            return Err(ApiError::Refused {
                status: 404,
                retry_after: None,
                message: Default::default(),
            });
        }
        Ok(self.base.join(&format!("{path}/{call_id}")))
    }
}

#[async_trait]
impl RetellApi for HttpRetell {
    async fn create_call(
        &self,
        body: &[u8],
        timeout: Duration,
    ) -> Result<CreatedCall, CreateError> {
        let request = self
            .http
            .post(self.base.join("/v2/create-phone-call"))?
            .header("content-type", "application/json")
            .body(body.to_vec());
        let answer = parse(&send(request, &self.key, timeout).await?)?;
        let call_id = text(&answer["call_id"]).ok_or(Unanswered::Unreadable)?;
        Ok(CreatedCall { call_id })
    }

    async fn list_calls_by_attempt(
        &self,
        attempt: AttemptId,
        timeout: Duration,
    ) -> Result<Vec<Call>, ApiError> {
        let filter = json!({
            "filter_criteria": {
                "metadata": [{"key": "attempt_id", "op": "eq", "type": "string", "value": attempt}],
            },
            "limit": MOST_CALLS_OF_AN_ATTEMPT,
            "sort_order": "ascending",
        });
        let request = self
            .http
            .post(self.base.join("/v3/list-calls"))?
            .json(&filter);
        let answer = parse(&send(request, &self.key, timeout).await?)?;
        // Only a list that is there, whole, and of this attempt alone may say that nothing was placed.
        let items = answer["items"].as_array().ok_or(Unanswered::Unreadable)?;
        let calls: Vec<_> = items
            .iter()
            .map(Call::read)
            .collect::<Result<_, _>>()
            .map_err(|_| Unanswered::Unreadable)?;
        let more_elsewhere = calls.is_empty() && answer["has_more"].as_bool() == Some(true);
        if more_elsewhere || calls.iter().any(|call| call.attempt_id != Some(attempt)) {
            return Err(Unanswered::Unreadable.into());
        }
        Ok(calls)
    }

    async fn get_call(&self, call_id: &str, timeout: Duration) -> Result<Call, ApiError> {
        let request = self.http.get(self.of_call("/v2/get-call", call_id)?)?;
        let answer = parse(&send(request, &self.key, timeout).await?)?;
        let call = Call::read(&answer).map_err(|_| Unanswered::Unreadable)?;
        if call.call_id == call_id {
            Ok(call)
        } else {
            Err(Unanswered::Unreadable.into())
        }
    }

    async fn stop_call(&self, call_id: &str, timeout: Duration) -> Result<(), ApiError> {
        let request = self.http.post(self.of_call("/v2/stop-call", call_id)?)?;
        send(request, &self.key, timeout).await.map(drop)
    }

    async fn delete_call(&self, call_id: &str, timeout: Duration) -> Result<(), ApiError> {
        let request = self
            .http
            .delete(self.of_call("/v2/delete-call", call_id)?)?;
        send(request, &self.key, timeout).await.map(drop)
    }

    async fn concurrency(&self, timeout: Duration) -> Result<Concurrency, ApiError> {
        let request = self.http.get(self.base.join("/get-concurrency"))?;
        let answer = parse(&send(request, &self.key, timeout).await?)?;
        let number = |name: &str| {
            whole(&answer[name])
                .and_then(|number| u32::try_from(number).ok())
                .ok_or(Unanswered::Unreadable)
        };
        Ok(Concurrency {
            current: number("current_concurrency")?,
            limit: number("concurrency_limit")?,
        })
    }
}

fn parse(answer: &[u8]) -> Result<Value, Unanswered> {
    match serde_json::from_slice(answer) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(Unanswered::Unreadable),
    }
}

impl fmt::Debug for HttpRetell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRetell")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
