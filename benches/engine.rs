//! Duration of the parts of an iteration: reading a case, the loop's year, pricing a plan, a dispatch.
//!
//! `cargo bench` prints them; compare two versions on the same machine at the same time, as ratios.

#![allow(missing_docs, clippy::unwrap_used)]

use anergy::config::{Case, LoopSource, Request};
use anergy::cosim::solver;
use anergy::coupling::{LoopModel, LoopRequest, SchemeChoice};
use anergy::lp::{Certificate, Column, Duals, Lag, Row, Solution, StagedProblem};
use anergy::participants::WellMixedParticipant;
use anergy::run::run_case;
use anergy::water_loop::WaterLoop;
use divan::Bencher;
use ndarray::Array2;

fn main() {
    divan::main();
}

fn small_district() -> Case {
    let file = |path: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    Case::load(&Request {
        model: file("configs/small_district/model.yaml"),
        water_loop: Some(LoopSource::File(file("networks/small_ring.yaml"))),
        ..Request::default()
    })
    .unwrap()
}

#[divan::bench]
fn read_the_small_district(bencher: Bencher<'_, '_>) {
    bencher.bench(small_district);
}

/// Measures the iteration from a case in memory until dispatch and loop agree.
#[divan::bench(args = [SchemeChoice::Auto, SchemeChoice::Newton, SchemeChoice::Anticipative])]
fn agree_on_the_small_district(bencher: Bencher<'_, '_>, scheme: SchemeChoice) {
    let mut case = small_district();
    case.coupled.as_mut().unwrap().settings.scheme = Some(scheme);
    bencher.bench(|| run_case(&case, solver(&case.district), &mut ()).unwrap().coupling.unwrap().verdict);
}

#[divan::bench]
fn simulate_a_year_of_the_loop(bencher: Bencher<'_, '_>) {
    const HOURS: usize = 8760;
    let coupled = small_district().coupled.unwrap();
    let pumps: Vec<_> = coupled.pumps.iter().map(|pump| pump.pump.clone()).collect();
    let output = Array2::from_shape_fn((pumps.len(), HOURS), |(pump, hour)| ((hour * (pump + 3)) % 50) as f64);
    let level = Array2::from_shape_fn((pumps.len(), HOURS), |(pump, hour)| ((hour * (pump + 7)) % 90) as f64);
    let WaterLoop::WellMixed(water_loop) = coupled.water_loop else { unreachable!("the published loop is well mixed") };
    let mut participant = WellMixedParticipant { water_loop, pumps, step_hours: 1.0 };
    let request = LoopRequest::new(output, level);
    bencher.bench_local(|| participant.simulate(&request));
}

/// Measures an LP of three stores, their heat pumps and a grid for a year: 21 columns and 10 rows in each of 8760
/// stages, with duals.
#[divan::bench]
fn certify_a_year(bencher: Bencher<'_, '_>) {
    const HOURS: usize = 8760;
    let series = |offset: usize| (0..HOURS).map(|hour| ((hour * 7 + offset) % 97) as f64 / 97.0).collect::<Vec<_>>();
    let mut problem = StagedProblem::new("year", HOURS);
    let rows: Vec<_> = (0..10).map(|row| problem.add_row(Row::equal(format!("r{row}"), series(row)))).collect();
    for index in 0..21 {
        let name = format!("x{index}");
        let column = Column { name, lower: 0.0.into(), upper: 9.0.into(), cost: series(3 * index).into() };
        let column = problem.add_column(column);
        problem.add_term(rows[index % 10], column, Lag::Same, 1.0);
        problem.add_term(rows[(index + 3) % 10], column, Lag::PreviousCyclic, series(index));
    }
    let mut solution = Solution::zeros(&problem);
    let mut duals = Duals::zeros(&problem);
    duals.rows.fill(0.1);
    problem.reduced_costs(solution.values.view(), &mut duals);
    solution.duals = Some(duals);
    bencher.bench_local(|| Certificate::of(&problem, &solution));
}

mod with_a_solver {
    use super::{Bencher, small_district};
    use anergy::dispatch::Dispatch;
    use anergy::lp::default_backend;

    #[divan::bench]
    fn dispatch_the_small_district(bencher: Bencher<'_, '_>) {
        let backend = default_backend();
        let mut dispatch = Dispatch::new(small_district().district, backend).unwrap();
        bencher.bench_local(|| dispatch.solve(backend).unwrap().objective_eur);
    }

    #[divan::bench]
    fn price_a_plan_of_the_small_district(bencher: Bencher<'_, '_>) {
        let backend = default_backend();
        let mut dispatch = Dispatch::new(small_district().district, backend).unwrap();
        let plan = dispatch.solve(backend).unwrap();
        bencher.bench_local(|| dispatch.price(&plan.decisions).map(|priced| priced.objective_eur));
    }
}
