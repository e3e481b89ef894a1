//! The part of the summary on a network of pipes.

use anergy_config::{Case, Finding};
use anergy_cosim::CosimResult;
use anergy_data::schema::files::NETWORK_COMPONENTS;
use anergy_data::schema::{Excess, MapSummary, NetworkSummary, PipeEnds, PipeWarning, PlaceSummary, UnitSummary};
use anergy_thermal::water_loop::district_network::{DistrictNetwork, Overrun, Place, Sited};

/// The largest number of lines of one kind in the terminal.
const SHOWN: usize = 5;

/// The description of water that leaves colder than the refrigerant evaporates, or warmer than it condenses.
const BEYOND_REFRIGERANT: &str =
    "outlet beyond its heat pumps' refrigerant, as water came that was not foreseen when the step began,";

/// The smallest deviation from a plant's range that is reported, K; a smaller one is rounding of means over a step.
const LEAST_UNMET_K: f64 = 0.005;

/// Returns the places and pipes of a network, for a map.
fn map_summary(network: &DistrictNetwork) -> MapSummary {
    let map = network.map();
    let ends = network.pipe_names().zip(network.pipe_ends()).enumerate();
    let sited = |all: &[Sited]| all.iter().map(|sited| [sited.name.clone(), sited.place.clone()]).collect();
    let place = |place: &Place| PlaceSummary {
        name: place.name.clone(),
        x_m: place.position_m.map(|[x_m, _]| x_m),
        y_m: place.position_m.map(|[_, y_m]| y_m),
    };
    MapSummary {
        places: map.places.iter().map(place).collect(),
        pipes: ends
            .filter(|(index, _)| !network.is_beside(*index))
            .map(|(_, (name, [from, to]))| PipeEnds { name: name.to_owned(), from: from.to_owned(), to: to.to_owned() })
            .collect(),
        substations: sited(&map.substations),
        plants: sited(&map.plants),
    }
}

/// Returns a warning where water would freeze or a plant cannot keep its water within its range: the loop then does not
/// deliver the heat that the dispatch assumes. `None` without such a case.
#[must_use]
pub fn network_warning(network: &NetworkSummary) -> Option<Finding> {
    let frozen = network.frozen.iter().map(|Excess { hours, worst_k, worst_at, .. }| {
        format!("its water is below the freezing point for {hours} h, by {worst_k:.2} K at {worst_at}")
    });
    let unmet = network.unmet.iter().map(|Excess { name, what, hours, worst_k, worst_at, .. }| {
        format!("{name}: {what} for {hours} h, by {worst_k:.2} K at {worst_at}")
    });
    let what: Vec<String> = frozen.chain(unmet).collect();
    (!what.is_empty()).then(|| {
        let message = format!(
            "the loop does not bring what is taken from it ({}): its plants need more power, or other limits",
            what.join("; ")
        );
        Finding::shortage(message)
    })
}

/// Returns the part of the summary on a network of pipes; `None` where the loop is not a network.
pub(super) fn network_summary(case: &Case, run: &CosimResult) -> Option<NetworkSummary> {
    let network = case.coupled.as_ref()?.water_loop.network()?;
    let report = &run.network.as_ref()?.report;
    let axis = case.district.axis();
    let excess = |name: &str, what: &'static str, limit_c: Option<f64>, overrun: &Overrun| {
        #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
        let hours = overrun.steps as f64 * axis.step_hours();
        let Overrun { kelvin_hours, worst_k, at, .. } = *overrun;
        (overrun.steps > 0).then(|| Excess {
            name: name.to_owned(),
            what: what.to_owned(),
            limit_c,
            hours,
            kelvin_hours,
            worst_k,
            worst_at: axis.label(at),
            missing_kwh: None,
        })
    };
    let units = network.unit_names().zip(&report.units).map(|(name, unit)| UnitSummary {
        name: name.to_owned(),
        heating_kwh: unit.heating_kwh,
        cooling_kwh: unit.cooling_kwh,
        electricity_kwh: unit.electricity_kwh,
        electricity_eur: unit.electricity_eur,
        most_kw: unit.most_kw,
    });
    let mut unmet = Vec::new();
    for (name, plant) in network.plant_names().zip(&report.plants) {
        for (side, what) in ["water left it too cold", "water left it too warm"].into_iter().enumerate() {
            let found = excess(name, what, None, &plant.unmet[side]);
            let found = found.filter(|found| found.worst_k >= LEAST_UNMET_K);
            unmet.extend(found.map(|found| Excess { missing_kwh: Some(plant.unmet_kwh[side]), ..found }));
        }
    }
    let mut limits = Vec::new();
    for (index, (name, totals)) in network.substation_names().zip(&report.substations).enumerate() {
        let limits_c = network.substation_limits_c(index);
        let whats = ["inlet below", "inlet above", "outlet below", "outlet above"];
        for ((what, limit_c), overrun) in whats.into_iter().zip(limits_c).zip(&totals.limits) {
            limits.extend(excess(name, what, Some(limit_c), overrun));
        }
        limits.extend(excess(name, "outlet nearer to freezing than its margin", None, &totals.freezing));
        limits.extend(excess(name, BEYOND_REFRIGERANT, None, &totals.beyond_refrigerant));
    }
    limits.sort_by(|a, b| b.kelvin_hours.total_cmp(&a.kelvin_hours));
    let warnings = network.warnings();
    let pipes = network.pipe_names().zip(&report.pipes);
    let pipes =
        pipes.filter(|(_, pipe)| pipe.velocity_m_s > warnings.velocity_m_s || pipe.loss_pa_m > warnings.loss_pa_m);
    let mut pipes: Vec<PipeWarning> = pipes
        .map(|(name, pipe)| PipeWarning {
            pipe: name.to_owned(),
            velocity_m_s: pipe.velocity_m_s,
            loss_pa_m: pipe.loss_pa_m,
            velocity_at: axis.label(pipe.velocity_at),
            loss_at: axis.label(pipe.loss_at),
        })
        .collect();
    pipes.sort_by(|a, b| b.loss_pa_m.total_cmp(&a.loss_pa_m));
    let waste_heat = report.substations.iter().enumerate().filter(|(index, _)| network.is_source(*index));
    #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
    let short_ring_hours = report.short_ring_steps as f64 * axis.step_hours();
    Some(NetworkSummary {
        pumps_kwh: report.pumps_kwh(),
        // The sum starts from plus zero, because the sum of an empty iterator is minus zero.
        waste_heat_kwh: 0.0 + waste_heat.map(|(_, totals)| totals.received_kwh).sum::<f64>(),
        frozen: excess("the network", "below the fluid's freezing point", None, &report.frozen),
        start_miss_k: report.start_miss_k,
        short_ring_hours: (short_ring_hours > 0.0).then_some(short_ring_hours),
        units: units.collect(),
        unmet,
        limits,
        pipes,
        map: Some(map_summary(network)),
    })
}

/// Returns the lines of the text for a terminal: label and words.
pub(super) fn network_lines(network: &NetworkSummary) -> Vec<(&'static str, String)> {
    let mut lines = vec![("circulation", format!("{:.0} kWh of electricity for circulation pumps", network.pumps_kwh))];
    if network.waste_heat_kwh != 0.0 {
        lines.push(("waste heat", format!("{:.0} kWh", network.waste_heat_kwh)));
    }
    for UnitSummary { name, heating_kwh, cooling_kwh, electricity_kwh, electricity_eur, most_kw } in &network.units {
        let price = if *electricity_eur == 0.0 { String::new() } else { format!(" for {electricity_eur:.2} EUR") };
        let taken = match *electricity_kwh {
            0.0 => String::new(),
            kwh => format!(", {kwh:.0} kWh of electricity{price}"),
        };
        let words =
            format!("{heating_kwh:.0} kWh of heat, {cooling_kwh:.0} kWh of cold{taken}; {most_kw:.0} kW at most");
        lines.push(("unit", format!("{name}: {words}")));
    }
    if let Some(Excess { hours, worst_k, worst_at, .. }) = &network.frozen {
        let words = format!("water below its freezing point for {hours} h, worst by {worst_k:.2} K at {worst_at}");
        lines.push(("FROZEN", words));
    }
    if let Some(miss_k) = network.start_miss_k {
        lines.push(("NOT PERIODIC", format!("the time does not end as it began: {miss_k:.3} K apart")));
    }
    if let Some(hours) = network.short_ring_hours {
        let words = format!("buildings drew more than the ring passes for {hours} h: they took back some of their own");
        lines.push(("ring too slow", words));
    }
    for excess in &network.unmet {
        let Excess { name, what, hours, worst_k, worst_at, missing_kwh, .. } = excess;
        let missing = missing_kwh.map_or_else(String::new, |kwh| format!(", {kwh:.0} kWh short over all passes"));
        let words = format!("{name}: {what} for {hours} h{missing}, worst by {worst_k:.2} K at {worst_at}");
        lines.push(("BALANCING UNMET", words));
    }
    let mut shown = |label: &'static str, words: Vec<String>| {
        let more = words.len().saturating_sub(SHOWN);
        lines.extend(words.into_iter().take(SHOWN).map(|words| (label, words)));
        if more > 0 {
            lines.push(("", format!("and {more} more, see {NETWORK_COMPONENTS}")));
        }
    };
    let limits = network.limits.iter().map(|excess| {
        let Excess { name, what, limit_c, hours, worst_k, worst_at, .. } = excess;
        let limit = limit_c.map_or_else(String::new, |limit_c| format!(" {limit_c} C"));
        format!("{name}: {what}{limit} for {hours} h, worst by {worst_k:.2} K at {worst_at}")
    });
    shown("substation", limits.collect());
    let pipes = network.pipes.iter().map(|pipe| {
        let PipeWarning { pipe, velocity_m_s, velocity_at, loss_pa_m, .. } = pipe;
        format!("{pipe}: up to {velocity_m_s:.2} m/s and {loss_pa_m:.0} Pa/m, fastest at {velocity_at}")
    });
    shown("fast pipe", pipes.collect());
    lines
}
