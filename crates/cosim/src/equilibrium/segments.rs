//! Decomposition of the horizon into segments, cut where stores are empty.
//!
//! In one piece, a difficult segment would shorten the steps of all others. Where all stores are empty and carrying
//! energy over would cost more than it brings, segments are coupled by the loop temperature alone, and can be solved
//! one after the other.

use anergy_lp::StagedProblem;
use ndarray::{Array1, Array2, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bounded_variables::InitialBarrier;
use super::model::{Level, Model};
use super::window::{EndConditions, SolutionSink, SolveParameters, StartingPoint, Window};
use super::{LoopConversion, Unsuited};
use crate::coupling::{CopSeries, LoopDerivatives};

/// Largest level of an empty store, kWh.
const EMPTY_KWH: f64 = 1e-4;
/// Reduced cost of carrying energy over from which on a cut is possible, EUR/kWh.
const LEAST_COST_OF_CARRYING: f64 = 1e-5;
/// Shortest segment, steps, except at the end of the horizon.
const LEAST_STEPS: usize = 24;
/// Longest segment, steps. Longer ones are solved in pieces, each with an overlap, and the stores' value at its end
/// is that of the dispatcher's duals.
const LONGEST_STEPS: usize = 168;
const PIECE_STEPS: usize = 72;
const OVERLAP_STEPS: usize = 48;
/// Largest number of parts that are solved in parallel, each starting from the temperature of the previous round, and
/// the shortest part, steps.
const MOST_PARTS: usize = 8;
const LEAST_STEPS_OF_A_PART: usize = 350;
/// Largest difference of equal initial temperatures, K.
const SAME_K: f64 = 1e-7;
/// Largest residual of a row in an accepted plan, kW or kWh.
const CLOSED_KW: f64 = 1e-7;
/// Largest duality gap of a solved segment, EUR.
const ENOUGH_EUR: f64 = 2e-3;
/// Target of the barrier, EUR.
const GOAL_EUR: f64 = 5e-4;

/// A primal-dual point: a plan with the duals of its rows and the loop temperatures that it leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Point {
    /// Values of the columns, shape (columns, steps).
    pub values: Array2<f64>,
    /// Duals of the rows, shape (rows, steps).
    pub rows: Array2<f64>,
    /// Loop temperatures, degrees Celsius, length steps + 1.
    pub temp_c: Array1<f64>,
}

impl Point {
    /// Copies the steps `from..to` of another point.
    fn take(&mut self, other: &Self, from: usize, to: usize) {
        self.values.slice_mut(s![.., from..to]).assign(&other.values.slice(s![.., from..to]));
        self.rows.slice_mut(s![.., from..to]).assign(&other.rows.slice(s![.., from..to]));
        self.temp_c.slice_mut(s![from + 1..=to]).assign(&other.temp_c.slice(s![from + 1..=to]));
    }
}

impl StartingPoint for Point {
    fn column(&self, column: usize, stage: usize) -> f64 {
        self.values[[column, stage]]
    }

    fn dual(&self, row: usize, stage: usize) -> f64 {
        self.rows[[row, stage]]
    }

    fn temp_c(&self, at: usize) -> f64 {
        self.temp_c[at]
    }
}

impl SolutionSink for Point {
    fn set_column(&mut self, column: usize, stage: usize, value: f64) {
        self.values[[column, stage]] = value;
    }

    fn set_dual(&mut self, row: usize, stage: usize, value: f64) {
        self.rows[[row, stage]] = value;
    }

    fn set_temp_c(&mut self, at: usize, value: f64) {
        self.temp_c[at] = value;
    }
}

/// Newton's method on the joint optimality conditions, by segments.
#[derive(Debug)]
pub struct Newton {
    model: Model,
    /// Whether a cut before the step is possible: in every plan so far, all stores were empty and carrying energy
    /// over did not pay.
    separates: Vec<bool>,
    /// Last point found; `None` before the first. Its segments and their accuracy follow.
    found: Option<Point>,
    segments: Vec<Segment>,
    rounds: usize,
}

/// A segment of the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// First step.
    pub from: usize,
    /// Step after the last.
    pub to: usize,
    /// Step up to which it was solved, including the overlap.
    pub solved_to: usize,
    /// Duality gap that remains, EUR.
    pub unproven_eur: f64,
    /// Numbers of attempts and of iterations.
    pub tries: [usize; 2],
}

impl Segment {
    fn new(from: usize, to: usize, solved_to: usize) -> Self {
        Self { from, to, solved_to, unproven_eur: f64::INFINITY, tries: [0, 0] }
    }

    fn is_same(&self, other: &Self) -> bool {
        [self.from, self.to, self.solved_to] == [other.from, other.to, other.solved_to]
    }

    fn is_solved(&self) -> bool {
        self.unproven_eur <= ENOUGH_EUR
    }
}

/// Strategies, in the order of the attempts: the first for a warm start close to the solution; then long steps, short
/// steps from far inside, and others; the last reproduces the dispatcher's answer.
const ATTEMPTS: [SolveParameters; 7] = [
    attempt([1e-3, 1.0], [0.95, 0.01], 1e-4, 80),
    attempt([0.1, 10.0], [0.95, 0.01], 1e-4, 80),
    attempt([1.0, 1000.0], [0.7, 0.3], 1e-4, 150),
    attempt([10.0, 10.0], [0.95, 0.01], 1e-4, 80),
    attempt([1.0, 10.0], [0.95, 0.01], 1e-3, 80),
    attempt([1.0, 100.0], [0.5, 0.5], 1e-4, 250),
    SolveParameters { frozen: true, ..attempt([1.0, 10.0], [0.95, 0.01], 0.0, 80) },
];

const fn attempt(
    [barrier, push]: [f64; 2],
    [reach, least_share]: [f64; 2],
    hold: f64,
    iterations: usize,
) -> SolveParameters {
    SolveParameters { beginning: InitialBarrier { barrier, push }, reach, least_share, hold, frozen: false, iterations }
}

impl Newton {
    /// Creates the method for the LP of a dispatch with these heat pumps on the loop.
    ///
    /// # Errors
    /// [`Unsuited`] with the feature that is not covered.
    pub fn new(problem: &StagedProblem, pumps: &[LoopConversion<'_>], step_hours: f64) -> Result<Self, Unsuited> {
        let model = Model::new(problem, pumps, step_hours)?;
        let separates = vec![true; model.stages];
        Ok(Self { model, separates, found: None, segments: Vec::new(), rounds: 0 })
    }

    /// Returns the segments of the last point found.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the loop temperatures that values of the columns lead to, degrees Celsius, length steps + 1.
    #[must_use]
    pub fn temperatures<L: LoopDerivatives>(&self, water_loop: &L, values: &Array2<f64>) -> Array1<f64> {
        self.simulate(water_loop, values, |_, _, _| {})
    }

    /// Returns the COPs that values of the columns lead to, shape (heat pumps, steps).
    #[must_use]
    pub fn cops<L: LoopDerivatives>(&self, water_loop: &L, values: &Array2<f64>) -> CopSeries {
        let mut cops = Array2::zeros((self.model.pumps.len(), self.model.stages));
        self.simulate(water_loop, values, |pump, stage, per_output| cops[[pump, stage]] = 1.0 / per_output);
        cops
    }

    fn simulate<L: LoopDerivatives>(
        &self,
        water_loop: &L,
        values: &Array2<f64>,
        mut electricity: impl FnMut(usize, usize, f64),
    ) -> Array1<f64> {
        let levels: Vec<_> = self.model.all_levels().collect();
        let mut temp_c = Array1::from_elem(self.model.stages + 1, water_loop.initial_c());
        for stage in 0..self.model.stages {
            let mut heat_kwh = 0.0;
            for (index, pump) in self.model.pumps.iter().enumerate() {
                let of_level = |level: usize| Model::level_before(levels[level], values, stage);
                let known = pump.level_before.filter(|_| stage == 0);
                let level_kwh = known.unwrap_or_else(|| pump.level.map_or(0.0, of_level));
                let per_output = water_loop.electricity_per_output(index, temp_c[stage], level_kwh).value;
                electricity(index, stage, per_output);
                let output_kwh = values[[pump.output, stage]] * self.model.step_hours;
                heat_kwh += output_kwh * (water_loop.heat_without_electricity(index) + per_output);
            }
            temp_c[stage + 1] = water_loop.advance(stage, temp_c[stage], heat_kwh, 0.0).value;
        }
        temp_c
    }

    /// Updates the possible cuts from an answer of the dispatcher.
    pub fn learn(&mut self, answer: &Point) {
        for level in self.model.all_levels() {
            for (stage, separates) in self.separates.iter_mut().enumerate().skip(1) {
                let last = stage - 1;
                let carrying = level.cost.at(last)
                    - level.now.at(last) * answer.rows[[level.row, last]]
                    - level.before.at(stage) * answer.rows[[level.row, stage]];
                let empty = answer.values[[level.column, last]] - level.lower.at(last) < EMPTY_KWH;
                *separates &= empty && carrying > LEAST_COST_OF_CARRYING;
            }
        }
    }

    /// Returns a plan that improves on the dispatcher's last answer or on the last point found.
    #[must_use]
    pub fn refine<L: LoopDerivatives + Sync>(&mut self, water_loop: &L, answer: &Point) -> Point {
        let guess = self.found.take().unwrap_or_else(|| answer.clone());
        let segments = self.cuts();
        self.rounds += 1;
        // The number of parts depends on the horizon alone, not on the number of threads, so that all machines give
        // the same answer.
        let parts = (self.model.stages / LEAST_STEPS_OF_A_PART).clamp(1, MOST_PARTS);
        let part_of = |segment: &Segment| segment.from * parts / self.model.stages;
        let stay = |a: &Segment, b: &Segment| part_of(a) == part_of(b) || !self.separates[b.from];
        let parts: Vec<&[Segment]> = segments.chunk_by(stay).collect();
        let solved: Vec<(Vec<Segment>, Point)> =
            parts.into_par_iter().map(|part| self.solve_part(water_loop, part, &guess, answer)).collect();
        let mut found = guess;
        self.segments.clear();
        for (segments, point) in solved {
            if let [first, ..] = *segments
                && let [.., last] = *segments
            {
                found.take(&point, first.from, last.to);
            }
            self.segments.extend(segments);
        }
        self.found = Some(found.clone());
        found
    }

    /// Restores the result of [`Newton::refine`] from a journal.
    pub fn recall(&mut self, found: Point, segments: Vec<Segment>) -> Point {
        self.rounds += 1;
        self.segments = segments;
        self.found = Some(found.clone());
        found
    }

    /// Solves the segments of a part one after the other.
    fn solve_part<L: LoopDerivatives>(
        &self,
        water_loop: &L,
        segments: &[Segment],
        guess: &Point,
        answer: &Point,
    ) -> (Vec<Segment>, Point) {
        let mut found = guess.clone();
        let solve = |segment: &Segment| {
            let ends = self.ends(water_loop, segment, &found, answer);
            let known = self.segments.iter().find(|known| known.is_same(segment)).copied();
            if let Some(known) = known.filter(|known| known.is_solved() && self.still_holds(&ends, guess)) {
                return Segment { tries: [0, 0], ..known };
            }
            // The warm start from the last point may stall; the dispatcher's answer is the second starting point.
            let guesses = if known.is_some() { [Some(guess), Some(answer)] } else { [None, Some(answer)] };
            self.solve(water_loop, guesses, &mut found, &ends)
        };
        let segments = segments.iter().map(solve).collect();
        (segments, found)
    }

    /// Returns whether the previous solution of a segment has the same initial and final conditions as now.
    fn still_holds(&self, ends: &EndConditions, before: &Point) -> bool {
        let Some(levels_at_end) = &ends.levels_at_end else { return false };
        let same = |level: &Level, values: f64, known: f64| values == known || level.lower.at(ends.from) == known;
        let begins = self.model.all_levels().zip(&ends.levels);
        let begins = begins.filter(|_| ends.from > 0);
        let mut begins = begins.map(|(level, known)| same(level, before.values[[level.column, ends.from - 1]], *known));
        let ends_alike = self
            .model
            .all_levels()
            .zip(levels_at_end)
            .all(|(level, known)| known.is_none_or(|known| before.values[[level.column, ends.to - 1]] == known));
        let moved_k = (before.temp_c[ends.from] - ends.temp_c).abs();
        moved_k <= SAME_K && ends_alike && begins.all(|same| same)
    }

    fn ends<L: LoopDerivatives>(
        &self,
        water_loop: &L,
        segment: &Segment,
        found: &Point,
        answer: &Point,
    ) -> EndConditions {
        let &Segment { from, to: kept_to, solved_to: to, .. } = segment;
        let stages = self.model.stages;
        let level_before = |level: &Level| match from {
            // A cyclic store keeps the level of the dispatcher's answer.
            0 => Model::level_before(level, &answer.values, 0),
            _ if self.separates[from] => level.lower.at(from - 1),
            _ => found.values[[level.column, from - 1]],
        };
        let levels = self.model.all_levels().map(level_before).collect();
        let level_at_end = |level: &Level| match to {
            _ if to == stages => level.cyclic.then(|| answer.values[[level.column, stages - 1]]),
            _ => Some(level.lower.at(to - 1)),
        };
        let is_end = to == stages || self.separates[to];
        let levels_at_end = is_end.then(|| self.model.all_levels().map(level_at_end).collect());
        let temp_c = if from == 0 { water_loop.initial_c() } else { found.temp_c[from] };
        let duals_after =
            self.model.all_levels().map(|level| answer.rows[[level.row, to % self.model.stages]]).collect();
        EndConditions { from, to, kept_to, levels, temp_c, levels_at_end, duals_after }
    }

    /// Returns the segments of the horizon; long ones in overlapping pieces, whose cuts move in every round.
    fn cuts(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut from = 0;
        for stage in 1..=self.model.stages {
            let is_end = stage == self.model.stages || self.separates[stage] && stage - from >= LEAST_STEPS;
            if !is_end {
                continue;
            }
            let mut piece = PIECE_STEPS - (self.rounds % 3) * PIECE_STEPS / 3;
            while stage - from > LONGEST_STEPS {
                let to = from + piece;
                segments.push(Segment::new(from, to, (to + OVERLAP_STEPS).min(stage)));
                (from, piece) = (to, PIECE_STEPS);
            }
            segments.push(Segment::new(from, stage, stage));
            from = stage;
        }
        segments
    }

    fn solve<L: LoopDerivatives>(
        &self,
        water_loop: &L,
        [warm, cold]: [Option<&Point>; 2],
        found: &mut Point,
        ends: &EndConditions,
    ) -> Segment {
        let mut segment = Segment::new(ends.from, ends.kept_to, ends.to);
        let warm = warm.into_iter().flat_map(|guess| ATTEMPTS[..2].iter().map(move |attempt| (guess, attempt)));
        let cold = cold.into_iter().flat_map(|guess| ATTEMPTS[1..].iter().map(move |attempt| (guess, attempt)));
        for (guess, attempt) in warm.chain(cold) {
            let mut window = Window::new(&self.model, water_loop, ends, guess, *attempt);
            let iterations = window.run(*attempt, GOAL_EUR);
            let closes = window.fix_active().row < CLOSED_KW;
            // A point whose rows have residuals is not a plan.
            let unproven_eur = if closes { window.unproven_eur() } else { f64::INFINITY };
            segment.tries = [segment.tries[0] + 1, segment.tries[1] + iterations];
            if unproven_eur < segment.unproven_eur {
                segment.unproven_eur = unproven_eur;
                window.write(found);
            }
            if segment.is_solved() {
                break;
            }
        }
        segment
    }
}
