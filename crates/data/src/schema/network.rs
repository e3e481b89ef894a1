//! The part of the summary on a network of pipes: its plants, its limits, its pipes, and its map.

use serde::{Deserialize, Serialize};

use super::number::number;

/// The summary of a network of pipes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkSummary {
    /// Electricity of all circulation pumps, kWh.
    pub pumps_kwh: f64,
    /// Heat from sources of waste heat, kWh.
    pub waste_heat_kwh: f64,
    /// The units of the plants.
    pub units: Vec<UnitSummary>,
    /// Time in which water was below its freezing point at any place; absent where that never happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Excess>,
    /// Difference between the end and the beginning of a periodic simulation, K; absent where they agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_miss_k: Option<f64>,
    /// Time in which a substation drew more than a ring's flow, hours; absent where that never happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_ring_hours: Option<f64>,
    /// Plants that could not keep their water within its range.
    pub unmet: Vec<Excess>,
    /// Substations whose water was outside their limits, near freezing, or outside the limits of the heat pumps'
    /// refrigerant.
    pub limits: Vec<Excess>,
    /// Pipes with a warning about their flow.
    #[serde(default)]
    pub pipes: Vec<PipeWarning>,
    /// Places and pipes for a map of the network; absent in summaries of older versions.
    pub map: Option<MapSummary>,
}

/// A unit of a plant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitSummary {
    /// Name of its plant, and kind of the unit.
    pub name: String,
    /// Heat given to the water, kWh.
    pub heating_kwh: f64,
    /// Heat taken from the water, kWh.
    pub cooling_kwh: f64,
    /// Electricity, kWh.
    pub electricity_kwh: f64,
    /// Cost of the electricity on a meter of its own, EUR.
    #[serde(default, deserialize_with = "number")]
    pub electricity_eur: f64,
    /// Largest thermal power, kW.
    pub most_kw: f64,
}

/// Time that water spent outside a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excess {
    /// Name of the substation or plant.
    pub name: String,
    /// The quantity that was outside, in words.
    pub what: String,
    /// The limit, degrees Celsius; absent where the limit is not a single number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_c: Option<f64>,
    /// Time outside, hours.
    pub hours: f64,
    /// Excess over time, K h.
    #[serde(default, deserialize_with = "number")]
    pub kelvin_hours: f64,
    /// Largest excess, K.
    pub worst_k: f64,
    /// Time stamp of the largest excess.
    pub worst_at: String,
    /// Heat or cold that a plant did not deliver, kWh; absent for substations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_kwh: Option<f64>,
}

/// A warning about the flow in a pipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipeWarning {
    /// Name of the pipe.
    pub pipe: String,
    /// Largest velocity, m/s.
    #[serde(default, deserialize_with = "number")]
    pub velocity_m_s: f64,
    /// Time stamp of the largest velocity.
    #[serde(default)]
    pub velocity_at: String,
    /// Largest pressure loss per length, without fittings, Pa/m.
    #[serde(default, deserialize_with = "number")]
    pub loss_pa_m: f64,
    /// Time stamp of the largest pressure loss.
    #[serde(default)]
    pub loss_at: String,
}

/// A map of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MapSummary {
    /// Its places.
    pub places: Vec<PlaceSummary>,
    /// Its pipes, without the short ones at the places of a ring.
    pub pipes: Vec<PipeEnds>,
    /// Pairs of a substation or waste-heat source and its place.
    pub substations: Vec<[String; 2]>,
    /// Pairs of a plant and its place.
    pub plants: Vec<[String; 2]>,
}

/// A place of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceSummary {
    /// Its name. The nodes there are `NAME/warm` and `NAME/cold`, on a ring `NAME/comes` and `NAME/goes`.
    pub name: String,
    /// Distance east of the origin, m; absent (`null`) where no coordinates are known.
    pub x_m: Option<f64>,
    /// Distance north of the origin, m; absent (`null`) where no coordinates are known.
    pub y_m: Option<f64>,
}

/// A pipe and the nodes at its ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipeEnds {
    /// Its name.
    pub name: String,
    /// The node at its beginning.
    pub from: String,
    /// The node at its end.
    pub to: String,
}
