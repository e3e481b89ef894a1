//! The elimination order of rows from sparse columns, and the rows and columns that each step changes.

use std::ops::Range;

/// One elimination step, which removes a row from the columns with an entry in it.
#[derive(Debug)]
pub(super) struct EliminationStep {
    /// The eliminated row.
    pub(super) pivot: usize,
    /// Columns with an entry in the row.
    pub(super) columns: Vec<usize>,
    /// Other rows in which these columns have entries.
    pub(super) rows: Vec<usize>,
    /// Start of the multipliers of `rows` among those of all steps.
    pub(super) multipliers: usize,
}

/// The elimination steps of one stage, which are the same in all stages but the first of a lane.
#[derive(Debug)]
pub(super) struct EliminationPlan {
    pub(super) steps: Vec<EliminationStep>,
    /// Number of multipliers of all steps.
    pub(super) multipliers: usize,
}

impl EliminationPlan {
    /// Plans the elimination of the rows of each group, group by group, from columns with the given pattern (column,
    /// then row). Within a group the row with the least fill-in goes first.
    pub(super) fn new(mut pattern: Vec<Vec<bool>>, groups: &[Range<usize>]) -> Self {
        let mut plan = Self { steps: Vec::new(), multipliers: 0 };
        for group in groups {
            let mut waiting: Vec<usize> = group.clone().collect();
            loop {
                let steps = waiting.iter().map(|&pivot| EliminationStep::new(&pattern, pivot, plan.multipliers));
                let cheapest = steps.min_by_key(|step| step.columns.len() * (1 + step.rows.len()));
                let Some(step) = cheapest else { break };
                waiting.retain(|&row| row != step.pivot);
                for &column in &step.columns {
                    pattern[column][step.pivot] = false;
                    step.rows.iter().for_each(|&row| pattern[column][row] = true);
                }
                plan.multipliers += step.rows.len();
                plan.steps.push(step);
            }
        }
        plan
    }

    /// Returns the number of multiplications of all steps.
    pub(super) fn operations(&self) -> f64 {
        self.steps.iter().map(|step| (2 * step.columns.len() * (1 + step.rows.len())) as f64).sum()
    }
}

impl EliminationStep {
    /// Returns the step that eliminates `pivot`.
    fn new(pattern: &[Vec<bool>], pivot: usize, multipliers: usize) -> Self {
        let columns: Vec<usize> = (0..pattern.len()).filter(|&column| pattern[column][pivot]).collect();
        let touched = |&row: &usize| row != pivot && columns.iter().any(|&column| pattern[column][row]);
        let rows = (0..pattern.first().map_or(0, Vec::len)).filter(touched).collect();
        Self { pivot, columns, rows, multipliers }
    }
}
