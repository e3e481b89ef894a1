//! The loop of a district, the heat pumps on it, and how the two are coupled.

use anergy_data::series::ProfileSetting;
use anergy_dispatch::district::{CapacitySetting, Investment};
use anergy_thermal::heat_pump::{CoolingLift, CopModel, HeatPump, Service};
use anergy_thermal::water_loop::WaterLoop;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coupling::CouplingSettings;

/// A heat pump of the district that is connected to the loop.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopPump {
    /// Name of the site.
    pub site: String,
    /// Name of the technology.
    pub technology: String,
    /// Name of the store whose temperature is the heat pump's sink temperature; `None` for a fixed sink.
    pub store: Option<String>,
    /// COP of the first dispatch, before the loop is simulated.
    pub start_cop: f64,
    /// Model of the heat pump.
    pub pump: HeatPump,
}

/// A loop, the heat pumps of a district on it, and how the two are coupled.
#[derive(Debug, Clone)]
pub struct Coupled {
    /// Model of the water loop.
    pub water_loop: WaterLoop,
    /// Heat pumps on the loop, in the order of the district's sites and of the loop file.
    pub pumps: Vec<LoopPump>,
    /// Balances (site and carrier) that supply the electricity of a network's circulation pumps and plants.
    pub auxiliary: Vec<[String; 2]>,
    /// Settings of the coupling.
    pub settings: CouplingSettings,
}

fn electricity() -> String {
    "electricity".to_owned()
}

fn loop_minus_store() -> CoolingLift {
    CoolingLift::LoopMinusStore
}

fn is_physical(lift: &CoolingLift) -> bool {
    *lift == CoolingLift::LoopMinusStore
}

/// A heat pump or chiller, on the water loop or, with `source_c`, on a source of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatPumpSettings {
    /// Heating or cooling.
    pub service: Service,
    /// Carrier that drives it.
    #[serde(default = "electricity")]
    pub carrier_in: String,
    /// Useful heat or cold.
    pub carrier_out: String,
    /// Largest useful heat or cold, kW; chosen by the dispatch where a range is given.
    pub capacity_kw: CapacitySetting,
    /// Its COP.
    pub cop: CopModel,
    /// Storage technology of the same site whose temperature it works against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Temperature on the user's side where there is no store, degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink_c: Option<f64>,
    /// Temperature of its own source (outside air, ground water), degrees Celsius. Without it, the machine is on the loop; with
    /// it, its COP is known before the dispatch, and taken at a full store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_c: Option<ProfileSetting>,
    /// COP of the first dispatch; that at the loop's initial temperature and an empty store unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub start_cop: Option<f64>,
    /// COPs known from elsewhere: those of a dispatch without a loop, and of the first dispatch with
    /// `coupling.initial_cop_dispatch: committed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cop_series: Option<ProfileSetting>,
    /// How the lift of a cooling machine is counted; the published model had it the wrong way round.
    #[serde(default = "loop_minus_store", skip_serializing_if = "is_physical")]
    #[schemars(extend("default" = "loop_minus_store"))]
    pub cooling_lift: CoolingLift,
    /// EUR per kWh of useful heat or cold.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub output_eur_per_kwh: ProfileSetting,
    /// EUR per kWh of what drives it, beside the carrier's own price.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub input_eur_per_kwh: ProfileSetting,
    /// What it costs to have it.
    #[serde(default, skip_serializing_if = "Investment::is_none")]
    pub investment: Investment,
}
