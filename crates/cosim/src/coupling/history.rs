//! The history of the iterations, and the stop rules and verdicts that depend on it.

use std::collections::VecDeque;

use ndarray::Array1;

use super::record::residual_between;
use super::{CopSeries, CouplingSettings, Gap, LoopResponse, Observer, Record, Stop, Verdict};

/// Iterations that the published rule requires before it tests its criterion.
const PAPER_LEAST_ITERATION: usize = 10;
/// The published criterion: mean |dT| / |T|, T in degrees Celsius.
const PAPER_CRITERION: f64 = 0.1;
/// Consecutive iterations that must stay within the tolerances to converge.
const STILL_ITERATIONS: usize = 3;
/// Longest cycle that is detected, iterations.
const LONGEST_CYCLE: usize = 12;
/// Consecutive averaging iterations in which the gap must fall.
const STALLED_ITERATIONS: usize = 15;
/// Largest ratio of a gap to the best earlier gap that counts as falling.
const STALLED_SHARE: f64 = 0.99;
/// Consecutive iterations with growing steps, each larger than all before, that count as divergence.
const GROWING_ITERATIONS: usize = 10;
/// Least growth of the steps over these iterations that counts as divergence.
const LEAST_GROWTH: f64 = 3.0;
/// Share of steps at a limit of the loop above which the loop is limited by its bounds.
const LIMITED_SHARE: f64 = 0.5;
/// Largest difference of equal iterates, as a share of the tolerances of the residual rule.
const SAME_SHARE: f64 = 0.1;

/// The history of the iterations so far.
pub(super) struct History<'a> {
    settings: &'a CouplingSettings,
    pub(super) records: Vec<Record>,
    pub(super) temperatures: Vec<Array1<f64>>,
    pub(super) loop_heat: Vec<Array1<f64>>,
    /// COPs that followed from the latest iterations, newest first.
    followed: VecDeque<CopSeries>,
    /// Consecutive iterations within the tolerances.
    still: usize,
    /// For each lag, consecutive iterations that equal the iteration that many before.
    repeats: [usize; LONGEST_CYCLE + 1],
}

impl<'a> History<'a> {
    pub(super) fn new(settings: &'a CouplingSettings) -> Self {
        Self {
            settings,
            records: Vec::new(),
            temperatures: Vec::new(),
            loop_heat: Vec::new(),
            followed: VecDeque::new(),
            still: 0,
            repeats: [0; LONGEST_CYCLE + 1],
        }
    }

    /// Adds an iteration. Returns the verdict if this iteration is the last, otherwise `None`.
    pub(super) fn add(
        &mut self,
        mut record: Record,
        response: &LoopResponse,
        observer: &mut dyn Observer,
    ) -> Option<Verdict> {
        record.residual = self.temperatures.last().map(|before| residual_between(before, &response.temp_c));
        // A small step is not a small error: the tolerances of an average shrink in proportion to its step.
        let CouplingSettings { temperature_tolerance_k, cop_tolerance, .. } = *self.settings;
        let still = record.residual.is_some_and(|residual| residual.max_k < record.step * temperature_tolerance_k)
            && record.cop_residual < record.step * cop_tolerance;
        self.still = if still { self.still + 1 } else { 0 };
        self.count_repeats(response);
        if record.is_average() {
            // Averages repeat or stay within the tolerances because of their small steps, so they do not count as
            // cycles.
            self.repeats.fill(0);
        }
        self.temperatures.push(response.temp_c.clone());
        self.loop_heat.push(response.heat_kwh.clone());
        self.followed.push_front(response.signal.cops.clone());
        self.followed.truncate(LONGEST_CYCLE);
        let verdict = self.judge(&record);
        observer.iteration(&record);
        self.records.push(record);
        verdict
    }

    /// Returns the verdict on the newest gap where the gap is the stop rule; `None` if the iteration goes on.
    pub(super) fn judge_gap(&self) -> Option<Verdict> {
        if self.settings.stop != Stop::Gap {
            return None;
        }
        let gap = self.records.last()?.gap?.size();
        let stalled = || self.stalled().map(|best_gap| Verdict::Stalled { iterations: STALLED_ITERATIONS, best_gap });
        if gap <= self.settings.gap_tolerance_in_force() { Some(Verdict::Converged) } else { stalled() }
    }

    /// Returns the best gap so far if averaging has not reduced it over [`STALLED_ITERATIONS`], otherwise `None`.
    fn stalled(&self) -> Option<f64> {
        let (before, lately) = self.records.split_at_checked(self.records.len().checked_sub(STALLED_ITERATIONS)?)?;
        let best = |records: &[Record]| {
            let gaps = records.iter().filter_map(|record| record.gap).map(|gap| gap.size());
            gaps.fold(f64::INFINITY, f64::min)
        };
        let averaging = lately.iter().all(Record::is_average);
        let best_before = best(before);
        (averaging && best_before.is_finite() && best(lately) > STALLED_SHARE * best_before).then_some(best_before)
    }

    /// Adds the gap of an iteration to its record.
    pub(super) fn gap_known(&mut self, iteration: usize, gap: Gap, observer: &mut dyn Observer) {
        self.records[iteration].gap = Some(gap);
        observer.gap(iteration, &gap);
    }

    fn count_repeats(&mut self, response: &LoopResponse) {
        let CouplingSettings { temperature_tolerance_k, cop_tolerance, .. } = *self.settings;
        let earlier = self.temperatures.iter().rev().zip(&self.followed);
        let same = earlier.map(|(temp_c, cop)| {
            close(temp_c, &response.temp_c, SAME_SHARE * temperature_tolerance_k)
                && close(cop, &response.signal.cops, SAME_SHARE * cop_tolerance)
        });
        for (lag, same) in same.enumerate().map(|(index, same)| (index + 1, same)) {
            self.repeats[lag] = if same { self.repeats[lag] + 1 } else { 0 };
        }
    }

    /// Returns the period of a cycle that has been completed: at least two iterations. `None` without a cycle.
    fn cycle(&self) -> Option<usize> {
        let standstill = self.repeats[1] > 0;
        (2..=LONGEST_CYCLE).find(|&period| !standstill && self.repeats[period] >= period)
    }

    fn judge(&self, record: &Record) -> Option<Verdict> {
        let cycle = self.cycle();
        let stopped = match self.settings.stop {
            Stop::Paper => {
                let satisfied = record.residual.is_some_and(|residual| residual.mean_relative <= PAPER_CRITERION);
                (record.iteration > PAPER_LEAST_ITERATION && satisfied).then_some(Verdict::StoppedByPaperRule { cycle })
            }
            Stop::Residual => (self.still >= STILL_ITERATIONS).then_some(Verdict::Converged),
            Stop::Gap => None,
        };
        let cycled = cycle.filter(|_| self.settings.stop != Stop::Paper).map(|period| Verdict::Cycle { period });
        let exhausted = (record.iteration >= self.settings.max_iterations).then_some(Verdict::MaxIterations);
        let diverged = self.growth(record).filter(|_| self.settings.stop != Stop::Paper);
        stopped.or(cycled).or(diverged.map(|growth| Verdict::Diverged { growth })).or(exhausted)
    }

    /// Returns the growth factor of the steps over the last iterations if each was larger than all before it,
    /// otherwise `None`.
    fn growth(&self, record: &Record) -> Option<f64> {
        let records = || self.records.iter().chain([record]);
        let long_enough = records().count() > GROWING_ITERATIONS;
        let lately: Vec<f64> = records().rev().take(GROWING_ITERATIONS + 1).map(|record| record.cop_residual).collect();
        let earlier = records().rev().skip(GROWING_ITERATIONS).map(|record| record.cop_residual).fold(0.0, f64::max);
        let grow =
            lately.windows(2).all(|pair| pair[0] > pair[1]) && lately.last().is_some_and(|least| *least >= earlier);
        let whole = records().rev().take(GROWING_ITERATIONS).all(|record| !record.is_average());
        let growth = lately[0] / lately.last()?;
        (long_enough && grow && whole && growth >= LEAST_GROWTH).then_some(growth)
    }

    /// Returns the verdict, or [`Verdict::BoundLimited`] in place of a verdict without convergence where the loop was
    /// at its limits.
    #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
    pub(super) fn limited(&self, verdict: Verdict, last: &LoopResponse) -> Verdict {
        let [low, high] = last.limit_steps;
        let share = (low + high) as f64 / last.heat_kwh.len().max(1) as f64;
        let tolerance_k = self.settings.temperature_tolerance_k;
        let stands = |record: &Record| record.residual.is_some_and(|moved| moved.max_k < record.step * tolerance_k);
        let mut lately = self.records.iter().rev().take(STILL_ITERATIONS);
        let limited = share > LIMITED_SHARE && self.records.len() > STILL_ITERATIONS && lately.all(stands);
        match verdict {
            Verdict::MaxIterations | Verdict::Stalled { .. } if limited => {
                Verdict::BoundLimited { share: share.min(1.0) }
            }
            verdict => verdict,
        }
    }
}

fn close<D: ndarray::Dimension>(a: &ndarray::Array<f64, D>, b: &ndarray::Array<f64, D>, tolerance: f64) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance)
}
