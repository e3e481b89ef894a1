//! The default: Picard while it makes big strides, then averaging.

use super::{GapRegulated, Picard, Seen, SelfRegulated, Step, StepRule};

/// Picard iterations at the beginning.
const PICARD_ITERATIONS: usize = 3;
/// Iterations over which the gap must fall.
const PATIENCE: usize = 5;
/// A gap above this share of the best one before has not fallen enough.
const ENOUGH: f64 = 0.9;

/// Picard for three iterations, then self-regulated averaging, then gap-regulated averaging from where the best gap fell by
/// less than 10 % over five iterations.
#[derive(Debug, Clone, Default)]
pub struct Auto {
    self_regulated: SelfRegulated,
    /// Gaps of the self-regulated plans.
    gaps: Vec<f64>,
    gap_regulated: Option<GapRegulated>,
}

impl Auto {
    fn fell_too_little(&self) -> bool {
        let Some(earlier) = self.gaps.len().checked_sub(PATIENCE).filter(|&earlier| earlier > 0) else { return false };
        let best = |gaps: &[f64]| gaps.iter().copied().fold(f64::INFINITY, f64::min);
        best(&self.gaps) > ENOUGH * best(&self.gaps[..earlier])
    }
}

impl StepRule for Auto {
    fn next(&mut self, seen: &Seen) -> Step {
        if let Some(gap_regulated) = &mut self.gap_regulated {
            return gap_regulated.next(seen);
        }
        if seen.iteration < PICARD_ITERATIONS {
            // The first averaged plan can then tell whether the answers draw nearer.
            self.self_regulated.distance = seen.distance;
            return Step { scheme: Picard::NAME, step: 1.0 };
        }
        if seen.iteration > PICARD_ITERATIONS {
            self.gaps.extend(seen.gap);
        }
        if self.fell_too_little() {
            // With whole steps again: from steps as small as they have become it would hardly move.
            return self.gap_regulated.insert(GapRegulated::default()).next(seen);
        }
        self.self_regulated.next(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(gap: impl Fn(usize) -> f64, iterations: usize) -> Vec<Step> {
        let mut auto = Auto::default();
        let seen = |iteration: usize| Seen {
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
    fn while_the_gap_falls_self_regulated_averaging_goes_on() {
        let steps = ran(|iteration| 0.9f64.powi(i32::try_from(iteration).unwrap()), 30);
        assert_eq!(names(&steps), [("picard", 3), ("self_regulated", 27)]);
        assert_eq!(steps[3].step, 1.0 / 1.1, "the distances of the Picard iterations count");
    }

    #[test]
    fn where_it_no_longer_does_the_gap_takes_over_with_whole_steps() {
        let steps = ran(|_| 1e-3, 20);
        // Iterates 3 to 8 are self-regulated; when the next plan is made, five gaps are no better than the one before.
        assert_eq!(names(&steps), [("picard", 3), ("self_regulated", 6), ("gap_regulated", 11)]);
        assert_eq!(steps[9].step, 1.0);
        assert!((steps[10].step - 1.0 / 1.15).abs() < 1e-15);
        // One good gap among five is enough to go on.
        let steps = ran(|iteration| if iteration < 6 { 1e-3 } else { 8e-4 }, 13);
        assert_eq!(names(&steps), [("picard", 3), ("self_regulated", 9), ("gap_regulated", 1)]);
    }
}
