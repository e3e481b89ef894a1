//! The positions of rows during the elimination of a stage.
//!
//! The rows of a stage come in the order: its static rows, its dynamic rows, the dynamic rows of the next stage, and
//! those of the separator (the first stage of the lane).

use super::elimination::EliminationPlan;
use super::problem_data::ProblemData;

/// The positions of rows during the elimination of a stage.
#[derive(Debug)]
pub(super) struct EliminationLayout {
    pub(super) columns: usize,
    /// Number of static rows.
    pub(super) statics: usize,
    /// Number of dynamic rows.
    pub(super) dynamics: usize,
    pub(super) blocks: usize,
    pub(super) lanes: usize,
    /// Rows of the standard form in the order of their positions.
    pub(super) order: Vec<usize>,
    /// Position of each row of the standard form.
    places: Vec<usize>,
}

impl EliminationLayout {
    /// Orders the rows of `data`.
    pub(super) fn new(data: &ProblemData) -> Self {
        let is_dynamic = |&row: &usize| data.lagged.iter().any(|lagged| lagged.row == row);
        let (dynamic, mut order): (Vec<usize>, Vec<usize>) = (0..data.rows).partition(is_dynamic);
        let statics = order.len();
        order.extend(&dynamic);
        let mut places = vec![0; data.rows];
        order.iter().enumerate().for_each(|(place, &row)| places[row] = place);
        let (columns, cut) = (data.columns, data.lane_layout);
        Self { columns, statics, dynamics: dynamic.len(), blocks: cut.blocks, lanes: cut.lanes, order, places }
    }

    /// Returns the number of rows of a stage.
    pub(super) fn rows(&self) -> usize {
        self.order.len()
    }

    /// Returns the number of positions.
    pub(super) fn width(&self) -> usize {
        self.separator(self.dynamics)
    }

    /// Returns the position of a dynamic row of the next stage.
    pub(super) fn next(&self, dynamic: usize) -> usize {
        self.rows() + dynamic
    }

    /// Returns the position of a dynamic row of the separator.
    pub(super) fn separator(&self, dynamic: usize) -> usize {
        self.rows() + self.dynamics + dynamic
    }

    /// Returns the position of a row of the stage itself; in the first stage of a lane, a dynamic row belongs to the
    /// separator.
    pub(super) fn own(&self, row: usize, block: usize) -> usize {
        let place = self.places[row];
        if block == 0 && place >= self.statics { place + 2 * self.dynamics } else { place }
    }

    /// Returns the position of a row of the standard form in the next stage.
    pub(super) fn after(&self, row: usize) -> usize {
        self.places[row] + self.dynamics
    }

    /// Returns the number of steps that eliminate rows of the stage itself.
    pub(super) fn own_steps(&self, block: usize) -> usize {
        if block == 0 { self.statics } else { self.rows() }
    }

    /// Returns the position, in the receiving stage, of an entry of a column passed on.
    pub(super) fn received(&self, entry: usize) -> usize {
        if entry < self.dynamics { self.statics + entry } else { self.rows() + entry }
    }

    /// Returns the plan of the first stage of a lane (block 0) or of any other, given the entries of the columns passed
    /// on.
    fn plan(&self, data: &ProblemData, block: usize, passed_on: &[Vec<bool>]) -> EliminationPlan {
        let mut pattern = vec![vec![false; self.width()]; self.columns];
        for (column, entries) in data.entries.iter().enumerate() {
            entries.iter().for_each(|entry| pattern[column][self.own(entry.row, block)] = true);
        }
        for lagged in &data.lagged {
            pattern[lagged.column][self.after(lagged.row)] = true;
        }
        for column in passed_on {
            let mut received = vec![false; self.width()];
            column.iter().enumerate().for_each(|(entry, &stands)| received[self.received(entry)] = stands);
            pattern.push(received);
        }
        let own = if block == 0 { self.statics } else { self.rows() };
        let groups =
            [0..self.statics, self.statics..own, self.rows()..self.separator(0), self.separator(0)..self.width()];
        EliminationPlan::new(pattern, &groups)
    }

    /// Returns the plans of the first stage of a lane and of any other. The entries of the columns passed on grow until
    /// they no longer change.
    pub(super) fn plans(&self, data: &ProblemData) -> [EliminationPlan; 2] {
        let mut passed_on = vec![vec![false; 2 * self.dynamics]; 2 * self.dynamics];
        let first = self.plan(data, 0, &passed_on);
        self.pass_on(&first, 0, &mut passed_on);
        loop {
            let plan = self.plan(data, 1, &passed_on);
            if !self.pass_on(&plan, 1, &mut passed_on) {
                return [first, plan];
            }
        }
    }

    /// Marks the entries of the columns that a stage passes on; returns whether any mark is new.
    fn pass_on(&self, plan: &EliminationPlan, block: usize, passed_on: &mut [Vec<bool>]) -> bool {
        let mut grown = false;
        for step in &plan.steps[self.own_steps(block)..] {
            let column = &mut passed_on[step.pivot - self.rows()];
            let mut rows = step.rows.iter().chain([&step.pivot]).map(|row| row - self.rows());
            if !step.columns.is_empty() {
                rows.by_ref().for_each(|row| grown |= !std::mem::replace(&mut column[row], true));
            }
        }
        grown
    }
}
