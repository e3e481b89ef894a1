//! The energy balance of a loop: what it stores is what it received, in every step and over the whole time.

use super::well_mixed::{LoopStep, WellMixedLoop};

/// Temperature change whose energy is the least that a miss is related to, K: rounding a temperature by its last digit must
/// not look like a miss in a step that moves nothing.
const FLOOR_K: f64 = 1e-3;

/// The running energy balance of a loop.
#[derive(Debug, Clone)]
pub struct EnergyBalance {
    heat_capacity_kwh_per_k: f64,
    start_c: f64,
    received_kwh: f64,
    moved_kwh: f64,
    worst_step: f64,
}

impl EnergyBalance {
    /// The balance of `water_loop` before its first step.
    #[must_use]
    pub fn new(water_loop: &WellMixedLoop) -> Self {
        Self {
            heat_capacity_kwh_per_k: water_loop.heat_capacity_kwh_per_k(),
            start_c: water_loop.initial_c(),
            received_kwh: 0.0,
            moved_kwh: 0.0,
            worst_step: 0.0,
        }
    }

    /// Adds a step that began at `before_c`, received `heat_kwh` and ended as `after` says.
    #[inline]
    pub fn add(&mut self, before_c: f64, heat_kwh: f64, after: &LoopStep) {
        let LoopStep { temp_c, ground_kwh, created_kwh, balancing_kwh, .. } = *after;
        let received_kwh = heat_kwh + ground_kwh + created_kwh + balancing_kwh;
        let moved_kwh = heat_kwh.abs() + ground_kwh.abs() + created_kwh.abs() + balancing_kwh.abs();
        self.worst_step = self.worst_step.max(self.miss(temp_c - before_c, received_kwh, moved_kwh));
        self.received_kwh += received_kwh;
        self.moved_kwh += moved_kwh;
    }

    /// Worst miss of a step, relative to the energy moved in it.
    #[must_use]
    pub fn worst_step(&self) -> f64 {
        self.worst_step
    }

    /// Miss of the whole time up to a loop at `now_c`, relative to all energy moved.
    #[must_use]
    pub fn whole(&self, now_c: f64) -> f64 {
        self.miss(now_c - self.start_c, self.received_kwh, self.moved_kwh)
    }

    #[inline]
    fn miss(&self, warmed_k: f64, received_kwh: f64, moved_kwh: f64) -> f64 {
        let stored_kwh = warmed_k * self.heat_capacity_kwh_per_k;
        (stored_kwh - received_kwh).abs() / moved_kwh.max(FLOOR_K * self.heat_capacity_kwh_per_k)
    }
}
