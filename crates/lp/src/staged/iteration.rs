//! The iterations of the interior-point method: convergence, return to a saved iterate, termination.

use super::interior::Interior;
use super::lanes::LANES;
use super::problem_data::ProblemData;
use super::start::NEAREST;

/// Lower limit of the centring while the row residuals fall.
const LEAST_CENTRING: f64 = 1e-6;
/// Lower limit of the centring while the row residuals do not fall, so that the complementarity does not fall ahead of
/// them.
const FULL_CENTRING: f64 = 1.0;
/// Number of consecutive short primal steps after which the method starts again, further away from the bounds.
const SHORT_STEPS: usize = 5;
/// Length below which a primal step is short.
const SHORT_STEP: f64 = 0.1;
/// Growth of the complementarity that counts as divergence.
const DIVERGENCE: f64 = 1e8;
/// Row residuals have fallen if they are at most this share of the previous ones.
const ROW_PROGRESS: f64 = 0.8;
/// Number of steps without a fall of the row residuals after which the method stops.
const MOST_STALLS: usize = 5;
/// Largest number of times that z - w is made equal to the reduced costs.
const MOST_CORRECTIONS: usize = 3;
/// Iterates with a gap of at most this are saved.
const SAVING_GAP: f64 = 1e-5;
/// Row residual above which an iterate has degraded, if it has also grown by [`ROW_GROWTH`].
const LARGE_ROW_RESIDUAL: f64 = 1e-6;
/// Growth of the row residual over the saved iterate above which an iterate has degraded.
const ROW_GROWTH: f64 = 1e3;
/// Largest growth of the complementarity over the saved iterate while the gap is not acceptable.
const COMPLEMENTARITY_GROWTH: f64 = 10.0;
/// Multiple of the required gap up to which a gap is acceptable.
const ACCEPTABLE_GAP: f64 = 30.0;
/// Factor by which the dual regularisation grows when an iterate has degraded and the method returns to the saved one.
const REGULARIZATION_GROWTH: f64 = 100.0;
/// First dual regularisation above 0.
const LEAST_REGULARIZATION: f64 = 1e-14;
/// Largest dual regularisation.
const LARGEST_REGULARIZATION: f64 = 1e-6;
/// The scale of the objective is computed again when the gap has fallen to this, and by this factor each time after.
const RESCALING_GAP: f64 = 1e-2;
/// Gap below which rounding errors decide on the row residuals.
const ROUNDING_GAP: f64 = 1e-3;

/// The tolerances and settings of the interior-point method.
#[derive(Debug, Clone, Copy)]
pub(super) struct InteriorSettings {
    /// Largest row residual, in the units of the scaled problem.
    pub(super) row: f64,
    /// Sum of the complementarity products relative to the objective.
    pub(super) gap: f64,
    /// Largest number of iterations.
    pub(super) iterations: usize,
    /// Distance of the starting point from the bounds, 1 as a rule.
    pub(super) start_distance: f64,
    /// Dual regularisation of the normal equations.
    pub(super) regularization: f64,
    /// Number of iterative refinements of each direction.
    pub(super) refinements: usize,
}

/// Complementarity, gap and row residual of an iterate.
#[derive(Debug, Clone, Copy)]
struct IterateQuality {
    complementarity: f64,
    gap: f64,
    /// Largest row residual.
    row: f64,
}

/// The state of the iterations.
#[derive(Debug)]
struct IterationState {
    tolerance: InteriorSettings,
    /// Least mean complementarity so far.
    least: f64,
    /// Quality of the previous iterate; `None` before the first.
    last: Option<IterateQuality>,
    /// Quality of the saved iterate; `None` if none was saved.
    saved: Option<IterateQuality>,
    /// Scale of the objective, and the gap below which it is computed again; `None` before the first.
    scale: Option<(f64, f64)>,
    regularization: f64,
    /// Number of consecutive steps without a fall of the row residuals.
    stalls: usize,
    /// Number of times that z - w was made equal to the reduced costs.
    corrections: usize,
    /// Number of consecutive short steps; `None` after a second start.
    short_steps: Option<usize>,
}

impl IterationState {
    /// Creates the state before the first iteration.
    fn new(tolerance: InteriorSettings) -> Self {
        Self {
            tolerance,
            least: f64::INFINITY,
            last: None,
            saved: None,
            scale: None,
            regularization: tolerance.regularization,
            stalls: 0,
            corrections: 0,
            short_steps: Some(0),
        }
    }

    /// Returns whether an iterate meets the tolerances.
    fn is_converged(&self, now: IterateQuality) -> bool {
        now.row <= self.tolerance.row && now.gap <= self.tolerance.gap
    }

    /// Returns the distance from convergence, in multiples of the tolerances.
    fn distance(&self, now: IterateQuality) -> f64 {
        (now.gap / self.tolerance.gap).max(now.row / self.tolerance.row)
    }

    /// Counts a step of this length; returns whether there are too many consecutive short steps.
    fn is_jammed(&mut self, step: f64) -> bool {
        self.short_steps = self.short_steps.map(|times| if step < SHORT_STEP { times + 1 } else { 0 });
        self.short_steps == Some(SHORT_STEPS)
    }

    /// Returns whether the saved iterate is better.
    fn has_degraded(&self, now: IterateQuality) -> bool {
        self.saved.is_some_and(|saved| {
            let growth = if now.gap > ACCEPTABLE_GAP * self.tolerance.gap { COMPLEMENTARITY_GROWTH } else { 1.0 };
            now.row > LARGE_ROW_RESIDUAL.max(ROW_GROWTH * saved.row)
                || now.complementarity > growth * saved.complementarity
        })
    }

    /// Returns whether the row residuals exceed the tolerance and have not fallen.
    fn is_stalled(&self, now: IterateQuality) -> bool {
        now.row > self.tolerance.row && self.last.is_some_and(|last| now.row > ROW_PROGRESS * last.row)
    }
}

impl Interior {
    /// Iterates from the starting point until `tolerance` is met or no progress is possible; ends at the best iterate.
    pub(super) fn run(&mut self, data: &ProblemData, tolerance: InteriorSettings) {
        let regularization = if data.diagonal.is_some() { 0.0 } else { tolerance.regularization };
        let tolerance = InteriorSettings { regularization, ..tolerance };
        let mut state = IterationState::new(tolerance);
        self.normal.refinements = tolerance.refinements;
        self.normal.set_regularization(tolerance.regularization);
        self.start(data, tolerance.start_distance, NEAREST);
        let mut step = [0.0, 0.0];
        for iteration in 0..=tolerance.iterations {
            if iteration > 0 && state.is_jammed(step[0]) {
                self.start(data, tolerance.start_distance, 1.0);
                step = [0.0, 0.0];
                state = IterationState { short_steps: None, ..IterationState::new(tolerance) };
            }
            let Some(now) = self.measure(data, step, &mut state) else { break };
            if state.is_converged(now) {
                return;
            }
            if state.corrections > MOST_CORRECTIONS {
                break;
            }
            if state.has_degraded(now) {
                state.regularization = (state.regularization * REGULARIZATION_GROWTH).max(LEAST_REGULARIZATION);
                if state.regularization > LARGEST_REGULARIZATION {
                    break;
                }
                step = self.return_to_saved(data, &mut state);
                continue;
            }
            if now.gap <= SAVING_GAP && state.saved.is_none_or(|saved| state.distance(now) <= state.distance(saved)) {
                self.save_iterate();
                state.saved = Some(now);
            }
            let is_stalled = state.is_stalled(now);
            // Almost full steps remove every row residual that can be removed.
            state.stalls = if is_stalled && step[0] > 0.9 { state.stalls + 1 } else { 0 };
            if state.stalls == MOST_STALLS {
                break;
            }
            let least = if is_stalled && now.gap < RESCALING_GAP { FULL_CENTRING } else { LEAST_CENTRING };
            state.last = Some(now);
            step = self.next_step(data, now.complementarity, now.complementarity / pairs(data), least);
        }
        if state.saved.is_some() {
            self.restore_iterate();
        }
    }

    /// Takes the step and measures the new iterate; `None` if the iterate diverges.
    fn measure(&mut self, data: &ProblemData, step: [f64; 2], state: &mut IterationState) -> Option<IterateQuality> {
        let (complementarity, row) = self.advance(data, step);
        let mu = complementarity / pairs(data);
        state.least = state.least.min(mu);
        if !mu.is_finite() || !row.is_finite() || mu > DIVERGENCE * state.least {
            return None;
        }
        let mut scale = match state.scale {
            Some((scale, at)) if state.last.is_none_or(|last| last.gap >= at) => scale,
            _ => self.measure_objective(data, state),
        };
        if complementarity <= state.tolerance.gap * scale {
            scale = self.measure_objective(data, state);
        }
        let mut now = IterateQuality { complementarity, gap: complementarity / scale, row };
        // Below this gap the row residuals are rounding errors, which steps do not reduce.
        let falls_back = state.last.is_some_and(|last| row > last.row) && now.gap < ROUNDING_GAP;
        if row > state.tolerance.row && (now.gap <= state.tolerance.gap || falls_back) {
            now.row = self.polish(data, row, state.tolerance.row);
        }
        if state.is_converged(now) {
            // Rounding errors of many steps may have moved z - w away from the reduced costs.
            now.complementarity = self.correct_multipliers(data);
            now.gap = now.complementarity / scale;
            if !state.is_converged(now) {
                state.corrections += 1;
                state.saved = None;
            }
        }
        Some(now)
    }

    /// Computes the scale of the objective, which is used until the gap is much smaller.
    fn measure_objective(&mut self, data: &ProblemData, state: &mut IterationState) -> f64 {
        let scale = self.scale_of_objective(data);
        state.scale = Some((scale, RESCALING_GAP.min(state.last.map_or(1.0, |last| RESCALING_GAP * last.gap))));
        scale
    }

    /// Returns to the saved iterate and computes the step from there, with the dual regularisation of `state`.
    fn return_to_saved(&mut self, data: &ProblemData, state: &mut IterationState) -> [f64; 2] {
        self.restore_iterate();
        self.normal.set_regularization(state.regularization);
        let (complementarity, _) = self.advance(data, [0.0, 0.0]);
        state.last = state.saved;
        self.next_step(data, complementarity, complementarity / pairs(data), LEAST_CENTRING)
    }
}

/// Returns the number of complementarity products.
fn pairs(data: &ProblemData) -> f64 {
    (2 * (data.columns * data.lane_layout.blocks * LANES + data.globals.upper.len())) as f64
}
