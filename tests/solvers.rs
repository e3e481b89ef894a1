//! Random districts solved by two solvers: the same cost, the same unmet demand, and feasible solutions.
//!
//! `ANERGY_CASES=10000 cargo test --test solvers` runs more cases.

#![cfg(feature = "cbc")]
#![allow(missing_docs, clippy::unwrap_used)]

// Only what these tests need of what the integration tests share.
mod common {
    pub mod census;
    pub mod contenders;
    pub mod districts;
    pub mod noise;
    pub mod rescaled;
    pub mod shapes;
    pub mod technologies;
}

use std::cell::Cell;
use std::collections::HashMap;
use std::mem::discriminant;

use anergy::dispatch::{Dispatch, DispatchError, Plan, ShortageReport};
use anergy::district::District;
use anergy::lp::{Backend, Staged};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseResult, TestRunner};

use common::census::{LEAST_SHARES, traits};
use common::contenders::{alone, candidate, reference, try_cases};
use common::districts::{district, infeasible};

/// Relative difference up to which two figures are equal,
const TOLERANCE: f64 = 1e-8;
/// relative to the figure or to this share of its absolute terms;
const SHARE_OF_TERMS: f64 = 1e-3;
/// and absolute difference, EUR or kWh, that rounding leaves where both are zero.
const ROUNDING: f64 = 1e-14;
/// Largest accepted violation of an equation or bound, kW or kWh,
const LARGEST_MISS: f64 = 1e-6;
/// or, where powers and levels are above 1e5 kW and kWh, as a share of the largest.
const LARGEST_RELATIVE_MISS: f64 = 1e-11;
/// Number of cases per allowed degenerate optimum with several splits into cost and unmet demand.
const CASES_A_TIE: u32 = 50;
/// Number of cases per case that the solver under test may leave to the fallback.
const CASES_A_REFUSAL: u32 = 100;
/// Number of cases per case without a vertex.
const CASES_WITHOUT_A_VERTEX: u32 = 30;

fn plan(district: &District, backend: &dyn Backend) -> Result<(Dispatch, Plan), DispatchError> {
    let mut dispatch = Dispatch::new(district.clone(), backend)?;
    let plan = dispatch.solve(backend)?;
    Ok((dispatch, plan))
}

/// The figures of a plan.
#[derive(Debug, Clone, Copy)]
struct Figures {
    /// Cost that depends on the plan.
    money_eur: f64,
    /// Prices of unmet demand and surplus.
    penalty_eur: f64,
    unmet_kwh: f64,
    /// Absolute terms of cost and penalty, with energy counted at 1 EUR/kWh or more, since a price of almost zero does
    /// not make the energy negligible.
    terms_eur: f64,
    /// Energy of all flows, unmet demand and surplus.
    energy_kwh: f64,
    /// Largest violation in multiples of the accepted one.
    miss: f64,
}

impl Figures {
    fn of(dispatch: &Dispatch, plan: &Plan) -> Self {
        let account = dispatch.account(&plan.decisions);
        let links = account.links.iter().map(|link| link.forward_kwh + link.backward_kwh);
        let technologies = account.technologies.iter().map(|totals| totals.delivered_kwh + totals.taken_kwh);
        let slack_kwh = account.unmet_kwh() + account.surplus_kwh();
        let largest = plan.decisions.values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        let miss = plan.certificate.equation.max(plan.certificate.bound);
        let energy_kwh = links.chain(technologies).sum::<f64>() + slack_kwh;
        Self {
            money_eur: account.operation_eur + account.co2_eur,
            penalty_eur: account.penalty_eur,
            unmet_kwh: account.unmet_kwh(),
            terms_eur: (account.absolute_terms_eur + account.penalty_eur).max(energy_kwh),
            energy_kwh,
            miss: miss / LARGEST_MISS.max(LARGEST_RELATIVE_MISS * largest),
        }
    }
}

fn tolerance(value: f64, terms: f64) -> f64 {
    (TOLERANCE * value.abs().max(SHARE_OF_TERMS * terms)).max(ROUNDING)
}

/// The comparison of the figures of one district by two solvers.
#[derive(Debug, PartialEq)]
enum Comparison {
    Same,
    /// The same objective with another split into cost and penalty.
    Tie,
    Different,
}

fn compare(ours: &Figures, right: &Figures) -> Comparison {
    // Where all flows are free of charge, their size is arbitrary.
    let (terms_eur, energy_kwh) = (ours.terms_eur.max(right.terms_eur), ours.energy_kwh.max(right.energy_kwh));
    let close = |figure: fn(&Figures) -> f64, terms: f64| {
        (figure(ours) - figure(right)).abs() <= tolerance(figure(right), terms)
    };
    let (money, penalty) = (ours.money_eur - right.money_eur, ours.penalty_eur - right.penalty_eur);
    // Next to a large penalty the objective would agree whatever the money; so the two differences must cancel as well.
    let cancels = (money + penalty).abs() <= 1e-6 * money.abs() + tolerance(right.money_eur, terms_eur);
    if close(|figures| figures.money_eur, terms_eur)
        && close(|figures| figures.penalty_eur, terms_eur)
        && close(|figures| figures.unmet_kwh, energy_kwh)
    {
        Comparison::Same
    } else if close(|figures| figures.money_eur + figures.penalty_eur, terms_eur) && cancels {
        Comparison::Tie
    } else {
        Comparison::Different
    }
}

fn districts_cost_the_same(usual_cases: u32) {
    let (ties, refusals) = (Cell::new(0), Cell::new(0));
    let cases = try_cases(usual_cases, file!(), district(), |district| {
        let of = |backend: &dyn Backend| plan(&district, backend).map(|(dispatch, plan)| Figures::of(&dispatch, &plan));
        let right = of(reference()).map_err(|error| TestCaseError::fail(format!("the reference: {error}")))?;
        // A solution that is not proven must be refused.
        let Ok(ours) = of(alone()) else {
            refusals.set(refusals.get() + 1);
            of(candidate()).map_err(|error| TestCaseError::fail(error.to_string()))?;
            return Ok(());
        };
        prop_assert!(ours.miss <= 1.0, "an equation or bound is missed by {} times what is allowed", ours.miss);
        match compare(&ours, &right) {
            Comparison::Same => {}
            Comparison::Tie => ties.set(ties.get() + 1),
            Comparison::Different => prop_assert!(false, "{ours:?}\nand, by the reference,\n{right:?}"),
        }
        Ok(())
    });
    let allowed = (cases / CASES_A_TIE).max(1);
    println!("{cases} districts, {} of them with several optima, {} left to the other", ties.get(), refusals.get());
    let left = (cases / CASES_A_REFUSAL).max(2);
    assert!(refusals.get() <= left, "{} of {cases} are left to the other solver, at most {left} may", refusals.get());
    assert!(ties.get() <= allowed, "{} ties in {cases} cases, at most {allowed} are believed", ties.get());
}

#[test]
fn random_districts_cost_the_same_with_both_solvers() {
    districts_cost_the_same(60);
}

#[test]
#[ignore = "heavy"]
fn many_random_districts_cost_the_same_with_both_solvers() {
    districts_cost_the_same(600);
}

/// A vertex costs what the optimum costs from which it was found.
#[test]
fn random_districts_have_a_cheapest_vertex() {
    let refusals = Cell::new(0);
    let cases = try_cases(100, file!(), district(), |district| {
        let of = |backend: &dyn Backend| plan(&district, backend).map(|(dispatch, plan)| Figures::of(&dispatch, &plan));
        let (Ok(right), Ok(ours)) = (of(alone()), of(&Staged { alone: true, vertex: true })) else {
            refusals.set(refusals.get() + 1);
            return Ok(());
        };
        prop_assert!(ours.miss <= 1.0, "an equation or bound is missed by {} times what is allowed", ours.miss);
        prop_assert!(compare(&ours, &right) != Comparison::Different, "{ours:?}\nand before\n{right:?}");
        Ok(())
    });
    let left = (cases / CASES_WITHOUT_A_VERTEX).max(3);
    assert!(refusals.get() <= left, "{} of {cases} have none, at most {left} may", refusals.get());
}

fn both_refuse(district: &District) -> TestCaseResult {
    let refusal = |backend: &dyn Backend| match plan(district, backend) {
        Ok((_, plan)) => Err(TestCaseError::fail(format!("{} found a plan: {plan:?}", backend.name()))),
        Err(error) => Ok(error),
    };
    match (refusal(candidate())?, refusal(reference())?) {
        (DispatchError::Infeasible(ours), DispatchError::Infeasible(right)) => {
            let total = |reports: &[ShortageReport]| reports.iter().map(ShortageReport::energy_kwh).sum::<f64>();
            let (ours, right) = (total(&ours), total(&right));
            // What is below a thousandth of a watt is not reported.
            prop_assert!((ours - right).abs() <= 1e-3 + 1e-8 * right, "short of {ours} kWh, {right} by the reference");
        }
        (DispatchError::Lp(ours), DispatchError::Lp(right)) => {
            prop_assert_eq!(discriminant(&ours), discriminant(&right), "{}, and, by the reference, {}", ours, right);
        }
        // Found before anything is solved: the same sentence.
        (DispatchError::Stores(ours), DispatchError::Stores(right)) => prop_assert_eq!(ours, right),
        (ours, right) => prop_assert!(false, "{ours}\nand, by the reference,\n{right}"),
    }
    Ok(())
}

#[test]
fn both_solvers_refuse_infeasible_districts_with_the_same_error() {
    try_cases(40, file!(), infeasible(), |district| both_refuse(&district));
}

/// Every property of the districts occurs as often as it should, and so do both reasons for infeasibility.
#[test]
fn random_districts_have_every_property() {
    const DISTRICTS: u32 = 400;
    let mut runner = TestRunner::deterministic();
    let mut seen: HashMap<&str, u32> = HashMap::new();
    for _ in 0..DISTRICTS {
        let district = district().new_tree(&mut runner).unwrap().current();
        let (dispatch, plan) = plan(&district, reference()).unwrap();
        traits(&dispatch, &plan).into_iter().for_each(|name| *seen.entry(name).or_default() += 1);
    }
    let share = |name: &str| f64::from(seen.get(name).copied().unwrap_or(0)) / f64::from(DISTRICTS);
    for (name, least) in LEAST_SHARES {
        println!("{:5.1} %, at least {:4.1} %: {name}", 100.0 * share(name), 100.0 * least);
    }
    let rare: Vec<_> = LEAST_SHARES.iter().filter(|(name, least)| share(name) < *least).collect();
    assert!(rare.is_empty(), "too rare: {rare:?}");
    let known = |name: &&str| !LEAST_SHARES.iter().any(|(known, _)| known == name);
    assert_eq!(seen.into_keys().find(known), None, "a trait without a least share");

    let refused: Vec<_> = (0..60)
        .map(|_| plan(&infeasible().new_tree(&mut runner).unwrap().current(), reference()).unwrap_err())
        .collect();
    let short = refused.iter().filter(|error| matches!(error, DispatchError::Infeasible(_))).count();
    println!("{short} of 60 districts without a plan are short of something");
    assert!((30..58).contains(&short), "{short} of 60 are short of something, the others contradict themselves");
}
