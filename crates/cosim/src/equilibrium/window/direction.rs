//! The Newton direction: elimination of the flows stage by stage, then a forward and a backward sweep over the
//! stages.

use super::super::bounded_variables::NewtonTarget;
use super::super::stage_elimination::Levels;
use super::{FIXED, StageBuffers, Window};
use crate::coupling::LoopDerivatives;

impl<L: LoopDerivatives> Window<'_, L> {
    /// Eliminates all flows and factors all stages: the part that does not depend on the aim.
    pub(super) fn factor(&mut self) {
        self.elimination.begin();
        for t in 0..self.stages {
            let states = self.model.levels + 1;
            let passage = &mut self.elimination.stages[t];
            passage.forward.fill(0.0);
            passage.answer.fill(0.0);
            passage.forward[states * states - 1] = self.advance[t].per_k;
            for b in 0..self.blocks.len() {
                self.eliminate(b, t);
            }
            self.bring_along(t);
            let StageBuffers { now, after, resistance, .. } = &self.buffers;
            self.elimination.factor(t, &Levels { now, after, resistance });
        }
    }

    /// Eliminates the flows of a block in a stage, and adds its contribution to F and G.
    fn eliminate(&mut self, b: usize, t: usize) {
        let (block, state) = (&self.model.blocks[b], &mut self.blocks[b]);
        let stage = self.ends.from + t;
        let (n, dt) = (self.model.levels, self.model.step_hours);
        let (states, shape) = (n + 1, state.shape);
        let (rows, all) = (shape.rows, shape.all_rows());
        let StageBuffers { give_way, within, per_pump, .. } = &mut self.buffers;
        give_way.clear();
        give_way.extend(
            (t * shape.flows..(t + 1) * shape.flows)
                .map(|at| if state.flows.is_fixed(at) { 0.0 } else { 1.0 / state.flows.resistance(at) }),
        );
        let y = &state.y[t * all..][..all];
        let rates = &self.rates[t * self.model.pumps.len()..][..self.model.pumps.len()];
        let (per_kwh, water_loop) = (self.advance[t].per_kwh, self.water_loop);
        state.eliminations.make(t, give_way, |give| {
            for term in &block.terms {
                give(term.flow, term.row, term.coefficient.at(stage));
            }
            for (own, &index) in block.pumps.iter().enumerate() {
                let pump = &self.model.pumps[index];
                give(pump.flow, pump.row, -rates[index].value);
                give(pump.flow, all + own, pump.input_cost.at(stage) + y[pump.row]);
                let heat = water_loop.heat_without_electricity(index) + rates[index].value;
                give(pump.flow, all + shape.pumps, per_kwh * dt * heat);
            }
        });
        let elimination = state.eliminations.at(t);
        let heat = elimination.carried(shape.pumps);
        let passage = &mut self.elimination.stages[t];
        for (i, level) in block.levels.iter().enumerate() {
            let (now, row) = (level.now.at(stage), block.first_level + i);
            passage.forward[row * states + row] -= level.continues_into(stage) / now;
            for j in 0..shape.levels {
                let common =
                    (0..=i.min(j)).map(|k| elimination.r(rows + k, rows + i) * elimination.r(rows + k, rows + j));
                passage.answer[row * n + block.first_level + j] = -common.sum::<f64>() / now;
            }
            passage.answer[n * n + row] = (0..=i).map(|k| heat[rows + k] * elimination.r(rows + k, rows + i)).sum();
        }
        for (own, &index) in block.pumps.iter().enumerate() {
            let pump = &self.model.pumps[index];
            let output = state.flows.x[t * shape.flows + pump.flow];
            let carried = elimination.carried(own);
            within.clear();
            within.resize(rows, 0.0);
            within[pump.row] = -output;
            elimination.forward(within);
            per_pump.clear();
            per_pump.resize(states, 0.0);
            for (i, level) in block.levels.iter().enumerate() {
                let fixed: f64 = (0..rows).map(|k| elimination.r(k, rows + i) * within[k]).sum();
                let pushed: f64 = (0..=i).map(|k| elimination.r(rows + k, rows + i) * carried[rows + k]).sum();
                per_pump[block.first_level + i] = (fixed + pushed) / level.now.at(stage);
            }
            let fixed: f64 = heat[..rows].iter().zip(&*within).map(|(a, b)| a * b).sum();
            let pushed: f64 = heat[rows..].iter().zip(&carried[rows..]).map(|(a, b)| a * b).sum();
            per_pump[n] = per_kwh * dt * output - fixed - pushed;
            for (row, per_pump) in per_pump.iter().enumerate() {
                passage.forward[row * states + n] += per_pump * rates[index].per_k;
                if let Some(level) = pump.level.filter(|_| stage > 0) {
                    passage.forward[row * states + level] += per_pump * rates[index].per_kwh;
                }
            }
        }
    }

    /// Collects the coefficients of the levels in a stage.
    fn bring_along(&mut self, t: usize) {
        let stage = self.ends.from + t;
        let StageBuffers { now, after, resistance, .. } = &mut self.buffers;
        for list in [&mut *now, &mut *after, &mut *resistance] {
            list.clear();
        }
        for (block, state) in self.model.blocks.iter().zip(&self.blocks) {
            for (i, level) in block.levels.iter().enumerate() {
                let at = t * block.levels.len() + i;
                now.push(level.now.at(stage));
                // The duals after the window are constant.
                after.push(if t + 1 < self.stages { level.before.at(stage + 1) } else { 0.0 });
                resistance.push(if state.levels.is_fixed(at) { FIXED } else { state.levels.resistance(at) });
            }
        }
    }

    /// Computes the changes of all variables for this aim.
    pub(super) fn direct(&mut self, aim: NewtonTarget) {
        let n = self.model.levels;
        let (mut f, mut rho) = (vec![0.0; n + 1], vec![0.0; n]);
        self.elimination.begin();
        for t in 0..self.stages {
            f.fill(0.0);
            f[n] = self.temp_residual[t];
            for b in 0..self.blocks.len() {
                self.push(b, t, aim, &mut f, &mut rho);
            }
            self.bring_along(t);
            let StageBuffers { now, after, resistance, .. } = &self.buffers;
            self.elimination.forward(t, &Levels { now, after, resistance }, &f, &rho);
        }
        let (mut next_dual, mut dual) = (vec![0.0; n], vec![0.0; n]);
        let (mut after, mut before) = (self.elimination.end().to_vec(), vec![0.0; n + 1]);
        for t in (0..self.stages).rev() {
            self.elimination.backward(t, &next_dual, &mut dual, &mut before);
            self.temp_change[t + 1] = after[n];
            for b in 0..self.blocks.len() {
                self.answer(b, t, aim, [&before, &after], &dual);
            }
            std::mem::swap(&mut after, &mut before);
            std::mem::swap(&mut next_dual, &mut dual);
        }
    }

    /// Computes the right-hand side of a block in a stage, and adds its contribution to f and rho.
    fn push(&mut self, b: usize, t: usize, aim: NewtonTarget, f: &mut [f64], rho: &mut [f64]) {
        let (block, state) = (&self.model.blocks[b], &mut self.blocks[b]);
        let (stage, shape, n) = (self.ends.from + t, state.shape, self.model.levels);
        let (rows, all) = (shape.rows, shape.all_rows());
        let StageBuffers { force, within, .. } = &mut self.buffers;
        force.clear();
        for at in t * shape.flows..(t + 1) * shape.flows {
            force.push(state.flows.push(at, aim, state.flows.dual_residual(at, state.reduced[at])));
        }
        let elimination = state.eliminations.at(t);
        let turned = &mut state.turned[t * shape.flows..][..shape.flows];
        elimination.turn(force, turned);
        within.clear();
        within.extend_from_slice(&state.row_residual[t * all..][..rows]);
        elimination.forward(within);
        let heat = elimination.carried(shape.pumps);
        for (i, level) in block.levels.iter().enumerate() {
            let fixed: f64 = (0..rows).map(|k| elimination.r(k, rows + i) * within[k]).sum();
            let pushed: f64 = (0..=i).map(|k| elimination.r(rows + k, rows + i) * turned[rows + k]).sum();
            let residual = state.row_residual[t * all + rows + i];
            f[block.first_level + i] = (residual - fixed - pushed) / level.now.at(stage);
            let at = t * shape.levels + i;
            let dual_residual = state.levels.dual_residual(at, state.level_reduced[at]);
            rho[block.first_level + i] = state.levels.push(at, aim, dual_residual);
        }
        f[n] += heat[..rows].iter().zip(&*within).map(|(a, b)| a * b).sum::<f64>();
        f[n] += heat[rows..].iter().zip(&turned[rows..]).map(|(a, b)| a * b).sum::<f64>();
    }

    /// Computes the changes of a block in a stage from those of the states before and after it and of the levels'
    /// duals.
    fn answer(&mut self, b: usize, t: usize, aim: NewtonTarget, [before, after]: [&[f64]; 2], dual: &[f64]) {
        let (block, state) = (&self.model.blocks[b], &mut self.blocks[b]);
        let (stage, shape, n) = (self.ends.from + t, state.shape, self.model.levels);
        let (rows, all) = (shape.rows, shape.all_rows());
        let StageBuffers { within, turned, force, .. } = &mut self.buffers;
        let elimination = state.eliminations.at(t);
        within.clear();
        within.extend_from_slice(&state.row_residual[t * all..][..rows]);
        turned.clear();
        turned.extend_from_slice(&state.turned[t * shape.flows..][..shape.flows]);
        for (own, &index) in block.pumps.iter().enumerate() {
            let pump = &self.model.pumps[index];
            let rates = self.rates[t * self.model.pumps.len() + index];
            let level = pump.level.filter(|_| stage > 0).map_or(0.0, |level| rates.per_kwh * before[level]);
            let change = rates.per_k * before[n] + level;
            within[pump.row] += state.flows.x[t * shape.flows + pump.flow] * change;
            turned.iter_mut().zip(elimination.carried(own)).for_each(|(turned, m)| *turned -= m * change);
        }
        elimination.forward(within);
        let duals = &dual[block.first_level..][..shape.levels];
        let dy = &mut state.dy[t * all..][..all];
        for k in 0..rows {
            let of_levels: f64 = (0..shape.levels).map(|i| elimination.r(k, rows + i) * duals[i]).sum();
            dy[k] = within[k] - of_levels - turned[k];
        }
        elimination.backward(&mut dy[..rows]);
        dy[rows..].copy_from_slice(duals);
        turned[..rows].copy_from_slice(within);
        for k in 0..shape.levels {
            turned[rows + k] += (k..shape.levels).map(|i| elimination.r(rows + k, rows + i) * duals[i]).sum::<f64>();
        }
        force.clear();
        force.resize(shape.flows, 0.0);
        elimination.turn_back(turned, force);
        for (j, change) in force.iter().enumerate() {
            state.flows.follow(t * shape.flows + j, *change, aim);
        }
        for i in 0..shape.levels {
            state.levels.follow(t * shape.levels + i, after[block.first_level + i], aim);
        }
    }
}
