//! Averaging of plans, with a test model whose equilibrium lies between two vertices.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::convert::Infallible;

use anergy::coupling::{
    CouplingSettings, Dispatcher, LoopRequest, LoopSignal, Outcome, PlanCost, SchemeChoice, Start, Stop, Verdict,
    drive, scheme,
};
use ndarray::Array2;
use proptest::prelude::*;

use common::toys::{Mirror, Toy};

/// At this COP both vertices cost the same.
const EVEN_COP: f64 = 4.37;

/// A dispatcher with two vertices, 4 and 5; a COP above [`EVEN_COP`] makes 4 the cheaper one. With [`Mirror`], the
/// only equilibrium is the mixture of size [`EVEN_COP`].
struct Vertices {
    /// Whether the balances of a blend can be closed.
    closes: bool,
}

/// A mixture of the vertices, and its objective at the COP for which it was made, EUR.
type Mixture = (f64, f64);

impl Vertices {
    fn at(plan: f64, signal: &LoopSignal) -> Mixture {
        (plan, 100.0 + (signal.cops[[0, 0]] - EVEN_COP) * plan)
    }
}

impl Dispatcher for Vertices {
    type Plan = Mixture;
    type Account = ();
    type Error = Infallible;

    fn dispatch(&mut self, signal: &LoopSignal) -> Result<Mixture, Infallible> {
        Ok(Self::at(if signal.cops[[0, 0]] > EVEN_COP { 4.0 } else { 5.0 }, signal))
    }

    fn request(&self, plan: &Mixture) -> LoopRequest {
        Toy(|cop| cop).request(&plan.0)
    }

    fn blend(&mut self, plans: &[(&Mixture, f64)], signal: &LoopSignal) -> Result<Option<Mixture>, Infallible> {
        let plans: Vec<_> = plans.iter().map(|((plan, _), weight)| (plan, *weight)).collect();
        let blended = Toy(|cop| cop).blend(&plans, signal)?;
        Ok(blended.filter(|_| self.closes).map(|plan| Self::at(plan, signal)))
    }

    fn distance(&self, a: &Mixture, b: &Mixture) -> f64 {
        (a.0 - b.0).abs()
    }

    fn price(&mut self, plan: &Mixture, signal: &LoopSignal) -> Result<PlanCost, Infallible> {
        Ok(self.cost(&Self::at(plan.0, signal)))
    }

    fn cost(&self, &(_, objective_eur): &Mixture) -> PlanCost {
        PlanCost { objective_eur, absolute_terms_eur: 100.0, cost_eur: objective_eur, ..PlanCost::default() }
    }

    fn account(&self, _plan: &Mixture) {}

    fn certificate(&self, _plan: &Mixture) -> f64 {
        0.0
    }
}

fn average<D: Dispatcher<Error = Infallible>>(
    dispatcher: &mut D,
    choice: SchemeChoice,
    settings: &CouplingSettings,
) -> Outcome<D::Plan, D::Account> {
    let settings = CouplingSettings { scheme: Some(choice), ..settings.clone() };
    let start = Start { committed: Array2::from_elem((1, 2), 9.0), start: Array2::from_elem((1, 2), 4.0) };
    drive(dispatcher, &mut Mirror, scheme(&settings).unwrap().as_mut(), &settings, &start, &mut (), &mut ()).unwrap()
}

fn settings(stop: Stop) -> CouplingSettings {
    CouplingSettings { stop, ..CouplingSettings::default() }
}

fn mix(choice: SchemeChoice, settings: &CouplingSettings) -> Outcome<Mixture, ()> {
    mix_with(Vertices { closes: true }, choice, settings)
}

fn mix_with(mut vertices: Vertices, choice: SchemeChoice, settings: &CouplingSettings) -> Outcome<Mixture, ()> {
    average(&mut vertices, choice, settings)
}

#[test]
fn an_equilibrium_between_vertices_is_found_by_averaging_alone() {
    let strict = CouplingSettings { gap_tolerance: Some(1e-4), max_iterations: 100, ..settings(Stop::Gap) };
    let picard = mix(SchemeChoice::Picard, &strict);
    assert_eq!(picard.verdict, Verdict::Cycle { period: 2 });
    let text = picard.explain(|at| format!("step {at}"));
    assert!(text.contains("Try scheme: auto"), "{text}");
    for choice in [SchemeChoice::Msa, SchemeChoice::SelfRegulated, SchemeChoice::GapRegulated, SchemeChoice::Auto] {
        let outcome = mix(choice, &strict);
        assert_eq!(outcome.verdict, Verdict::Converged, "{choice:?}");
        assert!((outcome.plan.0 - EVEN_COP).abs() < 0.03, "{choice:?}: {:?}", outcome.plan);
        assert!(outcome.gap.unwrap().relative <= 1e-4, "{choice:?}: {:?}", outcome.gap);
    }
    let first: Vec<_> = mix(SchemeChoice::Auto, &strict).records.iter().map(|record| record.scheme).take(4).collect();
    assert_eq!(first, ["picard", "picard", "picard", "self_regulated"]);
}

#[test]
fn the_gap_of_an_average_is_the_possible_saving_at_its_own_cops() {
    let outcome = mix(SchemeChoice::Msa, &CouplingSettings { gap_tolerance: Some(1e-6), ..settings(Stop::Gap) });
    assert!(outcome.records.len() > 20);
    for record in &outcome.records {
        let plan = record.temp_c[0];
        let best = if plan > EVEN_COP { 4.0 } else { 5.0 };
        let expected = (plan - EVEN_COP) * (plan - best);
        assert!((record.gap.unwrap().absolute_eur - expected).abs() < 1e-12, "{record:?}");
    }
}

#[test]
fn an_average_that_cannot_be_closed_is_replaced_by_the_answer() {
    let outcome = mix_with(Vertices { closes: false }, SchemeChoice::Auto, &settings(Stop::Gap));
    assert_eq!(outcome.verdict, Verdict::Cycle { period: 2 });
    assert!(outcome.records.iter().all(|record| record.step == 1.0));
}

#[test]
fn small_steps_are_neither_a_cycle_nor_convergence() {
    let settings = CouplingSettings { max_iterations: 200, temperature_tolerance_k: 0.1, ..settings(Stop::Residual) };
    let outcome = mix(SchemeChoice::Msa, &CouplingSettings { cop_tolerance: 0.1, ..settings });
    assert_eq!(outcome.verdict, Verdict::MaxIterations, "the answer still jumps by 1, however small the step");
}

#[test]
fn a_gap_that_averaging_no_longer_reduces_is_stalled() {
    // For any plan, the dispatcher finds another one that is 1 EUR cheaper.
    let outcome = average(&mut Toy(|cop| cop + 1.0), SchemeChoice::GapRegulated, &settings(Stop::Gap));
    assert_eq!(outcome.verdict, Verdict::Stalled { iterations: 15, best_gap: 0.01 });
    let text = outcome.explain(|at| format!("step {at}"));
    assert!(text.contains("below 1.00e-2 for 15 iterations") && text.contains("scheme: self_regulated"), "{text}");
}

proptest! {
    /// Steps lie in (0, 1] for any answers of the dispatcher; `blend` checks that the weights are >= 0 and add up to
    /// 1.
    #[test]
    fn every_blend_is_convex(slope in -3.0f64..0.95, kink in 1.0f64..6.0, choice in 0usize..4) {
        let map = move |cop: f64| (3.0 + slope * (cop - 3.0) + if cop > kink { 0.7 } else { 0.0 }).clamp(1.0, 6.0);
        let choices = [SchemeChoice::Msa, SchemeChoice::SelfRegulated, SchemeChoice::GapRegulated, SchemeChoice::Auto];
        let settings = CouplingSettings { gap_tolerance: Some(1e-6), ..settings(Stop::Gap) };
        for record in average(&mut Toy(map), choices[choice], &settings).records {
            prop_assert!(record.step > 0.0 && record.step <= 1.0, "{:?}", record);
        }
    }
}
