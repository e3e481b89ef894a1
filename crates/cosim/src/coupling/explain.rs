//! Explains a verdict in text: the event, its time, its size in EUR and K, and what to try next.

use super::terminal_residual::distance_in_words;
use super::{Gap, Outcome, Residual, Unrest, Verdict};

impl<P, A> Outcome<P, A> {
    /// Returns the verdict as text with its numbers; `stamp` returns the time stamp of an index into the loop
    /// temperatures.
    #[must_use]
    pub fn explain(&self, stamp: impl Fn(usize) -> String) -> String {
        let Some(last) = self.records.last() else { return String::new() };
        let iterations = last.iteration;
        let moved = self.moved(&stamp);
        let saving = self.saving();
        let distance = distance_in_words(self.unrest.distance);
        let scheme = last.scheme;
        let averages = last.is_average();
        match self.verdict {
            Verdict::StoppedByPaperRule { cycle } => {
                let cycle = cycle.map_or_else(String::new, |period| {
                    format!("; the iterates repeat every {period} iterations, so more of them would not help")
                });
                format!(
                    "not converged: stopped by the published 10 % rule after iteration {iterations}; \
                     {moved}{cycle}{saving}"
                )
            }
            Verdict::Converged => format!("converged after iteration {iterations}: {moved}{saving}"),
            Verdict::Cycle { period } => format!(
                "not converged: the iterates repeat every {period} iterations; {moved}{saving}. Try scheme: auto, \
                 which averages the plans{AVERAGING_NEEDS}"
            ),
            Verdict::Stalled { iterations: long, best_gap } => format!(
                "not converged: averaging has not brought the gap below {best_gap:.2e} for {long} iterations (stopped \
                 after iteration {iterations}); {moved}{saving}; {distance}. Try {}, or a gap_tolerance above \
                 {best_gap:.0e}; {NO_ERROR_OF_THE_COST}",
                other_averaging(scheme)
            ),
            Verdict::Diverged { growth } => format!(
                "not converged: the steps grow, to {growth:.0} times in a few iterations (stopped after iteration \
                 {iterations}); {moved}{saving}. Try a relaxation below 1, scheme: auto, which averages the \
                 plans{AVERAGING_NEEDS}, or a balancing unit that holds the loop within its limits"
            ),
            Verdict::BoundLimited { share } => format!(
                "not converged: the loop stands at its limits in {:.0} % of the steps and no longer moves, but plan \
                 and COPs do not agree after iteration {iterations}: what is left runs through the stores; \
                 {moved}{saving}. Try scheme: newton, wider limits of the loop, or a gap_tolerance above the gap; \
                 {NO_ERROR_OF_THE_COST}",
                100.0 * share
            ),
            Verdict::Infeasible { iteration } => {
                let refusal = self.refusal.as_deref().unwrap_or_default().trim_end_matches([';', '\n', ' ']);
                format!(
                    "not converged: at the COPs of iteration {iteration} there is no plan ({refusal}); up to then \
                     {moved}{saving}. Try more import or heat pump capacity, or a price for unmet demand"
                )
            }
            Verdict::Interrupted => format!(
                "not converged: interrupted after iteration {iterations}; {moved}{saving}. `anergy run --resume` with \
                 the run folder goes on from there"
            ),
            Verdict::MaxIterations => {
                let else_try = if averages {
                    format!("{}, or a larger gap_tolerance; {NO_ERROR_OF_THE_COST}", other_averaging(scheme))
                } else {
                    format!("scheme: auto, which averages the plans{AVERAGING_NEEDS}")
                };
                format!(
                    "not converged: iteration {iterations} was the last one allowed; {moved}{saving}; {distance}. Try \
                     more max_iterations, or {else_try}"
                )
            }
        }
    }

    /// Returns the last change of the loop temperature, and the time stamps of the largest changes, as text.
    fn moved(&self, stamp: impl Fn(usize) -> String) -> String {
        let Some((last, residual)) = self.records.last().and_then(|last| Some((last, last.residual?))) else {
            return "there is no earlier iteration to compare with".to_owned();
        };
        let step = if last.is_average() { format!(" in a step of {:.2} of the way", last.step) } else { String::new() };
        let Residual { mean_relative, max_k, .. } = residual;
        let Unrest { moments, of, worst, .. } = &self.unrest;
        let when: Vec<String> = worst.iter().map(|(at, _)| stamp(*at)).collect();
        let when = match (*moments, when.as_slice()) {
            (0, _) | (_, []) => String::new(),
            (1, [only, ..]) => format!(" (at {only})"),
            (many, [first, ..]) if self.verdict.is_converged() => {
                format!(" (at {first}; visibly in {many} of {of} moments)")
            }
            (many, _) => format!(" (most at {}; visibly in {many} of {of} moments)", when.join(", ")),
        };
        format!(
            "the loop temperature last moved by up to {max_k:.3} K{when}, {:.2} % on average{step}",
            100.0 * mean_relative
        )
    }

    /// Returns the gap in money and in unmet demand, as text.
    fn saving(&self) -> String {
        self.gap.map_or_else(
            || "; its gap is not known".to_owned(),
            |Gap { absolute_eur, relative, cost_eur, unmet_kwh, unmet_relative, surplus_kwh }| {
                // A gap of unmet demand of zero is not mentioned.
                let unmet =
                    if unmet_relative > 0.0 { format!(" (relative gap {unmet_relative:.2e})") } else { String::new() };
                format!(
                    "; gap {relative:.2e} ({absolute_eur:.2} EUR of the objective: money {cost_eur:+.2} EUR, unmet \
                     demand {unmet_kwh:+.3} kWh{unmet}, surplus {surplus_kwh:+.3} kWh against the best plan at these \
                     COPs)"
                )
            },
        )
    }
}

/// Warning that the gap is not the error of the cost. On a small loop the cost of the answer has been 2.5 to 6.6 gaps
/// from that at a hundredth of the tolerance: every equilibrium has a gap of zero, and equilibria need not cost the
/// same.
const NO_ERROR_OF_THE_COST: &str =
    "the gap is what a dispatcher could still save at these COPs, the cost may be several gaps off";

/// Condition of [`super::CouplingSettings::gap_is_free`], as a hint to the user.
const AVERAGING_NEEDS: &str =
    " (with loop_cop: within_step, store_temperature: current and relaxation: 1, as in the preset `corrected`)";

/// Returns the averaging scheme to try after `scheme`.
fn other_averaging(scheme: &str) -> &'static str {
    if scheme == "gap_regulated" { "scheme: self_regulated" } else { "scheme: gap_regulated" }
}
