//! The staged problem as one sparse matrix, for solvers without a notion of stages.

use super::StagedProblem;
use super::problem::grouped;

/// The column-compressed matrix of a staged problem, with its bounds, costs and row ranges.
///
/// Column `stage * k + c` is column `c` of the pattern in stage `stage`, with k columns per stage; the global columns
/// follow. Rows are numbered likewise. The layout is computed once; [`Matrix::refresh`] copies new numbers into it
/// without allocating.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Start of each column among the entries; one more element than columns.
    pub starts: Vec<i32>,
    /// Row of each entry, ascending within a column.
    pub rows: Vec<i32>,
    /// Value of each entry.
    pub values: Vec<f64>,
    /// Lower bounds of the columns.
    pub lower: Vec<f64>,
    /// Upper bounds of the columns.
    pub upper: Vec<f64>,
    /// Linear costs of the columns; quadratic costs are not represented.
    pub costs: Vec<f64>,
    /// Least sums of the rows.
    pub row_lower: Vec<f64>,
    /// Largest sums of the rows.
    pub row_upper: Vec<f64>,
    origins: Vec<Origin>,
}

/// The source of an entry's value: the index of a term and, where it is a profile, the stage of the coefficient.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Origin {
    Term(u32, u32),
    Spread(u32, u32),
    Sum(u32, u32),
    Global(u32),
}

impl Matrix {
    /// Lays out `problem`; returns `None` if its entries, rows or columns exceed the range of 32-bit indices.
    #[must_use]
    pub fn new(problem: &StagedProblem) -> Option<Self> {
        let stages = problem.stages();
        let columns = stages.checked_mul(problem.columns().len())?.checked_add(problem.global_columns().len())?;
        let rows = stages.checked_mul(problem.rows().len())?.checked_add(problem.global_rows().len())?;
        let along = problem.terms().len() + problem.spread_terms().len() + problem.sum_terms().len();
        let entries = stages.checked_mul(along)?.checked_add(problem.global_terms().len())?;
        i32::try_from(columns.max(rows).max(entries)).ok()?;
        let mut matrix = Self {
            starts: Vec::with_capacity(columns + 1),
            rows: Vec::with_capacity(entries),
            values: Vec::new(),
            lower: vec![0.0; columns],
            upper: vec![0.0; columns],
            costs: vec![0.0; columns],
            row_lower: vec![0.0; rows],
            row_upper: vec![0.0; rows],
            origins: Vec::with_capacity(entries),
        };
        let mut entries: Vec<(i32, Origin)> = Vec::new();
        let terms = grouped(problem.columns().len(), problem.terms().iter().map(|term| term.column.0));
        let sums = grouped(problem.columns().len(), problem.sum_terms().iter().map(|term| term.column.0));
        for stage in 0..stages {
            for (terms, sums) in terms.iter().zip(&sums) {
                entries_of(problem, [terms, sums], stage, &mut entries)?;
                matrix.push_column(&mut entries)?;
            }
        }
        let global_columns = problem.global_columns().len();
        let spread = grouped(global_columns, problem.spread_terms().iter().map(|term| term.column.0));
        let terms = grouped(global_columns, problem.global_terms().iter().map(|term| term.column.0));
        for (spread, terms) in spread.iter().zip(&terms) {
            entries_of_global(problem, [spread, terms], &mut entries)?;
            matrix.push_column(&mut entries)?;
        }
        matrix.starts.push(i32::try_from(matrix.rows.len()).ok()?);
        matrix.values = vec![0.0; matrix.rows.len()];
        matrix.refresh(problem);
        Some(matrix)
    }

    /// Appends a column with the given entries, sorted by row; returns `None` if an index exceeds 32 bits.
    fn push_column(&mut self, entries: &mut Vec<(i32, Origin)>) -> Option<()> {
        self.starts.push(i32::try_from(self.rows.len()).ok()?);
        entries.sort_by_key(|(row, _)| *row);
        for (row, origin) in entries.drain(..) {
            self.rows.push(row);
            self.origins.push(origin);
        }
        Some(())
    }

    /// Copies the numbers of `problem`, whose pattern must be the one of this layout.
    pub fn refresh(&mut self, problem: &StagedProblem) {
        let (stages, columns, rows) = (problem.stages(), problem.columns().len(), problem.rows().len());
        debug_assert_eq!(self.lower.len(), stages * columns + problem.global_columns().len(), "the pattern laid out");
        for (value, origin) in self.values.iter_mut().zip(&self.origins) {
            *value = match *origin {
                Origin::Term(term, stage) => problem.terms()[term as usize].coefficient.at(stage as usize),
                Origin::Spread(term, stage) => problem.spread_terms()[term as usize].coefficient.at(stage as usize),
                Origin::Sum(term, stage) => problem.sum_terms()[term as usize].coefficient.at(stage as usize),
                Origin::Global(term) => problem.global_terms()[term as usize].coefficient,
            };
        }
        for stage in 0..stages {
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
        for (index, column) in problem.global_columns().iter().enumerate() {
            let at = stages * columns + index;
            (self.lower[at], self.upper[at], self.costs[at]) = (column.lower, column.upper, column.cost);
        }
        for (index, row) in problem.global_rows().iter().enumerate() {
            let at = stages * rows + index;
            (self.row_lower[at], self.row_upper[at]) = (row.lower, row.upper);
        }
    }
}

/// Collects row and origin of the entries of a column in one stage, from the positions of its terms and of its sum
/// terms; returns `None` if an index exceeds 32 bits.
fn entries_of(
    problem: &StagedProblem,
    [terms, sums]: [&[usize]; 2],
    stage: usize,
    entries: &mut Vec<(i32, Origin)>,
) -> Option<()> {
    let (stages, rows) = (problem.stages(), problem.rows().len());
    for &index in terms {
        let term = &problem.terms()[index];
        if let Some(row_stage) = term.lag.row_stage(stage, stages) {
            let row = i32::try_from(row_stage * rows + term.row.0).ok()?;
            entries.push((row, Origin::Term(u32::try_from(index).ok()?, u32::try_from(row_stage).ok()?)));
        }
    }
    for &index in sums {
        let row = i32::try_from(stages * rows + problem.sum_terms()[index].row.0).ok()?;
        entries.push((row, Origin::Sum(u32::try_from(index).ok()?, u32::try_from(stage).ok()?)));
    }
    Some(())
}

/// Collects row and origin of the entries of a global column, from the positions of its spread terms and of its terms
/// in global rows; returns `None` if an index exceeds 32 bits.
fn entries_of_global(
    problem: &StagedProblem,
    [spread, terms]: [&[usize]; 2],
    entries: &mut Vec<(i32, Origin)>,
) -> Option<()> {
    let (stages, rows) = (problem.stages(), problem.rows().len());
    for &index in spread {
        let term = &problem.spread_terms()[index];
        for stage in 0..stages {
            let row = i32::try_from(stage * rows + term.row.0).ok()?;
            entries.push((row, Origin::Spread(u32::try_from(index).ok()?, u32::try_from(stage).ok()?)));
        }
    }
    for &index in terms {
        let row = i32::try_from(stages * rows + problem.global_terms()[index].row.0).ok()?;
        entries.push((row, Origin::Global(u32::try_from(index).ok()?)));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::Lines;
    use crate::test_problems::capacity_and_limit;
    use crate::{Column, Lag, Row};
    use ndarray::Array2;

    #[test]
    fn lagged_and_replaced_coefficients_have_their_positions() {
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

    /// The products of the matrix equal the row activities of the staged problem, global rows included.
    #[test]
    fn global_columns_and_rows_follow_the_stages() {
        let problem = capacity_and_limit(3);
        let matrix = Matrix::new(&problem).unwrap();
        let (stages, columns, rows) = (3, problem.columns().len(), problem.rows().len());
        let x: Vec<f64> = (0..matrix.lower.len()).map(|index| 1.0 + index as f64).collect();
        let mut sums = vec![0.0; matrix.row_lower.len()];
        for (column, entries) in matrix.starts.windows(2).enumerate() {
            let entries = entries[0] as usize..entries[1] as usize;
            assert!(matrix.rows[entries.clone()].is_sorted());
            for entry in entries {
                sums[matrix.rows[entry] as usize] += matrix.values[entry] * x[column];
            }
        }
        let values = Array2::from_shape_fn((columns, stages), |(column, stage)| x[stage * columns + column]);
        let (expected, expected_global) = problem.activities(&Lines::of(&values.view()), &x[stages * columns..]);
        for row in 0..rows {
            for (stage, expected) in expected.line(row).iter().enumerate() {
                assert!((sums[stage * rows + row] - expected).abs() < 1e-9);
            }
        }
        assert!((sums[stages * rows] - expected_global[0]).abs() < 1e-9);
        assert_eq!(matrix.costs[stages * columns..], [0.9, 2.0]);
        assert_eq!((matrix.upper[stages * columns], matrix.row_upper[stages * rows]), (20.0, 9.0));
    }
}
