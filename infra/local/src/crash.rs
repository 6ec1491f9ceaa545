//! Ends the process at a named step, for the crash tests: `VIO_CRASH_AT=name`, or `name:3` for the third time the
//! product comes there.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Names the step.
pub(crate) const CRASH_AT: &str = "VIO_CRASH_AT";

struct Wanted {
    name: String,
    left: AtomicU32,
}

static WANTED: OnceLock<Wanted> = OnceLock::new();

/// Ends this process where the environment says so, if it says so.
pub fn crash_where_told() {
    let Some((name, times)) = vio_runtime::config::optional(CRASH_AT).as_deref().map(read) else {
        return;
    };
    let wanted = Wanted {
        name,
        left: AtomicU32::new(times),
    };
    if WANTED.set(wanted).is_ok() {
        vio_runtime::crash::install(hook);
    }
}

/// A step, and at which of its times.
fn read(text: &str) -> (String, u32) {
    match text
        .rsplit_once(':')
        .map(|(name, times)| (name, times.parse()))
    {
        Some((name, Ok(times))) if times > 0 => (name.to_owned(), times),
        _ => (text.to_owned(), 1),
    }
}

fn hook(name: &str) {
    let Some(wanted) = WANTED.get() else { return };
    if wanted.name == name && wanted.left.fetch_sub(1, Ordering::SeqCst) == 1 {
        // As SIGKILL would: no destructor runs, nothing is flushed.
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_may_have_a_number() {
        assert_eq!(read("placed"), ("placed".into(), 1));
        assert_eq!(read("placed:3"), ("placed".into(), 3));
        assert_eq!(read("a:b"), ("a:b".into(), 1));
        assert_eq!(read("placed:0"), ("placed:0".into(), 1));
    }
}
