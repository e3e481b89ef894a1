//! What can be wrong with a weather file or a setting.

use std::path::PathBuf;

/// What can be wrong with a weather file or with the settings of this module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeatherError {
    /// The file cannot be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file ends too early.
    #[error("{}: ends after line {lines}; expected {expected}", path.display())]
    TooShort {
        /// The file.
        path: PathBuf,
        /// Lines there are.
        lines: usize,
        /// What should have followed.
        expected: &'static str,
    },
    /// A line has the wrong number of columns.
    #[error("{}:{line}: {found} columns; expected {expected}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: usize,
        /// Columns found.
        found: usize,
        /// Columns of the format.
        expected: &'static str,
    },
    /// A value is not what its column allows.
    #[error("{}:{line}: {column}: `{value}`; expected {expected}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: usize,
        /// Name of the column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What the column allows.
        expected: String,
    },
    /// A value is given as missing by the code of its column.
    #[error("{}:{line}: {column} is missing (code `{value}`); fill the gap before using the file", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Line in the file, from 1.
        line: usize,
        /// Name of the column.
        column: &'static str,
        /// The code that stands there.
        value: String,
    },
    /// A setting is out of its range.
    #[error("{name} is {value}; expected {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Its range.
        expected: String,
    },
}

impl WeatherError {
    /// Accepts a setting when `accept` holds, which it never does for NaN in a comparison.
    pub(super) fn check(name: &'static str, value: f64, accept: bool, expected: &str) -> Result<(), Self> {
        if accept { Ok(()) } else { Err(Self::Setting { name, value, expected: expected.to_owned() }) }
    }
}
