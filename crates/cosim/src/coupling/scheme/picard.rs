//! Picard iteration: the dispatcher's answer is the next plan.

use super::{IterationState, Scheme, SchemePlan};
use crate::coupling::{CopSeries, Dispatcher};

/// Picard iteration: the plan is the dispatcher's answer. The next COPs are those that followed from it, or with
/// relaxation a step towards them.
#[derive(Debug, Clone, Copy)]
pub struct Picard {
    /// Relaxation factor, in (0, 1].
    pub relaxation: f64,
}

impl Picard {
    /// Name of the scheme in the record.
    pub const NAME: &'static str = "picard";
}

impl<D: Dispatcher> Scheme<D> for Picard {
    fn plan(
        &mut self,
        _dispatcher: &mut D,
        answer: D::Plan,
        _at: &IterationState<'_, D::Plan>,
    ) -> Result<SchemePlan<D::Plan>, D::Error> {
        Ok(SchemePlan { plan: answer, scheme: Self::NAME, step: 1.0 })
    }

    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries) {
        if self.relaxation == 1.0 {
            cops.assign(followed);
        } else {
            cops.zip_mut_with(followed, |cop, new| *cop += self.relaxation * (new - *cop));
        }
    }
}
