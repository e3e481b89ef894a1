//! Columns of `comparison.csv`: one row per published figure of a case that was run again.

/// What is compared, with its unit.
pub const FIGURE: &str = "figure";
/// The iteration that it belongs to, from 0; empty where it belongs to none.
pub const ITERATION: &str = "iteration";
/// The published value.
pub const PUBLISHED: &str = "published";
/// The value of this run.
pub const OURS: &str = "ours";
/// The value of this run less the published one.
pub const DIFFERENCE: &str = "difference";
/// The largest difference allowed; empty where the figure is only shown.
pub const TOLERANCE: &str = "tolerance";
