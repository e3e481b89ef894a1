//! Rows that say nothing, and rows that say something of one value alone.

use anergy_profile::Profile;
use ndarray::Array2;

use super::super::boxing::combined;
use super::super::draft::{Draft, DraftTerm};
use super::range::{Rest, reaches};
use super::tidy;
use crate::Lag;

/// Leaves out the rows that the bounds of their columns satisfy whatever the values; their duals are 0. Whether there were any.
pub(super) fn leave_out_idle(draft: &mut Draft) -> bool {
    let mut any = false;
    for row in 0..draft.rows.len() {
        let bounds = &draft.rows[row];
        if !bounds.kept || bounds.shared {
            continue;
        }
        let sum = Rest::of(draft, row, None);
        let idle = |stage| {
            let [least, largest] = sum.range(stage);
            reaches(least, bounds.lower.at(stage)) && reaches(bounds.upper.at(stage), largest)
        };
        if (0..draft.stages).all(idle) {
            draft.rows[row].kept = false;
            any = true;
        }
    }
    any
}

/// A row `lower <= a x <= upper`: bounds of x. Its dual is the reduced cost of x where these are the tighter ones.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    row: usize,
    column: usize,
    coefficient: Profile,
    /// Bounds of x by this row, and those it had.
    own: [Profile; 2],
    before: [Profile; 2],
    cost: Profile,
    quadratic: Profile,
    /// The other rows of the column.
    others: Vec<DraftTerm>,
}

impl Bound {
    /// Makes bounds of all rows of this kind.
    pub(super) fn take_out(draft: &mut Draft) -> Vec<Self> {
        let rows = 0..draft.rows.len();
        rows.filter_map(|row| Self::at(draft, row).filter(|bound| bound.merge(draft))).collect()
    }

    fn at(draft: &Draft, row: usize) -> Option<Self> {
        let bounds = &draft.rows[row];
        let mut terms = draft.terms_of_row(row);
        let (Some(term), None) = (terms.next(), terms.next()) else { return None };
        let column = &draft.columns[term.column];
        let usable = term.lag == Lag::Same && term.coefficient.all(|a| a != 0.0);
        if !bounds.kept || bounds.shared || column.shared || !usable {
            return None;
        }
        let stages = draft.stages;
        let ends = [&bounds.lower, &bounds.upper].map(|end| combined(end, &term.coefficient, stages, |end, a| end / a));
        let own = [combined(&ends[0], &ends[1], stages, f64::min), combined(&ends[0], &ends[1], stages, f64::max)];
        Some(Self {
            row,
            column: term.column,
            coefficient: term.coefficient.clone(),
            own,
            before: [column.lower.clone(), column.upper.clone()],
            cost: column.cost.clone(),
            quadratic: column.quadratic.clone(),
            others: draft.terms_of_column(term.column).filter(|other| other.row != row).cloned().collect(),
        })
    }

    /// Gives the column the tighter bounds and leaves the row out, unless the two contradict each other.
    fn merge(&self, draft: &mut Draft) -> bool {
        let [[own_lower, own_upper], [lower, upper]] = [&self.own, &self.before];
        let lower = combined(own_lower, lower, draft.stages, f64::max);
        let upper = combined(own_upper, upper, draft.stages, f64::min);
        if !(0..draft.stages).all(|stage| reaches(upper.at(stage), lower.at(stage))) {
            return false;
        }
        let column = &mut draft.columns[self.column];
        column.upper = tidy(combined(&lower, &upper, draft.stages, f64::max));
        column.lower = tidy(lower);
        draft.rows[self.row].kept = false;
        true
    }

    /// Sets the dual of the row.
    pub(super) fn restore(&self, values: &Array2<f64>, duals: &mut Array2<f64>) {
        let stages = values.ncols();
        for stage in 0..stages {
            let mut reduced = self.cost.at(stage) + self.quadratic.at(stage) * values[[self.column, stage]];
            for term in &self.others {
                if let Some(at) = term.lag.row_stage(stage, stages) {
                    reduced -= term.coefficient.at(at) * duals[[term.row, at]];
                }
            }
            let [[own_lower, own_upper], [lower, upper]] =
                [&self.own, &self.before].map(|bounds| [bounds[0].at(stage), bounds[1].at(stage)]);
            let tighter = if reduced > 0.0 { own_lower > lower } else { own_upper < upper };
            if tighter {
                duals[[self.row, stage]] = reduced / self.coefficient.at(stage);
            }
        }
    }
}
