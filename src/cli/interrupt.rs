//! Handling of Ctrl-C and of other requests to end the process.

use std::sync::atomic::{AtomicBool, Ordering};

use super::exit;

static ASKED_FOR: AtomicBool = AtomicBool::new(false);
/// Whether the first request ends the process immediately.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

/// Returns whether the process was requested to end.
pub(super) fn was_asked_for() -> bool {
    ASKED_FOR.load(Ordering::Relaxed)
}

/// Returns the flag that a request to end sets.
#[cfg(feature = "parquet")]
pub(super) fn flag() -> &'static AtomicBool {
    &ASKED_FOR
}

/// Lets the next request end the process immediately, because nothing can be lost any more.
#[cfg(feature = "parquet")]
pub(super) fn end_at_once() {
    AT_ONCE.store(true, Ordering::Relaxed);
}

/// Handles requests to end: the first one ends the run after the current iteration, the second one ends the process
/// immediately.
pub(super) fn watch() {
    watch_for("stopping after this iteration; once more to stop at once (what has ended is kept)");
}

/// Handles requests to end as [`watch`] does, with `words` as the message for the first one.
pub(super) fn watch_for(words: &'static str) {
    let asked = move || {
        if ASKED_FOR.swap(true, Ordering::Relaxed) || AT_ONCE.load(Ordering::Relaxed) {
            std::process::exit(i32::from(exit::INCOMPLETE));
        }
        super::say(words);
    };
    // Without a handler, a signal ends the process as usual.
    let _ = ctrlc::set_handler(asked);
}
