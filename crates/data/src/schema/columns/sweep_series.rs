//! Columns of a sweep's `series.parquet`: one row per case and time step. Beside these there is one column per series
//! that the sweep stores, named as in [`timeseries`](super::timeseries).

/// Number of the case, from 0.
pub const INDEX: &str = super::sweep::INDEX;
/// Number of the time step, from 0.
pub const STEP: &str = "step";
