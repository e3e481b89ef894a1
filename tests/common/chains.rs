//! Random staged problems around a feasible point: stores, buildings, balances, ramps.
//!
//! Bounds and ranges are chosen around the point, and costs from random duals y of the rows and z of the bounds, c =
//! A'y + z. If only active rows and bounds have a dual, the point is an optimum (complementary slackness); if every
//! finite side may have one, the point is any feasible point, and y and z prove that an optimum exists. Coefficients
//! and duals have few binary digits, so that c is exact and not even a free column is attractive by rounding.

use anergy::lp::{Lag, Row, RowId, StagedProblem};
use ndarray::Array2;
use proptest::collection::vec;
use proptest::prelude::*;

use super::noise::noise;

mod prices;

/// A random problem that has an optimum.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The problem.
    pub problem: StagedProblem,
    /// Rows of the problem, in order.
    pub rows: Vec<RowId>,
    /// Feasible point, shape (columns, stages).
    pub point: Array2<f64>,
    /// Whether the point is an optimum.
    pub is_optimal: bool,
}

/// Returns the strategy of random problems with a feasible point.
pub fn chain() -> impl Strategy<Value = Chain> {
    sketch(any::<bool>()).prop_map(|sketch| ChainBuilder::new(sketch).build())
}

/// Returns the strategy of random problems with an optimal point.
pub fn chain_with_optimum() -> impl Strategy<Value = Chain> {
    sketch(Just(true)).prop_map(|sketch| ChainBuilder::new(sketch).build())
}

/// Returns the strategy of infeasible random problems, in which one row must have two different sums.
pub fn contradiction() -> impl Strategy<Value = StagedProblem> {
    (sketch(Just(false)), 0.1f64..10.0).prop_map(|(sketch, shift)| {
        let shift = shift * sketch.magnitude;
        let mut problem = ChainBuilder::new(sketch).build().problem;
        let row = problem.rows()[0].clone();
        let lower = row.upper.map(|upper| upper + shift);
        let contradicting = problem.add_row(Row { name: "contradiction".into(), lower, upper: f64::INFINITY.into() });
        // The first term is one of the first row: an equality of its dynamics.
        let of_row = problem.terms()[0].row;
        let same: Vec<_> = problem.terms().iter().filter(|term| term.row == of_row).cloned().collect();
        for term in same {
            problem.add_term(contradicting, term.column, term.lag, term.coefficient);
        }
        problem
    })
}

/// The structure of a problem; its numbers follow from the seed.
#[derive(Debug, Clone)]
struct Sketch {
    stages: usize,
    /// Groups of states, each with its dynamics.
    groups: Vec<Group>,
    cyclic: bool,
    rows: Vec<Static>,
    /// Size of the values.
    magnitude: f64,
    /// Share of the rows and columns without a dual.
    free_of_charge: f64,
    is_optimal: bool,
    seed: u64,
}

/// A group of coupled states.
#[derive(Debug, Clone, Copy)]
enum Group {
    /// x_t = a x_{t-1} + in u_t - out v_t + w_t
    Store,
    /// x_t = A x_{t-1} + B u_t + w_t with A dense and stable, by states and controls.
    Building(usize, usize),
}

/// A row over columns of one stage, and possibly of the stage before.
#[derive(Debug, Clone, Copy)]
enum Static {
    /// An equality over any columns, closed by columns of its own: import and export, or a free column.
    Balance,
    /// An inequality over any columns of the stage and the one before.
    Mixed(Sides),
    /// A limit on the change of one column.
    Ramp,
    /// A copy of an earlier row, multiplied by this factor.
    Duplicate(f64),
}

/// The sides of a row that have a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sides {
    Equal,
    Range,
    Least,
    Most,
}

fn sketch(is_optimal: impl Strategy<Value = bool>) -> impl Strategy<Value = Sketch> {
    let group = prop_oneof![Just(Group::Store), (3usize..=7, 1usize..=4).prop_map(|(x, u)| Group::Building(x, u))];
    let sides = prop_oneof![Just(Sides::Range), Just(Sides::Least), Just(Sides::Most)];
    let row = prop_oneof![
        2 => Just(Static::Balance),
        3 => sides.prop_map(Static::Mixed),
        1 => Just(Static::Ramp),
        1 => prop_oneof![Just(1.0), Just(-2.0)].prop_map(Static::Duplicate),
    ];
    let magnitude = prop_oneof![4 => Just(1.0), 3 => 1.0f64..100.0, 1 => Just(1e-2), 1 => Just(1e4)];
    let free_of_charge = prop_oneof![6 => 0.1f64..0.6, 5 => Just(0.9), 1 => Just(1.0)];
    let stages = prop_oneof![1 => Just(1), 2 => 2usize..5, 9 => 5usize..=40];
    let numbers = (magnitude, free_of_charge, is_optimal, any::<u32>());
    (stages, vec(group, 1..=4), any::<bool>(), vec(row, 0..=5), numbers).prop_map(
        |(stages, groups, cyclic, rows, numbers)| {
            let (magnitude, free_of_charge, is_optimal, seed) = numbers;
            // With a single cyclic stage, both terms of a level would have the same entry.
            let cyclic = cyclic && stages > 1;
            Sketch { stages, groups, cyclic, rows, magnitude, free_of_charge, is_optimal, seed: seed.into() }
        },
    )
}

struct ChainColumn {
    name: String,
    lower: Vec<f64>,
    upper: Vec<f64>,
    value: Vec<f64>,
}

struct Entry {
    row: usize,
    column: usize,
    lag: Lag,
    coefficient: Vec<f64>,
}

struct ChainBuilder {
    sketch: Sketch,
    drawn: u64,
    columns: Vec<ChainColumn>,
    rows: Vec<(String, Sides)>,
    entries: Vec<Entry>,
}

impl ChainBuilder {
    fn new(sketch: Sketch) -> Self {
        Self { sketch, drawn: 0, columns: Vec::new(), rows: Vec::new(), entries: Vec::new() }
    }

    fn build(mut self) -> Chain {
        for (index, group) in self.sketch.groups.clone().into_iter().enumerate() {
            match group {
                Group::Store => self.store(index),
                Group::Building(states, controls) => self.building(index, states, controls),
            }
        }
        for (index, row) in self.sketch.rows.clone().into_iter().enumerate() {
            self.static_row(index, row);
        }
        self.finish()
    }

    fn unit(&mut self) -> f64 {
        self.drawn += 1;
        noise(self.sketch.seed, self.drawn)
    }

    /// Returns a random number with few binary digits.
    fn coarse(&mut self, low: f64, high: f64) -> f64 {
        ((low + (high - low) * self.unit()) * 1024.0).round() / 1024.0
    }

    fn series(&mut self, low: f64, high: f64, varying: f64) -> Vec<f64> {
        let constant = self.coarse(low, high);
        let varies = self.unit() < varying;
        (0..self.sketch.stages).map(|_| if varies { self.coarse(low, high) } else { constant }).collect()
    }

    /// Adds a column. A share `free` of those that an equality determines has no bounds; others without bounds could
    /// have infinite optimal values. A point that is no optimum lies strictly within all its limits, an optimum within
    /// those of the determined columns: without such a point the duals of the optimum would be unbounded.
    fn column(&mut self, name: String, free: f64) -> usize {
        let (stages, magnitude) = (self.sketch.stages, self.sketch.magnitude);
        let kind = self.unit();
        let (has_lower, has_upper) = match kind {
            _ if kind < free => (false, false),
            _ if kind > 0.95 => (false, true),
            _ if kind > 0.75 => (true, false),
            _ => (true, true),
        };
        let varying = if self.unit() < 0.3 { 1.0 } else { 0.0 };
        let low = if self.unit() < 0.6 { vec![0.0; stages] } else { self.series(-1.0, 0.5, varying) };
        let inside = free > 0.0 || !self.sketch.is_optimal;
        let narrow = if inside { 0.3 } else { 0.0 };
        let fixed = free == 0.0 && self.unit() < 0.05;
        let width = if fixed { vec![0.0; stages] } else { self.series(narrow, 3.0, varying) };
        let (mut lower, mut upper, mut value) = (Vec::new(), Vec::new(), Vec::new());
        for (low, width) in low.into_iter().zip(width) {
            let (least, most) = (magnitude * low, magnitude * (low + width));
            let place = match (has_lower, has_upper) {
                _ if inside => 0.1 + 0.8 * self.unit(),
                // Where one bound is missing, an optimum stands at the other, as its price is not zero.
                (true, false) => 0.0,
                (false, true) => 1.0,
                _ => (2.0 * self.unit() - 0.6).clamp(0.0, 1.0),
            };
            value.push(if place < 1.0 { (least + place * (most - least)).min(most) } else { most });
            lower.push(if has_lower { least } else { f64::NEG_INFINITY });
            upper.push(if has_upper { most } else { f64::INFINITY });
        }
        self.columns.push(ChainColumn { name, lower, upper, value });
        self.columns.len() - 1
    }

    fn row(&mut self, name: String, sides: Sides) -> usize {
        self.rows.push((name, sides));
        self.rows.len() - 1
    }

    fn entry(&mut self, row: usize, column: usize, lag: Lag, coefficient: Vec<f64>) {
        self.entries.push(Entry { row, column, lag, coefficient });
    }

    fn constant(&mut self, row: usize, column: usize, lag: Lag, coefficient: f64) {
        self.entry(row, column, lag, vec![coefficient; self.sketch.stages]);
    }

    fn before(&self) -> Lag {
        if self.sketch.cyclic { Lag::PreviousCyclic } else { Lag::Previous }
    }

    fn store(&mut self, index: usize) {
        let [level, charge, discharge] =
            ["level", "charge", "discharge"].map(|what| self.column(format!("store {index} {what}"), 0.0));
        let row = self.row(format!("store {index}"), Sides::Equal);
        let kept = if self.unit() < 0.3 { 1.0 } else { self.coarse(0.9, 0.999) };
        let (into, out) = (self.coarse(0.7, 1.0), self.coarse(1.0, 1.4));
        self.constant(row, level, Lag::Same, 1.0);
        self.constant(row, level, self.before(), -kept);
        self.constant(row, charge, Lag::Same, -into);
        self.constant(row, discharge, Lag::Same, out);
    }

    fn building(&mut self, index: usize, states: usize, controls: usize) {
        let states: Vec<usize> =
            (0..states).map(|state| self.column(format!("building {index} state {state}"), 0.3)).collect();
        let controls: Vec<usize> =
            (0..controls).map(|control| self.column(format!("building {index} control {control}"), 0.0)).collect();
        for &state in &states {
            let row = self.row(self.columns[state].name.clone(), Sides::Equal);
            self.constant(row, state, Lag::Same, 1.0);
            // Every state takes a share of every other; the shares of a row add up to less than one, so it is stable.
            let kept = self.coarse(0.7, 0.95);
            for &other in &states {
                let share = self.coarse(0.0, 1.0) * (0.99 - kept) / states.len() as f64;
                let share = (share * 1024.0).floor() / 1024.0;
                self.constant(row, other, self.before(), -share - if other == state { kept } else { 0.0 });
            }
            for &control in &controls {
                let gain = self.series(0.05, 1.0, 0.3);
                self.entry(row, control, Lag::Same, gain.into_iter().map(|gain| -gain).collect());
            }
        }
    }

    fn static_row(&mut self, index: usize, row: Static) {
        let columns = self.columns.len();
        let any = |builder: &mut Self| (builder.unit() * columns as f64) as usize;
        let name = format!("{row:?} {index}");
        match row {
            Static::Balance => {
                let row = self.row(name, Sides::Equal);
                if self.unit() < 0.3 {
                    let exchange = self.column(format!("exchange {index}"), 1.0);
                    self.constant(row, exchange, Lag::Same, 1.0);
                } else {
                    let [import, export] = ["import", "export"].map(|what| self.column(format!("{what} {index}"), 0.0));
                    self.constant(row, import, Lag::Same, 1.0);
                    self.constant(row, export, Lag::Same, -1.0);
                }
                self.mix(row, columns);
            }
            Static::Mixed(sides) => {
                let row = self.row(name, sides);
                self.mix(row, columns);
            }
            Static::Ramp => {
                let (row, column) = (self.row(name, Sides::Range), any(self));
                self.constant(row, column, Lag::Same, 1.0);
                self.constant(row, column, self.before(), -1.0);
            }
            Static::Duplicate(factor) => {
                let of = (self.unit() * self.rows.len() as f64) as usize;
                // A power of two and an equality stay the same equality to the last digit.
                let row = self.row(name, self.rows[of].1);
                let same = self.entries.iter().filter(|entry| entry.row == of);
                let times = |values: &Vec<f64>| values.iter().map(|value| value * factor).collect();
                let same: Vec<Entry> =
                    same.map(|entry| Entry { row, coefficient: times(&entry.coefficient), ..*entry }).collect();
                self.entries.extend(same);
            }
        }
    }

    /// Adds terms of some of the first `columns` columns to a row, and smaller ones of the stage before: larger ones
    /// would let errors grow from stage to stage.
    fn mix(&mut self, row: usize, columns: usize) {
        for (lag, share, least, most) in [(Lag::Same, 0.4, 0.25, 1.5), (self.before(), 0.15, 0.05, 0.25)] {
            for column in 0..columns {
                if self.unit() < share {
                    let sign = if self.unit() < 0.5 { -1.0 } else { 1.0 };
                    let coefficient = self.series(least, most, 0.3).into_iter().map(|size| sign * size).collect();
                    self.entry(row, column, lag, coefficient);
                }
            }
        }
    }
}
