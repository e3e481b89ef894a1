//! What a user says about a network of pipes.

use anergy_data::series::ProfileSetting;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::water_loop::{DEFAULT_SPREAD_K, FluidSettings};

/// A water loop as a network of pipes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// What flows in the pipes.
    #[serde(default, serialize_with = "serde_yaml::with::singleton_map::serialize")]
    pub fluid: FluidSettings,
    /// Temperature at which the fluid's properties are taken, degrees Celsius.
    #[serde(default = "default_fluid_c")]
    pub fluid_temp_c: f64,
    /// Lowest temperature at which a substation should get its water, degrees Celsius.
    #[schemars(extend("exclusiveMinimum" = -273.15))]
    pub min_c: f64,
    /// Highest temperature at which a substation should get its water, degrees Celsius.
    pub max_c: f64,
    /// How the time of the run begins.
    pub start: StartSettings,
    /// The ground around the pipes.
    pub ground: PipeGroundSettings,
    /// Places where pipes meet, by name.
    pub nodes: IndexMap<String, NodeSettings>,
    /// Makes of pipes, by name.
    pub pipe_types: IndexMap<String, PipeTypeSettings>,
    /// Pipes, by name.
    pub pipes: IndexMap<String, PipeSettings>,
    /// Where the heat pumps of the district's sites meet the water, by name.
    pub substations: IndexMap<String, SubstationSettings>,
    /// Sources of heat that come whether or not it is wanted, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub waste_heat: IndexMap<String, WasteHeatSettings>,
    /// Where balancing units bring the water back to its temperature, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub plants: IndexMap<String, PlantSettings>,
    /// The pump that drives the water round a one-pipe ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_pump: Option<MainPumpSettings>,
    /// Who overcomes the pressure loss of a two-pipe network.
    #[serde(default)]
    pub pumping: Pumping,
    /// The carrier that pumps and units take where a site brings it; `electricity` unless given, where the district has such a carrier, otherwise
    /// what the heat pumps take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub electricity: Option<String>,
    /// From where on a flow is worth a warning.
    #[serde(default)]
    pub warnings: FlowWarningSettings,
    /// How finely it is computed.
    #[serde(default)]
    pub resolution: ResolutionSettings,
}

fn default_fluid_c() -> f64 {
    12.0
}

/// How the time of the run begins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSettings {
    /// Temperature of all water and walls, degrees Celsius.
    pub temp_c: f64,
    /// The first days of the run (all of it at most) are simulated once before it begins, so that the start is forgotten, days.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub spin_up_days: f64,
    /// The whole time is simulated before it begins, until it begins as it ends.
    #[serde(default)]
    pub periodic: bool,
}

/// The ground around the pipes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipeGroundSettings {
    /// Temperature of the undisturbed ground at the depth of the pipes, degrees Celsius; give this or `wave`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temp_c: Option<ProfileSetting>,
    /// The year's wave at the surface, from which every pipe's own depth follows (Kusuda and Achenbach 1965).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<WaveSettings>,
    /// Thermal conductivity of the ground, W/(m K): 1 dry, 1.5 moist, 2 to 2.5 wet.
    #[serde(default = "default_conductivity")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub conductivity_w_m_k: f64,
}

fn default_conductivity() -> f64 {
    1.5
}

/// The year's wave of the ground's temperature at the surface.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaveSettings {
    /// Mean over the year, degrees Celsius.
    pub mean_c: f64,
    /// Half the difference between the warmest and the coldest time, K.
    pub amplitude_k: f64,
    /// Days from the beginning of the year to the coldest moment, 0 to 366.
    #[schemars(range(min = 0.0, max = 366.0))]
    pub coldest_day: f64,
    /// Thermal diffusivity of the ground, m2/day: 0.03 dry to 0.08 wet.
    #[serde(default = "default_diffusivity")]
    pub diffusivity_m2_day: f64,
}

fn default_diffusivity() -> f64 {
    0.055
}

/// A place where pipes meet.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// How far east, m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_m: Option<f64>,
    /// How far north, m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y_m: Option<f64>,
}

/// A make of pipe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipeTypeSettings {
    /// Inner diameter, m.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub inner_diameter_m: f64,
    /// Thickness of the wall, m; a sixteenth of the inner diameter unless given (polyethylene, SDR 17 is near).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub wall_m: Option<f64>,
    /// Thermal conductivity of the wall, W/(m K); polyethylene unless given.
    #[serde(default = "default_wall_conductivity")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub wall_conductivity_w_m_k: f64,
    /// Heat capacity of the wall, J/(m3 K); polyethylene unless given (steel 3.9e6).
    #[serde(default = "default_wall_capacity")]
    #[schemars(range(min = 0.0))]
    pub wall_heat_capacity_j_m3_k: f64,
    /// Roughness of the inner wall, m; polyethylene unless given (steel 5e-5).
    #[serde(default = "default_roughness")]
    #[schemars(range(min = 0.0))]
    pub roughness_m: f64,
    /// Thickness of the insulation, m.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub insulation_m: f64,
    /// Thermal conductivity of the insulation, W/(m K).
    #[serde(default = "default_insulation")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub insulation_conductivity_w_m_k: f64,
    /// Heat loss to undisturbed ground, W/(m K), in place of what follows from wall, insulation and ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub u_w_m_k: Option<f64>,
}

fn default_wall_conductivity() -> f64 {
    0.4
}

fn default_wall_capacity() -> f64 {
    1.8e6
}

fn default_roughness() -> f64 {
    7e-6
}

fn default_insulation() -> f64 {
    0.03
}

/// Which water a pipe carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Two pipes side by side, a warm and a cold one.
    #[default]
    Both,
    /// The warm one alone.
    Warm,
    /// The cold one alone.
    Cold,
    /// Part of a one-pipe ring.
    Single,
}

/// A pipe, or two side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipeSettings {
    /// Node at one end.
    pub from: String,
    /// Node at the other end.
    pub to: String,
    /// Which water it carries.
    #[serde(default)]
    pub line: Line,
    /// Name of its make in `pipe_types`.
    #[serde(rename = "type")]
    pub make: String,
    /// Length, m; the distance of its nodes unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub length_m: Option<f64>,
    /// Depth of its axis below the surface, m.
    #[serde(default = "default_depth")]
    pub burial_depth_m: f64,
    /// Sum of the loss coefficients of its bends, tees and valves (zeta).
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub fittings: f64,
}

fn default_depth() -> f64 {
    1.2
}

/// Where heat pumps of a site meet the water.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubstationSettings {
    /// Its node.
    pub node: String,
    /// The site of the district whose heat pumps draw here.
    pub site: String,
    /// Those of the site's heat pumps that do; all of them on the loop unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heat_pumps: Option<Vec<String>>,
    /// Share of their heat that is drawn here; equal shares unless given, where several substations have the same heat pumps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: Option<f64>,
    /// By how much its water changes its temperature, K: the flow follows from this.
    #[serde(default = "default_spread")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub spread_k: f64,
    /// Least flow while it draws or gives heat, kg/s.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub min_flow_kg_s: f64,
    /// Greatest flow, kg/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub max_flow_kg_s: Option<f64>,
    /// Flow that goes on through it while nothing is drawn, in the direction of the last draw, kg/s.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub bypass_kg_s: f64,
    /// Lowest temperature of its water when it comes, degrees Celsius; the network's `min_c` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inlet_min_c: Option<f64>,
    /// Highest temperature of its water when it comes, degrees Celsius; the network's `max_c` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inlet_max_c: Option<f64>,
    /// Lowest temperature of its water when it goes, degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet_min_c: Option<f64>,
    /// Highest temperature of its water when it goes, degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet_max_c: Option<f64>,
    /// Its water goes no nearer to its freezing point than this, K: then the flow grows.
    #[serde(default = "default_margin")]
    #[schemars(range(min = 0.0))]
    pub freezing_margin_k: f64,
    /// Its pump.
    #[serde(default)]
    pub pump: PumpSettings,
}

fn default_spread() -> f64 {
    DEFAULT_SPREAD_K
}

fn default_margin() -> f64 {
    1.0
}

/// A pump and what it has to overcome beside the pipes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PumpSettings {
    /// Hydraulic power per electricity.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub efficiency: f64,
    /// Pressure loss of evaporator, condenser or heat exchanger at the design flow, kPa.
    #[schemars(range(min = 0.0))]
    pub pressure_loss_kpa: f64,
    /// The design flow, kg/s; that of all heat pumps at full power, heating or cooling, of a plant its share of all substations', unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub design_flow_kg_s: Option<f64>,
}

impl Default for PumpSettings {
    fn default() -> Self {
        Self { efficiency: 0.5, pressure_loss_kpa: 30.0, design_flow_kg_s: None }
    }
}

/// A source of heat that comes whether or not it is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WasteHeatSettings {
    /// Its node.
    pub node: String,
    /// Its heat, kW.
    pub heat_kw: ProfileSetting,
    /// By how much it warms the water, K.
    #[serde(default = "default_spread")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub spread_k: f64,
    /// The water leaves it no warmer than this, degrees Celsius: what is left of the heat goes elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlet_max_c: Option<f64>,
    /// Its pump.
    #[serde(default)]
    pub pump: PumpSettings,
    /// Who pays for the pump's electricity.
    #[serde(default)]
    pub meter: MeterSettings,
}

/// Where electricity comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeterSettings {
    /// The site of the district that brings it; a meter of its own unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its price on a meter of its own, EUR/kWh.
    pub price_eur_per_kwh: ProfileSetting,
    /// Its emissions on a meter of its own, kg CO2/kWh.
    #[schemars(range(min = 0.0))]
    pub co2_kg_per_kwh: f64,
}

/// A plant: the water that substations take from one line more than they give it goes through here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlantSettings {
    /// Its node.
    pub node: String,
    /// Its share of all plants' flow; equal shares unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: Option<f64>,
    /// What it keeps the water within on its way to the warm line, degrees Celsius; the network's limits unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_c: Option<[f64; 2]>,
    /// What it keeps the water within on its way to the cold line, degrees Celsius; the network's limits unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_c: Option<[f64; 2]>,
    /// What it keeps the water of a one-pipe ring within, degrees Celsius; the network's limits unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_c: Option<[f64; 2]>,
    /// Its units, as the water meets them on its way to the warm line.
    #[serde(default, serialize_with = "serde_yaml::with::singleton_map_recursive::serialize")]
    pub units: Vec<UnitSettings>,
    /// Its pump.
    #[serde(default)]
    pub pump: PumpSettings,
    /// Who pays for the electricity of pump and units.
    #[serde(default)]
    pub meter: MeterSettings,
}

/// A unit of a plant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UnitSettings {
    /// Boreholes in the ground: they warm and cool as they can.
    BoreholeField(BoreholeFieldSettings),
    /// Groundwater wells: as far as needed.
    Well(WellSettings),
    /// An air-source heater and a cooler: as far as needed.
    Air(AirSettings),
}

impl UnitSettings {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::BoreholeField(_) => "borehole_field",
            Self::Well(_) => "well",
            Self::Air(_) => "air",
        }
    }
}

/// A rectangular field of vertical boreholes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoreholeFieldSettings {
    /// Boreholes in a row.
    #[schemars(range(min = 1))]
    pub columns: u32,
    /// Rows.
    #[schemars(range(min = 1))]
    pub rows: u32,
    /// Distance between neighbours, m.
    #[serde(default = "default_spacing")]
    pub spacing_m: f64,
    /// Length of each, m.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub length_m: f64,
    /// Depth of their upper ends, m.
    #[serde(default = "default_buried")]
    #[schemars(range(min = 0.0))]
    pub buried_m: f64,
    /// Radius, m.
    #[serde(default = "default_radius")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub radius_m: f64,
    /// Thermal resistance between fluid and borehole wall, m K/W.
    #[serde(default = "default_resistance")]
    #[schemars(range(min = 0.0))]
    pub resistance_m_k_w: f64,
    /// Thermal conductivity of the ground, W/(m K).
    #[serde(default = "default_deep_conductivity")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub conductivity_w_m_k: f64,
    /// Heat capacity of the ground, J/(m3 K).
    #[serde(default = "default_deep_capacity")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub heat_capacity_j_m3_k: f64,
    /// Mean undisturbed temperature of the ground along the boreholes, degrees Celsius.
    pub ground_c: f64,
    /// Most heat that it gives or takes, kW.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub capacity_kw: Option<f64>,
    /// Times that the field has been through the time of the run before: 9 asks for the tenth year of a year's run.
    #[serde(default)]
    #[schemars(range(max = 200))]
    pub years_before: u32,
}

fn default_spacing() -> f64 {
    6.0
}

fn default_buried() -> f64 {
    1.0
}

fn default_radius() -> f64 {
    0.075
}

fn default_resistance() -> f64 {
    0.1
}

fn default_deep_conductivity() -> f64 {
    2.0
}

fn default_deep_capacity() -> f64 {
    2.2e6
}

/// Groundwater wells behind a heat exchanger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WellSettings {
    /// Temperature of the groundwater, degrees Celsius.
    pub source_c: ProfileSetting,
    /// Most groundwater, kg/s.
    #[schemars(range(min = 0.0))]
    pub max_flow_kg_s: f64,
    /// By how much the groundwater may be warmed or cooled, K: as far as it is that much warmer or colder than the water that comes.
    #[serde(default = "default_spread")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub max_change_k: f64,
    /// How near the loop comes to the groundwater's temperature, and the groundwater to the loop's, K.
    #[serde(default = "default_approach")]
    #[schemars(range(min = 0.0))]
    pub approach_k: f64,
    /// Electricity of the well pump, kWh per m3 of groundwater.
    #[serde(default = "default_lift")]
    #[schemars(range(min = 0.0))]
    pub kwh_per_m3: f64,
}

fn default_approach() -> f64 {
    1.0
}

fn default_lift() -> f64 {
    0.1
}

/// An air-source heater and a cooler.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AirSettings {
    /// The heater.
    pub heating: AirSideSettings,
    /// The cooler.
    pub cooling: AirSideSettings,
}

/// A heater or a cooler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AirSideSettings {
    /// Most heat or cold, kW; none unless given.
    #[schemars(range(min = 0.0))]
    pub capacity_kw: f64,
    /// Heat or cold per electricity.
    pub cop: ProfileSetting,
}

impl Default for AirSideSettings {
    fn default() -> Self {
        Self { capacity_kw: 0.0, cop: ProfileSetting::Constant(3.0) }
    }
}

/// The pump that drives the water round a one-pipe ring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MainPumpSettings {
    /// Where it stands.
    pub node: String,
    /// The neighbouring node towards which it pumps.
    pub towards: String,
    /// Its flow, kg/s; where `least_flow_kg_s` is given, its greatest.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub flow_kg_s: f64,
    /// Its least flow, kg/s: then it follows the flow of all substations together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub least_flow_kg_s: Option<f64>,
    /// Hydraulic power per electricity.
    #[serde(default = "default_efficiency")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub efficiency: f64,
    /// Who pays for its electricity.
    #[serde(default)]
    pub meter: MeterSettings,
}

fn default_efficiency() -> f64 {
    0.5
}

/// Who overcomes the pressure loss of a two-pipe network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pumping {
    /// The pumps of the substations, each its own way.
    #[default]
    Distributed,
    /// The first plant's pump, on the critical path; while no water goes through that plant, the substations'.
    Central,
}

/// From where on a flow is worth a warning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowWarningSettings {
    /// Velocity, m/s.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub velocity_m_s: f64,
    /// Pressure loss per length, Pa/m.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub loss_pa_m: f64,
}

impl Default for FlowWarningSettings {
    fn default() -> Self {
        Self { velocity_m_s: 2.0, loss_pa_m: 250.0 }
    }
}

/// How finely a network is computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResolutionSettings {
    /// Longest cell of a pipe, m, where it has no more than `most_cells`.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cell_m: f64,
    /// Cells of a pipe at most.
    #[schemars(range(min = 1, max = 10_000))]
    pub most_cells: u32,
    /// Longest part of a step, minutes.
    #[schemars(range(min = 0.1))]
    pub part_minutes: f64,
}

impl Default for ResolutionSettings {
    fn default() -> Self {
        Self { cell_m: 50.0, most_cells: 200, part_minutes: 15.0 }
    }
}
