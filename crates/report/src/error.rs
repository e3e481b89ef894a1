//! Why there is no report.

use std::io;
use std::path::PathBuf;

use anergy_data::schema::files;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The folder holds nothing that can be shown.
    #[error(
        "{}: no results; expected the folder of a run (with {summary}), of a sweep (with {table}, from `anergy sweep \
         collect`) or of effects (with {effects})",
        .0.display(), summary = files::SUMMARY, table = files::SWEEP_TABLE, effects = files::EFFECTS
    )]
    NotResults(PathBuf),
    /// Several folders that are not all runs.
    #[error("{}: is the folder of a {kind}; only runs are shown side by side", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What it is of.
        kind: &'static str,
    },
    /// A run that has not ended.
    #[error("{}: the run has not ended; `anergy run --resume {}` goes on with it", .0.display(), .0.display())]
    Unfinished(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A summary is none.
    #[error("{}: {source}", path.display())]
    Summary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A table is none.
    #[error("{}:{line}: {message}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A figure cannot be drawn as a picture.
    #[error("figure {figure}: {message}")]
    Picture {
        /// The figure.
        figure: String,
        /// What the drawing library said.
        message: String,
    },
    /// The page cannot be written.
    #[error("the page cannot be made: {0}")]
    Page(#[from] askama::Error),
}
