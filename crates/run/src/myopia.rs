//! The part of the summary on the price of myopia: the cost of a dispatcher who ignores the plan's effect on the loop.

use anergy_cosim::Myopia;
use anergy_data::schema::MyopiaSummary;
use anergy_data::schema::files::ANTICIPATIVE_PLAN;

/// Returns the price of myopia in words.
pub(super) fn myopia_in_words(summary: &MyopiaSummary) -> String {
    let MyopiaSummary {
        equilibrium_eur, anticipative_eur, price_eur, price_relative, beside: [eq, knows], lps, ..
    } = summary;
    let gap = match (summary.gap_eur, summary.price_beyond_gap_eur) {
        (Some(gap_eur), Some(beyond_eur)) => format!(
            "The gap of the equilibrium, {gap_eur:.2} EUR, is in that: a dispatcher could save it without knowing \
             more; {beyond_eur:.2} EUR are beyond it"
        ),
        _ => "The gap of the equilibrium is in that, and not known".to_owned(),
    };
    format!(
        "{:.4} % ({price_eur:.2} EUR): a dispatcher who knew what it does to the loop would pay {anticipative_eur:.2} \
         EUR in place of {equilibrium_eur:.2} ({lps} LPs, {ANTICIPATIVE_PLAN}). {gap}. Beside that, balancing unit \
             {:.0} kWh for {:.2} EUR in place of {:.0} for {:.2}; surplus {:.0} kWh in place of {:.0}; unmet demand \
             {:.1} kWh in place of {:.1}",
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

/// Returns the part of the summary on the price of myopia.
pub(super) fn myopia_summary(myopia: &Myopia) -> MyopiaSummary {
    MyopiaSummary {
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
