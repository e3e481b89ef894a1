//! The top level of a district file, and its technologies by kind.

use anergy_cosim::HeatPumpSettings;
use anergy_cosim::coupling::CouplingSettings;
use anergy_data::series::{FileColumn, ProfileSetting};
use anergy_dispatch::district::CapacitySetting;
use anergy_dispatch::district::settings::{
    ConversionSettings, DemandSettings, ExportSettings, ImportSettings, LinkSettings, PvSettings, ShortageSettings,
    StorageSettings, SupplySettings,
};
use anergy_thermal::heat_pump::{CarnotCop, DirectExchange, QuadraticCop, RatingMap};
use anergy_thermal::water_loop::district_network::NetworkSettings;
use anergy_thermal::water_loop::{LoopLimit, WellMixedSettings};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::timeseries::Correction;
use crate::yaml::{Node, Value};
use crate::{ConfigError, Problem};

/// The time of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeSettings {
    /// First day or moment, `2019-01-01`; a part of a date stands for all of it (`2019` is the whole year).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Last day or moment, included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Length of a step, minutes; that of the first file unless given. Finer files are averaged, coarser ones hold
    /// their values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub step_minutes: Option<u32>,
}

/// A technology by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TechnologySettings {
    /// Buys a carrier from outside.
    Import(ImportSettings),
    /// Sells a carrier to the outside.
    Export(ExportSettings),
    /// Photovoltaics.
    Pv(PvSettings),
    /// Any other source with a given resource.
    Supply(SupplySettings),
    /// A need for a carrier.
    Demand(DemandSettings),
    /// A store of any carrier.
    Storage(StorageSettings),
    /// A store of electricity.
    Battery(StorageSettings),
    /// A heat pump or chiller.
    HeatPump(HeatPumpSettings),
    /// One carrier in, one out: a boiler.
    Boiler(ConversionSettings),
    /// One carrier in, one or more out.
    Conversion(ConversionSettings),
    /// One carrier in, electricity and heat out.
    Chp(ConversionSettings),
}

/// The kinds of technologies.
pub(super) const KINDS: [&str; 11] =
    ["import", "export", "pv", "supply", "demand", "storage", "battery", "heat_pump", "boiler", "conversion", "chp"];

impl TechnologySettings {
    /// Reads a technology; `kind` selects its settings.
    ///
    /// # Errors
    /// [`ConfigError::At`] with the position of an unknown or missing key, or of a value of another type.
    pub(super) fn read(node: &Node) -> Result<Self, ConfigError> {
        use crate::yaml::from_node;
        let Some(mut map) = node.as_map().cloned() else {
            let message = format!("expected a technology, found {}", node.describe());
            return Err(node.span.error(Problem::Wrong(message)));
        };
        let Some(kind) = map.remove("kind") else {
            let key = format!("kind (one of {})", KINDS.join(", "));
            return Err(node.span.error(Problem::MissingKey { key }));
        };
        if kind.value.as_text() == Some("battery") && map.get("carrier").is_none() {
            let span = kind.value.span.clone();
            let carrier = Value::Scalar { text: "electricity".to_owned(), quoted: true };
            map.put("carrier", &span, Node { value: carrier, span: span.clone(), origin: None });
        }
        let settings = Node { value: Value::Map(map), span: node.span.clone(), origin: node.origin.clone() };
        Ok(match kind.value.as_text().unwrap_or_default() {
            "import" => Self::Import(from_node(&settings)?),
            "export" => Self::Export(from_node(&settings)?),
            "pv" => Self::Pv(from_node(&settings)?),
            "supply" => Self::Supply(from_node(&settings)?),
            "demand" => Self::Demand(from_node(&settings)?),
            "storage" => Self::Storage(from_node(&settings)?),
            "battery" => Self::Battery(from_node(&settings)?),
            "heat_pump" => {
                if let Some(cop) = settings.as_map().and_then(|map| map.get("cop")) {
                    check_cop(cop)?;
                }
                Self::HeatPump(from_node(&settings)?)
            }
            "boiler" => Self::Boiler(from_node(&settings)?),
            "conversion" => Self::Conversion(from_node(&settings)?),
            "chp" => Self::Chp(from_node(&settings)?),
            other => return Err(kind.value.span.error(Problem::unknown_choice(other, KINDS))),
        })
    }

    /// Returns the first time series that the technology reads, with its key; `None` if it reads none.
    pub(super) fn first_file(&self) -> Option<(&'static str, &FileColumn)> {
        let profiles: Vec<(&'static str, &ProfileSetting)> = match self {
            Self::Import(settings) => {
                vec![("price_eur_per_kwh", &settings.price_eur_per_kwh), ("co2_kg_per_kwh", &settings.co2_kg_per_kwh)]
            }
            Self::Export(settings) => vec![("price_eur_per_kwh", &settings.price_eur_per_kwh)],
            Self::Pv(settings) => {
                vec![("resource_per_kw", &settings.resource_per_kw), ("price_eur_per_kwh", &settings.price_eur_per_kwh)]
            }
            Self::Supply(settings) => vec![
                ("resource_kw", &settings.resource_kw),
                ("price_eur_per_kwh", &settings.price_eur_per_kwh),
                ("co2_kg_per_kwh", &settings.co2_kg_per_kwh),
            ],
            Self::Demand(settings) => vec![("power_kw", &settings.power_kw)],
            Self::Storage(settings) | Self::Battery(settings) => vec![
                ("charge_eur_per_kwh", &settings.charge_eur_per_kwh),
                ("discharge_eur_per_kwh", &settings.discharge_eur_per_kwh),
            ],
            Self::HeatPump(settings) => {
                let both = [("cop_series", &settings.cop_series), ("source_c", &settings.source_c)];
                let prices = [
                    ("output_eur_per_kwh", &settings.output_eur_per_kwh),
                    ("input_eur_per_kwh", &settings.input_eur_per_kwh),
                ];
                both.into_iter().filter_map(|(key, setting)| Some((key, setting.as_ref()?))).chain(prices).collect()
            }
            Self::Boiler(settings) | Self::Conversion(settings) | Self::Chp(settings) => {
                let ratios = settings.carrier_ratios.values().map(|ratio| ("carrier_ratios", ratio));
                let own = [
                    ("efficiency", &settings.efficiency),
                    ("output_eur_per_kwh", &settings.output_eur_per_kwh),
                    ("input_eur_per_kwh", &settings.input_eur_per_kwh),
                ];
                own.into_iter().chain(ratios).collect()
            }
        };
        profiles.into_iter().find_map(|(key, setting)| match setting {
            ProfileSetting::File(column) => Some((key, column)),
            ProfileSetting::Constant(_) => None,
        })
    }

    /// Returns the capacity: in kW, of a store in kWh; `None` for a demand.
    pub(super) fn capacity(&self) -> Option<CapacitySetting> {
        match self {
            Self::Import(settings) => Some(settings.capacity_kw),
            Self::Export(settings) => Some(settings.capacity_kw),
            Self::Pv(settings) => Some(settings.capacity_kw),
            Self::Supply(settings) => Some(settings.capacity_kw),
            Self::Demand(_) => None,
            Self::Storage(settings) | Self::Battery(settings) => Some(settings.capacity_kwh),
            Self::HeatPump(settings) => Some(settings.capacity_kw),
            Self::Boiler(settings) | Self::Conversion(settings) | Self::Chp(settings) => Some(settings.capacity_kw),
        }
    }

    /// Returns the carriers of the technology, with the keys that name them.
    pub(super) fn carriers(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Import(ImportSettings { carrier, .. })
            | Self::Export(ExportSettings { carrier, .. })
            | Self::Pv(PvSettings { carrier, .. })
            | Self::Supply(SupplySettings { carrier, .. })
            | Self::Demand(DemandSettings { carrier, .. })
            | Self::Storage(StorageSettings { carrier, .. })
            | Self::Battery(StorageSettings { carrier, .. }) => vec![("carrier", carrier)],
            Self::HeatPump(HeatPumpSettings { carrier_in, carrier_out, .. }) => {
                vec![("carrier_in", carrier_in), ("carrier_out", carrier_out)]
            }
            Self::Boiler(settings) | Self::Conversion(settings) | Self::Chp(settings) => {
                let ratios = settings.carrier_ratios.keys().map(|carrier| ("carrier_ratios", carrier.as_str()));
                let both = [("carrier_in", settings.carrier_in.as_str()), ("carrier_out", &settings.carrier_out)];
                both.into_iter().chain(ratios).collect()
            }
        }
    }
}

/// Reads a COP model on its own. Read as a part of its heat pump, a model selected by its `model` key would lose the
/// positions of its other keys.
fn check_cop(node: &Node) -> Result<(), ConfigError> {
    use crate::yaml::from_node;
    let Value::Map(map) = &node.value else { return Ok(()) };
    let mut map = map.clone();
    let Some(model) = map.remove("model") else { return Ok(()) };
    let settings = Node { value: Value::Map(map), ..node.clone() };
    match model.value.as_text().unwrap_or_default() {
        "quadratic" => from_node::<QuadraticCop>(&settings).map(drop),
        "carnot" => from_node::<CarnotCop>(&settings).map(drop),
        "en14511" => from_node::<RatingMap>(&settings).map(drop),
        "direct" => from_node::<DirectExchange>(&settings).map(drop),
        other => {
            Err(model.value.span.error(Problem::unknown_choice(other, ["quadratic", "carnot", "en14511", "direct"])))
        }
    }
}

/// A district file with imports, overrides and dotted keys worked in.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DistrictFile {
    /// What the district is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The time of a run; all of the first time series unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeSettings>,
    /// Folder of the time series, relative to this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// All carriers, so that a misspelt one is noticed.
    pub carriers: Vec<String>,
    /// EUR per tonne of CO2 that the supplies emit.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub co2_price_eur_per_t: f64,
    /// The most CO2 that the supplies may emit over the time of the run, kg; without limit unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub co2_limit_kg: Option<f64>,
    /// What it costs not to serve a demand, and not to use what is produced.
    #[serde(default)]
    pub shortage: ShortageSettings,
    /// Technologies by name; sites use them and may set their keys anew.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub techs: IndexMap<String, TechnologySettings>,
    /// Sites by name.
    pub sites: IndexMap<String, SiteSettings>,
    /// Lines and pipes between sites, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub links: IndexMap<String, LinkSettings>,
    /// The water loop that the heat pumps draw from: its settings, or a file that has them under `water_loop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_loop: Option<LoopReference>,
    /// How dispatch and loop are brought to agree.
    #[serde(default)]
    pub coupling: CouplingSettings,
    /// Values of time series that are known to be wrong, and how to mend them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// Files whose keys are joined in.
    #[serde(default, skip_serializing)]
    pub import: Option<ImportList>,
    /// Changes by name, put on top with `--scenario NAME`; keys as in this file, also dotted.
    #[serde(default, skip_serializing)]
    pub overrides: Option<IndexMap<String, serde_json::Value>>,
    /// Overrides that belong together, by name.
    #[serde(default, skip_serializing)]
    pub scenarios: Option<IndexMap<String, ImportList>>,
}

/// A list of names, or one.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum ImportList {
    /// One name.
    One(String),
    /// Several names.
    Several(Vec<String>),
}

/// A site of a district file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteSettings {
    /// What stands there: names of `techs`, each with the keys that are set anew, or a technology of its own.
    pub techs: IndexMap<String, TechnologySettings>,
}

/// The water loop, or the file that describes it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum LoopReference {
    /// A file that has the settings under `water_loop`, relative to this one.
    File(String),
    /// A file with the loop's settings, and keys that override them.
    FileAnd {
        /// The file.
        file: String,
        /// The keys.
        #[serde(flatten)]
        anew: IndexMap<String, serde_json::Value>,
    },
    /// The loop itself, well mixed.
    Here(Box<LoopSettings>),
    /// The loop itself, a network of pipes.
    Network(NetworkLoopSettings),
}

/// A network of pipes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NetworkLoopSettings {
    /// Kind of the loop.
    pub kind: NetworkKind,
    /// Its nodes, pipes, substations, plants, ground and limits.
    #[serde(flatten)]
    pub network: Box<NetworkSettings>,
}

/// The kind of a network of pipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// Pipes, substations, plants.
    Network,
}

/// The kind of a well-mixed loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WellMixedKind {
    /// One temperature.
    #[default]
    WellMixed,
}

/// A well-mixed water loop.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoopSettings {
    /// Kind of the loop.
    #[serde(default)]
    pub kind: WellMixedKind,
    /// What happens when the loop would leave its limits.
    #[serde(default)]
    pub at_limit: LoopLimit,
    /// Its water, limits, ground and balancing units.
    #[serde(flatten)]
    pub well_mixed: WellMixedSettings,
}

/// The top-level keys of a district file.
pub(super) const TOP: [&str; 13] = [
    "name",
    "time",
    "data",
    "carriers",
    "co2_price_eur_per_t",
    "co2_limit_kg",
    "shortage",
    "techs",
    "sites",
    "links",
    "water_loop",
    "coupling",
    "corrections",
];

/// Returns whether reading failed only because a key is missing.
pub(super) fn is_incomplete(error: &ConfigError) -> bool {
    matches!(error, ConfigError::At { problem, .. } if matches!(**problem, Problem::MissingKey { .. }))
}
