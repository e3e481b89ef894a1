//! `anergy new`: writes a small district to start from.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;

/// The files of a new district.
const FILES: [(&str, &str); 2] = [
    ("district.yaml", include_str!("../../configs/starter/district.yaml")),
    ("timeseries/week.csv", include_str!("../../configs/starter/timeseries/week.csv")),
];

/// Write a small, commented district to start from
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy new my_district\n  \
    anergy run my_district/district.yaml")]
pub(super) struct New {
    /// Folder to write to; must not exist, or be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl New {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let files = FILES.map(|(name, text)| (name, text.as_bytes().to_vec()));
        write_folder(&self.folder, &files)?;
        let district = self.folder.join("district.yaml");
        super::print(&format!("{}\n", district.display()))?;
        super::say(&format!("now: anergy run {}", district.display()));
        Ok(0)
    }
}

/// Writes files atomically into a folder that does not exist or is empty.
pub(super) fn write_folder(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), Failure> {
    let failed = |source| Failure::Write { path: folder.to_owned(), source };
    match std::fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                let message = format!("{}: is not empty; choose a new folder", folder.display());
                return Err(Failure::Usage(message));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let whole = std::path::absolute(folder).map_err(failed)?;
    let parent = whole.parent().unwrap_or(&whole);
    std::fs::create_dir_all(parent).map_err(failed)?;
    let draft = tempfile::Builder::new().prefix(".anergy-draft-").tempdir_in(parent).map_err(failed)?;
    for (name, bytes) in files {
        let path = draft.path().join(name);
        let write = || -> std::io::Result<()> {
            if let Some(inner) = path.parent() {
                std::fs::create_dir_all(inner)?;
            }
            let mut file = std::fs::File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(failed)?;
    }
    crate::results::readable_by_all(draft.path()).map_err(failed)?;
    if !folder.exists() {
        return std::fs::rename(draft.path(), folder).map_err(failed);
    }
    // An empty folder is not replaced, because it may be the working directory of a shell.
    for entry in std::fs::read_dir(draft.path()).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        std::fs::rename(entry.path(), folder.join(entry.file_name())).map_err(failed)?;
    }
    Ok(())
}
