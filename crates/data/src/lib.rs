//! Data over time and results: the lowest crate of the workspace that reads and writes files.
//!
//! - [`series`]: time axes, columns, CSV files, outliers
//! - [`results`]: result tables, run folders, atomic writes

pub mod results;
pub mod series;
