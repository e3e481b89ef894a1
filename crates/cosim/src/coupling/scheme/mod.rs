//! How the next iterate follows from the last.

pub mod acceleration;
mod auto;
mod averaging;
mod picard;
mod smooth;

use acceleration::{Accelerated, Aitken, Anderson, AtBound, Bounds};
pub use auto::Auto;
pub use averaging::{Averaging, GapRegulated, Msa, Seen, SelfRegulated, Step, StepRule};
pub use picard::Picard;
pub use smooth::SmoothAtFirst;

use super::{CopSeries, CouplingSettings, Dispatcher, Gap, LoopSignal, SchemeChoice};

/// Differences that Anderson's acceleration remembers, and what of one must be new.
const MEMORY: usize = 8;
const FILTER: f64 = 1e-3;
/// COPs beyond this are no heat pump's.
const COPS: Bounds = Bounds { low: 0.1, high: 1e3, at: AtBound::Scale };

/// Where an iteration stands when its plan is made.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a, P> {
    /// Number of the iteration, from 0.
    pub iteration: usize,
    /// Plan of the iteration before, if any.
    pub previous: Option<&'a P>,
    /// The previous plan's gap, where it is known.
    pub gap: Option<Gap>,
    /// The signal that the dispatcher answered to; where the gap is free, the one that the previous plan led to.
    pub signal: &'a LoopSignal,
}

/// A plan that the loop is simulated with, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped<P> {
    /// The plan.
    pub plan: P,
    /// The scheme that ran, as it stands in the history.
    pub scheme: &'static str,
    /// Share of the way from the previous plan to the dispatcher's answer, in (0, 1].
    pub step: f64,
}

/// A fixed-point scheme. From the dispatcher's answer it makes the plan that the loop is simulated with, and from the COPs
/// that follow the COPs of the next dispatch.
pub trait Scheme<D: Dispatcher> {
    /// The plan of this iteration, from the dispatcher's answer and where the iteration stands.
    ///
    /// # Errors
    /// Whatever the dispatcher reports while blending.
    fn plan(
        &mut self,
        dispatcher: &mut D,
        answer: D::Plan,
        at: &Situation<'_, D::Plan>,
    ) -> Result<Stepped<D::Plan>, D::Error>;

    /// Whether the coming dispatch answers to the COPs that the last plan led to.
    fn answers_own_cops(&self) -> bool {
        true
    }

    /// What was found at great cost for the plan of this iteration, for [`Scheme::recall`] to take its place in another run.
    fn memory(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes back what was kept of the coming iteration.
    fn recall(&mut self, memory: &[u8]) {
        let _ = memory;
    }

    /// Turns the COPs of this iteration into those of the next, given the COPs that followed from this one.
    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries) {
        cops.assign(followed);
    }
}

/// The scheme that `settings` ask for, where it needs no more than the participants' traits; of `auto` what it does before Newton's
/// method. `None` for Newton's method itself.
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
