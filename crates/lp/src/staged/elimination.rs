//! In which order rows are eliminated from sparse columns, and what each step has_stage_entries.

use std::ops::Range;

/// One step: a row leaves the columns that stand in it.
#[derive(Debug)]
pub(super) struct EliminationStep {
    /// The row.
    pub(super) pivot: usize,
    /// Columns with an entry in it.
    pub(super) columns: Vec<usize>,
    /// Rows that these columns stand in too.
    pub(super) rows: Vec<usize>,
    /// Where the multipliers of `rows` begin among those of all steps.
    pub(super) multipliers: usize,
}

/// The steps of one stage. They are the same in all stages but the first of a lane.
#[derive(Debug)]
pub(super) struct EliminationPlan {
    pub(super) steps: Vec<EliminationStep>,
    /// Multipliers of all steps together.
    pub(super) multipliers: usize,
}

impl EliminationPlan {
    /// Eliminates the rows of each group, group by group, from columns with the given pattern (column, then row). Within a
    /// group the row that has_stage_entries least goes first.
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
}

impl EliminationStep {
    fn new(pattern: &[Vec<bool>], pivot: usize, multipliers: usize) -> Self {
        let columns: Vec<usize> = (0..pattern.len()).filter(|&column| pattern[column][pivot]).collect();
        let touched = |&row: &usize| row != pivot && columns.iter().any(|&column| pattern[column][row]);
        let rows = (0..pattern.first().map_or(0, Vec::len)).filter(touched).collect();
        Self { pivot, columns, rows, multipliers }
    }
}
