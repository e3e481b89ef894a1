//! An answer: values, and what the rows are worth at them.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::StagedProblem;

/// An answer: one value for each column (first axis) in each stage (second axis), and its objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Column values, shape (columns, stages).
    pub values: Array2<f64>,
    /// Values of the global columns.
    pub globals: Vec<f64>,
    /// Objective at these values, computed from the problem's costs.
    pub objective: f64,
    /// What the rows are worth, from solvers that tell.
    pub duals: Option<Duals>,
}

/// Marginal values at an answer.
///
/// A row's dual y is the change of the least cost per unit that the row's sum must rise: y > 0 where its least sum binds, y < 0
/// where its largest does. The reduced cost of column j is `d_j = c_j + q_j x_j - sum over rows i of a_ij y_i`: d > 0 where
/// its lower bound binds, d < 0 where its upper bound does. [`StagedProblem::reduced_costs`] computes the latter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duals {
    /// Of the rows, shape (rows, stages).
    pub rows: Array2<f64>,
    /// Of the global rows.
    pub global_rows: Vec<f64>,
    /// Of the columns, shape (columns, stages).
    pub reduced_costs: Array2<f64>,
    /// Of the global columns.
    pub global_reduced_costs: Vec<f64>,
}

impl Solution {
    /// All values zero, without duals: the shape that a solver writes into.
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
    /// All zero, in the shape of `problem`.
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
