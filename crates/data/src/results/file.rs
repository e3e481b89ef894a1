//! One file, written beside its place, then put there in one step.

use std::io::{self, Write};
use std::path::Path;

/// Writes a file at `place`, in the place of an earlier one if there is one; until it is whole, nothing changes there.
///
/// # Errors
/// What the file system, or `write`, says.
pub fn write_file(place: &Path, write: impl FnOnce(&mut std::fs::File) -> io::Result<()>) -> io::Result<()> {
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut draft = tempfile::Builder::new().prefix(super::folder::DRAFT).tempfile_in(parent)?;
    write(draft.as_file_mut())?;
    draft.as_file_mut().flush()?;
    draft.as_file().sync_all()?;
    readable_by_all(draft.path())?;
    draft.persist(place).map_err(|error| error.error)?;
    keep_names(parent)
}

/// Sees to it that the names in a folder outlive a loss of power too.
#[cfg(unix)]
fn keep_names(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn keep_names(_folder: &Path) -> io::Result<()> {
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
    fn a_file_is_whole_or_not_there() {
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
