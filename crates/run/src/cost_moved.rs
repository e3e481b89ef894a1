//! The change of the cost over the last iterations, which the gap does not show.

use anergy_cosim::coupling::{Gap, Record};
use anergy_data::schema::{CostMoved, NOT_SERVED_KWH};

/// The largest number of iterations that are compared.
const LAST: usize = 5;

/// Returns the change of the cost over the last of `records`, given the gap of the solution and the price of the
/// balancing unit's CO2; `None` with fewer than two iterations.
#[must_use]
pub fn cost_moved(records: &[Record], gap: Option<Gap>, co2_eur_per_kg: f64) -> Option<CostMoved> {
    let last = &records[records.len().saturating_sub(LAST)..];
    if last.len() < 2 {
        return None;
    }
    let total_eur =
        |record: &Record| record.cost_at_own_cops_eur + record.balancing_eur + record.balancing_co2_kg * co2_eur_per_kg;
    let [least_eur, most_eur] = range(last.iter().map(total_eur));
    let [least_kwh, most_kwh] = range(last.iter().map(|record| record.unmet_at_own_cops_kwh));
    let eur = most_eur - least_eur;
    Some(CostMoved {
        iterations: last.len(),
        eur,
        relative: if least_eur == 0.0 { 0.0 } else { eur / least_eur.abs() },
        gaps: gap.map(|gap| gap.absolute_eur).filter(|gap_eur| *gap_eur > 0.0).map(|gap_eur| eur / gap_eur),
        unmet_kwh: most_kwh - least_kwh,
    })
}

/// Returns the change of the cost in words, as in the summary.
pub(super) fn cost_moved_in_words(moved: &CostMoved) -> String {
    let CostMoved { iterations, eur, relative, gaps, unmet_kwh } = moved;
    let gaps = gaps.map_or_else(String::new, |gaps| format!(", {gaps:.1} gaps"));
    let unmet = if *unmet_kwh > NOT_SERVED_KWH {
        format!(" while unmet demand moved by {unmet_kwh:.3} kWh")
    } else {
        String::new()
    };
    format!("by {eur:.2} EUR ({relative:.1e} of it{gaps}) over the last {iterations} iterations{unmet}")
}

fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| [low.min(value), high.max(value)])
}
