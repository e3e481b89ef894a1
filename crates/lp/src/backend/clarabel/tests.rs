//! Tests of the Clarabel backend, alone and behind the staged solver.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::*;
use crate::test_problems::{capacity_and_limit, district, every_kind};
use crate::{GlobalRow, Lag, Row, Staged};

fn solved(backend: &dyn Backend, problem: &StagedProblem) -> Result<Solution, LpError> {
    let mut solution = Solution::zeros(problem);
    backend.prepare(problem)?.solve(problem, &mut solution)?;
    Ok(solution)
}

fn column(name: &str, lower: f64, upper: f64, cost: f64) -> Column {
    Column { name: name.into(), lower: lower.into(), upper: upper.into(), cost: cost.into() }
}

fn difference(a: f64, b: f64) -> f64 {
    (a - b).abs() / a.abs().max(b.abs()).max(1e-3)
}

#[test]
fn the_version_is_that_of_the_lock_file() {
    let lock = include_str!("../../../../../Cargo.lock");
    assert!(lock.contains(&format!("name = \"clarabel\"\nversion = \"{VERSION}\"")), "the lock file has no {VERSION}");
}

/// Quadratic costs, global columns and rows, lags, and every kind of row and bound.
#[test]
fn every_kind_of_problem_costs_what_the_staged_solver_finds() {
    let cops: Vec<f64> = (0..24).map(|hour| 3.0 + 0.1 * f64::from(hour % 7)).collect();
    let demand = (0..24).map(|hour| f64::from(hour * 5 % 13)).collect();
    for problem in [every_kind(), capacity_and_limit(1), capacity_and_limit(24), district(cops, demand)] {
        let ours = solved(&Clarabel, &problem).unwrap();
        let staged = solved(&Staged { alone: true, vertex: false }, &problem).unwrap();
        assert!(difference(ours.objective, staged.objective) < 1e-8, "{} {}", ours.objective, staged.objective);
        let certificate = Certificate::of(&problem, &ours);
        assert!(certificate.worst().size < 1e-7, "{:?}", certificate.worst());
        let mut duals = ours.duals.clone().unwrap();
        problem.reduced_costs(ours.values.view(), &mut duals);
        assert_eq!(Some(duals), ours.duals, "the reduced costs are those of the row duals");
    }
}

/// A dual is the change of the objective per unit of the side that binds, for rows and global rows alike.
#[test]
fn duals_are_the_prices_of_the_sides() {
    // min 3 x_t - 2 z_t + 5 w: least sums of x, most of z, a global limit that w relaxes.
    let problem = |least: f64, most: f64, limit: f64| {
        let mut problem = StagedProblem::new("sides", 2);
        let x = problem.add_column(column("x", 0.0, f64::INFINITY, 3.0));
        let z = problem.add_column(column("z", 0.0, 4.0, -2.0));
        let at_least = Row { name: "least".into(), lower: least.into(), upper: 9.0.into() };
        let at_least = problem.add_row(at_least);
        problem.add_term(at_least, x, Lag::Same, 2.0);
        let at_most = problem.add_row(Row { name: "most".into(), lower: (-9.0).into(), upper: most.into() });
        problem.add_term(at_most, z, Lag::Same, 1.0);
        let over = crate::GlobalColumn { name: "over".into(), lower: 0.0, upper: 10.0, cost: 0.5 };
        let over = problem.add_global_column(over);
        let sum = GlobalRow { name: "sum".into(), lower: f64::NEG_INFINITY, upper: limit };
        let sum = problem.add_global_row(sum);
        problem.add_sum_term(sum, x, 1.0);
        problem.add_global_term(sum, over, -1.0);
        problem
    };
    let objective = |least, most, limit| solved(&Clarabel, &problem(least, most, limit)).unwrap().objective;
    let at = solved(&Clarabel, &problem(6.0, 3.0, 5.0)).unwrap();
    let duals = at.duals.unwrap();
    // Each stage needs x = 3; the sum 6 is above 5, so a unit of x costs 3 + 0.5.
    let expected = [[1.75, 1.75], [-2.0, -2.0]];
    for (row, stage) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        assert!((duals.rows[[row, stage]] - expected[row][stage]).abs() < 1e-7, "{:?}", duals.rows);
    }
    assert!((duals.global_rows[0] + 0.5).abs() < 1e-7, "{:?}", duals.global_rows);
    assert!((objective(6.1, 3.0, 5.0) - at.objective - 0.1 * duals.rows.row(0).sum()).abs() < 1e-6);
    assert!((objective(6.0, 3.1, 5.0) - at.objective - 0.1 * duals.rows.row(1).sum()).abs() < 1e-6);
    assert!((objective(6.0, 3.0, 5.1) - at.objective - 0.1 * duals.global_rows[0]).abs() < 1e-6);
}

/// Nothing is an equality or has a bound, and nothing costs anything.
#[test]
fn problems_without_sides_or_costs_are_solved() {
    let mut free = StagedProblem::new("free", 3);
    let x = free.add_column(column("x", f64::NEG_INFINITY, f64::INFINITY, 1.0));
    assert!(matches!(solved(&Clarabel, &free).unwrap_err(), LpError::Unbounded { .. }));
    free.set_quadratic(x, 0.5);
    let solution = solved(&Clarabel, &free).unwrap();
    assert!(solution.values.iter().all(|x| (x + 2.0).abs() < 1e-7), "{:?}", solution.values);
    let costless = without_costs(&store(3.0, 2.0, 1.0));
    assert_eq!(solved(&Clarabel, &costless).unwrap().objective, 0.0);
}

/// The optimum of Clarabel is moved to a vertex, or refused where none is found.
#[test]
fn a_vertex_is_found_from_the_general_optimum() {
    let mut runner = TestRunner::deterministic();
    let strategy = proptest::collection::vec(0.0f64..1.0, 97);
    let mut vertices = 0;
    for _ in 0..20 {
        let problem = implied(&strategy.new_tree(&mut runner).unwrap().current(), 12, 3, 10.0);
        let optimum = solved(&Clarabel, &problem).unwrap();
        match solved(&Staged { alone: false, vertex: true }, &problem) {
            Ok(vertex) => {
                vertices += 1;
                assert!(difference(vertex.objective, optimum.objective) < 1e-7);
            }
            Err(error) => assert!(error.to_string().contains("vertex"), "{error}"),
        }
    }
    assert!(vertices > 10, "{vertices} of 20");
}

/// Creates a store that is filled by `fill` at most and gives `least` in every stage, beside `free`, whose cost is
/// `cost` and which nothing limits.
fn store(fill: f64, least: f64, cost: f64) -> StagedProblem {
    let mut problem = StagedProblem::new("store", 4);
    let charge = problem.add_column(column("charge", 0.0, fill, 1.0));
    let level = problem.add_column(column("level", 0.0, 10.0, 0.0));
    let given = problem.add_column(column("given", least, f64::INFINITY, 0.1));
    let balance = problem.add_row(Row::equal("balance", 0.0));
    problem.add_term(balance, level, Lag::Same, 1.0);
    problem.add_term(balance, level, Lag::PreviousCyclic, -0.9);
    problem.add_term(balance, charge, Lag::Same, -1.0);
    problem.add_term(balance, given, Lag::Same, 1.0);
    let free = problem.add_column(column("free", 0.0, f64::INFINITY, cost));
    let more = problem.add_row(Row { name: "more".into(), lower: 0.0.into(), upper: f64::INFINITY.into() });
    problem.add_term(more, free, Lag::Same, 1.0);
    problem
}

#[test]
fn infeasible_and_unbounded_problems_are_told_apart() {
    for backend in [&Clarabel as &dyn Backend, &Staged { alone: false, vertex: false }] {
        let refused = |problem: StagedProblem| solved(backend, &problem).unwrap_err();
        assert!(solved(backend, &store(3.0, 2.0, 1.0)).is_ok());
        assert!(matches!(refused(store(1.0, 2.0, 1.0)), LpError::Infeasible { .. }));
        assert!(matches!(refused(store(3.0, 2.0, -1.0)), LpError::Unbounded { .. }));
        // The cost of `free` falls without limit, but no values satisfy the rows.
        assert!(matches!(refused(store(1.0, 2.0, -1.0)), LpError::Infeasible { .. }));
    }
}

#[test]
fn a_ray_must_not_raise_a_quadratic_cost() {
    let mut problem = store(3.0, 2.0, -1.0);
    problem.set_quadratic(ColumnId(3), 0.5);
    let solution = solved(&Clarabel, &problem).unwrap();
    // 1/2 q x^2 - x is least at x = 1 / q = 2.
    assert!(solution.values.row(3).iter().all(|free| (free - 2.0).abs() < 1e-6), "{:?}", solution.values.row(3));
    let mut direction = Solution::zeros(&problem);
    direction.values.row_mut(3).fill(1.0);
    assert!(!is_ray(&problem, direction.clone()));
    problem.set_quadratic(ColumnId(3), 0.0);
    assert!(is_ray(&problem, direction));
}

/// Sites with a store each that share a limit; some rows are sums of others, and the scales differ by `spread`.
fn implied(numbers: &[f64], stages: usize, sites: usize, spread: f64) -> StagedProblem {
    let mut numbers = numbers.iter().copied().cycle();
    let mut next = move |low: f64, high: f64| low + (high - low) * numbers.next().unwrap_or(0.5);
    let mut problem = StagedProblem::new("implied", stages);
    let mut balances = Vec::new();
    for site in 0..sites {
        let scale = spread.powf(next(-1.0, 1.0));
        let series = |next: &mut dyn FnMut(f64, f64) -> f64, low: f64, high: f64| -> Vec<f64> {
            (0..stages).map(|_| next(low, high)).collect()
        };
        let demand: Vec<f64> = series(&mut next, 0.0, 5.0).into_iter().map(|kw| kw * scale).collect();
        let balance = problem.add_row(Row::equal(format!("balance {site}"), demand));
        let stored = problem.add_row(Row::equal(format!("stored {site}"), 0.0));
        let price = series(&mut next, 0.1, 0.4);
        let grid = Column { cost: price.into(), ..column("grid", 0.0, 4.0 * scale, 0.0) };
        let grid = problem.add_column(grid);
        let unmet = problem.add_column(column("unmet", 0.0, f64::INFINITY, 1e3));
        let charge = problem.add_column(column("charge", 0.0, 2.0 * scale, 0.0));
        let discharge = problem.add_column(column("discharge", 0.0, 2.0 * scale, 0.0));
        let level = problem.add_column(column("level", 0.0, 6.0 * scale, 0.0));
        let terms = [(grid, 1.0), (unmet, 1.0), (charge, -1.0), (discharge, 1.0)];
        terms.iter().for_each(|&(column, sign)| {
            problem.add_term(balance, column, Lag::Same, sign);
        });
        problem.add_term(stored, level, Lag::Same, 1.0);
        problem.add_term(stored, level, Lag::PreviousCyclic, -next(0.9, 1.0));
        problem.add_term(stored, charge, Lag::Same, -next(0.85, 1.0));
        problem.add_term(stored, discharge, Lag::Same, 1.0);
        balances.push((balance, terms));
    }
    // The sum of all balances, and of each pair of neighbours.
    let sum_of = |problem: &StagedProblem, rows: &[RowId]| -> Vec<f64> {
        (0..stages).map(|stage| rows.iter().map(|row| problem.rows()[row.0].lower.at(stage)).sum()).collect()
    };
    for group in balances.windows(2).chain([&balances[..]]) {
        let rows: Vec<RowId> = group.iter().map(|(row, _)| *row).collect();
        let sums = sum_of(&problem, &rows);
        let row = problem.add_row(Row::equal("sum", sums));
        for (column, sign) in group.iter().flat_map(|(_, terms)| terms) {
            problem.add_term(row, *column, Lag::Same, *sign);
        }
    }
    problem
}

/// Rows that imply each other, and scales that differ by orders of magnitude: what the staged solver refuses is proven
/// by Clarabel, and both cost the same elsewhere, also by CBC.
#[test]
fn implied_rows_and_bad_scales_are_solved() {
    let mut runner = TestRunner::deterministic();
    let strategy = (proptest::collection::vec(0.0f64..1.0, 97), 2usize..30, 1usize..5, 0.0f64..3.0);
    let mut refused = 0;
    for _ in 0..60 {
        let (numbers, stages, sites, exponent) = strategy.new_tree(&mut runner).unwrap().current();
        let problem = implied(&numbers, stages, sites, 10.0_f64.powf(exponent));
        let ours = solved(&Clarabel, &problem).unwrap();
        assert!(Certificate::of(&problem, &ours).worst().size < 1e-6);
        let behind = &Staged { alone: false, vertex: false };
        let mut solver = behind.prepare(&problem).unwrap();
        let mut solution = Solution::zeros(&problem);
        solver.solve(&problem, &mut solution).unwrap();
        assert!(difference(ours.objective, solution.objective) < 1e-8, "{} {}", ours.objective, solution.objective);
        let alone = solved(&Staged { alone: true, vertex: false }, &problem);
        let expected = if alone.is_ok() { None } else { Some(Clarabel.name()) };
        assert_eq!(solver.answered_by_fallback(), expected);
        refused += usize::from(alone.is_err());
        #[cfg(feature = "cbc")]
        {
            let simplex = solved(&crate::Cbc, &problem).unwrap();
            assert!(difference(ours.objective, simplex.objective) < 1e-7, "{} {}", ours.objective, simplex.objective);
        }
    }
    println!("{refused} of 60 are refused by the staged solver");
    assert!(refused > 0, "the staged solver answers all of them");
}

/// A bound that is far away is a bound: x is at most 1e10.
#[test]
fn a_row_of_small_coefficients_stops_a_ray() {
    let mut problem = StagedProblem::new("far", 2);
    let x = problem.add_column(column("x", 0.0, f64::INFINITY, -1.0));
    let row = problem.add_row(Row { name: "far".into(), lower: f64::NEG_INFINITY.into(), upper: 1.0.into() });
    problem.add_term(row, x, Lag::Same, 1e-10);
    let mut direction = Solution::zeros(&problem);
    direction.values.fill(1.0);
    assert!(!is_ray(&problem, direction.clone()));
    problem.set_ranges(row, [f64::NEG_INFINITY; 2].into_iter(), [f64::INFINITY; 2].into_iter());
    assert!(is_ray(&problem, direction));
}
