//! Run folders, written atomically: a temporary folder beside the destination is filled, then renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::lock::{FolderLock, RANDOM, parent, resolved};

use crate::schema::files::{FIGURES, JOURNAL, JOURNAL_ITERATION, JOURNAL_REQUEST, RUN_FOLDER, SUMMARY};

/// The reasons why results cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The file system reported an error.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation that failed, in words.
        action: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The destination exists, and it is not a run folder.
    #[error("{}: exists and is no run folder, or holds more than one; choose another --out or --name", .0.display())]
    NotARunFolder(PathBuf),
    /// Another run writes the folder.
    #[error(
        "{}: {holder} is running there; wait for its end, or choose another --out or --name",
        place.display()
    )]
    InUse {
        /// The folder.
        place: PathBuf,
        /// The name of the run and its process.
        holder: String,
    },
    /// A table cannot be written as Parquet.
    #[cfg(feature = "parquet")]
    #[error("a table cannot be written as Parquet: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

/// The prefix of the names of temporary folders.
pub(super) const DRAFT: &str = ".anergy-draft-";

/// A run folder that is being written. Until [`RunFolder::commit`] the destination is unchanged; a run folder that is
/// dropped before is deleted.
#[derive(Debug)]
pub struct RunFolder {
    /// The destination as it was given.
    given: PathBuf,
    /// The destination with symbolic links resolved.
    place: PathBuf,
    draft: TempDir,
    /// The lock of the destination, where no caller has it. It is dropped last.
    _lock: Option<FolderLock>,
}

impl RunFolder {
    /// Checks, before a run starts, that a run folder can be written at `place`.
    ///
    /// # Errors
    /// As [`RunFolder::begin`].
    pub fn check(place: &Path) -> Result<(), ResultsError> {
        Self::begin(place).map(drop)
    }

    /// Creates the temporary folder of a run folder that will be at `place`; an earlier run there is replaced on
    /// commit.
    ///
    /// # Errors
    /// [`ResultsError::NotARunFolder`] when `place` exists and is not a run folder; [`ResultsError::InUse`] when another
    /// run writes it; [`ResultsError::Io`] when the parent folder is not writable.
    pub fn begin(place: &Path) -> Result<Self, ResultsError> {
        refuse_foreign(&resolved(place)?)?;
        let lock = FolderLock::acquire(place, "a run that writes its results")?;
        let folder = Self::begin_in(place, &lock)?;
        Ok(Self { _lock: Some(lock), ..folder })
    }

    /// Creates the temporary folder as [`RunFolder::begin`] does, for the owner of the lock of `place`.
    ///
    /// # Errors
    /// As [`RunFolder::begin`].
    pub fn begin_in(place: &Path, lock: &FolderLock) -> Result<Self, ResultsError> {
        let (given, place) = (place.to_owned(), lock.place().to_owned());
        refuse_foreign(&place)?;
        let failed =
            |source| ResultsError::Io { path: parent(&place).to_owned(), action: "create a folder in it", source };
        let draft = tempfile::Builder::new().prefix(&lock.draft_prefix()).rand_bytes(RANDOM).tempdir_in(parent(&place));
        let draft = draft.map_err(failed)?;
        Ok(Self { given, place, draft, _lock: None })
    }

    /// Returns the temporary folder with the files written so far.
    #[must_use]
    pub fn draft(&self) -> &Path {
        self.draft.path()
    }

    /// Writes one file of the run folder.
    ///
    /// # Errors
    /// [`ResultsError::Io`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ResultsError> {
        debug_assert!(RUN_FOLDER.contains(&name), "{name} is a file of a run folder");
        let path = self.draft.path().join(name);
        let write = || -> io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|source| ResultsError::Io { path: self.place.join(name), action: "write", source })
    }

    /// Links (or copies) the journal of the run folder at the destination into this one. Without this call the journal
    /// is deleted on commit, because the run has ended.
    ///
    /// # Errors
    /// [`ResultsError::Io`].
    pub fn keep_journal(&self) -> Result<(), ResultsError> {
        let (old, new) = (self.place.join(JOURNAL), self.draft.path().join(JOURNAL));
        let link = || -> io::Result<()> {
            fs::create_dir(&new)?;
            for entry in fs::read_dir(&old)? {
                let entry = entry?;
                let to = new.join(entry.file_name());
                fs::hard_link(entry.path(), &to).or_else(|_| fs::copy(entry.path(), &to).map(drop))?;
            }
            sync_folder(&new)
        };
        link().map_err(|source| ResultsError::Io { path: old, action: "keep", source })
    }

    /// Returns whether the run folder at `place` holds a run that has ended.
    #[must_use]
    pub fn is_complete(place: &Path) -> bool {
        place.join(SUMMARY).is_file() && !place.join(JOURNAL).exists()
    }

    /// Moves the folder to its destination and returns the destination. An earlier run is exchanged in one step where
    /// the file system supports that.
    ///
    /// # Errors
    /// [`ResultsError::Io`]; the earlier run is then still in place.
    pub fn commit(self) -> Result<PathBuf, ResultsError> {
        let Self { given, place, draft, _lock } = self;
        let failed = |action| {
            let path = place.clone();
            move |source| ResultsError::Io { path, action, source }
        };
        sync_folder(draft.path()).map_err(failed("write"))?;
        readable_by_all(draft.path()).map_err(failed("set permissions of"))?;
        refuse_foreign(&place)?;
        if place.exists() {
            exchange(draft.path(), &place).map_err(failed("replace the earlier run"))?;
            // A file that somebody put there in the meantime stays.
            if let Err(error) = refuse_foreign(draft.path()) {
                exchange(draft.path(), &place).map_err(failed("put back the earlier run"))?;
                return Err(error.at(place));
            }
        } else {
            fs::rename(draft.path(), &place).map_err(failed("create"))?;
        }
        if let Some(parent) = place.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent).map_err(failed("create"))?;
        }
        // After an exchange the temporary folder holds the earlier run; it is deleted only now that the new run is
        // safe.
        drop(draft);
        Ok(given)
    }
}

impl ResultsError {
    /// Returns the error of a folder that is at `place` again.
    fn at(self, place: PathBuf) -> Self {
        match self {
            Self::NotARunFolder(_) => Self::NotARunFolder(place),
            other => other,
        }
    }
}

fn refuse_foreign(place: &Path) -> Result<(), ResultsError> {
    let foreign = match fs::read_dir(place) {
        Ok(entries) => {
            let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
            let ours = |name: &std::ffi::OsString| {
                let is_folder = [JOURNAL, FIGURES].iter().any(|folder| name == folder);
                RUN_FOLDER.iter().any(|file| name == file) && place.join(name).is_dir() == is_folder
                    || name.to_str().is_some_and(|name| name.starts_with(DRAFT)) && place.join(name).is_file()
            };
            let journal = place.join(JOURNAL);
            let run = place.join(SUMMARY).is_file() || journal.is_dir();
            let figures = place.join(FIGURES);
            let all_ours = names.iter().all(ours)
                && (!journal.exists() || is_journal(&journal))
                && (!figures.exists() || are_figures(&figures));
            !(names.is_empty() || run && all_ours)
        }
        Err(_) => place.exists(),
    };
    if foreign { Err(ResultsError::NotARunFolder(place.to_owned())) } else { Ok(()) }
}

/// Returns whether a folder holds nothing but the figures of a report.
fn are_figures(folder: &Path) -> bool {
    let picture = |name: &str| name.ends_with(".png") || name.ends_with(".svg") || name.starts_with(DRAFT);
    let names = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.file_name()));
    names.is_ok_and(|mut names| names.all(|name| name.to_str().is_some_and(picture)))
}

/// Returns whether a folder holds nothing but the files of a journal.
fn is_journal(folder: &Path) -> bool {
    let names = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.file_name()));
    names.is_ok_and(|mut names| names.all(|name| name.to_str().is_some_and(is_of_journal)))
}

/// Deletes a journal: the files that a run writes there, and the folder if nothing else is in it.
///
/// # Errors
/// Returns any error of the operating system. A folder with files that no run wrote is not deleted: the error is then
/// [`DirectoryNotEmpty`](io::ErrorKind::DirectoryNotEmpty).
pub fn remove_journal(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_of_journal) {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir(folder)
}

fn is_of_journal(name: &str) -> bool {
    name == JOURNAL_REQUEST || name.starts_with(JOURNAL_ITERATION) || name.starts_with(DRAFT)
}

/// Checks that `place` may be replaced: it is absent, or it holds nothing but `files`, with at least one of `marks`
/// among them.
///
/// # Errors
/// [`ResultsError::NotARunFolder`].
pub fn check_folder(place: &Path, files: &[&str], marks: &[&str]) -> Result<(), ResultsError> {
    let Ok(entries) = fs::read_dir(place) else {
        return if place.exists() { Err(ResultsError::NotARunFolder(place.to_owned())) } else { Ok(()) };
    };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    let ours = names.iter().all(|name| files.iter().any(|file| name == file));
    let marked = names.iter().any(|name| marks.iter().any(|mark| name == mark));
    if names.is_empty() || ours && marked { Ok(()) } else { Err(ResultsError::NotARunFolder(place.to_owned())) }
}

/// Returns the name of the run in a run folder: the folder's name, after `.` and `..` are resolved.
#[must_use]
pub fn name_of(folder: &Path) -> String {
    let absolute: PathBuf = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    absolute.file_name().unwrap_or(absolute.as_os_str()).to_string_lossy().into_owned()
}

/// Syncs a folder to disk, so that files created, renamed or removed in it survive a loss of power.
///
/// # Errors
/// Any error of the operating system.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Gives all users the rights to read and enter a folder, where the system has such rights: a temporary folder is
/// created for its owner alone.
///
/// # Errors
/// Any error of the operating system.
pub fn readable_by_all(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Exchanges two folders; with two renames where the file system supports no exchange.
fn exchange(new: &Path, place: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let aside = new.with_extension("earlier");
    fs::rename(place, &aside)?;
    if let Err(error) = fs::rename(new, place) {
        fs::rename(&aside, place)?;
        return Err(error);
    }
    fs::rename(&aside, new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::files::{TIMESERIES, TIMINGS};

    #[test]
    fn a_later_run_replaces_all_files_of_an_earlier_one() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("runs/week");
        for round in ["first", "second"] {
            let folder = RunFolder::begin(&place).unwrap();
            folder.write(SUMMARY, round.as_bytes()).unwrap();
            if round == "first" {
                folder.write(TIMINGS, b"x").unwrap();
            }
            folder.commit().unwrap();
        }
        assert_eq!(fs::read_to_string(place.join(SUMMARY)).unwrap(), "second");
        assert!(!place.join(TIMINGS).exists(), "nothing of the earlier run is left");
        assert_eq!(fs::read_dir(root.path().join("runs")).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn an_uncommitted_folder_is_deleted() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("run");
        let folder = RunFolder::begin(&place).unwrap();
        folder.write(TIMESERIES, b"x").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_run_folder_stays_one() {
        let root = tempfile::tempdir().unwrap();
        let (disk, link) = (root.path().join("disk/run"), root.path().join("run"));
        fs::create_dir_all(&disk).unwrap();
        std::os::unix::fs::symlink(&disk, &link).unwrap();
        for round in ["first", "second"] {
            let folder = RunFolder::begin(&link).unwrap();
            folder.write(SUMMARY, round.as_bytes()).unwrap();
            assert_eq!(folder.commit().unwrap(), link);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(disk.join(SUMMARY)).unwrap(), round);
        }
        assert_eq!(fs::read_dir(root.path().join("disk")).unwrap().count(), 1);
        fs::remove_dir_all(&disk).unwrap();
        assert!(matches!(RunFolder::begin(&link), Err(ResultsError::Io { .. })), "a link that leads nowhere");
    }

    #[test]
    fn files_put_there_during_the_run_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("run");
        let write = || {
            let folder = RunFolder::begin(&place).unwrap();
            folder.write(SUMMARY, b"{}").unwrap();
            folder
        };
        write().commit().unwrap();
        let folder = write();
        fs::write(place.join("notes.txt"), "precious").unwrap();
        assert!(matches!(folder.commit(), Err(ResultsError::NotARunFolder(folder)) if folder == place));
        assert_eq!(fs::read_to_string(place.join("notes.txt")).unwrap(), "precious");
        fs::remove_file(place.join("notes.txt")).unwrap();
        // A folder with the name of a file of ours is not ours.
        fs::create_dir(place.join(TIMINGS)).unwrap();
        assert!(RunFolder::begin(&place).is_err());
    }

    #[test]
    fn a_journal_is_deleted_without_files_of_others() {
        let root = tempfile::tempdir().unwrap();
        let journal = root.path().join(JOURNAL);
        assert!(remove_journal(&journal).is_ok());
        fs::create_dir(&journal).unwrap();
        for name in [JOURNAL_REQUEST, "iteration-0001", ".anergy-draft-abc", "2024.txt"] {
            fs::write(journal.join(name), "x").unwrap();
        }
        assert!(remove_journal(&journal).is_err());
        assert_eq!(fs::read_dir(&journal).unwrap().count(), 1, "the diary stays");
        fs::remove_file(journal.join("2024.txt")).unwrap();
        assert!(remove_journal(&journal).is_ok() && !journal.exists());
    }

    #[test]
    fn a_folder_with_a_foreign_journal_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let diary = root.path().join("diary");
        fs::create_dir_all(diary.join(JOURNAL)).unwrap();
        assert!(RunFolder::begin(&diary).is_ok(), "an empty folder may be replaced");
        fs::write(diary.join(JOURNAL).join(JOURNAL_REQUEST), "{}").unwrap();
        assert!(RunFolder::begin(&diary).is_ok());
        fs::write(diary.join(JOURNAL).join("2024.txt"), "precious").unwrap();
        assert!(matches!(RunFolder::begin(&diary), Err(ResultsError::NotARunFolder(_))));
        assert!(
            check_folder(&diary, &["a.csv"], &["a.csv"]).is_err()
                && check_folder(root.path(), &["diary"], &[]).is_err()
        );
        assert!(check_folder(&root.path().join("new"), &["a.csv"], &["a.csv"]).is_ok());
    }

    #[test]
    fn a_folder_with_foreign_files_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("thesis.tex"), "precious").unwrap();
        fs::write(root.path().join(SUMMARY), "{}").unwrap();
        assert!(matches!(RunFolder::begin(root.path()), Err(ResultsError::NotARunFolder(_))));
        assert!(matches!(RunFolder::begin(&root.path().join("thesis.tex")), Err(ResultsError::NotARunFolder(_))));
        assert_eq!(fs::read_to_string(root.path().join("thesis.tex")).unwrap(), "precious");
    }
}
