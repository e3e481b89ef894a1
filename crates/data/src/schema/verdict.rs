//! The verdict: how the iteration between dispatch and loop ended.

use serde::{Deserialize, Serialize};

use super::number::number;

/// The outcome of an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The published stopping rule was satisfied. This does not imply convergence.
    StoppedByPaperRule {
        /// Period of a cycle that was detected before; `None` without one.
        cycle: Option<usize>,
    },
    /// Dispatch and loop agree within the tolerance. The verdict does not tell whether all demand is served.
    Converged,
    /// The iterates repeat periodically.
    Cycle {
        /// Number of iterations after which they repeat.
        #[serde(default)]
        period: usize,
    },
    /// Averaging no longer reduces the gap.
    Stalled {
        /// Number of iterations since the gap last became smaller.
        #[serde(default)]
        iterations: usize,
        /// The best gap before them: [`Gap::size`](super::Gap::size).
        #[serde(default, deserialize_with = "number")]
        best_gap: f64,
    },
    /// The steps of the iteration keep growing.
    Diverged {
        /// Size of the last step as a multiple of the step a few iterations before.
        #[serde(default, deserialize_with = "number")]
        growth: f64,
    },
    /// The loop is at its limits for most of the time and no longer moves, but plan and COPs do not agree.
    BoundLimited {
        /// Share of the steps in which it is at a limit.
        #[serde(default, deserialize_with = "number")]
        share: f64,
    },
    /// At the COPs that the last plan led to, no plan is feasible.
    Infeasible {
        /// Number of the iteration without a feasible plan.
        #[serde(default)]
        iteration: usize,
    },
    /// The last allowed iteration was reached.
    MaxIterations,
    /// The user stopped the iteration.
    Interrupted,
}

impl Verdict {
    /// Returns whether dispatch and loop agree.
    #[must_use]
    pub fn is_converged(&self) -> bool {
        matches!(self, Self::Converged)
    }

    /// Returns the verdict as one word, for tables and for the terminal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::StoppedByPaperRule { .. } => "StoppedByPaperRule",
            Self::Converged => "Converged",
            Self::Cycle { .. } => "Cycle",
            Self::Stalled { .. } => "Stalled",
            Self::Diverged { .. } => "Diverged",
            Self::BoundLimited { .. } => "BoundLimited",
            Self::Infeasible { .. } => "Infeasible",
            Self::MaxIterations => "MaxIterations",
            Self::Interrupted => "Interrupted",
        }
    }

    /// Returns the verdict in words, as in `stopped by paper rule`.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::StoppedByPaperRule { .. } => "stopped by paper rule",
            Self::Converged => "converged",
            Self::Cycle { .. } => "cycle",
            Self::Stalled { .. } => "stalled",
            Self::Diverged { .. } => "diverged",
            Self::BoundLimited { .. } => "bound limited",
            Self::Infeasible { .. } => "infeasible",
            Self::MaxIterations => "max iterations",
            Self::Interrupted => "interrupted",
        }
    }
}
