//! Tests of the set-up of problems with many units: its effort per unit does not grow with their number.

use std::time::{Duration, Instant};

use anergy_profile::Profile;

use super::presolve::Presolve;
use super::presolved::PresolvedProblem;
use super::standardize::Standardized;
use crate::{Certificate, Column, ColumnId, Lag, Row, Solution, StagedProblem};

const STATES: usize = 8;

/// Creates `units` units with eight states of diagonal dynamics, an input in 0..=1, and a lower limit on their first
/// state that may be missed at a price; the sum of all inputs is limited in every stage.
fn fleet(units: usize, stages: usize) -> StagedProblem {
    let mut problem = StagedProblem::new("fleet", stages);
    let free = f64::INFINITY;
    let cap = Row { name: "cap".into(), lower: (-free).into(), upper: (0.4 * units as f64).into() };
    let cap = problem.add_row(cap);
    let price: Vec<f64> = (0..stages).map(|stage| 0.2 + 0.1 * (stage as f64 * 0.26).sin()).collect();
    for unit in 0..units {
        let spread = unit as f64 / units as f64;
        let mut column = |name: String, lower: f64, upper: f64, cost: Profile| {
            problem.add_column(Column { name, lower: lower.into(), upper: upper.into(), cost })
        };
        let input = column(format!("input {unit}"), 0.0, 1.0, price.clone().into());
        let short = column(format!("short {unit}"), 0.0, free, 10.0.into());
        let states: Vec<ColumnId> =
            (0..STATES).map(|state| column(format!("state {unit} {state}"), -free, free, 0.0.into())).collect();
        problem.add_term(cap, input, Lag::Same, 1.0);
        for (state, &column) in states.iter().enumerate() {
            let decay = 0.9 - 0.1 * state as f64 - 0.05 * spread;
            let heat: Vec<f64> = (0..stages).map(|stage| if stage == 0 { 20.0 * decay } else { 0.0 }).collect();
            let row = problem.add_row(Row::equal(format!("dynamics {unit} {state}"), heat));
            problem.add_term(row, column, Lag::Same, 1.0);
            problem.add_term(row, column, Lag::Previous, -decay);
            problem.add_term(row, input, Lag::Same, -2.0 - 0.1 * state as f64);
        }
        let name = format!("comfort {unit}");
        let comfort = problem.add_row(Row { name, lower: (5.0 + spread).into(), upper: free.into() });
        states.iter().for_each(|&state| _ = problem.add_term(comfort, state, Lag::Same, 1.0));
        problem.add_term(comfort, short, Lag::Same, 1.0);
    }
    problem
}

/// Returns the times of building, finding components, presolving, standardising, and measuring a solution.
fn times(units: usize, stages: usize) -> [Duration; 5] {
    let mut start = Instant::now();
    let mut lap = || std::mem::replace(&mut start, Instant::now()).elapsed();
    let problem = fleet(units, stages);
    let build = lap();
    let parts = problem.components();
    let components = lap();
    assert_eq!(parts.len(), 1);
    drop(parts);
    lap();
    let mut presolved = PresolvedProblem::of(&problem);
    let presolve = Presolve::all(&mut presolved);
    let presolving = lap();
    let standardized = Standardized::of(&presolved, 1.0);
    let standardizing = lap();
    assert!(presolved.columns.iter().filter(|column| column.active).count() >= units * STATES);
    assert_eq!(standardized.form.stages, stages);
    drop((presolve, standardized));
    let mut solution = Solution::zeros(&problem);
    solution.duals = Some(crate::Duals::zeros(&problem));
    lap();
    let certificate = Certificate::of(&problem, &solution);
    let certifying = lap();
    assert!(certificate.row.size > 0.0);
    [build, components, presolving, standardizing, certifying]
}

/// Scans over all columns for each row would make the larger fleet a hundred times as expensive per unit.
#[test]
fn the_effort_grows_with_the_number_of_units() {
    let [small, large] = [100, 3000].map(|units| {
        let of_run = |_| times(units, 4).into_iter().sum::<Duration>();
        (0..3).map(of_run).min().unwrap_or_default() / units as u32
    });
    assert!(large < 8 * small, "{small:?} a unit of 100 and {large:?} a unit of 3000");
}

#[test]
#[ignore = "prints times; needs a few GB of memory"]
fn times_of_the_phases() {
    for units in [100, 1000, 10_000] {
        let [build, components, presolve, standardize, certificate] = times(units, 96);
        println!(
            "{units} units: build {build:.2?}, components {components:.2?}, presolve {presolve:.2?}, \
             standardise {standardize:.2?}, certificate {certificate:.2?}"
        );
    }
}
