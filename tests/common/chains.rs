//! Random staged problems around a point that satisfies them: stores, buildings, balances, ramps.
//!
//! Bounds and ranges are laid around the point, and costs are those of random prices y of the rows and z of the bounds,
//! c = A'y + z. Where a price may only stand on what binds at the point, the point is an optimum (complementary slackness);
//! where it may stand on every finite side, the point is some point and y and z prove that there is an optimum. Coefficients
//! and prices have few binary digits, so that c is exact and not even a free column can earn from rounding.

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
    /// Its rows, in their order.
    pub rows: Vec<RowId>,
    /// A point that satisfies it, shape (columns, stages).
    pub point: Array2<f64>,
    /// Whether no point is better.
    pub is_optimal: bool,
}

/// A random problem.
pub fn chain() -> impl Strategy<Value = Chain> {
    sketch(any::<bool>()).prop_map(|sketch| Builder::new(sketch).build())
}

/// A random problem with a point that is an optimum.
pub fn chain_with_optimum() -> impl Strategy<Value = Chain> {
    sketch(Just(true)).prop_map(|sketch| Builder::new(sketch).build())
}

/// A random problem that no point satisfies: one of its rows is asked for another sum as well.
pub fn contradiction() -> impl Strategy<Value = StagedProblem> {
    (sketch(Just(false)), 0.1f64..10.0).prop_map(|(sketch, shift)| {
        let shift = shift * sketch.magnitude;
        let mut problem = Builder::new(sketch).build().problem;
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

/// What a problem consists of; its numbers follow from the seed.
#[derive(Debug, Clone)]
struct Sketch {
    stages: usize,
    /// Each with its dynamics.
    groups: Vec<Group>,
    cyclic: bool,
    rows: Vec<Static>,
    /// Size of the values.
    magnitude: f64,
    /// Share of the rows and columns without a price.
    free_of_charge: f64,
    is_optimal: bool,
    seed: u64,
}

/// States that belong together.
#[derive(Debug, Clone, Copy)]
enum Group {
    /// x_t = a x_{t-1} + in u_t - out v_t + w_t
    Store,
    /// x_t = A x_{t-1} + B u_t + w_t with A dense and stable, by states and controls.
    Building(usize, usize),
}

/// A row over columns of one stage, and maybe of the one before.
#[derive(Debug, Clone, Copy)]
enum Static {
    /// An equality over any columns that columns of its own close: import and export, or a free one.
    Balance,
    /// An inequality over any columns of this stage and the one before.
    Mixed(Sides),
    /// The step of one column.
    Ramp,
    /// An earlier row once more, times this.
    Duplicate(f64),
}

/// Which sides of a row are limited.
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
            // With one stage the value before it is the value itself: two entries in one place, which a pattern never needs.
            let cyclic = cyclic && stages > 1;
            Sketch { stages, groups, cyclic, rows, magnitude, free_of_charge, is_optimal, seed: seed.into() }
        },
    )
}

struct Draft {
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

struct Builder {
    sketch: Sketch,
    drawn: u64,
    columns: Vec<Draft>,
    rows: Vec<(String, Sides)>,
    entries: Vec<Entry>,
}

impl Builder {
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

    /// A number of few binary digits.
    fn coarse(&mut self, low: f64, high: f64) -> f64 {
        ((low + (high - low) * self.unit()) * 1024.0).round() / 1024.0
    }

    fn series(&mut self, low: f64, high: f64, varying: f64) -> Vec<f64> {
        let constant = self.coarse(low, high);
        let varies = self.unit() < varying;
        (0..self.sketch.stages).map(|_| if varies { self.coarse(low, high) } else { constant }).collect()
    }

    /// A column. A share `free` of those that an equality determines has no bounds; others that had none would let the best
    /// values reach to infinity. A point that is no optimum stands within all its limits, and an optimum within those of the
    /// determined columns: were there no such point, the prices of the optimum would have no limit.
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
        self.columns.push(Draft { name, lower, upper, value });
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

    /// Puts some of the first `columns` columns into a row, and smaller shares of what some were before: larger ones would let
    /// errors grow from stage to stage.
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
