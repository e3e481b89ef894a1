//! Random staged problems, solved by two solvers or with an optimum known beforehand.
//!
//! `ANERGY_CASES=10000 cargo test --test chains` runs more cases.

#![cfg(feature = "cbc")]
#![allow(missing_docs, clippy::unwrap_used)]

// Only what these tests need of what the integration tests share.
mod common {
    pub mod chains;
    pub mod contenders;
    pub mod noise;
    pub mod rescaled;
}

use std::cell::Cell;
use std::mem::discriminant;

use anergy::lp::{Backend, Certificate, LpError, Solution, StagedProblem, Term};
use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use common::chains::{Chain, chain, chain_with_optimum, contradiction};
use common::contenders::{alone, candidate, reference, try_cases};

/// Relative difference up to which two objectives are equal,
const TOLERANCE: f64 = 1e-8;
/// relative to the objective or to this share of its absolute terms.
const SHARE_OF_TERMS: f64 = 1e-3;
/// Number of cases per allowed refusal: these problems have many rows that imply each other and feasible sets without
/// interior, on which an interior-point method loses digits.
const CASES_A_REFUSAL: u32 = 12;
/// Largest accepted violation of a row or bound.
const LARGEST_MISS: f64 = 1e-6;

fn solve(backend: &dyn Backend, problem: &StagedProblem) -> Result<Solution, LpError> {
    let values = Array2::zeros((problem.columns().len(), problem.stages()));
    let mut solution = Solution { values, ..Solution::zeros(problem) };
    backend.prepare(problem)?.solve(problem, &mut solution)?;
    Ok(solution)
}

/// Returns the sum of the absolute terms of the objective, or the largest cost times the largest value if that is
/// larger.
fn terms(problem: &StagedProblem, values: ArrayView2<'_, f64>) -> f64 {
    let (mut sum, mut cost, mut size) = (0.0, 0.0f64, 0.0f64);
    for ((column, stage), value) in values.indexed_iter() {
        let of_stage = problem.columns()[column].cost.at(stage);
        sum += (of_stage * value).abs();
        (cost, size) = (cost.max(of_stage.abs()), size.max(value.abs()));
    }
    f64::max(sum, cost * size)
}

/// Returns whether the solver under test finds a solution, after checking its feasibility and that it costs what
/// `right` costs.
fn finds(problem: &StagedProblem, right: ArrayView2<'_, f64>) -> Result<bool, TestCaseError> {
    let Ok(ours) = solve(alone(), problem) else {
        return Ok(false);
    };
    let certificate = Certificate::of(problem, &ours);
    prop_assert!(certificate.worst().size <= LARGEST_MISS, "missed: {:?}", certificate.worst());
    let (cost, expected) = (problem.objective(ours.values.view(), &[]), problem.objective(right, &[]));
    let terms = terms(problem, right).max(terms(problem, ours.values.view()));
    let scale = expected.abs().max(SHARE_OF_TERMS * terms);
    prop_assert!((cost - expected).abs() <= TOLERANCE * scale, "costs {cost}, the right answer costs {expected}");
    prop_assert!((ours.objective - cost).abs() <= 1e-12 * scale, "says that {cost} is {}", ours.objective);
    Ok(true)
}

/// Runs the cases, and checks that the solver under test solves all but a few.
fn solves_most_cases(
    usual_cases: u32,
    strategy: impl Strategy<Value = Chain>,
    test: impl Fn(Chain) -> Result<bool, TestCaseError>,
) {
    let refusals = Cell::new(0);
    let cases = try_cases(usual_cases, file!(), strategy, |chain| {
        if !test(chain)? {
            refusals.set(refusals.get() + 1);
        }
        Ok(())
    });
    let (refusals, allowed) = (refusals.get(), (cases / CASES_A_REFUSAL).max(3));
    println!("{refusals} of {cases} problems are not answered");
    assert!(refusals <= allowed, "{refusals} of {cases} problems are not answered, at most {allowed} may");
}

fn chains_cost_the_same(usual_cases: u32) {
    solves_most_cases(usual_cases, chain(), |Chain { problem, .. }| {
        let right = solve(reference(), &problem);
        let right = right.map_err(|error| TestCaseError::fail(format!("the reference: {error}")))?;
        finds(&problem, right.values.view())
    });
}

#[test]
fn random_chains_cost_the_same_with_both_solvers() {
    chains_cost_the_same(60);
}

#[test]
#[ignore = "heavy"]
fn many_random_chains_cost_the_same_with_both_solvers() {
    chains_cost_the_same(600);
}

#[test]
fn an_optimum_known_beforehand_is_found() {
    solves_most_cases(60, chain_with_optimum(), |Chain { problem, point, .. }| finds(&problem, point.view()));
}

#[test]
fn both_solvers_refuse_contradictions_with_the_same_error() {
    try_cases(40, file!(), contradiction(), |problem| {
        let refusal = |backend: &dyn Backend| match solve(backend, &problem) {
            Ok(answer) => Err(TestCaseError::fail(format!("{} answers {answer:?}", backend.name()))),
            Err(error) => Ok(error),
        };
        let (ours, right) = (refusal(candidate())?, refusal(reference())?);
        prop_assert_eq!(discriminant(&ours), discriminant(&right), "{}, and, by the reference, {}", ours, right);
        Ok(())
    });
}

/// Properties of the optima, counted so that a change of the strategy cannot make the tests trivial unnoticed.
const TRAITS: [&str; 6] = [
    "something costs",
    "something is free of charge",
    "a state at a bound",
    "a free column",
    "a binding inequality",
    "a lag",
];

fn traits(chain: &Chain, values: &Array2<f64>) -> [bool; 6] {
    let problem = &chain.problem;
    let stages = problem.stages();
    let at = |limit: f64, value: f64| (value - limit).abs() <= 1e-9 * (1.0 + limit.abs());
    let state_at_bound = |((column, stage), value): ((usize, usize), &f64)| {
        let column = &problem.columns()[column];
        let is_state = column.name.contains("level") || column.name.contains("state");
        is_state && (at(column.lower.at(stage), *value) || at(column.upper.at(stage), *value))
    };
    let binds = |row: usize, stage: usize| {
        let terms = problem.terms().iter().filter(|term| term.row == chain.rows[row]);
        let of_term = |term: &Term| {
            let before = term.lag.column_stage(stage, stages)?;
            Some(term.coefficient.at(stage) * values[[term.column.index(), before]])
        };
        let sum: f64 = terms.filter_map(of_term).sum();
        let row = &problem.rows()[row];
        row.lower != row.upper && (at(row.lower.at(stage), sum) || at(row.upper.at(stage), sum))
    };
    let columns = || problem.columns().iter();
    [
        columns().any(|column| !column.cost.all(|cost| cost == 0.0)),
        columns().any(|column| column.cost.all(|cost| cost == 0.0)),
        values.indexed_iter().any(state_at_bound),
        columns().any(|column| column.lower.all(f64::is_infinite) && column.upper.all(f64::is_infinite)),
        (0..chain.rows.len()).any(|row| (0..stages).any(|stage| binds(row, stage))),
        stages > 1,
    ]
}

/// The points satisfy their problems, and the reference costs at most as much as any of them, and as much as an
/// optimum.
#[test]
fn random_chains_have_their_stated_properties() {
    const CHAINS: u32 = 200;
    let mut runner = TestRunner::deterministic();
    let mut seen = [0; 6];
    for _ in 0..CHAINS {
        let chain = chain().new_tree(&mut runner).unwrap().current();
        let Chain { problem, point, is_optimal, .. } = &chain;
        assert_eq!(Certificate::of_values(problem, point.view(), &[]).worst().size, 0.0);
        let right = solve(reference(), problem).unwrap().values;
        let (least, at_point) = (problem.objective(right.view(), &[]), problem.objective(point.view(), &[]));
        let tolerance = TOLERANCE * least.abs().max(SHARE_OF_TERMS * terms(problem, right.view()));
        assert!(least <= at_point + tolerance, "the reference costs {least}, some point {at_point}");
        assert!(!is_optimal || least >= at_point - tolerance, "the reference costs {least}, an optimum {at_point}");
        seen.iter_mut().zip(traits(&chain, &right)).for_each(|(seen, has)| *seen += u32::from(has));
    }
    for (name, seen) in TRAITS.into_iter().zip(seen) {
        println!("{:5.1} %: {name}", 100.0 * f64::from(seen) / f64::from(CHAINS));
        assert!(seen * 4 >= CHAINS, "{name} in {seen} of {CHAINS} problems");
    }
}
