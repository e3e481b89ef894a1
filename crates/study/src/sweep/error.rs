//! Errors of sweeps.

use std::io;
use std::path::{Path, PathBuf};

use anergy_config::ConfigError;
use anergy_cosim::CosimError;
use anergy_data::results::ResultsError;

/// The reasons why a sweep cannot continue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A mistake in the sweep file or in the base case.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An error in the base case with the parameters of a case.
    #[error("{source} (in case {case}: {values})")]
    Case {
        /// The number of the case.
        case: usize,
        /// The values of its parameters.
        values: String,
        /// The error.
        source: Box<ConfigError>,
    },
    /// The caller stopped the sweep.
    #[error("stopped; nothing was changed")]
    Stopped,
    /// The first case, which is run to find the names of the series, has no plan.
    #[error("outputs.series: which there are is known from the first case, and it has no answer: {0}")]
    FirstCase(#[source] CosimError),
    /// The folder is not a sweep's folder.
    #[error("{}: is no folder of a sweep (it has no manifest.json); `anergy sweep plan` makes one", .0.display())]
    NoSweep(PathBuf),
    /// The destination exists, and it is not a sweep's folder.
    #[error("{}: is there already and is no folder of a sweep; choose another --name or remove it", .0.display())]
    Occupied(PathBuf),
    /// The destination is the folder of another sweep.
    #[error(
        "{}: {what}; a plan never changes: choose another --name or remove the folder",
        folder.display()
    )]
    PlannedOtherwise {
        /// The folder.
        folder: PathBuf,
        /// The difference.
        what: String,
    },
    /// The plan cannot be read.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The error.
        reason: String,
    },
    /// An input file has changed since the sweep was planned.
    #[error(
        "{}: is gone or has changed since the sweep was planned; its cases would no longer be comparable (plan it anew \
         under another --name)",
        .0.display()
    )]
    Changed(PathBuf),
    /// A case reads a file that is not in the plan.
    #[error(
        "{}: case {case} reads it, and the plan does not know it: the id of the case does not tell what is in it; \
         make a sweep of each combination that reads other files",
        path.display()
    )]
    Unplanned {
        /// The file.
        path: PathBuf,
        /// The number of the case.
        case: usize,
    },
    /// A file cannot be read at present. That is not an error of the case, unlike a mistake in the file.
    #[error("case {case}: {source}; what has ended is kept, and the case is run again with the next start")]
    Unreadable {
        /// The number of the case.
        case: usize,
        /// The error of the operating system.
        source: Box<ConfigError>,
    },
    /// Two rows of a case differ.
    #[error(
        "case {case} has two rows that are not alike, one of them in {}: it was run by different builds or its \
         results depend on more than its input; remove the segments of one and run it again",
        segment.display()
    )]
    Different {
        /// The number of the case.
        case: usize,
        /// The segment of the second row.
        segment: PathBuf,
    },
    /// The file system reported an error.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation that failed, in words.
        action: &'static str,
        /// The error of the operating system.
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
        /// The message of the command.
        reason: String,
    },
    /// The cluster does not accept so many tasks in one array.
    #[error(
        "the cluster takes no array of {shards} tasks (its MaxArraySize is {limit}); use --shards {limit} or fewer"
    )]
    ArrayTooLarge {
        /// The requested number of tasks.
        shards: usize,
        /// The largest number allowed.
        limit: usize,
    },
}

impl SweepError {
    /// Returns a function for [`Result::map_err`].
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
