//! The stage structure of the dispatch problem for the joint optimality conditions: flows, levels and rows of each
//! stage, and the coefficients that depend on the COPs.

use anergy_data::series::Profile;
use anergy_dispatch::dispatch::ConversionTerm;
use anergy_lp::{Lag, StagedProblem, Term};
use ndarray::Array2;

use super::Unsuited;

/// Width of bounds up to which a variable counts as fixed, kW or kWh.
const NARROW: f64 = 1e-9;

/// The stages of a dispatch problem, split into blocks that are coupled by the loop alone.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) stages: usize,
    pub(super) step_hours: f64,
    pub(super) blocks: Vec<Block>,
    pub(super) pumps: Vec<Pump>,
    /// Number of levels in all blocks.
    pub(super) levels: usize,
    /// Block of each level, and its index there.
    pub(super) level_place: Vec<[usize; 2]>,
}

/// A block of the dispatch problem.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) flows: Vec<Flow>,
    pub(super) levels: Vec<Level>,
    /// Rows of the problem within each stage.
    pub(super) rows: Vec<usize>,
    /// Terms of the flows in the rows, except those of the pumps.
    pub(super) terms: Vec<FlowTerm>,
    /// Index of the block's first level among those of all blocks.
    pub(super) first_level: usize,
    /// Indices of the block's pumps among those of all blocks.
    pub(super) pumps: Vec<usize>,
    pub(super) sums: Vec<Profile>,
}

/// A variable of a single stage.
#[derive(Debug)]
pub(super) struct Flow {
    /// Column of the problem; `None` for the slack of a range row.
    pub(super) column: Option<usize>,
    pub(super) lower: Profile,
    pub(super) upper: Profile,
    /// Cost, EUR per unit; for the output of a pump without the part that depends on its COP.
    pub(super) cost: Profile,
}

/// A state that couples consecutive stages: `now x_t + before x_{t-1} + flows = sum`.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) column: usize,
    /// Row of the problem.
    pub(super) row: usize,
    pub(super) now: Profile,
    pub(super) before: Profile,
    /// Whether the level is cyclic: the first stage follows the last.
    pub(super) cyclic: bool,
    pub(super) lower: Profile,
    pub(super) upper: Profile,
    pub(super) cost: Profile,
    pub(super) sum: Profile,
}

/// The coefficient of a flow in a row.
#[derive(Debug)]
pub(super) struct FlowTerm {
    pub(super) flow: usize,
    /// Row of the block: the rows within the stage first, then those of the levels.
    pub(super) row: usize,
    pub(super) coefficient: Profile,
}

/// A heat pump on the loop.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) block: usize,
    /// Column of the output.
    pub(super) output: usize,
    /// Index of the output among the flows of the block.
    pub(super) flow: usize,
    /// Row of the block that contains the pump's electricity.
    pub(super) row: usize,
    /// Index of the store among the levels of all blocks; `None` without a store.
    pub(super) level: Option<usize>,
    /// Cost of the pump's input beside that row, EUR per kW in a step.
    pub(super) input_cost: Profile,
    /// Level of the store before the first stage, kWh; `None` if the store is cyclic.
    pub(super) level_before: Option<f64>,
}

/// The conversion of a heat pump in the dispatch, with the column of its store's level and the initial level.
#[derive(Debug, Clone, Copy)]
pub struct LoopConversion<'a> {
    /// Conversion of the heat pump.
    pub conversion: &'a ConversionTerm,
    /// Column of the level of its store; `None` without a store.
    pub level: Option<usize>,
    /// Level before the first step, kWh; `None` if the store is cyclic.
    pub level_before: Option<f64>,
}

impl Model {
    /// Extracts the stage structure of a problem in which `pumps` are on the loop.
    pub(super) fn new(
        problem: &StagedProblem,
        pumps: &[LoopConversion<'_>],
        step_hours: f64,
    ) -> Result<Self, Unsuited> {
        if !problem.global_columns().is_empty() || !problem.global_rows().is_empty() {
            return Err(Unsuited::SharedByAllSteps);
        }
        if !problem.is_linear() {
            return Err(Unsuited::CurvedCosts);
        }
        let mut model = Self {
            stages: problem.stages(),
            step_hours,
            blocks: Vec::new(),
            pumps: Vec::new(),
            levels: 0,
            level_place: Vec::new(),
        };
        for part in problem.components() {
            let columns: Vec<usize> = part.columns.iter().map(|column| column.index()).collect();
            let rows: Vec<usize> = part.rows.iter().map(|row| row.0).collect();
            let mut block = Block::of(problem, &columns, &rows, pumps, step_hours)?;
            block.first_level = model.levels;
            model.levels += block.levels.len();
            model.level_place.extend((0..block.levels.len()).map(|i| [model.blocks.len(), i]));
            model.blocks.push(block);
        }
        for (index, pump) in pumps.iter().enumerate() {
            let placed = model.place(problem, pump).ok_or(Unsuited::Pattern)?;
            let goes_round =
                placed.level.and_then(|level| model.all_levels().nth(level)).is_some_and(|level| level.cyclic);
            if placed.level_before.is_none() && !goes_round {
                return Err(Unsuited::FreeBeginning);
            }
            model.blocks[placed.block].pumps.push(index);
            model.pumps.push(placed);
        }
        Ok(model)
    }

    fn place(&self, problem: &StagedProblem, pump: &LoopConversion<'_>) -> Option<Pump> {
        let conversion = pump.conversion;
        let output = conversion.output.index();
        let of_output = |flow: &Flow| flow.column == Some(output);
        let block = self.blocks.iter().position(|block| block.flows.iter().any(of_output))?;
        let flow = self.blocks[block].flows.iter().position(of_output)?;
        let input = problem.terms()[conversion.term.0].row.0;
        let row = self.blocks[block].rows.iter().position(|row| *row == input)?;
        let level = pump.level.and_then(|column| self.level_of(column));
        let input_cost = conversion.input_eur_per_kwh.as_ref();
        let input_cost = input_cost.map_or(Profile::Constant(0.0), |price| price.map(|price| price * self.step_hours));
        Some(Pump { block, output, flow, row, level, input_cost, level_before: pump.level_before })
    }

    fn level_of(&self, column: usize) -> Option<usize> {
        let all = self.blocks.iter().flat_map(|block| &block.levels);
        all.enumerate().find(|(_, level)| level.column == column).map(|(index, _)| index)
    }

    /// Returns the levels of all blocks.
    pub(super) fn all_levels(&self) -> impl Iterator<Item = &Level> {
        self.blocks.iter().flat_map(|block| &block.levels)
    }

    /// Returns the level `level` before a stage, given values of the problem's columns.
    pub(super) fn level_before(level: &Level, values: &Array2<f64>, stage: usize) -> f64 {
        match stage {
            0 if level.cyclic => values[[level.column, values.ncols() - 1]],
            0 => 0.0,
            _ => values[[level.column, stage - 1]],
        }
    }
}

/// Returns whether the bounds fix the variable.
pub(super) fn is_fixed(lower: f64, upper: f64) -> bool {
    upper - lower < NARROW
}

impl Block {
    fn of(
        problem: &StagedProblem,
        columns: &[usize],
        rows: &[usize],
        pumps: &[LoopConversion<'_>],
        step_hours: f64,
    ) -> Result<Self, Unsuited> {
        let lagged = |term: &Term| term.lag != Lag::Same;
        let is_level = |column: usize| problem.terms().iter().any(|term| term.column.index() == column && lagged(term));
        let level_of_row = |row: usize| {
            let mut of_row = problem.terms().iter().filter(|term| term.row.0 == row);
            of_row.find(|term| lagged(term)).map(|term| term.column.index())
        };
        let mut block = Self {
            flows: Vec::new(),
            levels: Vec::new(),
            rows: rows.iter().copied().filter(|row| level_of_row(*row).is_none()).collect(),
            terms: Vec::new(),
            first_level: 0,
            pumps: Vec::new(),
            sums: Vec::new(),
        };
        for &row in rows {
            if let Some(column) = level_of_row(row) {
                block.levels.push(Level::of(problem, row, column)?);
            }
        }
        for &column in columns.iter().filter(|column| !is_level(**column)) {
            let found = &problem.columns()[column];
            let pump = pumps.iter().find(|pump| pump.conversion.output.index() == column);
            let cost = match pump {
                // The part that depends on the COP is added when the COP is known.
                Some(pump) => pump.conversion.output_eur_per_kwh.map(|price| price * step_hours),
                None => found.cost.clone(),
            };
            let (lower, upper) = (found.lower.clone(), found.upper.clone());
            let flow = block.flows.len();
            block.flows.push(Flow { column: Some(column), lower, upper, cost });
            for (index, term) in problem.terms().iter().enumerate().filter(|(_, term)| term.column.index() == column) {
                if pump.is_some_and(|pump| pump.conversion.term.0 == index) {
                    continue;
                }
                let row = block.row_of(term.row.0).ok_or(Unsuited::Pattern)?;
                block.terms.push(FlowTerm { flow, row, coefficient: term.coefficient.clone() });
            }
        }
        for (index, &row) in block.rows.clone().iter().enumerate() {
            let found = &problem.rows()[row];
            if found.lower == found.upper {
                block.sums.push(found.lower.clone());
                continue;
            }
            // A range row becomes an equation with a slack flow.
            let (lower, upper) = (found.lower.clone(), found.upper.clone());
            let flow = block.flows.len();
            block.flows.push(Flow { column: None, lower, upper, cost: Profile::Constant(0.0) });
            block.terms.push(FlowTerm { flow, row: index, coefficient: Profile::Constant(-1.0) });
            block.sums.push(Profile::Constant(0.0));
        }
        Ok(block)
    }

    /// Returns the value of the row whose slack is flow `flow`.
    pub(super) fn slack(&self, flow: usize, stage: usize, value: impl Fn(usize) -> f64) -> f64 {
        let row = self.terms.iter().find(|term| term.flow == flow).map(|term| term.row);
        let others = self.terms.iter().filter(|term| Some(term.row) == row);
        others.filter_map(|term| Some(term.coefficient.at(stage) * value(self.flows[term.flow].column?))).sum()
    }

    fn row_of(&self, row: usize) -> Option<usize> {
        let within = self.rows.iter().position(|known| *known == row);
        let of_level = || self.levels.iter().position(|level| level.row == row);
        within.or_else(|| of_level().map(|level| self.rows.len() + level))
    }

    /// Returns the number of rows within a stage and of the levels.
    pub(super) fn all_rows(&self) -> usize {
        self.rows.len() + self.levels.len()
    }
}

impl Level {
    /// Returns the coefficient of the level after `stage`, of `stages`, in the row of the next stage.
    pub(super) fn continues_after(&self, stage: usize, stages: usize) -> f64 {
        if stage + 1 < stages { self.before.at(stage + 1) } else { self.continues_into(0) }
    }

    /// Returns the coefficient of the level before `stage` in that stage's row.
    pub(super) fn continues_into(&self, stage: usize) -> f64 {
        if stage == 0 && !self.cyclic { 0.0 } else { self.before.at(stage) }
    }

    fn of(problem: &StagedProblem, row: usize, column: usize) -> Result<Self, Unsuited> {
        let found = &problem.columns()[column];
        let sum = &problem.rows()[row];
        let mut level = Self {
            column,
            row,
            now: Profile::Constant(0.0),
            before: Profile::Constant(0.0),
            cyclic: false,
            lower: found.lower.clone(),
            upper: found.upper.clone(),
            cost: found.cost.clone(),
            sum: sum.lower.clone(),
        };
        for term in problem.terms().iter().filter(|term| term.column.index() == column) {
            if term.row.0 != row {
                return Err(Unsuited::Pattern);
            }
            match term.lag {
                Lag::Same => level.now = term.coefficient.clone(),
                lag => {
                    level.before = term.coefficient.clone();
                    level.cyclic = lag == Lag::PreviousCyclic;
                }
            }
        }
        let one_lagged = problem.terms().iter().filter(|term| term.row.0 == row && term.lag != Lag::Same).count() == 1;
        let fits = one_lagged && sum.lower == sum.upper && level.now.all(|now| now != 0.0);
        if fits { Ok(level) } else { Err(Unsuited::Pattern) }
    }
}
