//! Tests of the normal equations with the units eliminated first: against a dense matrix.

use super::general_chain_tests::{RandomNumbers, errors_of, random_form};
use super::normal_equations::NormalEquations;
use super::presolve::Presolve;
use super::presolved::PresolvedProblem;
use super::problem_data::ProblemData;
use super::standard_form::{LaggedEntry, StandardEntry, StandardForm};
use super::standardize::Standardized;
use super::units::{Partition, UnitsFirst};
use crate::test_problems::sites_under_a_cap;
use crate::{Backend, Clarabel, Solution, Staged, StagedProblem};

/// Creates units with `statics` static rows and `dynamics` dynamic ones each, coupled by `couplings` rows of every
/// stage in which every unit and a column of the row's own have entries.
fn coupled_units(
    random: &mut RandomNumbers,
    stages: usize,
    units: usize,
    [statics, dynamics]: [usize; 2],
    couplings: usize,
    wraps: bool,
) -> StandardForm {
    let rows = statics + dynamics;
    let unit = |random: &mut RandomNumbers| random_form(random, stages, rows, wraps, |row| row >= statics);
    let mut form = unit(random);
    let columns = form.columns.len();
    let total = units * rows;
    form.columns = vec![form.columns[0].clone(); units * columns + couplings];
    form.sums = vec![vec![0.0; stages]; total + couplings];
    (form.entries, form.lagged) = (Vec::new(), Vec::new());
    // Units of one shape have one pattern and numbers of their own.
    let pattern = unit(random);
    for index in 0..units {
        let place = |row: usize, column: usize| (index * rows + row, index * columns + column);
        for entry in &pattern.entries {
            let (row, column) = place(entry.row, entry.column);
            form.entries.push(StandardEntry { row, column, coefficient: random.series(stages) });
        }
        for lagged in &pattern.lagged {
            let (row, column) = place(lagged.row, lagged.column);
            form.lagged.push(LaggedEntry { row, column, coefficient: random.series(stages), wraps });
        }
        for coupling in 0..couplings {
            for column in [0, columns - 1] {
                let (row, column) = (total + coupling, index * columns + column);
                form.entries.push(StandardEntry { row, column, coefficient: random.series(stages) });
            }
        }
    }
    for coupling in 0..couplings {
        let (row, column) = (total + coupling, units * columns + coupling);
        form.entries.push(StandardEntry { row, column, coefficient: random.series(stages) });
    }
    form.entries.sort_by_key(|entry| entry.column);
    form.lagged.sort_by_key(|lagged| lagged.column);
    form
}

fn solve_by_units(data: &ProblemData, theta: &[super::lanes::Lanes], y: &mut [super::lanes::Lanes]) {
    let partition = Partition::by_degree(data, 20);
    let mut units = UnitsFirst::new(data, partition);
    units.factor(data, theta);
    units.solve(data, y);
}

#[test]
fn coupled_units_solve_like_a_dense_matrix() {
    let mut random = RandomNumbers(11);
    for (stages, wraps) in [(1, true), (2, true), (3, false), (8, true), (16, true), (24, true), (29, false)] {
        for (units, sizes, couplings) in [(10, [1, 1], 1), (11, [2, 2], 1), (10, [1, 2], 2), (12, [2, 0], 1)] {
            let form = coupled_units(&mut random, stages, units, sizes, couplings, wraps);
            let partition = Partition::by_degree(&ProblemData::new(&form), 20);
            // The pattern of a unit may itself fall into parts.
            assert!(partition.coupling_rows.len() == couplings && partition.count() >= units);
            let [backward, forward] = errors_of(&mut random, &form, 1.0, solve_by_units);
            assert!(forward < 1e-9, "{stages} stages, wraps {wraps}, {sizes:?}: {forward:e}");
            assert!(backward < 1e-12, "{stages} stages, wraps {wraps}, {sizes:?}: {backward:e}");
        }
    }
}

#[test]
fn weights_may_span_orders_of_magnitude() {
    let mut random = RandomNumbers(12);
    for trial in 0..12 {
        let stages = [1, 5, 8, 16, 23, 24][trial % 6];
        let form = coupled_units(&mut random, stages, 10, [1, 2], 1, trial % 2 == 0);
        let [backward, _] = errors_of(&mut random, &form, 12.0, solve_by_units);
        assert!(backward < 1e-8, "{stages} stages, trial {trial}: {backward:e}");
    }
}

#[test]
fn units_are_found_from_the_pattern_alone() {
    let mut random = RandomNumbers(13);
    let form = coupled_units(&mut random, 48, 40, [2, 2], 1, true);
    let data = ProblemData::new(&form);
    assert!(NormalEquations::new(&data).is_by_units());
    let alone = random_form(&mut random, 48, 4, true, |row| row > 1);
    assert!(!NormalEquations::new(&ProblemData::new(&alone)).is_by_units());
}

/// Number of sites and of stages of the problems below; the cap binds at 55.
const SITES: usize = 20;
const STAGES: usize = 48;

/// Returns the solution that the staged method finds alone.
fn solved(problem: &StagedProblem) -> Solution {
    let mut solution = Solution::zeros(problem);
    let mut solver = Staged { alone: true, vertex: false }.prepare(problem).unwrap();
    solver.solve(problem, &mut solution).unwrap();
    solution
}

fn in_order(cap: f64) -> StagedProblem {
    sites_under_a_cap(&(0..SITES).collect::<Vec<_>>(), STAGES, cap)
}

#[test]
fn sites_under_a_cap_are_eliminated_by_units() {
    let problem = in_order(55.0);
    let mut presolved = PresolvedProblem::of(&problem);
    Presolve::all(&mut presolved);
    let form = Standardized::of(&presolved, 1.0).form;
    assert!(NormalEquations::new(&ProblemData::new(&form)).is_by_units());
}

#[test]
fn the_optimum_of_coupled_units_is_that_of_a_general_solver() {
    let problem = in_order(55.0);
    let found = solved(&problem);
    let mut expected = Solution::zeros(&problem);
    Clarabel.prepare(&problem).unwrap().solve(&problem, &mut expected).unwrap();
    assert!((found.objective - expected.objective).abs() < 1e-8 * expected.objective.abs());
    let cap_binds = (0..STAGES).any(|stage| found.duals.as_ref().unwrap().rows[[0, stage]].abs() > 1e-3);
    assert!(cap_binds, "otherwise the cap would not be tested");
}

#[test]
fn the_order_of_units_does_not_matter() {
    let order: Vec<usize> = (0..SITES).map(|index| (index * 7 + 3) % SITES).collect();
    let (plain, permuted) = (solved(&in_order(55.0)), solved(&sites_under_a_cap(&order, STAGES, 55.0)));
    assert!((plain.objective - permuted.objective).abs() < 1e-9 * plain.objective);
}

#[test]
fn a_cap_that_never_binds_changes_nothing() {
    let (free, far, near) =
        (solved(&in_order(f64::INFINITY)), solved(&in_order(1e4)), solved(&in_order(30.0 * SITES as f64 - 1.0)));
    for capped in [far, near] {
        assert!((free.objective - capped.objective).abs() < 1e-9 * free.objective);
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let problem = in_order(55.0);
    let bits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let solution = pool.install(|| solved(&problem));
        let duals = solution.duals.unwrap();
        solution.values.iter().chain(&duals.rows).map(|number| number.to_bits()).collect::<Vec<_>>()
    };
    let one = bits(1);
    assert!(one == bits(2) && one == bits(5));
}

#[test]
fn a_large_system_over_coupling_rows_is_solved() {
    let mut random = RandomNumbers(14);
    let form = coupled_units(&mut random, 160, 9, [1, 1], 1, true);
    let [backward, _] = errors_of(&mut random, &form, 2.0, solve_by_units);
    assert!(backward < 1e-11, "{backward:e}");
}
