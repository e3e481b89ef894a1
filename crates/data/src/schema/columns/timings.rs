//! Columns of the `timings.csv` of a run: wall-clock times by phase and iteration.

/// Phase of the run.
pub const PHASE: &str = "phase";
/// Number of the iteration, from 0; empty for phases outside the iteration.
pub const ITERATION: &str = "iteration";
/// Wall-clock time, seconds.
pub const SECONDS: &str = "seconds";
