//! Result tables, and files and folders that are written atomically.

mod file;
mod folder;
mod hash;
mod lock;
#[cfg(feature = "parquet")]
mod parquet;
mod table;

pub use file::write_file;
pub use folder::readable_by_all;
#[cfg(feature = "parquet")]
pub use folder::sync_folder;
pub use folder::{ResultsError, RunFolder, check_folder, name_of, remove_journal};
pub use hash::sha256;
pub use lock::FolderLock;
#[cfg(feature = "parquet")]
pub use parquet::ParquetTable;
pub use table::{Column, Table};
