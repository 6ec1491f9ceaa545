//! When this process takes its memory from the kernel in huge pages.
//!
//! They make reading a view half as long, and starting longer: the kernel clears, and sometimes first gathers, two
//! megabytes for what takes a few kilobytes. So a function begins without them and asks for them with the first view
//! that is worth it.

use std::sync::Once;

use rustix::thread::disable_transparent_huge_pages;

/// Contacts, and bytes of a snapshot, from which on a view is worth huge pages.
pub(crate) const MANY_CONTACTS: usize = 5_000;
pub(crate) const LARGE_SNAPSHOT: usize = 1024 * 1024;

/// No huge pages until a view is worth them. For a process that is started to answer, before it does anything else.
pub fn begin_with_small_pages() {
    switch(true);
}

/// Whatever is touched for the first time from now on may be in huge pages. The first call counts.
pub(crate) fn take_huge_pages() {
    static TAKEN: Once = Once::new();
    TAKEN.call_once(|| switch(false));
}

fn switch(off: bool) {
    if let Err(error) = disable_transparent_huge_pages(off) {
        // All works without; it only takes longer.
        tracing::debug!(%error, "the kernel does not switch huge pages");
    }
}
