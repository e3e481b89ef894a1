//! What a network of pipes did, in short.

use anergy_config::{Case, Finding};
use anergy_cosim::Run;
use anergy_thermal::water_loop::district_network::{DistrictNetwork, Overrun, Place, Sited};
use serde::Serialize;

/// Lines of one kind that the terminal shows.
const SHOWN: usize = 5;

/// What is said of water that leaves colder than a refrigerant evaporates, or warmer than it condenses.
const BEYOND_REFRIGERANT: &str =
    "outlet beyond its heat pumps' refrigerant, as water came that was not foreseen when the step began,";

/// A plant that misses its range by less misses it by the rounding of means over a step, K.
const LEAST_UNMET_K: f64 = 0.005;

/// A network of pipes in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkSummary {
    /// Electricity of all circulation pumps, kWh.
    pub pumps_kwh: f64,
    /// Heat from sources of waste heat, kWh.
    pub waste_heat_kwh: f64,
    /// The units of the plants.
    pub units: Vec<UnitSummary>,
    /// Water somewhere below its freezing point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Excess>,
    /// By how much a periodic time misses its own beginning, K, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_miss_k: Option<f64>,
    /// Hours in which a substation drew more than a ring's water.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_ring_hours: Option<f64>,
    /// Water that plants could not keep within its range.
    pub unmet: Vec<Excess>,
    /// Substations whose water was outside their limits, near freezing, or beyond the refrigerant of their heat pumps.
    pub limits: Vec<Excess>,
    /// Pipes whose flow is worth a warning.
    pub pipes: Vec<PipeWarning>,
    /// What stands where, to draw it.
    pub map: MapSummary,
}

/// A network as it lies in the ground.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapSummary {
    /// Its places.
    pub places: Vec<PlaceSummary>,
    /// Its pipes, but not the short ones beside the places of a ring.
    pub pipes: Vec<PipeEnds>,
    /// Substations and sources of waste heat with their places.
    pub substations: Vec<[String; 2]>,
    /// Plants with their places.
    pub plants: Vec<[String; 2]>,
}

/// A place of a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceSummary {
    /// Its name: the nodes `NAME/warm` and `NAME/cold`, of a ring `NAME/comes` and `NAME/goes`, are there.
    pub name: String,
    /// Where it lies, m east.
    pub x_m: Option<f64>,
    /// Where it lies, m north.
    pub y_m: Option<f64>,
}

/// A pipe and the nodes of water at its ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipeEnds {
    /// Its name.
    pub name: String,
    /// The node at its beginning.
    pub from: String,
    /// The node at its end.
    pub to: String,
}

impl MapSummary {
    fn of(network: &DistrictNetwork) -> Self {
        let map = network.map();
        let ends = network.pipe_names().zip(network.pipe_ends()).enumerate();
        let sited = |all: &[Sited]| all.iter().map(|sited| [sited.name.clone(), sited.place.clone()]).collect();
        let place = |place: &Place| PlaceSummary {
            name: place.name.clone(),
            x_m: place.position_m.map(|[x_m, _]| x_m),
            y_m: place.position_m.map(|[_, y_m]| y_m),
        };
        Self {
            places: map.places.iter().map(place).collect(),
            pipes: ends
                .filter(|(index, _)| !network.is_beside(*index))
                .map(|(_, (name, [from, to]))| PipeEnds {
                    name: name.to_owned(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                })
                .collect(),
            substations: sited(&map.substations),
            plants: sited(&map.plants),
        }
    }
}

/// A unit of a plant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitSummary {
    /// Its plant and what it is.
    pub name: String,
    /// Heat given to the water, kWh.
    pub heating_kwh: f64,
    /// Heat taken from it, kWh.
    pub cooling_kwh: f64,
    /// Electricity, kWh.
    pub electricity_kwh: f64,
    /// What that costs on a meter of its own, EUR.
    pub electricity_eur: f64,
    /// Largest power, kW.
    pub most_kw: f64,
}

/// Time outside a limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Excess {
    /// Whose.
    pub name: String,
    /// What was outside.
    pub what: &'static str,
    /// The limit, degrees Celsius, where it is one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_c: Option<f64>,
    /// Hours.
    pub hours: f64,
    /// Excess over time, K h.
    pub kelvin_hours: f64,
    /// Largest excess, K.
    pub worst_k: f64,
    /// When that was.
    pub worst_at: String,
    /// Heat or cold that was missing, of a plant, kWh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_kwh: Option<f64>,
}

/// A pipe whose flow is worth a warning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipeWarning {
    /// Its name.
    pub pipe: String,
    /// Largest velocity, m/s.
    pub velocity_m_s: f64,
    /// When that was.
    pub velocity_at: String,
    /// Largest pressure loss per length, Pa/m, without fittings.
    pub loss_pa_m: f64,
    /// When that was.
    pub loss_at: String,
}

impl NetworkSummary {
    /// Returns a warning where water would freeze or a plant cannot bring its water within its range: the loop then does not do what the
    /// dispatch takes from it.
    #[must_use]
    pub fn warning(&self) -> Option<Finding> {
        let frozen = self.frozen.iter().map(|Excess { hours, worst_k, worst_at, .. }| {
            format!("its water is below the freezing point for {hours} h, by {worst_k:.2} K at {worst_at}")
        });
        let unmet = self.unmet.iter().map(|Excess { name, what, hours, worst_k, worst_at, .. }| {
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

    pub(super) fn of(case: &Case, run: &Run) -> Option<Self> {
        let network = case.coupled.as_ref()?.water_loop.network()?;
        let report = &run.network.as_ref()?.report;
        let axis = case.district.axis();
        let excess = |name: &str, what: &'static str, limit_c: Option<f64>, overrun: &Overrun| {
            #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
            let hours = overrun.steps as f64 * axis.step_hours();
            let Overrun { kelvin_hours, worst_k, at, .. } = *overrun;
            (overrun.steps > 0).then(|| Excess {
                name: name.to_owned(),
                what,
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
        Some(Self {
            pumps_kwh: report.pumps_kwh(),
            // From plus zero: the sum of nothing is a minus zero.
            waste_heat_kwh: 0.0 + waste_heat.map(|(_, totals)| totals.received_kwh).sum::<f64>(),
            frozen: excess("the network", "below the fluid's freezing point", None, &report.frozen),
            start_miss_k: report.start_miss_k,
            short_ring_hours: (short_ring_hours > 0.0).then_some(short_ring_hours),
            units: units.collect(),
            unmet,
            limits,
            pipes,
            map: MapSummary::of(network),
        })
    }

    /// Its results by name, for a table of many cases.
    #[must_use]
    pub fn scalars(&self) -> Vec<(String, f64)> {
        let hours = |of: &[Excess]| of.iter().map(|excess| excess.hours).sum::<f64>();
        let fastest = self.pipes.iter().map(|pipe| pipe.loss_pa_m).fold(0.0, f64::max);
        let mut named = vec![
            ("network|circulation_kwh".to_owned(), self.pumps_kwh),
            ("network|waste_heat_kwh".to_owned(), self.waste_heat_kwh),
            ("network|unmet_hours".to_owned(), hours(&self.unmet)),
            (
                "network|unmet_kwh".to_owned(),
                0.0 + self.unmet.iter().filter_map(|unmet| unmet.missing_kwh).sum::<f64>(),
            ),
            ("network|substation_hours_outside_limits".to_owned(), hours(&self.limits)),
            ("network|frozen_hours".to_owned(), self.frozen.as_ref().map_or(0.0, |frozen| frozen.hours)),
            ("network|fast_pipes_pa_m".to_owned(), fastest),
        ];
        for unit in &self.units {
            named.push((format!("network|{}|heating_kwh", unit.name), unit.heating_kwh));
            named.push((format!("network|{}|cooling_kwh", unit.name), unit.cooling_kwh));
            named.push((format!("network|{}|electricity_kwh", unit.name), unit.electricity_kwh));
        }
        named
    }

    /// Labels and words for a terminal.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines =
            vec![("circulation", format!("{:.0} kWh of electricity for circulation pumps", self.pumps_kwh))];
        if self.waste_heat_kwh != 0.0 {
            lines.push(("waste heat", format!("{:.0} kWh", self.waste_heat_kwh)));
        }
        for UnitSummary { name, heating_kwh, cooling_kwh, electricity_kwh, electricity_eur, most_kw } in &self.units {
            let price = if *electricity_eur == 0.0 { String::new() } else { format!(" for {electricity_eur:.2} EUR") };
            let taken = match *electricity_kwh {
                0.0 => String::new(),
                kwh => format!(", {kwh:.0} kWh of electricity{price}"),
            };
            let words =
                format!("{heating_kwh:.0} kWh of heat, {cooling_kwh:.0} kWh of cold{taken}; {most_kw:.0} kW at most");
            lines.push(("unit", format!("{name}: {words}")));
        }
        if let Some(Excess { hours, worst_k, worst_at, .. }) = &self.frozen {
            let words = format!("water below its freezing point for {hours} h, worst by {worst_k:.2} K at {worst_at}");
            lines.push(("FROZEN", words));
        }
        if let Some(miss_k) = self.start_miss_k {
            lines.push(("NOT PERIODIC", format!("the time does not end as it began: {miss_k:.3} K apart")));
        }
        if let Some(hours) = self.short_ring_hours {
            let words =
                format!("buildings drew more than the ring passes for {hours} h: they took back some of their own");
            lines.push(("ring too slow", words));
        }
        for excess in &self.unmet {
            let Excess { name, what, hours, worst_k, worst_at, missing_kwh, .. } = excess;
            let missing = missing_kwh.map_or_else(String::new, |kwh| format!(", {kwh:.0} kWh short over all passes"));
            let words = format!("{name}: {what} for {hours} h{missing}, worst by {worst_k:.2} K at {worst_at}");
            lines.push(("BALANCING UNMET", words));
        }
        let mut shown = |label: &'static str, words: Vec<String>| {
            let more = words.len().saturating_sub(SHOWN);
            lines.extend(words.into_iter().take(SHOWN).map(|words| (label, words)));
            if more > 0 {
                lines.push(("", format!("and {more} more, see network_components.csv")));
            }
        };
        let limits = self.limits.iter().map(|excess| {
            let Excess { name, what, limit_c, hours, worst_k, worst_at, .. } = excess;
            let limit = limit_c.map_or_else(String::new, |limit_c| format!(" {limit_c} C"));
            format!("{name}: {what}{limit} for {hours} h, worst by {worst_k:.2} K at {worst_at}")
        });
        shown("substation", limits.collect());
        let pipes = self.pipes.iter().map(|pipe| {
            let PipeWarning { pipe, velocity_m_s, velocity_at, loss_pa_m, .. } = pipe;
            format!("{pipe}: up to {velocity_m_s:.2} m/s and {loss_pa_m:.0} Pa/m, fastest at {velocity_at}")
        });
        shown("fast pipe", pipes.collect());
        lines
    }
}
