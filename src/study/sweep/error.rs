//! Why a sweep cannot go on.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::ConfigError;
use crate::results::ResultsError;
use crate::study::StudyError;

/// Why a sweep cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A mistake in the sweep file or in the base case.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A mistake that a parameter makes of the base case.
    #[error("{key} = {value}: {source}")]
    Value {
        /// The parameter.
        key: String,
        /// The value.
        value: String,
        /// The mistake.
        source: Box<ConfigError>,
    },
    /// The constraints leave nothing.
    #[error("the sweep has no cases: its constraints leave none")]
    NoCases,
    /// A series is wanted that no case has.
    #[error(
        "outputs.series: there is no column `{name}` in the first case's timeseries.csv{}",
        nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
    )]
    UnknownSeries {
        /// The name.
        name: String,
        /// The one that is meant, perhaps.
        nearest: Option<String>,
    },
    /// The first case, which must be run to know its series, has no answer.
    #[error("outputs.series: which there are is known from the first case, and it has no answer: {0}")]
    FirstCase(#[source] StudyError),
    /// No sweep's folder.
    #[error("{}: is no folder of a sweep (it has no manifest.json); `anergy sweep plan` makes one", .0.display())]
    NoSweep(PathBuf),
    /// Another sweep stands there.
    #[error(
        "{}: another sweep was planned there, or this one with other input; a plan never changes: choose another --name or \
         remove the folder",
        .0.display()
    )]
    PlannedOtherwise(PathBuf),
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
    /// The CSV table cannot be written.
    #[error("table.csv: cannot write: {0}")]
    Csv(String),
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
