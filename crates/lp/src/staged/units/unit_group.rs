//! Units of one shape side by side: their coefficients, and the elimination of each over all its time.
//!
//! A lane holds a unit. With H the normal equations of a unit's own rows and B its entries in coupling rows, the
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
use super::super::lanes::{LANES, Lanes};
use super::super::problem_data::{Coefficient, ProblemData};
use super::partition::Unit;
use super::unit_shape::{StagePlan, UnitShape};

/// The coefficient of every lane, by stage if it changes.
#[derive(Debug, Clone)]
enum LaneCoefficient {
    Constant(Lanes),
    Series(Vec<Lanes>),
}

impl LaneCoefficient {
    #[inline(always)]
    fn at(&self, stage: usize) -> Lanes {
        match self {
            Self::Constant(value) => *value,
            Self::Series(values) => values[stage],
        }
    }
}

/// The place of a stage in the layout of the problem's numbers.
#[derive(Debug, Clone, Copy)]
struct StagePlace {
    block: usize,
    lane: usize,
}

/// Up to [`LANES`] units of one shape.
#[derive(Debug)]
pub(in super::super) struct UnitGroup {
    pub(in super::super) shape: UnitShape,
    plans: [StagePlan; 2],
    /// Number of stages.
    pub(in super::super) stages: usize,
    /// For each lane, the unit's columns and rows in the problem.
    units: Vec<Unit>,
    places: Vec<StagePlace>,
    /// Coefficients of the columns: in rows of the stage, in rows of the next stage (by stage of the row), in coupling
    /// rows.
    entries: Vec<Vec<LaneCoefficient>>,
    lagged: Vec<Vec<LaneCoefficient>>,
    coupled: Vec<Vec<LaneCoefficient>>,
    /// Weights, by stage and column.
    theta: Vec<Lanes>,
    /// Inverse pivots, by stage and row.
    inverse_pivots: Vec<Lanes>,
    /// Multipliers of the rows that are eliminated in a stage or later, by stage.
    multipliers: Vec<Lanes>,
    most_multipliers: usize,
    /// Products of the transitions of all stages before, of a ring, by stage, column passed on and separator row.
    pub(super) carried: Vec<Lanes>,
    /// Factor L of the separator's form with inverted diagonal, by row.
    pub(super) separator: Vec<Lanes>,
    /// Right-hand side and then solution, by stage and row.
    pub(super) rhs: Vec<Lanes>,
}

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
    /// Entries by column (own ones before those passed on) and position.
    entries: Vec<Lanes>,
    weights: Vec<Lanes>,
    weighted: Vec<Lanes>,
    initial: Vec<Lanes>,
    /// Columns passed on, by column and entry, and their weights.
    passed_on: Vec<Lanes>,
    passed_on_weights: Vec<Lanes>,
    multipliers: Vec<Lanes>,
    part: Vec<Lanes>,
    separator: Vec<Lanes>,
}

fn fit(buffer: &mut Vec<Lanes>, len: usize) {
    buffer.clear();
    buffer.resize(len, Lanes::ZERO);
}

impl UnitGroup {
    /// Lays out memory for units of one shape; [`UnitGroup::load`] copies their numbers.
    pub(super) fn new(data: &ProblemData, stages: usize, shape: UnitShape, units: Vec<Unit>) -> Self {
        let plans = shape.plans();
        let kept = |plan: &StagePlan| plan.kept_rows.iter().sum::<usize>();
        let most_multipliers = kept(&plans[0]).max(kept(&plans[1]));
        let places = (0..stages).map(|stage| {
            let (block, lane) = data.lane_layout.place(stage);
            StagePlace { block, lane }
        });
        let lanes = |len: usize| vec![Lanes::ZERO; len];
        let mut group = Self {
            plans,
            stages,
            places: places.collect(),
            entries: Vec::new(),
            lagged: Vec::new(),
            coupled: Vec::new(),
            theta: lanes(stages * shape.columns()),
            inverse_pivots: lanes(stages * shape.rows()),
            multipliers: lanes(stages * most_multipliers),
            most_multipliers,
            carried: lanes(if shape.is_ring { (stages + 1) * shape.passed_on() * shape.passed_on() } else { 0 }),
            separator: lanes(if shape.is_ring { shape.passed_on() * shape.passed_on() } else { 0 }),
            rhs: lanes(stages * shape.rows()),
            shape,
            units,
        };
        group.load(data);
        group
    }

    /// Copies the coefficients of the units.
    pub(super) fn load(&mut self, data: &ProblemData) {
        let Self { shape, units, places, .. } = self;
        let row_of = |unit: &Unit, row: usize| unit.rows[row];
        let entry_of = |unit: &Unit, column: usize, row: usize| {
            let entries = data.entries[unit.columns[column]].iter();
            entries.filter(|entry| entry.row == row).map(|entry| entry.coefficient).collect::<Vec<_>>()
        };
        let same_stage = |coefficients: Vec<Vec<Coefficient>>| {
            collected(places, units.len(), |lane, place| {
                coefficients[lane].iter().map(|&at| data.at(at, place.block).0[place.lane]).sum()
            })
        };
        let columns = 0..shape.columns();
        let entries = columns.clone().map(|column| {
            let of =
                |&row: &usize| same_stage(units.iter().map(|unit| entry_of(unit, column, row_of(unit, row))).collect());
            shape.entries[column].iter().map(of).collect()
        });
        let entries = entries.collect();
        let coupled = columns.clone().map(|column| {
            let of = |&at: &usize| {
                same_stage(units.iter().map(|unit| entry_of(unit, column, unit.coupling_rows[at])).collect())
            };
            shape.coupled[column].iter().map(of).collect()
        });
        let coupled = coupled.collect();
        let lagged = columns.map(|column| {
            let of = |&row: &usize| {
                let of_unit = |unit: &Unit| {
                    let (column, row) = (unit.columns[column], row_of(unit, shape.statics + row));
                    data.lagged_of(column).filter(|&at| data.lagged[at].row == row).collect::<Vec<_>>()
                };
                let terms: Vec<Vec<usize>> = units.iter().map(of_unit).collect();
                collected(places, units.len(), |lane, place| {
                    let of_term = |&at: &usize| data.lagged_at(&data.lagged[at], place.block).0[place.lane];
                    terms[lane].iter().map(of_term).sum()
                })
            };
            shape.lagged[column].iter().map(of).collect()
        });
        let lagged = lagged.collect();
        (self.entries, self.coupled, self.lagged) = (entries, coupled, lagged);
    }

    /// Factors the normal equations of the units at `theta` (by block and column of the problem), and describes in
    /// `forms` what remains for the coupling rows.
    pub(super) fn gather_weights(&mut self, data: &ProblemData, theta: &[Lanes]) {
        let columns = self.shape.columns();
        for (lane, unit) in self.units.iter().enumerate() {
            for (stage, place) in self.places.iter().enumerate() {
                let of_stage = &theta[place.block * data.columns..];
                for (at, &column) in unit.columns.iter().enumerate() {
                    self.theta[stage * columns + at].0[lane] = of_stage[column].0[place.lane];
                }
            }
        }
    }

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
        let (columns, width, positions) = (self.shape.columns(), self.shape.width(), self.shape.remaining());
        work.resize(&self.shape, self.most_multipliers);
        forms.resize(&self.shape, self.stages);
        let regularization = Lanes::splat(regularization);
        for stage in 0..self.stages {
            self.load_stage(stage, work);
            let stage_plan = &self.plans[stage.min(1)];
            let multipliers = &mut self.multipliers[stage * self.most_multipliers..][..self.most_multipliers];
            let mut kept_at = 0;
            let steps = stage_plan.plan.steps.iter().zip(&stage_plan.kept_rows).enumerate();
            for (number, (step, &kept)) in steps {
                let pivot = work.pivot(width, &step.columns, step.pivot);
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
                work.eliminate(width, &step.columns, step.pivot, &step.rows, inverse);
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
                for (column, places) in &stage_plan.remaining {
                    let weight = work.weights[*column];
                    let entries = &work.entries[column * width + self.shape.auxiliary()..][..positions];
                    for (number, &first) in places.iter().enumerate() {
                        let weighted = weight * entries[first];
                        for &second in &places[..=number] {
                            form[first * positions + second] += weighted * entries[second];
                        }
                    }
                }
                for first in 0..positions {
                    for second in 0..first {
                        form[second * positions + first] = form[first * positions + second];
                    }
                }
            }
        }
        debug_assert_eq!(columns * self.stages, self.theta.len());
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
            for p in 0..q {
                for r in 0..q {
                    let mut sum = Lanes::ZERO;
                    for s in 0..q {
                        sum += transitions[p * q + s] * before[s * q + r];
                    }
                    after[p * q + r] = sum;
                }
            }
        }
    }

    /// Sets up the columns of a stage: its own, and those passed on by the stage before.
    #[inline(always)]
    fn load_stage(&self, stage: usize, work: &mut EliminationBuffers) {
        let shape = &self.shape;
        let (width, own, passed_on) = (shape.width(), shape.columns(), shape.passed_on());
        work.entries.fill(Lanes::ZERO);
        work.initial.fill(Lanes::ZERO);
        let theta = &self.theta[stage * own..(stage + 1) * own];
        work.weights[..own].copy_from_slice(theta);
        work.weights[own..].copy_from_slice(&work.passed_on_weights);
        let after = if stage + 1 == self.stages { 0 } else { stage + 1 };
        for (column, &weight) in theta.iter().enumerate() {
            let entries = &mut work.entries[column * width..(column + 1) * width];
            for (&row, coefficient) in shape.entries[column].iter().zip(&self.entries[column]) {
                let (coefficient, place) = (coefficient.at(stage), shape.own(row, stage == 0));
                entries[place] = coefficient;
                work.initial[place] += weight * coefficient * coefficient;
            }
            if shape.is_ring || after > 0 {
                for (&row, coefficient) in shape.lagged[column].iter().zip(&self.lagged[column]) {
                    entries[shape.next() + row] = coefficient.at(after);
                }
            }
            for (&row, coefficient) in shape.coupled[column].iter().zip(&self.coupled[column]) {
                entries[shape.coupling() + row] = coefficient.at(stage);
            }
        }
        if stage == 0 {
            return;
        }
        for column in 0..passed_on {
            let weight = work.passed_on_weights[column];
            let entries = &mut work.entries[(own + column) * width..(own + column + 1) * width];
            for entry in 0..passed_on {
                let value = std::mem::replace(&mut work.passed_on[column * passed_on + entry], Lanes::ZERO);
                entries[shape.statics + entry] = value;
                work.initial[shape.statics + entry] += weight * value * value;
            }
            if shape.auxiliaries() > 0 {
                entries[shape.auxiliary() + column] = Lanes::ONE;
            }
        }
        work.passed_on_weights.fill(Lanes::ZERO);
    }

    /// Copies the right-hand sides of the units (by block and row of the problem).
    pub(super) fn gather_rhs(&mut self, data: &ProblemData, rhs: &[Lanes]) {
        let rows = self.shape.rows();
        for (lane, unit) in self.units.iter().enumerate() {
            for (stage, place) in self.places.iter().enumerate() {
                let of_stage = &rhs[place.block * data.rows..];
                for (at, &row) in unit.rows.iter().enumerate() {
                    self.rhs[stage * rows + at].0[lane] = of_stage[row].0[place.lane];
                }
            }
        }
    }

    /// Writes the solution of the units (by block and row of the problem).
    pub(super) fn scatter_solution(&self, data: &ProblemData, out: &mut [Lanes]) {
        let rows = self.shape.rows();
        for (lane, unit) in self.units.iter().enumerate() {
            for (stage, place) in self.places.iter().enumerate() {
                let of_stage = &mut out[place.block * data.rows..];
                for (at, &row) in unit.rows.iter().enumerate() {
                    of_stage[row].0[place.lane] = self.rhs[stage * rows + at].0[lane];
                }
            }
        }
    }

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

    /// Subtracts B theta A'y of the solution y from `sums`, by coupling row and stage.
    #[inline(always)]
    pub(in super::super) fn subtract_coupled(&self, sums: &mut [f64]) {
        let shape = &self.shape;
        let (rows, columns) = (shape.rows(), shape.columns());
        for stage in 0..self.stages {
            for column in (0..columns).filter(|&column| !shape.coupled[column].is_empty()) {
                let flow = self.theta[stage * columns + column] * self.transposed(stage, column);
                for (&at, coefficient) in shape.coupled[column].iter().zip(&self.coupled[column]) {
                    sums[shape.coupling_rows[at] * self.stages + stage] -= (coefficient.at(stage) * flow).sum();
                }
            }
        }
        debug_assert!(self.rhs.len() == self.stages * rows);
    }

    /// Returns A'y of a column.
    #[inline(always)]
    fn transposed(&self, stage: usize, column: usize) -> Lanes {
        let (shape, rows) = (&self.shape, self.shape.rows());
        let mut sum = Lanes::ZERO;
        for (&row, coefficient) in shape.entries[column].iter().zip(&self.entries[column]) {
            sum += coefficient.at(stage) * self.rhs[stage * rows + row];
        }
        let after = if stage + 1 == self.stages { 0 } else { stage + 1 };
        if shape.is_ring || after > 0 {
            for (&row, coefficient) in shape.lagged[column].iter().zip(&self.lagged[column]) {
                sum += coefficient.at(after) * self.rhs[after * rows + shape.statics + row];
            }
        }
        sum
    }

    /// Subtracts A theta B' l from the right-hand sides, for l by coupling row and stage.
    #[inline(always)]
    pub(in super::super) fn subtract_coupling_duals(&mut self, duals: &[f64]) {
        let Self { shape, rhs, .. } = self;
        let (rows, columns, stages) = (shape.rows(), shape.columns(), self.stages);
        for stage in 0..stages {
            let after = if stage + 1 == stages { 0 } else { stage + 1 };
            for column in (0..columns).filter(|&column| !shape.coupled[column].is_empty()) {
                let mut along = Lanes::ZERO;
                for (&at, coefficient) in shape.coupled[column].iter().zip(&self.coupled[column]) {
                    along += coefficient.at(stage) * Lanes::splat(duals[shape.coupling_rows[at] * stages + stage]);
                }
                let flow = self.theta[stage * columns + column] * along;
                for (&row, coefficient) in shape.entries[column].iter().zip(&self.entries[column]) {
                    rhs[stage * rows + row] -= coefficient.at(stage) * flow;
                }
                if shape.is_ring || after > 0 {
                    for (&row, coefficient) in shape.lagged[column].iter().zip(&self.lagged[column]) {
                        rhs[after * rows + shape.statics + row] -= coefficient.at(after) * flow;
                    }
                }
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

/// Collects a coefficient of all lanes and stages; lanes without a unit get 0.
fn collected(places: &[StagePlace], units: usize, value: impl Fn(usize, StagePlace) -> f64) -> LaneCoefficient {
    let at = |place: &StagePlace| {
        let mut lanes = [0.0; LANES];
        lanes.iter_mut().take(units).enumerate().for_each(|(lane, out)| *out = value(lane, *place));
        Lanes(lanes)
    };
    let series: Vec<Lanes> = places.iter().map(at).collect();
    match series.first() {
        Some(&first) if series.iter().all(|value| *value == first) => LaneCoefficient::Constant(first),
        _ => LaneCoefficient::Series(series),
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
    fn resize(&mut self, shape: &UnitShape, _most_multipliers: usize) {
        let (passed_on, width) = (shape.passed_on(), shape.width());
        let columns = shape.columns() + passed_on;
        fit(&mut self.entries, columns * width);
        fit(&mut self.weights, columns);
        fit(&mut self.weighted, columns);
        fit(&mut self.initial, width);
        fit(&mut self.passed_on, passed_on * passed_on);
        fit(&mut self.passed_on_weights, passed_on);
        fit(&mut self.multipliers, width);
    }

    /// Returns the pivot of a row, and leaves theta times the entries in it in `weighted`.
    #[inline(always)]
    fn pivot(&mut self, width: usize, columns: &[usize], row: usize) -> Lanes {
        let mut pivot = Lanes::ZERO;
        for (&column, weighted) in columns.iter().zip(&mut self.weighted) {
            let entry = self.entries[column * width + row];
            *weighted = self.weights[column] * entry;
            pivot += *weighted * entry;
        }
        pivot
    }

    /// Computes the multipliers of a step, and eliminates its row from the columns.
    #[inline(always)]
    fn eliminate(&mut self, width: usize, columns: &[usize], pivot: usize, rows: &[usize], inverse: Lanes) {
        let multipliers = &mut self.multipliers[..rows.len()];
        multipliers.fill(Lanes::ZERO);
        for (&column, &weighted) in columns.iter().zip(&self.weighted) {
            let entries = &self.entries[column * width..(column + 1) * width];
            for (multiplier, &row) in multipliers.iter_mut().zip(rows) {
                *multiplier += weighted * entries[row];
            }
        }
        for multiplier in &mut *multipliers {
            *multiplier = *multiplier * inverse;
        }
        for &column in columns {
            let entries = &mut self.entries[column * width..(column + 1) * width];
            let entry = std::mem::replace(&mut entries[pivot], Lanes::ZERO);
            for (multiplier, &row) in multipliers.iter().zip(rows) {
                entries[row] -= *multiplier * entry;
            }
        }
    }
}
