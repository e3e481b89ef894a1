//! Time that a loop spends outside its limits.

use serde::Serialize;

/// Time spent outside a limit of the loop, judged by the temperature at the end of each step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Violation {
    /// Steps that ended outside.
    pub steps: usize,
    /// Excess times step length, K h.
    pub kelvin_hours: f64,
    /// Largest excess, K.
    pub worst_k: f64,
    /// Index into the loop temperatures at which it is largest.
    pub at: usize,
}

impl Violation {
    /// Counts a step of `step_hours` that ended `excess_k` > 0 outside, at index `at` of the loop temperatures.
    pub fn count(&mut self, excess_k: f64, step_hours: f64, at: usize) {
        self.steps += 1;
        self.kelvin_hours += excess_k * step_hours;
        if excess_k > self.worst_k {
            (self.worst_k, self.at) = (excess_k, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_worst_steps_is_remembered() {
        let mut violation = Violation::default();
        for (at, excess_k) in [(3, 0.5), (4, 2.0), (9, 2.0), (10, 0.1)] {
            violation.count(excess_k, 0.5, at);
        }
        let Violation { steps, kelvin_hours, worst_k, at } = violation;
        assert_eq!((steps, worst_k, at), (4, 2.0, 4));
        assert!((kelvin_hours - 2.3).abs() < 1e-12);
    }
}
