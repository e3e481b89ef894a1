//! Certificates: the feasibility and optimality of a solution, computed from the problem and the solution alone.

use anergy_profile::Profile;
use ndarray::ArrayView2;

use super::optimality::Optimality;
use super::stages::{Lines, along};
use super::{Solution, StagedProblem};

/// Largest accepted violation of rows and bounds, in the units of the problem (kW or kWh in a dispatch).
pub const TOLERANCE: f64 = 1e-6;
/// Share of the sum of a row's absolute terms, or of a value at a bound, that is added to [`TOLERANCE`]: the accuracy of
/// a simplex solution in double precision.
const RELATIVE_TOLERANCE: f64 = 1e-10;

/// A violation that is larger than accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Excess {
    /// The violation.
    pub violation: Violation,
    /// Largest accepted size: 1e-6, plus 1e-10 of the sum of the row's absolute terms in this stage.
    pub tolerance: f64,
}

/// The largest violation of one kind of constraint, and where it occurs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Violation {
    /// Size, in the unit of the row or column; 0 if nothing is violated.
    pub size: f64,
    /// Name of the row or column; empty if nothing is violated.
    pub name: String,
    /// Stage, counted from 0; `None` for global rows and columns.
    pub stage: Option<usize>,
}

/// The distance of a solution from satisfying its problem, and from the optimum.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Certificate {
    /// Largest distance of a row's sum from its range, over rows and stages.
    pub row: Violation,
    /// Largest distance of a global row's sum from its range.
    pub global_row: Violation,
    /// Largest distance of a value from its bounds, global columns included.
    pub bound: Violation,
    /// Largest distance from its range over the stages, for each row of the pattern.
    pub row_residuals: Vec<f64>,
    /// The violation of a row of a stage, or of a bound, that exceeds its tolerance by the largest factor; `None` if all
    /// are accepted.
    pub excess: Option<Excess>,
    /// The same for global rows.
    pub global_excess: Option<Excess>,
    /// Optimality gap proven by the duals; `None` for a solution without duals.
    pub optimality: Option<Optimality>,
}

impl Certificate {
    /// Measures a solution against `problem`, and its duals where it has them. Only the values and the row duals of the
    /// solver are used. A value that is not finite counts as an infinite violation.
    ///
    /// # Panics
    /// If the shape of the solution is not that of the problem.
    #[must_use]
    pub fn of(problem: &StagedProblem, solution: &Solution) -> Self {
        let values = fitting(problem, &solution.values.view(), &solution.globals);
        let optimality =
            solution.duals.as_ref().map(|duals| Optimality::of(problem, &values, &solution.globals, duals));
        Self { optimality, ..Self::of_lines(problem, &values, &solution.globals) }
    }

    /// Measures values of the columns (shape columns x stages) and of the global columns against `problem`.
    ///
    /// # Panics
    /// If the shape of the values is not that of the problem.
    #[must_use]
    pub fn of_values(problem: &StagedProblem, values: ArrayView2<'_, f64>, globals: &[f64]) -> Self {
        Self::of_lines(problem, &fitting(problem, &values, globals), globals)
    }

    /// Measures the rows and bounds of `problem` at the given values.
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
        certificate.compare_rows(problem, values, globals, (&sums, &global_sums));
        for (index, column) in problem.columns().iter().enumerate() {
            measure(&column.lower, &column.upper, values.line(index), &mut outside);
            let (size, stage) = largest(&outside);
            certificate.bound.raise(size, &column.name, Some(stage));
            if !within_tolerance(size) {
                for (stage, &size) in outside.iter().enumerate() {
                    raise_excess(
                        &mut certificate.excess,
                        size,
                        values.line(index)[stage].abs(),
                        (&column.name, Some(stage)),
                    );
                }
            }
        }
        for (column, &value) in problem.global_columns().iter().zip(globals) {
            let size = distance(column.lower, column.upper, value);
            certificate.bound.raise(size, &column.name, None);
            raise_excess(&mut certificate.excess, size, value.abs(), (&column.name, None));
        }
        certificate
    }

    /// Compares the violations of rows with the absolute terms of these rows.
    fn compare_rows(
        &mut self,
        problem: &StagedProblem,
        values: &Lines<'_>,
        globals: &[f64],
        (sums, global_sums): (&Lines<'_>, &[f64]),
    ) {
        if within_tolerance(self.row.size.max(self.global_row.size)) {
            return;
        }
        let (sizes, global_sizes) = problem.absolute_activities(values, globals);
        let mut outside = vec![0.0; problem.stages()];
        for (index, row) in problem.rows().iter().enumerate() {
            if within_tolerance(self.row_residuals[index]) {
                continue;
            }
            measure(&row.lower, &row.upper, sums.line(index), &mut outside);
            for (stage, (&size, &terms)) in outside.iter().zip(sizes.line(index)).enumerate() {
                raise_excess(&mut self.excess, size, terms, (&row.name, Some(stage)));
            }
        }
        for (index, row) in problem.global_rows().iter().enumerate() {
            let size = distance(row.lower, row.upper, global_sums[index]);
            raise_excess(&mut self.global_excess, size, global_sizes[index], (&row.name, None));
        }
    }

    /// Returns the largest violation of all.
    #[must_use]
    pub fn worst(&self) -> &Violation {
        let others = self.worst_of_stages();
        if others.size >= self.global_row.size { others } else { &self.global_row }
    }

    /// Returns the largest violation of a row of any stage, or of a bound.
    #[must_use]
    pub fn worst_of_stages(&self) -> &Violation {
        if self.row.size >= self.bound.size { &self.row } else { &self.bound }
    }
}

/// Returns whether a violation is accepted whatever the terms of its row.
fn within_tolerance(size: f64) -> bool {
    size <= TOLERANCE
}

/// Replaces `excess` if a violation of this `size` exceeds its tolerance by a larger factor; `terms` is the sum of the
/// absolute terms, `place` the name of the row or column and the stage.
fn raise_excess(excess: &mut Option<Excess>, size: f64, terms: f64, (name, stage): (&str, Option<usize>)) {
    if within_tolerance(size) {
        return;
    }
    let size = if size.is_nan() { f64::INFINITY } else { size };
    // A sum that is not finite makes nothing acceptable.
    let tolerance = if terms.is_finite() { TOLERANCE + RELATIVE_TOLERANCE * terms } else { TOLERANCE };
    let known = excess.as_ref().map_or(1.0, |excess| excess.violation.size / excess.tolerance);
    if size / tolerance > known {
        *excess = Some(Excess { violation: Violation { size, name: name.to_owned(), stage }, tolerance });
    }
}

/// Returns the values as lines.
///
/// # Panics
/// If the shape of the values is not that of the problem.
fn fitting<'a>(problem: &StagedProblem, values: &ArrayView2<'a, f64>, globals: &[f64]) -> Lines<'a> {
    assert_eq!(values.dim(), (problem.columns().len(), problem.stages()), "one value a column and stage");
    assert_eq!(globals.len(), problem.global_columns().len(), "one value a global column");
    Lines::of(values)
}

/// Computes the distance of each value from its range: negative inside, infinite for a value that is not finite.
fn measure(lower: &Profile, upper: &Profile, values: &[f64], outside: &mut [f64]) {
    along(outside, lower, values, |outside, lower, value| *outside = lower - value);
    along(outside, upper, values, |outside, upper, value| {
        let size = outside.max(value - upper);
        *outside = if value.is_finite() { size } else { f64::INFINITY };
    });
}

/// Returns the distance of one value from its range: negative inside, infinite for a value that is not finite.
fn distance(lower: f64, upper: f64, value: f64) -> f64 {
    if value.is_finite() { (lower - value).max(value - upper) } else { f64::INFINITY }
}

/// Returns the largest positive size and its stage, or (0, 0) if there is none; NaN counts as infinite.
pub(super) fn largest(sizes: &[f64]) -> (f64, usize) {
    // Most lines have no positive size; only the others are searched for the stage.
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
    /// Replaces the violation if `size` is larger.
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
    fn a_feasible_solution_passes_and_a_violation_is_named() {
        let good = Certificate::of_values(&problem(), array![[3.0, 1.0]].view(), &[]);
        assert_eq!((good.row.size, good.bound.size), (0.0, 0.0));
        assert_eq!(problem().objective(array![[3.0, 1.0]].view(), &[]), 8.0);

        let bad = Certificate::of_values(&problem(), array![[3.0, 1.5]].view(), &[]);
        assert_eq!(bad.worst(), &Violation { size: 0.5, name: "r".into(), stage: Some(1) });
        assert_eq!(bad.bound, Violation { size: 0.5, name: "x".into(), stage: Some(1) });
        assert_eq!(bad.row_residuals, [0.5]);
    }

    /// A large value loosens the tolerance of its own row, not that of another one.
    #[test]
    fn the_tolerance_of_a_row_is_relative_to_its_own_terms() {
        let mut problem = StagedProblem::new("p", 1);
        let free = |name: &str| Column {
            name: name.into(),
            lower: f64::NEG_INFINITY.into(),
            upper: f64::INFINITY.into(),
            cost: 0.0.into(),
        };
        let [x, y, z] = ["x", "y", "z"].map(|name| problem.add_column(free(name)));
        let [large, small] = ["large", "small"].map(|name| problem.add_row(Row::equal(name, 3.0)));
        problem.add_term(large, x, Lag::Same, 1.0);
        problem.add_term(large, y, Lag::Same, -1.0);
        problem.add_term(small, z, Lag::Same, 1.0);
        let of = |x: f64, z: f64| Certificate::of_values(&problem, array![[x], [1e6], [z]].view(), &[]).excess;
        assert_eq!(of(1e6 + 3.0 + 1e-4, 3.0), None);
        assert_eq!(of(1e6 + 3.0 + 3e-4, 3.0).unwrap().violation.name, "large");
        let Excess { violation, tolerance } = of(1e6 + 3.0 + 1e-4, 3.0 + 1e-5).unwrap();
        assert_eq!((violation.name.as_str(), violation.stage), ("small", Some(0)));
        assert!((tolerance - 1e-6).abs() < 1e-9);
        assert_eq!(of(f64::NAN, 3.0).unwrap().violation.size, f64::INFINITY);
    }

    #[test]
    fn a_nan_is_an_infinite_violation() {
        let lost = Certificate::of_values(&problem(), array![[f64::NAN, 1.0]].view(), &[]);
        assert_eq!(lost.bound.size, f64::INFINITY);
        assert_eq!(lost.row.size, f64::INFINITY);
    }

    #[test]
    fn global_rows_and_columns_are_measured() {
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
