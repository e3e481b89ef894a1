//! Where the rows of a stage and its neighbours stand while the stage is eliminated.

use super::elimination::EliminationPlan;
use super::problem_data::ProblemData;

/// Where rows stand while a stage is eliminated: its static rows, its dynamic ones, those of the next stage, the separator's.
#[derive(Debug)]
pub(super) struct EliminationLayout {
    pub(super) columns: usize,
    pub(super) statics: usize,
    pub(super) dynamics: usize,
    pub(super) blocks: usize,
    pub(super) lanes: usize,
    /// Rows of the form in this order.
    pub(super) order: Vec<usize>,
    /// For each row of the form its place.
    places: Vec<usize>,
}

impl EliminationLayout {
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

    pub(super) fn rows(&self) -> usize {
        self.order.len()
    }

    pub(super) fn width(&self) -> usize {
        self.separator(self.dynamics)
    }

    /// Place of a dynamic row of the next stage.
    pub(super) fn next(&self, dynamic: usize) -> usize {
        self.rows() + dynamic
    }

    /// Place of a dynamic row of the lane's first stage.
    pub(super) fn separator(&self, dynamic: usize) -> usize {
        self.rows() + self.dynamics + dynamic
    }

    /// Place of a row of the stage itself, which in a lane's first one may belong to the separator.
    pub(super) fn own(&self, row: usize, block: usize) -> usize {
        let place = self.places[row];
        if block == 0 && place >= self.statics { place + 2 * self.dynamics } else { place }
    }

    /// Place of a row of the next stage.
    pub(super) fn after(&self, row: usize) -> usize {
        self.places[row] + self.dynamics
    }

    /// How many steps eliminate rows of the stage itself.
    pub(super) fn own_steps(&self, block: usize) -> usize {
        if block == 0 { self.statics } else { self.rows() }
    }

    /// Place of an entry of a column handed on, in the stage that takes it.
    pub(super) fn received(&self, entry: usize) -> usize {
        if entry < self.dynamics { self.statics + entry } else { self.rows() + entry }
    }

    /// The plan of a lane's first stage or of any other, given where the columns handed on stand.
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

    /// The plans of a lane's first stage and of any other: what is handed on grows until it stands where it is taken from.
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

    /// Marks where the columns that a stage hands on stand; whether any mark is new.
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
