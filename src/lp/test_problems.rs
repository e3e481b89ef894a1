//! Problems that several tests share.

use super::{Column, GlobalColumn, GlobalRow, Lag, Row, StagedProblem};

/// Grid, local generation of a capacity to choose, and a cyclic store serve a demand; a limit on the grid's energy that money
/// relaxes; a quadratic cost on charging. Every kind of term and lag but [`Lag::Previous`] stands in it, and that too.
pub(super) fn capacity_and_limit(stages: usize) -> StagedProblem {
    let series = |f: fn(f64) -> f64| (0..stages).map(|stage| f(stage as f64)).collect::<Vec<_>>();
    let mut problem = StagedProblem::new("capacity and limit", stages);
    let column = |name: &str, upper: f64, cost: Vec<f64>| Column {
        name: name.into(),
        lower: 0.0.into(),
        upper: upper.into(),
        cost: cost.into(),
    };
    let grid = problem.add_column(column("grid", 50.0, series(|t| 0.3 + 0.1 * (t % 3.0))));
    let local = problem.add_column(column("local", f64::INFINITY, series(|_| 0.05)));
    let charge = problem.add_column(column("charge", 4.0, series(|_| 0.01)));
    let level = problem.add_column(column("level", 10.0, series(|_| 0.0)));
    let ramp = problem.add_column(column("ramp", f64::INFINITY, series(|_| 0.02)));
    problem.set_quadratic(charge, 0.002);

    let balance = problem.add_row(Row::equal("balance", series(|t| 5.0 + (t % 4.0))));
    problem.add_term(balance, grid, Lag::Same, 1.0);
    problem.add_term(balance, local, Lag::Same, 1.0);
    problem.add_term(balance, charge, Lag::Same, -1.0);
    let store = problem.add_row(Row::equal("store", 0.0));
    problem.add_term(store, level, Lag::Same, 1.0);
    problem.add_term(store, level, Lag::PreviousCyclic, series(|t| -0.9 + 0.01 * (t % 2.0)));
    problem.add_term(store, charge, Lag::Same, -0.95);
    let ramping = problem.add_row(Row { name: "ramping".into(), lower: f64::NEG_INFINITY.into(), upper: 3.0.into() });
    problem.add_term(ramping, local, Lag::Same, 1.0);
    problem.add_term(ramping, local, Lag::Previous, -1.0);
    problem.add_term(ramping, ramp, Lag::Same, -1.0);

    let capacity =
        problem.add_global_column(GlobalColumn { name: "capacity".into(), lower: 0.0, upper: 20.0, cost: 0.9 });
    let over = problem.add_global_column(GlobalColumn {
        name: "over the limit".into(),
        lower: 0.0,
        upper: f64::INFINITY,
        cost: 2.0,
    });
    let within = problem.add_row(Row { name: "within".into(), lower: f64::NEG_INFINITY.into(), upper: 0.0.into() });
    problem.add_term(within, local, Lag::Same, 1.0);
    problem.add_spread_term(within, capacity, series(|t| -0.4 - 0.1 * (t % 5.0)));
    let limit = problem.add_global_row(GlobalRow {
        name: "limit".into(),
        lower: f64::NEG_INFINITY,
        upper: 3.0 * stages as f64,
    });
    problem.add_sum_term(limit, grid, series(|t| 1.0 + 0.2 * (t % 2.0)));
    problem.add_global_term(limit, over, -1.0);
    problem
}
