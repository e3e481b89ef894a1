//! Locks of folders: one process at a time writes a run folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::ResultsError;
use super::folder::DRAFT;
use crate::input::beginning;

/// The number of random characters at the end of the name of a temporary folder.
pub(super) const RANDOM: usize = 6;

/// An advisory lock of a folder that this process writes. It is a file beside the folder, which is removed with the
/// lock, also when the process is killed and another one takes the lock. On a file system without locks, and on one
/// that is read-only, the folder counts as free.
#[derive(Debug)]
pub struct FolderLock {
    place: PathBuf,
    file: Option<(File, PathBuf)>,
}

impl FolderLock {
    /// Locks the folder `place`, whether or not it exists; `holder` is the name of this run in the message of another
    /// one.
    ///
    /// # Errors
    /// [`ResultsError::InUse`] with the name of the run that has the lock; [`ResultsError::Io`] when the folder above
    /// cannot be created.
    pub fn acquire(place: &Path, holder: &str) -> Result<Self, ResultsError> {
        let place = resolved(place)?;
        let parent = parent(&place);
        let failed = |source| ResultsError::Io { path: parent.to_owned(), action: "create the folder", source };
        fs::create_dir_all(parent).map_err(failed)?;
        let path = parent.join(format!(".anergy-lock-{}", tag(&place)));
        let lock = match lock_file(&path) {
            Ok(Locked::Free(file)) => Some(file),
            Ok(Locked::InUse) => {
                let known = fs::read_to_string(&path).unwrap_or_default();
                let holder = known.lines().next().unwrap_or("another run").to_owned();
                return Err(ResultsError::InUse { place, holder });
            }
            Err(_) => None,
        };
        let mut file = lock.map(|file| (file, path));
        if let Some((file, _)) = &mut file {
            // The name is only for a message.
            let name = format!("process {} ({})\n", std::process::id(), beginning(holder));
            let _ = file.set_len(0).and_then(|()| file.write_all(name.as_bytes()));
        }
        let lock = Self { place, file };
        lock.sweep_up();
        Ok(lock)
    }

    /// Returns whether this is the lock of the folder `place`.
    #[must_use]
    pub fn is_of(&self, place: &Path) -> bool {
        resolved(place).is_ok_and(|place| place == self.place)
    }

    /// Returns the folder, with symbolic links resolved.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Returns the beginning of the names of this folder's temporary folders.
    pub(super) fn draft_prefix(&self) -> String {
        format!("{DRAFT}{}-", tag(&self.place))
    }

    /// Removes the temporary folders that killed processes left: only the owner of the lock makes such.
    fn sweep_up(&self) {
        if self.file.is_none() {
            return;
        }
        let prefix = self.draft_prefix();
        let left = |name: &str| name.strip_prefix(&prefix).is_some_and(|rest| rest.len() == RANDOM);
        for entry in fs::read_dir(parent(&self.place)).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(left) {
                // One that cannot be removed does no harm.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if let Some((file, path)) = self.file.take() {
            // Another process that has opened the file meanwhile sees that it is no longer the one of the folder.
            let _ = fs::remove_file(path);
            drop(file);
        }
    }
}

enum Locked {
    Free(File),
    InUse,
}

/// Locks a file that is at `path` when it is locked.
fn lock_file(path: &Path) -> io::Result<Locked> {
    loop {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path) => return Ok(Locked::Free(file)),
            // Its owner has just removed it.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Locked::InUse),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Returns whether the file at `path` is `file`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// An open file cannot be removed there.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Returns the folder above.
pub(super) fn parent(place: &Path) -> &Path {
    place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Returns the place that a symbolic link leads to; any other path unchanged.
pub(super) fn resolved(place: &Path) -> Result<PathBuf, ResultsError> {
    match fs::symlink_metadata(place) {
        Ok(metadata) if metadata.is_symlink() => place.canonicalize().map_err(|source| ResultsError::Io {
            path: place.to_owned(),
            action: "follow the link",
            source,
        }),
        _ => Ok(place.to_owned()),
    }
}

/// Returns a name of fixed length for the name of a folder.
fn tag(place: &Path) -> String {
    let name = place.file_name().unwrap_or(place.as_os_str());
    super::sha256(name.as_encoded_bytes())[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_with_the_name_of_the_first() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("results/a");
        let first = FolderLock::acquire(&place, "winter.yaml").unwrap();
        let message = FolderLock::acquire(&place, "summer.yaml").unwrap_err().to_string();
        assert!(message.contains("(winter.yaml)") && message.contains("results/a"), "{message}");
        let other = FolderLock::acquire(&root.path().join("results/b"), "summer.yaml").unwrap();
        drop(first);
        let again = FolderLock::acquire(&place, "summer.yaml").unwrap();
        drop((other, again));
        assert_eq!(fs::read_dir(root.path().join("results")).unwrap().count(), 0, "no file is left");
    }

    #[test]
    fn a_lock_that_a_killed_process_left_is_free() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("a");
        fs::write(root.path().join(format!(".anergy-lock-{}", tag(&place))), "gone.yaml (process 1)").unwrap();
        assert!(FolderLock::acquire(&place, "x").is_ok());
    }

    #[test]
    fn temporary_folders_that_a_kill_left_are_swept_up() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("a");
        let lock = FolderLock::acquire(&place, "x").unwrap();
        let left = root.path().join(format!("{}abc123", lock.draft_prefix()));
        let other = FolderLock::acquire(&root.path().join("b"), "x").unwrap();
        let of_other = root.path().join(format!("{}abc123", other.draft_prefix()));
        for folder in [&left, &of_other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("summary.json"), "{}").unwrap();
        }
        drop(lock);
        let _lock = FolderLock::acquire(&place, "x").unwrap();
        assert!(!left.exists() && of_other.exists(), "the other run is still writing");
    }

    #[test]
    fn many_threads_have_the_lock_one_at_a_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let root = tempfile::tempdir().unwrap();
        let (place, inside, taken) = (root.path().join("a"), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Ok(lock) = FolderLock::acquire(&place, "x") {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            taken.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(lock);
                        }
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }
}
