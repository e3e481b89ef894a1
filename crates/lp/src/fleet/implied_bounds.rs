//! Bounds of the states of a unit, implied by the bounds of its inputs and outputs.
//!
//! The linear program gets these bounds, slightly widened, so that they never bind and no state is a free column, for
//! which an interior-point method has no natural step. They are found by interval arithmetic on
//! `x_t = A^k x_(t-k) + sum over j < k of A^j (B u_(t-j) + w_(t-j))`. k = 1 is exact where A has no negative entry;
//! otherwise k grows until A^k contracts, because the intervals of single steps may grow where the states do not.

use nalgebra::DMatrix;
use ndarray::Array2;

use super::form::{Form, Transition, sparse_rows};
use super::unit::{Input, Output};

/// Share of the width of an interval, and of its largest value over time, by which it is widened.
const WIDENED_WIDTH: f64 = 0.05;
const WIDENED_SIZE: f64 = 0.01;
/// Largest accepted bound.
const LARGEST: f64 = 1e12;
/// Largest number of steps that are taken at once.
const MOST_STEPS: usize = 512;
/// Norm of A^k below which k is large enough.
const CONTRACTION: f64 = 0.5;
/// Sweeps over the period of a cyclic unit: what outputs of late steps tell of early ones needs the second.
const CYCLIC_SWEEPS: usize = 3;

/// Lower and upper end.
type Interval = [f64; 2];
/// Position and coefficient of the entries of each row.
type Rows = Vec<Vec<(usize, f64)>>;

const ALL: Interval = [f64::NEG_INFINITY, f64::INFINITY];

/// The bounds of states, by state and step.
#[derive(Debug, Clone)]
pub(super) struct ImpliedBounds {
    pub(super) lower: Array2<f64>,
    pub(super) upper: Array2<f64>,
}

/// The matrices of several steps: A^j and A^j B for j = 0, 1, ...
struct Steps {
    powers: Vec<Rows>,
    gains: Vec<Rows>,
}

/// Returns the implied bounds, widened; if there are none, state and step of one that is missing.
pub(super) fn implied_bounds(
    form: &Form,
    inputs: &[Input],
    outputs: &[Output],
    stages: usize,
) -> Result<ImpliedBounds, (usize, usize)> {
    let states = form.states();
    let steps = Steps::of(form, stages);
    let start = match &form.initial {
        Some(initial) => initial.iter().map(|&value| [value, value]).collect(),
        None => cyclic_start(form, &steps, inputs, stages),
    };
    let mut before = start;
    let mut bounds = Vec::new();
    for _ in 0..if form.initial.is_some() { 1 } else { CYCLIC_SWEEPS } {
        bounds = sweep(form, &steps, inputs, Some(outputs), &before, stages);
        if let Some(last) = bounds.last() {
            before.iter_mut().zip(last).for_each(|(before, last)| *before = intersection(*before, *last));
        }
    }
    let mut implied = ImpliedBounds { lower: Array2::zeros((states, stages)), upper: Array2::zeros((states, stages)) };
    for state in 0..states {
        let size = bounds.iter().map(|of_stage| of_stage[state][0].abs().max(of_stage[state][1].abs()));
        let size = size.fold(0.0, f64::max);
        let margin = if size > 0.0 { WIDENED_SIZE * size } else { 1.0 };
        for (stage, of_stage) in bounds.iter().enumerate() {
            let [lower, upper] = of_stage[state];
            if !(lower.abs() <= LARGEST && upper.abs() <= LARGEST) {
                return Err((state, stage));
            }
            let margin = margin + WIDENED_WIDTH * (upper - lower);
            implied.lower[[state, stage]] = lower - margin;
            implied.upper[[state, stage]] = upper + margin;
        }
    }
    Ok(implied)
}

impl Steps {
    fn of(form: &Form, stages: usize) -> Self {
        let states = form.states();
        let mut steps = Self { powers: Vec::new(), gains: Vec::new() };
        let mut power = Array2::eye(states);
        let matrix = match &form.transition {
            Transition::Dense(matrix) if matrix.iter().any(|&a| a < 0.0) => matrix,
            _ => {
                steps.powers = vec![sparse_rows(&power), form.transition_rows()];
                steps.gains = vec![sparse_rows(&form.input)];
                return steps;
            }
        };
        loop {
            steps.powers.push(sparse_rows(&power));
            let count = steps.powers.len() - 1;
            let norm = power.rows().into_iter().map(|row| row.iter().map(|a| a.abs()).sum::<f64>()).fold(0.0, f64::max);
            if count > 0 && norm <= CONTRACTION || count >= stages.min(MOST_STEPS) || !norm.is_finite() {
                return steps;
            }
            steps.gains.push(sparse_rows(&power.dot(&form.input)));
            power = power.dot(matrix);
        }
    }

    /// Returns the intervals of the states of `stage`, given those of the stages before and of the start.
    fn states_of(&self, form: &Form, inputs: &[Input], start: &[Interval], known: &[Vec<Interval>]) -> Vec<Interval> {
        let stage = known.len();
        let count = self.gains.len().min(stage + 1);
        let from = if count > stage { start } else { &known[stage - count] };
        let mut sums: Vec<Interval> = self.powers[count].iter().map(|row| product(row, |state| from[state])).collect();
        for back in 0..count {
            let at = stage - back;
            for (state, sum) in sums.iter_mut().enumerate() {
                let of_inputs =
                    product(&self.gains[back][state], |input| [inputs[input].lower.at(at), inputs[input].upper.at(at)]);
                let of_disturbance = form.disturbance.as_ref().map_or([0.0; 2], |disturbance| {
                    product(&self.powers[back][state], |state| [disturbance[[state, at]]; 2])
                });
                *sum = total([*sum, of_inputs, of_disturbance]);
            }
        }
        sums
    }
}

/// Returns the intervals of all stages from those of the start.
fn sweep(
    form: &Form,
    steps: &Steps,
    inputs: &[Input],
    outputs: Option<&[Output]>,
    start: &[Interval],
    stages: usize,
) -> Vec<Vec<Interval>> {
    let mut known = Vec::with_capacity(stages);
    for stage in 0..stages {
        let mut states = steps.states_of(form, inputs, start, &known);
        for (index, output) in outputs.into_iter().flatten().enumerate() {
            tighten(&mut states, form, index, output, inputs, stage);
        }
        known.push(states);
    }
    known
}

/// Intersects the intervals of the states with what the bounds of an output leave of them. The bounds of an output with
/// slack leave everything.
fn tighten(states: &mut [Interval], form: &Form, index: usize, output: &Output, inputs: &[Input], stage: usize) {
    let expression = &form.outputs[index];
    let lower = if output.lack_price.is_some() { f64::NEG_INFINITY } else { output.lower.at(stage) };
    let upper = if output.excess_price.is_some() { f64::INFINITY } else { output.upper.at(stage) };
    if [lower, upper] == ALL {
        return;
    }
    let of_input =
        |(input, coefficient): (&Input, f64)| scaled(coefficient, [input.lower.at(stage), input.upper.at(stage)]);
    let coefficients = expression.inputs.iter().map(|coefficient| coefficient.at(stage));
    let known =
        inputs.iter().zip(coefficients).map(of_input).fold([expression.offset.at(stage); 2], |a, b| total([a, b]));
    for state in 0..states.len() {
        let coefficient = expression.states[state];
        if coefficient == 0.0 {
            continue;
        }
        let others = (0..states.len()).filter(|&other| other != state);
        let rest =
            others.map(|other| scaled(expression.states[other], states[other])).fold(known, |a, b| total([a, b]));
        let left = scaled(1.0 / coefficient, [lower - rest[1], upper - rest[0]]);
        states[state] = intersection(states[state], left);
    }
}

/// Returns the intervals of the states before the first step of a cyclic unit.
fn cyclic_start(form: &Form, steps: &Steps, inputs: &[Input], stages: usize) -> Vec<Interval> {
    let states = form.states();
    // The states of the last step if those before the first were zero; x = A^T x + this, with T steps.
    let forced = sweep(form, steps, inputs, None, &vec![[0.0; 2]; states], stages).pop().unwrap_or_default();
    let periods = i32::try_from(stages).unwrap_or(i32::MAX);
    let start: Vec<Interval> = match &form.transition {
        Transition::Diagonal(factors) => {
            let of_state = |(factor, forced): (&f64, &Interval)| match factor.powi(periods) {
                over_period if over_period.is_finite() => scaled(1.0 / (1.0 - over_period), *forced),
                _ => ALL,
            };
            factors.iter().zip(&forced).map(of_state).collect()
        }
        Transition::Dense(matrix) => {
            let matrix = DMatrix::from_fn(states, states, |i, j| matrix[[i, j]]);
            let period = matrix.pow(u32::try_from(stages).unwrap_or(u32::MAX));
            let inverse = (DMatrix::identity(states, states) - period).try_inverse();
            let Some(inverse) = inverse else { return vec![ALL; states] };
            let of_state =
                |i: usize| (0..states).map(|j| scaled(inverse[(i, j)], forced[j])).fold([0.0; 2], |a, b| total([a, b]));
            (0..states).map(of_state).collect()
        }
    };
    // A start that rounding may have made is none.
    let is_known = |interval: &Interval| interval.iter().all(|end| end.abs() <= LARGEST);
    start.into_iter().map(|interval| if is_known(&interval) { interval } else { ALL }).collect()
}

fn product(row: &[(usize, f64)], of: impl Fn(usize) -> Interval) -> Interval {
    row.iter().map(|&(index, coefficient)| scaled(coefficient, of(index))).fold([0.0; 2], |a, b| total([a, b]))
}

fn scaled(factor: f64, [lower, upper]: Interval) -> Interval {
    if factor == 0.0 {
        [0.0; 2]
    } else if factor > 0.0 {
        [factor * lower, factor * upper]
    } else {
        [factor * upper, factor * lower]
    }
}

fn total<const N: usize>(intervals: [Interval; N]) -> Interval {
    [intervals.iter().map(|interval| interval[0]).sum(), intervals.iter().map(|interval| interval[1]).sum()]
}

/// Returns the intersection, or the first interval if it is empty: the linear program then tells that nothing is
/// feasible.
fn intersection(first: Interval, second: Interval) -> Interval {
    let both = [first[0].max(second[0]), first[1].min(second[1])];
    if both[0] <= both[1] { both } else { first }
}
