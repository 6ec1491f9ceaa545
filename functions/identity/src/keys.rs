//! The keys that verify access tokens.

use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use vio_crypto::tokens::jwks;
use vio_http::{Json, Problem};
use vio_runtime::App;

/// The public keys that verify access tokens, as a JWK set.
#[utoipa::path(get, path = "/api/auth/keys", tag = "identity", responses(
    (status = 200, description = "JWK set (RFC 7517)", body = serde_json::Value,
     example = json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "…", "x": "…", "y": "…"}]}))))]
pub(crate) async fn keys(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let key = app
        .tokens
        .public_key()
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let set = jwks(std::slice::from_ref(key));
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(set)))
}
