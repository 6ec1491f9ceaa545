//! Structured logs: JSON lines on standard output, one per event, without personal data. What a handler may log is an
//! id, a count, a name of a rule; never a body, a query string, a number, an address or a token.
//!
//! That holds at every level. Dependencies are not written to that rule: Lambda's runtime traces each event whole, with
//! the bodies of requests in it. So below `INFO` only the product's own code speaks, whatever `RUST_LOG` says.

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Filter, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// How the targets of the product's own crates begin.
const OURS: &str = "vio_";

/// Starts logging as `RUST_LOG` says, `info` without it. A second call changes nothing.
pub fn start() {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_filter(filter_from_env("info"));
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// What may be logged by `RUST_LOG`, or by `default` where it is not set or cannot be read.
pub fn filter_from_env<S>(default: &str) -> impl Filter<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    wanted.and(filter_fn(may_speak))
}

/// What may be logged by directives in the form of `RUST_LOG`.
pub fn filter<S>(directives: &str) -> impl Filter<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    EnvFilter::new(directives).and(filter_fn(may_speak))
}

fn may_speak(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || metadata.target().starts_with(OURS)
}
