//! The embedded object store: files under one directory, signatures checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    error_handling::HandleError,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use s3s::{HttpError, auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::sync::Mutex;

use crate::{ACCESS_KEY, SECRET_KEY, StackError};

/// The routes of an object store in `directory`, which must exist.
///
/// Requests, presigned ones too, must carry a valid signature of the stack's credentials. Pages on
/// this machine may use presigned URLs (CORS), as the bucket's own rules allow it on AWS.
pub(crate) fn router(directory: &Path) -> Result<Router, StackError> {
    let files =
        FileSystem::new(directory).map_err(|error| StackError::Objects(format!("{error:?}")))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = HandleError::new(builder.build(), failed);
    let strict = Arc::new(Strict {
        directory: directory.to_owned(),
        conditional: Mutex::default(),
    });
    Ok(Router::new()
        .fallback_service(service)
        .layer(middleware::from_fn_with_state(strict, as_s3))
        .layer(middleware::from_fn(cross_origin)))
}

/// What the library is laxer in than S3.
struct Strict {
    directory: PathBuf,
    /// Held by a write on condition of absence: the library looks first and writes later.
    conditional: Mutex<()>,
}

/// Refuses what concerns objects of a bucket that is not there, and lets of several conditional writes one be first.
async fn as_s3(State(strict): State<Arc<Strict>>, request: Request, next: Next) -> Response {
    let object = request.uri().path().trim_start_matches('/').split_once('/');
    if let Some((bucket, key)) = object
        && !key.is_empty()
        && !strict.directory.join(bucket).is_dir()
    {
        return no_such_bucket();
    }
    let conditional =
        request.method() == Method::PUT && request.headers().contains_key(header::IF_NONE_MATCH);
    if !conditional {
        return next.run(request).await;
    }
    let _first = strict.conditional.lock().await;
    next.run(request).await
}

fn no_such_bucket() -> Response {
    let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchBucket</Code>\
                    <Message>The specified bucket does not exist</Message></Error>";
    let mut response = Response::new(Body::from(document));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    response
}

async fn failed(error: HttpError) -> StatusCode {
    tracing::error!(?error, "local S3");
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn cross_origin(request: Request, next: Next) -> Response {
    let origin = request
        .headers()
        .get(header::ORIGIN)
        .filter(|origin| is_local(origin))
        .cloned();
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match preflight {
        true => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        false => next.run(request).await,
    };
    if let Some(origin) = origin {
        allow(response.headers_mut(), origin);
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, PUT"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag"),
    );
}

/// Whether a page of this origin was served by this machine.
fn is_local(origin: &HeaderValue) -> bool {
    let host = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix("http://"));
    host.map(|host| host.split_once(':').map_or(host, |(host, _)| host))
        .is_some_and(|host| host == "127.0.0.1" || host == "localhost")
}
