//! Properties that hold for every fleet.

use ndarray::{Array2, array};
use proptest::prelude::*;

use super::{Network, agree, assert_satisfies, battery, input, weather};
use crate::fleet::{Dynamics, Fleet, FleetSolution, Initial, Output, SharedColumn, SharedRow, SharedRowId, Unit};
use crate::{Clarabel, Staged};

const STAGED: Staged = Staged { alone: true, vertex: false };
const STAGES: usize = 48;

/// Creates buildings of eight states in the given order under a cap on their electricity.
fn cluster(order: &[usize], cap: f64, pool: bool) -> Fleet {
    let mut fleet = Fleet::new("cluster", STAGES).with_pool(pool);
    let cap = fleet.add_row(SharedRow::at_most("cap", cap)).unwrap();
    for &kind in order {
        let size = 1.0 + 0.4 * kind as f64;
        let (outside, prices) = weather(STAGES, kind as f64);
        let initial = if kind == 2 { Initial::Cyclic } else { Initial::Given(vec![21.0; 8]) };
        let building = Network::of_eight(size).building(&outside, initial, prices, 14.0 * size);
        let unit = fleet.add_unit(building.modal(None).unwrap()).unwrap();
        let cops: Vec<f64> = outside.iter().map(|outside| 1.0 / (2.5 + 0.08 * outside)).collect();
        fleet.set_input_term(cap, unit, 0, cops).unwrap();
    }
    fleet
}

fn is_binding(solution: &FleetSolution) -> bool {
    solution.row_duals.as_ref().unwrap().row(0).iter().any(|dual| *dual < -1e-4)
}

/// The order of units changes neither the objective nor the solution of a unit. The cap binds, so that the solutions of
/// units depend on each other; the duals that are unique are the same.
#[test]
fn the_order_of_units_does_not_matter() {
    let (order, permuted) = ([0, 1, 2, 3, 4], [3, 0, 4, 2, 1]);
    let first = cluster(&order, 11.0, true).solve(&STAGED).unwrap();
    assert!(is_binding(&first));
    let second = cluster(&permuted, 11.0, true).solve(&STAGED).unwrap();
    assert!(agree(first.objective, second.objective, 1e-8));
    for (at, &kind) in permuted.iter().enumerate() {
        let difference = &first.units[kind].inputs - &second.units[at].inputs;
        assert!(difference.iter().all(|difference| difference.abs() < 1e-4), "{difference}");
    }
}

#[test]
fn dynamics_hold_to_1e_9_and_a_wide_cap_changes_nothing() {
    let order = [0, 1, 2, 3];
    let fleet = cluster(&order, 1e3, true);
    let wide = fleet.solve(&STAGED).unwrap();
    assert_satisfies(&fleet, &wide, 1e-9);
    let alone: f64 = order.iter().map(|&kind| cluster(&[kind], 1e3, true).solve(&STAGED).unwrap().objective).sum();
    assert!(agree(wide.objective, alone, 1e-9), "{} {alone}", wide.objective);
    let mut uncapped = fleet;
    uncapped.set_row_range(SharedRowId(0), f64::NEG_INFINITY, f64::INFINITY).unwrap();
    let uncapped = uncapped.solve(&STAGED).unwrap();
    assert!(agree(wide.objective, uncapped.objective, 1e-9));
    assert!(wide.row_duals.unwrap().iter().all(|dual| dual.abs() < 1e-9));
}

#[test]
fn pooled_units_cost_the_same_and_satisfy_everything() {
    let order = [0, 1, 0, 0, 2, 1, 2];
    let (pooled, unpooled) = (cluster(&order, 7.5, true), cluster(&order, 7.5, false));
    let [of_pooled, of_unpooled] = [&pooled, &unpooled].map(|fleet| fleet.solve(&STAGED).unwrap());
    assert!(is_binding(&of_pooled));
    assert_eq!((of_pooled.solved_units, of_unpooled.solved_units), (3, 7));
    assert!(agree(of_pooled.objective, of_unpooled.objective, 1e-8));
    assert_satisfies(&pooled, &of_pooled, 1e-9);
    // The sum of the parts is the sum of the row, and no more than the cap.
    for stage in 0..STAGES {
        let coefficients = (0..7).map(|unit| pooled.unit_terms[unit].values().next().unwrap().at(stage));
        let sum: f64 = of_pooled.units.iter().zip(coefficients).map(|(unit, c)| c * unit.inputs[[0, stage]]).sum();
        assert!(agree(sum, of_pooled.row_sums[[0, stage]], 1e-9) && sum <= 7.5 + 1e-7);
    }
}

/// Two equal units with different terms in a shared row are not pooled.
#[test]
fn terms_in_shared_rows_keep_units_apart() {
    let mut fleet = Fleet::new("terms", 3);
    let row = fleet.add_row(SharedRow::at_most("row", 5.0)).unwrap();
    let ids: Vec<_> = (0..3).map(|_| fleet.add_unit(battery(0.9, 0.9, Initial::Given(vec![3.0]))).unwrap()).collect();
    fleet.set_input_term(row, ids[0], 0, 1.0).unwrap();
    fleet.set_input_term(row, ids[1], 0, 1.0).unwrap();
    assert_eq!(fleet.solve(&STAGED).unwrap().solved_units, 2);
    fleet.set_input_term(row, ids[1], 1, 1.0).unwrap();
    assert_eq!(fleet.solve(&STAGED).unwrap().solved_units, 3);
}

/// Creates a fleet of random units behind a meter with import and a cap with slack.
fn random_fleet(numbers: &[f64], units: usize, stages: usize, pool: bool) -> Fleet {
    let mut numbers = numbers.iter().copied().cycle();
    let mut next = || numbers.next().unwrap();
    let mut fleet = Fleet::new("random", stages).with_pool(pool);
    let loads: Vec<f64> = (0..stages).map(|_| 2.0 * next() - 0.5).collect();
    let meter = fleet.add_row(SharedRow { upper: f64::INFINITY.into(), ..SharedRow::equal("meter", loads) }).unwrap();
    let cap = SharedRow { excess_price: Some((0.5 + next()).into()), ..SharedRow::at_most("cap", 3.0 * next()) };
    let cap = fleet.add_row(cap).unwrap();
    let price: Vec<f64> = (0..stages).map(|_| 0.1 + next()).collect();
    let import =
        SharedColumn { name: "import".into(), lower: 0.0.into(), upper: f64::INFINITY.into(), cost: price.into() };
    let import = fleet.add_column(import).unwrap();
    fleet.set_column_term(meter, import, 1.0).unwrap();
    fleet.set_column_term(cap, import, 1.0).unwrap();
    for index in 0..units {
        let initial = if next() < 0.3 { Initial::Cyclic } else { Initial::Given(vec![2.0 * next()]) };
        // Every second unit equals the one before.
        let unit = match index % 4 {
            0 => battery(0.9 + 0.1 * next(), 0.8 + 0.2 * next(), initial),
            2 => {
                let matrix = array![[0.5 + 0.3 * next(), 0.2 * next()], [0.2 * next(), 0.4 + 0.3 * next()]];
                let initial = if next() < 0.3 { Initial::Cyclic } else { Initial::Given(vec![next(), next()]) };
                let disturbance = Array2::from_shape_fn((2, stages), |_| 0.2 * next());
                let output = Output {
                    inputs: vec![(0.1 * next()).into()],
                    lack_price: Some((1.0 + next()).into()),
                    ..Output::of_states("warmth", vec![next(), next()], 1.0 + next(), 4.0)
                };
                Unit::new(
                    "room",
                    Dynamics::matrix(matrix),
                    array![[next()], [0.3]],
                    initial,
                    vec![input("heat", 3.0, 0.01 * next())],
                )
                .with_disturbance(disturbance)
                .with_output(output)
            }
            _ => fleet.units()[index - 1].clone(),
        };
        let inputs = unit.inputs().len();
        let unit = fleet.add_unit(unit).unwrap();
        fleet.set_input_term(meter, unit, 0, -1.0).unwrap();
        if inputs > 1 {
            fleet.set_input_term(meter, unit, 1, 1.0).unwrap();
        }
    }
    fleet
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The staged solver, Clarabel, and fleets without pools find the same objective; the solution satisfies the fleet.
    #[test]
    fn random_fleets_have_one_objective(
        numbers in proptest::collection::vec(0.0f64..1.0, 150),
        units in 1usize..7,
        stages in 1usize..10,
    ) {
        let pooled = random_fleet(&numbers, units, stages, true);
        let unpooled = random_fleet(&numbers, units, stages, false);
        let solution = pooled.solve(&Staged::default()).unwrap();
        prop_assert!(solution.solved_units <= units.div_ceil(2));
        assert_satisfies(&pooled, &solution, 1e-7);
        let others = [pooled.solve(&Clarabel).unwrap(), unpooled.solve(&Staged::default()).unwrap()];
        for other in others {
            prop_assert!(agree(solution.objective, other.objective, 1e-7), "{} {}", solution.objective, other.objective);
            let proof = other.certificate.optimality.unwrap();
            // Relative to 1 where nothing costs anything.
            prop_assert!(agree(proof.primal_objective, proof.dual_objective, 1e-7), "{proof:?}");
        }
    }
}
