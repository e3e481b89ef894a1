//! The files behind a case, each read once and remembered with its hash.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ConfigError;
use super::yaml::{Source, Span};
use crate::series::Frame;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path as it was given.
    pub path: PathBuf,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// Reads files and remembers them.
#[derive(Debug, Default)]
pub struct Inputs {
    read: Vec<Input>,
    frames: HashMap<PathBuf, Arc<Frame>>,
}

impl Inputs {
    /// The text of a file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`].
    pub fn text(&mut self, path: &Path) -> Result<Arc<Source>, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error())))?;
        self.remember(path, text.as_bytes());
        Ok(Arc::new(Source { path: path.to_owned(), text }))
    }

    /// The time series of a CSV file that `asked` asks for.
    ///
    /// # Errors
    /// [`ConfigError::Series`].
    pub fn frame(&mut self, path: &Path, asked: &Span) -> Result<Arc<Frame>, ConfigError> {
        if let Some(frame) = self.frames.get(path) {
            return Ok(Arc::clone(frame));
        }
        let failed = |source| asked.series_error(source);
        let unreadable = |source| failed(crate::series::SeriesError::Unreadable { path: path.to_owned(), source });
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let frame = Arc::new(Frame::from_reader(path, bytes.as_slice()).map_err(failed)?);
        self.remember(path, &bytes);
        self.frames.insert(path.to_owned(), Arc::clone(&frame));
        Ok(frame)
    }

    /// The files, in the order in which they were read.
    #[must_use]
    pub fn into_list(self) -> Vec<Input> {
        self.read
    }

    fn remember(&mut self, path: &Path, bytes: &[u8]) {
        if self.read.iter().any(|input| input.path == path) {
            return;
        }
        let sha256 = sha256(bytes);
        self.read.push(Input { path: path.to_owned(), sha256 });
    }
}
/// SHA-256 of bytes, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
