//! Data that do not fit, and fleets without a solution.

use ndarray::{Array2, array};

use super::{battery, input, one_state};
use crate::fleet::{Dynamics, Fleet, FleetError, Initial, Output, SharedRow, SharedRowId, Unit, UnitId};
use crate::{LpError, Staged};

const STAGED: Staged = Staged { alone: true, vertex: false };

fn message(unit: Unit) -> String {
    Fleet::new("fleet", 3).add_unit(unit).unwrap_err().to_string()
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let unit = one_state(vec![0.1, 0.2]);
    assert_eq!(message(unit), "building: the series of the cost of heating has 2 elements, 3 are needed");
    let unit = one_state(0.2).with_disturbance(Array2::zeros((2, 3)));
    assert_eq!(message(unit), "building: the disturbance, by state, has 2 elements, 1 are needed");
    let unit = one_state(0.2).with_terminal_value(vec![]);
    assert!(matches!(Fleet::new("f", 3).add_unit(unit), Err(FleetError::Shape { expected: 1, found: 0, .. })));
    let unit = one_state(0.2).with_output(Output::of_states("other", vec![1.0, 2.0], 0.0, 1.0));
    assert!(message(unit).contains("other"));
    let square = Unit::new("u", Dynamics::matrix(Array2::zeros((2, 3))), array![[1.0]], Initial::Cyclic, vec![]);
    assert!(matches!(Fleet::new("f", 3).add_unit(square), Err(FleetError::Shape { .. })));
    let mut unit = one_state(0.2);
    unit.initial = Initial::Given(vec![]);
    assert!(message(unit).contains("the initial state"));
    assert!(matches!(Fleet::new("f", 0).solve(&STAGED), Err(FleetError::Shape { .. })));
}

#[test]
fn numbers_without_meaning_are_named_with_their_step() {
    let unit = one_state(vec![0.1, f64::NAN, 0.2]);
    assert_eq!(message(unit), "building: the cost of heating is NaN in step 1");
    let mut unit = one_state(0.2);
    unit.outputs[0].lower = vec![20.0, 20.0, 23.0].into();
    assert_eq!(message(unit), "building: temperature is at least 23 and at most 22 in step 2");
    let mut unit = one_state(0.2);
    unit.outputs[0].lack_price = Some((-1.0).into());
    assert!(matches!(Fleet::new("f", 3).add_unit(unit), Err(FleetError::NegativePrice { stage: 0, .. })));
    let unit = one_state(0.2).with_disturbance(array![[0.0, f64::INFINITY, 0.0]]);
    assert!(matches!(Fleet::new("f", 3).add_unit(unit), Err(FleetError::NotFinite { .. })));
}

/// A change that is refused leaves the fleet as it was.
#[test]
fn a_refused_change_changes_nothing() {
    let mut fleet = Fleet::new("fleet", 3);
    let unit = fleet.add_unit(one_state(0.2)).unwrap();
    let row = fleet.add_row(SharedRow::at_most("cap", 5.0)).unwrap();
    let before = fleet.clone();
    assert!(fleet.set_input_bounds(unit, 0, 3.0, 2.0).is_err());
    assert!(fleet.set_output_bounds(unit, 0, f64::NAN, 2.0).is_err());
    assert!(fleet.set_row_range(row, 3.0, 2.0).is_err());
    assert!(fleet.set_input_term(row, unit, 0, vec![1.0]).is_err());
    assert!(matches!(fleet.set_input_cost(UnitId(1), 0, 1.0), Err(FleetError::Unknown { index: 1, .. })));
    assert!(matches!(fleet.set_input_cost(unit, 1, 1.0), Err(FleetError::Unknown { index: 1, .. })));
    assert!(matches!(fleet.set_output_term(SharedRowId(4), unit, 0, 1.0), Err(FleetError::Unknown { index: 4, .. })));
    assert_eq!(fleet, before);
}

#[test]
fn states_without_implied_bounds_are_refused() {
    let unbounded = |retention: f64, upper: f64, stages: usize| {
        let mut fleet = Fleet::new("fleet", stages);
        let inputs = vec![input("charge", upper, 1.0)];
        let initial = Initial::Given(vec![1.0]);
        fleet.add_unit(Unit::new("u", Dynamics::diagonal(vec![retention]), array![[1.0]], initial, inputs)).unwrap();
        fleet.solve(&STAGED).map(|_| ())
    };
    assert!(matches!(unbounded(0.9, f64::INFINITY, 3), Err(FleetError::UnboundedState { state: 0, stage: 0, .. })));
    // 1.5^68 is about 1e12.
    assert!(matches!(unbounded(1.5, 1.0, 200), Err(FleetError::UnboundedState { stage: 60..70, .. })));
    unbounded(1.5, 1.0, 20).unwrap();
    // A store without losses has no level of its own; its limits give it one.
    let mut fleet = Fleet::new("fleet", 4);
    let mut unit = battery(1.0, 0.9, Initial::Cyclic);
    fleet.add_unit(unit.clone()).unwrap();
    fleet.solve(&STAGED).unwrap();
    unit.outputs.clear();
    fleet.add_unit(unit).unwrap();
    assert!(matches!(fleet.solve(&STAGED), Err(FleetError::UnboundedState { .. })));
}

#[test]
fn the_unit_and_step_of_an_infeasibility_are_named() {
    let mut fleet = Fleet::new("fleet", 4);
    fleet.add_unit(one_state(0.2)).unwrap();
    let mut weak = one_state(0.2);
    weak.name = "weak".into();
    // A degree more than the largest power can keep.
    weak.inputs[0].upper = vec![10.0, 10.0, 0.8, 10.0].into();
    weak.outputs[0].lower = vec![20.0, 20.0, 21.6, 20.0].into();
    let weak = fleet.add_unit(weak).unwrap();
    match fleet.solve(&Staged::default()).unwrap_err() {
        FleetError::InfeasibleUnit { unit, output, stage, shortfall } => {
            assert_eq!((unit.as_str(), output.as_str(), stage), ("weak", "temperature", 2));
            assert!((shortfall - 1.0).abs() < 1e-6, "{shortfall}");
        }
        other => panic!("{other}"),
    }
    fleet.set_input_bounds(weak, 0, 0.0, 10.0).unwrap();
    fleet.solve(&Staged::default()).unwrap();
}

#[test]
fn the_shared_row_of_an_infeasibility_is_named() {
    let mut fleet = Fleet::new("fleet", 3);
    let cap = fleet.add_row(SharedRow::at_most("cap", vec![30.0, 30.0, 1.0])).unwrap();
    for _ in 0..3 {
        let unit = fleet.add_unit(one_state(0.2)).unwrap();
        fleet.set_input_term(cap, unit, 0, 1.0).unwrap();
    }
    fleet.solve(&Staged::default()).unwrap();
    // Warm buildings lose at least 3 x 0.2 in a step.
    fleet.set_row_range(cap, f64::NEG_INFINITY, vec![30.0, 30.0, 0.5]).unwrap();
    match fleet.solve(&Staged::default()).unwrap_err() {
        FleetError::InfeasibleRow { row, stage, shortfall } => {
            assert_eq!((row.as_str(), stage), ("cap", 2));
            assert!((shortfall - 0.1).abs() < 1e-6, "{shortfall}");
        }
        other => panic!("{other}"),
    }
}

/// A store without losses that gives more in every step than it can take. The search for the reason meets the same
/// infeasible problem and ends.
#[test]
fn an_infeasible_ring_without_losses_ends_with_the_error_of_the_solver() {
    let dynamics = Dynamics::diagonal(vec![1.0]);
    let unit = Unit::new("car", dynamics, array![[1.0]], Initial::Cyclic, vec![input("charge", 3.0, 0.2)])
        .with_disturbance(array![[-5.0, -5.0, -5.0]])
        .with_output(Output::of_states("level", vec![1.0], 0.0, 40.0));
    let mut fleet = Fleet::new("fleet", 3);
    fleet.add_unit(unit).unwrap();
    let error = fleet.solve(&STAGED).unwrap_err();
    assert!(matches!(error, FleetError::Lp(LpError::Infeasible { .. })), "{error}");
}
