//! Named steps of placing and settling calls, at which a crash test ends the process. In a deployed function nothing
//! is installed and [`point`] does nothing.

use std::sync::OnceLock;

static HOOK: OnceLock<fn(&str)> = OnceLock::new();

/// Marks that the product has come to a step. The names are listed in `docs/local-host.md`.
pub fn point(name: &str) {
    if let Some(hook) = HOOK.get() {
        hook(name);
    }
}

/// Has every step announced to `hook`, for the rest of the process. Only the local host calls this. False if a hook
/// was installed before; that one stays.
pub fn install(hook: fn(&str)) -> bool {
    HOOK.set(hook).is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

    #[test]
    fn the_first_hook_hears_every_step() {
        point("before");
        assert!(install(|name| SEEN.lock().unwrap().push(name.to_owned())));
        point("after");
        assert!(!install(|_| {}));
        point("again");
        assert_eq!(*SEEN.lock().unwrap(), ["after", "again"]);
    }
}
