//! Problems that several tests share.

use super::{Column, GlobalColumn, GlobalRow, Lag, Row, StagedProblem};

/// Creates a problem with every kind of term and lag: a demand served by a grid, by local generation whose capacity is
/// chosen and by a cyclic store, a limit on the grid's energy that may be exceeded at a price, a ramp limit, and a
/// quadratic cost of charging.
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

/// Creates a heat balance served by a heat pump (electricity in, heat out) and a heat store, with a grid and unmet
/// demand.
pub(super) fn district(cop: Vec<f64>, demand: Vec<f64>) -> StagedProblem {
    let stages = cop.len();
    let mut problem = StagedProblem::new("district", stages);
    let column = |name: &str, upper: f64, cost: f64| Column {
        name: name.into(),
        lower: 0.0.into(),
        upper: upper.into(),
        cost: cost.into(),
    };
    let electricity = problem.add_row(Row::equal("electricity", vec![0.5; stages]));
    let heat = problem.add_row(Row::equal("heat", demand));
    let level = problem.add_row(Row::equal("level", 0.0));
    let grid = problem.add_column(column("grid", 1e5, 0.3));
    let pump = problem.add_column(column("pump", 8.0, 0.04));
    let unmet = problem.add_column(column("unmet", f64::INFINITY, 100.0));
    let (charge, discharge) =
        (problem.add_column(column("charge", 5.0, 0.0)), problem.add_column(column("d", 5.0, 0.01)));
    let store = problem.add_column(column("store", 20.0, 0.0));
    problem.add_term(electricity, grid, Lag::Same, 1.0);
    problem.add_term(electricity, pump, Lag::Same, cop.iter().map(|cop| -1.0 / cop).collect::<Vec<_>>());
    for (column, sign) in [(pump, 1.0), (unmet, 1.0), (charge, -1.0), (discharge, 1.0)] {
        problem.add_term(heat, column, Lag::Same, sign);
    }
    problem.add_term(level, store, Lag::Same, 1.0);
    problem.add_term(level, store, Lag::PreviousCyclic, -0.99);
    problem.add_term(level, charge, Lag::Same, -1.0);
    problem.add_term(level, discharge, Lag::Same, 1.0);
    problem
}

/// Creates a problem of two stages with every kind of row and bound.
pub(super) fn every_kind() -> StagedProblem {
    let mut problem = StagedProblem::new("every kind", 2);
    let column = |name: &str, lower: f64, upper: f64, cost: f64| Column {
        name: name.into(),
        lower: lower.into(),
        upper: upper.into(),
        cost: cost.into(),
    };
    let infinity = f64::INFINITY;
    let columns = [
        column("plain", 0.0, infinity, 1.0),
        column("free", -infinity, infinity, 0.0),
        column("at most", -infinity, 7.0, -0.5),
        column("at least", 2.0, infinity, 3.0),
        column("between", -1.5, 4.0, 1e-7),
        column("fixed", 5.0, 5.0, 0.0),
    ];
    let columns = columns.map(|column| problem.add_column(column));
    problem.set_quadratic(columns[0], vec![0.0, 0.25]);
    let row = |name: &str, lower: f64, upper: f64| Row { name: name.into(), lower: lower.into(), upper: upper.into() };
    let rows = [
        row("equal", 12.0, 12.0),
        row("less", -infinity, 8.0),
        row("more", -3.0, infinity),
        row("range", 1.0, 9.0),
        row("any", -infinity, infinity),
    ];
    for (index, row) in rows.into_iter().enumerate() {
        let row = problem.add_row(row);
        problem.add_term(row, columns[index], Lag::Same, 1.0);
        problem.add_term(row, columns[index + 1], Lag::Same, vec![1.0, 2.0]);
    }
    problem.add_term(super::RowId(1), columns[5], Lag::Previous, -1.0);
    let shared = GlobalColumn { name: "shared".into(), lower: 0.0, upper: 10.0, cost: 2.0 };
    let shared = problem.add_global_column(shared);
    problem.add_spread_term(super::RowId(0), shared, 1.0);
    let limit = problem.add_global_row(GlobalRow { name: "limit".into(), lower: 4.0, upper: 20.0 });
    problem.add_sum_term(limit, columns[0], 1.0);
    problem.add_global_term(limit, shared, -1.0);
    problem
}

/// Creates sites with a store and a price of their own whose imports share a cap in every stage, in the given order.
pub(super) fn sites_under_a_cap(order: &[usize], stages: usize, cap: f64) -> StagedProblem {
    let mut problem = StagedProblem::new("sites under a cap", stages);
    let cap = problem.add_row(Row { name: "cap".into(), lower: f64::NEG_INFINITY.into(), upper: cap.into() });
    for &site in order {
        let series = |least: f64, step: usize, size: f64| -> Vec<f64> {
            (0..stages).map(|t| least + size * ((t * step + 7 * site) % 11) as f64 / 11.0).collect()
        };
        let mut column = |name: &str, upper: f64, cost: Vec<f64>| {
            let (name, lower) = (format!("{name} {site}"), 0.0.into());
            problem.add_column(Column { name, lower, upper: upper.into(), cost: cost.into() })
        };
        let import = column("import", 30.0, series(0.2, 3, 0.15));
        let charge = column("charge", 3.0 + site as f64 % 3.0, vec![0.001; stages]);
        let discharge = column("discharge", 4.0, vec![0.002; stages]);
        let level = column("level", 9.0 + site as f64 % 5.0, vec![0.0; stages]);
        let unmet = column("unmet", f64::INFINITY, vec![5.0; stages]);
        let balance = problem.add_row(Row::equal(format!("balance {site}"), series(1.0, 5, 4.0)));
        for (column, sign) in [(import, 1.0), (charge, -1.0), (discharge, 1.0), (unmet, 1.0)] {
            problem.add_term(balance, column, Lag::Same, sign);
        }
        let dynamics = problem.add_row(Row::equal(format!("level {site}"), 0.0));
        problem.add_term(dynamics, level, Lag::Same, 1.0);
        problem.add_term(dynamics, level, Lag::PreviousCyclic, -0.99);
        problem.add_term(dynamics, charge, Lag::Same, -0.95);
        problem.add_term(dynamics, discharge, Lag::Same, 1.05);
        problem.add_term(cap, import, Lag::Same, 1.0);
    }
    problem
}
