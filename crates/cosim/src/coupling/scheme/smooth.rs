//! The scheme `auto` for loops without derivatives and with a tolerance on temperatures: acceleration while it
//! converges, then averages.

use super::acceleration::{Accelerated, Anderson};
use super::{Auto, Averaging, COPS, FILTER, IterationState, MEMORY, Scheme, SchemePlan};
use crate::coupling::{CopSeries, Dispatcher};

/// Iterations over which the largest change of a COP has to fall below a share of itself.
const PATIENCE: usize = 3;
const ENOUGH: f64 = 0.5;

/// Anderson's acceleration as long as the largest change of a COP halves every three iterations, which shows that
/// dispatch and loop respond smoothly. Otherwise the answers jump from vertex to vertex, and the averages of [`Auto`]
/// take over.
#[derive(Debug)]
pub struct SmoothAtFirst {
    accelerated: Accelerated<Anderson>,
    averaging: Averaging<Auto>,
    changes: Vec<f64>,
    given_up: bool,
    /// First iteration in which plans are averaged.
    begins: usize,
}

impl Default for SmoothAtFirst {
    fn default() -> Self {
        Self {
            accelerated: Accelerated::by(Anderson::new(MEMORY, FILTER, COPS), "anderson"),
            averaging: Averaging::by(Auto::default()),
            changes: Vec::new(),
            given_up: false,
            begins: 0,
        }
    }
}

impl<D: Dispatcher> Scheme<D> for SmoothAtFirst {
    fn plan(
        &mut self,
        dispatcher: &mut D,
        answer: D::Plan,
        at: &IterationState<'_, D::Plan>,
    ) -> Result<SchemePlan<D::Plan>, D::Error> {
        match self.given_up {
            // The averaging rules count iterations from their own start.
            true => {
                let at = IterationState { iteration: at.iteration - self.begins, ..*at };
                self.averaging.plan(dispatcher, answer, &at)
            }
            false => self.accelerated.plan(dispatcher, answer, at),
        }
    }

    fn answers_own_cops(&self) -> bool {
        self.given_up
    }

    fn advance(&mut self, cops: &mut CopSeries, followed: &CopSeries) {
        if !self.given_up {
            let changes = cops.iter().zip(followed).map(|(before, after)| (after - before).abs());
            self.changes.push(changes.fold(0.0, f64::max));
            let now = self.changes.len() - 1;
            self.given_up = now >= PATIENCE && self.changes[now] > ENOUGH * self.changes[now - PATIENCE];
            self.begins = now + 1;
        }
        match self.given_up {
            true => cops.assign(followed),
            false => Scheme::<D>::advance(&mut self.accelerated, cops, followed),
        }
    }
}
