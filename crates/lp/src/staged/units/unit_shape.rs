//! The pattern of a unit, and the positions of its rows during the elimination of a stage.
//!
//! The positions come in the order: the unit's static rows of the stage, its dynamic rows, its dynamic rows of the next
//! stage, one auxiliary position per column passed on, and the coupling rows of the stage. The last two kinds are never
//! eliminated: the auxiliary positions carry what earlier stages tell their coupling rows. In the first stage of a ring
//! they hold its dynamic rows, which remain as a separator until the end.

use super::super::elimination::EliminationPlan;

/// The pattern of a unit; all numbers are positions within the unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in super::super) struct UnitShape {
    /// Number of rows without an entry of the stage before.
    pub(super) statics: usize,
    /// Number of rows with entries of the stage before.
    pub(super) dynamics: usize,
    /// Whether the first stage reads the last one.
    pub(super) is_ring: bool,
    /// For each column, its rows of the same stage.
    pub(super) entries: Vec<Vec<usize>>,
    /// For each column, its dynamic rows of the next stage, counted from the first dynamic row.
    pub(super) lagged: Vec<Vec<usize>>,
    /// For each column, its coupling rows: positions in `coupling_rows`.
    pub(super) coupled: Vec<Vec<usize>>,
    /// The coupling rows in which the unit has entries, as indices among all coupling rows.
    pub(in super::super) coupling_rows: Vec<usize>,
}

/// The steps of a stage, and the columns that they leave with entries in positions that are never eliminated.
#[derive(Debug)]
pub(super) struct StagePlan {
    /// Steps for the rows of the stage itself, then for the columns passed on.
    pub(super) plan: EliminationPlan,
    /// Number of steps for the rows of the stage itself.
    pub(super) own_steps: usize,
    /// For each step, the number of its rows that are eliminated in this stage or later, which come first.
    pub(super) kept_rows: Vec<usize>,
    /// Columns with entries in positions that are never eliminated, and these positions, counted from the first of
    /// them.
    pub(super) remaining: Vec<(usize, Vec<usize>)>,
}

impl UnitShape {
    /// Returns the number of columns.
    pub(super) fn columns(&self) -> usize {
        self.entries.len()
    }

    /// Returns the number of rows of a stage.
    pub(super) fn rows(&self) -> usize {
        self.statics + self.dynamics
    }

    /// Returns the number of columns that a stage passes on.
    pub(super) fn passed_on(&self) -> usize {
        self.dynamics
    }

    /// Returns the position of the first dynamic row of the next stage.
    pub(super) fn next(&self) -> usize {
        self.rows()
    }

    /// Returns the first auxiliary position, the first position that is never eliminated.
    pub(super) fn auxiliary(&self) -> usize {
        self.next() + self.dynamics
    }

    /// Returns the number of auxiliary positions: none if nothing is carried.
    pub(super) fn auxiliaries(&self) -> usize {
        if self.couplings() > 0 || self.is_ring { self.passed_on() } else { 0 }
    }

    /// Returns the position of the first coupling row.
    pub(super) fn coupling(&self) -> usize {
        self.auxiliary() + self.auxiliaries()
    }

    /// Returns the number of coupling rows of the unit.
    pub(super) fn couplings(&self) -> usize {
        self.coupling_rows.len()
    }

    /// Returns the number of positions.
    pub(super) fn width(&self) -> usize {
        self.coupling() + self.couplings()
    }

    /// Returns the number of positions that are never eliminated.
    pub(super) fn remaining(&self) -> usize {
        self.width() - self.auxiliary()
    }

    /// Returns the end of the positions whose multipliers a solution needs.
    pub(super) fn kept(&self) -> usize {
        if self.is_ring { self.coupling() } else { self.auxiliary() }
    }

    /// Returns the position of a row of the stage itself.
    pub(super) fn own(&self, row: usize, is_first: bool) -> usize {
        if is_first && self.is_ring && row >= self.statics { row - self.statics + self.auxiliary() } else { row }
    }

    /// Returns the entries of all columns of a stage, own ones before those passed on, by position.
    fn pattern(&self, is_first: bool, passed_on: &[Vec<bool>]) -> Vec<Vec<bool>> {
        let mut pattern = vec![vec![false; self.width()]; self.columns()];
        for (column, marks) in pattern.iter_mut().enumerate() {
            self.entries[column].iter().for_each(|&row| marks[self.own(row, is_first)] = true);
            self.lagged[column].iter().for_each(|&row| marks[self.next() + row] = true);
            self.coupled[column].iter().for_each(|&row| marks[self.coupling() + row] = true);
        }
        for (index, column) in passed_on.iter().enumerate() {
            let mut marks = vec![false; self.width()];
            for (entry, _) in column.iter().enumerate().filter(|(_, stands)| **stands) {
                marks[self.statics + entry] = true;
                if self.auxiliaries() > 0 {
                    marks[self.auxiliary() + index] = true;
                }
            }
            pattern.push(marks);
        }
        pattern
    }

    /// Returns the plan of the first stage or of any other.
    fn plan(&self, is_first: bool, passed_on: &[Vec<bool>]) -> StagePlan {
        let mut pattern = self.pattern(is_first, passed_on);
        let own = if is_first && self.is_ring { self.statics } else { self.rows() };
        let groups = [0..self.statics, self.statics..own, self.next()..self.auxiliary()];
        let plan = EliminationPlan::new(pattern.clone(), &groups);
        for step in &plan.steps {
            for &column in &step.columns {
                pattern[column][step.pivot] = false;
                step.rows.iter().for_each(|&row| pattern[column][row] = true);
            }
        }
        let kept_rows = plan.steps.iter().map(|step| step.rows.partition_point(|&row| row < self.kept())).collect();
        let of_column = |(column, marks): (usize, &Vec<bool>)| {
            let places: Vec<usize> = (0..self.remaining()).filter(|at| marks[self.auxiliary() + at]).collect();
            (!places.is_empty()).then_some((column, places))
        };
        let remaining = pattern.iter().enumerate().filter_map(of_column).collect();
        StagePlan { own_steps: own, kept_rows, remaining, plan }
    }

    /// Returns the plans of the first stage and of any other. The entries of the columns passed on grow until they no
    /// longer change.
    pub(super) fn plans(&self) -> [StagePlan; 2] {
        let mut passed_on = vec![vec![false; self.passed_on()]; self.passed_on()];
        let first = self.plan(true, &vec![vec![false; self.passed_on()]; self.passed_on()]);
        self.pass_on(&first, &mut passed_on);
        loop {
            let plan = self.plan(false, &passed_on);
            if !self.pass_on(&plan, &mut passed_on) {
                return [first, plan];
            }
        }
    }

    /// Marks the entries of the columns that a stage passes on; returns whether any mark is new.
    fn pass_on(&self, plan: &StagePlan, passed_on: &mut [Vec<bool>]) -> bool {
        let mut grown = false;
        for step in plan.plan.steps.iter().skip(plan.own_steps).filter(|step| !step.columns.is_empty()) {
            let column = &mut passed_on[step.pivot - self.next()];
            let rows = step.rows.iter().filter(|&&row| row < self.auxiliary());
            for row in rows.chain([&step.pivot]) {
                grown |= !std::mem::replace(&mut column[row - self.next()], true);
            }
        }
        grown
    }
}
