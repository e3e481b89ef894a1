//! The price of myopia: the cost of an equilibrium against the joint optimum, whose dispatcher knows its effect on
//! the loop.

use anergy_data::schema::Beside;
use anergy_lp::Backend;
use ndarray::Array2;

use crate::coupling::{CopSeries, Dispatcher as _, LoopModel as _, LoopResponse, LoopSignal, Observer, PlanCost};
use crate::equilibrium::{Anticipated, Newton, anticipate};
use crate::participants::{DistrictDispatcher, PricedPlan, WellMixedParticipant};
use crate::{CosimError, Coupling};

/// Number of dispatcher answers before the descent starts.
const ANSWERS: usize = 3;

/// An equilibrium compared with the joint optimum of dispatch and loop.
#[derive(Debug)]
pub struct Myopia {
    /// Cost of the equilibrium's plan at the COPs that it leads to.
    pub equilibrium: PlanCost,
    /// Gap of the equilibrium, EUR: the saving that is possible without knowledge of the loop. `None` if it is not
    /// known.
    pub gap_eur: Option<f64>,
    /// Joint optimum, and the descent that found it.
    pub found: Anticipated<PricedPlan>,
    /// Effects outside the objective: of the equilibrium, and of the joint optimum.
    pub beside: [Beside; 2],
}

/// Returns the effects of a plan that are not in the dispatcher's objective.
fn beside(cost: &PlanCost, response: &LoopResponse) -> Beside {
    Beside {
        balancing_kwh: response.balancing_kwh.iter().map(|kwh| kwh.abs()).sum(),
        balancing_eur: response.balancing_eur,
        unmet_kwh: cost.unmet_kwh,
        surplus_kwh: cost.surplus_kwh,
    }
}

impl Myopia {
    /// Computes the joint optimum, to compare with the result of a coupling that began with `first_cops`.
    pub(super) fn of(
        dispatcher: &mut DistrictDispatcher,
        water_loop: &WellMixedParticipant,
        newton: &Newton,
        outcome: &Coupling,
        first_cops: &CopSeries,
        backend: &dyn Backend,
        observer: &dyn Observer,
    ) -> Result<Self, CosimError> {
        let values = &outcome.plan.plan.decisions.values;
        let signal = |values: &Array2<f64>| LoopSignal::of_cops(newton.cops(water_loop, values));
        let equilibrium = dispatcher.price(&outcome.plan, &signal(values))?;
        // The first few answers lie further apart than the limit of the iteration, and the descent from there finds
        // lower local minima.
        let stop = || observer.wants_to_stop();
        let mut next = LoopSignal::of_cops(first_cops.clone());
        let mut values = Array2::zeros((0, 0));
        for _ in 0..ANSWERS {
            values = dispatcher.dispatch(&next)?.plan.decisions.values;
            next = signal(&values);
        }
        let found = anticipate(dispatcher, water_loop, newton, &values, backend, &stop)?;
        let found = if found.cost.objective_eur <= equilibrium.objective_eur {
            found
        } else {
            let values = &outcome.plan.plan.decisions.values;
            anticipate(dispatcher, water_loop, newton, values, backend, &stop)?
        };
        let simulated = |dispatcher: &DistrictDispatcher, plan: &PricedPlan| {
            let Ok(response) = water_loop.clone().simulate(&dispatcher.request(plan));
            beside(&dispatcher.cost(plan), &response)
        };
        let beside = [simulated(dispatcher, &outcome.plan), simulated(dispatcher, &found.plan)];
        let gap_eur = outcome.gap.map(|gap| gap.absolute_eur);
        Ok(Self { equilibrium, gap_eur, found, beside })
    }

    /// Returns the price of myopia, EUR: the cost of the equilibrium, with its gap, minus that of the joint optimum.
    #[must_use]
    pub fn price_eur(&self) -> f64 {
        self.equilibrium.objective_eur - self.found.cost.objective_eur
    }

    /// Returns the price of myopia as a share of the money in the equilibrium's objective.
    #[must_use]
    pub fn price_relative(&self) -> f64 {
        self.price_eur() / self.equilibrium.money_scale_eur()
    }

    /// Returns the price of myopia without the gap of the equilibrium, EUR; `None` if the gap is not known.
    #[must_use]
    pub fn price_beyond_gap_eur(&self) -> Option<f64> {
        self.gap_eur.map(|gap_eur| self.price_eur() - gap_eur)
    }
}
