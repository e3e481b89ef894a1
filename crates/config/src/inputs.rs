//! The input files of a case, each read once and cached with its hash.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anergy_data::input::{self, MOST_CONFIG_BYTES, MOST_SERIES_BYTES};
use anergy_data::results::sha256;
use anergy_data::schema::Input;
use anergy_data::series::Frame;

use super::ConfigError;
use super::yaml::{Source, Span};

/// A cache of files that several cases read: each is read once, and later changes on disk are ignored.
#[derive(Debug, Default)]
pub struct InputCache {
    /// The directory that relative paths refer to; empty for the working directory of the process.
    directory: PathBuf,
    texts: FileCache<Source>,
    frames: FileCache<Frame>,
}

impl InputCache {
    /// Creates an empty cache whose files are found relative to `directory`; empty means the working directory of the
    /// process. Messages and [`Input::path`] show paths as they were given.
    #[must_use]
    pub fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), ..Self::default() }
    }

    fn read(&self, path: &Path, most_bytes: u64) -> std::io::Result<Vec<u8>> {
        input::read(&self.directory.join(path), most_bytes)
    }

    /// Returns one spelling of a path, whichever of its spellings is given; the path itself where it does not exist.
    fn canonical(&self, path: &Path) -> PathBuf {
        self.directory.join(path).canonicalize().unwrap_or_else(|_| path.to_owned())
    }
}

/// A cache of parsed files by path, with their hashes.
#[derive(Debug)]
struct FileCache<T>(RwLock<HashMap<PathBuf, CachedFile<T>>>);

#[derive(Debug)]
struct CachedFile<T> {
    content: Arc<T>,
    sha256: String,
}

impl<T> Clone for CachedFile<T> {
    fn clone(&self) -> Self {
        Self { content: Arc::clone(&self.content), sha256: self.sha256.clone() }
    }
}

impl<T> Default for FileCache<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> FileCache<T> {
    /// Returns the cached file, or caches what `read` returns. If two threads read the same file, the first result is
    /// used by both.
    fn get(
        &self,
        path: &Path,
        read: impl FnOnce() -> Result<CachedFile<T>, ConfigError>,
    ) -> Result<CachedFile<T>, ConfigError> {
        // An entry is inserted only when it is complete, so a panic of another thread cannot leave a partial one.
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(known.clone());
        }
        let read = read()?;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Ok(all.entry(path.to_owned()).or_insert(read).clone())
    }
}

/// The reader of a case's files, which records them.
#[derive(Debug, Default)]
pub struct Inputs {
    cache: Arc<InputCache>,
    read: Vec<Input>,
}

impl Inputs {
    /// Creates a reader that takes files from the cache `cache`.
    #[must_use]
    pub fn on(cache: Arc<InputCache>) -> Self {
        Self { cache, read: Vec::new() }
    }

    /// Returns the text of a file.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`].
    pub fn text(&mut self, path: &Path) -> Result<Arc<Source>, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let CachedFile { content, sha256 } = self.cache.texts.get(path, || {
            let bytes = self.cache.read(path, MOST_CONFIG_BYTES).map_err(unreadable)?;
            let sha256 = sha256(&bytes);
            let no_text = |error: std::string::FromUtf8Error| {
                unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()))
            };
            let text = String::from_utf8(bytes).map_err(no_text)?;
            Ok(CachedFile { content: Arc::new(Source { path: path.to_owned(), text }), sha256 })
        })?;
        self.remember(path, sha256);
        Ok(content)
    }

    /// Returns the time series of a CSV file; `asked` is the position of the reference to the file.
    ///
    /// # Errors
    /// [`ConfigError::Series`].
    pub fn frame(&mut self, path: &Path, asked: &Span) -> Result<Arc<Frame>, ConfigError> {
        let failed = |source| asked.series_error(source);
        let unreadable =
            |source| failed(anergy_data::series::SeriesError::Unreadable { path: path.to_owned(), source });
        let CachedFile { content, sha256 } = self.cache.frames.get(path, || {
            let bytes = self.cache.read(path, MOST_SERIES_BYTES).map_err(unreadable)?;
            let sha256 = sha256(&bytes);
            let frame = Frame::from_bytes(path, bytes).map_err(failed)?;
            Ok(CachedFile { content: Arc::new(frame), sha256 })
        })?;
        self.remember(path, sha256);
        Ok(content)
    }

    /// Returns one spelling of a path, whichever of its spellings is given.
    pub(super) fn canonical(&self, path: &Path) -> PathBuf {
        self.cache.canonical(path)
    }

    /// Returns the files in the order in which they were read.
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
