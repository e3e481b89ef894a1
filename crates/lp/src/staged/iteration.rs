//! How the iterations go: when they have arrived, when to go back, when to give up.

use super::interior::Interior;
use super::lanes::LANES;
use super::problem_data::ProblemData;
use super::start::NEAREST;

/// Least centring where the rows come closer,
const LEAST_CENTRING: f64 = 1e-6;
/// and where they do not: complementarity waits for them.
const FULL_CENTRING: f64 = 1.0;
/// After so many primal steps in a row that are shorter than this, the start was too near to some bounds.
const SHORT_STEPS: usize = 5;
const SHORT_STEP: f64 = 0.1;
/// An iterate whose complementarity has grown so many times is lost.
const DIVERGENCE: f64 = 1e8;
/// Rows have come closer where they are missed by less than this share of what they were.
const ROW_PROGRESS: f64 = 0.8;
/// After so many steps that bring the rows no closer, none will.
const MOST_STALLS: usize = 5;
/// How often z - w is made the reduced costs again.
const MOST_CORRECTIONS: usize = 3;
/// Iterates whose gap is no larger are kept while better ones are sought.
const SAVING_GAP: f64 = 1e-5;
/// One whose rows miss more than this, and this many times more than those of the one kept, is worth less.
const LARGE_ROW_RESIDUAL: f64 = 1e-6;
const ROW_GROWTH: f64 = 1e3;
/// Complementarity may grow this many times, as long as the gap is more times what is asked for than this.
const COMPLEMENTARITY_GROWTH: f64 = 10.0;
const ACCEPTABLE_GAP: f64 = 30.0;
/// An iterate that is worth less is left for the one that was kept, and the rows' duals are held by so many times more,
const REGULARIZATION_GROWTH: f64 = 100.0;
/// from here
const LEAST_REGULARIZATION: f64 = 1e-14;
/// to here.
const LARGEST_REGULARIZATION: f64 = 1e-6;
/// The objective is measured again when the gap has come down to this, and to so much less each time.
const RESCALING_GAP: f64 = 1e-2;
/// Rows that are late are waited for below the former gap; below this one, rounding decides about them.
const ROUNDING_GAP: f64 = 1e-3;

/// What to reach, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct InteriorSettings {
    /// Largest miss of a row, in the units of the scaled problem.
    pub(super) row: f64,
    /// Sum of complementarity products over the objective.
    pub(super) gap: f64,
    /// Iterations allowed.
    pub(super) iterations: usize,
    /// How far from the bounds to start, 1 as a rule.
    pub(super) start_distance: f64,
    /// What the rows' duals cost to move.
    pub(super) regularization: f64,
    /// How often directions are improved by what they miss.
    pub(super) refinements: usize,
}

/// What is known of an iterate.
#[derive(Debug, Clone, Copy)]
struct IterateQuality {
    complementarity: f64,
    gap: f64,
    /// Largest miss of a row.
    row: f64,
}

/// What happened so far.
#[derive(Debug)]
struct IterationState {
    tolerance: InteriorSettings,
    /// The least mean complementarity so far.
    least: f64,
    last: Option<IterateQuality>,
    saved: Option<IterateQuality>,
    /// What the objective is measured by, and the gap at which it is measured again.
    scale: Option<(f64, f64)>,
    regularization: f64,
    stalls: usize,
    corrections: usize,
    /// Short steps in a row, until there was a second start.
    short_steps: Option<usize>,
}

impl IterationState {
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

    fn is_converged(&self, now: IterateQuality) -> bool {
        now.row <= self.tolerance.row && now.gap <= self.tolerance.gap
    }

    /// How far from there, in multiples of what is tolerated.
    fn distance(&self, now: IterateQuality) -> f64 {
        (now.gap / self.tolerance.gap).max(now.row / self.tolerance.row)
    }

    /// Whether a step of this length is one too many that is too short.
    fn is_jammed(&mut self, step: f64) -> bool {
        self.short_steps = self.short_steps.map(|times| if step < SHORT_STEP { times + 1 } else { 0 });
        self.short_steps == Some(SHORT_STEPS)
    }

    /// Whether the iterate that was kept is worth more.
    fn has_degraded(&self, now: IterateQuality) -> bool {
        self.saved.is_some_and(|saved| {
            let growth = if now.gap > ACCEPTABLE_GAP * self.tolerance.gap { COMPLEMENTARITY_GROWTH } else { 1.0 };
            now.row > LARGE_ROW_RESIDUAL.max(ROW_GROWTH * saved.row)
                || now.complementarity > growth * saved.complementarity
        })
    }

    /// Whether the rows are missed by too much and came no closer.
    fn is_stalled(&self, now: IterateQuality) -> bool {
        now.row > self.tolerance.row && self.last.is_some_and(|last| now.row > ROW_PROGRESS * last.row)
    }
}

impl Interior {
    /// Iterates from the start until `tolerance` is met, or no further.
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
            // Steps as long as these close what can be closed.
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

    /// Takes the step and measures where it leads; `None` if that is nowhere.
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
        // Where rounding decides, steps bring the rows no closer.
        let falls_back = state.last.is_some_and(|last| row > last.row) && now.gap < ROUNDING_GAP;
        if row > state.tolerance.row && (now.gap <= state.tolerance.gap || falls_back) {
            now.row = self.polish(data, row, state.tolerance.row);
        }
        if state.is_converged(now) {
            // Rounding of many steps may have taken z - w away from the reduced costs.
            now.complementarity = self.correct_multipliers(data);
            now.gap = now.complementarity / scale;
            if !state.is_converged(now) {
                state.corrections += 1;
                state.saved = None;
            }
        }
        Some(now)
    }

    /// What the gap is measured by, until it is much smaller than now.
    fn measure_objective(&mut self, data: &ProblemData, state: &mut IterationState) -> f64 {
        let scale = self.scale_of_objective(data);
        state.scale = Some((scale, RESCALING_GAP.min(state.last.map_or(1.0, |last| RESCALING_GAP * last.gap))));
        scale
    }

    /// The step from the iterate that was kept, with the rows' duals held as `course` says.
    fn return_to_saved(&mut self, data: &ProblemData, state: &mut IterationState) -> [f64; 2] {
        self.restore_iterate();
        self.normal.set_regularization(state.regularization);
        let (complementarity, _) = self.advance(data, [0.0, 0.0]);
        state.last = state.saved;
        self.next_step(data, complementarity, complementarity / pairs(data), LEAST_CENTRING)
    }
}

/// Number of complementarity products.
fn pairs(data: &ProblemData) -> f64 {
    (2 * (data.columns * data.lane_layout.blocks * LANES + data.globals.upper.len())) as f64
}
