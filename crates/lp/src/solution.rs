//! Solutions of a problem: primal values and dual values.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::StagedProblem;

/// A primal solution with its objective: one value per column (first axis) and stage (second axis).
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Values of the columns, shape (columns, stages).
    pub values: Array2<f64>,
    /// Values of the global columns.
    pub globals: Vec<f64>,
    /// Objective at these values, computed from the costs of the problem.
    pub objective: f64,
    /// Dual solution; `None` from solvers that return none.
    pub duals: Option<Duals>,
}

/// The dual solution: duals of the rows and reduced costs of the columns.
///
/// The dual y of a row is the change of the optimal objective per unit by which the row's sum must rise: y > 0 where
/// the least sum binds, y < 0 where the largest sum binds. The reduced cost of column j is `d_j = c_j + q_j x_j - sum
/// over rows i of a_ij y_i`: d > 0 where the lower bound binds, d < 0 where the upper bound binds.
/// [`StagedProblem::reduced_costs`] computes the reduced costs from the row duals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duals {
    /// Duals of the rows, shape (rows, stages).
    pub rows: Array2<f64>,
    /// Duals of the global rows.
    pub global_rows: Vec<f64>,
    /// Reduced costs of the columns, shape (columns, stages).
    pub reduced_costs: Array2<f64>,
    /// Reduced costs of the global columns.
    pub global_reduced_costs: Vec<f64>,
}

impl Solution {
    /// Creates a solution of zeros without duals, in the shape of `problem`; solvers write their result into it.
    #[must_use]
    pub fn zeros(problem: &StagedProblem) -> Self {
        Self {
            values: Array2::zeros((problem.columns().len(), problem.stages())),
            globals: vec![0.0; problem.global_columns().len()],
            objective: 0.0,
            duals: None,
        }
    }
}

impl Duals {
    /// Creates duals of zeros in the shape of `problem`.
    #[must_use]
    pub fn zeros(problem: &StagedProblem) -> Self {
        Self {
            rows: Array2::zeros((problem.rows().len(), problem.stages())),
            global_rows: vec![0.0; problem.global_rows().len()],
            reduced_costs: Array2::zeros((problem.columns().len(), problem.stages())),
            global_reduced_costs: vec![0.0; problem.global_columns().len()],
        }
    }
}
