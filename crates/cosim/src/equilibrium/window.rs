//! Newton's method on the joint optimality conditions of a segment of the horizon.
//!
//! The unknowns are flows and levels with the multipliers of their bounds, the duals of all rows, and the loop
//! temperature. The dispatcher does not know its effect on the loop: its dual equations have no term for the change
//! of the COPs. The loop is an additional row, `T' = N(T, q, r)` with `r = 1/COP(T, level before)`, and all
//! conditions share one barrier parameter.

mod direction;

use super::bounded_variables::{BoundedVariables, InitialBarrier, NewtonTarget};
use super::flow_elimination::{FlowEliminations, Shape};
use super::model::{Block, Level, Model};
use super::stage_elimination::StageElimination;
use crate::coupling::{LoopDerivatives, Rates};

/// Largest residual of a closed row, kW or kWh.
const CLOSED: f64 = 1e-9;
/// Diagonal term of a fixed level, EUR/kWh^2.
const FIXED: f64 = 1e9;
/// Width over which kinks at the loop's limits are smoothed, as a multiple of the root of the barrier, K per
/// EUR^(1/2), and its bounds, K.
const ROUNDING: f64 = 0.1;
const ROUNDING_K: [f64; 2] = [1e-6, 0.3];
/// Shortest step of the predictor for which its second-order correction is used.
const SECOND_ORDER: f64 = 0.3;
/// Required decrease of the complementarity products relative to their least value, and the number of iterations in
/// which it must occur.
const PROGRESS: f64 = 0.7;
const PATIENCE: usize = 30;
/// Assumed distance of a missing bound, kW or kWh.
const FAR: f64 = 1e4;

/// The parameters of a solution attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct SolveParameters {
    pub(super) beginning: InitialBarrier,
    /// Fraction of the way to the nearest bound that a step may take.
    pub(super) reach: f64,
    /// Smallest ratio of the barrier parameter to the previous one.
    pub(super) least_share: f64,
    /// Proximal term, in multiples of the barrier, 1/kW^2.
    pub(super) hold: f64,
    /// Whether the COPs stay at those of the guess: the result is then the dispatcher's answer, and the iteration
    /// always converges.
    pub(super) frozen: bool,
    pub(super) iterations: usize,
}

/// The initial and final conditions of a segment.
#[derive(Debug, Clone)]
pub(super) struct EndConditions {
    pub(super) from: usize,
    pub(super) to: usize,
    /// End of the steps that are kept; the steps after it only determine the final conditions.
    pub(super) kept_to: usize,
    /// Levels before the first stage, kWh.
    pub(super) levels: Vec<f64>,
    pub(super) temp_c: f64,
    /// Levels after the last stage, kWh; `None` where they are free.
    pub(super) levels_at_end: Option<Vec<Option<f64>>>,
    /// Duals of the levels' rows in the stage after the last, EUR/kWh.
    pub(super) duals_after: Vec<f64>,
}

/// The starting point: values of the problem's columns, duals of its rows, and loop temperatures.
pub(super) trait StartingPoint {
    fn column(&self, column: usize, stage: usize) -> f64;
    fn dual(&self, row: usize, stage: usize) -> f64;
    fn temp_c(&self, at: usize) -> f64;
}

/// The receiver of the solution.
pub(super) trait SolutionSink {
    fn set_column(&mut self, column: usize, stage: usize, value: f64);
    fn set_dual(&mut self, row: usize, stage: usize, value: f64);
    fn set_temp_c(&mut self, at: usize, value: f64);
}

/// The largest residuals of rows, reduced costs and loop.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Residuals {
    pub(super) row: f64,
    dual: f64,
    temp_k: f64,
}

impl Residuals {
    fn raise(worst: &mut f64, residual: f64) {
        // The comparison treats NaN as a large residual.
        *worst = if residual.abs() <= *worst { *worst } else { residual.abs() };
    }

    fn within(self, row: f64, dual: f64, temp_k: f64) -> bool {
        self.row < row && self.dual < dual && self.temp_k < temp_k
    }
}

/// The state of a block in a window.
#[derive(Debug)]
struct BlockState {
    shape: Shape,
    flows: BoundedVariables,
    levels: BoundedVariables,
    /// Duals of all rows, by stage, and their change.
    y: Vec<f64>,
    dy: Vec<f64>,
    /// By stage: residuals of the rows; reduced costs; right-hand sides of the flows in the basis Q.
    row_residual: Vec<f64>,
    reduced: Vec<f64>,
    level_reduced: Vec<f64>,
    turned: Vec<f64>,
    eliminations: FlowEliminations,
}

/// Newton's method on a window.
pub(super) struct Window<'a, L> {
    model: &'a Model,
    water_loop: &'a L,
    ends: &'a EndConditions,
    stages: usize,
    blocks: Vec<BlockState>,
    /// Loop temperature before each stage and after the last, and its change.
    temp_c: Vec<f64>,
    temp_change: Vec<f64>,
    temp_residual: Vec<f64>,
    /// Electricity per output, by stage and pump, with derivatives.
    rates: Vec<Rates>,
    /// Temperature after each stage, with derivatives by the temperature before it and by the heat.
    advance: Vec<Rates>,
    elimination: StageElimination,
    rounding_k: f64,
    /// Whether COPs and temperatures stay at those of the guess.
    frozen: bool,
    /// Work arrays of one stage.
    buffers: StageBuffers,
}

#[derive(Debug, Default)]
struct StageBuffers {
    give_way: Vec<f64>,
    force: Vec<f64>,
    within: Vec<f64>,
    turned: Vec<f64>,
    per_pump: Vec<f64>,
    now: Vec<f64>,
    after: Vec<f64>,
    resistance: Vec<f64>,
}

impl<'a, L: LoopDerivatives> Window<'a, L> {
    pub(super) fn new(
        model: &'a Model,
        water_loop: &'a L,
        ends: &'a EndConditions,
        guess: &dyn StartingPoint,
        manner: SolveParameters,
    ) -> Self {
        let stages = ends.to - ends.from;
        let mut temp_c: Vec<f64> = (0..=stages).map(|t| guess.temp_c(ends.from + t)).collect();
        temp_c[0] = ends.temp_c;
        let mut window = Self {
            model,
            water_loop,
            ends,
            stages,
            blocks: model.blocks.iter().map(|block| BlockState::new(block, ends, guess)).collect(),
            temp_c,
            temp_change: vec![0.0; stages + 1],
            temp_residual: vec![0.0; stages],
            rates: vec![Rates::default(); stages * model.pumps.len()],
            advance: vec![Rates::default(); stages],
            elimination: StageElimination::new(stages, model.levels),
            rounding_k: 0.0,
            frozen: false,
            buffers: StageBuffers::default(),
        };
        window.begin(guess, manner.beginning);
        window
    }

    /// Sets the starting point near the guess, by the reduced costs from its duals at the COPs of its levels and
    /// temperatures.
    fn begin(&mut self, guess: &dyn StartingPoint, beginning: InitialBarrier) {
        let from = self.ends.from;
        for (block, state) in self.model.blocks.iter().zip(&mut self.blocks) {
            for stage in from..self.ends.to {
                let guesses = block.levels.iter().map(|level| guess.column(level.column, stage));
                state.levels.x.extend(guesses);
            }
        }
        self.follow_cops();
        for b in 0..self.blocks.len() {
            self.reduce(b);
            let (block, state) = (&self.model.blocks[b], &mut self.blocks[b]);
            let guesses = std::mem::take(&mut state.levels.x);
            for t in 0..self.stages {
                let stage = from + t;
                for (j, flow) in block.flows.iter().enumerate() {
                    let x = match flow.column {
                        Some(column) => guess.column(column, stage),
                        None => block.slack(j, stage, |column| guess.column(column, stage)),
                    };
                    let bounds = [flow.lower.at(stage), flow.upper.at(stage)];
                    state.flows.add(x, state.reduced[t * block.flows.len() + j], bounds, beginning);
                }
                for (i, level) in block.levels.iter().enumerate() {
                    let at = t * block.levels.len() + i;
                    let end = self.ends.levels_at_end.as_ref().filter(|_| stage + 1 == self.ends.to);
                    let end = end.and_then(|levels| levels[block.first_level + i]);
                    let bounds = end.map_or([level.lower.at(stage), level.upper.at(stage)], |end| [end; 2]);
                    state.levels.add(guesses[at], state.level_reduced[at], bounds, beginning);
                }
            }
        }
    }

    /// Iterates until products and residuals are small or the iteration limit is reached. Returns the number of
    /// iterations.
    pub(super) fn run(&mut self, manner: SolveParameters, goal_eur: f64) -> usize {
        self.frozen = manner.frozen;
        let mut barrier = manner.beginning.barrier;
        let mut least = f64::INFINITY;
        let mut stuck = 0;
        for iteration in 0..manner.iterations {
            self.rounding_k = (ROUNDING * barrier.sqrt()).clamp(ROUNDING_K[0], ROUNDING_K[1]);
            let residuals = self.evaluate();
            let (sum, count) = self.products(0.0);
            if !sum.is_finite() || sum <= goal_eur && residuals.within(1e-6, 1e-6, 1e-6) {
                return iteration;
            }
            stuck = if sum < PROGRESS * least { 0 } else { stuck + 1 };
            if stuck == 0 {
                least = sum;
            } else if stuck > PATIENCE {
                return iteration;
            }
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bounds")]
            let count = count.max(1) as f64;
            for state in &mut self.blocks {
                let hold = manner.hold * sum / count;
                (state.flows.hold, state.levels.hold) = (hold, hold);
            }
            self.factor();
            self.direct(NewtonTarget::Barrier { tau: 0.0, second: false });
            let affine = self.step_lengths().into_iter().fold(1.0, f64::min);
            let (left, _) = self.products(affine);
            let share = (left / sum).powi(3).clamp(manner.least_share, 1.0);
            // Far below the target, directions lose their digits to rounding.
            barrier = (share * sum / count).max(0.1 * goal_eur / count);
            self.direct(NewtonTarget::Barrier { tau: barrier, second: affine > SECOND_ORDER });
            let steps = self.step_lengths().map(|reach| (manner.reach * reach).min(1.0));
            self.take_steps(steps);
        }
        manner.iterations
    }

    /// Closes the rows, then sets active values to their bounds if the other values can still close the rows.
    pub(super) fn fix_active(&mut self) -> Residuals {
        self.rounding_k = 0.0;
        self.frozen = false;
        let closed = self.close();
        let kept: Vec<_> = self.blocks.iter().map(|state| (state.flows.clone(), state.levels.clone())).collect();
        let temp_c = self.temp_c.clone();
        for state in &mut self.blocks {
            state.flows.fix_active();
            state.levels.fix_active();
        }
        let settled = self.close();
        if settled.row <= closed.row.max(CLOSED) {
            return settled;
        }
        for (state, (flows, levels)) in self.blocks.iter_mut().zip(kept) {
            (state.flows, state.levels) = (flows, levels);
        }
        self.temp_c = temp_c;
        self.evaluate()
    }

    /// Changes values within their bounds and barriers until the rows hold.
    fn close(&mut self) -> Residuals {
        const ROUNDS: usize = 4;
        let mut residuals = self.evaluate();
        for _ in 0..ROUNDS {
            if residuals.within(0.1 * CLOSED, f64::INFINITY, 0.1 * CLOSED) {
                break;
            }
            self.factor();
            self.direct(NewtonTarget::Rows);
            let [primal, _] = self.step_lengths();
            self.take_steps([(0.9 * primal).min(1.0), 0.0]);
            residuals = self.evaluate();
        }
        residuals
    }

    /// Returns the duality gap of the plan at the COPs it leads to, EUR: the reduced costs times the distances from
    /// the bounds.
    pub(super) fn unproven_eur(&mut self) -> f64 {
        self.evaluate();
        let mut sum = 0.0;
        let kept = self.ends.kept_to - self.ends.from;
        for state in &self.blocks {
            let flows = (0..kept * state.shape.flows).map(|i| state.flows.duality_gap(i, state.reduced[i], FAR));
            let levels =
                (0..kept * state.shape.levels).map(|i| state.levels.duality_gap(i, state.level_reduced[i], FAR));
            sum += flows.sum::<f64>() + levels.sum::<f64>();
        }
        if sum.is_nan() { f64::INFINITY } else { sum }
    }

    /// Writes the solution.
    pub(super) fn write(&self, found: &mut dyn SolutionSink) {
        let kept = self.ends.kept_to - self.ends.from;
        for (block, state) in self.model.blocks.iter().zip(&self.blocks) {
            let Shape { flows, levels, .. } = state.shape;
            for t in 0..kept {
                let stage = self.ends.from + t;
                for (j, flow) in block.flows.iter().enumerate() {
                    if let Some(column) = flow.column {
                        found.set_column(column, stage, state.flows.x[t * flows + j]);
                    }
                }
                for (i, level) in block.levels.iter().enumerate() {
                    found.set_column(level.column, stage, state.levels.x[t * levels + i]);
                }
                let rows = block.rows.iter().copied().chain(block.levels.iter().map(|level| level.row));
                for (row, y) in rows.zip(&state.y[t * state.shape.all_rows()..]) {
                    found.set_dual(row, stage, *y);
                }
            }
        }
        for (t, temp_c) in self.temp_c.iter().enumerate().take(kept + 1) {
            found.set_temp_c(self.ends.from + t, *temp_c);
        }
    }

    /// Updates the COPs at the current levels and temperatures.
    fn follow_cops(&mut self) {
        let pumps = self.model.pumps.len();
        for t in 0..self.stages {
            for (index, pump) in self.model.pumps.iter().enumerate() {
                let known = pump.level_before.filter(|_| self.ends.from + t == 0);
                let before = match (known, pump.level) {
                    (Some(known), _) => known,
                    (None, Some(level)) if t == 0 => self.ends.levels[level],
                    (None, Some(level)) => {
                        let [block, i] = self.model.level_place[level];
                        let state = &self.blocks[block];
                        state.levels.x[(t - 1) * state.shape.levels + i]
                    }
                    (None, None) => 0.0,
                };
                self.rates[t * pumps + index] = self.water_loop.electricity_per_output(index, self.temp_c[t], before);
            }
        }
    }

    /// Updates COPs, loop and all residuals at the current values.
    fn evaluate(&mut self) -> Residuals {
        let mut residuals = Residuals::default();
        if self.frozen {
            self.rates.iter_mut().for_each(|rates| (rates.per_k, rates.per_kwh) = (0.0, 0.0));
        } else {
            self.follow_cops();
        }
        let pumps = self.model.pumps.len();
        for t in 0..if self.frozen { 0 } else { self.stages } {
            let mut heat_kwh = 0.0;
            for (index, pump) in self.model.pumps.iter().enumerate() {
                let state = &self.blocks[pump.block];
                let output_kwh = state.flows.x[t * state.shape.flows + pump.flow] * self.model.step_hours;
                let electricity = self.rates[t * pumps + index].value;
                heat_kwh += output_kwh * (self.water_loop.heat_without_electricity(index) + electricity);
            }
            let after = self.water_loop.advance(self.ends.from + t, self.temp_c[t], heat_kwh, self.rounding_k);
            self.advance[t] = after;
            self.temp_residual[t] = after.value - self.temp_c[t + 1];
            Residuals::raise(&mut residuals.temp_k, self.temp_residual[t]);
        }
        for b in 0..self.blocks.len() {
            self.reduce(b);
            self.sum_up(b);
            let state = &self.blocks[b];
            for residual in &state.row_residual {
                Residuals::raise(&mut residuals.row, *residual);
            }
            for (bounded, reduced) in [(&state.flows, &state.reduced), (&state.levels, &state.level_reduced)] {
                for (i, reduced) in reduced.iter().enumerate() {
                    Residuals::raise(&mut residuals.dual, bounded.dual_residual(i, *reduced));
                }
            }
        }
        residuals
    }

    /// Updates the reduced costs of a block.
    fn reduce(&mut self, b: usize) {
        let (block, state) = (&self.model.blocks[b], &mut self.blocks[b]);
        let pumps = self.model.pumps.len();
        let (all, rows) = (block.all_rows(), block.rows.len());
        for t in 0..self.stages {
            let stage = self.ends.from + t;
            let y = &state.y[t * all..][..all];
            let reduced = &mut state.reduced[t * block.flows.len()..][..block.flows.len()];
            for (reduced, flow) in reduced.iter_mut().zip(&block.flows) {
                *reduced = flow.cost.at(stage);
            }
            for term in &block.terms {
                reduced[term.flow] -= term.coefficient.at(stage) * y[term.row];
            }
            for &index in &block.pumps {
                let pump = &self.model.pumps[index];
                let per_output = self.rates[t * pumps + index].value;
                reduced[pump.flow] += per_output * (pump.input_cost.at(stage) + y[pump.row]);
            }
            for (i, level) in block.levels.iter().enumerate() {
                let after = match state.y.get((t + 1) * all + rows + i) {
                    Some(y) => *y,
                    None => self.ends.duals_after[block.first_level + i],
                };
                let continued = level.continues_after(stage, self.model.stages) * after;
                let cost = level.cost.at(stage) - level.now.at(stage) * y[rows + i] - continued;
                state.level_reduced[t * block.levels.len() + i] = cost;
            }
        }
    }

    /// Updates the residuals of the rows of a block.
    fn sum_up(&mut self, b: usize) {
        let (block, state) = (&self.model.blocks[b], &mut self.blocks[b]);
        let pumps = self.model.pumps.len();
        let (all, rows, levels) = (block.all_rows(), block.rows.len(), block.levels.len());
        for t in 0..self.stages {
            let stage = self.ends.from + t;
            let residual = &mut state.row_residual[t * all..][..all];
            for (residual, sum) in residual.iter_mut().zip(&block.sums) {
                *residual = sum.at(stage);
            }
            for (i, level) in block.levels.iter().enumerate() {
                let before = match t.checked_sub(1) {
                    Some(before) => state.levels.x[before * levels + i],
                    None => self.ends.levels[block.first_level + i],
                };
                let kept = level.continues_into(stage) * before;
                residual[rows + i] = level.sum.at(stage) - level.now.at(stage) * state.levels.x[t * levels + i] - kept;
            }
            let x = &state.flows.x[t * block.flows.len()..][..block.flows.len()];
            for term in &block.terms {
                residual[term.row] -= term.coefficient.at(stage) * x[term.flow];
            }
            for &index in &block.pumps {
                let pump = &self.model.pumps[index];
                residual[pump.row] += self.rates[t * pumps + index].value * x[pump.flow];
            }
        }
    }

    fn products(&self, step: f64) -> (f64, usize) {
        let all = self.blocks.iter().flat_map(|state| [&state.flows, &state.levels]);
        all.map(|bounded| bounded.products(step)).fold((0.0, 0), |(sum, count), (s, c)| (sum + s, count + c))
    }

    fn step_lengths(&self) -> [f64; 2] {
        let all = self.blocks.iter().flat_map(|state| [&state.flows, &state.levels]);
        all.map(BoundedVariables::step_lengths).fold([f64::INFINITY; 2], |a, b| [a[0].min(b[0]), a[1].min(b[1])])
    }

    fn take_steps(&mut self, [primal, dual]: [f64; 2]) {
        for state in &mut self.blocks {
            state.flows.take_steps([primal, dual]);
            state.levels.take_steps([primal, dual]);
            if dual > 0.0 {
                state.y.iter_mut().zip(&state.dy).for_each(|(y, change)| *y += dual * change);
            }
        }
        self.temp_c.iter_mut().zip(&self.temp_change).for_each(|(temp_c, change)| *temp_c += primal * change);
    }
}

impl BlockState {
    fn new(block: &Block, ends: &EndConditions, guess: &dyn StartingPoint) -> Self {
        let stages = ends.to - ends.from;
        let [flows, rows, levels, pumps] = [block.flows.len(), block.rows.len(), block.levels.len(), block.pumps.len()];
        let shape = Shape { flows, rows, levels, pumps };
        let rows_at = |stage: usize| {
            let of_levels = block.levels.iter().map(|level: &Level| level.row);
            block.rows.iter().copied().chain(of_levels).map(move |row| guess.dual(row, stage))
        };
        Self {
            shape,
            flows: BoundedVariables::default(),
            levels: BoundedVariables::default(),
            y: (ends.from..ends.to).flat_map(rows_at).collect(),
            dy: vec![0.0; stages * shape.all_rows()],
            row_residual: vec![0.0; stages * shape.all_rows()],
            reduced: vec![0.0; stages * flows],
            level_reduced: vec![0.0; stages * levels],
            turned: vec![0.0; stages * flows],
            eliminations: FlowEliminations::new(shape, stages),
        }
    }
}
