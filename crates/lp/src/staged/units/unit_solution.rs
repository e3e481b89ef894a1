//! The solution of the normal equations of units with the factors of their elimination.

use super::super::lanes::Lanes;
use super::unit_elimination::{EliminationBuffers, fit};
use super::unit_group::UnitGroup;

impl UnitGroup {
    /// Solves with the factors in place of the right-hand sides.
    #[inline(always)]
    pub(in super::super) fn solve_lanes(&mut self, work: &mut EliminationBuffers) {
        let Self { shape, plans, carried, separator, .. } = self;
        let (rows, q) = (shape.rows(), shape.dynamics);
        fit(&mut work.part, shape.coupling());
        fit(&mut work.separator, q);
        let (part, separators) = (&mut work.part[..], &mut work.separator[..]);
        for stage in 0..self.stages {
            let rhs = &mut self.rhs[stage * rows..(stage + 1) * rows];
            for k in 0..q {
                part[shape.statics + k] = std::mem::replace(&mut part[shape.next() + k], Lanes::ZERO);
            }
            part[..shape.statics].fill(Lanes::ZERO);
            part[shape.auxiliary()..].fill(Lanes::ZERO);
            for (row, value) in rhs.iter().enumerate() {
                part[shape.own(row, stage == 0)] += *value;
            }
            let stage_plan = &plans[stage.min(1)];
            let mut multipliers = &self.multipliers[stage * self.most_multipliers..];
            for (step, &kept) in stage_plan.plan.steps[..stage_plan.own_steps].iter().zip(&stage_plan.kept_rows) {
                let value = part[step.pivot];
                for (&row, &multiplier) in step.rows[..kept].iter().zip(multipliers) {
                    part[row] -= multiplier * value;
                }
                multipliers = &multipliers[kept..];
                rhs[step.pivot] = value;
            }
            if shape.is_ring {
                let carried = &carried[stage * q * q..];
                for p in 0..q {
                    let value = part[shape.auxiliary() + p];
                    for (separator, &carried) in separators.iter_mut().zip(&carried[p * q..]) {
                        *separator += carried * value;
                    }
                }
            }
        }
        if shape.is_ring {
            for k in 0..q {
                separators[k] += part[shape.next() + k];
            }
            solve_triangular(separator, separators);
            part[shape.next()..shape.auxiliary()].copy_from_slice(separators);
        } else {
            part[shape.next()..].fill(Lanes::ZERO);
        }
        for stage in (0..self.stages).rev() {
            let rhs = &mut self.rhs[stage * rows..(stage + 1) * rows];
            if shape.is_ring {
                let carried = &carried[stage * q * q..];
                for p in 0..q {
                    let mut sum = Lanes::ZERO;
                    for (&separator, &carried) in separators.iter().zip(&carried[p * q..]) {
                        sum += carried * separator;
                    }
                    part[shape.auxiliary() + p] = sum;
                }
            }
            let stage_plan = &plans[stage.min(1)];
            let kept: usize = stage_plan.kept_rows[..stage_plan.own_steps].iter().sum();
            let mut multipliers = &self.multipliers[stage * self.most_multipliers..][..kept];
            let steps = stage_plan.plan.steps[..stage_plan.own_steps].iter().zip(&stage_plan.kept_rows);
            for (step, &kept) in steps.rev() {
                let (before, own) = multipliers.split_at(multipliers.len() - kept);
                multipliers = before;
                let mut value = rhs[step.pivot] * self.inverse_pivots[stage * rows + step.pivot];
                for (&row, &multiplier) in step.rows[..kept].iter().zip(own) {
                    value -= multiplier * part[row];
                }
                part[step.pivot] = value;
            }
            for (row, value) in rhs.iter_mut().enumerate() {
                *value = part[shape.own(row, stage == 0)];
            }
            for k in 0..q {
                part[shape.next() + k] = part[shape.statics + k];
            }
        }
    }
}

/// Solves L L' x = b in place, for L by row with inverted diagonal.
#[inline(always)]
fn solve_triangular(factor: &[Lanes], x: &mut [Lanes]) {
    let n = x.len();
    for i in 0..n {
        let mut sum = x[i];
        for k in 0..i {
            sum -= factor[i * n + k] * x[k];
        }
        x[i] = sum * factor[i * n + i];
    }
    for i in (0..n).rev() {
        x[i] = x[i] * factor[i * n + i];
        for k in 0..i {
            let more = factor[i * n + k] * x[i];
            x[k] -= more;
        }
    }
}
