//! An HTTP function behind API Gateway and CloudFront: who called, and that they came through the front door.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use vio_crypto::mac;
use vio_http::principal::ClientIp;
use vio_http::{Problem, service};

use crate::app::{App, StartError};
use crate::config::{ConfigError, optional};

/// Carries the origin secret from CloudFront (template.yaml).
const ORIGIN_SECRET: &str = "x-origin-secret";
/// Address and port of who called CloudFront.
const VIEWER: &str = "cloudfront-viewer-address";
/// SHA-256 of the origin secret in hex; without it every request is let through, and its viewer header not believed.
const ORIGIN_SECRET_SHA256: &str = "VIO_ORIGIN_SECRET_SHA256";

/// Runs an HTTP function: logging, the app from the environment, its routes behind the shared layers.
pub async fn serve(routes: impl FnOnce(App) -> Router) -> Result<(), lambda_http::Error> {
    crate::logging::start();
    let app = App::from_env().await?;
    let shared = app.shared();
    let door = front_door()?;
    let router =
        service(routes(app), shared).layer(from_fn_with_state(Arc::new(door), through_the_door));
    lambda_http::run(router).await
}

struct FrontDoor {
    secret_sha256: Option<Vec<u8>>,
}

fn front_door() -> Result<FrontDoor, StartError> {
    let malformed = |_| {
        StartError::because("configuration")(ConfigError::Malformed {
            name: ORIGIN_SECRET_SHA256,
            reason: "not hexadecimal".to_owned(),
        })
    };
    let secret_sha256 = optional(ORIGIN_SECRET_SHA256)
        .map(hex::decode)
        .transpose()
        .map_err(malformed)?;
    Ok(FrontDoor { secret_sha256 })
}

impl FrontDoor {
    fn admits(&self, given: Option<&str>) -> bool {
        let Some(wanted) = &self.secret_sha256 else {
            return true;
        };
        given.is_some_and(|given| {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, given.as_bytes());
            mac::equal(hash.as_ref(), wanted)
        })
    }
}

async fn through_the_door(
    State(door): State<Arc<FrontDoor>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !door.admits(text(&request, ORIGIN_SECRET)) {
        return Problem::forbidden().into_response();
    }
    if let Some(ip) = caller(&door, &request) {
        request.extensions_mut().insert(ClientIp(ip));
    }
    next.run(request).await
}

fn text<'a>(request: &'a Request, header: &str) -> Option<&'a str> {
    request.headers().get(header)?.to_str().ok()
}

/// Behind the front door CloudFront says who called; elsewhere API Gateway does.
fn caller(door: &FrontDoor, request: &Request) -> Option<IpAddr> {
    let viewer = door
        .secret_sha256
        .as_ref()
        .and_then(|_| viewer_ip(text(request, VIEWER)?));
    viewer.or_else(|| source_ip(request))
}

/// `address:port`, where an IPv6 address stands without brackets.
fn viewer_ip(text: &str) -> Option<IpAddr> {
    text.rsplit_once(':')?.0.parse().ok()
}

/// Who called API Gateway, as it says.
fn source_ip(request: &Request) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_opens_the_door() {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"open sesame");
        let door = FrontDoor {
            secret_sha256: Some(hash.as_ref().to_vec()),
        };
        assert!(door.admits(Some("open sesame")));
        assert!(!door.admits(Some("open")));
        assert!(!door.admits(None));
        let open = FrontDoor {
            secret_sha256: None,
        };
        assert!(open.admits(None));
    }

    #[test]
    fn viewers_are_read_with_their_port() {
        assert_eq!(
            viewer_ip("198.51.100.10:46532"),
            "198.51.100.10".parse().ok()
        );
        assert_eq!(viewer_ip("2001:db8::1:46532"), "2001:db8::1".parse().ok());
        assert_eq!(viewer_ip("nonsense"), None);
    }
}
