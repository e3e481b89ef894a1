//! How technologies, links and shortage are written in a configuration.

use std::borrow::Cow;
use std::fmt;

use anergy_data::series::ProfileSetting;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{CapacitySetting, Investment, Shortage, StorageBoundary, VALUE_OF_LOST_LOAD_EUR_PER_KWH};

fn electricity() -> String {
    "electricity".to_owned()
}

fn unlimited() -> CapacitySetting {
    CapacitySetting::UNLIMITED
}

fn one() -> f64 {
    1.0
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

fn yes() -> bool {
    true
}

fn is_unlimited(capacity: &CapacitySetting) -> bool {
    *capacity == CapacitySetting::UNLIMITED
}

fn is_nothing(value: &f64) -> bool {
    *value == 0.0
}

/// Buys a carrier from outside: the grid, a gas main.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportSettings {
    /// Carrier it brings.
    pub carrier: String,
    /// Largest power, kW; unlimited unless given, chosen by the dispatch where a range is given.
    #[serde(default = "unlimited", skip_serializing_if = "is_unlimited")]
    pub capacity_kw: CapacitySetting,
    /// EUR per kWh.
    pub price_eur_per_kwh: ProfileSetting,
    /// kg of CO2 per kWh.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub co2_kg_per_kwh: ProfileSetting,
    /// EUR per kW of the largest power (mean of a step), paid once for the time of the run, however long that is.
    #[serde(default, skip_serializing_if = "is_nothing")]
    #[schemars(range(min = 0.0), extend("default" = 0))]
    pub demand_charge_eur_per_kw: f64,
    /// The most that it may bring over the time of the run, kWh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub import_limit_kwh: Option<f64>,
    /// What it costs to have it.
    #[serde(default, skip_serializing_if = "Investment::is_none")]
    pub investment: Investment,
}

/// Sells a carrier to the outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportSettings {
    /// Carrier it takes.
    pub carrier: String,
    /// Largest power, kW; unlimited unless given, chosen by the dispatch where a range is given.
    #[serde(default = "unlimited", skip_serializing_if = "is_unlimited")]
    pub capacity_kw: CapacitySetting,
    /// EUR earned per kWh; negative where one pays to get rid of it.
    pub price_eur_per_kwh: ProfileSetting,
    /// What it costs to have it.
    #[serde(default, skip_serializing_if = "Investment::is_none")]
    pub investment: Investment,
}

/// Photovoltaics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PvSettings {
    /// Carrier it brings.
    #[serde(default = "electricity")]
    pub carrier: String,
    /// Peak power, kW; chosen by the dispatch where a range is given.
    pub capacity_kw: CapacitySetting,
    /// Yield, kW per kW of peak power.
    pub resource_per_kw: ProfileSetting,
    /// Whether it can be turned down; what cannot be used otherwise is surplus.
    #[serde(default = "yes")]
    pub curtailable: bool,
    /// EUR per kWh used.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub price_eur_per_kwh: ProfileSetting,
    /// What it costs to have it.
    #[serde(default, skip_serializing_if = "Investment::is_none")]
    pub investment: Investment,
}

/// Any other source with a given resource: waste heat, a river, wind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplySettings {
    /// Carrier it brings.
    pub carrier: String,
    /// Largest power, kW; unlimited unless given, chosen by the dispatch where a range is given.
    #[serde(default = "unlimited", skip_serializing_if = "is_unlimited")]
    pub capacity_kw: CapacitySetting,
    /// What there is to bring, kW.
    pub resource_kw: ProfileSetting,
    /// Whether it can be turned down; what cannot be used otherwise is surplus.
    #[serde(default = "yes")]
    pub curtailable: bool,
    /// EUR per kWh used.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub price_eur_per_kwh: ProfileSetting,
    /// kg of CO2 per kWh.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub co2_kg_per_kwh: ProfileSetting,
    /// What it costs to have it.
    #[serde(default, skip_serializing_if = "Investment::is_none")]
    pub investment: Investment,
}

/// A need for a carrier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandSettings {
    /// Carrier it takes.
    pub carrier: String,
    /// What it takes, kW, >= 0.
    pub power_kw: ProfileSetting,
}

/// A store of any carrier: tank, battery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StorageSettings {
    /// Carrier it keeps; of a battery `electricity` unless given.
    pub carrier: String,
    /// Capacity, kWh; chosen by the dispatch where a range is given.
    pub capacity_kwh: CapacitySetting,
    /// Largest charging and discharging power, kW, `inf` for no limit; or give the two one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub power_kw: Option<f64>,
    /// Largest charging power, kW, `inf` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub charge_kw: Option<f64>,
    /// Largest discharging power, kW, `inf` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub discharge_kw: Option<f64>,
    /// Efficiency of charging and of discharging, each, in (0, 1]; or give the two one by one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0, "default" = 1))]
    pub efficiency: f64,
    /// Efficiency of charging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub charge_efficiency: Option<f64>,
    /// Efficiency of discharging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub discharge_efficiency: Option<f64>,
    /// Share of the level that is lost per hour, in [0, 1).
    #[serde(default)]
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub loss_per_hour: f64,
    /// Where the level begins and ends.
    #[serde(default)]
    pub boundary: BoundarySettings,
    /// EUR per kWh discharged.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub discharge_eur_per_kwh: ProfileSetting,
    /// EUR per kWh charged.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub charge_eur_per_kwh: ProfileSetting,
    /// Its temperature, which the heat pumps that feed it see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<StoreTemperatureSettings>,
    /// What it costs to have it.
    #[serde(default, skip_serializing_if = "Investment::is_none")]
    pub investment: Investment,
}

/// Where the level of a store begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoundarySettings {
    /// Begins where it ends.
    #[default]
    Cyclic,
    /// Begins at whatever level is best; the end is free.
    Free,
    /// Begins at this level, kWh; the end is free.
    InitialKwh(f64),
    /// Begins where it ends, and what remains of the last level after one more step's loss is this, kWh (Calliope's cyclic
    /// storage with an initial level).
    CyclicThroughKwh(f64),
}

impl Serialize for BoundarySettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As one key with its value: a derived writer would make a YAML tag of it.
        match self {
            Self::Cyclic => serializer.serialize_str("cyclic"),
            Self::Free => serializer.serialize_str("free"),
            Self::InitialKwh(level) => serializer.collect_map([("initial_kwh", level)]),
            Self::CyclicThroughKwh(level) => serializer.collect_map([("cyclic_through_kwh", level)]),
        }
    }
}

impl From<BoundarySettings> for StorageBoundary {
    fn from(settings: BoundarySettings) -> Self {
        match settings {
            BoundarySettings::Cyclic => Self::Cyclic,
            BoundarySettings::Free => Self::Free,
            BoundarySettings::InitialKwh(level) => Self::Given(level),
            BoundarySettings::CyclicThroughKwh(level) => Self::CyclicFixed(level),
        }
    }
}

/// Temperature of a store by its level: a straight line from empty to full. A cold store is warmer when empty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreTemperatureSettings {
    /// Temperature of the empty store, degrees Celsius.
    pub empty_c: f64,
    /// Temperature of the full store, degrees Celsius; or give `kelvin_per_kwh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_c: Option<f64>,
    /// Kelvin per kWh of level, negative for a cold store; or give `full_c`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kelvin_per_kwh: Option<f64>,
}

/// Turns one carrier into another, and maybe others along with it: a boiler, a CHP plant, an electrolyser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversionSettings {
    /// Carrier consumed.
    pub carrier_in: String,
    /// Carrier produced, to which `capacity_kw` and `efficiency` refer.
    pub carrier_out: String,
    /// Largest output, kW; chosen by the dispatch where a range is given.
    pub capacity_kw: CapacitySetting,
    /// Output over input.
    pub efficiency: ProfileSetting,
    /// Carriers that come along: kWh of each per kWh of output (of a CHP plant, its heat over its electricity).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub carrier_ratios: IndexMap<String, ProfileSetting>,
    /// EUR per kWh of output.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub output_eur_per_kwh: ProfileSetting,
    /// EUR per kWh of input.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub input_eur_per_kwh: ProfileSetting,
    /// What it costs to have it.
    #[serde(default, skip_serializing_if = "Investment::is_none")]
    pub investment: Investment,
}

/// A line or pipe that carries one carrier between two sites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSettings {
    /// Site at one end.
    pub from: String,
    /// Site at the other end.
    pub to: String,
    /// What it carries.
    pub carrier: String,
    /// Largest power that enters it, kW.
    #[schemars(range(min = 0.0))]
    pub capacity_kw: f64,
    /// What arrives of what enters, in (0, 1].
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub efficiency: f64,
    /// Whether it carries only from `from` to `to`.
    #[serde(default)]
    pub one_way: bool,
    /// EUR per kWh that enters it.
    #[serde(default, skip_serializing_if = "ProfileSetting::is_zero")]
    #[schemars(extend("default" = 0))]
    pub price_eur_per_kwh: ProfileSetting,
}

/// What it costs not to serve a demand, and not to use what is produced.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShortageSettings {
    /// EUR per kWh of demand left unserved, on every carrier; `forbidden` makes it an error.
    pub unmet_eur_per_kwh: PriceOrForbidden,
    /// EUR per kWh produced and not used, on every carrier, or `forbidden`. Free unless given: a price here can keep
    /// dispatch and loop from agreeing.
    pub surplus_eur_per_kwh: PriceOrForbidden,
}

impl Default for ShortageSettings {
    fn default() -> Self {
        Self {
            unmet_eur_per_kwh: PriceOrForbidden(Some(VALUE_OF_LOST_LOAD_EUR_PER_KWH)),
            surplus_eur_per_kwh: PriceOrForbidden(Some(0.0)),
        }
    }
}

impl From<ShortageSettings> for Shortage {
    fn from(settings: ShortageSettings) -> Self {
        Self { unmet_eur_per_kwh: settings.unmet_eur_per_kwh.0, surplus_eur_per_kwh: settings.surplus_eur_per_kwh.0 }
    }
}

/// A price in EUR per kWh, or `None`: not at any price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceOrForbidden(pub Option<f64>);

/// How `None` is written.
const FORBIDDEN: &str = "forbidden";

impl Serialize for PriceOrForbidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(price) => serializer.serialize_f64(price),
            None => serializer.serialize_str(FORBIDDEN),
        }
    }
}

impl<'de> Deserialize<'de> for PriceOrForbidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PriceVisitor;
        impl Visitor<'_> for PriceVisitor {
            type Value = PriceOrForbidden;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a price in EUR per kWh, or `forbidden`")
            }

            fn visit_f64<E: de::Error>(self, price: f64) -> Result<PriceOrForbidden, E> {
                if (0.0..=1e12).contains(&price) {
                    return Ok(PriceOrForbidden(Some(price)));
                }
                Err(E::custom(format!("the price is {price}; expected a number from 0 to 1e12")))
            }

            #[expect(clippy::cast_precision_loss, reason = "nobody writes an integer beyond 2^52 there")]
            fn visit_i64<E: de::Error>(self, price: i64) -> Result<PriceOrForbidden, E> {
                self.visit_f64(price as f64)
            }

            #[expect(clippy::cast_precision_loss, reason = "nobody writes an integer beyond 2^52 there")]
            fn visit_u64<E: de::Error>(self, price: u64) -> Result<PriceOrForbidden, E> {
                self.visit_f64(price as f64)
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<PriceOrForbidden, E> {
                if word == FORBIDDEN { Ok(PriceOrForbidden(None)) } else { Err(E::unknown_variant(word, &[FORBIDDEN])) }
            }
        }
        deserializer.deserialize_any(PriceVisitor)
    }
}

impl JsonSchema for PriceOrForbidden {
    fn schema_name() -> Cow<'static, str> {
        "PriceOrForbidden".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "const": FORBIDDEN }] })
    }
}
