//! Time series and results: the lowest crate of the workspace, which reads and writes files.
//!
//! - [`series`]: time axes, columns, CSV files, outliers
//! - [`results`]: result tables, run folders, atomic writes
//! - [`input`]: input files, which are regular and of limited size
//! - [`schema`]: the schema of results: `summary.json`, column names of the tables, names of the files

pub mod input;
pub mod results;
pub mod schema;
pub mod series;
