//! What happened, said honestly.

use serde::Serialize;

/// How an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The published rule was satisfied. That is no convergence.
    StoppedByPaperRule {
        /// Period of the cycle that was found on the way, if any.
        cycle: Option<usize>,
    },
    /// Dispatch and loop agree within the tolerance. Whether all demand is served is another question.
    Converged,
    /// The iterates repeat themselves.
    Cycle {
        /// After how many iterations.
        period: usize,
    },
    /// Averaging no longer makes the gap smaller.
    Stalled {
        /// For how many iterations.
        iterations: usize,
        /// The best gap before them: [`Gap::size`](super::Gap::size).
        best_gap: f64,
    },
    /// The steps of the iteration grow and grow.
    Diverged {
        /// How many times as large as a few iterations before the last one was.
        growth: f64,
    },
    /// The loop stands at its limits for most of the time and no longer moves, but plan and COPs do not agree.
    BoundLimited {
        /// Share of the steps in which it stands at a limit.
        share: f64,
    },
    /// At the COPs that the last plan led to there is no plan.
    Infeasible {
        /// The iteration that has none.
        iteration: usize,
    },
    /// The last allowed iteration was reached.
    MaxIterations,
    /// Somebody stopped it.
    Interrupted,
}

impl Verdict {
    /// Whether dispatch and loop agree.
    #[must_use]
    pub fn is_converged(&self) -> bool {
        matches!(self, Self::Converged)
    }

    /// One word for tables.
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
}
