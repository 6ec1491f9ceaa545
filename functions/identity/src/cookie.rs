//! The console's refresh token as a cookie that no script reads (architecture.md Security baseline).

use http::{HeaderMap, HeaderValue, header};
use vio_crypto::tokens::RefreshToken;
use vio_http::Problem;
use vio_runtime::config::Platform;

/// The cookie's name.
const NAME: &str = "vio_refresh";
/// Where it is sent: nothing else needs it.
const PATH: &str = "/api/auth";

/// Hands the token to a browser until it expires.
pub(crate) fn set(
    platform: &Platform,
    token: &RefreshToken,
    seconds: i64,
) -> Result<HeaderValue, Problem> {
    write(platform, &token.expose(), seconds)
}

/// Takes it away.
pub(crate) fn clear(platform: &Platform) -> Result<HeaderValue, Problem> {
    write(platform, "", 0)
}

fn write(platform: &Platform, value: &str, seconds: i64) -> Result<HeaderValue, Problem> {
    let secure = if platform.is_https() { "; Secure" } else { "" };
    let text = format!(
        "{NAME}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut header = HeaderValue::try_from(text).map_err(|error| Problem::internal(&error))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The token that a browser sent.
pub(crate) fn read(headers: &HeaderMap) -> Option<RefreshToken> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == NAME)
        .and_then(|(_, value)| RefreshToken::parse(value).ok())
}
