//! Why a sweep cannot go on.

use std::io;
use std::path::{Path, PathBuf};

use anergy_config::ConfigError;
use anergy_cosim::CosimError;
use anergy_data::results::ResultsError;

/// Why a sweep cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A mistake in the sweep file or in the base case.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A mistake that a case's parameters make of the base case.
    #[error("{source} (in case {case}: {values})")]
    Case {
        /// The case.
        case: usize,
        /// Its parameters.
        values: String,
        /// The mistake.
        source: Box<ConfigError>,
    },
    /// Somebody wants to stop.
    #[error("stopped; nothing was changed")]
    Stopped,
    /// The first case, which must be run to know its series, has no answer.
    #[error("outputs.series: which there are is known from the first case, and it has no answer: {0}")]
    FirstCase(#[source] CosimError),
    /// No sweep's folder.
    #[error("{}: is no folder of a sweep (it has no manifest.json); `anergy sweep plan` makes one", .0.display())]
    NoSweep(PathBuf),
    /// Something else stands where the sweep is to go.
    #[error("{}: is there already and is no folder of a sweep; choose another --name or remove it", .0.display())]
    Occupied(PathBuf),
    /// Another sweep stands there.
    #[error(
        "{}: {what}; a plan never changes: choose another --name or remove the folder",
        folder.display()
    )]
    PlannedOtherwise {
        /// Where.
        folder: PathBuf,
        /// How they differ.
        what: String,
    },
    /// The plan cannot be used.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An input file is not what it was.
    #[error(
        "{}: is gone or has changed since the sweep was planned; its cases would no longer be comparable (plan it anew \
         under another --name)",
        .0.display()
    )]
    Changed(PathBuf),
    /// A case reads a file that the plan does not know.
    #[error(
        "{}: case {case} reads it, and the plan does not know it: the id of the case does not tell what is in it; make a sweep \
         of each combination that reads other files",
        path.display()
    )]
    Unplanned {
        /// The file.
        path: PathBuf,
        /// The case.
        case: usize,
    },
    /// A file cannot be read now: other than a mistake in it, no property of the case.
    #[error("case {case}: {source}; what has ended is kept, and the case is run again with the next start")]
    Unreadable {
        /// The case.
        case: usize,
        /// What the operating system said.
        source: Box<ConfigError>,
    },
    /// Two rows of a case are not alike.
    #[error(
        "case {case} has two rows that are not alike, one of them in {}: it was run by different builds or its results depend \
         on more than its input; remove the segments of one and run it again",
        segment.display()
    )]
    Different {
        /// The case.
        case: usize,
        /// Where the second one stands.
        segment: PathBuf,
    },
    /// The file system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// A table cannot be read or written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A command of the cluster's scheduler failed.
    #[error("{command}: {reason}")]
    Scheduler {
        /// The command.
        command: &'static str,
        /// What it said.
        reason: String,
    },
    /// The cluster does not take so many tasks in one array.
    #[error(
        "the cluster takes no array of {shards} tasks (its MaxArraySize is {limit}); use --shards {limit} or fewer"
    )]
    ArrayTooLarge {
        /// Asked for.
        shards: usize,
        /// Allowed.
        limit: usize,
    },
}

impl SweepError {
    /// For [`Result::map_err`].
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
