//! The summary of a run as text for a terminal.

use std::fmt::Write as _;

use anergy_config::Case;
use anergy_cosim::coupling::BalancingPrice;
use anergy_data::schema::{
    CarrierSummary, CertificateSummary, Cost, CouplingSummary, LinkSummary, NOT_SERVED_KWH, Summary, TechnologySummary,
    ValiditySummary, ViolationSummary,
};

use super::cost_moved::cost_moved_in_words;
use super::myopia::myopia_in_words;
use super::network_summary::network_lines;
use super::starts::spread_in_words;
use super::whole_time::whole_time_lines;

/// Returns the summary of a run of `case` as aligned text for a terminal.
#[must_use]
pub fn summary_text(summary: &Summary, case: &Case) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {label:<18}{value}");
    };
    let scenario = summary.scenario.as_ref().map_or_else(String::new, |scenario| format!(", {scenario}"));
    line("case", format!("{}{scenario}", summary.case));
    let clock = summary.clock.as_ref().map_or_else(String::new, |clock| format!(", {clock}"));
    line(
        "time",
        format!("{} to {} ({} steps of {} min{clock})", summary.from, summary.to, summary.steps, summary.step_minutes),
    );
    if let Some(coupling) = &summary.coupling {
        verdict_lines(summary, coupling, &mut line);
        loop_lines(summary, coupling, case, &mut line);
        validity_lines(coupling, &mut line);
    }
    cost_lines(summary, &mut line);
    energy_lines(summary, &mut line);
    certificate_lines(summary, &mut line);
    text
}

/// Writes the verdict on the coupling, the change of the cost, the price of myopia, the spread of initial points, and
/// the schemes.
fn verdict_lines(summary: &Summary, coupling: &CouplingSummary, line: &mut dyn FnMut(&str, String)) {
    let not_served = if summary.leaves_demand() { ", but not all demand is served" } else { "" };
    line("verdict", format!("{}{not_served}", coupling.verdict.name()));
    for sentence in wrapped(&coupling.explanation, 92) {
        line("", sentence);
    }
    if let Some(missing) = &coupling.gap_missing {
        line("gap not measured", missing.replace('\n', " "));
    }
    if let Some(moved) = &coupling.cost_moved {
        for (index, words) in wrapped(&cost_moved_in_words(moved), 92).into_iter().enumerate() {
            line(if index == 0 { "cost moved" } else { "" }, words);
        }
    }
    let myopia = summary.myopia.iter().map(myopia_in_words);
    let missing = summary.myopia_missing.iter().map(|missing| format!("not known: {}", missing.replace('\n', " ")));
    for words in myopia.chain(missing) {
        for (index, sentence) in wrapped(&words, 92).into_iter().enumerate() {
            line(if index == 0 { "price of myopia" } else { "" }, sentence);
        }
    }
    if let Some(spread) = &summary.starts {
        for (index, sentence) in wrapped(&spread_in_words(spread), 92).into_iter().enumerate() {
            line(if index == 0 { "starts" } else { "" }, sentence);
        }
    }
    let schemes = coupling.schemes.iter().map(|ran| format!("{} {}", ran.scheme, ran.iterations));
    line("schemes", schemes.collect::<Vec<_>>().join(", "));
}

/// Writes temperatures, limits and energies of the loop.
fn loop_lines(summary: &Summary, coupling: &CouplingSummary, case: &Case, line: &mut dyn FnMut(&str, String)) {
    let [low, mean, high] = coupling.temp_c;
    let of = if summary.network.is_some() { " of the mean over all water and walls" } else { "" };
    line("loop", format!("{low:.2} / {mean:.2} / {high:.2} C (min / mean / max{of})"));
    line("loop over time", sparkline(&coupling.course_c));
    let [at_low, at_high] = coupling.limit_steps;
    match summary.network {
        None => line("loop at limits", format!("{at_low} steps at the low one, {at_high} at the high one")),
        Some(_) => line("kept in range", format!("by warming in {at_low} steps, by cooling in {at_high}")),
    }
    let [appeared, vanished] = coupling.created_kwh;
    if appeared != 0.0 || vanished != 0.0 {
        line("energy created", format!("{appeared:.0} kWh out of nothing, {:.0} kWh into nothing", vanished.abs()));
    }
    let [heating, cooling] = coupling.balancing_kwh;
    // For a network these follow below, unit by unit.
    if summary.network.is_none() && (heating != 0.0 || cooling != 0.0) {
        line("balancing unit", format!("{:.0} kWh of heat, {:.0} kWh of cold", heating.abs(), cooling.abs()));
    }
    let &CouplingSummary { balancing_energy_kwh, balancing_co2_kg, .. } = coupling;
    if balancing_energy_kwh != 0.0 {
        let cost_eur = summary.cost.balancing_eur;
        let taken = format!("{balancing_energy_kwh:.0} kWh for {cost_eur:.2} EUR, {balancing_co2_kg:.0} kg CO2");
        line(if summary.network.is_some() { "bought apart" } else { "balancing energy" }, taken);
        let price = case.coupled.as_ref().map(|coupled| coupled.settings.balancing_price);
        let seen = match price == Some(BalancingPrice::Marginal) {
            true => "the dispatch sees its price at the margin, and the gap is measured with it",
            false => "the dispatch does not see this cost, and the gap does not cover it",
        };
        line("", seen.to_owned());
    }
    let [gained, lost] = coupling.ground_kwh;
    if gained != 0.0 || lost != 0.0 {
        line("ground", format!("{gained:.0} kWh from it, {:.0} kWh into it", lost.abs()));
    }
    // For a network these follow below, substation by substation.
    let violations = coupling.violations.iter().filter(|_| summary.network.is_none());
    for (violation, side) in violations.zip(["below", "above"]) {
        let ViolationSummary { limit_c, hours, kelvin_hours, worst_k, worst_at } = violation;
        if let Some(at) = worst_at {
            line(
                "limit violated",
                format!("{hours} h {side} {limit_c} C ({kelvin_hours:.2} K h), worst by {worst_k:.2} K at {at}"),
            );
        }
    }
    for (label, words) in summary.network.iter().flat_map(network_lines) {
        for (index, part) in wrapped(&words, 92).into_iter().enumerate() {
            line(if index == 0 { label } else { "" }, part);
        }
    }
}

/// Writes the residuals of the loop's energy balance, and the COPs outside their range of validity or below 1.
fn validity_lines(coupling: &CouplingSummary, line: &mut dyn FnMut(&str, String)) {
    line(
        "loop balance",
        format!(
            "closes to {:.1e} of the energy moved, every step to {:.1e}",
            coupling.loop_balance_residual, coupling.loop_step_balance_residual
        ),
    );
    for validity in coupling.validity.iter().filter(|validity| validity.below + validity.above > 0) {
        let ValiditySummary { site, technology, range, below, above, running, .. } = validity;
        let sides = match (below, above) {
            (_, 0) => format!("{below} below"),
            (0, _) => format!("{above} above"),
            _ => format!("{below} below and {above} above"),
        };
        let range = range.map_or_else(String::new, |range| range.to_string());
        let steps = format!("{technology} at {site}: {sides} {range}, of {running} running steps");
        line("COP validity", steps);
    }
    for validity in coupling.validity.iter().filter(|validity| validity.warming > 0) {
        let ValiditySummary { site, technology, running, warming, .. } = validity;
        let steps = format!("{technology} at {site}: {warming} of {running} running steps; it warms its source");
        line("COP below 1", steps);
    }
}

/// Writes unmet demand, costs, CO2, and the decisions for the whole time.
fn cost_lines(summary: &Summary, line: &mut dyn FnMut(&str, String)) {
    let Cost { total_eur, operation_eur, forced_supply_eur, co2_eur, annualised_eur, demand_charge_eur, balancing_eur } =
        summary.cost;
    if summary.leaves_demand() {
        let unmet_kwh = summary.unmet_kwh;
        let share = 100.0 * summary.unmet_share.unwrap_or_default();
        line("NOT SERVED", format!("{unmet_kwh:.1} kWh of demand, {share:.2} % of it; its price is not in the cost"));
    }
    line("cost", format!("{total_eur:.2} EUR"));
    let balancing = if balancing_eur == 0.0 { String::new() } else { format!(", loop balancing {balancing_eur:.2}") };
    let charge =
        if demand_charge_eur == 0.0 { String::new() } else { format!(", demand charge {demand_charge_eur:.2}") };
    line(
        "",
        format!(
            "operation {operation_eur:.2}, forced supply {forced_supply_eur:.2}, annualised {annualised_eur:.2}\
                 {charge}{balancing}"
        ),
    );
    if summary.co2_kg != 0.0 {
        let price = if co2_eur == 0.0 { String::new() } else { format!(", {co2_eur:.2} EUR of the cost") };
        line("CO2", format!("{:.0} kg{price}", summary.co2_kg));
    }
    for (label, words) in whole_time_lines(&summary.whole_time) {
        line(label, words);
    }
}

/// Writes the energy of technologies and links, and the unmet demand and surplus of balances.
fn energy_lines(summary: &Summary, line: &mut dyn FnMut(&str, String)) {
    for totals in &summary.technologies {
        let TechnologySummary { site, technology, delivered_kwh, taken_kwh, curtailed_kwh, .. } = totals;
        let curtailed_kwh = curtailed_kwh.filter(|kwh| *kwh >= 0.5);
        let curtailed = curtailed_kwh.map_or_else(String::new, |kwh| format!(", {kwh:.0} kWh curtailed"));
        let energy = match (*delivered_kwh, *taken_kwh) {
            (0.0, taken) if taken > 0.0 => format!("{taken:>10.0} kWh out"),
            (delivered, taken) if taken > 0.0 => format!("{delivered:>10.0} kWh from {taken:.0} kWh"),
            (delivered, _) => format!("{delivered:>10.0} kWh"),
        };
        line(site, format!("{technology:<22}{energy}{curtailed}"));
    }
    for LinkSummary { link, forward_kwh, backward_kwh } in &summary.links {
        line("link", format!("{link:<22}{forward_kwh:>10.0} kWh forth, {backward_kwh:.0} kWh back"));
    }
    for totals in
        summary.carriers.iter().filter(|totals| totals.unmet_kwh > NOT_SERVED_KWH || totals.surplus_kwh > 5e-4)
    {
        let CarrierSummary { site, carrier, unmet_kwh, surplus_kwh, .. } = totals;
        line(site, format!("{carrier:<22}{unmet_kwh:>10.1} kWh unmet, {surplus_kwh:.1} kWh surplus"));
    }
}

/// Writes the certificate of the solution.
fn certificate_lines(summary: &Summary, line: &mut dyn FnMut(&str, String)) {
    let CertificateSummary { equation, bound, dispatch_gap, tied_steps } = summary.certificate;
    line("certificate", format!("equations hold to {equation:.1e}, bounds to {bound:.1e} (kW, kWh)"));
    if let Some(gap) = dispatch_gap {
        line("", format!("a dispatch at these COPs is proven to be the cheapest to {gap:.1e}"));
    }
    if let Some(steps) = tied_steps.filter(|steps| *steps > 0) {
        line("", format!("it is not the only one: in {steps} steps something else would cost the same"));
    }
}

/// Returns a line of blocks, whose heights are the values between the smallest and the largest.
fn sparkline(values: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let block = |value: &f64| {
        let share = if greatest > least { (value - least) / (greatest - least) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 7")]
        let height = (share * 7.99) as usize;
        BLOCKS[height.min(7)]
    };
    values.iter().map(block).collect()
}

/// Returns text broken at spaces into lines of at most `width` characters.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let needs_new_line = lines.last().is_some_and(|line| !line.is_empty() && line.len() + 1 + word.len() > width);
        if needs_new_line {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{sparkline, wrapped};

    #[test]
    fn a_sparkline_spans_the_range_of_its_values() {
        assert_eq!(sparkline(&[1.0, 2.0, 3.0, 2.0]), "▁▄█▄");
        assert_eq!(sparkline(&[5.0, 5.0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn text_is_broken_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable", 4), ["unbreakable"]);
    }
}
