//! Verdicts on small maps with known behaviour, and their messages.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::convert::Infallible;

use anergy::coupling::{
    CouplingError, CouplingSettings, Dispatcher, Distance, DriveResult, LoopModel, LoopRequest, LoopResponse,
    LoopSignal, Outcome, PlanCost, SchemeChoice, Start, Stop, Verdict, drive, scheme,
};
use anergy::run::cost_moved;
use ndarray::{Array1, Array2};

use common::toys::{Idle, Mirror, Toy};

fn settings(choice: SchemeChoice, stop: Stop) -> CouplingSettings {
    CouplingSettings { scheme: Some(choice), stop, ..CouplingSettings::default() }
}

fn run_with<D: Dispatcher, L: LoopModel>(
    mut dispatcher: D,
    mut water_loop: L,
    settings: &CouplingSettings,
    cop: f64,
) -> DriveResult<D, L> {
    let cops = Array2::from_elem((1, 2), cop);
    let start = Start { committed: cops.clone(), start: cops };
    let mut scheme = scheme(settings).unwrap();
    drive(&mut dispatcher, &mut water_loop, scheme.as_mut(), settings, &start, &mut (), &mut ())
}

fn run(map: impl Fn(f64) -> f64, settings: &CouplingSettings, cop: f64) -> Outcome<f64, ()> {
    run_with(Toy(map), Mirror, settings, cop).unwrap()
}

fn said<P, A>(outcome: &Outcome<P, A>) -> String {
    outcome.explain(|at| format!("hour {at}"))
}

#[test]
fn the_remaining_distance_of_a_contraction_is_reported() {
    let settings = CouplingSettings { max_iterations: 5, ..settings(SchemeChoice::Picard, Stop::Residual) };
    let outcome = run(|cop| 3.0 + 0.5 * (cop - 3.0), &settings, 4.0);
    assert_eq!(outcome.verdict, Verdict::MaxIterations);
    // Plan k is 3 + 2^-(k+1): after k = 5 a distance of 2^-6 remains.
    let Distance::Extrapolated { distance_k, rate } = outcome.unrest.distance else {
        panic!("{:?}", outcome.unrest.distance)
    };
    assert!((rate - 0.5).abs() < 1e-12 && (distance_k - 0.5_f64.powi(6)).abs() < 1e-12, "{distance_k} by {rate}");
    let text = said(&outcome);
    for part in ["iteration 5 was the last one allowed", "hour 0, hour 1, hour 2", "visibly in 3 of 3", "50 %", "EUR"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_last_iterate_within_the_tolerance_has_converged() {
    // The gap of iterate k is 2^-(k+2) of 100 EUR; that of the last one is measured after the last iteration.
    let ended = |max_iterations| {
        let settings = CouplingSettings { max_iterations, ..settings(SchemeChoice::Picard, Stop::Gap) };
        run(|cop| 3.0 + 0.5 * (cop - 3.0), &settings, 4.0).verdict
    };
    assert_eq!(ended(4), Verdict::MaxIterations);
    assert_eq!(ended(5), Verdict::Converged);
}

/// A thousandth of the demand of 50 MWh, 50 kWh, is the least scale: 0.004 kWh are 8e-5 of it, 0.04 kWh 8e-4.
#[test]
fn both_gaps_must_be_within_the_tolerance() {
    let settings =
        CouplingSettings { gap_tolerance: Some(1e-4), max_iterations: 9, ..settings(SchemeChoice::Picard, Stop::Gap) };
    let ended = |unmet_kwh| run_with(Idle { toy: Toy(|_| 3.0), unmet_kwh }, Mirror, &settings, 4.0).unwrap();
    let outcome = ended(0.004);
    assert_eq!(outcome.verdict, Verdict::Converged);
    let outcome = ended(0.04);
    assert_ne!(outcome.verdict, Verdict::Converged, "its money has a gap of zero");
    let gap = outcome.gap.unwrap();
    assert_eq!((gap.relative, gap.unmet_kwh), (0.0, 0.04));
    assert!((gap.unmet_relative - 8e-4).abs() < 1e-15, "{gap:?}");
    assert!(outcome.records.iter().all(|record| record.unmet_at_own_cops_kwh == 0.04), "{:?}", outcome.records);
    assert!(said(&outcome).contains("unmet demand +0.040 kWh (relative gap 8.00e-4)"), "{}", said(&outcome));
}

#[test]
fn the_change_of_the_cost_is_reported_with_the_gap() {
    let settings = CouplingSettings { max_iterations: 9, ..settings(SchemeChoice::Picard, Stop::Residual) };
    let outcome = run(|cop| 3.0 + 0.5 * (cop - 3.0), &settings, 4.0);
    // Plan k costs 100 + 2^-(k+2) EUR at its own COPs; the last five are k = n - 4 to n, and the gap is that of plan n.
    let n = i32::try_from(outcome.records.len()).unwrap() - 1;
    let moved = cost_moved(&outcome.records, outcome.gap, 0.0).unwrap();
    let expected = 0.5_f64.powi(n - 2) - 0.5_f64.powi(n + 2);
    assert_eq!(moved.iterations, 5);
    assert!((moved.eur - expected).abs() < 1e-12 && moved.unmet_kwh == 0.0, "{moved:?}");
    assert!((moved.relative - expected / (100.0 + 0.5_f64.powi(n + 2))).abs() < 1e-14, "{moved:?}");
    assert!((moved.gaps.unwrap() - 15.0).abs() < 1e-9, "16 - 1 times the last: {moved:?}");
    assert_eq!(cost_moved(&outcome.records[..1], outcome.gap, 0.0), None);
    // The balancing unit's money and CO2 are included.
    let mut records = outcome.records;
    let last = records.last_mut().unwrap();
    (last.balancing_eur, last.balancing_co2_kg) = (7.0, 20.0);
    let moved = cost_moved(&records, None, 0.1).unwrap();
    assert!((moved.eur - (9.0 + 0.5_f64.powi(n + 2) - 0.5_f64.powi(n + 1))).abs() < 1e-12 && moved.gaps.is_none());
}

#[test]
fn cycles_are_named_with_their_period() {
    let two = |cop: f64| if cop < 4.5 { 5.0 } else { 4.0 };
    let three = |cop: f64| [5.0, 6.0, 4.0][(cop.round() as usize - 4).min(2)];
    for stop in [Stop::Residual, Stop::Gap] {
        let picard = settings(SchemeChoice::Picard, stop);
        assert_eq!(run(two, &picard, 4.0).verdict, Verdict::Cycle { period: 2 });
        let outcome = run(three, &picard, 4.0);
        assert_eq!(outcome.verdict, Verdict::Cycle { period: 3 });
        assert!(said(&outcome).contains("repeat every 3 iterations"), "{}", said(&outcome));
    }
}

/// The logistic map with r = 3.9, between COPs of 1 and 5.
fn chaos(cop: f64) -> f64 {
    let x = (cop - 1.0) / 4.0;
    1.0 + 4.0 * 3.9 * x * (1.0 - x)
}

#[test]
fn chaos_is_neither_convergence_nor_a_cycle_nor_divergence() {
    for start in [1.3, 2.0, 2.7, 4.0, 4.4] {
        let outcome = run(chaos, &settings(SchemeChoice::Picard, Stop::Residual), start);
        assert_eq!(outcome.verdict, Verdict::MaxIterations, "from {start}");
        assert_eq!(outcome.unrest.distance, Distance::Unknown, "from {start}");
    }
    // The map has a fixed point, though, which averages find.
    let outcome = run(chaos, &settings(SchemeChoice::Msa, Stop::Gap), 2.0);
    assert_eq!(outcome.verdict, Verdict::Converged);
    assert!((outcome.plan - (1.0 + 4.0 * (1.0 - 1.0 / 3.9))).abs() < 0.02, "{}", outcome.plan);
}

#[test]
fn steps_that_grow_are_divergence() {
    for (slope, stop) in [(1.5, Stop::Residual), (1.5, Stop::Gap), (2.0, Stop::Residual)] {
        let outcome = run(|cop| 1.0 + slope * (cop - 1.0), &settings(SchemeChoice::Picard, stop), 1.2);
        let Verdict::Diverged { growth } = outcome.verdict else { panic!("{:?}", outcome.verdict) };
        assert!((growth - f64::powi(slope, 10)).abs() < 1e-6 * growth, "{growth} of {slope}");
        assert!(outcome.records.len() < 14, "found early");
        assert!(said(&outcome).contains("the steps grow") && said(&outcome).contains("relaxation"));
    }
    // A constant step does not grow.
    let drift = CouplingSettings { max_iterations: 20, ..settings(SchemeChoice::Picard, Stop::Residual) };
    assert_eq!(run(|cop| cop + 0.5, &drift, 4.0).verdict, Verdict::MaxIterations);
}

#[test]
fn a_discontinuous_reset_has_no_equilibrium_for_averages() {
    // The answer jumps from 5 to 4 where the plan passes 4.37: the map has no fixed point.
    let reset = |cop: f64| if cop > 4.37 { 4.0 } else { 5.0 };
    let averages = CouplingSettings { gap_tolerance: Some(1e-4), ..settings(SchemeChoice::GapRegulated, Stop::Gap) };
    let outcome = run(reset, &averages, 4.0);
    let Verdict::Stalled { best_gap, .. } = outcome.verdict else { panic!("{:?}", outcome.verdict) };
    assert!(best_gap > 3e-3, "at least 0.37 of 100 EUR: {best_gap}");
    let Distance::WholeStep { distance_k } = outcome.unrest.distance else { panic!("{:?}", outcome.unrest) };
    assert!((0.37..=0.63).contains(&distance_k), "a whole step is that to the other side: {distance_k}");
    assert_eq!(run(reset, &settings(SchemeChoice::Picard, Stop::Gap), 4.0).verdict, Verdict::Cycle { period: 2 });
}

/// A loop model at its high limit for any plan, while the COP follows the plan.
struct Limited;

impl LoopModel for Limited {
    type Error = Infallible;

    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Infallible> {
        let response = Mirror.simulate(request)?;
        Ok(LoopResponse { temp_c: Array1::from_elem(3, 25.0), limit_steps: [0, 2], ..response })
    }
}

#[test]
fn a_loop_held_by_its_limits_is_named() {
    let outcome = run_with(Toy(chaos), Limited, &settings(SchemeChoice::Picard, Stop::Gap), 2.0).unwrap();
    assert_eq!(outcome.verdict, Verdict::BoundLimited { share: 1.0 });
    assert!(!outcome.verdict.is_converged());
    let text = said(&outcome);
    assert!(text.contains("stands at its limits in 100 % of the steps") && text.contains("Try"), "{text}");
    // An equilibrium has converged, whether the loop is at its limits or not.
    let outcome = run_with(Toy(|_| 3.0), Limited, &settings(SchemeChoice::Picard, Stop::Gap), 2.0).unwrap();
    assert_eq!(outcome.verdict, Verdict::Converged);
}

/// A dispatcher that is infeasible at COPs below 2.
struct Needy(Toy<fn(f64) -> f64>);

#[derive(Debug, thiserror::Error)]
#[error("too little import")]
struct Short;

impl Dispatcher for Needy {
    type Plan = f64;
    type Account = ();
    type Error = Short;

    fn dispatch(&mut self, signal: &LoopSignal) -> Result<f64, Short> {
        if signal.cops[[0, 0]] < 2.0 {
            Err(Short)
        } else {
            Ok(self.0.dispatch(signal).unwrap_or_else(|never| match never {}))
        }
    }

    fn is_infeasible(&self, Short: &Short) -> bool {
        true
    }

    fn request(&self, plan: &f64) -> LoopRequest {
        self.0.request(plan)
    }

    fn blend(&mut self, plans: &[(&f64, f64)], signal: &LoopSignal) -> Result<Option<f64>, Short> {
        Ok(self.0.blend(plans, signal).unwrap_or_else(|never| match never {}))
    }

    fn distance(&self, a: &f64, b: &f64) -> f64 {
        self.0.distance(a, b)
    }

    fn price(&mut self, plan: &f64, signal: &LoopSignal) -> Result<PlanCost, Short> {
        Ok(self.0.price(plan, signal).unwrap_or_else(|never| match never {}))
    }

    fn cost(&self, plan: &f64) -> PlanCost {
        self.0.cost(plan)
    }

    fn account(&self, _plan: &f64) {}

    fn certificate(&self, _plan: &f64) -> f64 {
        0.0
    }
}

#[test]
fn where_the_next_cops_are_infeasible_the_best_plan_remains() {
    let settings = settings(SchemeChoice::Picard, Stop::Gap);
    let outcome = run_with(Needy(Toy(|cop| cop - 0.7)), Mirror, &settings, 4.0).unwrap();
    assert_eq!(outcome.verdict, Verdict::Infeasible { iteration: 3 });
    assert_eq!(outcome.records.len(), 3);
    let text = said(&outcome);
    assert!(text.contains("at the COPs of iteration 3 there is no plan (too little import)"), "{text}");
    // Without any plan the error is the reason alone.
    let error = run_with(Needy(Toy(|cop| cop)), Mirror, &settings, 1.0).map(|_| ()).unwrap_err();
    assert!(matches!(error, CouplingError::Dispatch { iteration: 0, .. }), "{error}");
}

/// For a loop with a smooth response, acceleration needs a fraction of the iterations.
#[test]
fn smooth_loops_are_accelerated() {
    let iterations = |choice: SchemeChoice| {
        let settings = CouplingSettings { max_iterations: 300, ..settings(choice, Stop::Residual) };
        let outcome = run(|cop| 3.0 + 0.9 * (cop - 3.0) + 0.02 * (cop - 3.0).powi(2), &settings, 3.6);
        assert_eq!(outcome.verdict, Verdict::Converged, "{choice:?}");
        outcome.records.len()
    };
    let [picard, aitken, anderson] =
        [SchemeChoice::Picard, SchemeChoice::Aitken, SchemeChoice::Anderson].map(iterations);
    assert!(picard >= 4 * aitken.max(anderson), "{picard} {aitken} {anderson}");
    let asked = CouplingSettings { scheme: Some(SchemeChoice::Anderson), ..CouplingSettings::default() };
    assert!(asked.check().unwrap_err().to_string().contains("stop: residual"));
}
