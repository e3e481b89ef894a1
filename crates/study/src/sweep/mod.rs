//! Sweeps: many variants of one case, described by a file, run on one machine or on a cluster.
//!
//! A sweep file ([`SweepFile`]) names the base case and the parameters that vary, each with its values ([`parameter`]); a
//! [`design`] makes cases of them, and a [`constraint`] leaves out those that make no sense. What a parameter is in one case
//! ([`values`]) is written as a user would write it after `--set`.
//!
//! A plan is written once (`manifest`). Any number of workers, in one process or in many (`work`, `slurm`), run cases and put
//! their rows into segments, files which are whole or not there; who runs a case twice finds the same. What is done is told by the
//! segments alone (`progress`), and `collect` makes one table of them.

#[cfg(feature = "parquet")]
pub mod collect;
#[cfg(feature = "parquet")]
mod collect_series;
pub mod constraint;
pub mod design;
#[cfg(feature = "parquet")]
mod error;
pub mod file;
#[cfg(feature = "parquet")]
pub mod manifest;
pub mod parameter;
#[cfg(feature = "parquet")]
pub mod progress;
mod reading;
#[cfg(feature = "parquet")]
pub mod row;
#[cfg(feature = "parquet")]
mod scalars;
#[cfg(feature = "parquet")]
mod segment;
#[cfg(feature = "parquet")]
pub mod slurm;
pub mod values;
#[cfg(feature = "parquet")]
pub mod work;

pub use design::{Cases, Design, Parameter};
pub use file::{SweepFile, json_schema};
pub use values::{Scalar, Values};
#[cfg(feature = "parquet")]
pub use {
    anergy_data::schema::columns::sweep::Status,
    collect::{Collected, collect},
    error::SweepError,
    manifest::{Manifest, Shard},
    progress::{Progress, as_array, progress},
    row::Row,
    slurm::{Event, Slurm},
    work::{Done, Outlook, Watcher, Work},
};
