//! The relative gap of an iterate: what a dispatcher could still save at the COPs that its own plan leads to.

use serde::Serialize;

use super::PlanCost;

/// A scale of less is a millionth of a euro: beside nothing, rounding is everything.
const LEAST_SCALE_EUR: f64 = 1e-6;

/// What could be saved at the COPs that a plan leads to. Zero at an equilibrium; a definition from traffic assignment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gap {
    /// Objective of the plan at its own COPs minus the least one there, EUR.
    pub absolute_eur: f64,
    /// That, over the least objective (or a thousandth of the sum of its absolute terms, or a millionth of a euro, if larger).
    pub relative: f64,
    /// The part of it that is money, EUR.
    pub cost_eur: f64,
    /// The part of it that is unmet demand, kWh.
    pub unmet_kwh: f64,
    /// The part of it that is surplus, kWh.
    pub surplus_kwh: f64,
}

impl Gap {
    /// The gap between a plan, priced at its own COPs, and the cheapest plan there.
    #[must_use]
    pub fn between(plan: PlanCost, cheapest: PlanCost) -> Self {
        let absolute_eur = plan.objective_eur - cheapest.objective_eur;
        let scale = cheapest.objective_eur.abs().max(1e-3 * cheapest.absolute_terms_eur).max(LEAST_SCALE_EUR);
        Self {
            absolute_eur,
            relative: absolute_eur / scale,
            cost_eur: plan.cost_eur - cheapest.cost_eur,
            unmet_kwh: plan.unmet_kwh - cheapest.unmet_kwh,
            surplus_kwh: plan.surplus_kwh - cheapest.surplus_kwh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_survives_an_objective_near_zero() {
        let cost = |objective_eur| PlanCost { objective_eur, absolute_terms_eur: 1000.0, ..PlanCost::default() };
        assert_eq!(Gap::between(cost(101.0), cost(100.0)).relative, 0.01);
        assert_eq!(Gap::between(cost(0.5), cost(0.0)).relative, 0.5);
        assert_eq!(Gap::between(cost(0.0), cost(0.0)).relative, 0.0);
        let free = |objective_eur| PlanCost { objective_eur, absolute_terms_eur: 1e-14, ..PlanCost::default() };
        assert!(Gap::between(free(1e-16), free(1e-14)).relative.abs() < 1e-7, "of nothing, rounding is no share");
    }
}
