//! Structured logs: JSON lines on standard output, one per event, without personal data. What a handler may log is an
//! id, a count, a name of a rule; never a body, a query string, a number, an address or a token.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging as `RUST_LOG` says, `info` without it. A second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
}
