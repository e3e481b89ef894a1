//! Time axes, columns over time, and the CSV files they are read from.
//!
//! All other crates use [`TimeAxis`] and [`Profile`]; this module does not know the meaning of the numbers.

mod axis;
mod csv;
mod lint;
mod setting;
mod stamp;
mod text;

pub use anergy_profile::Profile;
pub use axis::format_stamp;
pub use axis::{TimeAxis, TimeWindow};
pub use csv::Frame;
pub use csv::{shown, trimmed};
pub use lint::{Outlier, SeriesGap, gaps, outliers};
pub use setting::{FileColumn, Fill, ProfileSetting};

use std::path::PathBuf;

/// The errors in a file of time series. Every variant names the file and, where there is one, the line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// The file cannot be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not well-formed CSV.
    #[error("{}: not a well-formed CSV file: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The message of the CSV reader, with its line.
        message: String,
    },
    /// The file is not text of a known encoding.
    #[error("{}{}: {reason}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
    NoText {
        /// The file.
        path: PathBuf,
        /// The line of the first byte that is no text, from 1; `None` where the file has no lines.
        line: Option<usize>,
        /// The reason, with an advice.
        reason: &'static str,
    },
    /// The first cell of a row is not a time stamp.
    #[error(
        "{}:{line}: `{value}` is not a time stamp; expected one like `2015-01-31 13:00:00` or \
         `2015-01-31T13:00:00+01:00` in the first column{hint}",
        path.display()
    )]
    Stamp {
        /// An advice; empty without one.
        hint: &'static str,
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: u64,
        /// The text of the cell.
        value: String,
    },
    /// Some stamps of a file have a UTC offset and some have none.
    #[error("{}:{line}: time stamp `{value}`: all rows of a file need a UTC offset, or none", path.display())]
    MixedOffsets {
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1: the first that differs from the lines before.
        line: u64,
        /// The text of the stamp.
        value: String,
    },
    /// The stamps do not advance by one fixed step.
    #[error(
        "{}:{line}: time stamp {found} where {expected} was expected (step {step_minutes} min): {kind}{}",
        path.display(),
        hint.map(|hint| format!("; {hint}")).unwrap_or_default()
    )]
    Irregular {
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: u64,
        /// The stamp found.
        found: String,
        /// The stamp that would continue the series.
        expected: String,
        /// Step between the first two stamps, minutes.
        step_minutes: i64,
        /// `duplicate`, `missing stamps before it` or `out of order`.
        kind: &'static str,
        /// A usual cause, with an advice.
        hint: Option<&'static str>,
    },
    /// The step of a file is not a whole number of minutes.
    #[error(
        "{}:{line}: a step of {step_seconds} s; steps are whole minutes, so average the series to one minute or more",
        path.display()
    )]
    NoWholeMinutes {
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1, of the second row.
        line: u64,
        /// The step, seconds.
        step_seconds: f64,
    },
    /// The file has fewer than two rows, so its step is not known.
    #[error("{}: {rows} data rows; at least two are needed to know the time step", path.display())]
    TooShort {
        /// The file.
        path: PathBuf,
        /// The number of rows.
        rows: usize,
    },
    /// A cell is not a number.
    #[error("{}:{line}: column `{column}`: `{value}` is not a number{hint}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: u64,
        /// Column name.
        column: String,
        /// The text of the cell.
        value: String,
        /// An advice; empty without one.
        hint: &'static str,
    },
    /// A requested column does not exist.
    #[error("{}: no column `{column}`; the file has {available}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The requested column.
        column: String,
        /// The existing columns, as text.
        available: String,
    },
    /// The header names a column twice.
    #[error("{}:1: two columns are named `{column}`", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The repeated name.
        column: String,
    },
    /// The file does not cover the requested window.
    #[error(
        "{}: covers {first} to before {end} in steps of {step_minutes} min, the time window asks for {window}",
        path.display()
    )]
    NotCovered {
        /// The file.
        path: PathBuf,
        /// First stamp of the file.
        first: String,
        /// End of the last step of the file.
        end: String,
        /// Step of the file, minutes.
        step_minutes: i64,
        /// The window.
        window: String,
    },
    /// The step of a file differs from the step of the run.
    #[error("{}: has a step of {found_minutes} min where the other series have {expected_minutes} min", path.display())]
    OtherStep {
        /// The file.
        path: PathBuf,
        /// Its step, minutes.
        found_minutes: i64,
        /// The step of the run, minutes.
        expected_minutes: i64,
    },
    /// The UTC offset of a file differs from that of the other files.
    #[error(
        "{}: its time stamps {found}, those of the other series {expected}; give all files the same offset, or none",
        path.display()
    )]
    OtherOffset {
        /// The file.
        path: PathBuf,
        /// The offset of its first row, in words.
        found: String,
        /// The offset of the run, in words.
        expected: String,
    },
    /// A date or a window cannot be parsed.
    #[error("`{text}` is not a date; expected `2015`, `2015-01`, `2015-01-31` or `2015-01-31 13:00`")]
    Date {
        /// The given text.
        text: String,
    },
    /// One end of a window has a UTC offset and the other has none.
    #[error("the time window {from}..{to}: both of its ends need a UTC offset, or none")]
    WindowOffsets {
        /// The beginning as it is given.
        from: String,
        /// The end as it is given.
        to: String,
    },
    /// A window has a UTC offset, and the stamps of the file have none.
    #[error(
        "{}: its time stamps have no UTC offset, so it is unknown which of them the time window {window} means; leave \
         its offset out",
        path.display()
    )]
    WindowOffset {
        /// The file.
        path: PathBuf,
        /// The window.
        window: String,
    },
    /// A window ends before it begins.
    #[error("the time window {from} to {to} is empty")]
    EmptyWindow {
        /// First moment.
        from: String,
        /// End (exclusive).
        to: String,
    },
}
