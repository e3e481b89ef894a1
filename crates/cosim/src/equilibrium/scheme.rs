//! Newton's method as a scheme of the coupling.

use anergy_lp::StagedProblem;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::{LoopConversion, Newton, Point, Segment, Unsuited};
use crate::coupling::{
    Averaging, CopSeries, Dispatcher, GapRegulated, IterationState, LoopDerivatives, LoopSignal, Scheme, SchemePlan,
};

/// A dispatcher that gives access to its LP.
pub trait Stages: Dispatcher {
    /// Returns the LP at the COPs in force.
    fn problem(&self) -> &StagedProblem;

    /// Returns the heat pumps on the loop.
    fn loop_pumps(&self) -> Vec<LoopConversion<'_>>;

    /// Returns the length of a step, hours.
    fn step_hours(&self) -> f64;

    /// Returns the values of the columns and the duals of the rows of a plan; `None` if the solver returns no duals.
    fn values_and_duals<'a>(&self, plan: &'a Self::Plan) -> Option<[&'a Array2<f64>; 2]>;

    /// Returns the values of the columns of a plan.
    fn values<'a>(&self, plan: &'a Self::Plan) -> &'a Array2<f64>;

    /// Returns the plan with these values of the columns, its balances closed under a signal; `None` where they
    /// cannot be closed.
    ///
    /// # Errors
    /// When the values or COPs cannot be set.
    fn plan_of(&mut self, values: Array2<f64>, signal: &LoopSignal) -> Result<Option<Self::Plan>, Self::Error>;
}

/// A scheme that refines another scheme by Newton's method: first the other scheme, for a number of iterations or as
/// long as it makes progress, then Newton's method, then averaging if Newton's method stalls.
pub struct Refining<D: Dispatcher, L> {
    before: Box<dyn Scheme<D>>,
    water_loop: L,
    newton: Newton,
    begins: usize,
    /// Iterations of Newton's method so far.
    rounds: usize,
    /// Gap at the last progress, and the iterations since then.
    progress: f64,
    in_vain: usize,
    /// State of the last iteration, or the journalled state of the next iteration.
    memory: Option<NewtonState>,
    recalled: Option<NewtonState>,
    after: Averaging<GapRegulated>,
}

/// The result of an iteration of Newton's method.
#[derive(Debug, Serialize, Deserialize)]
struct NewtonState {
    found: Point,
    segments: Vec<Segment>,
}

impl<D: Dispatcher, L> Refining<D, L> {
    /// Name of the scheme in the record.
    pub const NAME: &'static str = "newton";
    /// Iterations without progress of the first scheme after which Newton's method begins early.
    const PATIENCE_BEFORE: usize = 10;
    /// Iterations without progress of Newton's method after which averaging begins.
    const PATIENCE: usize = 4;
    /// Largest ratio of a gap to that at the last progress that counts as progress.
    const PROGRESS: f64 = 0.9;
}

impl<D: Stages, L: LoopDerivatives + Sync> Refining<D, L> {
    /// Creates the scheme for the LP of `dispatcher`: `before` until iteration `begins`, then Newton's method.
    ///
    /// # Errors
    /// [`Unsuited`] where Newton's method does not cover the LP.
    pub fn new(dispatcher: &D, water_loop: L, before: Box<dyn Scheme<D>>, begins: usize) -> Result<Self, Unsuited> {
        let newton = Newton::new(dispatcher.problem(), &dispatcher.loop_pumps(), dispatcher.step_hours())?;
        let after = Averaging::by(GapRegulated::default());
        Ok(Self {
            before,
            water_loop,
            newton,
            begins,
            rounds: 0,
            progress: f64::INFINITY,
            in_vain: 0,
            memory: None,
            recalled: None,
            after,
        })
    }

    /// Returns Newton's method with the segments of its last iteration.
    #[must_use]
    pub fn newton(&self) -> &Newton {
        &self.newton
    }

    fn refine(&mut self, dispatcher: &mut D, answer: &D::Plan) -> Result<Option<D::Plan>, D::Error> {
        let Some([values, rows]) = dispatcher.values_and_duals(answer) else { return Ok(None) };
        let temp_c = self.newton.temperatures(&self.water_loop, values);
        let point = Point { values: values.clone(), rows: rows.clone(), temp_c };
        self.newton.learn(&point);
        let found = match self.recalled.take() {
            Some(NewtonState { found, segments }) => self.newton.recall(found, segments),
            None => self.newton.refine(&self.water_loop, &point),
        };
        self.memory = Some(NewtonState { found: found.clone(), segments: self.newton.segments().to_vec() });
        let cops = self.newton.cops(&self.water_loop, &found.values);
        self.rounds += 1;
        dispatcher.plan_of(found.values, &LoopSignal::of_cops(cops))
    }
}

impl<D: Stages, L: LoopDerivatives + Sync> Scheme<D> for Refining<D, L> {
    fn plan(
        &mut self,
        dispatcher: &mut D,
        answer: D::Plan,
        at: &IterationState<'_, D::Plan>,
    ) -> Result<SchemePlan<D::Plan>, D::Error> {
        self.memory = None;
        if let Some(gap) = at.gap.map(|gap| gap.size()) {
            // Small decreases accumulate: the reference remains until the progress is sufficient.
            if gap < Self::PROGRESS * self.progress {
                (self.in_vain, self.progress) = (0, gap);
            } else {
                self.in_vain += 1;
            }
            if self.rounds == 0 && self.in_vain >= Self::PATIENCE_BEFORE {
                self.begins = self.begins.min(at.iteration);
            }
        }
        if at.iteration < self.begins {
            if let Some([values, rows]) = dispatcher.values_and_duals(&answer) {
                let temp_c = Array1::zeros(0);
                self.newton.learn(&Point { values: values.clone(), rows: rows.clone(), temp_c });
            }
            return self.before.plan(dispatcher, answer, at);
        }
        if self.rounds == 0 {
            self.in_vain = 0;
        }
        if self.in_vain < Self::PATIENCE
            && let Some(plan) = self.refine(dispatcher, &answer)?
        {
            return Ok(SchemePlan { plan, scheme: Self::NAME, step: 1.0 });
        }
        self.after.plan(dispatcher, answer, at)
    }

    fn memory(&self) -> Option<Vec<u8>> {
        self.memory.as_ref().and_then(|memory| postcard::to_stdvec(memory).ok())
    }

    fn recall(&mut self, memory: &[u8]) {
        self.recalled = postcard::from_bytes(memory).ok();
    }

    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries) {
        if self.rounds == 0 { self.before.advance(cops, followed) } else { cops.assign(followed) }
    }
}
