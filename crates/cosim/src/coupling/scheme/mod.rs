//! The fixed-point schemes: rules for the next iterate.

pub mod acceleration;
mod auto;
mod averaging;
mod picard;
mod smooth;

use acceleration::{Accelerated, Aitken, Anderson, AtBound, Bounds};
pub use auto::Auto;
pub use averaging::{Averaging, GapRegulated, Msa, SelfRegulated, Step, StepInput, StepRule};
pub use picard::Picard;
pub use smooth::SmoothAtFirst;

use super::{CopSeries, CouplingSettings, Dispatcher, Gap, LoopSignal, SchemeChoice};

/// Largest number of differences in Anderson's acceleration, and the least share of a difference that must be new.
const MEMORY: usize = 8;
const FILTER: f64 = 1e-3;
/// Bounds of accelerated COPs; no heat pump has a COP beyond them.
const COPS: Bounds = Bounds { low: 0.1, high: 1e3, at: AtBound::Scale };

/// The state of the iteration when its plan is made.
#[derive(Debug, Clone, Copy)]
pub struct IterationState<'a, P> {
    /// Iteration, from 0.
    pub iteration: usize,
    /// Plan of the previous iteration; `None` in the first.
    pub previous: Option<&'a P>,
    /// Gap of the previous plan; `None` if it is not known.
    pub gap: Option<Gap>,
    /// Signal to which the dispatcher answered; where the gap needs no further dispatch, the signal that the previous
    /// plan led to.
    pub signal: &'a LoopSignal,
}

/// A plan for the loop simulation, with the scheme and step that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemePlan<P> {
    /// Plan.
    pub plan: P,
    /// Name of the scheme in the record.
    pub scheme: &'static str,
    /// Step from the previous plan towards the dispatcher's answer, as a share in (0, 1].
    pub step: f64,
}

/// A fixed-point scheme. It turns the dispatcher's answer into the plan for the loop simulation, and the resulting
/// COPs into the COPs of the next dispatch.
pub trait Scheme<D: Dispatcher> {
    /// Returns the plan of this iteration from the dispatcher's answer and the state of the iteration.
    ///
    /// # Errors
    /// Errors of the dispatcher while blending plans.
    fn plan(
        &mut self,
        dispatcher: &mut D,
        answer: D::Plan,
        at: &IterationState<'_, D::Plan>,
    ) -> Result<SchemePlan<D::Plan>, D::Error>;

    /// Returns whether the next dispatch is at the COPs that the last plan led to.
    fn answers_own_cops(&self) -> bool {
        true
    }

    /// Returns the state that is expensive to compute, for [`Scheme::recall`] in a resumed run; `None` if there is
    /// none.
    fn memory(&self) -> Option<Vec<u8>> {
        None
    }

    /// Restores the journalled state of the next iteration.
    fn recall(&mut self, memory: &[u8]) {
        let _ = memory;
    }

    /// Replaces the COPs of this iteration by those of the next, given the COPs that followed from this one.
    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries) {
        cops.assign(followed);
    }
}

/// Returns the scheme that `settings` select, if it needs only the participants' traits; for `auto` the part before
/// Newton's method. `None` for Newton's method itself.
#[must_use]
pub fn scheme<D: Dispatcher>(settings: &CouplingSettings) -> Option<Box<dyn Scheme<D>>> {
    Some(match settings.scheme_in_force() {
        SchemeChoice::Picard | SchemeChoice::Published => Box::new(Picard { relaxation: settings.relaxation }),
        SchemeChoice::Msa => Box::new(Averaging::by(Msa)),
        SchemeChoice::SelfRegulated => Box::new(Averaging::by(SelfRegulated::default())),
        SchemeChoice::GapRegulated => Box::new(Averaging::by(GapRegulated::default())),
        SchemeChoice::Aitken => Box::new(Accelerated::by(Aitken::new(settings.relaxation, COPS), "aitken")),
        SchemeChoice::Anderson => Box::new(Accelerated::by(Anderson::new(MEMORY, FILTER, COPS), "anderson")),
        SchemeChoice::Auto | SchemeChoice::Anticipative | SchemeChoice::Averaging => {
            Box::new(Averaging::by(Auto::default()))
        }
        SchemeChoice::Newton => return None,
    })
}
