//! Fleets whose optima are computed by hand.

use ndarray::array;

use super::{agree, assert_satisfies, battery, input, one_state};
use crate::fleet::{Dynamics, Fleet, FleetSolver, Initial, Output, PeakColumn, SharedColumn, SharedRow, Unit, UnitId};
use crate::{Clarabel, Staged};

const STAGED: Staged = Staged { alone: true, vertex: false };

/// Heat of step 1 costs 0.2 / 0.9 per kWh that is left in step 2, less than 0.3: the building is heated to its upper
/// limit, 22 = 18 + 4, and keeps 19.8 of it, 0.2 below its lower limit.
#[test]
fn a_building_is_preheated_where_that_is_cheaper() {
    let mut fleet = Fleet::new("one building", 2);
    fleet.add_unit(one_state(vec![0.2, 0.3])).unwrap();
    for backend in [&STAGED as &dyn crate::Backend, &Clarabel] {
        let solution = fleet.solve(backend).unwrap();
        let unit = &solution.units[0];
        assert!(agree(solution.objective, 0.2 * 4.0 + 0.3 * 0.2, 1e-8));
        assert!(agree(unit.inputs[[0, 0]], 4.0, 1e-6) && agree(unit.inputs[[0, 1]], 0.2, 1e-6), "{:?}", unit.inputs);
        assert!(agree(unit.states[[0, 0]], 22.0, 1e-6) && agree(unit.outputs[[0, 1]], 20.0, 1e-6));
        // One more degree of room in step 1 replaces 0.9 kWh of step 2 by 1 kWh of step 1.
        let duals = unit.output_duals.as_ref().unwrap();
        assert!(agree(duals[[0, 0]], 0.2 - 0.9 * 0.3, 1e-6), "{duals:?}");
        assert!(agree(duals[[0, 1]], 0.3, 1e-6));
        assert!(unit.reduced_costs.as_ref().unwrap().iter().all(|reduced| reduced.abs() < 1e-6));
    }
}

/// Creates three buildings at one price under a cap of 5 in the second of three steps.
fn under_cap(excess_price: Option<f64>) -> Fleet {
    let mut fleet = Fleet::new("cap", 3);
    let cap =
        SharedRow { excess_price: excess_price.map(Into::into), ..SharedRow::at_most("cap", vec![30.0, 5.0, 30.0]) };
    let cap = fleet.add_row(cap).unwrap();
    for _ in 0..3 {
        let unit = fleet.add_unit(one_state(0.2)).unwrap();
        fleet.set_input_term(cap, unit, 0, 1.0).unwrap();
    }
    fleet
}

/// Each building needs 2 kW a step. One kW of the second step is replaced by 1 / 0.9 kW of the first.
#[test]
fn the_dual_of_a_cap_is_the_cost_of_heating_earlier() {
    let solution = under_cap(None).solve(&STAGED).unwrap();
    assert!(agree(solution.objective, 0.2 * (6.0 + 1.0 / 0.9 + 5.0 + 6.0), 1e-8));
    let duals = solution.row_duals.unwrap();
    assert!(agree(duals[[0, 1]], 0.2 - 0.2 / 0.9, 1e-7), "{duals}");
    assert!(duals[[0, 0]].abs() < 1e-7 && duals[[0, 2]].abs() < 1e-7);
    assert!(agree(solution.row_sums[[0, 1]], 5.0, 1e-7));
}

#[test]
fn slack_of_a_cap_is_used_where_it_is_cheaper_and_reported() {
    let cheap = under_cap(Some(0.01)).solve(&STAGED).unwrap();
    assert!(agree(cheap.objective, 0.2 * 18.0 + 0.01, 1e-8));
    assert!(agree(cheap.row_excess[[0, 1]], 1.0, 1e-6) && agree(cheap.row_sums[[0, 1]], 6.0, 1e-6));
    assert!(agree(cheap.row_duals.unwrap()[[0, 1]], -0.01, 1e-7));
    let dear = under_cap(Some(0.03)).solve(&STAGED).unwrap();
    assert!(dear.row_excess.iter().all(|excess| *excess < 1e-6));
    assert!(agree(dear.objective, under_cap(None).solve(&STAGED).unwrap().objective, 1e-8));
}

/// A battery of efficiency 0.8 each way serves a load of 1 in the dear steps. The meter's balance sets import.
#[test]
fn a_battery_behind_a_meter_shifts_import() {
    let mut fleet = Fleet::new("meter", 2);
    let meter = fleet.add_row(SharedRow::equal("meter", vec![0.5, 1.0])).unwrap();
    let import = SharedColumn {
        name: "import".into(),
        lower: 0.0.into(),
        upper: f64::INFINITY.into(),
        cost: vec![0.1, 0.5].into(),
    };
    let import = fleet.add_column(import).unwrap();
    let unit = fleet.add_unit(battery(1.0, 0.8, Initial::Given(vec![0.0]))).unwrap();
    fleet.set_column_term(meter, import, 1.0).unwrap();
    fleet.set_input_term(meter, unit, 0, -1.0).unwrap();
    fleet.set_input_term(meter, unit, 1, 1.0).unwrap();
    let solution = fleet.solve(&STAGED).unwrap();
    // The load of 1 takes 1.25 out of the store, which takes 1.5625 to fill.
    assert!(agree(solution.objective, 0.1 * (0.5 + 1.5625), 1e-7));
    assert!(agree(solution.columns[[0, 0]], 2.0625, 1e-6) && solution.columns[[0, 1]].abs() < 1e-6);
    let duals = solution.row_duals.as_ref().unwrap();
    assert!(agree(duals[[0, 0]], 0.1, 1e-7) && agree(duals[[0, 1]], 0.1 / 0.64, 1e-7), "{duals}");
    assert!(agree(solution.column_reduced_costs.as_ref().unwrap()[[0, 1]], 0.5 - 0.1 / 0.64, 1e-7));
}

/// A store without losses and without a given start may take in as much as it gives: loads 3, 0, 3 by day have their
/// mean of 2 as the least peak.
#[test]
fn a_cyclic_store_lowers_the_peak_to_the_mean() {
    let mut fleet = Fleet::new("peak", 3);
    let meter = fleet.add_row(SharedRow::equal("meter", vec![3.0, 0.0, 3.0])).unwrap();
    let below_peak = fleet.add_row(SharedRow::at_most("below the peak", 0.0)).unwrap();
    let import = SharedColumn { name: "import".into(), lower: 0.0.into(), upper: 10.0.into(), cost: 0.0.into() };
    let import = fleet.add_column(import).unwrap();
    let peak = PeakColumn { name: "peak".into(), lower: 0.0, upper: f64::INFINITY, cost: 7.0 };
    let peak = fleet.add_peak(peak).unwrap();
    let unit = fleet.add_unit(battery(1.0, 1.0, Initial::Cyclic)).unwrap();
    fleet.set_column_term(meter, import, 1.0).unwrap();
    fleet.set_input_term(meter, unit, 0, -1.0).unwrap();
    fleet.set_input_term(meter, unit, 1, 1.0).unwrap();
    fleet.set_column_term(below_peak, import, 1.0).unwrap();
    fleet.set_peak_term(below_peak, peak, -1.0).unwrap();
    for backend in [&STAGED as &dyn crate::Backend, &Clarabel] {
        let solution = fleet.solve(backend).unwrap();
        assert!(agree(solution.peaks[0], 2.0, 1e-7) && agree(solution.objective, 14.0, 1e-7));
        // The price of the peak is shared out among the steps.
        let duals = solution.row_duals.as_ref().unwrap();
        assert!(agree(duals.row(1).sum(), -7.0, 1e-6), "{duals}");
        assert_satisfies(&fleet, &solution, 1e-7);
    }
    fleet.set_peak(peak, 2.5, f64::INFINITY, 4.0).unwrap();
    assert!(agree(fleet.solve(&STAGED).unwrap().objective, 10.0, 1e-7));
}

/// A unit may have no states: a generator of 3 at 0.2 and one of 5 at 0.3 serve a load of 4.
#[test]
fn units_without_states_are_served_in_order_of_cost() {
    let mut fleet = Fleet::new("generators", 2);
    let load = fleet.add_row(SharedRow::equal("load", 4.0)).unwrap();
    for (largest, cost) in [(3.0, 0.2), (5.0, 0.3)] {
        let output = vec![input("output", largest, cost)];
        let gains = ndarray::Array2::zeros((0, 1));
        let unit = Unit::new("generator", Dynamics::diagonal(vec![]), gains, Initial::Cyclic, output);
        let unit = fleet.add_unit(unit).unwrap();
        fleet.set_input_term(load, unit, 0, 1.0).unwrap();
    }
    let solution = fleet.solve(&STAGED).unwrap();
    assert!(agree(solution.objective, 2.0 * (0.6 + 0.3), 1e-8));
    assert!(agree(solution.row_duals.as_ref().unwrap()[[0, 1]], 0.3, 1e-7));
    assert!(agree(solution.units[0].reduced_costs.as_ref().unwrap()[[0, 0]], -0.1, 1e-7));
}

/// A terminal value of 0.3 per degree pays for heating to the upper limit at 0.2.
#[test]
fn a_terminal_value_fills_the_store() {
    let mut fleet = Fleet::new("terminal", 2);
    fleet.add_unit(one_state(0.2).with_terminal_value(vec![0.3])).unwrap();
    let solution = fleet.solve(&STAGED).unwrap();
    // Step 1 keeps 20 with 2 kW, step 2 reaches 22 with 4 kW: cheaper than a warmer step 1.
    assert!(agree(solution.objective, 0.2 * 6.0 - 0.3 * 22.0, 1e-8), "{}", solution.objective);
    assert!(agree(solution.units[0].states[[0, 1]], 22.0, 1e-6));
}

/// One degree below the band costs less than half a kW.
#[test]
fn a_soft_output_is_left_at_its_price() {
    let soft = |price: f64| {
        let mut fleet = Fleet::new("soft", 1);
        let mut unit = one_state(0.2);
        unit.outputs[0].lack_price = Some(price.into());
        fleet.add_unit(unit).unwrap();
        fleet.solve(&STAGED).unwrap()
    };
    let (cheap, dear) = (soft(0.1), soft(0.3));
    assert!(agree(cheap.objective, 0.2, 1e-8) && agree(cheap.units[0].lack[[0, 0]], 2.0, 1e-6));
    assert!(agree(dear.objective, 0.4, 1e-8) && dear.units[0].lack[[0, 0]] < 1e-6);
}

/// PV of 3 that costs nothing serves a heat pump with COP 2 and 4 in two steps; what is left is bought. The use of PV
/// is an input without dynamics, and an output with coefficients by step keeps it below the electricity.
#[test]
fn outputs_may_weigh_inputs_by_step() {
    let mut fleet = Fleet::new("pv", 2);
    let inputs = vec![input("heat", 10.0, 0.0), input("pv", 1.0, 0.0)];
    let unit =
        Unit::new("building", Dynamics::diagonal(vec![0.5]), array![[1.0, 0.0]], Initial::Given(vec![8.0]), inputs)
            .with_output(Output::of_states("temperature", vec![1.0], 8.0, 8.0))
            .with_output(Output {
                inputs: vec![vec![1.0 / 2.0, 1.0 / 4.0].into(), vec![-3.0, -0.5].into()],
                ..Output::of_states("bought", vec![0.0], 0.0, f64::INFINITY)
            });
    let unit = fleet.add_unit(unit).unwrap();
    let balance = fleet.add_row(SharedRow::equal("electricity", 0.0)).unwrap();
    let import =
        SharedColumn { name: "import".into(), lower: 0.0.into(), upper: 10.0.into(), cost: vec![0.3, 0.4].into() };
    let import = fleet.add_column(import).unwrap();
    fleet.set_column_term(balance, import, -1.0).unwrap();
    fleet.set_output_term(balance, unit, 1, 1.0).unwrap();
    let solution = fleet.solve(&STAGED).unwrap();
    // Heat of 4 in each step: electricity 2 (all from PV) and 1 (half of it).
    assert!(agree(solution.objective, 0.4 * 0.5, 1e-7), "{}", solution.objective);
    assert!(agree(solution.units[0].inputs[[1, 0]], 2.0 / 3.0, 1e-6));
}

/// An offset moves an output and what it contributes to a shared row.
#[test]
fn an_offset_belongs_to_the_output() {
    let mut fleet = Fleet::new("offset", 1);
    let mut unit = one_state(0.2);
    unit.outputs[0].offset = 1.0.into();
    let ids: Vec<UnitId> = (0..2).map(|_| fleet.add_unit(unit.clone()).unwrap()).collect();
    let row = fleet.add_row(SharedRow { lower: 43.0.into(), ..SharedRow::at_most("sum", 100.0) }).unwrap();
    ids.iter().for_each(|&id| fleet.set_output_term(row, id, 0, 1.0).unwrap());
    let solution = fleet.solve(&STAGED).unwrap();
    // Both outputs are 18 + u + 1; their sum is at least 43.
    assert!(agree(solution.objective, 0.2 * 5.0, 1e-8));
    assert!(agree(solution.row_sums[[0, 0]], 43.0, 1e-7));
    assert!(agree(solution.row_duals.as_ref().unwrap()[[0, 0]], 0.2, 1e-7));
    assert!(agree(solution.units[1].outputs[[0, 0]], 21.5, 1e-7));
}

/// Changes between solves have the effect of a fleet that was built with them.
#[test]
fn changes_between_solves_take_effect() {
    let mut solver = FleetSolver::new(&STAGED);
    let mut fleet = under_cap(None);
    let first = solver.solve(&fleet).unwrap();
    fleet.set_row_range(crate::fleet::SharedRowId(0), f64::NEG_INFINITY, vec![30.0, 5.5, 30.0]).unwrap();
    let wider = solver.solve(&fleet).unwrap();
    assert!(agree(wider.objective, first.objective - 0.5 * (0.2 / 0.9 - 0.2), 1e-8));
    for unit in 0..3 {
        let unit = UnitId(unit);
        fleet.set_input_cost(unit, 0, 0.4).unwrap();
        fleet.set_disturbance(unit, array![[1.0, 1.0, 1.0]]).unwrap();
        fleet.set_input_bounds(unit, 0, 0.0, 5.0).unwrap();
        fleet.set_initial(unit, Initial::Given(vec![10.0 / 0.9 * 2.0])).unwrap();
    }
    // 21 after step 1 without heating, then 0.1 and 1.0 to keep 20.
    let warm = solver.solve(&fleet).unwrap();
    assert!(agree(warm.objective, 3.0 * 0.4 * (0.1 + 1.0), 1e-8), "{}", warm.objective);
    assert!(agree(warm.units[0].states[[0, 0]], 21.0, 1e-6));
    // A change of one unit takes it out of the pool.
    fleet.set_output_bounds(UnitId(1), 0, 21.0, 22.0).unwrap();
    fleet.set_output_offset(UnitId(2), 0, 0.5).unwrap();
    let different = solver.solve(&fleet).unwrap();
    assert_eq!((warm.solved_units, different.solved_units), (1, 3));
    assert!(agree(different.objective, fleet.solve(&Clarabel).unwrap().objective, 1e-7));
    assert_satisfies(&fleet, &different, 1e-7);
}
