//! Equilibria of dispatch and loop of the published district; skipped without its data.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use anergy::config::switches::Preset;
use anergy::config::{Case, LoopSource, Request};
use anergy::cosim::CosimResult;
use anergy::coupling::Verdict;
use anergy::lp::default_backend;
use anergy::run::{run_case, starts};

use common::{project, published_data};

const WEEK: [&str; 2] = ["2015-01-01", "2015-01-07"];
const JANUARY: [&str; 2] = ["2015-01-01", "2015-01-31"];
const JULY: [&str; 2] = ["2015-07-01", "2015-07-31"];
const YEAR: [&str; 2] = ["2015-01-01", "2015-12-31"];
/// The published sign of the cooling lift, and the physical one.
const SIGNS: [&str; 2] = ["store_minus_loop", "loop_minus_store"];

fn case(scheme: &str, sign: &str, dates: [&str; 2], settings: &[String]) -> Option<Case> {
    let mut settings = settings.to_vec();
    settings.push(format!("switches.cooling_lift={sign}"));
    settings.push(format!("coupling.scheme={scheme}"));
    let case = Case::load(&Request {
        model: published_data()?.join("smarti/model_op.yaml"),
        scenario: Some("zero_alt_storage".into()),
        water_loop: Some(LoopSource::File(project("networks/iccep2019.yaml").into())),
        preset: Some(Preset::EquilibriumReference),
        settings,
        window: Some(dates.map(str::to_owned)),
        ..Request::default()
    })
    .unwrap();
    Some(case)
}

fn run(scheme: &str, sign: &str, dates: [&str; 2], settings: &[String]) -> Option<CosimResult> {
    let case = case(scheme, sign, dates, settings)?;
    Some(ran(&case, scheme, sign, dates))
}

fn ran(case: &Case, scheme: &str, sign: &str, dates: [&str; 2]) -> CosimResult {
    let began = std::time::Instant::now();
    let run = run_case(case, default_backend(), &mut ()).unwrap();
    let coupling = run.coupling.as_ref().unwrap();
    let gap = coupling.gap.unwrap();
    println!(
        "{scheme} {sign} {dates:?}: gap {:.2e} ({:.4} EUR) in iteration {} of {}, cost {:.1} EUR, {:.2} s",
        gap.relative,
        gap.absolute_eur,
        coupling.answer,
        coupling.records.len() - 1,
        run.account.cost_eur(),
        began.elapsed().as_secs_f64()
    );
    run
}

fn assert_agrees(run: &CosimResult, tolerance: f64) {
    let coupling = run.coupling.as_ref().unwrap();
    assert_eq!(coupling.verdict, Verdict::Converged);
    assert!(coupling.gap.unwrap().relative.abs() <= tolerance);
    assert!(run.certificate.equation < 1e-6 && run.certificate.bound < 1e-6, "{:?}", run.certificate);
}

#[test]
fn newton_finds_the_equilibrium_of_a_week_and_of_july() {
    for (sign, dates) in [(SIGNS[0], WEEK), (SIGNS[1], WEEK), (SIGNS[0], JULY), (SIGNS[1], JULY)] {
        let Some(run) = run("newton", sign, dates, &[]) else { return };
        assert_agrees(&run, 1e-6);
        let records = &run.coupling.as_ref().unwrap().records;
        assert!(dates == JULY || records.iter().any(|record| record.scheme == "newton"));
    }
}

#[test]
#[ignore = "heavy: the year by Newton's method, twice"]
fn newton_finds_the_equilibrium_of_january_and_of_the_year() {
    for (sign, dates) in [(SIGNS[0], JANUARY), (SIGNS[1], JANUARY), (SIGNS[0], YEAR), (SIGNS[1], YEAR)] {
        let Some(run) = run("newton", sign, dates, &[]) else { return };
        assert_agrees(&run, 1e-6);
    }
}

#[test]
#[ignore = "heavy: all windows, the year too, from three different COPs"]
fn auto_converges_to_a_gap_of_1e_4_from_any_start() {
    for dates in [WEEK, JANUARY, JULY, YEAR] {
        for sign in SIGNS {
            for start in ["switches.initial_cop_dispatch=committed", "switches.initial_cop_dispatch=start"] {
                let Some(run) = run("auto", sign, dates, &[start.to_owned()]) else { return };
                assert_agrees(&run, 1e-4);
            }
            // The COPs of a loop at its highest temperature.
            let Some(case) = case("auto", sign, dates, &[]) else { return };
            let warm = starts::beginning_at(&case, starts::loop_c(&case, 2, 3));
            assert_agrees(&ran(&warm, "auto", sign, dates), 1e-4);
        }
    }
}

/// Checks an equilibrium with a gap of a millionth against another solver, which gets the whole horizon at once.
#[cfg(feature = "cbc")]
fn assert_no_further_saving(sign: &str, dates: [&str; 2]) {
    use anergy::dispatch::Dispatch;
    use anergy::lp::Cbc;
    let Some(case) = case("newton", sign, dates, &[]) else { return };
    let run = ran(&case, "newton", sign, dates);
    let mut dispatch = Dispatch::new(case.district.clone(), &Cbc).unwrap();
    let cops = &run.coupling.as_ref().unwrap().response.signal.cops;
    for (pump, cops) in case.coupled.as_ref().unwrap().pumps.iter().zip(cops.rows()) {
        let conversion = dispatch.conversion(&pump.site, &pump.technology).unwrap();
        dispatch.set_efficiency(conversion, cops.iter().copied());
    }
    let plan_eur = dispatch.price(&run.decisions).unwrap().objective_eur;
    let least_eur = dispatch.solve(&Cbc).unwrap().objective_eur;
    let gap = (plan_eur - least_eur) / least_eur;
    println!("{sign} {dates:?}: CBC finds {least_eur:.4} EUR, the plan costs {plan_eur:.4}: gap {gap:.2e}");
    assert!((-1e-8..=1e-6).contains(&gap), "{sign} {dates:?}: {gap:.2e}");
}

#[cfg(feature = "cbc")]
#[test]
fn another_solver_confirms_the_equilibria_of_the_week_and_of_july() {
    for (sign, dates) in [(SIGNS[0], WEEK), (SIGNS[1], WEEK), (SIGNS[0], JULY), (SIGNS[1], JULY)] {
        assert_no_further_saving(sign, dates);
    }
}

#[cfg(feature = "cbc")]
#[test]
#[ignore = "heavy: the year's LP by CBC, twice"]
fn another_solver_confirms_the_equilibria_of_january_and_of_the_year() {
    for (sign, dates) in [(SIGNS[0], JANUARY), (SIGNS[1], JANUARY), (SIGNS[0], YEAR), (SIGNS[1], YEAR)] {
        assert_no_further_saving(sign, dates);
    }
}

fn objective_eur(run: &CosimResult) -> f64 {
    run.coupling.as_ref().unwrap().records[run.coupling.as_ref().unwrap().answer].cost.objective_eur
}

/// Checks that the joint optimum is never more expensive than the equilibrium, and that the cost never rises in the
/// descent.
fn assert_descends(run: &CosimResult) {
    let found = &run.myopia.as_ref().unwrap().found;
    let costs: Vec<f64> =
        std::iter::once(found.from_eur).chain(found.descent.iter().map(|lp| lp.objective_eur)).collect();
    assert!(costs.windows(2).all(|pair| pair[1] <= pair[0]), "{costs:?}");
    assert!(costs.last().is_some_and(|cost| *cost == found.cost.objective_eur));
    assert!(found.descent.iter().any(|lp| lp.step == 1.0), "{:?}", found.descent);
    let certificate = &found.plan.plan.certificate;
    assert!(certificate.equation < 1e-6 && certificate.bound < 1e-6, "{certificate:?}");
}

#[test]
fn the_joint_optimum_costs_less_and_the_price_of_myopia_is_reported() {
    // Shares that another program found from other starting points; optima of the joint problem are local.
    let cases = [(SIGNS[0], WEEK, 4.6e-4), (SIGNS[1], WEEK, 4.6e-4), (SIGNS[0], JULY, 2e-5), (SIGNS[1], JULY, 1.25e-3)];
    for (sign, dates, expected) in cases {
        let Some(equilibrium) = run("newton", sign, dates, &[]) else { return };
        let anticipative = run("anticipative", sign, dates, &[]).unwrap();
        assert_agrees(&anticipative, 1e-4);
        assert_descends(&anticipative);
        let cost_eur = anticipative.myopia.as_ref().unwrap().found.cost.objective_eur;
        let equilibrium_eur = objective_eur(&equilibrium);
        assert!(cost_eur <= equilibrium_eur * (1.0 + 2e-5), "{sign} {dates:?}: {cost_eur} against {equilibrium_eur}");
        let price = (equilibrium_eur - cost_eur) / equilibrium_eur;
        println!("price of myopia {:.4} %", 100.0 * price);
        assert!((price - expected).abs() < 1e-4, "{sign} {dates:?}: {price:.2e}, expected {expected:.2e}");
    }
}

#[test]
#[ignore = "heavy: LPs of the year with the loop as a state"]
fn the_joint_optimum_of_the_year_has_the_known_cost() {
    let Some(run) = run("anticipative", SIGNS[1], YEAR, &[]) else { return };
    assert_descends(&run);
    let cost_eur = run.myopia.as_ref().unwrap().found.cost.objective_eur;
    println!("{cost_eur:.1} EUR");
    assert!((cost_eur / 463_246.7 - 1.0).abs() < 1e-4, "{cost_eur}");
}
