//! The driver with test participants whose fixed points and cycles are known.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::convert::Infallible;

use anergy::coupling::{
    CouplingError, CouplingSettings, InitialCopDispatch, LoopCop, LoopModel, LoopRequest, LoopResponse, Observer,
    Record, SchemeChoice, SettingsError, Start, Stop, StoreTemperature, Verdict, drive, scheme,
};
use ndarray::Array2;
use proptest::prelude::*;

use common::toys::{Mirror, Toy};

#[derive(Default)]
struct Count {
    iterations: usize,
    gaps: usize,
}

impl Observer for Count {
    fn iteration(&mut self, record: &Record) {
        assert_eq!(record.iteration, self.iterations, "told once, in order");
        self.iterations += 1;
    }

    fn gap(&mut self, _iteration: usize, _gap: &anergy::coupling::Gap) {
        self.gaps += 1;
    }
}

type Ended = Result<anergy::coupling::Outcome<f64, ()>, CouplingError<Infallible, Infallible>>;

fn run(map: impl Fn(f64) -> f64, settings: &CouplingSettings) -> Ended {
    let start = Start { committed: Array2::from_elem((1, 2), 9.0), start: Array2::from_elem((1, 2), 4.0) };
    let settings = &CouplingSettings { scheme: settings.scheme.or(Some(SchemeChoice::Picard)), ..settings.clone() };
    let mut count = Count::default();
    let outcome =
        drive(&mut Toy(map), &mut Mirror, scheme(settings).unwrap().as_mut(), settings, &start, &mut (), &mut count)?;
    assert_eq!(count.iterations, outcome.records.len());
    assert!(outcome.gap.is_some() && count.gaps > 0, "the answer's gap is always measured");
    assert_eq!(outcome.temperatures.len(), outcome.records.len());
    Ok(outcome)
}

fn settings(stop: Stop) -> CouplingSettings {
    CouplingSettings { stop, ..CouplingSettings::default() }
}

#[test]
fn a_contraction_converges_to_its_fixed_point() {
    for stop in [Stop::Residual, Stop::Gap] {
        let outcome = run(|cop| 3.0 + 0.5 * (cop - 3.0), &settings(stop)).unwrap();
        assert_eq!(outcome.verdict, Verdict::Converged);
        // A gap of 1e-3 of 100 EUR is a distance of 0.1, half of the distance to the fixed point.
        assert!((outcome.plan - 3.0).abs() <= 0.2, "{stop:?}: {}", outcome.plan);
        assert!(outcome.gap.unwrap().relative <= 1e-3, "{stop:?}: {:?}", outcome.gap);
    }
}

#[test]
fn the_gap_of_an_iterate_is_its_distance_from_the_dispatchers_answer() {
    let outcome = run(|cop| 3.0 + 0.5 * (cop - 3.0), &settings(Stop::Gap)).unwrap();
    for record in &outcome.records[..=outcome.answer] {
        // Plan k is 3 + 2^-(k+1); the answer to it is half as far from 3.
        let expected = 0.5f64.powi(i32::try_from(record.iteration).unwrap() + 2);
        let gap = record.gap.unwrap();
        assert!((gap.absolute_eur - expected).abs() < 1e-12, "{record:?}");
        assert!((gap.relative - expected / 100.0).abs() < 1e-14);
    }
}

#[test]
fn an_alternating_vertex_is_a_cycle_and_never_convergence() {
    let flip = |cop: f64| if cop < 4.5 { 5.0 } else { 4.0 };
    for stop in [Stop::Residual, Stop::Gap] {
        let outcome = run(flip, &settings(stop)).unwrap();
        assert_eq!(outcome.verdict, Verdict::Cycle { period: 2 }, "{stop:?}");
        assert!(!outcome.verdict.is_converged());
        assert!(outcome.records.len() < 10, "found early");
    }
    let three = |cop: f64| [5.0, 6.0, 4.0][(cop.round() as usize - 4).min(2)];
    assert_eq!(run(three, &settings(Stop::Residual)).unwrap().verdict, Verdict::Cycle { period: 3 });
}

#[test]
fn relaxation_converges_where_picard_overshoots() {
    let overshoot = |cop: f64| (3.0 - 1.05 * (cop - 3.0)).clamp(0.5, 6.0);
    let plain = run(overshoot, &CouplingSettings { max_iterations: 6, ..settings(Stop::Residual) }).unwrap();
    assert_eq!(plain.verdict, Verdict::MaxIterations);
    let relaxed = CouplingSettings { relaxation: 0.5, ..settings(Stop::Residual) };
    let outcome = run(overshoot, &relaxed).unwrap();
    assert_eq!(outcome.verdict, Verdict::Converged);
    assert!((outcome.plan - 3.0).abs() < 1e-3);
}

#[test]
fn the_last_allowed_iteration_is_not_convergence() {
    let drift = CouplingSettings { max_iterations: 7, ..settings(Stop::Residual) };
    let outcome = run(|cop| cop + 0.5, &drift).unwrap();
    assert_eq!((outcome.verdict, outcome.records.len()), (Verdict::MaxIterations, 8));
    let gapped = CouplingSettings { max_iterations: 7, ..settings(Stop::Gap) };
    let outcome = run(|cop| cop + 0.5, &gapped).unwrap();
    assert_eq!(outcome.verdict, Verdict::MaxIterations);
    let best =
        outcome.records.iter().filter_map(|record| record.gap).map(|gap| gap.relative).fold(f64::INFINITY, f64::min);
    assert_eq!(outcome.gap.unwrap().relative, best, "the iterate of the smallest gap is the answer");
}

fn published() -> CouplingSettings {
    CouplingSettings {
        stop: Stop::Paper,
        initial_cop_dispatch: InitialCopDispatch::Committed,
        loop_cop: LoopCop::AsDispatched,
        store_temperature: StoreTemperature::Frozen,
        ..CouplingSettings::default()
    }
}

#[test]
fn the_published_rule_stops_after_iteration_eleven_without_convergence() {
    // A cycle of 4 % satisfies the rule of 10 % in every iteration.
    let outcome = run(|cop| if cop < 5.1 { 5.2 } else { 5.0 }, &published()).unwrap();
    assert_eq!(outcome.verdict, Verdict::StoppedByPaperRule { cycle: Some(2) });
    assert_eq!(outcome.records.len(), 12, "iterations 0 to 11");
    assert!(!outcome.verdict.is_converged());
    let text = outcome.explain(|at| format!("step {at}"));
    assert!(text.starts_with("not converged") && text.contains("repeat every 2 iterations"), "{text}");
    assert!(text.contains("gap ") && text.contains("step 0"), "{text}");

    // A cycle of 20 % never does, and the published rule does not detect cycles.
    let outcome = run(|cop| if cop < 5.5 { 6.0 } else { 5.0 }, &published()).unwrap();
    assert_eq!(outcome.verdict, Verdict::MaxIterations);
}

#[test]
fn the_first_dispatch_uses_the_selected_cops() {
    let seen = |initial| {
        let settings =
            CouplingSettings { initial_cop_dispatch: initial, max_iterations: 0, ..settings(Stop::Residual) };
        run(|cop| cop, &settings).unwrap().signal.cops[[0, 0]]
    };
    assert_eq!(seen(InitialCopDispatch::Committed), 9.0);
    assert_eq!(seen(InitialCopDispatch::Start), 4.0);
}

#[test]
fn a_cop_that_is_not_positive_is_reported() {
    let error = run(|_| -1.0, &settings(Stop::Residual)).map(|_| ()).unwrap_err();
    assert!(matches!(error, CouplingError::CopNotPositive { iteration: 0, pump: 0, step: 0, cop: -1.0 }), "{error}");
}

#[test]
fn contradicting_settings_are_refused_before_the_first_iteration() {
    let wrong = CouplingSettings { store_temperature: StoreTemperature::Frozen, ..settings(Stop::Gap) };
    let error = run(|cop| cop, &wrong).map(|_| ()).unwrap_err();
    assert!(matches!(error, CouplingError::Settings(SettingsError::GapUnknown { .. })), "{error}");
}

proptest! {
    /// For any slope of a linear map: Converged implies a fixed point, and a contraction with little relaxation
    /// always ends as Converged.
    #[test]
    fn converged_means_a_fixed_point(slope in -1.6f64..0.95, relaxation in 0.2f64..=1.0) {
        let map = move |cop: f64| (3.0 + slope * (cop - 3.0)).clamp(1.0, 6.0);
        let settings = CouplingSettings { relaxation, ..settings(Stop::Residual) };
        let outcome = run(map, &settings).unwrap();
        if slope.abs() < 0.8 && relaxation > 0.9 {
            prop_assert_eq!(outcome.verdict, Verdict::Converged);
        }
        if outcome.verdict == Verdict::Converged {
            prop_assert!((outcome.plan - map(outcome.plan)).abs() < 0.02, "{} -> {}", outcome.plan, map(outcome.plan));
        }
    }
}

/// A loop model that records the COPs and levels of its requests.
#[derive(Default)]
struct Witness {
    given: Vec<Option<f64>>,
    levels: Vec<f64>,
}

impl LoopModel for Witness {
    type Error = Infallible;

    fn simulate(&mut self, request: &LoopRequest) -> Result<LoopResponse, Infallible> {
        self.levels.push(request.level_kwh[[0, 0]]);
        self.given.push(request.given_cops.as_ref().map(|cops| cops[[0, 0]]));
        Mirror.simulate(request)
    }
}

#[test]
fn the_loop_request_has_the_selected_cops_and_levels() {
    let witnessed = |ring, store_temperature| {
        let settings = CouplingSettings {
            initial_cop_dispatch: InitialCopDispatch::Committed,
            initial_cop_ring: ring,
            loop_cop: LoopCop::AsDispatched,
            store_temperature,
            max_iterations: 2,
            ..settings(Stop::Residual)
        };
        let start = Start { committed: Array2::from_elem((1, 2), 9.0), start: Array2::from_elem((1, 2), 4.0) };
        let mut witness = Witness::default();
        let mut scheme = scheme(&settings).unwrap();
        drive(&mut Toy(|cop| cop + 1.0), &mut witness, scheme.as_mut(), &settings, &start, &mut (), &mut ()).unwrap();
        witness
    };
    use anergy::coupling::InitialCopRing;
    let published = witnessed(InitialCopRing::Start, StoreTemperature::Frozen);
    // Three iterations, and the measurement of the last one's gap, which always uses COPs within the step and the
    // plan's own levels.
    assert_eq!(published.given, [Some(4.0), Some(10.0), Some(11.0), None]);
    assert_eq!(published.levels, [10.0, 10.0, 10.0, 12.0]);
    let mended = witnessed(InitialCopRing::AsDispatch, StoreTemperature::Current);
    assert_eq!(mended.given, [Some(9.0), Some(10.0), Some(11.0), None]);
    assert_eq!(mended.levels, [10.0, 11.0, 12.0, 12.0]);
}
