//! The energy balance of a loop: the change of its stored heat equals the heat received, in every step and over the
//! whole run.

/// Temperature change whose energy is the smallest scale of a residual, K: rounding of a temperature's last digit
/// must not count as a residual in a step without heat.
const FLOOR_K: f64 = 1e-3;

/// The running energy balance of a loop.
#[derive(Debug, Clone)]
pub struct EnergyBalance {
    heat_capacity_kwh_per_k: f64,
    received_kwh: f64,
    moved_kwh: f64,
    worst_step: f64,
}

impl EnergyBalance {
    /// Creates the balance of a loop before its first step.
    #[must_use]
    pub fn new(heat_capacity_kwh_per_k: f64) -> Self {
        Self { heat_capacity_kwh_per_k, received_kwh: 0.0, moved_kwh: 0.0, worst_step: 0.0 }
    }

    /// Adds a step that warmed the loop by `warmed_k` and received these energies: from heat pumps, ground, no source
    /// (created), and balancing unit.
    #[inline]
    pub fn add(&mut self, warmed_k: f64, received_kwh: [f64; 4]) {
        let sum_kwh = received_kwh.iter().sum();
        let moved_kwh = received_kwh.iter().map(|energy| energy.abs()).sum();
        self.worst_step = self.worst_step.max(self.miss(warmed_k, sum_kwh, moved_kwh));
        self.received_kwh += sum_kwh;
        self.moved_kwh += moved_kwh;
    }

    /// Returns the largest residual of a step, relative to the energy moved in it.
    #[must_use]
    pub fn worst_step(&self) -> f64 {
        self.worst_step
    }

    /// Returns the residual of all steps, which together warmed the loop by `warmed_k`, relative to all energy moved.
    #[must_use]
    pub fn whole(&self, warmed_k: f64) -> f64 {
        self.miss(warmed_k, self.received_kwh, self.moved_kwh)
    }

    #[inline]
    fn miss(&self, warmed_k: f64, received_kwh: f64, moved_kwh: f64) -> f64 {
        let stored_kwh = warmed_k * self.heat_capacity_kwh_per_k;
        (stored_kwh - received_kwh).abs() / moved_kwh.max(FLOOR_K * self.heat_capacity_kwh_per_k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residual_is_found_in_its_step_and_in_the_run() {
        let mut balance = EnergyBalance::new(100.0);
        balance.add(1.0, [150.0, -50.0, 0.0, 0.0]);
        assert_eq!((balance.worst_step(), balance.whole(1.0)), (0.0, 0.0));
        balance.add(-0.5, [-80.0, 0.0, 0.0, 20.0]);
        assert!((balance.worst_step() - 10.0 / 100.0).abs() < 1e-15);
        assert!((balance.whole(0.5) - 10.0 / 300.0).abs() < 1e-15);
    }

    #[test]
    fn rounding_of_a_temperature_at_rest_is_no_residual() {
        let mut balance = EnergyBalance::new(1e6);
        balance.add(15.0 * f64::EPSILON, [0.0; 4]);
        assert!(balance.worst_step() < 1e-9);
    }
}
