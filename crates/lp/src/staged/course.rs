//! How the iterations go: when they have arrived, when to go back, when to give up.

use super::interior::Interior;
use super::lanes::LANES;
use super::numbers::Numbers;
use super::start::NEAREST;

/// Least centring where the rows come closer,
const LEAST_CENTRING: f64 = 1e-6;
/// and where they do not: complementarity waits for them.
const WAITING: f64 = 1.0;
/// After so many primal steps in a row that are shorter than this, the start was too near to some bounds.
const JAMMED_AFTER: usize = 5;
const JAMMED: f64 = 0.1;
/// An iterate whose complementarity has grown so many times is lost.
const LOST: f64 = 1e8;
/// Rows have come closer where they are missed by less than this share of what they were.
const CLOSER: f64 = 0.8;
/// After so many steps that bring the rows no closer, none will.
const STALLS: usize = 5;
/// How often z - w is made the reduced costs again.
const REFOLDS: usize = 3;
/// Iterates whose gap is no larger are kept while better ones are sought.
const WORTH_KEEPING: f64 = 1e-5;
/// One whose rows miss more than this, and this many times more than those of the one kept, is worth less.
const LARGE_MISS: f64 = 1e-6;
const RUINED: f64 = 1e3;
/// Complementarity may grow this many times, as long as the gap is more times what is asked for than this.
const GROWTH: f64 = 10.0;
const ACCEPTABLE: f64 = 30.0;
/// An iterate that is worth less is left for the one that was kept, and the rows' duals are held by so many times more,
const MORE_HELD: f64 = 100.0;
/// from here
const LEAST_HELD: f64 = 1e-14;
/// to here.
const LARGEST_HELD: f64 = 1e-6;
/// The objective is measured again when the gap has come down to this, and to so much less each time.
const MEASURED: f64 = 1e-2;
/// Rows that are late are waited for below the former gap; below this one, rounding decides about them.
const LATE: f64 = 1e-3;

/// What to reach, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    /// Largest miss of a row, in the units of the scaled problem.
    pub(super) row: f64,
    /// Sum of complementarity products over the objective.
    pub(super) gap: f64,
    /// Iterations allowed.
    pub(super) iterations: usize,
    /// How far from the bounds to start, 1 as a rule.
    pub(super) spread: f64,
    /// What the rows' duals cost to move.
    pub(super) held: f64,
    /// How often directions are improved by what they miss.
    pub(super) refinements: usize,
}

/// What is known of an iterate.
#[derive(Debug, Clone, Copy)]
struct Standing {
    complementarity: f64,
    gap: f64,
    /// Largest miss of a row.
    row: f64,
}

/// What happened so far.
#[derive(Debug)]
struct Course {
    tolerance: Tolerance,
    /// The least mean complementarity so far.
    least: f64,
    last: Option<Standing>,
    kept: Option<Standing>,
    /// What the objective is measured by, and the gap at which it is measured again.
    scale: Option<(f64, f64)>,
    held: f64,
    stalls: usize,
    refolds: usize,
    /// Short steps in a row, until there was a second start.
    short_steps: Option<usize>,
}

impl Course {
    fn new(tolerance: Tolerance) -> Self {
        Self {
            tolerance,
            least: f64::INFINITY,
            last: None,
            kept: None,
            scale: None,
            held: tolerance.held,
            stalls: 0,
            refolds: 0,
            short_steps: Some(0),
        }
    }

    fn arrived(&self, now: Standing) -> bool {
        now.row <= self.tolerance.row && now.gap <= self.tolerance.gap
    }

    /// How far from there, in multiples of what is tolerated.
    fn rest(&self, now: Standing) -> f64 {
        (now.gap / self.tolerance.gap).max(now.row / self.tolerance.row)
    }

    /// Whether a step of this length is one too many that is too short.
    fn jams(&mut self, step: f64) -> bool {
        self.short_steps = self.short_steps.map(|times| if step < JAMMED { times + 1 } else { 0 });
        self.short_steps == Some(JAMMED_AFTER)
    }

    /// Whether the iterate that was kept is worth more.
    fn ruined(&self, now: Standing) -> bool {
        self.kept.is_some_and(|kept| {
            let growth = if now.gap > ACCEPTABLE * self.tolerance.gap { GROWTH } else { 1.0 };
            now.row > LARGE_MISS.max(RUINED * kept.row) || now.complementarity > growth * kept.complementarity
        })
    }

    /// Whether the rows are missed by too much and came no closer.
    fn stands(&self, now: Standing) -> bool {
        now.row > self.tolerance.row && self.last.is_some_and(|last| now.row > CLOSER * last.row)
    }
}

impl Interior {
    /// Iterates from the start until `tolerance` is met, or no further.
    pub(super) fn run(&mut self, numbers: &Numbers, tolerance: Tolerance) {
        let held = if numbers.diagonal.is_some() { 0.0 } else { tolerance.held };
        let tolerance = Tolerance { held, ..tolerance };
        let mut course = Course::new(tolerance);
        self.normal.refinements = tolerance.refinements;
        self.normal.hold(tolerance.held);
        self.start(numbers, tolerance.spread, NEAREST);
        let mut step = [0.0, 0.0];
        for iteration in 0..=tolerance.iterations {
            if iteration > 0 && course.jams(step[0]) {
                self.start(numbers, tolerance.spread, 1.0);
                step = [0.0, 0.0];
                course = Course { short_steps: None, ..Course::new(tolerance) };
            }
            let Some(now) = self.measure(numbers, step, &mut course) else { break };
            if course.arrived(now) {
                return;
            }
            if course.refolds > REFOLDS {
                break;
            }
            if course.ruined(now) {
                course.held = (course.held * MORE_HELD).max(LEAST_HELD);
                if course.held > LARGEST_HELD {
                    break;
                }
                step = self.go_back(numbers, &mut course);
                continue;
            }
            if now.gap <= WORTH_KEEPING && course.kept.is_none_or(|kept| course.rest(now) <= course.rest(kept)) {
                self.keep();
                course.kept = Some(now);
            }
            let stands = course.stands(now);
            // Steps as long as these close what can be closed.
            course.stalls = if stands && step[0] > 0.9 { course.stalls + 1 } else { 0 };
            if course.stalls == STALLS {
                break;
            }
            let least = if stands && now.gap < MEASURED { WAITING } else { LEAST_CENTRING };
            course.last = Some(now);
            step = self.next_step(numbers, now.complementarity, now.complementarity / pairs(numbers), least);
        }
        if course.kept.is_some() {
            self.restore();
        }
    }

    /// Takes the step and measures where it leads; `None` if that is nowhere.
    fn measure(&mut self, numbers: &Numbers, step: [f64; 2], course: &mut Course) -> Option<Standing> {
        let (complementarity, row) = self.advance(numbers, step);
        let mu = complementarity / pairs(numbers);
        course.least = course.least.min(mu);
        if !mu.is_finite() || !row.is_finite() || mu > LOST * course.least {
            return None;
        }
        let mut scale = match course.scale {
            Some((scale, at)) if course.last.is_none_or(|last| last.gap >= at) => scale,
            _ => self.measure_objective(numbers, course),
        };
        if complementarity <= course.tolerance.gap * scale {
            scale = self.measure_objective(numbers, course);
        }
        let mut now = Standing { complementarity, gap: complementarity / scale, row };
        // Where rounding decides, steps bring the rows no closer.
        let falls_back = course.last.is_some_and(|last| row > last.row) && now.gap < LATE;
        if row > course.tolerance.row && (now.gap <= course.tolerance.gap || falls_back) {
            now.row = self.polish(numbers, row, course.tolerance.row);
        }
        if course.arrived(now) {
            // Rounding of many steps may have taken z - w away from the reduced costs.
            now.complementarity = self.refold(numbers);
            now.gap = now.complementarity / scale;
            if !course.arrived(now) {
                course.refolds += 1;
                course.kept = None;
            }
        }
        Some(now)
    }

    /// What the gap is measured by, until it is much smaller than now.
    fn measure_objective(&mut self, numbers: &Numbers, course: &mut Course) -> f64 {
        let scale = self.scale_of_objective(numbers);
        course.scale = Some((scale, MEASURED.min(course.last.map_or(1.0, |last| MEASURED * last.gap))));
        scale
    }

    /// The step from the iterate that was kept, with the rows' duals held as `course` says.
    fn go_back(&mut self, numbers: &Numbers, course: &mut Course) -> [f64; 2] {
        self.restore();
        self.normal.hold(course.held);
        let (complementarity, _) = self.advance(numbers, [0.0, 0.0]);
        course.last = course.kept;
        self.next_step(numbers, complementarity, complementarity / pairs(numbers), LEAST_CENTRING)
    }
}

/// Number of complementarity products.
fn pairs(numbers: &Numbers) -> f64 {
    (2 * (numbers.columns * numbers.cut.blocks * LANES + numbers.shared.upper.len())) as f64
}
