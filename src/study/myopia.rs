//! The price of myopia: an equilibrium against the plan of a dispatcher who knows what it does to the loop.

use ndarray::Array2;
use serde::Serialize;

use super::partners::{DistrictDispatcher, PricedPlan, WellMixedPartner};
use super::{Coupling, StudyError};
use crate::coupling::{CopSeries, Dispatcher as _};
use crate::equilibrium::{Anticipated, Newton, anticipate};
use crate::lp::Backend;

/// The descent begins from this answer of the dispatcher.
const ANSWERS: usize = 3;

/// An equilibrium, and what a dispatcher would do who knew what it does to the loop.
#[derive(Debug)]
pub struct Myopia {
    /// What the plan of the equilibrium costs the dispatcher at the COPs that it leads to, EUR.
    pub equilibrium_eur: f64,
    /// The plan of one who knows, and how it was found.
    pub found: Anticipated<PricedPlan>,
}

impl Myopia {
    /// What a dispatcher would do who knew what it does to the loop, beside the answer of a coupling that began with `first_cops`.
    pub(super) fn of(
        dispatcher: &mut DistrictDispatcher,
        water_loop: &WellMixedPartner,
        newton: &Newton,
        outcome: &Coupling,
        first_cops: &CopSeries,
        backend: &dyn Backend,
    ) -> Result<Self, StudyError> {
        let values = &outcome.plan.plan.decisions.values;
        let cops = newton.cops(water_loop, values);
        let equilibrium_eur = dispatcher.price(&outcome.plan, &cops)?.objective_eur;
        // The first few answers lie further apart than what they converge to, and from there the descent comes to lower valleys.
        let mut cops = first_cops.clone();
        let mut values = Array2::zeros((0, 0));
        for _ in 0..ANSWERS {
            values = dispatcher.dispatch(&cops)?.plan.decisions.values;
            cops = newton.cops(water_loop, &values);
        }
        let found = anticipate(dispatcher, water_loop, newton, &values, backend)?;
        let found = if found.cost.objective_eur <= equilibrium_eur {
            found
        } else {
            let values = &outcome.plan.plan.decisions.values;
            anticipate(dispatcher, water_loop, newton, values, backend)?
        };
        Ok(Self { equilibrium_eur, found })
    }

    /// What it costs not to know, EUR.
    #[must_use]
    pub fn price_eur(&self) -> f64 {
        self.equilibrium_eur - self.found.cost.objective_eur
    }

    /// The same as a share of what the equilibrium costs.
    #[must_use]
    pub fn price_relative(&self) -> f64 {
        self.price_eur() / self.equilibrium_eur.abs().max(1e-3 * self.found.cost.absolute_terms_eur)
    }
}

/// The price of myopia: an equilibrium against the plan of a dispatcher who knows what it does to the loop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MyopiaSummary {
    /// The dispatcher's objective in the equilibrium, EUR.
    pub equilibrium_eur: f64,
    /// The same of one who knows, EUR.
    pub anticipative_eur: f64,
    /// The difference, EUR.
    pub price_eur: f64,
    /// The same as a share.
    pub price_relative: f64,
    /// LPs of dispatch and loop that were solved to find it.
    pub lps: usize,
}

impl MyopiaSummary {
    pub(super) fn of(myopia: &Myopia) -> Self {
        Self {
            equilibrium_eur: myopia.equilibrium_eur,
            anticipative_eur: myopia.found.cost.objective_eur,
            price_eur: myopia.price_eur(),
            price_relative: myopia.price_relative(),
            lps: myopia.found.descent.len(),
        }
    }
}
