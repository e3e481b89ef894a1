//! The part of the summary on a network of pipes: its plants, its limits, its pipes, and its map.

use serde::{Deserialize, Serialize};

use super::number::number;

/// A network of pipes in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkSummary {
    /// Electricity of all circulation pumps, kWh.
    pub pumps_kwh: f64,
    /// Heat from sources of waste heat, kWh.
    pub waste_heat_kwh: f64,
    /// The units of the plants.
    pub units: Vec<UnitSummary>,
    /// Time in which water was below its freezing point somewhere; absent where that never happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Excess>,
    /// Difference between end and beginning of a periodic time, K; absent where they agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_miss_k: Option<f64>,
    /// Time in which a substation drew more than a ring's flow, hours; absent where that never happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_ring_hours: Option<f64>,
    /// Water that plants could not hold within its range.
    pub unmet: Vec<Excess>,
    /// Substations whose water was outside their limits, near freezing, or beyond the refrigerant of their heat pumps.
    pub limits: Vec<Excess>,
    /// Pipes whose flow is worth a warning.
    #[serde(default)]
    pub pipes: Vec<PipeWarning>,
    /// Places and pipes, to draw the network; absent in summaries of older versions.
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
    /// What was outside, in words.
    pub what: String,
    /// The limit, degrees Celsius; absent where it is not one number.
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
    /// Heat or cold that a plant did not bring, kWh; absent for substations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_kwh: Option<f64>,
}

/// A pipe whose flow is worth a warning.
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

/// A network as it lies in the ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceSummary {
    /// Its name: the nodes `NAME/warm` and `NAME/cold`, of a ring `NAME/comes` and `NAME/goes`, are there.
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
