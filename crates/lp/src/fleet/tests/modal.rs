//! Tests of the modal form.

use ndarray::{Array2, array};

use super::{Network, agree, assert_satisfies, weather};
use crate::Staged;
use crate::fleet::{Dynamics, Fleet, FleetError, FleetSolution, Initial, Unit};

const STAGED: Staged = Staged { alone: true, vertex: false };
const STAGES: usize = 48;

fn solve(unit: Unit) -> (Fleet, FleetSolution) {
    let mut fleet = Fleet::new("modal", STAGES);
    fleet.add_unit(unit).unwrap();
    let solution = fleet.solve(&STAGED).unwrap();
    (fleet, solution)
}

#[test]
fn modes_give_the_objective_and_states_of_the_matrix() {
    let network = Network::of_eight(1.0);
    let (outside, prices) = weather(STAGES, 2.0);
    for initial in [Initial::Given(vec![20.7; 8]), Initial::Cyclic] {
        let building = network.building(&outside, initial, prices.clone(), 12.0).with_terminal_value(vec![0.01; 8]);
        let (fleet, of_matrix) = solve(building.clone());
        assert_satisfies(&fleet, &of_matrix, 1e-9);
        for weights in [None, Some(&network.capacities[..])] {
            let (fleet, of_modes) = solve(building.clone().modal(weights).unwrap());
            assert!(agree(of_matrix.objective, of_modes.objective, 1e-8));
            assert_satisfies(&fleet, &of_modes, 1e-9);
            let difference = &of_matrix.units[0].states - &of_modes.units[0].states;
            assert!(difference.iter().all(|difference| difference.abs() < 1e-5), "{difference}");
        }
    }
}

/// A node of a millionth of the others' capacity forgets everything within a step.
#[test]
fn fast_modes_are_feed_through() {
    let network = Network::new(&[4.0, 2.0, 1e-6], &[0.8, 0.5], &[0.1, 0.0, 0.2], 0.25);
    let (outside, prices) = weather(STAGES, 5.0);
    let building = network.building(&outside, Initial::Given(vec![21.0; 3]), prices, 12.0);
    let building = building.with_terminal_value(vec![0.01, 0.02, 0.03]);
    let (_, of_matrix) = solve(building.clone());
    let modal = building.modal(Some(&network.capacities)).unwrap();
    assert!(modal.dynamics().eigenvalues().unwrap().iter().any(|eigenvalue| eigenvalue.abs() < 1e-12));
    let (fleet, of_modes) = solve(modal);
    assert_eq!(fleet.problem().unwrap().columns().len(), 1 + 2);
    assert_satisfies(&fleet, &of_modes, 1e-9);
    assert!(agree(of_matrix.objective, of_modes.objective, 1e-8));
}

/// Stores of two buildings in one unit are two networks that nothing ties.
#[test]
fn separate_networks_in_one_unit_have_modes() {
    let (one, other) = (Network::of_eight(1.0), Network::of_eight(3.0));
    let mut matrix = Array2::zeros((16, 16));
    matrix.slice_mut(ndarray::s![..8, ..8]).assign(&one.transition);
    matrix.slice_mut(ndarray::s![8.., 8..]).assign(&other.transition);
    let dynamics = Dynamics::matrix(matrix).modal("two", None).unwrap();
    let eigenvalues = dynamics.eigenvalues().unwrap();
    assert!(eigenvalues.iter().all(|eigenvalue| *eigenvalue < 1.0 && *eigenvalue > -1e-12));
    assert!(
        (eigenvalues.iter().sum::<f64>() - one.transition.diag().sum() - other.transition.diag().sum()).abs() < 1e-9
    );
}

#[test]
fn matrices_without_modes_are_refused() {
    let modal = |matrix: Array2<f64>, weights: Option<&[f64]>| Dynamics::matrix(matrix).modal("unit", weights);
    let rotation = array![[0.6, -0.6], [0.6, 0.6]];
    assert!(matches!(modal(rotation, None), Err(FleetError::NotSymmetrizable { .. })));
    // Three nodes that pass heat in a circle.
    let circle = array![[0.5, 0.3, 0.1], [0.1, 0.5, 0.3], [0.3, 0.1, 0.5]];
    assert!(matches!(modal(circle, None), Err(FleetError::NotSymmetrizable { .. })));
    let symmetric = array![[0.5, 0.2], [0.2, 0.5]];
    assert!(modal(symmetric.clone(), None).is_ok());
    assert!(matches!(modal(symmetric.clone(), Some(&[1.0, 3.0])), Err(FleetError::NotSymmetrizable { .. })));
    assert!(matches!(modal(symmetric.clone(), Some(&[1.0])), Err(FleetError::Shape { .. })));
    assert!(matches!(modal(symmetric, Some(&[1.0, 0.0])), Err(FleetError::NotFinite { .. })));
    assert!(matches!(modal(array![[f64::NAN, 0.1], [0.1, 0.5]], None), Err(FleetError::NotFinite { .. })));
}
