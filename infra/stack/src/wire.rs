//! The AWS JSON 1.0 and 1.1 protocols, server side: one POST route, the operation named by a header,
//! errors as `__type` and `message`.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use futures::StreamExt as _;
use http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tap::Tap;

/// The account in every ARN and queue URL.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The region in every ARN.
pub(crate) const REGION: &str = "eu-west-2";

/// How long a client may take to send a request body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a request body is read in all, in bytes.
const MAX_DRAINED: usize = 16 * 1024 * 1024;

/// A service that speaks AWS JSON.
pub(crate) trait AwsJson: Send + Sync + 'static {
    /// What stands before the dot in `X-Amz-Target`.
    const TARGET: &'static str;
    /// The media type of answers; names the protocol version.
    const MEDIA_TYPE: &'static str;
    /// The largest request body accepted, in bytes.
    const BODY_LIMIT: usize;
    /// Operations that send something to somebody; the tap keeps their requests.
    const SENDING: &'static [&'static str] = &[];

    /// Carries out one operation. `body` is the JSON document as received.
    fn call(
        &self,
        operation: &str,
        body: &[u8],
    ) -> impl Future<Output = Result<Value, ApiError>> + Send;
}

/// An error as the SDK sees it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    /// The shape name, sent as `__type`.
    kind: &'static str,
    /// The code of the older query protocol, which SQS clients go by.
    query_code: Option<&'static str>,
    message: String,
}

impl ApiError {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            query_code: None,
            message: message.into(),
        }
    }

    pub(crate) fn query(mut self, code: &'static str) -> Self {
        self.query_code = Some(code);
        self
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The code a client sees, for the entries of a batch answer.
    pub(crate) fn code(&self) -> &'static str {
        self.query_code.unwrap_or(self.kind)
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn unknown_operation() -> Self {
        Self::new(
            "UnknownOperationException",
            "The operation is not known here.",
        )
    }
}

/// Reads an operation's input.
pub(crate) fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // serde_json's own recursion limit bounds the depth; its message may quote the input, so it stays here.
    serde_json::from_slice(body).map_err(|_| {
        ApiError::new(
            "SerializationException",
            "The request body is not what the operation takes.",
        )
    })
}

/// The routes of `service`. What it is asked to send is noted by `tap`.
pub(crate) fn router<S: AwsJson>(service: Arc<S>, tap: Arc<Tap>) -> Router {
    Router::new()
        .route("/", post(handle::<S>))
        .with_state((service, tap))
}

async fn handle<S: AwsJson>(
    State((service, tap)): State<(Arc<S>, Arc<Tap>)>,
    request: Request,
) -> Response {
    let outcome = dispatch(&*service, &tap, request).await;
    let (status, query_error, document) = match outcome {
        Ok(document) => (StatusCode::OK, None, document),
        Err(error) => {
            let fault = if error.status.is_server_error() {
                "Receiver"
            } else {
                "Sender"
            };
            let query_error = error.query_code.map(|code| format!("{code};{fault}"));
            let document = json!({ "__type": error.kind, "message": error.message });
            (error.status, query_error, document)
        }
    };
    let mut response = Response::new(Body::from(document.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(S::MEDIA_TYPE),
    );
    if let Ok(id) = HeaderValue::try_from(Uuid::now_v7().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(value) = query_error.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert("x-amzn-query-error", value);
    }
    response
}

async fn dispatch<S: AwsJson>(service: &S, tap: &Tap, request: Request) -> Result<Value, ApiError> {
    let (parts, body) = request.into_parts();
    let operation = parts
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .and_then(|target| target.strip_prefix(S::TARGET))
        .and_then(|rest| rest.strip_prefix('.'))
        .ok_or_else(ApiError::unknown_operation)?;
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        return Err(ApiError::new(
            "MissingAuthenticationTokenException",
            "The request is not signed.",
        )
        .status(StatusCode::FORBIDDEN));
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, read(body, S::BODY_LIMIT))
        .await
        .map_err(|_| {
            ApiError::new(
                "RequestTimeout",
                "The request body took too long to arrive.",
            )
        })??;
    if S::SENDING.contains(&operation) {
        tap.note(operation, &body);
    }
    service.call(operation, &body).await
}

/// Reads a body of at most `limit` bytes. The rest of a larger one is read and dropped, within reason,
/// so that the client hears the answer instead of a closed connection.
async fn read(body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut received) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|_| ApiError::new("RequestTimeout", "The request body did not arrive."))?;
        received += chunk.len();
        if received <= limit {
            bytes.extend_from_slice(&chunk);
        } else if received > MAX_DRAINED {
            break;
        }
    }
    if received > limit {
        let error = ApiError::new(
            "RequestEntityTooLargeException",
            "The request body is too large.",
        );
        return Err(error.status(StatusCode::PAYLOAD_TOO_LARGE));
    }
    Ok(bytes)
}
