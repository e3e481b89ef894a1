//! Duration of a solve by the number of units that a few rows of every stage couple.
//!
//! `cargo bench -p anergy-lp --bench units` solves, for growing numbers of units, sites with three stores at a common
//! hub, unlinked sites under one limit on a sum over all stages, and buildings of eight states under a cap in every
//! step. The time per unit should stay flat. Other sizes: `-- sites 20,50 168`, `-- limit 20 168`,
//! `-- buildings 2000 96`.

#![allow(missing_docs)]

use std::time::Instant;

use anergy_lp::{Backend, Column, ColumnId, GlobalRow, Lag, LpError, Row, RowId, Solution, Staged, StagedProblem};

/// A deterministic generator of numbers in 0..1.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn column(problem: &mut StagedProblem, name: String, upper: f64, cost: impl Into<anergy_profile::Profile>) -> ColumnId {
    problem.add_column(Column { name, lower: 0.0.into(), upper: upper.into(), cost: cost.into() })
}

/// Adds a site with a battery, a heat pump and two heat stores; returns its electricity balance.
fn add_site(problem: &mut StagedProblem, site: usize, numbers: &mut Numbers) -> RowId {
    let stages = problem.stages();
    let wave = |numbers: &mut Numbers, size: f64, phase: f64| -> Vec<f64> {
        let scale = size * (0.5 + numbers.next());
        (0..stages)
            .map(|t| scale * (1.2 + ((t as f64 + phase) * std::f64::consts::TAU / 24.0).sin()) + 0.2 * numbers.next())
            .collect()
    };
    let sun: Vec<f64> = (0..stages)
        .map(|t| 8.0 * numbers.next() * ((t as f64 - 6.0) * std::f64::consts::TAU / 24.0).sin().max(0.0))
        .collect();
    let demands: Vec<f64> = wave(numbers, 2.0, 3.0).iter().zip(&sun).map(|(demand, sun)| demand - sun).collect();
    let electricity = problem.add_row(Row::equal(format!("s{site} electricity"), demands));
    let price: Vec<f64> = (0..stages).map(|t| 0.2 + 0.1 * ((t % 24) as f64 / 24.0) + 0.02 * numbers.next()).collect();
    let import = column(problem, format!("s{site} import"), 100.0, price);
    let export = column(problem, format!("s{site} export"), 100.0, -0.05);
    problem.add_term(electricity, import, Lag::Same, 1.0);
    problem.add_term(electricity, export, Lag::Same, -1.0);
    let store = |problem: &mut StagedProblem, name: &str, balance: RowId, size: f64, retention: f64| {
        let charge = column(problem, format!("s{site} {name} charge"), size / 3.0, 0.0);
        let discharge = column(problem, format!("s{site} {name} discharge"), size / 3.0, 0.002);
        let level = column(problem, format!("s{site} {name} level"), size, 0.0);
        let dynamics = problem.add_row(Row::equal(format!("s{site} {name} level"), 0.0));
        problem.add_term(balance, charge, Lag::Same, -1.0);
        problem.add_term(balance, discharge, Lag::Same, 1.0);
        problem.add_term(dynamics, level, Lag::Same, 1.0);
        problem.add_term(dynamics, level, Lag::PreviousCyclic, -retention);
        problem.add_term(dynamics, charge, Lag::Same, -0.95);
        problem.add_term(dynamics, discharge, Lag::Same, 1.0 / 0.95);
    };
    let size = 5.0 + 10.0 * numbers.next();
    store(problem, "battery", electricity, size, 0.9999);
    for (heat, cop) in [("heat", 3.5), ("water", 2.6)] {
        let balance = problem.add_row(Row::equal(format!("s{site} {heat}"), wave(numbers, 4.0, 9.0)));
        let pump = column(problem, format!("s{site} {heat} pump"), 25.0, 0.005);
        problem.add_term(balance, pump, Lag::Same, 1.0);
        let cops: Vec<f64> = (0..stages).map(|_| -1.0 / (cop + numbers.next())).collect();
        problem.add_term(electricity, pump, Lag::Same, cops);
        let size = 10.0 + 20.0 * numbers.next();
        store(problem, heat, balance, size, 0.99);
    }
    electricity
}

/// Creates sites that are linked by cables to one hub.
fn linked_sites(sites: usize, stages: usize) -> StagedProblem {
    let mut problem = StagedProblem::new("linked sites", stages);
    let mut numbers = Numbers(7);
    let hub = problem.add_row(Row::equal("hub", 0.0));
    for site in 0..sites {
        let electricity = add_site(&mut problem, site, &mut numbers);
        let out = column(&mut problem, format!("s{site} to hub"), 6.0, 0.001);
        let back = column(&mut problem, format!("hub to s{site}"), 6.0, 0.001);
        problem.add_term(electricity, out, Lag::Same, -1.0);
        problem.add_term(hub, out, Lag::Same, 0.97);
        problem.add_term(hub, back, Lag::Same, -1.0);
        problem.add_term(electricity, back, Lag::Same, 0.97);
    }
    problem
}

/// Creates sites without links under one limit on the energy that all of them import.
fn limited_sites(sites: usize, stages: usize) -> StagedProblem {
    let mut problem = StagedProblem::new("sites under a limit", stages);
    let mut numbers = Numbers(7);
    for site in 0..sites {
        add_site(&mut problem, site, &mut numbers);
    }
    let imports: Vec<ColumnId> = (0..problem.columns().len())
        .map(ColumnId)
        .filter(|&id| problem.columns()[id.index()].name.ends_with("import"))
        .collect();
    let upper = 4.4 * (sites * stages) as f64;
    let limit = problem.add_global_row(GlobalRow { name: "limit".into(), lower: f64::NEG_INFINITY, upper });
    imports.into_iter().for_each(|import| problem.add_sum_term(limit, import, 1.0));
    problem
}

/// Creates buildings of `STATES` modes each, kept in a band by a heat source, under a cap on the sum of all sources.
fn buildings(count: usize, stages: usize) -> StagedProblem {
    const STATES: usize = 8;
    let mut problem = StagedProblem::new("buildings", stages);
    let mut numbers = Numbers(7);
    let cap = problem.add_row(Row {
        name: "cap".into(),
        lower: f64::NEG_INFINITY.into(),
        upper: (1.6 * count as f64).into(),
    });
    let price: Vec<f64> = (0..stages).map(|t| 0.2 + 0.1 * ((t * 24 / stages) as f64 * 0.3).sin()).collect();
    for building in 0..count {
        let source = column(&mut problem, format!("b{building} source"), 4.0, price.clone());
        problem.add_term(cap, source, Lag::Same, 1.0);
        let outside: Vec<f64> = (0..stages).map(|t| 0.3 * (t as f64 / 15.0).sin() + 0.2 * numbers.next()).collect();
        let comfort = problem.add_row(Row {
            name: format!("b{building} comfort"),
            lower: outside.iter().map(|less| 1.0 + less).collect::<Vec<_>>().into(),
            upper: outside.iter().map(|less| 2.2 + less).collect::<Vec<_>>().into(),
        });
        for state in 0..STATES {
            let mode = problem.add_column(Column {
                name: format!("b{building} mode {state}"),
                lower: (-1.0).into(),
                upper: 6.0.into(),
                cost: 0.0.into(),
            });
            let decay = 0.99 - 0.1 * state as f64 - 0.02 * numbers.next();
            let start: Vec<f64> = (0..stages).map(|t| if t == 0 { decay * 1.5 } else { 0.0 }).collect();
            let dynamics = problem.add_row(Row::equal(format!("b{building} dynamics {state}"), start));
            problem.add_term(dynamics, mode, Lag::Same, 1.0);
            problem.add_term(dynamics, mode, Lag::Previous, -decay);
            problem.add_term(dynamics, source, Lag::Same, -(1.0 - decay) / (1.0 + 0.3 * numbers.next()));
            problem.add_term(comfort, mode, Lag::Same, 1.0 / STATES as f64 * (1.5 - 0.1 * state as f64));
        }
    }
    problem
}

fn measure(name: &str, problem: &StagedProblem, units: usize) -> Result<(), LpError> {
    let mut solution = Solution::zeros(problem);
    let mut solver = Staged { alone: true, vertex: false }.prepare(problem)?;
    let start = Instant::now();
    let outcome = solver.solve(problem, &mut solution);
    let first = start.elapsed().as_secs_f64();
    if let Err(error) = outcome {
        println!("{name:<12} {units:>6} units {:>6} stages: {first:.3} s: {error}", problem.stages());
        return Ok(());
    }
    let start = Instant::now();
    solver.solve(problem, &mut solution)?;
    let again = start.elapsed().as_secs_f64();
    println!(
        "{name:<12} {units:>6} units {:>6} stages: {first:.3} s, again {again:.3} s, {:.3} ms a unit, objective {:.9e}",
        problem.stages(),
        1e3 * again / units as f64,
        solution.objective,
    );
    Ok(())
}

fn main() -> Result<(), LpError> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let kinds: [(&str, fn(usize, usize) -> StagedProblem, &[usize], usize); 3] = [
        ("sites", linked_sites, &[5, 10, 20, 50, 100, 200], 168),
        ("limit", limited_sites, &[20, 50], 168),
        ("buildings", buildings, &[100, 500, 2000], 96),
    ];
    let chosen = arguments.first().cloned().unwrap_or_default();
    for (name, create, sizes, stages) in kinds.into_iter().filter(|kind| kind.0.starts_with(chosen.as_str())) {
        let sizes: Vec<usize> = match arguments.get(1) {
            Some(sizes) => sizes.split(',').filter_map(|size| size.parse().ok()).collect(),
            None => sizes.to_vec(),
        };
        let stages = arguments.get(2).and_then(|stages| stages.parse().ok()).unwrap_or(stages);
        for size in sizes {
            measure(name, &create(size, stages), size)?;
        }
    }
    Ok(())
}
