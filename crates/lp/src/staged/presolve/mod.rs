//! Presolve: simplification of a problem before it is solved, and postsolve of its solution.
//!
//! Each step removes rows or columns after looking at one or two of them in all stages, and can compute the values and
//! duals of the removed ones from those of the remaining problem. The steps are undone in reverse order. All steps are
//! exact but one: [`store_balance`] makes assumptions that the optimality proof must confirm.
//!
//! Source of the standard steps: E. D. Andersen and K. D. Andersen, Presolving in linear programming, Math. Program. 71
//! (1995) 221.

mod activity;
mod columns;
mod duplicate_rows;
mod opposite_columns;
mod rows;
mod store_balance;

use anergy_profile::Profile;
use ndarray::Array2;

use self::columns::{DuplicateColumn, FixedColumn, ImpliedFreeColumn, fix_dominated_columns};
use self::duplicate_rows::DuplicateRow;
use self::opposite_columns::OppositeColumn;
use self::rows::{SingletonRow, remove_redundant_global_rows, remove_redundant_rows};
use self::store_balance::StoreBalance;
use super::presolved::PresolvedProblem;

/// Largest number of rounds; each step may enable others.
const ROUNDS: usize = 4;

/// A removal of rows or columns.
#[derive(Debug, Clone)]
enum PresolveStep<'a> {
    SingletonRow(SingletonRow<'a>),
    FixedColumn(FixedColumn<'a>),
    DuplicateColumn(DuplicateColumn<'a>),
    ImpliedFreeColumn(ImpliedFreeColumn<'a>),
    OppositeColumn(OppositeColumn<'a>),
    DuplicateRow(DuplicateRow<'a>),
    StoreBalance(Box<StoreBalance<'a>>),
}

/// The record of all removals, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Presolve<'a> {
    steps: Vec<PresolveStep<'a>>,
}

impl<'a> Presolve<'a> {
    /// Applies all steps to `presolved`.
    pub(super) fn all(presolved: &mut PresolvedProblem<'a>) -> Self {
        let mut presolve = Self::default();
        remove_redundant_global_rows(presolved);
        for _ in 0..ROUNDS {
            let before = presolve.steps.len();
            let redundant = remove_redundant_rows(presolved);
            presolve.record(SingletonRow::remove_all(presolved), PresolveStep::SingletonRow);
            presolve.record(FixedColumn::remove_all(presolved), PresolveStep::FixedColumn);
            presolve.record(DuplicateColumn::remove_all(presolved), PresolveStep::DuplicateColumn);
            let dominated = fix_dominated_columns(presolved);
            if presolve.steps.len() == before && !redundant && !dominated {
                break;
            }
        }
        presolve.record(DuplicateRow::remove_all(presolved), PresolveStep::DuplicateRow);
        presolve.record(StoreBalance::remove_all(presolved), |node| PresolveStep::StoreBalance(Box::new(node)));
        presolve.record(ImpliedFreeColumn::remove_all(presolved), PresolveStep::ImpliedFreeColumn);
        presolve.record(OppositeColumn::remove_all(presolved), PresolveStep::OppositeColumn);
        presolve
    }

    /// Removes duplicate rows and opposite columns only.
    pub(super) fn least(presolved: &mut PresolvedProblem<'a>) -> Self {
        let mut presolve = Self::default();
        presolve.record(DuplicateRow::remove_all(presolved), PresolveStep::DuplicateRow);
        presolve.record(OppositeColumn::remove_all(presolved), PresolveStep::OppositeColumn);
        presolve
    }

    /// Records removals of one kind.
    fn record<T>(&mut self, found: Vec<T>, step: impl Fn(T) -> PresolveStep<'a>) {
        self.steps.extend(found.into_iter().map(step));
    }

    /// Returns whether [`Presolve::restore`] needs reduced costs.
    pub(super) fn needs_multipliers(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, PresolveStep::StoreBalance(_)))
    }

    /// Sets the values of the removed columns and the duals of the removed rows; `multipliers` are the reduced costs of
    /// the presolved problem, shape columns x stages like `values`.
    pub(super) fn restore(&self, values: &mut Array2<f64>, duals: &mut Array2<f64>, multipliers: &mut Array2<f64>) {
        for step in self.steps.iter().rev() {
            match step {
                PresolveStep::SingletonRow(row) => row.restore(values, duals),
                PresolveStep::FixedColumn(fixed) => fixed.restore(values),
                PresolveStep::DuplicateColumn(duplicate) => duplicate.restore(values),
                PresolveStep::ImpliedFreeColumn(implied) => implied.restore(values, duals),
                PresolveStep::OppositeColumn(opposite) => opposite.restore(values, multipliers),
                PresolveStep::DuplicateRow(duplicate_rows) => duplicate_rows.restore(duals),
                PresolveStep::StoreBalance(node) => node.restore(values, duals, multipliers),
            }
        }
    }
}

/// Returns the profile as a constant if all its values are equal.
fn collapsed(profile: Profile) -> Profile {
    match &profile {
        Profile::Series(values) if values.windows(2).all(|pair| pair[0] == pair[1]) => {
            values.first().map_or(profile.clone(), |&value| Profile::Constant(value))
        }
        _ => profile,
    }
}

#[cfg(test)]
mod tests {
    use super::super::attempt::{ATTEMPTS, Attempts, Outcome};
    use super::super::proof::OptimalityProof;
    use super::*;
    use crate::{
        Backend, Certificate, Clarabel, Column, ColumnId, GlobalColumn, GlobalRow, Lag, LpError, Row, RowId, Solution,
        Staged, StagedProblem,
    };

    const STAGES: usize = 5;
    const FREE: f64 = f64::INFINITY;

    fn column(problem: &mut StagedProblem, name: &str, upper: impl Into<Profile>, cost: f64) -> ColumnId {
        problem.add_column(Column { name: name.into(), lower: 0.0.into(), upper: upper.into(), cost: cost.into() })
    }

    fn row(problem: &mut StagedProblem, name: &str, [lower, upper]: [f64; 2], terms: &[(ColumnId, f64)]) -> RowId {
        let row = problem.add_row(Row { name: name.into(), lower: lower.into(), upper: upper.into() });
        terms.iter().for_each(|&(column, coefficient)| _ = problem.add_term(row, column, Lag::Same, coefficient));
        row
    }

    /// Creates a store with losses and a row for its level, in a balance of the given demand to which the caller adds
    /// sources.
    fn store(demand: f64) -> (StagedProblem, RowId) {
        let mut problem = StagedProblem::new("store", STAGES);
        let [charge, discharge] = ["charge", "discharge"].map(|name| column(&mut problem, name, 2.0, 0.01));
        let level = column(&mut problem, "level", 4.0, 0.0);
        let sums: Vec<f64> = (0..STAGES).map(|stage| demand + stage as f64).collect();
        let balance = problem.add_row(Row::equal("balance", sums));
        problem.add_term(balance, charge, Lag::Same, -1.0);
        problem.add_term(balance, discharge, Lag::Same, 1.0);
        let levels = problem.add_row(Row::equal("levels", 0.0));
        for (column, lag, coefficient) in [
            (level, Lag::Same, 1.0),
            (level, Lag::PreviousCyclic, -0.9),
            (charge, Lag::Same, -0.95),
            (discharge, Lag::Same, 1.05),
        ] {
            problem.add_term(levels, column, lag, coefficient);
        }
        (problem, balance)
    }

    /// Returns the names of the remaining columns and rows and the optimum found after presolve, which the attempt with
    /// the least presolve confirms.
    fn remaining(problem: &StagedProblem) -> (Vec<String>, Vec<String>, Solution) {
        let mut presolved = PresolvedProblem::of(problem);
        Presolve::all(&mut presolved);
        let columns = problem.columns().iter().zip(&presolved.columns).filter(|(_, presolved)| presolved.active);
        let rows = problem.rows().iter().zip(&presolved.rows).filter(|(_, presolved)| presolved.active);
        let names = (columns.map(|(c, _)| c.name.clone()).collect(), rows.map(|(r, _)| r.name.clone()).collect());
        let [ours, right] = [ATTEMPTS[0], ATTEMPTS[1]].map(|attempt| {
            let mut solution = Solution::zeros(problem);
            match Attempts::default().attempt(problem, attempt, &mut solution) {
                Outcome::Optimal(OptimalityProof { reason: None, .. }) => solution,
                Outcome::Optimal(OptimalityProof { reason, .. }) => panic!("{reason:?}"),
                Outcome::Refused(reason) => panic!("{reason}"),
                Outcome::AtArtificialBound(objective) => panic!("{objective}"),
            }
        });
        assert!((ours.objective - right.objective).abs() <= 1e-8 * right.objective.abs().max(1.0));
        let certificate = Certificate::of(problem, &ours);
        assert!(certificate.worst().size < 1e-9 && certificate.optimality.unwrap().dual.size < 1e-9);
        (names.0, names.1, ours)
    }

    #[test]
    fn a_singleton_row_becomes_a_bound_and_its_dual_the_reduced_cost() {
        let mut problem = StagedProblem::new("bound", STAGES);
        let [x, y] = [(5.0, -3.0), (9.0, 1.0)].map(|(upper, cost)| column(&mut problem, "xy", upper, cost));
        let both = row(&mut problem, "both", [2.0, 8.0], &[(x, 1.0), (y, 1.0)]);
        let alone = row(&mut problem, "alone", [-6.0, FREE], &[(x, -2.0)]);
        let (_, rows, solution) = remaining(&problem);
        assert_eq!(rows, ["both"]);
        assert!((solution.values[[0, 0]] - 3.0).abs() < 1e-9);
        let duals = solution.duals.unwrap().rows;
        assert!((duals[[alone.0, 2]] - 1.5).abs() < 1e-8 && duals[[both.0, 2]].abs() < 1e-8, "{duals}");
    }

    #[test]
    fn fixed_columns_and_redundant_rows_are_removed() {
        let (mut problem, balance) = store(3.0);
        let grid = column(&mut problem, "grid", 50.0, 0.3);
        let base = problem.add_column(Column {
            name: "base".into(),
            lower: vec![0.5, 0.5, 1.0, 1.0, 1.0].into(),
            upper: vec![0.5, 0.5, 1.0, 1.0, 1.0].into(),
            cost: 7.0.into(),
        });
        let spare = column(&mut problem, "spare", 4.0, -0.1);
        for column in [grid, base] {
            problem.add_term(balance, column, Lag::Same, 1.0);
        }
        row(&mut problem, "idle", [-FREE, 60.0], &[(grid, 1.0), (base, 2.0)]);
        let (columns, rows, solution) = remaining(&problem);
        assert!(!columns.iter().any(|name| name == "base" || name == "spare"), "{columns:?}");
        assert!(!rows.contains(&"idle".to_owned()));
        assert_eq!([solution.values[[base.0, 1]], solution.values[[base.0, 4]]], [0.5, 1.0]);
        assert_eq!(solution.values[[spare.0, 3]], 4.0);
    }

    #[test]
    fn dominated_columns_are_removed() {
        let (mut problem, balance) = store(1.0);
        let [grid, unmet] =
            [("grid", 0.3), ("unmet", 100.0)].map(|(name, cost)| column(&mut problem, name, FREE, cost));
        let surplus = column(&mut problem, "surplus", FREE, 0.0);
        let sale = column(&mut problem, "sale", FREE, -0.1);
        for (column, sign) in [(grid, 1.0), (unmet, 1.0), (surplus, -1.0), (sale, -1.0)] {
            problem.add_term(balance, column, Lag::Same, sign);
        }
        let (columns, ..) = remaining(&problem);
        assert!(!columns.iter().any(|name| name == "unmet" || name == "surplus"), "{columns:?}");
        assert!(["grid", "sale"].iter().all(|name| columns.contains(&(*name).to_owned())));
    }

    #[test]
    fn duplicate_columns_are_merged_and_split_again() {
        let (mut problem, balance) = store(6.0);
        for (name, upper) in [("one", 3.0), ("other", 9.0)] {
            let column = column(&mut problem, name, upper, 0.3);
            problem.add_term(balance, column, Lag::Same, 1.0);
        }
        let dear = column(&mut problem, "dear", 20.0, 0.4);
        problem.add_term(balance, dear, Lag::Same, 1.0);
        let (columns, _, solution) = remaining(&problem);
        assert_eq!(columns.iter().filter(|name| *name == "one" || *name == "other").count(), 1);
        assert!(solution.values.row(3).iter().all(|one| (0.0..=3.0).contains(one)));
        assert!(solution.values.row(4).iter().all(|other| (0.0..=9.0).contains(other)));
    }

    #[test]
    fn an_implied_free_column_is_removed_with_its_row() {
        let (mut problem, balance) = store(3.0);
        let grid = column(&mut problem, "grid", 50.0, 0.3);
        problem.add_term(balance, grid, Lag::Same, 1.0);
        let (columns, rows, solution) = remaining(&problem);
        assert_eq!((columns.len(), rows), (3, vec!["levels".to_owned()]));
        assert!(solution.duals.unwrap().rows.row(balance.0).iter().all(|dual| (dual - 0.3).abs() < 1e-12));
        // The column is not removed if it may reach a bound.
        let mut tight = problem.clone();
        tight.set_bounds(grid, [0.0; STAGES].into_iter(), [7.0; STAGES].into_iter());
        assert_eq!(remaining(&tight).1, ["balance", "levels"]);
    }

    /// A store without losses and without a limit of its power, and a link without losses in both directions.
    #[test]
    fn opposite_columns_become_one() {
        let mut problem = StagedProblem::new("opposite", STAGES);
        let [charge, discharge] = [3.0, 1e7].map(|upper| column(&mut problem, "power", upper, 0.0));
        let level = column(&mut problem, "level", 4.0, 0.0);
        let grid = problem.add_column(Column {
            name: "grid".into(),
            lower: 0.0.into(),
            upper: 50.0.into(),
            cost: vec![0.1, 0.4, 0.2, 0.3, 0.1].into(),
        });
        let [forward, backward] = [FREE, FREE].map(|upper| column(&mut problem, "link", upper, 0.0));
        let here = row(&mut problem, "here", [2.0, 2.0], &[(grid, 1.0), (charge, -1.0), (discharge, 1.0)]);
        let there = row(&mut problem, "there", [1.0, 1.0], &[(forward, 1.0), (backward, -1.0)]);
        problem.add_term(here, forward, Lag::Same, -1.0);
        problem.add_term(here, backward, Lag::Same, 1.0);
        let levels = row(&mut problem, "levels", [0.0, 0.0], &[(level, 1.0), (charge, -1.0), (discharge, 1.0)]);
        problem.add_term(levels, level, Lag::PreviousCyclic, -1.0);
        assert_eq!(there.0, 1);
        let (columns, _, solution) = remaining(&problem);
        assert_eq!(["power", "link"].map(|name| columns.iter().filter(|known| *known == name).count()), [1, 1]);
        // Without the store 3.3. Filled at 0.1, it serves 3 at 0.4 (saves 0.9) and 1 at 0.3 (saves 0.2); filled with 2
        // more at 0.2, it serves the other 2 at 0.3 (saves 0.2).
        assert!((solution.objective - 2.0).abs() < 1e-8, "{}", solution.objective);
        for stage in 0..STAGES {
            let [power, link] = [[charge, discharge], [forward, backward]]
                .map(|pair| pair.map(|column| solution.values[[column.0, stage]]));
            assert!(power[0].min(power[1]) == 0.0 && link[0].min(link[1]) == 0.0, "{power:?} {link:?}");
        }
    }

    /// Opposite columns of other sizes with bounds on both sides: 3 - x + 2 y with x in 1..3 and y in 2..5 is served by a
    /// source. The least that it has to give is 3 - 3 + 4.
    #[test]
    fn opposite_columns_of_other_sizes_keep_their_bounds() {
        for swapped in [false, true] {
            let mut problem = StagedProblem::new("opposite", STAGES);
            let mut bounded = |name: &str, lower: f64, upper: f64| {
                let (name, lower, upper) = (name.into(), lower.into(), upper.into());
                problem.add_column(Column { name, lower, upper, cost: 0.0.into() })
            };
            let (x, y) = if swapped {
                let y = bounded("pair", 2.0, 5.0);
                (bounded("pair", 1.0, 3.0), y)
            } else {
                (bounded("pair", 1.0, 3.0), bounded("pair", 2.0, 5.0))
            };
            let source = column(&mut problem, "source", 50.0, 0.5);
            row(&mut problem, "balance", [3.0, 3.0], &[(source, 1.0), (x, 1.0), (y, -2.0)]);
            let (columns, _, solution) = remaining(&problem);
            assert!(columns.iter().filter(|name| *name == "pair").count() <= 1, "{columns:?}");
            assert!((solution.objective - 2.0 * STAGES as f64).abs() < 1e-8, "{}", solution.objective);
            let mut right = Solution::zeros(&problem);
            Clarabel.prepare(&problem).unwrap().solve(&problem, &mut right).unwrap();
            assert!((solution.objective - right.objective).abs() < 1e-8);
            let certificate = Certificate::of(&problem, &solution);
            assert!(certificate.worst().size < 1e-9 && certificate.optimality.unwrap().relative_gap.abs() < 1e-8);
        }
    }

    /// Opposite columns without bounds earn without end, whichever of them comes first.
    #[test]
    fn an_unbounded_pair_is_seen() {
        for signs in [[1.0, -1.0], [-1.0, 1.0]] {
            let mut problem = StagedProblem::new("unbounded", STAGES);
            let pair = signs.map(|sign| column(&mut problem, "pair", FREE, sign));
            row(&mut problem, "below", [-FREE, 5.0], &[(pair[0], signs[0]), (pair[1], signs[1])]);
            let mut solution = Solution::zeros(&problem);
            let mut solver = Staged { alone: true, vertex: false }.prepare(&problem).unwrap();
            let refusal = solver.solve(&problem, &mut solution).unwrap_err();
            assert!(matches!(refusal, LpError::Unbounded { .. }), "{refusal}");
        }
    }

    /// The level of the last stage of an acyclic horizon enters no further row: its reduced cost has no further term.
    #[test]
    fn the_last_level_enters_no_further_row() {
        let mut problem = StagedProblem::new("last", STAGES);
        let [level, inflow, spill] = [("level", 1.0, 0.1), ("inflow", FREE, -0.5), ("spill", FREE, 0.55)]
            .map(|(name, upper, cost)| column(&mut problem, name, upper, cost));
        let levels = row(&mut problem, "levels", [0.0, 0.0], &[(level, 1.0), (inflow, -1.0), (spill, 1.0)]);
        problem.add_term(levels, level, Lag::Previous, -1.0);
        let (columns, _, solution) = remaining(&problem);
        assert!(columns.contains(&"level".to_owned()));
        assert!((solution.objective + 0.4).abs() < 1e-9, "{}", solution.objective);
    }

    #[test]
    fn a_limit_on_an_unbounded_sum_is_not_redundant() {
        let mut problem = StagedProblem::new("limit", STAGES);
        let [x, y] = [(FREE, -0.2), (4.0, -0.3)].map(|(upper, cost)| column(&mut problem, "xy", upper, cost));
        row(&mut problem, "limit", [-FREE, 10.0], &[(x, 1.0), (y, 1.0)]);
        let (_, rows, solution) = remaining(&problem);
        assert_eq!(rows, ["limit"]);
        assert!((solution.objective + 12.0).abs() < 1e-8);
    }

    /// A limit on a sum over all stages, and a capacity to choose, beyond all that their columns can reach.
    #[test]
    fn limits_that_cannot_bind_are_removed() {
        let (mut problem, balance) = store(3.0);
        let grid = column(&mut problem, "grid", 50.0, 0.3);
        problem.add_term(balance, grid, Lag::Same, 1.0);
        let without = remaining(&problem);
        let most = 50.0 * STAGES as f64;
        let limit = GlobalRow { name: "limit".into(), lower: -FREE, upper: most };
        let limit = problem.add_global_row(limit);
        problem.add_sum_term(limit, grid, 1.0);
        let capacity = GlobalColumn { name: "capacity".into(), lower: 50.0, upper: 80.0, cost: 0.1 };
        let capacity = problem.add_global_column(capacity);
        let within = row(&mut problem, "within", [-FREE, 0.0], &[(grid, 1.0)]);
        problem.add_spread_term(within, capacity, -1.0);
        let with = remaining(&problem);
        assert_eq!((&with.0, &with.1), (&without.0, &without.1));
        assert!((with.2.objective - without.2.objective - 5.0).abs() < 1e-8);
        assert_eq!(with.2.duals.unwrap().global_rows, [0.0]);
        // A tighter limit remains.
        problem.set_global_range(limit, -FREE, most - 1.0);
        remaining(&problem);
        let mut presolved = PresolvedProblem::of(&problem);
        Presolve::all(&mut presolved);
        assert_eq!(presolved.globals.rows[0].upper, most - 1.0);
        assert!(presolved.columns[grid.0].shared);
    }

    #[test]
    fn a_negative_capacity_is_refused_without_panic() {
        let mut problem = StagedProblem::new("below", STAGES);
        let output = column(&mut problem, "output", vec![-1.0, 2.0, 3.0, 3.0, 3.0], 0.3);
        let [unmet, fuel] =
            [("unmet", FREE), ("fuel", 30.0)].map(|(name, upper)| column(&mut problem, name, upper, 1.0));
        row(&mut problem, "balance", [2.0, 2.0], &[(output, 1.0), (unmet, 1.0)]);
        row(&mut problem, "input", [0.0, 0.0], &[(output, 3.0), (fuel, -1.0)]);
        let mut solution = Solution::zeros(&problem);
        let outcome = Attempts::default().attempt(&problem, ATTEMPTS[0], &mut solution);
        assert!(matches!(outcome, Outcome::Refused(_)), "a bound below the other one");
    }

    #[test]
    fn presolve_may_remove_everything() {
        let mut problem = StagedProblem::new("nothing", STAGES);
        let [x, y] = ["x", "y"].map(|name| column(&mut problem, name, 5.0, 0.5));
        row(&mut problem, "least", [2.0, FREE], &[(x, 1.0)]);
        row(&mut problem, "idle", [-1.0, 11.0], &[(x, 1.0), (y, 1.0)]);
        let (columns, rows, solution) = remaining(&problem);
        assert!(columns.is_empty() && rows.is_empty(), "{columns:?} {rows:?}");
        assert!((solution.objective - 5.0).abs() < 1e-9);
        assert_eq!(solution.duals.unwrap().rows[[0, 0]], 0.5);
    }
}
