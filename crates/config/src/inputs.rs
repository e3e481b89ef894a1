//! The files behind a case, each read once and remembered with its hash.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anergy_data::schema::Input;
use anergy_data::series::Frame;
use sha2::{Digest, Sha256};

use super::ConfigError;
use super::yaml::{Source, Span};

/// Files that several cases read: each is read once, and stays what it was then.
#[derive(Debug, Default)]
pub struct Shelf {
    /// Where relative paths begin; empty for the working directory of the process.
    directory: PathBuf,
    texts: Kept<Source>,
    frames: Kept<Frame>,
}

impl Shelf {
    /// Creates an empty shelf whose files are found relative to `directory`; empty stands for the working directory of the process.
    /// Messages and [`Input::path`] show paths as they were given.
    #[must_use]
    pub fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), ..Self::default() }
    }

    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.directory.join(path))
    }
}

/// Files by their paths, as they were understood, with their hashes.
#[derive(Debug)]
struct Kept<T>(RwLock<HashMap<PathBuf, Read<T>>>);

#[derive(Debug)]
struct Read<T> {
    content: Arc<T>,
    sha256: String,
}

impl<T> Clone for Read<T> {
    fn clone(&self) -> Self {
        Self { content: Arc::clone(&self.content), sha256: self.sha256.clone() }
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> Kept<T> {
    /// What is kept of a file, or what `read` makes of it. Who comes second takes what is there.
    fn get(&self, path: &Path, read: impl FnOnce() -> Result<Read<T>, ConfigError>) -> Result<Read<T>, ConfigError> {
        // Nothing half-done is ever put in: whoever panicked with the lock left it whole.
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(known.clone());
        }
        let read = read()?;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Ok(all.entry(path.to_owned()).or_insert(read).clone())
    }
}

/// Reads files and remembers them.
#[derive(Debug, Default)]
pub struct Inputs {
    shelf: Arc<Shelf>,
    read: Vec<Input>,
}

impl Inputs {
    /// Reads what is not on `shelf` yet.
    #[must_use]
    pub fn on(shelf: Arc<Shelf>) -> Self {
        Self { shelf, read: Vec::new() }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`].
    pub fn text(&mut self, path: &Path) -> Result<Arc<Source>, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let Read { content, sha256 } = self.shelf.texts.get(path, || {
            let bytes = self.shelf.read(path).map_err(unreadable)?;
            let sha256 = sha256(&bytes);
            let no_text = |error: std::string::FromUtf8Error| {
                unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()))
            };
            let text = String::from_utf8(bytes).map_err(no_text)?;
            Ok(Read { content: Arc::new(Source { path: path.to_owned(), text }), sha256 })
        })?;
        self.remember(path, sha256);
        Ok(content)
    }

    /// The time series of a CSV file that `asked` asks for.
    ///
    /// # Errors
    /// [`ConfigError::Series`].
    pub fn frame(&mut self, path: &Path, asked: &Span) -> Result<Arc<Frame>, ConfigError> {
        let failed = |source| asked.series_error(source);
        let unreadable =
            |source| failed(anergy_data::series::SeriesError::Unreadable { path: path.to_owned(), source });
        let Read { content, sha256 } = self.shelf.frames.get(path, || {
            let bytes = self.shelf.read(path).map_err(unreadable)?;
            let frame = Frame::from_reader(path, bytes.as_slice()).map_err(failed)?;
            Ok(Read { content: Arc::new(frame), sha256: sha256(&bytes) })
        })?;
        self.remember(path, sha256);
        Ok(content)
    }

    /// The files, in the order in which they were read.
    #[must_use]
    pub fn into_list(self) -> Vec<Input> {
        self.read
    }

    fn remember(&mut self, path: &Path, sha256: String) {
        if !self.read.iter().any(|input| input.path == path) {
            self.read.push(Input { path: path.to_owned(), sha256 });
        }
    }
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
