//! Tests of the normal equations with the units eliminated first: against a dense matrix.

use super::general_chain_tests::{RandomNumbers, errors_of, random_form};
use super::normal_equations::NormalEquations;
use super::problem_data::ProblemData;
use super::standard_form::{LaggedEntry, StandardEntry, StandardForm};
use super::units::{Partition, UnitsFirst};

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
            assert!(partition.coupling_rows.len() == couplings && partition.units.len() >= units);
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
