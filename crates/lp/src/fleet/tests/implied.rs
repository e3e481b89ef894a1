//! Tests of the implied bounds of states.

use anergy_profile::Profile;
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

use crate::fleet::form::Form;
use crate::fleet::implied_bounds::implied_bounds;
use crate::fleet::{Dynamics, Initial, Input, Output, Unit};

fn free_input(lower: f64, upper: f64) -> Input {
    Input { name: "u".into(), lower: lower.into(), upper: upper.into(), cost: 0.0.into() }
}

/// A rotation with damping: intervals of single steps grow by 1.27 a step, the states do not.
#[test]
fn a_damped_oscillation_has_bounds_of_its_own_size() {
    let matrix = array![[0.636, -0.636], [0.636, 0.636]];
    let unit = Unit::new(
        "oscillator",
        Dynamics::matrix(matrix),
        array![[1.0], [0.0]],
        Initial::Cyclic,
        vec![free_input(-1.0, 1.0)],
    );
    let bounds = implied_bounds(&Form::of(&unit, 200), &unit.inputs, &[], 200).unwrap();
    let largest = bounds.upper.iter().chain(&bounds.lower).fold(0.0, |largest: f64, bound| largest.max(bound.abs()));
    // The sum of 0.9^k is 10.
    assert!(largest < 25.0, "{largest}");
}

#[test]
fn an_output_bounds_the_level_of_an_unlimited_store() {
    let unit = Unit::new(
        "store",
        Dynamics::diagonal(vec![1.0]),
        array![[1.0, -1.0]],
        Initial::Given(vec![3.0]),
        vec![free_input(0.0, f64::INFINITY), free_input(0.0, f64::INFINITY)],
    )
    .with_output(Output::of_states("level", vec![2.0], 0.0, 20.0));
    let bounds = implied_bounds(&Form::of(&unit, 3), &unit.inputs, &unit.outputs, 3).unwrap();
    assert!(bounds.lower.iter().all(|lower| *lower < 0.0 && *lower > -1.0));
    assert!(bounds.upper.iter().all(|upper| *upper > 10.0 && *upper < 11.0));
}

proptest! {
    /// Every trajectory is within the implied bounds: dense matrices of any sign and diagonal ones, given starts and
    /// periodic ones.
    #[test]
    fn trajectories_are_within_the_bounds(
        numbers in proptest::collection::vec(-1.0f64..1.0, 200),
        states in 1usize..4,
        stages in 1usize..12,
        diagonal in any::<bool>(),
        cyclic in any::<bool>(),
    ) {
        let mut numbers = numbers.into_iter().cycle();
        let mut next = || numbers.next().unwrap();
        // The sum of a row's absolute entries stays below 0.95, so that the period has a solution.
        let scale = 0.95 / states as f64;
        let matrix = Array2::from_shape_fn((states, states), |(i, j)| if diagonal && i != j { 0.0 } else { scale * next() });
        let gains = Array2::from_shape_fn((states, 2), |_| next());
        let disturbance = Array2::from_shape_fn((states, stages), |_| next());
        let inputs: Vec<Input> = (0..2).map(|_| {
            let ends: Vec<[f64; 2]> = (0..stages).map(|_| [next(), next()]).collect();
            let end = |pick: fn(f64, f64) -> f64| ends.iter().map(|ends| pick(ends[0], ends[1])).collect::<Vec<_>>();
            Input { name: "u".into(), lower: end(f64::min).into(), upper: end(f64::max).into(), cost: 0.0.into() }
        }).collect();
        let chosen = Array2::from_shape_fn((2, stages), |(input, stage)| {
            let [lower, upper] = [inputs[input].lower.at(stage), inputs[input].upper.at(stage)];
            // Often at an end, where the bounds are reached.
            lower + (upper - lower) * (2.0 * next()).clamp(0.0, 1.0)
        });
        let start: Array1<f64> = (0..states).map(|_| next()).collect();
        let run = |start: &Array1<f64>| {
            let mut state = start.clone();
            (0..stages).map(|t| {
                state = matrix.dot(&state) + gains.dot(&chosen.column(t)) + disturbance.column(t);
                state.clone()
            }).collect::<Vec<_>>()
        };
        let mut trajectory = run(&start);
        // Repeated periods converge to the periodic trajectory.
        for _ in 0..if cyclic { 800 } else { 0 } {
            trajectory = run(&trajectory[stages - 1].clone());
        }
        let initial = if cyclic { Initial::Cyclic } else { Initial::Given(start.to_vec()) };
        let tight: f64 = trajectory.iter().map(|state| state[0]).fold(f64::NEG_INFINITY, f64::max);
        let mut coefficients = vec![0.0; states];
        coefficients[0] = 1.0;
        let unit = Unit::new("unit", Dynamics::matrix(matrix.clone()), gains.clone(), initial, inputs)
            .with_disturbance(disturbance.clone())
            .with_output(Output::of_states("limit", coefficients, f64::NEG_INFINITY, Profile::Constant(tight)));
        let bounds = implied_bounds(&Form::of(&unit, stages), &unit.inputs, &unit.outputs, stages).unwrap();
        for (stage, state) in trajectory.iter().enumerate() {
            for (index, value) in state.iter().enumerate() {
                let ends = [bounds.lower[[index, stage]], bounds.upper[[index, stage]]];
                prop_assert!(ends[0] < *value && *value < ends[1], "{value} not in {ends:?}");
            }
        }
    }
}
