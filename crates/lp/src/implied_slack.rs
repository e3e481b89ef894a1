//! Elimination of implied slack columns.
//!
//! A column x that appears in one equality `s x + other terms = b` and nowhere else (the grid import of an electricity
//! balance) is a slack of this row: x = (b - other terms) / s. Its bounds become the range of the row, its cost moves
//! onto the other columns, and the column leaves the problem. A simplex method then starts with the balance satisfied.
//! The substitution and its reversal are exact.

use anergy_profile::Profile;

use super::{Column, ColumnId, Lag, Row, RowId, StagedProblem, Term};

/// A problem without its implied slack columns, and the data to compute their values again.
#[derive(Debug, Clone)]
pub(super) struct ReducedProblem {
    /// The smaller problem: all rows, and the remaining columns in their original order.
    pub(super) problem: StagedProblem,
    /// For each column of the smaller problem, its index in the original problem.
    kept_columns: Vec<usize>,
    slacks: Vec<ImpliedSlack>,
}

/// The substitution of one column, x = (rhs - sum of `other_terms`) / coefficient, in every stage.
#[derive(Debug, Clone)]
struct ImpliedSlack {
    column: ColumnId,
    coefficient: f64,
    rhs: Profile,
    other_terms: Vec<Term>,
}

impl ReducedProblem {
    /// Eliminates one implied slack column of every row that has one. The choice depends on the pattern and on which of
    /// its numbers are series.
    pub(super) fn of(problem: &StagedProblem) -> Self {
        let stages = problem.stages();
        let mut costs: Vec<Profile> = problem.columns().iter().map(|column| column.cost.clone()).collect();
        let mut rows: Vec<Row> = problem.rows().to_vec();
        let mut slacks: Vec<ImpliedSlack> = Vec::new();
        for row in (0..rows.len()).map(RowId) {
            let Some((column, coefficient)) = slack_column(problem, row) else { continue };
            let of_row = problem.terms().iter().filter(|term| term.row == row && term.column != column);
            let other_terms: Vec<Term> = of_row.cloned().collect();
            for term in &other_terms {
                let share = combined(&costs[column.0], &term.coefficient, stages, |cost, a| cost * a / coefficient);
                costs[term.column.0] = combined(&costs[term.column.0], &share, stages, |cost, share| cost - share);
            }
            let Row { lower: rhs, .. } = &problem.rows()[row.0];
            let Column { lower, upper, .. } = &problem.columns()[column.0];
            let without = |bound: &Profile| combined(rhs, bound, stages, |b, bound| b - coefficient * bound);
            let (a, b) = (without(lower), without(upper));
            (rows[row.0].lower, rows[row.0].upper) = if coefficient > 0.0 { (b, a) } else { (a, b) };
            slacks.push(ImpliedSlack { column, coefficient, rhs: rhs.clone(), other_terms });
        }
        let is_slack = |index: usize| slacks.iter().any(|slack| slack.column.0 == index);
        let kept_columns: Vec<usize> = (0..costs.len()).filter(|&index| !is_slack(index)).collect();
        let mut reduced = StagedProblem::new(problem.name(), stages);
        for &index in &kept_columns {
            let cost = costs[index].clone();
            let column = reduced.add_column(Column { cost, ..problem.columns()[index].clone() });
            reduced.set_quadratic(column, problem.quadratic(ColumnId(index)).clone());
        }
        for row in rows {
            reduced.add_row(row);
        }
        for Term { row, column, lag, coefficient } in problem.terms() {
            if let Ok(column) = kept_columns.binary_search(&column.0) {
                reduced.add_term(*row, ColumnId(column), *lag, coefficient.clone());
            }
        }
        copy_globals(problem, &kept_columns, &mut reduced);
        Self { problem: reduced, kept_columns, slacks }
    }

    /// Returns, for each column of the smaller problem, its index in the original problem.
    pub(super) fn kept_columns(&self) -> &[usize] {
        &self.kept_columns
    }

    /// Writes the values of all columns of the original problem (shape columns x stages); `value(column, stage)`
    /// returns those of the smaller problem.
    pub(super) fn restore(&self, value: impl Fn(usize, usize) -> f64, values: &mut ndarray::Array2<f64>) {
        let stages = self.problem.stages();
        for (column, &whole) in self.kept_columns.iter().enumerate() {
            for stage in 0..stages {
                values[[whole, stage]] = value(column, stage);
            }
        }
        for ImpliedSlack { column, coefficient, rhs, other_terms } in &self.slacks {
            for stage in 0..stages {
                let activity: f64 =
                    other_terms.iter().map(|term| term.coefficient.at(stage) * values[[term.column.0, stage]]).sum();
                values[[column.0, stage]] = (rhs.at(stage) - activity) / coefficient;
            }
        }
    }
}

/// Copies the global columns, rows and terms; no eliminated column appears in them.
fn copy_globals(problem: &StagedProblem, kept_columns: &[usize], reduced: &mut StagedProblem) {
    for column in problem.global_columns() {
        reduced.add_global_column(column.clone());
    }
    for row in problem.global_rows() {
        reduced.add_global_row(row.clone());
    }
    for term in problem.spread_terms() {
        reduced.add_spread_term(term.row, term.column, term.coefficient.clone());
    }
    for term in problem.sum_terms() {
        if let Ok(column) = kept_columns.binary_search(&term.column.0) {
            reduced.add_sum_term(term.row, ColumnId(column), term.coefficient.clone());
        }
    }
    for term in problem.global_terms() {
        reduced.add_global_term(term.row, term.column, term.coefficient);
    }
}

/// Returns the column that an equality row is solved for and its coefficient; `None` if there is none.
///
/// The row has neither lagged terms nor global columns. The column appears in no other row, global rows included, has
/// finite bounds, a linear cost, and one coefficient for all stages. Of several candidates the first one with the
/// widest bounds is taken.
fn slack_column(problem: &StagedProblem, row: RowId) -> Option<(ColumnId, f64)> {
    let terms = || problem.terms().iter().filter(|term| term.row == row);
    let Row { lower, upper, .. } = &problem.rows()[row.0];
    let shared = problem.spread_terms().iter().any(|term| term.row == row);
    if shared || terms().any(|term| term.lag != Lag::Same) || lower != upper {
        return None;
    }
    let mut best: Option<(ColumnId, f64, f64)> = None;
    for term in terms() {
        let Profile::Constant(coefficient) = term.coefficient else { continue };
        let Column { lower, upper, .. } = &problem.columns()[term.column.0];
        let (Profile::Constant(lower), Profile::Constant(upper)) = (lower, upper) else { continue };
        let alone = problem.terms().iter().filter(|other| other.column == term.column).count() == 1
            && problem.sum_terms().iter().all(|sum| sum.column != term.column)
            && *problem.quadratic(term.column) == Profile::Constant(0.0);
        let width = upper - lower;
        if alone && coefficient != 0.0 && width.is_finite() && best.is_none_or(|(.., known)| width > known) {
            best = Some((term.column, coefficient, width));
        }
    }
    best.map(|(column, coefficient, _)| (column, coefficient))
}

/// Returns the profile of `f(a_t, b_t)`; a constant if both profiles are constants.
fn combined(a: &Profile, b: &Profile, stages: usize, f: impl Fn(f64, f64) -> f64) -> Profile {
    match (a, b) {
        (Profile::Constant(a), Profile::Constant(b)) => Profile::Constant(f(*a, *b)),
        _ => Profile::Series((0..stages).map(|stage| f(a.at(stage), b.at(stage))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_problems::district;
    use crate::{Certificate, GlobalColumn, GlobalRow};
    use ndarray::Array2;
    use proptest::prelude::*;

    #[test]
    fn only_the_grid_import_is_eliminated() {
        let reduced = ReducedProblem::of(&district(vec![3.0, 4.0], vec![1.0, 9.0]));
        let names: Vec<_> = reduced.problem.columns().iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["pump", "unmet", "charge", "d", "store"]);
        assert_eq!(reduced.kept_columns(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn columns_in_global_rows_are_not_eliminated() {
        let mut limited = district(vec![3.0, 4.0], vec![1.0, 9.0]);
        let limit = limited.add_global_row(GlobalRow { name: "limit".into(), lower: 0.0, upper: 9.0 });
        limited.add_sum_term(limit, ColumnId(0), 1.0);
        let mut shared = district(vec![3.0, 4.0], vec![1.0, 9.0]);
        let base = GlobalColumn { name: "base".into(), lower: 0.0, upper: 9.0, cost: 1.0 };
        let base = shared.add_global_column(base);
        shared.add_spread_term(RowId(0), base, 1.0);
        let mut curved = district(vec![3.0, 4.0], vec![1.0, 9.0]);
        curved.set_quadratic(ColumnId(0), 0.1);
        for problem in [limited, shared, curved] {
            assert_eq!(ReducedProblem::of(&problem).problem, problem);
        }
    }

    proptest! {
        /// Any values of the remaining columns restore to values that satisfy the substituted row exactly, and the two
        /// objectives differ by one constant.
        #[test]
        fn restored_values_satisfy_the_rows(
            cop in proptest::collection::vec(2.0f64..6.0, 4),
            demand in proptest::collection::vec(0.0f64..12.0, 4),
            kept_columns in proptest::collection::vec(0.0f64..5.0, 20),
        ) {
            let problem = district(cop, demand);
            let reduced = ReducedProblem::of(&problem);
            let value = |column: usize, stage: usize| kept_columns[column * 4 + stage];
            let mut values = Array2::zeros((6, 4));
            reduced.restore(value, &mut values);
            prop_assert!(Certificate::of_values(&problem, values.view(), &[]).row_residuals[0] < 1e-12);

            let small = Array2::from_shape_fn((5, 4), |(column, stage)| value(column, stage));
            let mut origin = Array2::zeros((6, 4));
            reduced.restore(|_, _| 0.0, &mut origin);
            let constant = problem.objective(origin.view(), &[]);
            let smaller = reduced.problem.objective(small.view(), &[]);
            let difference = problem.objective(values.view(), &[]) - smaller - constant;
            prop_assert!(difference.abs() < 1e-9, "{}", difference);

            // The bounds of the substituted column are the range of its row.
            let outside = values.row(0).iter().map(|v| (-v).max(v - 1e5)).fold(0.0, f64::max);
            let range = Certificate::of_values(&reduced.problem, small.view(), &[]).row_residuals[0];
            prop_assert!((range - outside).abs() < 1e-9);
        }
    }
}
