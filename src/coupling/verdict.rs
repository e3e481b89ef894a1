//! What happened, said honestly.

use serde::Serialize;

use super::{Gap, Residual};

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
    /// Dispatch and loop agree within the tolerance.
    Converged,
    /// The iterates repeat themselves.
    Cycle {
        /// After how many iterations.
        period: usize,
    },
    /// The last allowed iteration was reached.
    MaxIterations,
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
            Self::MaxIterations => "MaxIterations",
        }
    }

    /// The verdict in plain words, with its numbers; `stamp` names the moment of an index into the loop temperatures.
    #[must_use]
    pub fn explain(
        &self,
        iterations: usize,
        residual: Option<Residual>,
        gap: Option<Gap>,
        stamp: impl Fn(usize) -> String,
    ) -> String {
        let moved = residual.map_or_else(
            || "there is no earlier iteration to compare with".to_owned(),
            |residual| {
                let Residual { mean_relative, max_k, at, .. } = residual;
                format!(
                    "the loop temperature last moved by up to {max_k:.3} K (at {}), {:.2} % on average",
                    stamp(at),
                    100.0 * mean_relative
                )
            },
        );
        let saving = gap.map_or_else(
            || "; its gap is not known".to_owned(),
            |Gap { absolute_eur, relative, cost_eur, unmet_kwh, surplus_kwh }| {
                format!(
                    "; gap {relative:.2e} ({absolute_eur:.2} EUR of the objective: money {cost_eur:+.2} EUR, unmet demand \
                     {unmet_kwh:+.3} kWh, surplus {surplus_kwh:+.3} kWh against the best plan at these COPs)"
                )
            },
        );
        match self {
            Self::StoppedByPaperRule { cycle } => {
                let cycle = cycle.map_or_else(String::new, |period| {
                    format!("; the iterates repeat every {period} iterations, so more of them would not help")
                });
                format!(
                    "not converged: stopped by the published 10 % rule after iteration {iterations}; {moved}{cycle}{saving}"
                )
            }
            Self::Converged => format!("converged after iteration {iterations}: {moved}{saving}"),
            Self::Cycle { period } => format!(
                "not converged: the iterates repeat every {period} iterations; {moved}{saving}. Try a relaxation below 1 with \
                 stop: residual, or the preset `corrected`"
            ),
            Self::MaxIterations => format!(
                "not converged: iteration {iterations} was the last one allowed; {moved}{saving}. Try more max_iterations, or a \
                 relaxation below 1 with stop: residual"
            ),
        }
    }
}
