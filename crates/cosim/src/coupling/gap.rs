//! The gap of an iterate: the money and the unmet demand that the dispatcher could still save at the COPs that the
//! iterate's plan leads to.

use super::{Gap, PlanCost};

/// Smallest scale of a relative gap of money, EUR: below it, rounding would dominate the ratio.
const LEAST_SCALE_EUR: f64 = 1e-6;
/// Smallest scale of a relative gap of unmet demand, kWh: below it, rounding would dominate the ratio.
const LEAST_SCALE_KWH: f64 = 1.0;
/// Smallest ratio of the scale to the absolute terms of the money, or to the demand.
const LEAST_SHARE: f64 = 1e-3;

impl PlanCost {
    /// Returns the scale of a relative gap of money, EUR: the money in the objective, without the prices of unmet
    /// demand and surplus; at least a thousandth of its absolute terms, and a millionth of a euro.
    #[must_use]
    pub fn money_scale_eur(&self) -> f64 {
        let money_eur = (self.objective_eur - self.penalty_eur).abs();
        money_eur.max(LEAST_SHARE * self.absolute_terms_eur).max(LEAST_SCALE_EUR)
    }

    /// Returns the gap between this plan, priced at the COPs that it leads to, and the `cheapest` plan at those COPs.
    #[must_use]
    pub fn gap_to(&self, cheapest: &Self) -> Gap {
        let unmet_kwh = self.unmet_kwh - cheapest.unmet_kwh;
        let absolute_eur = self.objective_eur - cheapest.objective_eur;
        let scale_kwh = cheapest.unmet_kwh.max(LEAST_SHARE * cheapest.demand_kwh).max(LEAST_SCALE_KWH);
        Gap {
            absolute_eur,
            relative: absolute_eur / cheapest.money_scale_eur(),
            cost_eur: self.cost_eur - cheapest.cost_eur,
            unmet_kwh,
            // A comparison preserves NaN; `max` would turn it into zero.
            unmet_relative: if unmet_kwh < 0.0 { 0.0 } else { unmet_kwh / scale_kwh },
            surplus_kwh: self.surplus_kwh - cheapest.surplus_kwh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_survives_an_objective_near_zero() {
        let cost = |objective_eur| PlanCost { objective_eur, absolute_terms_eur: 1000.0, ..PlanCost::default() };
        assert_eq!(cost(101.0).gap_to(&cost(100.0)).relative, 0.01);
        assert_eq!(cost(0.5).gap_to(&cost(0.0)).relative, 0.5);
        assert_eq!(cost(0.0).gap_to(&cost(0.0)).relative, 0.0);
        let free = |objective_eur| PlanCost { objective_eur, absolute_terms_eur: 1e-14, ..PlanCost::default() };
        assert!(free(1e-16).gap_to(&free(1e-14)).relative.abs() < 1e-7, "of nothing, rounding is no share");
    }

    /// Returns the cost of a plan with this money, unmet demand at 100 EUR/kWh and surplus at 2 EUR/kWh, of a demand
    /// of 50 MWh.
    fn priced(money_eur: f64, unmet_kwh: f64, surplus_kwh: f64) -> PlanCost {
        let penalty_eur = 100.0 * unmet_kwh + 2.0 * surplus_kwh;
        PlanCost {
            charge_eur: 0.0,
            objective_eur: money_eur + penalty_eur,
            penalty_eur,
            absolute_terms_eur: money_eur.abs(),
            cost_eur: money_eur + 7.0,
            unmet_kwh,
            surplus_kwh,
            demand_kwh: 50_000.0,
        }
    }

    #[test]
    fn unmet_demand_does_not_dilute_the_gap_of_the_money() {
        // 40 EUR of 40,000 are 1e-3 of the money, with or without 12.5 MWh (1.25 million EUR) of unmet demand.
        for unmet_kwh in [0.0, 12_500.0] {
            let gap = priced(40_040.0, unmet_kwh, 0.0).gap_to(&priced(40_000.0, unmet_kwh, 0.0));
            assert!((gap.relative - 1e-3).abs() < 1e-12 && gap.cost_eur == 40.0, "{gap:?}");
            assert_eq!((gap.unmet_kwh, gap.unmet_relative, gap.size()), (0.0, 0.0, gap.relative));
        }
        // Nor does surplus: 10 MWh at 2 EUR.
        let gap = priced(40_040.0, 0.0, 10_000.0).gap_to(&priced(40_000.0, 0.0, 10_000.0));
        assert!((gap.relative - 1e-3).abs() < 1e-12, "{gap:?}");
    }

    #[test]
    fn unmet_demand_has_a_gap_of_its_own() {
        // 25 kWh above the 12,500 kWh that cannot be served: 2e-3 of them.
        let gap = priced(40_000.0, 12_525.0, 0.0).gap_to(&priced(40_000.0, 12_500.0, 0.0));
        assert_eq!((gap.unmet_kwh, gap.unmet_relative), (25.0, 2e-3));
        // 25 kWh where all demand could be served: half of a thousandth of the demand of 50 MWh.
        let gap = priced(40_000.0, 25.0, 0.0).gap_to(&priced(40_000.0, 0.0, 0.0));
        assert_eq!((gap.unmet_kwh, gap.unmet_relative, gap.size()), (25.0, 0.5, 0.5));
    }

    #[test]
    fn a_plan_that_pays_less_because_it_serves_less_has_a_gap_above_zero() {
        // 10 kWh less served save 3 EUR: money -3, objective +997.
        let gap = priced(39_997.0, 10.0, 0.0).gap_to(&priced(40_000.0, 0.0, 0.0));
        assert_eq!((gap.cost_eur, gap.unmet_kwh), (-3.0, 10.0));
        assert!((gap.absolute_eur - 997.0).abs() < 1e-9 && (gap.relative - 997.0 / 40_000.0).abs() < 1e-12, "{gap:?}");
        // Serving 10 kWh more for 1030 EUR is 30 EUR too much, and no gap of unmet demand.
        let gap = priced(41_030.0, 0.0, 0.0).gap_to(&priced(40_000.0, 10.0, 0.0));
        assert_eq!((gap.cost_eur, gap.unmet_kwh, gap.unmet_relative), (1030.0, -10.0, 0.0));
        assert!((gap.absolute_eur - 30.0).abs() < 1e-9 && (gap.size() - 30.0 / 40_000.0).abs() < 1e-12, "{gap:?}");
    }

    #[test]
    fn a_nan_gap_is_within_no_tolerance() {
        let gap = priced(f64::NAN, 0.0, 0.0).gap_to(&priced(1.0, 0.0, 0.0));
        assert!(gap.size().is_nan());
    }
}
