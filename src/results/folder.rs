//! Run folders: written beside their place, then put there in one step.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Why results cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The file system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// Something stands where the results should go, and it is no run folder.
    #[error("{}: exists and is no run folder (it has no summary.json); choose another --out or --name", .0.display())]
    NotARunFolder(PathBuf),
}

/// The file by which a run folder is known.
const MARK: &str = "summary.json";

/// A run folder in the making. Until [`RunFolder::commit`] nothing stands in its place; an unfinished one vanishes.
#[derive(Debug)]
pub struct RunFolder {
    place: PathBuf,
    draft: TempDir,
}

impl RunFolder {
    /// Begins a run folder that will stand at `place`, in the place of an earlier run if there is one.
    ///
    /// # Errors
    /// [`ResultsError::NotARunFolder`] when something else stands there; [`ResultsError::Io`] when the folder above cannot be
    /// written to.
    pub fn begin(place: &Path) -> Result<Self, ResultsError> {
        let parent = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        refuse_foreign(place)?;
        let failed = |action| move |source| ResultsError::Io { path: parent.to_owned(), action, source };
        fs::create_dir_all(parent).map_err(failed("create the folder"))?;
        let draft = tempfile::Builder::new()
            .prefix(".anergy-draft-")
            .tempdir_in(parent)
            .map_err(failed("create a folder in it"))?;
        Ok(Self { place: place.to_owned(), draft })
    }

    /// Writes a file of the folder.
    ///
    /// # Errors
    /// [`ResultsError::Io`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ResultsError> {
        let path = self.draft.path().join(name);
        let write = || -> io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|source| ResultsError::Io { path: self.place.join(name), action: "write", source })
    }

    /// Puts the folder in its place: exchanged with an earlier run in one step where the system can do that.
    ///
    /// # Errors
    /// [`ResultsError::Io`]; the earlier run then still stands.
    pub fn commit(self) -> Result<PathBuf, ResultsError> {
        let Self { place, draft } = self;
        let failed = |action| {
            let path = place.clone();
            move |source| ResultsError::Io { path, action, source }
        };
        sync_folder(draft.path()).map_err(failed("write"))?;
        readable_by_all(draft.path()).map_err(failed("set permissions of"))?;
        refuse_foreign(&place)?;
        if place.exists() {
            exchange(draft.path(), &place).map_err(failed("replace the earlier run"))?;
            // What is now in the draft's place is the earlier run; it goes with the draft.
            drop(draft);
        } else {
            let draft = draft.keep();
            fs::rename(&draft, &place).map_err(failed("create"))?;
        }
        if let Some(parent) = place.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent).map_err(failed("create"))?;
        }
        Ok(place)
    }
}

/// Writes one file by way of a temporary one beside it: either all of it stands there, or what stood there before.
///
/// # Errors
/// [`ResultsError::Io`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ResultsError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".anergy-draft-").tempfile_in(parent)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        sync_folder(parent)
    };
    write().map_err(|source| ResultsError::Io { path: path.to_owned(), action: "write", source })
}

fn refuse_foreign(place: &Path) -> Result<(), ResultsError> {
    let foreign = match fs::read_dir(place) {
        Ok(mut entries) => entries.next().is_some() && !place.join(MARK).is_file(),
        Err(_) => place.exists(),
    };
    if foreign { Err(ResultsError::NotARunFolder(place.to_owned())) } else { Ok(()) }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(unix)]
fn readable_by_all(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn readable_by_all(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Swaps two folders; by two renames where the file system has no exchange.
fn exchange(new: &Path, place: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let aside = new.with_extension("earlier");
    fs::rename(place, &aside)?;
    fs::rename(new, place)?;
    fs::rename(&aside, new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_run_takes_the_place_of_an_earlier_one_whole() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("runs/week");
        for round in ["first", "second"] {
            let folder = RunFolder::begin(&place).unwrap();
            folder.write(MARK, round.as_bytes()).unwrap();
            if round == "first" {
                folder.write("old.csv", b"x").unwrap();
            }
            folder.commit().unwrap();
        }
        assert_eq!(fs::read_to_string(place.join(MARK)).unwrap(), "second");
        assert!(!place.join("old.csv").exists(), "nothing of the earlier run is left");
        assert_eq!(fs::read_dir(root.path().join("runs")).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn an_unfinished_folder_leaves_no_trace() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("run");
        let folder = RunFolder::begin(&place).unwrap();
        folder.write("half.csv", b"x").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("thesis.tex"), "precious").unwrap();
        assert!(matches!(RunFolder::begin(root.path()), Err(ResultsError::NotARunFolder(_))));
        assert!(matches!(RunFolder::begin(&root.path().join("thesis.tex")), Err(ResultsError::NotARunFolder(_))));
        assert_eq!(fs::read_to_string(root.path().join("thesis.tex")).unwrap(), "precious");
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("table.csv");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(write_atomically(&root.path().join("no/such/folder.csv"), b"x").is_err());
    }
}
