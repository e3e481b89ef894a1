//! Units of one shape side by side: their coefficients, and the exchange of weights, right-hand sides and solutions with
//! the whole problem. A lane holds a unit.

use super::super::lanes::{LANES, Lanes};
use super::super::problem_data::{Coefficient, ProblemData};
use super::partition::Unit;
use super::unit_shape::{StagePlan, UnitShape};

/// The coefficient of every lane, by stage if it changes.
#[derive(Debug, Clone)]
pub(super) enum LaneCoefficient {
    Constant(Lanes),
    Series(Vec<Lanes>),
}

impl LaneCoefficient {
    /// Returns the coefficients of a stage.
    #[inline(always)]
    pub(super) fn at(&self, stage: usize) -> Lanes {
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
    pub(super) plans: [StagePlan; 2],
    /// Number of stages.
    pub(in super::super) stages: usize,
    /// For each lane, the unit's columns and rows in the problem.
    units: Vec<Unit>,
    places: Vec<StagePlace>,
    /// Coefficients of the columns: in rows of the stage, in rows of the next stage (by stage of the row), in coupling
    /// rows.
    pub(super) entries: Vec<Vec<LaneCoefficient>>,
    pub(super) lagged: Vec<Vec<LaneCoefficient>>,
    pub(super) coupled: Vec<Vec<LaneCoefficient>>,
    /// Weights, by stage and column.
    pub(super) theta: Vec<Lanes>,
    /// Inverse pivots, by stage and row.
    pub(super) inverse_pivots: Vec<Lanes>,
    /// Multipliers of the rows that are eliminated in a stage or later, by stage.
    pub(super) multipliers: Vec<Lanes>,
    pub(super) most_multipliers: usize,
    /// Products of the transitions of all stages before, of a ring, by stage, column passed on and separator row.
    pub(super) carried: Vec<Lanes>,
    /// Factor L of the separator's form with inverted diagonal, by row.
    pub(super) separator: Vec<Lanes>,
    /// Right-hand side and then solution, by stage and row.
    pub(super) rhs: Vec<Lanes>,
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

    /// Copies the weights of the units' columns from `theta` (by block and column of the problem).
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

    /// Subtracts B theta A'y of the solution y from `sums`, by coupling row and stage.
    #[inline(always)]
    pub(in super::super) fn subtract_coupled(&self, sums: &mut [f64]) {
        let shape = &self.shape;
        let columns = shape.columns();
        for stage in 0..self.stages {
            for column in (0..columns).filter(|&column| !shape.coupled[column].is_empty()) {
                let flow = self.theta[stage * columns + column] * self.transposed(stage, column);
                for (&at, coefficient) in shape.coupled[column].iter().zip(&self.coupled[column]) {
                    sums[shape.coupling_rows[at] * self.stages + stage] -= (coefficient.at(stage) * flow).sum();
                }
            }
        }
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
