//! What happened, said honestly.

use serde::Serialize;

use super::{Gap, Record, Residual};

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
    /// Averaging no longer makes the gap smaller.
    Stalled {
        /// For how many iterations.
        iterations: usize,
        /// The best relative gap before them.
        best_gap: f64,
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
            Self::MaxIterations => "MaxIterations",
            Self::Interrupted => "Interrupted",
        }
    }

    /// The verdict in plain words, with its numbers: the `last` iteration's, and the answer's gap; `stamp` names the moment
    /// of an index into the loop temperatures.
    #[must_use]
    pub fn explain(&self, last: &Record, gap: Option<Gap>, stamp: impl Fn(usize) -> String) -> String {
        let iterations = last.iteration;
        let step = if last.is_average() { format!(" in a step of {:.2} of the way", last.step) } else { String::new() };
        let moved = last.residual.map_or_else(
            || "there is no earlier iteration to compare with".to_owned(),
            |residual| {
                let Residual { mean_relative, max_k, at, .. } = residual;
                format!(
                    "the loop temperature last moved by up to {max_k:.3} K (at {}), {:.2} % on average{step}",
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
                "not converged: the iterates repeat every {period} iterations; {moved}{saving}. Try scheme: auto, \
                 which averages the plans{AVERAGING_NEEDS}"
            ),
            Self::Stalled { iterations: long, best_gap } => format!(
                "not converged: averaging has not brought the gap below {best_gap:.2e} for {long} iterations (stopped after \
                 iteration {iterations}); {moved}{saving}. Try {}, or a gap_tolerance above {best_gap:.0e}: annual cost is good \
                 to about the gap",
                other_averaging(last.scheme)
            ),
            Self::Interrupted => format!(
                "not converged: interrupted after iteration {iterations}; {moved}{saving}. `anergy run --resume` with the run \
                 folder goes on from there"
            ),
            Self::MaxIterations => {
                let else_try = if last.is_average() {
                    format!(
                        "{}, or a larger gap_tolerance: annual cost is good to about the gap",
                        other_averaging(last.scheme)
                    )
                } else {
                    format!("scheme: auto, which averages the plans{AVERAGING_NEEDS}")
                };
                format!(
                    "not converged: iteration {iterations} was the last one allowed; {moved}{saving}. Try more max_iterations, \
                     or {else_try}"
                )
            }
        }
    }
}

/// What [`super::CouplingSettings::gap_is_free`] asks for, as a hint.
const AVERAGING_NEEDS: &str =
    " (with loop_cop: within_step, store_temperature: current and relaxation: 1, as in the preset `corrected`)";

/// The averaging scheme to try after `scheme`.
fn other_averaging(scheme: &str) -> &'static str {
    if scheme == "gap_regulated" { "scheme: self_regulated" } else { "scheme: gap_regulated" }
}
