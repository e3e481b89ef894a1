//! Loop files (`networks/*.yaml`): the water loop, the heat pumps on it, their stores, and the settings of the
//! coupling.

use anergy_cosim::coupling::{BalancingPrice, CouplingSettings, SchemeChoice, Stop};
use anergy_cosim::{Coupled, LoopPump};
use anergy_dispatch::district::{District, Kind, Shortage, VALUE_OF_LOST_LOAD_EUR_PER_KWH};
use anergy_thermal::heat_pump::{ColdStoreTemperature, CopModel, HeatPump, Service, SinkTemperature};
use anergy_thermal::water_loop::WaterLoopSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::native::settings::{LoopSettings, NetworkLoopSettings};
use super::native::{allow_dotted_keys, close_loops};
use super::switches::{CommercialStoreCapacity, Outlier, Preset, SurplusAndUnmet, SwitchChoices, Switches};
use super::timeseries::Correction;
use super::water_loop::{self, InsufficientApproach};
use super::yaml::{self, Node, from_node};
use super::{ConfigError, Finding, Problem};

/// A kind of heat pump on the loop: wherever the technology stands in the district, it draws on the loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatPumpEntry {
    /// Technology of the district, a conversion.
    pub technology: String,
    /// Heating or cooling.
    pub service: Service,
    /// Its COP.
    pub cop: CopModel,
    /// COP before the loop is known.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub start_cop: f64,
    /// Technology whose level gives the sink temperature, where it stands at the same site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Sink temperature where there is no store, degrees Celsius.
    pub sink_c: f64,
}

/// A store whose temperature heat pumps see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreEntry {
    /// Technology of the district, a storage.
    pub technology: String,
    /// The one site that this entry is for; all others unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Base temperature, degrees Celsius: of the empty store, or of the full one for a falling cold store.
    pub base_c: f64,
    /// Heat capacity, kWh/K.
    pub heat_capacity_kwh_per_k: f64,
    /// Heat capacity used while `commercial_store_capacity: buildings`, kWh/K.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_published_kwh_per_k: Option<f64>,
}

/// The keys of a loop file other than its loop.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// What the loop is called.
    #[serde(default)]
    name: Option<String>,
    /// The heat pumps on it, wherever they stand in a Calliope model.
    heat_pumps: Vec<HeatPumpEntry>,
    /// Stores whose temperature they see.
    #[serde(default)]
    stores: Vec<StoreEntry>,
    /// Values of the model's series that are known to be wrong.
    #[serde(default)]
    corrections: Vec<Correction>,
    /// Where the switches start from.
    #[serde(default)]
    preset: Option<Preset>,
    /// Single switches on top of the preset.
    #[serde(default)]
    switches: SwitchChoices,
    /// How dispatch and loop are brought to agree.
    #[serde(default)]
    coupling: Numbers,
}

/// The coupling's scheme and numbers; its other choices are switches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Numbers {
    /// How the next iterate follows from the last.
    scheme: Option<SchemeChoice>,
    /// What the dispatcher knows of the cost of balancing the loop.
    balancing_price: BalancingPrice,
    /// Relaxation factor of the COPs in a Picard iteration.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    relaxation: f64,
    /// Iterations at most.
    max_iterations: usize,
    /// Relative gap at which dispatch and loop agree.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    gap_tolerance: Option<f64>,
    /// Largest change of the loop temperature between iterations that counts as converged, K.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    temperature_tolerance_k: f64,
    /// Largest change of a COP between iterations that counts as converged.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    cop_tolerance: f64,
}

impl Default for Numbers {
    fn default() -> Self {
        let CouplingSettings {
            scheme,
            balancing_price,
            relaxation,
            max_iterations,
            gap_tolerance,
            temperature_tolerance_k,
            cop_tolerance,
            ..
        } = CouplingSettings::default();
        Self {
            scheme,
            balancing_price,
            relaxation,
            max_iterations,
            gap_tolerance,
            temperature_tolerance_k,
            cop_tolerance,
        }
    }
}

/// Returns the JSON Schema (2020-12) of a loop file. With a Calliope model a loop file has the heat pumps too; a
/// district file uses `water_loop` alone.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(Written).to_value();
    let mut of_loop = schemars::schema_for!(LoopVariants).to_value();
    if let (Some(own), Some(theirs)) = (
        schema.get_mut("$defs").and_then(Value::as_object_mut),
        of_loop.get_mut("$defs").and_then(Value::as_object_mut),
    ) {
        own.extend(std::mem::take(theirs));
    }
    schema["properties"]["water_loop"] = json!({ "description": "The loop.", "anyOf": of_loop["anyOf"] });
    schema["required"] = json!(["water_loop"]);
    close_loops(&mut schema);
    allow_dotted_keys(&mut schema);
    schema["title"] = json!("A water loop for anergy");
    schema
}

/// What a loop can be.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "for the schema alone")]
enum LoopVariants {
    WellMixed(Box<LoopSettings>),
    Network(NetworkLoopSettings),
}

/// A loop file with all defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoopFile {
    /// Name of the loop.
    pub name: Option<String>,
    /// The preset from which the switches start.
    pub preset: Preset,
    /// The switches.
    pub switches: Switches,
    coupling: Numbers,
    /// The loop.
    pub water_loop: WaterLoopSettings,
    /// The heat pumps on it.
    pub heat_pumps: Vec<HeatPumpEntry>,
    /// Their stores.
    pub stores: Vec<StoreEntry>,
    /// Values of time series that are known to be wrong.
    pub corrections: Vec<Correction>,
    /// The node of the loop, for positions in messages.
    #[serde(skip)]
    node: Node,
    /// The node of the heat pumps, for positions in messages.
    #[serde(skip)]
    pumps_node: Node,
}

impl LoopFile {
    /// Reads a loop file; `preset` replaces the file's own.
    ///
    /// # Errors
    /// [`ConfigError`] with the position of an unknown or missing key, or of a value of the wrong type.
    pub fn read(node: &Node, preset: Option<Preset>) -> Result<Self, ConfigError> {
        if node.value == yaml::Value::Null {
            return Err(node.span.error(Problem::Wrong("an empty loop file".to_owned())));
        }
        let (mut rest, mut loop_node) = (node.clone(), None);
        if let yaml::Value::Map(map) = &mut rest.value {
            loop_node = map.remove("water_loop").map(|entry| entry.value);
        }
        let written: Written = from_node(&rest)?;
        let Some(loop_node) = loop_node else {
            return Err(node.span.error(Problem::MissingKey { key: "water_loop".to_owned() }));
        };
        let (water_loop, limit) = water_loop::settings(&loop_node)?;
        if limit.is_some() {
            let span = &loop_node.at("at_limit").unwrap_or(&loop_node).span;
            let reason = Some("in a loop file it is the switch `loop_limit`".to_owned());
            return Err(span.error(Problem::Unsupported { what: "at_limit".to_owned(), reason }));
        }
        let preset = preset.or(written.preset).unwrap_or(Preset::Corrected);
        let Written { name, heat_pumps, stores, corrections, switches, coupling, .. } = written;
        let wrong = |message: String| node.span.error(Problem::Wrong(message));
        for (index, HeatPumpEntry { technology, cop, sink_c, .. }) in heat_pumps.iter().enumerate() {
            cop.check().map_err(|error| wrong(format!("heat_pumps.{technology}.cop.{error}")))?;
            if !sink_c.is_finite() {
                return Err(wrong(format!("heat_pumps.{technology}: sink_c is {sink_c}; expected a number")));
            }
            if heat_pumps[..index].iter().any(|earlier| earlier.technology == *technology) {
                return Err(wrong(format!("heat_pumps names `{technology}` twice")));
            }
        }
        for (index, StoreEntry { technology, site, base_c, .. }) in stores.iter().enumerate() {
            if !base_c.is_finite() {
                return Err(wrong(format!("stores.{technology}: base_c is {base_c}; expected a number")));
            }
            if stores[..index].iter().any(|earlier| earlier.technology == *technology && earlier.site == *site) {
                return Err(wrong(format!("stores names `{technology}` twice for the same site")));
            }
        }
        let positive = stores.iter().flat_map(|store| {
            let published = store.as_published_kwh_per_k.unwrap_or(store.heat_capacity_kwh_per_k);
            [
                ("stores.heat_capacity_kwh_per_k", store.heat_capacity_kwh_per_k),
                ("stores.as_published_kwh_per_k", published),
            ]
        });
        let start_cops = heat_pumps.iter().map(|pump| ("heat_pumps.start_cop", pump.start_cop));
        let divisors = corrections.iter().map(|correction| ("corrections.divide_by", correction.divide_by));
        for (key, value) in positive.chain(start_cops).chain(divisors) {
            if !(value.is_finite() && value > 0.0) {
                return Err(wrong(format!("{key} is {value}; expected a number > 0")));
            }
        }
        let switches = switches.on(preset);
        let pumps_node = rest.at("heat_pumps").unwrap_or(&rest).clone();
        let mut file = Self {
            name,
            preset,
            switches,
            coupling,
            water_loop,
            heat_pumps,
            stores,
            corrections,
            node: loop_node,
            pumps_node,
        };
        file.coupling.scheme = Some(file.settings().scheme_in_force());
        Ok(file)
    }

    /// Returns the corrections that apply under the switches.
    #[must_use]
    pub fn corrections_in_force(&self) -> &[Correction] {
        match self.switches.outlier {
            Outlier::Mend => &self.corrections,
            Outlier::Keep => &[],
        }
    }

    /// Returns the prices of unmet demand and surplus under the switches; `model` are the model's own.
    #[must_use]
    pub fn shortage(&self, model: Shortage) -> Shortage {
        match self.switches.surplus_and_unmet {
            SurplusAndUnmet::BigM => model,
            SurplusAndUnmet::SurplusFree => Shortage {
                // A model that forbids unmet demand continues to forbid it.
                unmet_eur_per_kwh: model.unmet_eur_per_kwh.map(|_| VALUE_OF_LOST_LOAD_EUR_PER_KWH),
                surplus_eur_per_kwh: Some(0.0),
            },
        }
    }

    /// Finds the heat pumps of `district` and connects them to the loop.
    ///
    /// # Errors
    /// [`ConfigError`] when the loop's numbers are not valid, when a heat pump of the file is not in the district or is
    /// not a conversion, or when its store has no entry.
    pub fn couple(&self, district: &District, findings: &mut Vec<Finding>) -> Result<Coupled, ConfigError> {
        let mut water_loop =
            water_loop::without_series(&self.water_loop, &self.node, self.switches.loop_limit, district.axis())?;
        let settings = self.settings();
        settings.check()?;
        let mut pumps = Vec::new();
        for site in district.sites() {
            for entry in &self.heat_pumps {
                let Some(technology) = district.technology(&site.name, &entry.technology) else { continue };
                if !matches!(technology.kind, Kind::Conversion(_)) {
                    let message =
                        format!("`{}` at {} is on the loop but is no conversion", entry.technology, site.name);
                    return Err(ConfigError::Mismatch(message));
                }
                pumps.push(self.pump(district, &site.name, entry)?);
            }
        }
        for entry in &self.heat_pumps {
            if !pumps.iter().any(|pump| pump.technology == entry.technology) {
                let message = format!("the loop's heat pump `{}` stands nowhere in the district", entry.technology);
                findings.push(Finding::warning(None, message));
            }
        }
        let stands = |name: &str| district.sites().iter().any(|site| district.technology(&site.name, name).is_some());
        let named = self.heat_pumps.iter().filter_map(|entry| entry.store.as_ref());
        let mut missing: Vec<&String> = named.chain(self.stores.iter().map(|store| &store.technology)).collect();
        missing.retain(|name| !stands(name));
        missing.sort();
        missing.dedup();
        for name in missing {
            let message =
                format!("the loop's store `{name}` stands nowhere in the district: its pumps see their fixed sink_c");
            findings.push(Finding::warning(None, message));
        }
        if settings.stop == Stop::Gap && self.switches.surplus_and_unmet == SurplusAndUnmet::BigM {
            let message =
                "stop: gap with surplus_and_unmet: big_m: the gap is relative to an objective full of penalties";
            findings.push(Finding::warning(None, message));
        }
        if pumps.is_empty() {
            return Err(ConfigError::Mismatch("no heat pump of the district is on the loop".to_owned()));
        }
        let auxiliary = water_loop::bind(&mut water_loop, &pumps, district, &self.node)?;
        if let Some(crossed) = water_loop::crossed(&water_loop, &pumps) {
            return Err(self.crossed(&pumps[crossed.pump].technology, &crossed));
        }
        Ok(Coupled { water_loop, pumps, auxiliary, settings })
    }

    /// Returns an error of an insufficient approach, with its position.
    fn crossed(&self, technology: &str, crossed: &InsufficientApproach) -> ConfigError {
        let of_technology = |node: &&Node| node.at("technology").and_then(Node::as_text) == Some(technology);
        let entry = self.pumps_node.as_list().and_then(|entries| entries.iter().find(of_technology));
        let cop = entry.and_then(|entry| entry.at("cop"));
        let key = cop.and_then(|cop| cop.at(crossed.key));
        let span = &key.or(cop).or(entry).unwrap_or(&self.pumps_node).span;
        span.error(Problem::Wrong(format!("heat_pumps.{technology}.cop.{}", crossed.message)))
    }

    fn pump(&self, district: &District, site: &str, entry: &HeatPumpEntry) -> Result<LoopPump, ConfigError> {
        let store = entry.store.as_deref().and_then(|store| district.technology(site, store));
        let sink = match store.map(|store| (&store.name, &store.kind)) {
            None => SinkTemperature::fixed(entry.sink_c),
            Some((name, Kind::Storage(storage))) => {
                let of_site = |known: &&StoreEntry| known.technology == *name && known.site.as_deref() == Some(site);
                let of_all = |known: &&StoreEntry| known.technology == *name && known.site.is_none();
                let found = self.stores.iter().find(of_site).or_else(|| self.stores.iter().find(of_all));
                let store = found.ok_or_else(|| {
                    ConfigError::Mismatch(format!("the loop file has no entry for the store `{name}` at {site}"))
                })?;
                let heat_capacity = match self.switches.commercial_store_capacity {
                    CommercialStoreCapacity::Own => store.heat_capacity_kwh_per_k,
                    CommercialStoreCapacity::Buildings => {
                        store.as_published_kwh_per_k.unwrap_or(store.heat_capacity_kwh_per_k)
                    }
                };
                match (entry.service, self.switches.cold_store_temperature) {
                    (Service::Cooling, ColdStoreTemperature::Falling) => {
                        SinkTemperature::cooled(store.base_c, heat_capacity, storage.capacity_kwh)
                    }
                    _ => SinkTemperature::heated(store.base_c, heat_capacity),
                }
            }
            Some((name, _)) => {
                return Err(ConfigError::Mismatch(format!("`{name}` at {site} is named as a store but is no storage")));
            }
        };
        let pump =
            HeatPump { service: entry.service, cop: entry.cop.clone(), cooling_lift: self.switches.cooling_lift, sink };
        Ok(LoopPump {
            site: site.to_owned(),
            technology: entry.technology.clone(),
            store: store.map(|store| store.name.clone()),
            start_cop: entry.start_cop,
            pump,
        })
    }

    fn settings(&self) -> CouplingSettings {
        let Numbers {
            scheme,
            balancing_price,
            relaxation,
            max_iterations,
            gap_tolerance,
            temperature_tolerance_k,
            cop_tolerance,
        } = self.coupling;
        let Switches { initial_cop_dispatch, initial_cop_ring, loop_cop, store_temperature, stop, .. } = self.switches;
        CouplingSettings {
            initial_cop_dispatch,
            initial_cop_ring,
            loop_cop,
            store_temperature,
            balancing_price,
            stop,
            scheme,
            relaxation,
            max_iterations,
            gap_tolerance,
            temperature_tolerance_k,
            cop_tolerance,
        }
    }
}
