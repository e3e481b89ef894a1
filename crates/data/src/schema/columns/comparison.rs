//! Columns of `comparison.csv`: one row per published figure of a reproduced case.

/// The quantity that is compared, with its unit.
pub const FIGURE: &str = "figure";
/// The iteration of the figure, from 0; empty where the figure belongs to no iteration.
pub const ITERATION: &str = "iteration";
/// The published value.
pub const PUBLISHED: &str = "published";
/// The value of this run.
pub const OURS: &str = "ours";
/// The value of this run minus the published value.
pub const DIFFERENCE: &str = "difference";
/// The largest difference allowed; empty where the figure is shown without a check.
pub const TOLERANCE: &str = "tolerance";
