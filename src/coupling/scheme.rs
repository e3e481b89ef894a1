//! How the next iterate follows from the last.

use super::{CopSeries, Dispatcher};

/// A fixed-point scheme. From the dispatcher's answer it makes the plan that the loop is simulated with, and from the COPs
/// that follow the COPs of the next dispatch.
pub trait Scheme<D: Dispatcher> {
    /// Name, as it stands in the history.
    fn name(&self) -> &'static str;

    /// The plan of this iteration, from the one before (if any) and the dispatcher's answer. The plain answer unless the
    /// scheme averages plans.
    ///
    /// # Errors
    /// Whatever the dispatcher reports while blending.
    fn plan(
        &mut self,
        dispatcher: &mut D,
        previous: Option<&D::Plan>,
        answer: D::Plan,
        cops: &CopSeries,
    ) -> Result<D::Plan, D::Error> {
        let _ = (dispatcher, previous, cops);
        Ok(answer)
    }

    /// Turns the COPs of this iteration into those of the next, given the COPs that followed from this one.
    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries);
}

/// Picard iteration: the COPs that followed are the next ones, or a share of the way to them.
#[derive(Debug, Clone, Copy)]
pub struct Picard {
    /// Share of the way, in (0, 1].
    pub relaxation: f64,
}

impl<D: Dispatcher> Scheme<D> for Picard {
    fn name(&self) -> &'static str {
        "picard"
    }

    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries) {
        if self.relaxation == 1.0 {
            cops.assign(followed);
        } else {
            cops.zip_mut_with(followed, |cop, new| *cop += self.relaxation * (new - *cop));
        }
    }
}
