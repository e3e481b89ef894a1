//! Tests of fleets, and the units they share.

mod by_hand;
mod errors;
mod implied;
mod invariants;
mod modal;

use anergy_profile::Profile;
use nalgebra::{DMatrix, DVector};
use ndarray::{Array2, array};

use super::{Dynamics, Fleet, FleetSolution, Initial, Input, Output, Unit};

/// Returns an input between 0 and `upper`.
fn input(name: &str, upper: f64, cost: impl Into<Profile>) -> Input {
    Input { name: name.into(), lower: 0.0.into(), upper: upper.into(), cost: cost.into() }
}

/// Returns a building of one state that keeps 90 % of its temperature, starts at 20 and is kept in 20..22.
fn one_state(cost: impl Into<Profile>) -> Unit {
    let initial = Initial::Given(vec![20.0]);
    Unit::new("building", Dynamics::diagonal(vec![0.9]), array![[1.0]], initial, vec![input("heating", 10.0, cost)])
        .with_output(Output::of_states("temperature", vec![1.0], 20.0, 22.0))
}

/// Returns a battery with the given retention and one output, its level in 0..6; charge and discharge up to 2.
fn battery(retention: f64, efficiency: f64, initial: Initial) -> Unit {
    let inputs = vec![input("charge", 2.0, 0.0), input("discharge", 2.0, 0.0)];
    let gains = array![[efficiency, -1.0 / efficiency]];
    Unit::new("battery", Dynamics::diagonal(vec![retention]), gains, initial, inputs).with_output(Output::of_states(
        "level",
        vec![1.0],
        0.0,
        6.0,
    ))
}

/// An RC network of `nodes` nodes in a chain, of which the last is the heated air, discretised exactly.
struct Network {
    transition: Array2<f64>,
    /// Effect of heat at the air node.
    heat: Array2<f64>,
    /// Effect of the outdoor temperature.
    outside: Vec<f64>,
    capacities: Vec<f64>,
}

impl Network {
    fn new(capacities: &[f64], conductances: &[f64], to_outside: &[f64], hours: f64) -> Self {
        let nodes = capacities.len();
        let mut rates = DMatrix::zeros(nodes, nodes);
        for (node, conductance) in conductances.iter().enumerate() {
            for (from, to) in [(node, node + 1), (node + 1, node)] {
                rates[(from, to)] += conductance / capacities[from];
                rates[(from, from)] -= conductance / capacities[from];
            }
        }
        (0..nodes).for_each(|node| rates[(node, node)] -= to_outside[node] / capacities[node]);
        let transition = (&rates * hours).exp();
        let integral = rates.clone().try_inverse().unwrap() * (&transition - DMatrix::identity(nodes, nodes));
        let mut of_heat = DVector::zeros(nodes);
        of_heat[nodes - 1] = 1.0 / capacities[nodes - 1];
        let of_outside = DVector::from_fn(nodes, |node, _| to_outside[node] / capacities[node]);
        let (heat, outside) = (&integral * of_heat, &integral * of_outside);
        Self {
            transition: Array2::from_shape_fn((nodes, nodes), |(i, j)| transition[(i, j)]),
            heat: Array2::from_shape_fn((nodes, 1), |(i, _)| heat[i]),
            outside: outside.iter().copied().collect(),
            capacities: capacities.to_vec(),
        }
    }

    /// Returns a network of eight nodes; `size` scales all of it.
    fn of_eight(size: f64) -> Self {
        let capacities = [3.0, 8.0, 2.0, 9.0, 1.5, 5.0, 4.0, 0.4].map(|capacity| size * capacity);
        let conductances = [0.9, 0.4, 1.3, 0.7, 1.1, 0.5, 1.4].map(|conductance| size * conductance);
        let to_outside = [0.08, 0.0, 0.02, 0.0, 0.03, 0.0, 0.0, 0.12].map(|conductance| size * conductance);
        Self::new(&capacities, &conductances, &to_outside, 0.25)
    }

    /// Returns a building with this network, kept in a band, whose air starts at 21.
    fn building(&self, outside: &[f64], initial: Initial, cost: Vec<f64>, largest: f64) -> Unit {
        let nodes = self.outside.len();
        let disturbance = Array2::from_shape_fn((nodes, outside.len()), |(i, t)| self.outside[i] * outside[t]);
        let mut air = vec![0.0; nodes];
        air[nodes - 1] = 1.0;
        let lower: Vec<f64> = (0..outside.len()).map(|t| if t % 7 < 3 { 20.5 } else { 19.5 }).collect();
        let dynamics = Dynamics::matrix(self.transition.clone());
        Unit::new("building", dynamics, self.heat.clone(), initial, vec![input("heating", largest, cost)])
            .with_output(Output::of_states("air", air, lower, 24.0))
            .with_disturbance(disturbance)
    }
}

/// Returns outdoor temperatures and prices of `stages` steps.
fn weather(stages: usize, phase: f64) -> (Vec<f64>, Vec<f64>) {
    let outside = (0..stages).map(|t| 4.0 + 5.0 * ((t as f64 + phase) * 0.21).sin()).collect();
    let prices = (0..stages).map(|t| 0.25 + 0.1 * ((t as f64 - phase) * 0.35).cos()).collect();
    (outside, prices)
}

/// Checks that the solution satisfies the fleet: dynamics, bounds of inputs and outputs, and the reported outputs.
fn assert_satisfies(fleet: &Fleet, solution: &FleetSolution, tolerance: f64) {
    for (unit, found) in fleet.units().iter().zip(&solution.units) {
        let stages = fleet.stages();
        for stage in 0..stages {
            let before = match (&unit.initial, stage) {
                (Initial::Given(initial), 0) => ndarray::Array1::from(initial.clone()),
                (Initial::Cyclic, 0) => found.states.column(stages - 1).to_owned(),
                _ => found.states.column(stage - 1).to_owned(),
            };
            let mut expected = unit.dynamics.matrix.dot(&before) + unit.input.dot(&found.inputs.column(stage));
            if let Some(disturbance) = &unit.disturbance {
                expected += &disturbance.column(stage);
            }
            for (state, expected) in found.states.column(stage).iter().zip(&expected) {
                let residual = (state - expected).abs();
                assert!(residual <= tolerance, "{} misses its dynamics by {residual:e}", unit.name());
            }
            for (index, input) in unit.inputs().iter().enumerate() {
                let value = found.inputs[[index, stage]];
                assert!(value >= input.lower.at(stage) - tolerance && value <= input.upper.at(stage) + tolerance);
            }
            for (index, output) in unit.outputs().iter().enumerate() {
                let value = found.outputs[[index, stage]] + found.lack[[index, stage]] - found.excess[[index, stage]];
                let range = [output.lower.at(stage), output.upper.at(stage)];
                assert!(value >= range[0] - tolerance && value <= range[1] + tolerance, "{value} not in {range:?}");
            }
        }
    }
}

/// Returns whether two numbers agree to `tolerance`, relative to the larger of 1 and their size.
fn agree(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0)
}
