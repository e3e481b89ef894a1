//! The elimination of units over all their time.
//!
//! With H the normal equations of a unit's own rows and B its entries in coupling rows, the
//! elimination of the own rows leaves S = min over y of sum theta (a'y + b'l)^2 as a quadratic form of the duals l of
//! the coupling rows. Going forward in time by the modified Gram-Schmidt process, a stage passes on columns u'y + m'l,
//! where m collects the coupling rows of all stages so far. It need not be stored: with one auxiliary position per
//! column passed on, a stage is described by
//!
//! - transition F and input a, by which m of the columns passed on follows from that of the stage before: m+ = F m, and
//!   a at the coupling rows of the stage itself;
//! - K, the quadratic form over m and coupling rows of the stage that the stage leaves behind.
//!
//! The rows of the first stage of a ring are a separator: m starts with the identity there, and the columns that the
//! last stage passes on have entries in these rows. [`coupling_system`](super::coupling_system) puts the stages
//! together.

use super::super::general_chain::{LEAST_WEIGHT, PIVOT_FLOOR, RELATIVE_REGULARIZATION};
use super::super::lanes::{Lanes, multiply};
use super::unit_group::UnitGroup;
use super::unit_shape::UnitShape;

/// What the elimination leaves of every stage for the coupling rows.
#[derive(Debug, Default)]
pub(in super::super) struct StageForms {
    /// Number of columns passed on, and of coupling rows.
    pub(super) passed_on: usize,
    pub(super) couplings: usize,
    /// F, by stage, column passed on and column passed on before.
    pub(super) transitions: Vec<Lanes>,
    /// a, by stage, column passed on and coupling row.
    pub(super) inputs: Vec<Lanes>,
    /// K, by stage and pair of positions: columns passed on by the stage before, then coupling rows.
    pub(super) forms: Vec<Lanes>,
    /// Weights of the columns that the last stage passes on, and their entries in the rows of the first stage.
    pub(super) last_weights: Vec<Lanes>,
    pub(super) last_entries: Vec<Lanes>,
}

/// The work space of the elimination of one stage.
#[derive(Debug, Default)]
pub(in super::super) struct EliminationBuffers {
    /// Number of columns: own ones, then those passed on.
    columns: usize,
    /// Entries by position and column.
    entries: Vec<Lanes>,
    weights: Vec<Lanes>,
    /// Entries of the columns of a step in its pivot row, and these times the weights.
    pivot_entries: Vec<Lanes>,
    weighted: Vec<Lanes>,
    initial: Vec<Lanes>,
    /// Columns passed on, by column and entry, and their weights.
    passed_on: Vec<Lanes>,
    passed_on_weights: Vec<Lanes>,
    multipliers: Vec<Lanes>,
    pub(super) part: Vec<Lanes>,
    pub(super) separator: Vec<Lanes>,
}

/// Sets a buffer to zeros of the given number.
pub(super) fn fit(buffer: &mut Vec<Lanes>, len: usize) {
    buffer.clear();
    buffer.resize(len, Lanes::ZERO);
}

impl UnitGroup {
    /// Factors the normal equations at the weights gathered, and describes in `forms` what remains for the coupling
    /// rows.
    #[inline(always)]
    pub(in super::super) fn factor_lanes(
        &mut self,
        regularization: f64,
        work: &mut EliminationBuffers,
        forms: &mut StageForms,
    ) {
        let (passed_on, couplings) = (self.shape.passed_on(), self.shape.couplings());
        let auxiliaries = self.shape.auxiliaries();
        let positions = self.shape.remaining();
        work.resize(&self.shape);
        forms.resize(&self.shape, self.stages);
        let regularization = Lanes::splat(regularization);
        for stage in 0..self.stages {
            self.load_stage(stage, work);
            let stage_plan = &self.plans[stage.min(1)];
            let multipliers = &mut self.multipliers[stage * self.most_multipliers..][..self.most_multipliers];
            let mut kept_at = 0;
            let steps = stage_plan.plan.steps.iter().zip(&stage_plan.kept_rows).enumerate();
            for (number, (step, &kept)) in steps {
                let pivot = work.pivot(&step.columns, step.pivot);
                let is_own = number < stage_plan.own_steps;
                let inverse = if is_own {
                    let initial = work.initial[step.pivot];
                    let more = (initial * Lanes::splat(RELATIVE_REGULARIZATION)).min(regularization);
                    let inverse = (pivot + more).inverse_above(initial * Lanes::splat(PIVOT_FLOOR));
                    self.inverse_pivots[stage * self.shape.rows() + step.pivot] = inverse;
                    inverse
                } else {
                    Lanes::ONE / (pivot + Lanes::splat(LEAST_WEIGHT))
                };
                work.eliminate(&step.columns, &step.rows, inverse);
                if is_own {
                    multipliers[kept_at..kept_at + kept].copy_from_slice(&work.multipliers[..kept]);
                    kept_at += kept;
                    continue;
                }
                let column = step.pivot - self.shape.next();
                work.passed_on_weights[column] = pivot;
                let entries = &mut work.passed_on[column * passed_on..][..passed_on];
                entries[column] = Lanes::ONE;
                for (&row, &multiplier) in step.rows.iter().zip(&work.multipliers) {
                    let of_stage = stage * passed_on + column;
                    if row < self.shape.auxiliary() {
                        entries[row - self.shape.next()] = multiplier;
                    } else if row < self.shape.coupling() {
                        forms.transitions[of_stage * passed_on + row - self.shape.auxiliary()] = multiplier;
                    } else {
                        forms.inputs[of_stage * couplings + row - self.shape.coupling()] = multiplier;
                    }
                }
            }
            if positions > 0 {
                let form = &mut forms.forms[stage * positions * positions..][..positions * positions];
                work.remaining_form(self.shape.auxiliary(), positions, form);
            }
        }
        if auxiliaries > 0 {
            forms.last_weights.copy_from_slice(&work.passed_on_weights);
            forms.last_entries.copy_from_slice(&work.passed_on);
        }
        if self.shape.is_ring {
            self.carry(forms);
        }
    }

    /// Computes the products of the transitions of all stages before.
    #[inline(always)]
    fn carry(&mut self, forms: &StageForms) {
        let q = self.shape.passed_on();
        for p in 0..q {
            for r in 0..q {
                self.carried[p * q + r] = if p == r { Lanes::ONE } else { Lanes::ZERO };
            }
        }
        for stage in 0..self.stages {
            let transitions = &forms.transitions[stage * q * q..(stage + 1) * q * q];
            let (before, after) = self.carried.split_at_mut((stage + 1) * q * q);
            let before = &before[stage * q * q..];
            multiply(transitions, before, after, [q, q, q]);
        }
    }

    /// Sets up the columns of a stage: its own, and those passed on by the stage before.
    #[inline(always)]
    fn load_stage(&self, stage: usize, work: &mut EliminationBuffers) {
        let shape = &self.shape;
        let (own, passed_on, columns) = (shape.columns(), shape.passed_on(), work.columns);
        work.entries.fill(Lanes::ZERO);
        work.initial.fill(Lanes::ZERO);
        let theta = &self.theta[stage * own..(stage + 1) * own];
        work.weights[..own].copy_from_slice(theta);
        work.weights[own..].copy_from_slice(&work.passed_on_weights);
        let after = if stage + 1 == self.stages { 0 } else { stage + 1 };
        let entries = &mut work.entries[..];
        for (column, &weight) in theta.iter().enumerate() {
            for (&row, coefficient) in shape.entries[column].iter().zip(&self.entries[column]) {
                let (coefficient, place) = (coefficient.at(stage), shape.own(row, stage == 0));
                entries[place * columns + column] = coefficient;
                work.initial[place] += weight * coefficient * coefficient;
            }
            if shape.is_ring || after > 0 {
                for (&row, coefficient) in shape.lagged[column].iter().zip(&self.lagged[column]) {
                    entries[(shape.next() + row) * columns + column] = coefficient.at(after);
                }
            }
            for (&row, coefficient) in shape.coupled[column].iter().zip(&self.coupled[column]) {
                entries[(shape.coupling() + row) * columns + column] = coefficient.at(stage);
            }
        }
        if stage == 0 {
            return;
        }
        for column in 0..passed_on {
            let weight = work.passed_on_weights[column];
            for entry in 0..passed_on {
                let value = std::mem::replace(&mut work.passed_on[column * passed_on + entry], Lanes::ZERO);
                entries[(shape.statics + entry) * columns + own + column] = value;
                work.initial[shape.statics + entry] += weight * value * value;
            }
            if shape.auxiliaries() > 0 {
                entries[(shape.auxiliary() + column) * columns + own + column] = Lanes::ONE;
            }
        }
        work.passed_on_weights.fill(Lanes::ZERO);
    }
}

impl StageForms {
    /// Sets all forms to 0, with room for `stages` stages of the shape.
    fn resize(&mut self, shape: &UnitShape, stages: usize) {
        let couplings = shape.couplings();
        let passed_on = shape.auxiliaries();
        (self.passed_on, self.couplings) = (passed_on, couplings);
        let positions = shape.remaining();
        fit(&mut self.transitions, stages * passed_on * passed_on);
        fit(&mut self.inputs, stages * passed_on * couplings);
        fit(&mut self.forms, stages * positions * positions);
        fit(&mut self.last_weights, passed_on);
        fit(&mut self.last_entries, passed_on * passed_on);
    }
}

impl EliminationBuffers {
    fn resize(&mut self, shape: &UnitShape) {
        let (passed_on, width) = (shape.passed_on(), shape.width());
        self.columns = shape.columns() + passed_on;
        fit(&mut self.entries, self.columns * width);
        fit(&mut self.weights, self.columns);
        fit(&mut self.weighted, self.columns);
        fit(&mut self.pivot_entries, self.columns);
        fit(&mut self.initial, width);
        fit(&mut self.passed_on, passed_on * passed_on);
        fit(&mut self.passed_on_weights, passed_on);
        fit(&mut self.multipliers, width);
    }

    /// Returns the pivot of a row, and leaves its entries and theta times these in `pivot_entries` and `weighted`.
    #[inline(always)]
    fn pivot(&mut self, columns: &[usize], row: usize) -> Lanes {
        let mut pivot = Lanes::ZERO;
        let entries = &self.entries[row * self.columns..(row + 1) * self.columns];
        let work = self.pivot_entries.iter_mut().zip(&mut self.weighted);
        for (&column, (pivot_entry, weighted)) in columns.iter().zip(work) {
            let entry = entries[column];
            *pivot_entry = entry;
            *weighted = self.weights[column] * entry;
            pivot += *weighted * entry;
        }
        pivot
    }

    /// Computes the multipliers of a step, and eliminates its row from the columns.
    #[inline(always)]
    fn eliminate(&mut self, columns: &[usize], rows: &[usize], inverse: Lanes) {
        let Self { entries, pivot_entries, weighted, multipliers, .. } = self;
        let stride = self.columns;
        let (pivot_entries, weighted) = (&pivot_entries[..columns.len()], &weighted[..columns.len()]);
        let terms = || columns.iter().zip(pivot_entries.iter().zip(weighted));
        let (pairs, rest) = rows.as_chunks::<2>();
        for (rows, multipliers) in pairs.iter().zip(multipliers.chunks_exact_mut(2)) {
            let (before, second) = entries.split_at_mut(rows[1] * stride);
            let (first, second) = (&mut before[rows[0] * stride..][..stride], &mut second[..stride]);
            let mut sums = [Lanes::ZERO; 2];
            for (&column, (_, &weighted)) in terms() {
                sums[0] += weighted * first[column];
                sums[1] += weighted * second[column];
            }
            let [a, b] = sums.map(|sum| sum * inverse);
            for (&column, (&entry, _)) in terms() {
                first[column] -= a * entry;
                second[column] -= b * entry;
            }
            multipliers.copy_from_slice(&[a, b]);
        }
        if let [row] = *rest {
            let entries = &mut entries[row * stride..][..stride];
            let mut sum = Lanes::ZERO;
            for (&column, (_, &weighted)) in terms() {
                sum += weighted * entries[column];
            }
            let multiplier = sum * inverse;
            for (&column, (&entry, _)) in terms() {
                entries[column] -= multiplier * entry;
            }
            multipliers[rows.len() - 1] = multiplier;
        }
    }

    /// Computes the form over the positions from `first` on that the columns leave behind.
    #[inline(always)]
    fn remaining_form(&mut self, first: usize, positions: usize, form: &mut [Lanes]) {
        let stride = self.columns;
        let entries = &self.entries[first * stride..][..positions * stride];
        for row in 0..positions {
            let of_row = &entries[row * stride..(row + 1) * stride];
            for ((weighted, weight), entry) in self.weighted.iter_mut().zip(&self.weights).zip(of_row) {
                *weighted = *weight * *entry;
            }
            for other in 0..=row {
                let of_other = &entries[other * stride..(other + 1) * stride];
                let mut sum = Lanes::ZERO;
                for (weighted, entry) in self.weighted[..stride].iter().zip(of_other) {
                    sum += *weighted * *entry;
                }
                form[row * positions + other] = sum;
                form[other * positions + row] = sum;
            }
        }
    }
}
