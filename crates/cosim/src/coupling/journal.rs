//! Where the iterations are kept as they end, so that a run that was stopped can go on.
//!
//! Everything between one answer of the dispatcher and the next is quick and always comes out the same. So it is the answers
//! that are kept, with whatever a scheme found at great cost; a run that goes on is given them one after the other, does all the
//! rest again, and must come to the same records.

use std::path::PathBuf;

use super::{PhaseSeconds, Record};

/// What was kept of an iteration.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<P> {
    /// The dispatcher's answer.
    pub answer: P,
    /// [`Scheme::memory`](super::Scheme::memory) after it.
    pub memory: Option<Vec<u8>>,
    /// Seconds that it took.
    pub seconds: PhaseSeconds,
    /// The iteration's record, as [`Record::fingerprint`] has it.
    pub fingerprint: String,
}

/// Keeps iterations.
pub trait Journal<P> {
    /// What an earlier run kept of an iteration, if anything.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read.
    fn recall(&mut self, iteration: usize) -> Result<Option<Kept<P>>, JournalError> {
        let _ = iteration;
        Ok(None)
    }

    /// Notes the dispatcher's answer of an iteration that has begun.
    fn answered(&mut self, answer: &P) {
        let _ = answer;
    }

    /// Keeps the iteration, which has ended; `memory` is asked where it is worth keeping.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be written.
    fn keep(&mut self, record: &Record, memory: &dyn Fn() -> Option<Vec<u8>>) -> Result<(), JournalError> {
        let _ = (record, memory);
        Ok(())
    }
}

/// Keeps nothing.
impl<P> Journal<P> for () {}

/// Why a journal is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is not what was written.
    #[error("{}: {problem}; without this file and later ones the run can go on from the iteration before", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The iteration comes out differently now.
    #[error(
        "iteration {iteration} of the journal comes out differently here: this is another build or another kind of machine than the \
         one that began the run; begin it anew"
    )]
    Differs {
        /// The iteration.
        iteration: usize,
    },
}
