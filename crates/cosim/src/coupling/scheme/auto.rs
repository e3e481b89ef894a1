//! The default scheme: Picard iteration at first, then averaging; Picard again where averages do not improve on it.

use super::{GapRegulated, Picard, SelfRegulated, Step, StepInput, StepRule};

/// Picard iterations at the start.
const PICARD_ITERATIONS: usize = 3;
/// Averaging iterations after which at least one must be better than the first plans.
const AVERAGES: usize = 4;
/// Iterations over which the gap must fall in averaging, and in the return to Picard iteration.
const PATIENCE: usize = 5;
const PATIENCE_WITH_PICARD: usize = 10;
/// Largest ratio of a gap to the best earlier gap that counts as falling.
const ENOUGH: f64 = 0.9;

/// Picard for three iterations, then self-regulated averaging. Where the best gap falls by less than 10 % over five
/// averaging iterations, gap-regulated averaging takes over. Where none of the first four averages is better than the
/// plans before them, Picard iteration resumes as long as the best gap falls by 10 % over ten iterations: dispatch
/// and loop then confirm each other's choice between vertices, and a mixture of two vertices is worse than both.
#[derive(Debug, Clone, Default)]
pub struct Auto {
    self_regulated: SelfRegulated,
    /// Smallest gap of the first plans.
    first: Option<f64>,
    /// Gaps of the plans of the current phase.
    gaps: Vec<f64>,
    phase: Phase,
}

/// The phase of the scheme.
#[derive(Debug, Clone, Copy, Default)]
enum Phase {
    #[default]
    SelfRegulated,
    Picard,
    GapRegulated(GapRegulated),
}

fn least(gaps: &[f64]) -> f64 {
    gaps.iter().copied().fold(f64::INFINITY, f64::min)
}

impl Auto {
    /// Returns whether the best gap fell too little over the last `patience` plans of this phase.
    fn fell_too_little(&self, patience: usize) -> bool {
        let Some(earlier) = self.gaps.len().checked_sub(patience).filter(|&earlier| earlier > 0) else { return false };
        least(&self.gaps) > ENOUGH * least(&self.gaps[..earlier])
    }

    /// Returns whether averages are no better than the plans before them.
    fn averages_in_vain(&self) -> bool {
        self.gaps.len() == AVERAGES && self.first.is_some_and(|first| least(&self.gaps) >= first)
    }
}

impl StepRule for Auto {
    fn next(&mut self, seen: &StepInput) -> Step {
        if seen.iteration <= PICARD_ITERATIONS {
            self.first = seen.gap.into_iter().chain(self.first).reduce(f64::min);
        } else {
            self.gaps.extend(seen.gap);
        }
        if seen.iteration < PICARD_ITERATIONS {
            // With this distance the rule can already decide on the first average whether the distance grows.
            self.self_regulated.distance = seen.distance;
            return Step { scheme: Picard::NAME, step: 1.0 };
        }
        match self.phase {
            Phase::SelfRegulated if self.averages_in_vain() => {
                self.phase = Phase::Picard;
                self.gaps.clear();
            }
            // The steps restart at 1: the steps of the previous phase have become too small for progress.
            Phase::SelfRegulated if self.fell_too_little(PATIENCE) => {
                self.phase = Phase::GapRegulated(GapRegulated::default())
            }
            Phase::Picard if self.fell_too_little(PATIENCE_WITH_PICARD) => {
                self.phase = Phase::GapRegulated(GapRegulated::default());
            }
            _ => {}
        }
        match &mut self.phase {
            Phase::SelfRegulated => self.self_regulated.next(seen),
            Phase::Picard => Step { scheme: Picard::NAME, step: 1.0 },
            Phase::GapRegulated(rule) => rule.next(seen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(gap: impl Fn(usize) -> f64, iterations: usize) -> Vec<Step> {
        let mut auto = Auto::default();
        let seen = |iteration: usize| StepInput {
            iteration,
            distance: (iteration > 0).then(|| 0.5f64.powi(i32::try_from(iteration).unwrap())),
            gap: iteration.checked_sub(1).map(&gap),
        };
        (0..iterations).map(|iteration| auto.next(&seen(iteration))).collect()
    }

    fn names(steps: &[Step]) -> Vec<(&'static str, usize)> {
        steps.chunk_by(|a, b| a.scheme == b.scheme).map(|run| (run[0].scheme, run.len())).collect()
    }

    #[test]
    fn self_regulated_averaging_continues_while_the_gap_falls() {
        let steps = ran(|iteration| 0.9f64.powi(i32::try_from(iteration).unwrap()), 30);
        assert_eq!(names(&steps), [("picard", 3), ("self_regulated", 27)]);
        assert_eq!(steps[3].step, 1.0 / 1.1, "the distances of the Picard iterations count");
    }

    #[test]
    fn gap_regulated_averaging_takes_over_with_full_steps() {
        let steps = ran(|iteration| if iteration < 3 { 1e-2 } else { 1e-3 }, 20);
        // Iterates 3 to 8 are self-regulated; when the next plan is made, five gaps have not fallen below the one
        // before.
        assert_eq!(names(&steps), [("picard", 3), ("self_regulated", 6), ("gap_regulated", 11)]);
        assert_eq!(steps[9].step, 1.0);
        assert!((steps[10].step - 1.0 / 1.15).abs() < 1e-15);
        // One better gap among five is enough to continue.
        let gaps = |iteration| [1e-2, 1e-3, 8e-4][usize::from(iteration >= 3) + usize::from(iteration >= 6)];
        assert_eq!(names(&ran(gaps, 13)), [("picard", 3), ("self_regulated", 9), ("gap_regulated", 1)]);
    }

    #[test]
    fn picard_resumes_where_averages_do_not_improve() {
        let steps = ran(|iteration| if iteration == 1 { 1e-3 } else { 2e-3 }, 25);
        assert_eq!(names(&steps), [("picard", 3), ("self_regulated", 4), ("picard", 11), ("gap_regulated", 7)]);
        assert!(steps[7..19].iter().all(|step| step.step == 1.0));
        // The scheme stays with Picard while the gap falls.
        let gaps = |iteration: usize| if iteration < 8 { 1e-3 } else { 1e-3 * 0.98f64.powi(iteration as i32 - 8) };
        assert_eq!(names(&ran(gaps, 40)), [("picard", 3), ("self_regulated", 4), ("picard", 33)]);
    }
}
