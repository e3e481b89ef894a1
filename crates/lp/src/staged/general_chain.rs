//! The normal equations of a chain of stages with any dynamics, factored and solved lane by lane.
//!
//! A theta A' is a sum over columns of theta a a'. Eliminating row p by the modified Gram-Schmidt process keeps this
//! form: with the pivot d = sum theta a_p^2 and the multipliers m_r = sum theta a_p a_r / d, every column becomes a_r -
//! m_r a_p, and the row leaves behind the column (1 at p, m_r) of weight d. Only the rounding of a_r - m_r a_p is lost,
//! which enters the weights squared, so that weights may span thirty orders of magnitude.
//!
//! Rows that read the stage before are dynamic. A stage eliminates its own rows; its columns then have entries only in
//! the dynamic rows of the next stage and in those of the first stage of the lane, which remain as a separator. The
//! same process turns them into as many columns as there are such rows, and these columns are passed on: a Schur
//! complement in factored form. The columns passed on by the last stages of the lanes close the ring in a dense system
//! over the separators.

use super::dense::Gram;
use super::elimination::{EliminationPlan, EliminationStep};
use super::elimination_layout::EliminationLayout;
use super::lanes::Lanes;
use super::problem_data::ProblemData;

/// Share of its original diagonal below which a pivot belongs to a row that is implied by others; its unknown becomes
/// 0.
pub(super) const PIVOT_FLOOR: f64 = 1e-30;
/// Largest regularisation of a row's dual, as a share of the row's original diagonal.
pub(super) const RELATIVE_REGULARIZATION: f64 = 1e-17;
/// Avoids 0/0 where nothing is passed on.
pub(super) const LEAST_WEIGHT: f64 = 1e-200;

/// The factored normal equations for problems of one pattern.
#[derive(Debug)]
pub(super) struct GeneralChain {
    layout: EliminationLayout,
    /// Dual regularisation; see
    /// [`NormalEquations::set_regularization`](super::normal_equations::NormalEquations::set_regularization).
    pub(super) regularization: f64,
    /// Elimination plans of the first stage of a lane, and of any other.
    plans: [EliminationPlan; 2],
    /// Inverse pivots, by block and row of the elimination order.
    inverse_pivots: Vec<Lanes>,
    /// Multipliers, by block and multiplier of the plan.
    multipliers: Vec<Lanes>,
    most_multipliers: usize,
    separators: Gram,
    separator_rhs: Vec<f64>,
    work: EliminationBuffers,
}

/// The work space of the elimination of one stage.
#[derive(Debug)]
struct EliminationBuffers {
    /// Entries by column (own ones before those passed on) and position.
    entries: Vec<Lanes>,
    weights: Vec<Lanes>,
    /// Theta times the entry in the pivot row, by column of the step.
    weighted: Vec<Lanes>,
    /// Diagonal of the own rows before any elimination.
    initial: Vec<Lanes>,
    /// Columns passed on (by column, then rows of the next stage and the separator).
    passed_on: Vec<Lanes>,
    /// Weights of the columns passed on.
    passed_on_weights: Vec<Lanes>,
    /// Right-hand side by position.
    part: Vec<Lanes>,
}

impl GeneralChain {
    /// Plans the elimination and allocates the memory for the pattern of `data`.
    pub(super) fn new(data: &ProblemData) -> Self {
        let layout = EliminationLayout::new(data);
        let plans = layout.plans(data);
        let (blocks, rows, width, passed_on) = (layout.blocks, layout.rows(), layout.width(), 2 * layout.dynamics);
        let most_multipliers = plans[0].multipliers.max(plans[1].multipliers);
        let columns = layout.columns + passed_on;
        let lanes = |len: usize| vec![Lanes::ZERO; len];
        Self {
            regularization: 0.0,
            inverse_pivots: lanes(blocks * rows),
            multipliers: lanes(blocks * most_multipliers),
            most_multipliers,
            separators: Gram::new(layout.lanes * layout.dynamics, layout.lanes * passed_on),
            separator_rhs: vec![0.0; layout.lanes * layout.dynamics],
            work: EliminationBuffers {
                entries: lanes(columns * width),
                weights: lanes(columns),
                weighted: lanes(columns),
                initial: lanes(width),
                passed_on: lanes(passed_on * passed_on),
                passed_on_weights: lanes(passed_on),
                part: lanes(width),
            },
            layout,
            plans,
        }
    }

    /// See [`GeneralChain::factor`].
    #[inline(always)]
    pub(super) fn factor_lanes(&mut self, data: &ProblemData, theta: &[Lanes]) {
        self.factor_stages(data, theta);
        self.close_ring(self.regularization);
    }

    /// See [`GeneralChain::solve`].
    #[inline(always)]
    pub(super) fn solve_lanes(&mut self, data: &ProblemData, rhs: &mut [Lanes]) {
        self.eliminate_rhs(data, rhs);
        self.substitute_back(rhs);
    }

    /// Eliminates the rows of all stages but the separators.
    #[inline(always)]
    fn factor_stages(&mut self, data: &ProblemData, theta: &[Lanes]) {
        let Self { layout, plans, work, regularization, .. } = self;
        let (rows, columns) = (layout.rows(), layout.columns);
        work.passed_on.fill(Lanes::ZERO);
        work.passed_on_weights.fill(Lanes::ZERO);
        for block in 0..layout.blocks {
            work.load(layout, data, &theta[block * columns..(block + 1) * columns], block);
            let plan = &plans[block.min(1)];
            let multipliers = &mut self.multipliers[block * self.most_multipliers..][..plan.multipliers];
            let (own, passed_on_steps) = plan.steps.split_at(layout.own_steps(block));
            for step in own {
                let initial = work.initial[step.pivot];
                let regularization =
                    (initial * Lanes::splat(RELATIVE_REGULARIZATION)).min(Lanes::splat(*regularization));
                let pivot = work.pivot(layout.width(), step) + regularization;
                let inverse = pivot.inverse_above(initial * Lanes::splat(PIVOT_FLOOR));
                self.inverse_pivots[block * rows + step.pivot] = inverse;
                work.eliminate(layout.width(), step, inverse, &mut multipliers[step.multipliers..]);
            }
            for step in passed_on_steps {
                let pivot = work.pivot(layout.width(), step);
                let inverse = Lanes::ONE / (pivot + Lanes::splat(LEAST_WEIGHT));
                let multipliers = &mut multipliers[step.multipliers..];
                work.eliminate(layout.width(), step, inverse, multipliers);
                let column = step.pivot - rows;
                work.passed_on_weights[column] = pivot;
                let passed_on = &mut work.passed_on[column * 2 * layout.dynamics..][..2 * layout.dynamics];
                passed_on[column] = Lanes::ONE;
                step.rows.iter().zip(multipliers).for_each(|(row, multiplier)| passed_on[row - rows] = *multiplier);
            }
        }
    }

    /// Factors the system over the separators of all lanes from the columns that their last stages pass on.
    fn close_ring(&mut self, regularization: f64) {
        let Self { layout, work, separators, .. } = self;
        let (dynamics, passed_on) = (layout.dynamics, 2 * layout.dynamics);
        separators.clear();
        for lane in 0..layout.lanes {
            let next = (lane + 1) % layout.lanes;
            for column in 0..passed_on {
                let at = lane * passed_on + column;
                separators.set_weight(at, work.passed_on_weights[column].0[lane]);
                for k in 0..dynamics {
                    let entries = &work.passed_on[column * passed_on..];
                    separators.add(at, next * dynamics + k, entries[k].0[lane]);
                    separators.add(at, lane * dynamics + k, entries[dynamics + k].0[lane]);
                }
            }
        }
        separators.factor(PIVOT_FLOOR, regularization);
    }

    /// Applies the eliminations to a right-hand side, and solves for the separators.
    #[inline(always)]
    fn eliminate_rhs(&mut self, data: &ProblemData, rhs: &mut [Lanes]) {
        let Self { layout, work, .. } = self;
        let (rows, dynamics, statics) = (layout.rows(), layout.dynamics, layout.statics);
        let part = &mut work.part[..];
        part.fill(Lanes::ZERO);
        for block in 0..layout.blocks {
            let rhs = &mut rhs[block * rows..(block + 1) * rows];
            // The contributions of the stage before add to the right-hand sides of these rows.
            for k in 0..dynamics {
                part[statics + k] = std::mem::replace(&mut part[layout.next(k)], Lanes::ZERO);
            }
            part[..statics].fill(Lanes::ZERO);
            layout.order.iter().for_each(|&row| part[layout.own(row, block)] += rhs[row]);
            let multipliers = &self.multipliers[block * self.most_multipliers..];
            for step in &self.plans[block.min(1)].steps[..layout.own_steps(block)] {
                let value = part[step.pivot];
                for (&row, &multiplier) in step.rows.iter().zip(&multipliers[step.multipliers..]) {
                    part[row] -= multiplier * value;
                }
                rhs[layout.order[step.pivot]] = value;
            }
        }
        for lane in 0..layout.lanes {
            for k in 0..dynamics {
                let before = (lane + layout.lanes - 1) % layout.lanes;
                let value = part[layout.separator(k)].0[lane] + part[layout.next(k)].0[before];
                self.separator_rhs[lane * dynamics + k] = value;
            }
        }
        self.separators.solve(&mut self.separator_rhs);
        for k in 0..dynamics {
            let separator = layout.separator(k);
            for lane in 0..layout.lanes {
                part[separator].0[lane] = self.separator_rhs[lane * dynamics + k];
            }
            let own = part[separator];
            part[layout.next(k)] = data.lane_layout.wrap_to_last(own);
        }
    }

    /// Computes, from the last stage to the first, y_p = rhs_p / pivot - sum of m_r y_r.
    #[inline(always)]
    fn substitute_back(&mut self, rhs: &mut [Lanes]) {
        let Self { layout, work, .. } = self;
        let (rows, dynamics, statics) = (layout.rows(), layout.dynamics, layout.statics);
        let part = &mut work.part[..];
        for block in (0..layout.blocks).rev() {
            let rhs = &mut rhs[block * rows..(block + 1) * rows];
            let multipliers = &self.multipliers[block * self.most_multipliers..];
            for step in self.plans[block.min(1)].steps[..layout.own_steps(block)].iter().rev() {
                let row = layout.order[step.pivot];
                let mut value = rhs[row] * self.inverse_pivots[block * rows + step.pivot];
                for (&row, &multiplier) in step.rows.iter().zip(&multipliers[step.multipliers..]) {
                    value -= multiplier * part[row];
                }
                part[step.pivot] = value;
            }
            layout.order.iter().for_each(|&row| rhs[row] = part[layout.own(row, block)]);
            for k in 0..dynamics {
                part[layout.next(k)] = part[statics + k];
            }
        }
    }
}

impl EliminationBuffers {
    /// Sets up the columns of a stage: its own, and those passed on by the stage before.
    #[inline(always)]
    fn load(&mut self, layout: &EliminationLayout, data: &ProblemData, theta: &[Lanes], block: usize) {
        let (width, own, passed_on) = (layout.width(), layout.columns, 2 * layout.dynamics);
        self.entries.fill(Lanes::ZERO);
        self.initial.fill(Lanes::ZERO);
        self.weights[..own].copy_from_slice(theta);
        self.weights[own..].copy_from_slice(&self.passed_on_weights);
        let after = data.after(block);
        for (column, &weight) in theta.iter().enumerate() {
            let entries = &mut self.entries[column * width..(column + 1) * width];
            for entry in &data.entries[column] {
                let coefficient = data.at(entry.coefficient, block);
                let place = layout.own(entry.row, block);
                entries[place] += coefficient;
                self.initial[place] += weight * coefficient * coefficient;
            }
            for lagged in &data.lagged[data.lagged_of(column)] {
                entries[layout.after(lagged.row)] += data.lagged_after(lagged, after);
            }
        }
        for column in 0..passed_on {
            let entries = &mut self.entries[(own + column) * width..(own + column + 1) * width];
            for entry in 0..passed_on {
                let value = std::mem::replace(&mut self.passed_on[column * passed_on + entry], Lanes::ZERO);
                entries[layout.received(entry)] = value;
                self.initial[layout.received(entry)] += self.passed_on_weights[column] * value * value;
            }
        }
        self.passed_on_weights.fill(Lanes::ZERO);
    }

    /// Returns the pivot of a step, and leaves theta times the entries in its row in `weighted`.
    #[inline(always)]
    fn pivot(&mut self, width: usize, step: &EliminationStep) -> Lanes {
        let mut pivot = Lanes::ZERO;
        for (&column, weighted) in step.columns.iter().zip(&mut self.weighted) {
            let entry = self.entries[column * width + step.pivot];
            *weighted = self.weights[column] * entry;
            pivot += *weighted * entry;
        }
        pivot
    }

    /// Computes the multipliers of a step, and eliminates its row from the columns.
    #[inline(always)]
    fn eliminate(&mut self, width: usize, step: &EliminationStep, inverse: Lanes, multipliers: &mut [Lanes]) {
        let multipliers = &mut multipliers[..step.rows.len()];
        multipliers.fill(Lanes::ZERO);
        for (&column, &weighted) in step.columns.iter().zip(&self.weighted) {
            let entries = &self.entries[column * width..(column + 1) * width];
            for (multiplier, &row) in multipliers.iter_mut().zip(&step.rows) {
                *multiplier += weighted * entries[row];
            }
        }
        for multiplier in &mut *multipliers {
            *multiplier = *multiplier * inverse;
        }
        for &column in &step.columns {
            let entries = &mut self.entries[column * width..(column + 1) * width];
            let entry = entries[step.pivot];
            for (multiplier, &row) in multipliers.iter().zip(&step.rows) {
                entries[row] -= *multiplier * entry;
            }
        }
    }
}
