//! What it costs that the dispatcher does not know what it does to the loop: the part of the summary.

use anergy_cosim::{Beside, Myopia};
use serde::Serialize;

/// The price of myopia: an equilibrium against the plan of a dispatcher who knows what it does to the loop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MyopiaSummary {
    /// The dispatcher's objective in the equilibrium, EUR.
    pub equilibrium_eur: f64,
    /// The same of one who knows, EUR.
    pub anticipative_eur: f64,
    /// The difference, EUR. The gap of the equilibrium is in it.
    pub price_eur: f64,
    /// The same as a share of the money in the equilibrium's objective.
    pub price_relative: f64,
    /// The gap of the equilibrium, EUR: what a dispatcher could save there without knowing anything of the loop.
    pub gap_eur: Option<f64>,
    /// The difference without the gap, EUR: what is left of it for knowing.
    pub price_beyond_gap_eur: Option<f64>,
    /// What that leaves out: of the equilibrium, and of the plan of one who knows.
    pub beside: [Beside; 2],
    /// LPs of dispatch and loop that were solved to find it.
    pub lps: usize,
}

impl MyopiaSummary {
    /// In words.
    pub(super) fn in_words(&self) -> String {
        let Self { equilibrium_eur, anticipative_eur, price_eur, price_relative, beside: [eq, knows], lps, .. } = self;
        let gap = match (self.gap_eur, self.price_beyond_gap_eur) {
            (Some(gap_eur), Some(beyond_eur)) => format!(
                "The gap of the equilibrium, {gap_eur:.2} EUR, is in that: a dispatcher could save it without knowing more; \
                 {beyond_eur:.2} EUR are beyond it"
            ),
            _ => "The gap of the equilibrium is in that, and not known".to_owned(),
        };
        format!(
            "{:.4} % ({price_eur:.2} EUR): a dispatcher who knew what it does to the loop would pay {anticipative_eur:.2} EUR in place \
             of {equilibrium_eur:.2} ({lps} LPs, anticipative_plan.csv). {gap}. Beside that, balancing unit {:.0} kWh for {:.2} EUR in place \
             of {:.0} for {:.2}; surplus {:.0} kWh in place of {:.0}; unmet demand {:.1} kWh in place of {:.1}",
            100.0 * price_relative,
            knows.balancing_kwh,
            knows.balancing_eur,
            eq.balancing_kwh,
            eq.balancing_eur,
            knows.surplus_kwh,
            eq.surplus_kwh,
            knows.unmet_kwh,
            eq.unmet_kwh
        )
    }

    pub(super) fn of(myopia: &Myopia) -> Self {
        Self {
            equilibrium_eur: myopia.equilibrium.objective_eur,
            anticipative_eur: myopia.found.cost.objective_eur,
            price_eur: myopia.price_eur(),
            price_relative: myopia.price_relative(),
            gap_eur: myopia.gap_eur,
            price_beyond_gap_eur: myopia.price_beyond_gap_eur(),
            beside: myopia.beside,
            lps: myopia.found.descent.len(),
        }
    }
}
