//! Tests of chosen capacities, paid peaks and limits on the whole time: against CBC, and proven by duals.

use anergy_profile::Profile;

use super::Staged;
use super::general_chain_tests::RandomNumbers;
use super::general_chain_tests::against_cbc::{answer, building, same_optimum};
use crate::test_problems::capacity_and_limit;
use crate::{
    Cbc, Column, ColumnId, GlobalColumn, GlobalColumnId, GlobalRow, GlobalRowId, Lag, Row, RowId, StagedProblem,
};

const FREE: f64 = f64::INFINITY;

/// A problem under construction with a source of random numbers.
struct ProblemBuilder {
    problem: StagedProblem,
    random: RandomNumbers,
}

impl ProblemBuilder {
    fn new(name: &str, stages: usize, seed: u64) -> Self {
        Self { problem: StagedProblem::new(name, stages), random: RandomNumbers(seed) }
    }

    /// Returns a random series of `mean` give or take `spread`.
    fn series(&mut self, mean: f64, spread: f64) -> Profile {
        let Self { problem, random } = self;
        Profile::Series((0..problem.stages()).map(|_| mean + spread * random.next()).collect())
    }

    /// Adds a column in 0..=upper.
    fn column(&mut self, name: &str, upper: f64, cost: impl Into<Profile>) -> ColumnId {
        let (lower, cost) = (0.0.into(), cost.into());
        self.problem.add_column(Column { name: name.into(), lower, upper: upper.into(), cost })
    }

    /// Adds a row with constant coefficients.
    fn row(&mut self, name: &str, lower: f64, upper: f64, terms: &[(ColumnId, f64)]) -> RowId {
        let row = self.problem.add_row(Row { name: name.into(), lower: lower.into(), upper: upper.into() });
        terms.iter().for_each(|&(column, a)| _ = self.problem.add_term(row, column, Lag::Same, a));
        row
    }

    /// Adds a demand, served by a grid at a varying price and by `others`; returns the column of the grid.
    fn grid_and_demand(&mut self, others: &[(ColumnId, f64)]) -> ColumnId {
        let (price, demand) = (self.series(0.3, 0.2), self.series(6.0, 4.0));
        let grid = self.column("grid", FREE, price);
        let balance = self.problem.add_row(Row::equal("balance", demand));
        for &(column, a) in others.iter().chain(&[(grid, 1.0)]) {
            self.problem.add_term(balance, column, Lag::Same, a);
        }
        grid
    }

    /// Adds a cyclic store; returns charge and discharge with their signs in a balance.
    fn store(&mut self, level: f64, power: f64) -> [(ColumnId, f64); 2] {
        let level = self.column("level", level, 0.0);
        let (charge, discharge) = (self.column("charge", power, 0.0), self.column("discharge", power, 0.001));
        let row = self.row("store", 0.0, 0.0, &[(level, 1.0), (charge, -0.95), (discharge, 1.0 / 0.95)]);
        self.problem.add_term(row, level, Lag::PreviousCyclic, -0.999);
        [(charge, -1.0), (discharge, 1.0)]
    }

    /// Adds a global column in 0..=upper.
    fn global(&mut self, name: &str, upper: f64, cost: f64) -> GlobalColumnId {
        self.problem.add_global_column(GlobalColumn { name: name.into(), lower: 0.0, upper, cost })
    }

    /// Adds a global row over sums of columns.
    fn global_row(&mut self, name: &str, lower: f64, upper: f64, terms: &[(ColumnId, Profile)]) -> GlobalRowId {
        let row = self.problem.add_global_row(GlobalRow { name: name.into(), lower, upper });
        for (column, a) in terms {
            self.problem.add_sum_term(row, *column, a.clone());
        }
        row
    }

    /// Adds the limit `column <= yield * capacity` in every stage.
    fn within(&mut self, column: ColumnId, capacity: GlobalColumnId, yields: impl Into<Profile>) {
        let row = self.row("within", f64::NEG_INFINITY, 0.0, &[(column, 1.0)]);
        let yields: Profile = yields.into();
        self.problem.add_spread_term(row, capacity, yields.map(|a| -a));
    }
}

/// Creates a problem of photovoltaics and a battery whose capacities are chosen against a grid.
fn sizing(stages: usize, seed: u64) -> StagedProblem {
    let mut b = ProblemBuilder::new("sizing", stages, seed);
    let panels = b.column("panels", FREE, 0.0);
    let store = b.store(FREE, FREE);
    let level = ColumnId(1);
    b.grid_and_demand(&[store[0], store[1], (panels, 1.0)]);
    let sun = b.series(0.3, 0.3);
    // A unit of panels earns about 0.3 * 0.3 a stage, one of battery half the spread of prices every few stages.
    let size = b.global("panel size", FREE, 0.085 * stages as f64);
    b.within(panels, size, sun);
    let battery = b.global("battery size", 50.0, 0.02 * stages as f64);
    b.within(level, battery, 1.0);
    b.problem
}

/// Creates a problem of a battery with a price on the peak of each third of the time.
fn peaks(stages: usize, seed: u64) -> StagedProblem {
    let mut b = ProblemBuilder::new("peaks", stages, seed);
    let store = b.store(12.0, 3.0);
    let grid = b.grid_and_demand(&store);
    let row = b.row("under the peak", f64::NEG_INFINITY, 0.0, &[(grid, 1.0)]);
    for third in 0..3 {
        let peak = b.global(&format!("peak {third}"), FREE, 4.0);
        let applies = (0..stages).map(|stage| if stage * 3 / stages == third { -1.0 } else { 0.0 });
        b.problem.add_spread_term(row, peak, applies.collect::<Vec<_>>());
    }
    b.problem
}

/// Creates a problem with a limit on the emissions of the grid, and a least and a largest use of a fuel.
fn limits(stages: usize, seed: u64) -> StagedProblem {
    let mut b = ProblemBuilder::new("limits", stages, seed);
    let (wood, gas) = (b.column("wood", 4.0, 0.45), b.column("gas", 5.0, 0.35));
    let store = b.store(10.0, 3.0);
    let grid = b.grid_and_demand(&[(wood, 1.0), (gas, 1.0), store[0], store[1]]);
    let carbon = b.series(0.4, 0.3);
    let time = stages as f64;
    b.global_row("emissions", f64::NEG_INFINITY, 1.0 * time, &[(grid, carbon), (gas, 0.25.into())]);
    let over = b.global("bought", FREE, 3.0);
    let fuel = b.global_row("wood used", 0.5 * time, 1.5 * time, &[(wood, 1.0.into())]);
    b.problem.add_global_term(fuel, over, -0.5);
    b.problem
}

/// Creates a building with coupled temperatures, a heater to size, one budget for the heater and for insulation that
/// saves a share of the heat, and an energy balance that must hold exactly.
fn sized_building(stages: usize) -> StagedProblem {
    let problem = building(stages, Lag::PreviousCyclic);
    let mut b = ProblemBuilder { problem, random: RandomNumbers(17) };
    let heat = ColumnId(0);
    let heater = b.global("heater", 40.0, 0.6 * stages as f64);
    b.within(heat, heater, 1.0);
    let panel = b.global("panel", FREE, 0.0);
    let budget = b.global_row("budget", f64::NEG_INFINITY, 30.0, &[]);
    b.problem.add_global_term(budget, heater, 1.0);
    b.problem.add_global_term(budget, panel, 2.0);
    let used = b.global("energy", FREE, 0.01);
    let balance = b.global_row("energy used", 0.0, 0.0, &[(heat, 1.0.into())]);
    b.problem.add_global_term(balance, used, -1.0);
    b.problem.add_global_term(balance, panel, -3.0);
    b.problem
}

#[test]
fn sizing_has_the_objective_of_cbc() {
    for (stages, seed) in [(1, 3), (24, 1), (100, 2), (333, 3), (720, 4)] {
        same_optimum(&sizing(stages, seed));
    }
}

#[test]
fn peaks_have_the_objective_of_cbc() {
    for (stages, seed) in [(3, 5), (24, 1), (100, 2), (333, 3), (720, 4)] {
        same_optimum(&peaks(stages, seed));
    }
}

#[test]
fn limits_have_the_objective_of_cbc() {
    for (stages, seed) in [(1, 3), (24, 1), (100, 2), (333, 3), (720, 4)] {
        same_optimum(&limits(stages, seed));
    }
}

#[test]
fn a_sized_building_has_the_objective_of_cbc() {
    [24, 100, 240].into_iter().for_each(|stages| same_optimum(&sized_building(stages)));
}

#[test]
fn quadratic_costs_and_all_kinds_of_terms_are_proven() {
    for stages in [5, 48, 501] {
        let (_, certificate) = answer(&Staged { alone: true, vertex: false }, &capacity_and_limit(stages));
        let optimality = certificate.optimality.expect("the duals are ours");
        assert!(optimality.relative_gap.abs() < 1e-8 && optimality.dual.size < 1e-8, "{stages} {optimality:?}");
    }
}

#[test]
fn a_capacity_at_break_even_is_solved() {
    // A unit of capacity costs what it saves, so every capacity is optimal.
    let mut b = ProblemBuilder::new("break even", 24, 1);
    let local = b.column("local", FREE, 0.1);
    let grid = b.column("grid", FREE, 0.3);
    b.row("balance", 1.0, 1.0, &[(local, 1.0), (grid, 1.0)]);
    let size = b.global("size", 5.0, 24.0 * 0.2);
    b.within(local, size, 1.0);
    let (cost, certificate) = answer(&Staged { alone: true, vertex: false }, &b.problem);
    assert!((cost - 24.0 * 0.3).abs() < 1e-7, "{cost}");
    assert!(certificate.optimality.unwrap().relative_gap.abs() < 1e-8);
    assert!((answer(&Cbc, &b.problem).0 - cost).abs() < 1e-7);
}
