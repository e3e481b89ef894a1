//! The errors of weather files and settings.

use std::path::PathBuf;

/// The error for an invalid weather file or setting of this module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeatherError {
    /// The file cannot be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The file ends too early.
    #[error("{}: ends after line {lines}; expected {expected}", path.display())]
    TooShort {
        /// Path of the file.
        path: PathBuf,
        /// Number of lines in the file.
        lines: usize,
        /// Expected content after the last line.
        expected: &'static str,
    },
    /// A line has the wrong number of columns.
    #[error("{}:{line}: {found} columns; expected {expected}", path.display())]
    Columns {
        /// Path of the file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: usize,
        /// Number of columns found.
        found: usize,
        /// Number of columns of the format.
        expected: &'static str,
    },
    /// A value is invalid for its column.
    #[error("{}:{line}: {column}: `{value}`; expected {expected}", path.display())]
    Value {
        /// Path of the file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: usize,
        /// Name of the column.
        column: &'static str,
        /// Value in the file.
        value: String,
        /// Expected value.
        expected: String,
    },
    /// A value is marked as missing by the code of its column.
    #[error("{}:{line}: {column} is missing (code `{value}`); fill the gap before using the file", path.display())]
    Missing {
        /// Path of the file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: usize,
        /// Name of the column.
        column: &'static str,
        /// Code in the file.
        value: String,
    },
    /// A setting is out of its range.
    #[error("{name} is {value}; expected {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Value of the setting.
        value: f64,
        /// Expected range.
        expected: String,
    },
}

impl WeatherError {
    /// Returns an error unless `accept` holds; a comparison with NaN never does.
    pub(super) fn check(name: &'static str, value: f64, accept: bool, expected: &str) -> Result<(), Self> {
        if accept { Ok(()) } else { Err(Self::Setting { name, value, expected: expected.to_owned() }) }
    }
}
