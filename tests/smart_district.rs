//! The smart district of `configs/`: its year, and the same district in quarter hours and in a leap year.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;
#[path = "../examples/smart_district.rs"]
#[allow(dead_code, reason = "the example's own `main` is not called")]
mod generator;

use std::path::{Path, PathBuf};

use anergy::config::{Case, Level, Request};
use anergy::cosim::{CosimResult, solver};
use anergy::coupling::Verdict;
use anergy::dispatch::Role;
use anergy::district::Kind;
use anergy::run::run_case;
use anergy::weather::TypicalYear;

use common::project;

fn load(model: &Path, window: Option<[&str; 2]>) -> Case {
    let window = window.map(|window| window.map(str::to_owned));
    Case::load(&Request { model: model.to_owned(), window, ..Request::default() }).unwrap()
}

fn run(case: &Case) -> CosimResult {
    run_case(case, solver(&case.district), &mut ()).unwrap()
}

/// Asserts the conservation of energy: the balances of every step of the loop and of every carrier close, no energy is
/// created, and the limits are kept within the capacity of the balancing unit.
fn assert_energy_is_conserved(case: &Case, run: &CosimResult) {
    let response = &run.coupling.as_ref().unwrap().response;
    assert!(response.balance_residual <= 1e-9, "year: {:.1e}", response.balance_residual);
    assert!(response.step_balance_residual <= 1e-9, "step: {:.1e}", response.step_balance_residual);
    assert!(response.created_kwh.iter().all(|created| *created == 0.0));
    // From the result table alone: the heat stored in the loop is the sum of its heat flows.
    let capacity = case.coupled.as_ref().unwrap().water_loop.heat_capacity_kwh_per_k();
    for step in 0..response.heat_kwh.len() {
        let got = response.heat_kwh[step] + response.balancing_kwh[step] + response.ground_kwh[step];
        let stored = (response.temp_c[step + 1] - response.temp_c[step]) * capacity;
        let moved =
            response.heat_kwh[step].abs() + response.balancing_kwh[step].abs() + response.ground_kwh[step].abs();
        assert!((got - stored).abs() <= 1e-9 * moved.max(capacity), "step {step}: {got} and {stored}");
    }
    for (site, carrier, residual) in &run.certificate.balances {
        assert!(*residual < 1e-6, "{carrier} at {site}: {residual:.1e} kW");
    }
    let [low, high] = case.coupled.as_ref().unwrap().water_loop.limits_c();
    assert!(response.temp_c.iter().all(|temp| (low - 1e-9..=high + 1e-9).contains(temp)), "the unit is large enough");
}

/// Returns a copy of the district with series of another year or step.
fn with_series(folder: &Path, climate: &TypicalYear) -> PathBuf {
    for file in generator::files_of(climate).unwrap() {
        let Some(name) = file.path.strip_prefix("smart_district/") else { continue };
        let path = folder.join("configs/smart_district").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.text()).unwrap();
    }
    std::fs::create_dir_all(folder.join("networks")).unwrap();
    std::fs::copy(project("networks/smart_district.yaml"), folder.join("networks/smart_district.yaml")).unwrap();
    let model = folder.join("configs/smart_district.yaml");
    std::fs::copy(project("configs/smart_district.yaml"), &model).unwrap();
    model
}

#[test]
fn the_district_has_no_warnings() {
    let case = load(Path::new(&project("configs/smart_district.yaml")), None);
    let odd: Vec<_> = case.findings.iter().filter(|finding| finding.level >= Level::Warning).collect();
    assert!(odd.is_empty(), "{odd:?}");
    assert_eq!(case.district.axis().len(), 8760);
}

#[test]
fn a_week_in_quarter_hours() {
    let folder = tempfile::tempdir().unwrap();
    let climate = TypicalYear { step_minutes: 15, ..generator::climate() };
    let model = with_series(folder.path(), &climate);
    let case = load(&model, Some(["2019-05-06", "2019-05-12"]));
    assert_eq!((case.district.axis().len(), case.district.axis().step_minutes()), (672, 15));
    let quarter = run(&case);
    assert_energy_is_conserved(&case, &quarter);
    assert_eq!(quarter.coupling.as_ref().unwrap().verdict, Verdict::Converged);

    // The same week with quarter hours averaged to hours has nearly the same cost.
    let settings = vec!["time.step_minutes=60".to_owned()];
    let window = Some(["2019-05-06", "2019-05-12"].map(str::to_owned));
    let hourly = Case::load(&Request { model, window, settings, ..Request::default() }).unwrap();
    assert_eq!(hourly.district.axis().len(), 168);
    let [fine, coarse] = [quarter.account.cost_eur(), run(&hourly).account.cost_eur()];
    assert!((fine / coarse - 1.0).abs() < 0.02, "{fine} and {coarse} EUR");
}

#[test]
fn the_end_of_february_in_a_leap_year() {
    let folder = tempfile::tempdir().unwrap();
    let model = with_series(folder.path(), &TypicalYear { year: 2020, ..generator::climate() });
    assert_eq!(load(&model, None).district.axis().len(), 8784);
    let case = load(&model, Some(["2020-02-26", "2020-03-03"]));
    assert_eq!(case.district.axis().len(), 7 * 24);
    assert!((0..168).any(|step| case.district.axis().label(step).starts_with("2020-02-29")));
    let run = run(&case);
    assert_energy_is_conserved(&case, &run);
    assert_eq!(run.coupling.unwrap().verdict, Verdict::Converged);
}

/// A full year in which all parts are used, with data that were not fitted, converges.
#[test]
fn the_year_uses_all_parts_and_converges() {
    let case = load(Path::new(&project("configs/smart_district.yaml")), None);
    let run = run(&case);
    assert_energy_is_conserved(&case, &run);
    let coupling = run.coupling.as_ref().unwrap();
    assert_eq!(coupling.verdict, Verdict::Converged);
    assert!(coupling.gap.unwrap().relative.abs() <= 1e-3);

    let steps = case.district.axis().len();
    let [at_low, at_high] = coupling.response.limit_steps;
    assert!(at_low > 0 && at_high > 0, "both limits are met: {at_low} and {at_high} steps");
    assert!(at_low + at_high <= steps * 4 / 10, "off both limits in 60 % of the hours: {at_low} + {at_high}");

    let output = |technology: &str, step: usize| -> f64 {
        let sites = case.district.sites().iter();
        let rows = sites.filter_map(|site| run.dispatch.quantity(&site.name, technology, Role::Output));
        rows.map(|row| run.decisions.values[[row, step]]).sum()
    };
    let both = (0..steps).filter(|&step| output("heat_pump", step) > 1.0 && output("chiller", step) > 1.0).count();
    assert!(both >= 100, "heating and cooling at once in {both} hours");

    for site in case.district.sites() {
        for technology in &site.technologies {
            let Kind::Storage(storage) = &technology.kind else { continue };
            let totals = run.account.technology(&site.name, &technology.name).unwrap();
            let cycles = totals.delivered_kwh / storage.capacity_kwh;
            assert!(cycles >= 50.0, "{} at {}: {cycles:.1} cycles", technology.name, site.name);
        }
    }
}
