//! The checkpoint of the iteration: a journal of its iterations, from which a stopped run resumes.
//!
//! Only the dispatcher's answers are expensive; everything between two answers is cheap and deterministic. The
//! journal therefore stores the answers, and the expensive results of a scheme. A resumed run takes them one after
//! the other, computes the rest again, and must arrive at the same records.

use std::path::PathBuf;

use super::{PhaseSeconds, Record};

/// A journalled iteration.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<P> {
    /// Answer of the dispatcher.
    pub answer: P,
    /// State of the scheme after the iteration, as [`Scheme::memory`](super::Scheme::memory) returns it; `None` for a
    /// scheme without state.
    pub memory: Option<Vec<u8>>,
    /// Wall-clock seconds of the iteration.
    pub seconds: PhaseSeconds,
    /// Fingerprint of the iteration's record; see [`Record::fingerprint`].
    pub fingerprint: String,
}

/// Storage of finished iterations.
pub trait Journal<P> {
    /// Returns an iteration of an earlier run; `None` if the journal does not contain it.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read.
    fn recall(&mut self, iteration: usize) -> Result<Option<Kept<P>>, JournalError> {
        let _ = iteration;
        Ok(None)
    }

    /// Takes note of the dispatcher's answer in the current iteration.
    fn answered(&mut self, answer: &P) {
        let _ = answer;
    }

    /// Stores the finished iteration; `memory` returns the state of the scheme.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be written.
    fn keep(&mut self, record: &Record, memory: &dyn Fn() -> Option<Vec<u8>>) -> Result<(), JournalError> {
        let _ = (record, memory);
        Ok(())
    }
}

/// A journal that stores nothing.
impl<P> Journal<P> for () {}

/// The reason why a journal cannot be read, written or continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// An operation of the file system failed.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// Operation that failed.
        action: &'static str,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The content of a file is damaged.
    #[error("{}: {problem}; without this file and later ones the run can go on from the iteration before", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Description of the damage.
        problem: String,
    },
    /// The resumed iteration differs from the journalled one.
    #[error(
        "iteration {iteration} of the journal comes out differently here: this is another build or another kind of \
         machine than the one that began the run; begin it anew"
    )]
    Differs {
        /// Iteration, from 0.
        iteration: usize,
    },
}
