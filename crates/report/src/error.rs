//! Errors of reports.

use std::io;
use std::path::PathBuf;

use anergy_data::schema::files;

/// The reasons why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The folder holds no results.
    #[error(
        "{}: no results; expected the folder of a run (with {summary}), of a sweep (with {table}, from `anergy sweep \
         collect`) or of effects (with {effects})",
        .0.display(), summary = files::SUMMARY, table = files::SWEEP_TABLE, effects = files::EFFECTS
    )]
    NotResults(PathBuf),
    /// Of several folders, one is not the folder of a run.
    #[error("{}: is the folder of a {kind}; only runs are shown side by side", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The kind of its results.
        kind: &'static str,
    },
    /// The run has not ended.
    #[error("{}: the run has not ended; `anergy run --resume {}` goes on with it", .0.display(), .0.display())]
    Unfinished(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A summary cannot be parsed.
    #[error("{}: {source}", path.display())]
    Summary {
        /// The file.
        path: PathBuf,
        /// The error of the parser.
        source: serde_json::Error,
    },
    /// A table cannot be parsed.
    #[error("{}:{line}: {message}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The error.
        message: String,
    },
    /// A figure cannot be drawn as an image.
    #[error("figure {figure}: {message}")]
    Picture {
        /// The figure.
        figure: String,
        /// The message of the drawing library.
        message: String,
    },
    /// The page cannot be written.
    #[error("the page cannot be made: {0}")]
    Page(#[from] askama::Error),
}
