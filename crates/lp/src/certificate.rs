//! What an answer is worth, computed from the problem and the answer alone.

use anergy_profile::Profile;
use ndarray::ArrayView2;

use super::optimality::Optimality;
use super::stages::{Lines, along};
use super::{Solution, StagedProblem};

/// The worst miss of one kind: how large, and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Violation {
    /// Size, in the unit of the row or column.
    pub size: f64,
    /// Name of the row or column, empty when nothing is missed.
    pub name: String,
    /// Its stage; `None` for what all stages share.
    pub stage: Option<usize>,
}

/// How far an answer is from satisfying a problem, and from its optimum.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Certificate {
    /// Worst distance of a row's sum outside its range, over rows and stages.
    pub row: Violation,
    /// The same for the global rows.
    pub global_row: Violation,
    /// Worst distance of a value outside its bounds, global columns included.
    pub bound: Violation,
    /// Worst distance of each row of the pattern.
    pub row_residuals: Vec<f64>,
    /// What the duals prove, where there are any.
    pub optimality: Option<Optimality>,
}

impl Certificate {
    /// Measures an answer against `problem`: its values, and its duals where it has them. Nothing is taken from a solver but
    /// values and row duals. A value that is no number is infinitely wrong.
    ///
    /// # Panics
    /// If the answer is not of the problem's shape.
    #[must_use]
    pub fn of(problem: &StagedProblem, solution: &Solution) -> Self {
        let values = fitting(problem, &solution.values.view(), &solution.globals);
        let optimality =
            solution.duals.as_ref().map(|duals| Optimality::of(problem, &values, &solution.globals, duals));
        Self { optimality, ..Self::of_lines(problem, &values, &solution.globals) }
    }

    /// Measures values of the columns (shape columns x stages) and of the global columns.
    ///
    /// # Panics
    /// If the values are not of the problem's shape.
    #[must_use]
    pub fn of_values(problem: &StagedProblem, values: ArrayView2<'_, f64>, globals: &[f64]) -> Self {
        Self::of_lines(problem, &fitting(problem, &values, globals), globals)
    }

    fn of_lines(problem: &StagedProblem, values: &Lines<'_>, globals: &[f64]) -> Self {
        let mut certificate = Self::default();
        let mut outside = vec![0.0; problem.stages()];
        let (sums, global_sums) = problem.activities(values, globals);
        for (index, row) in problem.rows().iter().enumerate() {
            measure(&row.lower, &row.upper, sums.line(index), &mut outside);
            let (size, stage) = largest(&outside);
            certificate.row_residuals.push(size);
            certificate.row.raise(size, &row.name, Some(stage));
        }
        for (row, &sum) in problem.global_rows().iter().zip(&global_sums) {
            certificate.global_row.raise(distance(row.lower, row.upper, sum), &row.name, None);
        }
        for (index, column) in problem.columns().iter().enumerate() {
            measure(&column.lower, &column.upper, values.line(index), &mut outside);
            let (size, stage) = largest(&outside);
            certificate.bound.raise(size, &column.name, Some(stage));
        }
        for (column, &value) in problem.global_columns().iter().zip(globals) {
            certificate.bound.raise(distance(column.lower, column.upper, value), &column.name, None);
        }
        certificate
    }

    /// The worst miss of all.
    #[must_use]
    pub fn worst(&self) -> &Violation {
        let others = self.worst_of_stages();
        if others.size >= self.global_row.size { others } else { &self.global_row }
    }

    /// The worst miss of a row of any stage, or of a bound.
    #[must_use]
    pub fn worst_of_stages(&self) -> &Violation {
        if self.row.size >= self.bound.size { &self.row } else { &self.bound }
    }
}

fn fitting<'a>(problem: &StagedProblem, values: &ArrayView2<'a, f64>, globals: &[f64]) -> Lines<'a> {
    assert_eq!(values.dim(), (problem.columns().len(), problem.stages()), "one value a column and stage");
    assert_eq!(globals.len(), problem.global_columns().len(), "one value a global column");
    Lines::of(values)
}

/// How far each value lies outside its range.
fn measure(lower: &Profile, upper: &Profile, values: &[f64], outside: &mut [f64]) {
    along(outside, lower, values, |outside, lower, value| *outside = lower - value);
    along(outside, upper, values, |outside, upper, value| {
        let size = outside.max(value - upper);
        *outside = if value.is_finite() { size } else { f64::INFINITY };
    });
}

fn distance(lower: f64, upper: f64, value: f64) -> f64 {
    if value.is_finite() { (lower - value).max(value - upper) } else { f64::INFINITY }
}

/// The largest size above zero, and where; one that is no number counts as infinite.
pub(super) fn largest(sizes: &[f64]) -> (f64, usize) {
    // The largest of most lines is nothing; only the others are searched for the place.
    if sizes.iter().fold(true, |none, &size| none & (size <= 0.0)) {
        return (0.0, 0);
    }
    let (mut worst, mut at) = (0.0, 0);
    for (stage, &size) in sizes.iter().enumerate() {
        if size > worst || size.is_nan() {
            (worst, at) = (if size.is_nan() { f64::INFINITY } else { size }, stage);
        }
    }
    (worst, at)
}

impl Violation {
    pub(super) fn raise(&mut self, size: f64, name: &str, stage: Option<usize>) {
        if size > self.size {
            self.size = size;
            self.stage = stage;
            name.clone_into(&mut self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, ColumnId, GlobalColumn, GlobalRow, Lag, Row, RowId};
    use ndarray::array;

    fn problem() -> StagedProblem {
        let mut problem = StagedProblem::new("p", 2);
        let x = problem.add_column(Column {
            name: "x".into(),
            lower: 0.0.into(),
            upper: vec![5.0, 1.0].into(),
            cost: 2.0.into(),
        });
        let row = problem.add_row(Row::equal("r", vec![3.0, 4.0]));
        problem.add_term(row, x, Lag::Same, 1.0);
        problem.add_term(row, x, Lag::Previous, 1.0);
        problem
    }

    #[test]
    fn a_true_answer_passes_and_a_false_one_is_named() {
        let good = Certificate::of_values(&problem(), array![[3.0, 1.0]].view(), &[]);
        assert_eq!((good.row.size, good.bound.size), (0.0, 0.0));
        assert_eq!(problem().objective(array![[3.0, 1.0]].view(), &[]), 8.0);

        let bad = Certificate::of_values(&problem(), array![[3.0, 1.5]].view(), &[]);
        assert_eq!(bad.worst(), &Violation { size: 0.5, name: "r".into(), stage: Some(1) });
        assert_eq!(bad.bound, Violation { size: 0.5, name: "x".into(), stage: Some(1) });
        assert_eq!(bad.row_residuals, [0.5]);
    }

    #[test]
    fn no_number_is_infinitely_wrong() {
        let lost = Certificate::of_values(&problem(), array![[f64::NAN, 1.0]].view(), &[]);
        assert_eq!(lost.bound.size, f64::INFINITY);
        assert_eq!(lost.row.size, f64::INFINITY);
    }

    #[test]
    fn what_all_stages_share_is_measured_too() {
        let mut problem = problem();
        let limit = problem.add_global_row(GlobalRow { name: "limit".into(), lower: 0.0, upper: 6.0 });
        problem.add_sum_term(limit, ColumnId(0), vec![1.0, 2.0]);
        let over = GlobalColumn { name: "over".into(), lower: 0.0, upper: 0.25, cost: 1.0 };
        let over = problem.add_global_column(over);
        problem.add_global_term(limit, over, 4.0);
        problem.add_spread_term(RowId(0), over, vec![0.0, 1.0]);
        let missed = Certificate::of_values(&problem, array![[3.0, 1.0]].view(), &[0.5]);
        assert_eq!(missed.global_row, Violation { size: 1.0, name: "limit".into(), stage: None });
        assert_eq!(missed.bound, Violation { size: 0.25, name: "over".into(), stage: None });
        assert_eq!(missed.row_residuals, [0.5]);
        assert_eq!(missed.worst(), &missed.global_row);
    }
}
