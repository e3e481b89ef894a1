//! Ctrl-C, and whatever else asks this process to end.

use std::sync::atomic::{AtomicBool, Ordering};

use super::exit;

static ASKED_FOR: AtomicBool = AtomicBool::new(false);
/// Whether the first request already ends the process at once.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

/// Whether somebody wants this process to end soon.
pub(super) fn was_asked_for() -> bool {
    ASKED_FOR.load(Ordering::Relaxed)
}

/// The same, for those who look at it themselves.
#[cfg(feature = "parquet")]
pub(super) fn flag() -> &'static AtomicBool {
    &ASKED_FOR
}

/// From now on nothing is lost when the process ends at once: so the next request ends it.
#[cfg(feature = "parquet")]
pub(super) fn end_at_once() {
    AT_ONCE.store(true, Ordering::Relaxed);
}

/// From now on the first request ends the run after the iteration at hand, and the second one ends it at once.
pub(super) fn watch() {
    watch_for("stopping after this iteration; once more to stop at once (what has ended is kept)");
}

/// The same, with other words for the first request.
pub(super) fn watch_for(words: &'static str) {
    let asked = move || {
        if ASKED_FOR.swap(true, Ordering::Relaxed) || AT_ONCE.load(Ordering::Relaxed) {
            std::process::exit(i32::from(exit::INCOMPLETE));
        }
        super::say(words);
    };
    // Where nobody can be asked to watch, the process ends as it always would.
    let _ = ctrlc::set_handler(asked);
}
