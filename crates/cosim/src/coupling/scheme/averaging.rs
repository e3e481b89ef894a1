//! Averaging of plans: `x_k = x_{k-1} + step (y - x_{k-1})`, where `y` is the dispatcher's answer to the COPs that
//! `x_{k-1}` led to.
//!
//! The answer of an LP is a vertex, and the plan on which dispatch and loop agree is in general a mixture of
//! vertices, which no iteration from vertex to vertex finds. Averages of plans can: the set of feasible plans is
//! convex and does not depend on the COPs (only electricity does, and import closes its balance). The schemes differ
//! in their rule for the step.

use super::{IterationState, Scheme, SchemePlan};
use crate::coupling::Dispatcher;

/// The input of a step rule.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepInput {
    /// Iteration, from 0.
    pub iteration: usize,
    /// Distance from the previous plan to the dispatcher's answer; `None` in the first iteration.
    pub distance: Option<f64>,
    /// [`Gap::size`](crate::coupling::Gap::size) of the previous plan; `None` if it is not known.
    pub gap: Option<f64>,
}

/// A step with the scheme that chose it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Name of the scheme in the record.
    pub scheme: &'static str,
    /// Share of the way from the previous plan to the answer, in (0, 1].
    pub step: f64,
}

/// A rule for the steps of an averaging scheme.
pub trait StepRule {
    /// Returns the step of an iteration. It must be called once in each iteration, in order, from the first on.
    fn next(&mut self, seen: &StepInput) -> Step;
}

/// An averaging scheme with the steps of a rule.
#[derive(Debug, Clone)]
pub struct Averaging<R> {
    rule: R,
}

impl<R: StepRule> Averaging<R> {
    /// Creates the scheme with the steps of `rule`.
    #[must_use]
    pub fn by(rule: R) -> Self {
        Self { rule }
    }
}

impl<D: Dispatcher, R: StepRule> Scheme<D> for Averaging<R> {
    fn plan(
        &mut self,
        dispatcher: &mut D,
        answer: D::Plan,
        at: &IterationState<'_, D::Plan>,
    ) -> Result<SchemePlan<D::Plan>, D::Error> {
        let distance = at.previous.map(|previous| dispatcher.distance(previous, &answer));
        let gap = at.gap.map(|gap| gap.size());
        let Step { scheme, step } = self.rule.next(&StepInput { iteration: at.iteration, distance, gap });
        let whole = |plan| SchemePlan { plan, scheme, step: 1.0 };
        let Some(previous) = at.previous.filter(|_| step < 1.0) else { return Ok(whole(answer)) };
        let blended = dispatcher.blend(&[(previous, 1.0 - step), (&answer, step)], at.signal)?;
        Ok(match blended {
            Some(plan) => SchemePlan { plan, scheme, step },
            None => whole(answer),
        })
    }
}

/// The method of successive averages: a step of 1/k in iteration k.
#[derive(Debug, Clone, Copy, Default)]
pub struct Msa;

impl StepRule for Msa {
    #[expect(clippy::cast_precision_loss, reason = "iterations are few")]
    fn next(&mut self, seen: &StepInput) -> Step {
        Step { scheme: "msa", step: 1.0 / seen.iteration.max(1) as f64 }
    }
}

/// Self-regulated averaging (Liu, He and He 2009): a step of 1/beta, where beta grows fast when the distance between
/// plan and answer grows, and slowly when it shrinks.
#[derive(Debug, Clone, Copy)]
pub struct SelfRegulated {
    beta: f64,
    pub(super) distance: Option<f64>,
}

impl SelfRegulated {
    /// Increment of beta when the distance grew.
    const APART: f64 = 1.8;
    /// Increment of beta when the distance did not grow.
    const CLOSER: f64 = 0.1;
}

impl Default for SelfRegulated {
    fn default() -> Self {
        Self { beta: 1.0, distance: None }
    }
}

impl StepRule for SelfRegulated {
    fn next(&mut self, seen: &StepInput) -> Step {
        if let (Some(before), Some(now)) = (self.distance, seen.distance) {
            self.beta += if now > before { Self::APART } else { Self::CLOSER };
        }
        self.distance = seen.distance;
        Step { scheme: "self_regulated", step: 1.0 / self.beta }
    }
}

/// Averaging regulated by the gap: a step of 1/beta, where beta grows by 15 % when the gap falls by less than 10 %.
#[derive(Debug, Clone, Copy)]
pub struct GapRegulated {
    beta: f64,
    gap: Option<f64>,
}

impl GapRegulated {
    /// Largest ratio of a gap to the previous gap that counts as falling.
    const ENOUGH: f64 = 0.9;
    /// Factor on beta when the gap did not fall enough.
    const GROWTH: f64 = 1.15;
}

impl Default for GapRegulated {
    fn default() -> Self {
        Self { beta: 1.0, gap: None }
    }
}

impl StepRule for GapRegulated {
    fn next(&mut self, seen: &StepInput) -> Step {
        if let (Some(before), Some(now)) = (self.gap, seen.gap)
            && now > Self::ENOUGH * before
        {
            self.beta *= Self::GROWTH;
        }
        self.gap = seen.gap;
        Step { scheme: "gap_regulated", step: 1.0 / self.beta }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(mut rule: impl StepRule, seen: &[(Option<f64>, Option<f64>)]) -> Vec<f64> {
        let seen = seen.iter().enumerate().map(|(iteration, &(distance, gap))| StepInput { iteration, distance, gap });
        seen.map(|seen| rule.next(&seen).step).collect()
    }

    #[test]
    fn successive_averages_weight_all_answers_but_the_first_equally() {
        assert_eq!(steps(Msa, &[(None, None); 5]), [1.0, 1.0, 0.5, 1.0 / 3.0, 0.25]);
    }

    #[test]
    fn a_growing_distance_reduces_the_step_more_than_a_shrinking_one() {
        let seen = [None, Some(8.0), Some(9.0), Some(7.0), Some(7.0), Some(7.5)].map(|distance| (distance, None));
        let betas: [f64; 6] = [1.0, 1.0, 2.8, 2.9, 3.0, 4.8];
        for (step, beta) in steps(SelfRegulated::default(), &seen).into_iter().zip(betas) {
            assert!((step - 1.0 / beta).abs() < 1e-15, "{step} is 1 / {beta}");
        }
    }

    #[test]
    fn a_gap_that_falls_by_a_tenth_keeps_the_step() {
        let seen = [None, Some(1.0), Some(0.89), Some(0.88), Some(0.5), Some(0.6)].map(|gap| (None, gap));
        let growths = [0, 0, 0, 1, 1, 2];
        for (step, growth) in steps(GapRegulated::default(), &seen).into_iter().zip(growths) {
            assert!((step - 1.15f64.powi(-growth)).abs() < 1e-15, "{step}");
        }
    }
}
