//! Joint closing of balances that are coupled by links or by terms over all steps.
//!
//! A site that gets its electricity over a cable has no import of its own to close its balance; and an import with a
//! demand charge, or with a limit on its energy or CO2, cannot be decided step by step. Such balances are closed
//! jointly by an LP of their closing columns and links, with everything else fixed, chosen capacities included.

use anergy_lp::{
    Backend, Column, ColumnId, GlobalColumn, GlobalRowId, Lag, LpError, Row, RowId, Solution, Solver, StagedProblem,
};
use ndarray::Array2;

use super::layout::DispatchLayout;
use super::price::{ClosingRow, FixedCapacities, fixed_activity};

/// A group of coupled balances with the LP that closes them.
pub(super) struct JointBalances {
    /// Rows of the district's problem, with their terms of fixed columns.
    rows: Vec<(usize, Vec<usize>)>,
    /// Columns of the district's problem that close the balances; they are the first columns of the small problem, in
    /// this order.
    columns: Vec<usize>,
    /// Columns under a chosen capacity, with the index of the capacity limit.
    limited: Vec<(ColumnId, usize)>,
    /// Limits of the district's problem, in the order of the small problem.
    limits: Vec<usize>,
    problem: StagedProblem,
    solver: Box<dyn Solver>,
    solution: Solution,
}

/// Prices of violations, EUR per kWh.
#[derive(Debug, Clone, Copy)]
pub(super) struct Penalties {
    /// Price of energy above a limit on the whole time.
    pub(super) over_limit_eur: f64,
    /// Price of an imbalance.
    pub(super) imbalance_eur: f64,
}

impl JointBalances {
    /// Returns the groups of balances that are coupled by `links` (columns) or by terms over all steps and contain a
    /// row of `closing`, and removes those rows from `closing`.
    pub(super) fn of(
        layout: &DispatchLayout,
        links: &[usize],
        closing: &mut Vec<ClosingRow>,
        penalties: Penalties,
        backend: &dyn Backend,
    ) -> Result<Vec<Self>, LpError> {
        let couplings = Couplings::of(layout, links);
        let mut groups = Vec::new();
        while let Some(position) = closing.iter().position(|row| couplings.is_coupled(row)) {
            let (rows, links) = couplings.group(closing[position].row());
            closing.retain(|row| !rows.contains(&row.row()));
            groups.push(Self::new(layout, &rows, links, penalties, backend)?);
        }
        Ok(groups)
    }

    /// Sets up the LP of one group.
    fn new(
        layout: &DispatchLayout,
        rows: &[usize],
        links: Vec<usize>,
        penalties: Penalties,
        backend: &dyn Backend,
    ) -> Result<Self, LpError> {
        let (problem, capacity_limits) = (&layout.problem, &layout.shared.capacity_limits);
        let mut columns = links;
        let closing = ClosingRow::of(problem, capacity_limits, rows.iter().copied());
        columns.extend(closing.iter().flat_map(ClosingRow::columns));
        let mut small = StagedProblem::new("balances tied together", problem.stages());
        for &row in rows {
            small.add_row(Row::equal(problem.rows()[row].name.clone(), vec![0.0; problem.stages()]));
        }
        for &column in &columns {
            small.add_column(problem.columns()[column].clone());
        }
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
                let cost = (penalties.imbalance_eur * layout.step_hours).into();
                let column = small.add_column(Column { name, lower, upper, cost });
                small.add_term(RowId(index), column, Lag::Same, sign);
            }
        }
        add_peaks(layout, &columns, &mut small);
        let limits = add_limits(layout, &columns, penalties.over_limit_eur, &mut small);
        let cap = |column: usize| capacity_limits.iter().position(|cap| cap.column.0 == column);
        let limited = columns.iter().enumerate().filter_map(|(own, &column)| Some((ColumnId(own), cap(column)?)));
        let limited = limited.collect();
        let other_terms = |row: usize| {
            let of_row = problem.terms().iter().enumerate().filter(|(_, term)| term.row.0 == row);
            of_row.filter(|(_, term)| !columns.contains(&term.column.0)).map(|(index, _)| index).collect()
        };
        let rows = rows.iter().map(|&row| (row, other_terms(row))).collect();
        let (solver, solution) = (backend.prepare(&small)?, Solution::zeros(&small));
        Ok(Self { rows, columns, limited, limits, solver, problem: small, solution })
    }

    /// Sets the closing columns such that the rows hold at the least cost; returns the remaining imbalance, the sum of
    /// kW over steps.
    pub(super) fn close(&mut self, capacities: FixedCapacities<'_>, values: &mut Array2<f64>) -> Result<f64, LpError> {
        let problem = capacities.problem;
        for &(own, cap) in &self.limited {
            let column = self.columns[own.0];
            let stages = 0..problem.stages();
            let lower = stages.clone().map(|stage| problem.columns()[column].lower.at(stage));
            let upper = stages.map(|stage| capacities.upper(column, Some(cap), stage));
            self.problem.set_bounds(own, lower, upper);
        }
        for (index, &limit) in self.limits.iter().enumerate() {
            let others = problem.sum_terms().iter().filter(|term| term.row.0 == limit);
            let others = others.filter(|term| !self.columns.contains(&term.column.0)).map(|term| {
                let values = values.row(term.column.0);
                values.iter().enumerate().map(|(stage, value)| term.coefficient.at(stage) * value).sum::<f64>()
            });
            let left = problem.global_rows()[limit].upper - others.sum::<f64>();
            self.problem.set_global_range(GlobalRowId(index), f64::NEG_INFINITY, left);
        }
        for (index, (row, other_terms)) in self.rows.iter().enumerate() {
            let rhs = &problem.rows()[*row].lower;
            let need = (0..problem.stages())
                .map(|stage| rhs.at(stage) - fixed_activity(problem, other_terms, values.view(), stage));
            self.problem.set_sums(RowId(index), need);
        }
        self.solver.solve(&self.problem, &mut self.solution)?;
        let rows = self.solution.values.rows();
        for (row, &column) in rows.into_iter().zip(&self.columns) {
            values.row_mut(column).assign(&row);
        }
        let imbalance = self.solution.values.rows().into_iter().skip(self.columns.len());
        // Imbalances within the solver's tolerance are ignored.
        Ok(imbalance.take(2 * self.rows.len()).flatten().filter(|imbalance| **imbalance > 1e-7).sum())
    }
}

/// Adds the demand charges of `columns`, as in the district's problem.
fn add_peaks(layout: &DispatchLayout, columns: &[usize], small: &mut StagedProblem) {
    for (column, peak) in &layout.shared.peaks {
        let Some(own) = columns.iter().position(|known| *known == column.0).map(ColumnId) else { continue };
        let global = layout.problem.global_columns()[peak.0].clone();
        let name = format!("within {}", global.name);
        let peak = small.add_global_column(global);
        let row = small.add_row(Row { name, lower: f64::NEG_INFINITY.into(), upper: 0.0.into() });
        small.add_term(row, own, Lag::Same, 1.0);
        small.add_spread_term(row, peak, -1.0);
    }
}

/// Adds the limits on `columns`, which may be exceeded at a price; returns their indices in the district's problem.
fn add_limits(
    layout: &DispatchLayout,
    columns: &[usize],
    over_limit_eur: f64,
    small: &mut StagedProblem,
) -> Vec<usize> {
    let mut limits = Vec::new();
    for (index, row) in layout.problem.global_rows().iter().enumerate() {
        let own = |column: ColumnId| columns.iter().position(|known| *known == column.0).map(ColumnId);
        let terms = layout.problem.sum_terms().iter().filter(|term| term.row.0 == index);
        let terms: Vec<_> = terms.filter_map(|term| Some((own(term.column)?, &term.coefficient))).collect();
        if terms.is_empty() {
            continue;
        }
        let limit = small.add_global_row(row.clone());
        let mut largest = 0.0_f64;
        for (column, coefficient) in terms {
            largest = (0..small.stages()).map(|stage| coefficient.at(stage)).fold(largest, f64::max);
            small.add_sum_term(limit, column, coefficient.clone());
        }
        if largest > 0.0 {
            // As in `DispatchLayout::over_limits`: the price refers to the energy of the step with the largest use of
            // the limit per kWh.
            let cost = over_limit_eur * layout.step_hours / largest;
            let name = format!("over {}", row.name);
            let over = small.add_global_column(GlobalColumn { name, lower: 0.0, upper: f64::INFINITY, cost });
            small.add_global_term(limit, over, -1.0);
        }
        limits.push(index);
    }
    limits
}

/// The links and limits that couple balances.
struct Couplings<'a> {
    layout: &'a DispatchLayout,
    links: &'a [usize],
    /// Balances with their closing columns.
    balances: Vec<ClosingRow>,
}

impl<'a> Couplings<'a> {
    /// Collects the balances with their closing columns.
    fn of(layout: &'a DispatchLayout, links: &'a [usize]) -> Self {
        let rows = layout.balances.iter().map(|balance| balance.row.0);
        Self { layout, links, balances: ClosingRow::of(&layout.problem, &layout.shared.capacity_limits, rows) }
    }

    /// Returns the rows at the ends of a link.
    fn ends(&self, link: usize) -> impl Iterator<Item = usize> {
        self.layout.problem.terms().iter().filter(move |term| term.column.0 == link).map(|term| term.row.0)
    }

    /// Returns the limits on the whole time that apply to a closing column of the row.
    fn limits(&self, row: &ClosingRow) -> Vec<usize> {
        let terms = self.layout.problem.sum_terms().iter();
        let of_row = terms.filter(|term| row.columns().any(|column| column == term.column.0));
        of_row.map(|term| term.row.0).collect()
    }

    /// Returns whether a row has a demand charge, a link, or a limit on the whole time.
    fn is_coupled(&self, row: &ClosingRow) -> bool {
        let peak = self.layout.shared.peaks.iter().any(|(column, _)| row.columns().any(|known| known == column.0));
        let linked = self.links.iter().any(|&link| self.ends(link).any(|end| end == row.row()));
        peak || linked || !self.limits(row).is_empty()
    }

    /// Returns all rows coupled to `first`, itself the first, and the links among them.
    fn group(&self, first: usize) -> (Vec<usize>, Vec<usize>) {
        let (mut rows, mut links) = (vec![first], Vec::new());
        loop {
            // A link with one end in the group extends the group by its other end.
            let next = self
                .links
                .iter()
                .find(|&&link| !links.contains(&link) && self.ends(link).any(|end| rows.contains(&end)));
            if let Some(&link) = next {
                links.push(link);
                for end in self.ends(link) {
                    if !rows.contains(&end) {
                        rows.push(end);
                    }
                }
                continue;
            }
            // A limit on a row of the group extends the group by all rows under the same limit.
            let own = self.balances.iter().filter(|balance| rows.contains(&balance.row()));
            let limits: Vec<usize> = own.flat_map(|balance| self.limits(balance)).collect();
            let other = self.balances.iter().find(|balance| {
                !rows.contains(&balance.row()) && self.limits(balance).iter().any(|limit| limits.contains(limit))
            });
            match other {
                Some(balance) => rows.push(balance.row()),
                None => return (rows, links),
            }
        }
    }
}
