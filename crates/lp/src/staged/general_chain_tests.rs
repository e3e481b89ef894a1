//! Tests of the normal equations with any dynamics: against a dense matrix, against the diagonal case, and of whole
//! problems against CBC.

use anergy_profile::Profile;

use super::diagonal_chain::DiagonalChain;
use super::general_chain::GeneralChain;
use super::lanes::Lanes;
use super::problem_data::ProblemData;
use super::standard_form::{LaggedEntry, StandardColumn, StandardEntry, StandardForm, StandardGlobals};

/// A deterministic generator of numbers in -1..1.
pub(super) struct RandomNumbers(pub(super) u64);

impl RandomNumbers {
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    pub(super) fn series(&mut self, stages: usize) -> Profile {
        Profile::Series((0..stages).map(|_| self.next()).collect())
    }
}

/// Creates a form with `rows` rows, of which those selected by `reads` read the stage before.
pub(super) fn random_form(
    random: &mut RandomNumbers,
    stages: usize,
    rows: usize,
    wraps: bool,
    reads: impl Fn(usize) -> bool,
) -> StandardForm {
    let columns = 2 * rows + 1;
    let width = StandardColumn {
        upper: 1.0.into(),
        cost: 1.0.into(),
        quadratic: 0.0.into(),
        movable: None,
        origin: None,
        initial_value: None,
        is_penalty: false,
    };
    let mut form = StandardForm {
        typical_cost: 1.0,
        stages,
        diagonal: None,
        columns: vec![width; columns],
        entries: Vec::new(),
        lagged: Vec::new(),
        sums: vec![vec![0.0; stages]; rows],
        globals: StandardGlobals::default(),
    };
    for column in 0..columns {
        for row in 0..rows {
            // Every row has a column of its own, so that none follows from others.
            if column == row || random.next() > 0.2 {
                form.entries.push(StandardEntry { row, column, coefficient: random.series(stages) });
            }
            if reads(row) && random.next() > 0.4 {
                form.lagged.push(LaggedEntry { row, column, coefficient: random.series(stages), wraps });
            }
        }
    }
    form
}

/// Returns A theta A' as a dense matrix, by (stage, row).
pub(super) fn assembled(form: &StandardForm, theta: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let (stages, rows) = (form.stages, form.sums.len());
    let mut matrix = vec![vec![0.0; stages * rows]; stages * rows];
    for stage in 0..stages {
        for column in 0..form.columns.len() {
            let mut a = vec![0.0; stages * rows];
            for entry in form.entries.iter().filter(|entry| entry.column == column) {
                a[stage * rows + entry.row] += entry.coefficient.at(stage);
            }
            for lagged in form.lagged.iter().filter(|lagged| lagged.column == column) {
                let after = (stage + 1) % stages;
                if after > 0 || lagged.wraps {
                    a[after * rows + lagged.row] += lagged.coefficient.at(after);
                }
            }
            for i in (0..a.len()).filter(|&i| a[i] != 0.0) {
                for j in 0..a.len() {
                    matrix[i][j] += theta(stage, column) * a[i] * a[j];
                }
            }
        }
    }
    matrix
}

/// Solves by Gaussian elimination with column pivoting.
pub(super) fn dense_solve(mut matrix: Vec<Vec<f64>>, mut rhs: Vec<f64>) -> Vec<f64> {
    let n = rhs.len();
    for p in 0..n {
        let best = (p..n).max_by(|&i, &j| matrix[i][p].abs().total_cmp(&matrix[j][p].abs())).unwrap();
        matrix.swap(p, best);
        rhs.swap(p, best);
        for i in p + 1..n {
            let factor = matrix[i][p] / matrix[p][p];
            let pivot_row = matrix[p].clone();
            matrix[i].iter_mut().zip(pivot_row).skip(p).for_each(|(value, pivot)| *value -= factor * pivot);
            rhs[i] -= factor * rhs[p];
        }
    }
    for p in (0..n).rev() {
        let sum: f64 = (p + 1..n).map(|j| matrix[p][j] * rhs[j]).sum();
        rhs[p] = (rhs[p] - sum) / matrix[p][p];
    }
    rhs
}

/// Returns random weights of `10^(+-decades)` by block and column, and 0 where there is no stage.
pub(super) fn weights(random: &mut RandomNumbers, data: &ProblemData, decades: f64) -> Vec<Lanes> {
    let mut theta = vec![Lanes::ZERO; data.lane_layout.blocks * data.columns];
    for stage in 0..data.lane_layout.stages {
        let (block, lane) = data.lane_layout.place(stage);
        for column in 0..data.columns {
            theta[block * data.columns + column].0[lane] = 10_f64.powf(decades * random.next());
        }
    }
    theta
}

/// Returns a number, stored by block and row or column, of a stage.
pub(super) fn read(values: &[Lanes], data: &ProblemData, stage: usize, index: usize) -> f64 {
    let (block, lane) = data.lane_layout.place(stage);
    values[block * (values.len() / data.lane_layout.blocks) + index].0[lane]
}

/// Returns a random right-hand side by block and row.
pub(super) fn random_rhs(random: &mut RandomNumbers, data: &ProblemData) -> Vec<Lanes> {
    let mut rhs = vec![Lanes::ZERO; data.lane_layout.blocks * data.rows];
    for stage in 0..data.lane_layout.stages {
        let (block, lane) = data.lane_layout.place(stage);
        for row in 0..data.rows {
            rhs[block * data.rows + row].0[lane] = random.next();
        }
    }
    rhs
}

/// Returns the largest row of rhs - N y relative to |N| |y| + |rhs|, and the largest distance from the dense solution
/// relative to its largest value.
fn errors(random: &mut RandomNumbers, form: &StandardForm, decades: f64) -> [f64; 2] {
    errors_of(random, form, decades, |data, theta, y| {
        let mut general = GeneralChain::new(data);
        general.factor(data, theta);
        general.solve(data, y);
    })
}

/// Returns the same for a solution that `solve` computes in place of the right-hand side, at the given weights.
pub(super) fn errors_of(
    random: &mut RandomNumbers,
    form: &StandardForm,
    decades: f64,
    solve: impl Fn(&ProblemData, &[Lanes], &mut [Lanes]),
) -> [f64; 2] {
    let data = ProblemData::new(form);
    let theta = weights(random, &data, decades);
    let rhs = random_rhs(random, &data);
    let mut y = rhs.clone();
    solve(&data, &theta, &mut y);
    let flat = |values: &[Lanes]| -> Vec<f64> {
        let places = (0..form.stages).flat_map(|stage| (0..data.rows).map(move |row| (stage, row)));
        places.map(|(stage, row)| read(values, &data, stage, row)).collect()
    };
    let (rhs, y) = (flat(&rhs), flat(&y));
    let matrix = assembled(form, |stage, column| read(&theta, &data, stage, column));
    let misses = matrix.iter().zip(&rhs).map(|(row, rhs)| {
        let products = row.iter().zip(&y).map(|(a, y)| a * y);
        let (sum, size) = products.fold((0.0, 0.0), |(sum, size), product| (sum + product, size + product.abs()));
        (rhs - sum).abs() / (size + rhs.abs())
    });
    let backward = misses.fold(0.0, f64::max);
    let exact = dense_solve(matrix, rhs);
    let largest = exact.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let forward = exact.iter().zip(&y).map(|(exact, y)| (exact - y).abs() / largest).fold(0.0, f64::max);
    [backward, forward]
}

#[test]
fn any_dynamics_solve_like_a_dense_matrix() {
    let mut random = RandomNumbers(1);
    for stages in [1, 2, 3, 7, 8, 9, 16, 24, 29] {
        for wraps in [false, true] {
            for reading in [0, 1, 2, 4] {
                let form = random_form(&mut random, stages, 4, wraps, |row| row < reading);
                let [backward, forward] = errors(&mut random, &form, 1.0);
                assert!(forward < 1e-9, "{stages} stages, wraps {wraps}, {reading}: {forward:e}");
                assert!(backward < 1e-12, "{stages} stages, wraps {wraps}, {reading}: {backward:e}");
            }
        }
    }
}

#[test]
fn weights_may_span_24_orders_of_magnitude() {
    let mut random = RandomNumbers(2);
    for trial in 0..60 {
        let stages = [1, 5, 8, 16, 23, 24][trial % 6];
        let form = random_form(&mut random, stages, 5, trial % 2 == 0, |row| row % 2 == 0 || trial % 3 == 0);
        let [backward, _] = errors(&mut random, &form, 12.0);
        assert!(backward < 1e-10, "{stages} stages, trial {trial}: {backward:e}");
    }
}

#[test]
fn an_implied_row_gets_the_dual_zero() {
    let mut random = RandomNumbers(5);
    let mut form = random_form(&mut random, 16, 3, true, |row| row < 1);
    // Row 3 repeats row 2 in every column.
    let copies: Vec<_> = form.entries.iter().filter(|entry| entry.row == 2).cloned().collect();
    form.entries.extend(copies.into_iter().map(|entry| StandardEntry { row: 3, ..entry }));
    form.sums.push(vec![0.0; 16]);
    let data = ProblemData::new(&form);
    let theta = weights(&mut random, &data, 3.0);
    let mut rhs = random_rhs(&mut random, &data);
    for block in 0..data.lane_layout.blocks {
        rhs[block * 4 + 3] = rhs[block * 4 + 2];
    }
    let mut general = GeneralChain::new(&data);
    general.factor(&data, &theta);
    general.solve(&data, &mut rhs);
    assert!(rhs.iter().all(|lanes| lanes.abs().largest() < 1e8), "nothing is divided by rounding");
}

/// Creates a form with diagonal dynamics and two static rows, `x_t - 0.9 x_{t-1} + flows = sum`.
fn diagonal_form(random: &mut RandomNumbers, stages: usize, states: usize, wraps: bool) -> StandardForm {
    let (statics, flows) = (2, 5);
    let mut form = random_form(random, stages, statics + states, wraps, |_| false);
    form.columns.truncate(flows + states);
    form.entries.retain(|entry| entry.column < flows);
    for state in 0..states {
        let (row, column) = (statics + state, flows + state);
        form.entries.push(StandardEntry { row, column, coefficient: 1.0.into() });
        form.lagged.push(LaggedEntry { row, column, coefficient: Profile::Constant(-0.9), wraps });
    }
    form.diagonal = Some(states);
    form
}

#[test]
fn diagonal_dynamics_have_the_same_solution() {
    let mut random = RandomNumbers(3);
    for (stages, wraps) in [(8, true), (24, true), (24, false), (30, false)] {
        for states in [1, 3] {
            let form = diagonal_form(&mut random, stages, states, wraps);
            let any = ProblemData::new(&StandardForm { diagonal: None, ..form.clone() });
            let diagonal = ProblemData::new(&form);
            assert_eq!(any.lane_layout, diagonal.lane_layout);
            let theta = weights(&mut random, &any, 2.0);
            let mut expected = random_rhs(&mut random, &any);
            let mut found = expected.clone();
            let mut chain = DiagonalChain::new(&diagonal);
            chain.factor(&diagonal, &theta);
            chain.solve(&diagonal, &mut expected);
            let mut general = GeneralChain::new(&any);
            general.factor(&any, &theta);
            general.solve(&any, &mut found);
            let largest = expected.iter().map(|lanes| lanes.abs().largest()).fold(0.0, f64::max);
            for (expected, found) in expected.iter().zip(&found) {
                assert!((*expected - *found).abs().largest() < 1e-10 * largest, "{stages} {wraps} {states}");
            }
        }
    }
}

#[cfg(feature = "cbc")]
pub(super) mod against_cbc {
    use super::RandomNumbers;
    use crate::{Backend, Cbc, Certificate, Column, ColumnId, Lag, Row, Solution, Staged, StagedProblem};
    use anergy_profile::Profile;

    /// Creates a building with seven coupled temperatures, `x_t = A x_{t-1} + heat b + outside`, of which the first
    /// must stay in the comfort range while the price of heat varies.
    pub(in super::super) fn building(stages: usize, lag: Lag) -> StagedProblem {
        let mut random = RandomNumbers(7);
        let mut problem = StagedProblem::new("building", stages);
        let series = |f: &dyn Fn(f64) -> f64| Profile::Series((0..stages).map(|stage| f(stage as f64)).collect());
        let column = |name: &str, lower: f64, upper: f64, cost: Profile| Column {
            name: name.into(),
            lower: lower.into(),
            upper: upper.into(),
            cost,
        };
        let price = series(&|t| 0.2 + 0.1 * (t / 3.7).sin() + 0.03 * (t * 0.77).cos());
        let heat = problem.add_column(column("heat", 0.0, 12.0, price));
        let temps: Vec<ColumnId> = (0..7)
            .map(|index| {
                let (lower, upper) = if index == 0 { (19.0, 25.0) } else { (-20.0, 60.0) };
                problem.add_column(column(&format!("temperature {index}"), lower, upper, 0.0.into()))
            })
            .collect();
        for (index, temp) in temps.iter().enumerate() {
            let outside = 0.05 + 0.02 * random.next();
            let others: Vec<f64> = (0..7).map(|_| 0.06 + 0.05 * random.next()).collect();
            let kept = 1.0 - outside - others.iter().sum::<f64>();
            let gain =
                series(&|t| outside * (5.0 + 6.0 * (t / 24.0 * std::f64::consts::TAU).sin() + 4.0 * (t / 900.0).cos()));
            let start = if lag == Lag::Previous { 20.0 } else { 0.0 };
            let first = Profile::Series((0..stages).map(|t| gain.at(t) + if t == 0 { start } else { 0.0 }).collect());
            let row = problem.add_row(Row::equal(format!("heat of {index}"), first));
            problem.add_term(row, *temp, Lag::Same, 1.0);
            for (other, share) in others.iter().enumerate() {
                let share = if other == index { kept + share } else { *share };
                problem.add_term(row, temps[other], lag, -share);
            }
            problem.add_term(row, heat, Lag::Same, if index < 2 { -0.5 } else { -0.02 });
        }
        problem
    }

    /// Creates two sites with a tank each that draw heat from one loop. The loop's temperature falls with the heat
    /// drawn, the electricity needed rises as it falls, and a row of each stage reads the loop of the stage before.
    fn shared_loop(stages: usize) -> StagedProblem {
        let mut random = RandomNumbers(11);
        let mut problem = StagedProblem::new("loop", stages);
        let column = |name: &str, upper: f64, cost: Profile| Column {
            name: name.into(),
            lower: 0.0.into(),
            upper: upper.into(),
            cost,
        };
        let loop_temp = problem.add_column(column("loop", 20.0, 0.0.into()));
        let source = problem.add_column(column("source", 9.0, 0.15.into()));
        let balance = problem.add_row(Row::equal("loop balance", 0.3));
        problem.add_term(balance, loop_temp, Lag::Same, 1.0);
        problem.add_term(balance, loop_temp, Lag::PreviousCyclic, -0.97);
        problem.add_term(balance, source, Lag::Same, -0.4);
        for site in 0..2 {
            let price = Profile::Series((0..stages).map(|_| 0.3 + 0.2 * random.next()).collect());
            let power = problem.add_column(column(&format!("power {site}"), 8.0, price));
            let heat = problem.add_column(column(&format!("heat {site}"), f64::INFINITY, 0.0.into()));
            let tank = problem.add_column(column(&format!("tank {site}"), 15.0, 0.0.into()));
            let demand = Profile::Series((0..stages).map(|_| 4.0 + 3.0 * random.next()).collect());
            let store = problem.add_row(Row::equal(format!("store {site}"), demand.map(|demand| -demand)));
            problem.add_term(store, tank, Lag::Same, 1.0);
            problem.add_term(store, tank, Lag::PreviousCyclic, -0.99);
            problem.add_term(store, heat, Lag::Same, -1.0);
            problem.add_term(balance, heat, Lag::Same, 0.3);
            // Power covers a fifth of the heat, and more the colder the loop was an hour ago.
            let lift = Row { name: format!("lift {site}"), lower: 1.0.into(), upper: f64::INFINITY.into() };
            let lift = problem.add_row(lift);
            problem.add_term(lift, power, Lag::Same, 1.0);
            problem.add_term(lift, heat, Lag::Same, -0.2);
            problem.add_term(lift, loop_temp, Lag::PreviousCyclic, 0.1);
        }
        problem
    }

    /// Returns the objective and the certificate of a backend's solution after checking its feasibility.
    pub(in super::super) fn answer(backend: &dyn Backend, problem: &StagedProblem) -> (f64, Certificate) {
        let mut solution = Solution::zeros(problem);
        backend.prepare(problem).unwrap().solve(problem, &mut solution).unwrap();
        let certificate = Certificate::of(problem, &solution);
        assert!(certificate.worst().size < 1e-6, "{} {:?}", backend.name(), certificate.worst());
        (solution.objective, certificate)
    }

    /// Checks that the staged solver proves its optimum and that CBC finds the same objective.
    pub(in super::super) fn same_optimum(problem: &StagedProblem) {
        let (ours, certificate) = answer(&Staged { alone: true, vertex: false }, problem);
        let optimality = certificate.optimality.expect("the duals are ours");
        assert!(optimality.relative_gap.abs() < 1e-8 && optimality.dual.size < 1e-8, "{optimality:?}");
        let theirs = answer(&Cbc, problem).0;
        let distance = (ours - theirs).abs() / theirs.abs();
        assert!(distance < 1e-8, "{} {} stages: {ours} {theirs} {distance:e}", problem.name(), problem.stages());
    }

    #[test]
    fn a_building_has_the_objective_of_cbc() {
        for (stages, lag) in
            [(24, Lag::PreviousCyclic), (96, Lag::Previous), (101, Lag::PreviousCyclic), (720, Lag::Previous)]
        {
            same_optimum(&building(stages, lag));
        }
    }

    #[test]
    fn a_shared_loop_has_the_objective_of_cbc() {
        [24, 95, 336].into_iter().for_each(|stages| same_optimum(&shared_loop(stages)));
    }
}
