//! The inlet temperatures of coupled balancing units.
//!
//! A unit's outlet temperature is phi(u), where u is its inlet temperature: phi is continuous and piecewise linear
//! with slopes between 0 and 1 (heating to a lowest temperature, heating at full power, heating as near to the source
//! as possible, or no effect). All inlet temperatures are linear in the outlet temperatures: u = c + B phi(u), where
//! B >= 0 has row sums below 1, since water mixes and loses heat to the ground on its way. So the map is monotone and
//! has one fixed point. u - c - B phi(u) is piecewise linear, and the matrix of every piece is an M-matrix: the path
//! along which its value goes straight to zero crosses a finite number of kinks and ends at the fixed point (J.
//! Katzenelson, An algorithm for solving nonlinear resistor networks, Bell System Technical Journal 44, 1965).

use nalgebra::{DMatrix, DVector};

use super::design::{Duty, Effect};

/// Largest number of kinks on the path per unit: a unit has four, and the path may cross some repeatedly.
const KINKS: usize = 64;
/// Number of bisections for the point of the path at which a unit's duty changes.
const HALVINGS: usize = 100;
/// Change of all inlet temperatures that counts as rounding, K per degree Celsius.
const ROUNDING: f64 = 1e-11;

/// A balancing unit with water flow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CoupledUnit {
    pub(super) effect: Effect,
    /// Capacity flow (mass flow times specific heat) of its water, W/K, > 0.
    pub(super) capacity_w_k: f64,
}

/// The balancing units of a network in a part of a step, coupled by the water.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CoupledUnits {
    pub(super) units: Vec<CoupledUnit>,
    /// Inlet temperature of each unit if all outlet temperatures are 0 degrees Celsius.
    pub(super) base_c: Vec<f64>,
    /// Change of each unit's inlet temperature per K of a unit's outlet temperature, K/K: one row for each outlet,
    /// with all inlets in it.
    pub(super) response: Vec<f64>,
}

impl CoupledUnit {
    /// Returns the duty of the unit for the inlet temperature `taken_c`.
    fn duty(&self, taken_c: f64) -> Duty {
        self.effect.duty(taken_c, self.capacity_w_k).unwrap_or_default()
    }

    /// Returns the outlet temperature in degrees Celsius for the inlet temperature `taken_c`, with the duty that
    /// follows from it.
    pub(super) fn gives_c(&self, taken_c: f64) -> f64 {
        self.given_c(self.duty(taken_c), taken_c)
    }

    /// Returns the outlet temperature in degrees Celsius for the inlet temperature `taken_c`, on a given duty.
    pub(super) fn given_c(&self, duty: Duty, taken_c: f64) -> f64 {
        let [constant_c, slope] = self.piece(duty);
        constant_c + slope * taken_c
    }

    /// Returns the share of the way from one inlet temperature to another over which the unit stays on `duty`, and a
    /// share just beyond it; 1 if the duty does not change.
    fn way(&self, duty: Duty, [from_c, to_c]: [f64; 2]) -> [f64; 2] {
        if self.duty(to_c) == duty {
            return [1.0; 2];
        }
        let (mut within, mut beyond) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (within + beyond);
            if self.duty(from_c + middle * (to_c - from_c)) == duty {
                within = middle;
            } else {
                beyond = middle;
            }
        }
        [within, beyond]
    }

    /// Returns constant (degrees Celsius) and slope of the outlet temperature as a function of the inlet temperature,
    /// on a given duty.
    fn piece(&self, duty: Duty) -> [f64; 2] {
        match self.effect.on(duty) {
            Effect::Heat(watts) => [watts / self.capacity_w_k, 1.0],
            Effect::Outlet(outlet_c) => [outlet_c, 0.0],
            Effect::Exchange { with_c, effectiveness, .. } => [effectiveness * with_c, 1.0 - effectiveness],
            Effect::Keep(_) => [0.0, 1.0],
        }
    }
}

impl CoupledUnits {
    /// Returns the duty of each unit at the fixed point.
    ///
    /// # Errors
    /// The last change of an inlet temperature in K, if the path exceeds [`KINKS`].
    pub(super) fn solve(&self) -> Result<Vec<Duty>, f64> {
        let mut inlets_c = DVector::from_column_slice(&self.base_c);
        let mut duties: Vec<Duty> =
            self.units.iter().zip(inlets_c.iter()).map(|(unit, inlet)| unit.duty(*inlet)).collect();
        let mut change_k = f64::INFINITY;
        for _ in 0..KINKS * self.units.len() {
            let Some(ends_c) = self.fixed_point_c(&duties) else { break };
            change_k = ends_c.iter().zip(inlets_c.iter()).map(|(end, now)| (end - now).abs()).fold(0.0, f64::max);
            // Share of the way to the first kink, and just beyond it.
            let ways = self.units.iter().zip(&duties).zip(inlets_c.iter().zip(ends_c.iter()));
            let ways: Vec<[f64; 2]> = ways.map(|((unit, duty), (now, end))| unit.way(*duty, [*now, *end])).collect();
            let first = ways.iter().map(|[within, _]| *within).fold(1.0, f64::min);
            if first >= 1.0 || change_k <= ROUNDING * ends_c.amax().max(1.0) {
                return Ok(duties);
            }
            let from_c = inlets_c.clone();
            for (place, [within, beyond]) in ways.iter().enumerate() {
                let at = |share: f64| from_c[place] + share * (ends_c[place] - from_c[place]);
                inlets_c[place] = at(first);
                if *within <= first {
                    inlets_c[place] = at(*beyond);
                    duties[place] = self.units[place].duty(inlets_c[place]);
                }
            }
        }
        Err(change_k)
    }

    /// Returns the inlet temperatures in degrees Celsius that follow from fixed duties; `None` if the system is
    /// singular.
    fn fixed_point_c(&self, duties: &[Duty]) -> Option<DVector<f64>> {
        let count = self.units.len();
        let mut equations = DMatrix::identity(count, count);
        let mut right = DVector::from_column_slice(&self.base_c);
        for (giver, (unit, duty)) in self.units.iter().zip(duties).enumerate() {
            let [constant_c, slope] = unit.piece(*duty);
            for taker in 0..count {
                let response = self.response[giver * count + taker];
                equations[(taker, giver)] -= response * slope;
                right[taker] += response * constant_c;
            }
        }
        equations.lu().solve(&right)
    }
}

#[cfg(test)]
mod tests {
    use super::super::design::Keep;
    use super::*;
    use proptest::prelude::*;

    fn unit() -> impl Strategy<Value = CoupledUnit> {
        let powers = prop_oneof![1 => Just(0.0), 4 => 0.0f64..5e5];
        let source = (5.0f64..20.0, 0.0f64..1.0);
        (
            10.0f64..14.0,
            0.0f64..6.0,
            [powers.clone(), powers.clone()],
            proptest::option::of(source),
            powers,
            10.0f64..1e5,
        )
            .prop_map(|(low_c, more_k, [heating_w, cooling_w], source, most_w, capacity_w_k)| {
                let effect = match source {
                    Some((with_c, effectiveness)) if most_w > 1e5 => Effect::Exchange { with_c, effectiveness, most_w },
                    source => Effect::Keep(Keep {
                        low_c: source.map_or(low_c, |(with_c, _)| low_c.min(with_c)),
                        high_c: source.map_or(low_c + more_k, |(with_c, _)| with_c.max(low_c + more_k)),
                        heating_w,
                        cooling_w,
                        source: source.map(|(with_c, effectiveness)| [[with_c, effectiveness]; 2]),
                    }),
                };
                CoupledUnit { effect, capacity_w_k }
            })
    }

    proptest! {
        #[test]
        fn the_fixed_point_of_any_circuit_is_found(
            units in proptest::collection::vec(unit(), 1..5),
            shares in proptest::collection::vec(0.0f64..1.0, 16),
            left in 0usize..6,
            base in proptest::collection::vec(-30.0f64..30.0, 4),
        ) {
            let count = units.len();
            // Row sums of B are 1 minus the gain from outside of a circuit that is flushed 1, 10, .. times.
            let gained = 10f64.powi(-i32::try_from(left).unwrap_or(0)) * 0.5;
            let mut response = vec![0.0; count * count];
            for taker in 0..count {
                let sum: f64 = (0..count).map(|giver| shares[giver * 4 + taker]).sum::<f64>().max(1e-9);
                for giver in 0..count {
                    response[giver * count + taker] = shares[giver * 4 + taker] / sum * (1.0 - gained);
                }
            }
            let base_c = base[..count].iter().map(|base| gained * base).collect();
            let coupled = CoupledUnits { units, base_c, response };
            let duties = coupled.solve().map_err(|change| TestCaseError::fail(format!("moves by {change} K")))?;
            // The inlet temperatures that follow from the duties require the same duties.
            let inlets_c = coupled.fixed_point_c(&duties).unwrap_or_default();
            prop_assert_eq!(inlets_c.len(), count);
            for ((unit, duty), inlet_c) in coupled.units.iter().zip(&duties).zip(inlets_c.iter()) {
                let miss_k = (unit.given_c(*duty, *inlet_c) - unit.gives_c(*inlet_c)).abs();
                prop_assert!(miss_k < 1e-6 * inlet_c.abs().max(1.0), "{miss_k} K at {inlet_c} C");
            }
        }
    }
}
