//! Sweeps: many variants of one case, described by a file, run on one machine or on a cluster.
//!
//! A sweep file ([`SweepFile`]) names the base case and the parameters with their values ([`parameter`]); a [`design`]
//! makes cases of them, and a [`constraint`] removes inadmissible cases. The value of a parameter in a case
//! ([`values`]) is written as a user would write it after `--set`.
//!
//! A plan is written once (`manifest`). Any number of workers, in one process or in many (`work`, `slurm`), run cases
//! and write their rows into segments, which are written atomically; a case that is run twice has the same row twice.
//! The segments alone determine which cases are done (`progress`), and `collect` makes one table of them.

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
    row::CaseRow,
    slurm::{Event, Slurm},
    work::{Outlook, ShardOutcome, SweepObserver, Work},
};
