//! Atomic writes of single files: a temporary file in the same folder is synced to disk, then renamed.

use std::io::{self, Write};
use std::path::Path;

/// Writes the file `place` atomically: an earlier file there stays unchanged until the new one is complete, then it is
/// replaced.
///
/// # Errors
/// Any error of the file system, or of `write`.
pub fn write_file(place: &Path, write: impl FnOnce(&mut std::fs::File) -> io::Result<()>) -> io::Result<()> {
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut draft = tempfile::Builder::new().prefix(super::folder::DRAFT).tempfile_in(parent)?;
    write(draft.as_file_mut())?;
    draft.as_file_mut().flush()?;
    draft.as_file().sync_all()?;
    readable_by_all(draft.path())?;
    draft.persist(place).map_err(|error| error.error)?;
    sync_names(parent)
}

/// Syncs a folder to disk, so that renamed files survive a loss of power.
#[cfg(unix)]
fn sync_names(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_names(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn readable_by_all(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_creates_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("model.lp");
        let broken = write_file(&place, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert!(broken.is_err() && !place.exists());
        for text in ["first", "second"] {
            write_file(&place, |file| file.write_all(text.as_bytes())).unwrap();
            assert_eq!(std::fs::read_to_string(&place).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no drafts are left");
        assert!(write_file(&folder.path().join("no/such/folder.lp"), |_| Ok(())).is_err());
    }
}
