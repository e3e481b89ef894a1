//! The time that a loop spends outside its limits.

use serde::Serialize;

/// Largest excess that counts as rounding, K.
const NEGLIGIBLE_K: f64 = 1e-6;

/// The time outside a limit of the loop, by steps. A well-mixed loop is judged by its temperature at the end of the
/// step, a network by the water that arrives at its substations in the step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct LimitViolation {
    /// Number of steps outside the limit.
    pub steps: usize,
    /// Sum of excess times step length, K h.
    pub kelvin_hours: f64,
    /// Largest excess, K.
    pub worst_k: f64,
    /// Time at which the step of the largest excess ended: 0 is the start of the first step, 1 its end.
    pub at: usize,
}

impl LimitViolation {
    /// Counts step `step` (from 0) of `step_hours` if its excess is more than rounding. Returns whether it is.
    pub fn count(&mut self, excess_k: f64, step_hours: f64, step: usize) -> bool {
        if excess_k <= NEGLIGIBLE_K {
            return false;
        }
        self.steps += 1;
        self.kelvin_hours += excess_k * step_hours;
        if excess_k > self.worst_k {
            (self.worst_k, self.at) = (excess_k, step + 1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_worst_steps_is_remembered() {
        let mut violation = LimitViolation::default();
        for (step, excess_k) in [(3, 0.5), (4, 2.0), (9, 2.0), (10, 0.1)] {
            assert!(violation.count(excess_k, 0.5, step));
        }
        assert!(!violation.count(1e-9, 0.5, 11), "rounding");
        let LimitViolation { steps, kelvin_hours, worst_k, at } = violation;
        assert_eq!((steps, worst_k, at), (4, 2.0, 5), "the end of step 4");
        assert!((kelvin_hours - 2.3).abs() < 1e-12);
    }
}
