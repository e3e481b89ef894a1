//! Closing balances that links tie together: what one site lacks, another may import for it.
//!
//! A site that gets its electricity over a cable has no import of its own to close its balance with. The balances that links
//! connect are closed together, in each step by itself: an LP of their closing columns and links, with everything else fixed.

use ndarray::Array2;

use super::price::{ClosingRow, Sized, fixed_activity};
use super::shared::Cap;
use crate::lp::{Backend, Column, ColumnId, Lag, LpError, Row, RowId, Solution, Solver, StagedProblem};

/// Balances tied together by links.
pub(super) struct LinkedRows {
    /// Rows of the district's problem, with their terms that stay.
    rows: Vec<(usize, Vec<usize>)>,
    /// Columns of the district's problem that give way; in the small problem they come first, in this order.
    columns: Vec<usize>,
    /// Those that a chosen capacity limits, with the index of the cap.
    capped: Vec<(ColumnId, usize)>,
    problem: StagedProblem,
    solver: Box<dyn Solver>,
    solution: Solution,
}

impl LinkedRows {
    /// The groups of balances that `links` (columns) tie together and of which one must be closed; those rows are taken out of
    /// `closing`. What stays open costs `open_eur` per unit.
    pub(super) fn of(
        problem: &StagedProblem,
        caps: &[Cap],
        links: &[usize],
        closing: &mut Vec<ClosingRow>,
        open_eur: f64,
        backend: &dyn Backend,
    ) -> Result<Vec<Self>, LpError> {
        let ends =
            |link: usize| problem.terms().iter().filter(move |term| term.column.0 == link).map(|term| term.row.0);
        let mut groups = Vec::new();
        while let Some(position) =
            closing.iter().position(|row| links.iter().any(|&link| ends(link).any(|end| end == row.row())))
        {
            let mut rows = vec![closing[position].row()];
            let mut tied = Vec::new();
            // Whatever a link of the group touches belongs to it.
            while let Some(&link) =
                links.iter().find(|&&link| !tied.contains(&link) && ends(link).any(|end| rows.contains(&end)))
            {
                tied.push(link);
                for end in ends(link) {
                    if !rows.contains(&end) {
                        rows.push(end);
                    }
                }
            }
            closing.retain(|row| !rows.contains(&row.row()));
            groups.push(Self::new(problem, caps, &rows, tied, open_eur, backend)?);
        }
        Ok(groups)
    }

    fn new(
        problem: &StagedProblem,
        caps: &[Cap],
        rows: &[usize],
        links: Vec<usize>,
        open_eur: f64,
        backend: &dyn Backend,
    ) -> Result<Self, LpError> {
        let mut columns = links;
        let closing = ClosingRow::of(problem, caps, rows.iter().copied());
        columns.extend(closing.iter().flat_map(ClosingRow::columns));
        let mut small = StagedProblem::new("balances tied by links", problem.stages());
        for &row in rows {
            small.add_row(Row::equal(problem.rows()[row].name.clone(), vec![0.0; problem.stages()]));
        }
        for &column in &columns {
            small.add_column(problem.columns()[column].clone());
        }
        let cap = |column: usize| caps.iter().position(|cap| cap.column.0 == column);
        let capped = columns.iter().enumerate().filter_map(|(own, &column)| Some((ColumnId(own), cap(column)?)));
        let capped = capped.collect();
        let position = |row: usize| rows.iter().position(|known| *known == row).map(RowId);
        for term in problem.terms() {
            let column = columns.iter().position(|known| *known == term.column.0).map(ColumnId);
            if let (Some(row), Some(column)) = (position(term.row.0), column) {
                small.add_term(row, column, Lag::Same, term.coefficient.clone());
            }
        }
        for (index, &row) in rows.iter().enumerate() {
            for (what, sign) in [("lack", 1.0), ("excess", -1.0)] {
                let name = format!("{what} {}", problem.rows()[row].name);
                let (lower, upper) = (0.0.into(), f64::INFINITY.into());
                let column = small.add_column(Column { name, lower, upper, cost: open_eur.into() });
                small.add_term(RowId(index), column, Lag::Same, sign);
            }
        }
        let stays = |row: usize| {
            let of_row = problem.terms().iter().enumerate().filter(|(_, term)| term.row.0 == row);
            of_row.filter(|(_, term)| !columns.contains(&term.column.0)).map(|(index, _)| index).collect()
        };
        let rows = rows.iter().map(|&row| (row, stays(row))).collect();
        let solution = Solution::zeros(&small);
        Ok(Self { rows, columns, capped, solver: backend.prepare(&small)?, problem: small, solution })
    }

    /// Sets the columns that give way so that the rows hold at the least cost; returns what remains open, sum of kW over steps.
    pub(super) fn close(&mut self, sized: Sized<'_>, values: &mut Array2<f64>) -> Result<f64, LpError> {
        let problem = sized.problem;
        for &(own, cap) in &self.capped {
            let column = self.columns[own.0];
            let stages = 0..problem.stages();
            let lower = stages.clone().map(|stage| problem.columns()[column].lower.at(stage));
            let upper = stages.map(|stage| sized.upper(column, Some(cap), stage));
            self.problem.set_bounds(own, lower, upper);
        }
        for (index, (row, stays)) in self.rows.iter().enumerate() {
            let rhs = &problem.rows()[*row].lower;
            let need =
                (0..problem.stages()).map(|stage| rhs.at(stage) - fixed_activity(problem, stays, values.view(), stage));
            self.problem.set_sums(RowId(index), need);
        }
        self.solver.solve(&self.problem, &mut self.solution)?;
        let rows = self.solution.values.rows();
        for (row, &column) in rows.into_iter().zip(&self.columns) {
            values.row_mut(column).assign(&row);
        }
        let open = self.solution.values.rows().into_iter().skip(self.columns.len());
        // What a solver's tolerance leaves is nothing.
        Ok(open.flatten().filter(|open| **open > 1e-7).sum())
    }
}
