//! Result tables, and folders in which nothing is ever half-written.

mod folder;
mod table;

pub use folder::{ResultsError, RunFolder, write_atomically};
pub use table::{Column, Table};
