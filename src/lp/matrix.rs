//! A staged problem laid out as one sparse matrix, for solvers that know nothing of stages.

use super::StagedProblem;

/// Column-compressed matrix of a whole staged problem, with its bounds, costs and row ranges. Column `stage * k + c`
/// is column `c` of the pattern in stage `stage` (k columns a stage); rows likewise.
///
/// The layout is computed once; [`Matrix::refresh`] copies new numbers into it without allocating.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Start of each column among the entries, one more than columns.
    pub starts: Vec<i32>,
    /// Row of each entry, ascending within a column.
    pub rows: Vec<i32>,
    /// Value of each entry.
    pub values: Vec<f64>,
    /// Lower bounds of the columns.
    pub lower: Vec<f64>,
    /// Upper bounds of the columns.
    pub upper: Vec<f64>,
    /// Costs of the columns.
    pub costs: Vec<f64>,
    /// Least sums of the rows.
    pub row_lower: Vec<f64>,
    /// Largest sums of the rows.
    pub row_upper: Vec<f64>,
    /// For each entry, its term and the stage of its row.
    origins: Vec<(u32, u32)>,
}

impl Matrix {
    /// Lays out `problem`; `None` when it has more entries, rows or columns than 32-bit indices can tell apart.
    #[must_use]
    pub fn new(problem: &StagedProblem) -> Option<Self> {
        let (stages, columns, rows) = (problem.stages(), problem.columns().len(), problem.rows().len());
        i32::try_from(stages.checked_mul(columns.max(rows))?).ok()?;
        i32::try_from(stages.checked_mul(problem.terms().len())?).ok()?;
        let mut matrix = Self {
            starts: Vec::with_capacity(stages * columns + 1),
            rows: Vec::with_capacity(stages * problem.terms().len()),
            values: Vec::new(),
            lower: vec![0.0; stages * columns],
            upper: vec![0.0; stages * columns],
            costs: vec![0.0; stages * columns],
            row_lower: vec![0.0; stages * rows],
            row_upper: vec![0.0; stages * rows],
            origins: Vec::with_capacity(stages * problem.terms().len()),
        };
        let index = |value: usize| i32::try_from(value).ok();
        let mut entries: Vec<(usize, usize, usize)> = Vec::new();
        for stage in 0..stages {
            for column in 0..columns {
                matrix.starts.push(index(matrix.rows.len())?);
                entries.clear();
                for (term_index, term) in problem.terms().iter().enumerate() {
                    if term.column.0 == column
                        && let Some(row_stage) = term.lag.row_stage(stage, stages)
                    {
                        entries.push((row_stage * rows + term.row.0, term_index, row_stage));
                    }
                }
                entries.sort_unstable();
                for &(row, term_index, row_stage) in &entries {
                    matrix.rows.push(index(row)?);
                    matrix.origins.push((u32::try_from(term_index).ok()?, u32::try_from(row_stage).ok()?));
                }
            }
        }
        matrix.starts.push(index(matrix.rows.len())?);
        matrix.values = vec![0.0; matrix.rows.len()];
        matrix.refresh(problem);
        Some(matrix)
    }

    /// Copies the numbers of `problem`, whose pattern must be the one this layout was made for.
    pub fn refresh(&mut self, problem: &StagedProblem) {
        let (columns, rows) = (problem.columns().len(), problem.rows().len());
        debug_assert_eq!(self.lower.len(), problem.stages() * columns, "the pattern this layout was made for");
        for (value, &(term, stage)) in self.values.iter_mut().zip(&self.origins) {
            *value = problem.terms()[term as usize].coefficient.at(stage as usize);
        }
        for stage in 0..problem.stages() {
            for (index, column) in problem.columns().iter().enumerate() {
                let at = stage * columns + index;
                self.lower[at] = column.lower.at(stage);
                self.upper[at] = column.upper.at(stage);
                self.costs[at] = column.cost.at(stage);
            }
            for (index, row) in problem.rows().iter().enumerate() {
                self.row_lower[stage * rows + index] = row.lower.at(stage);
                self.row_upper[stage * rows + index] = row.upper.at(stage);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lp::{Column, Lag, Row};

    #[test]
    fn lags_and_swapped_coefficients_land_where_they_belong() {
        let mut problem = StagedProblem::new("store", 3);
        let column = |name: &str| Column { name: name.into(), lower: 0.0.into(), upper: 9.0.into(), cost: 0.0.into() };
        let charge = problem.add_column(column("charge"));
        let level = problem.add_column(column("level"));
        let balance = problem.add_row(Row::equal("level", 0.0));
        problem.add_term(balance, level, Lag::Same, 1.0);
        problem.add_term(balance, level, Lag::PreviousCyclic, vec![-0.1, -0.2, -0.3]);
        let eta = problem.add_term(balance, charge, Lag::Same, -1.0);

        let mut matrix = Matrix::new(&problem).unwrap();
        assert_eq!(matrix.starts, [0, 1, 3, 4, 6, 7, 9]);
        assert_eq!(matrix.rows, [0, 0, 1, 1, 1, 2, 2, 0, 2]);
        assert_eq!(matrix.values, [-1.0, 1.0, -0.2, -1.0, 1.0, -0.3, -1.0, -0.1, 1.0]);

        problem.set_coefficients(eta, [-4.0, -5.0, -6.0].into_iter());
        matrix.refresh(&problem);
        assert_eq!([matrix.values[0], matrix.values[3], matrix.values[6]], [-4.0, -5.0, -6.0]);
    }

    #[test]
    fn a_single_cyclic_stage_keeps_both_entries_of_a_column() {
        let mut problem = StagedProblem::new("one", 1);
        let level =
            problem.add_column(Column { name: "level".into(), lower: 0.0.into(), upper: 1.0.into(), cost: 0.0.into() });
        let row = problem.add_row(Row::equal("level", 0.0));
        problem.add_term(row, level, Lag::Same, 1.0);
        problem.add_term(row, level, Lag::PreviousCyclic, -0.9);
        let matrix = Matrix::new(&problem).unwrap();
        assert_eq!((matrix.rows.as_slice(), matrix.values.as_slice()), (&[0, 0][..], &[1.0, -0.9][..]));
    }
}
