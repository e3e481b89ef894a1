//! What an answer is worth, computed from the problem and the values alone.

use ndarray::ArrayView2;

use super::StagedProblem;

/// The worst miss of one kind: how large, and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Violation {
    /// Size, in the unit of the row or column.
    pub size: f64,
    /// Name of the row or column, empty when nothing is missed.
    pub name: String,
    /// Its stage.
    pub stage: usize,
}

/// How far values are from satisfying a problem.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Certificate {
    /// Worst distance of a row's sum outside its range, over rows and stages.
    pub row: Violation,
    /// Worst distance of a value outside its bounds.
    pub bound: Violation,
    /// The same for each row of the pattern.
    pub row_residuals: Vec<f64>,
}

impl Certificate {
    /// Measures `values` (shape columns x stages) against `problem`. A value that is no number is infinitely wrong.
    #[must_use]
    pub fn of(problem: &StagedProblem, values: ArrayView2<'_, f64>) -> Self {
        let stages = problem.stages();
        let mut certificate = Self { row_residuals: vec![0.0; problem.rows().len()], ..Self::default() };
        for (column, row) in problem.columns().iter().zip(values.rows()) {
            for (stage, &value) in row.iter().enumerate() {
                let outside = (column.lower.at(stage) - value).max(value - column.upper.at(stage));
                certificate.bound.raise(if value.is_finite() { outside } else { f64::INFINITY }, &column.name, stage);
            }
        }
        let mut activity = vec![0.0; problem.rows().len()];
        for stage in 0..stages {
            activity.iter_mut().for_each(|sum| *sum = 0.0);
            for term in problem.terms() {
                if let Some(from) = term.lag.column_stage(stage, stages) {
                    activity[term.row.0] += term.coefficient.at(stage) * values[[term.column.0, from]];
                }
            }
            for (index, row) in problem.rows().iter().enumerate() {
                let residual =
                    (row.lower.at(stage) - activity[index]).max(activity[index] - row.upper.at(stage)).max(0.0);
                let residual = if activity[index].is_nan() { f64::INFINITY } else { residual };
                certificate.row_residuals[index] = certificate.row_residuals[index].max(residual);
                certificate.row.raise(residual, &row.name, stage);
            }
        }
        certificate
    }

    /// The worst miss of all.
    #[must_use]
    pub fn worst(&self) -> &Violation {
        if self.row.size >= self.bound.size { &self.row } else { &self.bound }
    }
}

impl Violation {
    fn raise(&mut self, size: f64, name: &str, stage: usize) {
        if size > self.size {
            self.size = size;
            self.stage = stage;
            if self.name != name {
                name.clone_into(&mut self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lp::{Column, Lag, Row};
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
        let good = Certificate::of(&problem(), array![[3.0, 1.0]].view());
        assert_eq!((good.row.size, good.bound.size), (0.0, 0.0));
        assert_eq!(problem().objective(array![[3.0, 1.0]].view(), &[]), 8.0);

        let bad = Certificate::of(&problem(), array![[3.0, 1.5]].view());
        assert_eq!(bad.worst(), &Violation { size: 0.5, name: "r".into(), stage: 1 });
        assert_eq!(bad.bound, Violation { size: 0.5, name: "x".into(), stage: 1 });
        assert_eq!(bad.row_residuals, [0.5]);
    }

    #[test]
    fn no_number_is_infinitely_wrong() {
        let lost = Certificate::of(&problem(), array![[f64::NAN, 1.0]].view());
        assert_eq!(lost.bound.size, f64::INFINITY);
        assert_eq!(lost.row.size, f64::INFINITY);
    }
}
