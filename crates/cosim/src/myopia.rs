//! The price of myopia: an equilibrium against the plan of a dispatcher who knows what it does to the loop.

use anergy_data::schema::Beside;
use anergy_lp::Backend;
use ndarray::Array2;

use crate::coupling::{CopSeries, Dispatcher as _, LoopModel as _, LoopResponse, LoopSignal, Observer, PlanCost};
use crate::equilibrium::{Anticipated, Newton, anticipate};
use crate::participants::{DistrictDispatcher, PricedPlan, WellMixedParticipant};
use crate::{CosimError, Coupling};

/// The descent begins from this answer of the dispatcher.
const ANSWERS: usize = 3;

/// An equilibrium, and what a dispatcher would do who knew what it does to the loop.
#[derive(Debug)]
pub struct Myopia {
    /// What the plan of the equilibrium costs the dispatcher at the COPs that it leads to.
    pub equilibrium: PlanCost,
    /// What a dispatcher could still save there without knowing anything of the loop, EUR: the gap of the equilibrium, where
    /// it is known.
    pub gap_eur: Option<f64>,
    /// The plan of one who knows, and how it was found.
    pub found: Anticipated<PricedPlan>,
    /// What that leaves out: of the equilibrium, and of the plan of one who knows.
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
    /// What a dispatcher would do who knew what it does to the loop, beside the answer of a coupling that began with `first_cops`.
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
        // The first few answers lie further apart than what they converge to, and from there the descent comes to lower valleys.
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

    /// What it costs not to know, EUR, with the gap of the equilibrium in it.
    #[must_use]
    pub fn price_eur(&self) -> f64 {
        self.equilibrium.objective_eur - self.found.cost.objective_eur
    }

    /// The same as a share of the money that the equilibrium costs.
    #[must_use]
    pub fn price_relative(&self) -> f64 {
        self.price_eur() / self.equilibrium.money_scale_eur()
    }

    /// What it costs not to know, EUR, without what a dispatcher who does not know could save as well; `None` where that is
    /// not known.
    #[must_use]
    pub fn price_beyond_gap_eur(&self) -> Option<f64> {
        self.gap_eur.map(|gap_eur| self.price_eur() - gap_eur)
    }
}
