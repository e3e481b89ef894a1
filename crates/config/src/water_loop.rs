//! Reader of the water loop of a district file or a loop file.

use anergy_cosim::LoopPump;
use anergy_data::series::{Profile, ProfileSetting, TimeAxis};
use anergy_dispatch::district::{District, Kind};
use anergy_thermal::heat_pump::{PinchCrossing, Service};
use anergy_thermal::water_loop::district_network::{DistrictNetwork, LoopMachine, MeterSettings, NetworkSettings};
use anergy_thermal::water_loop::{
    LoopLimit, LoopProfiles, WaterLoop, WaterLoopError, WaterLoopSettings, WellMixedLoop, WellMixedSettings,
};

use super::timeseries::{SeriesRequest, TimeSeries};
use super::yaml::{Map, Node, Span, Value, from_node};
use super::{ConfigError, Finding, Inputs, Problem, SETTING};

/// Plausible temperatures of water loops, degrees Celsius.
const USUAL_C: [f64; 2] = [-20.0, 90.0];
/// The user of the loop's series in messages.
const READER: &str = "water_loop";
/// The carrier of the pumps, where the district has it.
const ELECTRICITY: &str = "electricity";
/// The parts of a network that have names.
const NAMED: [&str; 6] = ["nodes", "pipe_types", "pipes", "substations", "waste_heat", "plants"];
/// The kinds of loops.
const KINDS: [&str; 2] = ["well_mixed", "network"];

/// Returns the loop's settings, and its behaviour at its limits where that is given.
pub(super) fn settings(node: &Node) -> Result<(WaterLoopSettings, Option<LoopLimit>), ConfigError> {
    let mut map = node.as_map().cloned().unwrap_or_default();
    let kind = map.remove("kind");
    let kind = kind.as_ref().map_or(Ok("well_mixed"), |entry| {
        let found = entry.value.as_text().unwrap_or_default();
        let wrong = || entry.value.span.error(Problem::unknown_choice(found, KINDS));
        KINDS.into_iter().find(|kind| *kind == found).ok_or_else(wrong)
    })?;
    if kind == "network" {
        introduced(&map)?;
        let node = Node { value: Value::Map(map), ..node.clone() };
        return Ok((WaterLoopSettings::Network(Box::new(from_node::<NetworkSettings>(&node)?)), None));
    }
    if map.get("pipes").is_some() {
        let message = "a loop with pipes is `kind: network`";
        return Err(span_of(node, "pipes").error(Problem::Wrong(message.to_owned())));
    }
    let limit = map.remove("at_limit").map(|entry| from_node(&entry.value)).transpose()?;
    let node = Node { value: Value::Map(map.clone()), ..node.clone() };
    let settings: WellMixedSettings = from_node(&node).map_err(|error| with_own_keys(error, &map))?;
    Ok((WaterLoopSettings::WellMixed(Box::new(settings)), limit))
}

/// Checks that settings name only existing parts of the network.
fn introduced(map: &Map) -> Result<(), ConfigError> {
    for part in NAMED {
        let entries = || map.get(part).and_then(Node::as_map).into_iter().flat_map(Map::entries);
        if let Some(new) = entries().find(|entry| entry.value.origin.as_deref() == Some(SETTING)) {
            let known = entries().filter(|entry| entry.value.origin.is_none()).map(|entry| entry.key.as_str());
            return Err(new.key_span.error(Problem::unknown_key(&new.key, known)));
        }
    }
    Ok(())
}

/// Returns the loop of a file that reads no series.
pub(super) fn without_series(
    settings: &WaterLoopSettings,
    node: &Node,
    limit: LoopLimit,
    axis: &TimeAxis,
) -> Result<WaterLoop, ConfigError> {
    let read = |key: &str, setting: &ProfileSetting| match setting {
        ProfileSetting::Constant(value) => Ok(Profile::Constant(*value)),
        ProfileSetting::File(column) => {
            let message = format!("{key}: for a Calliope model, a loop file reads no series (`{}`)", column.file);
            Err(span_of(node, key).error(Problem::Wrong(message)))
        }
    };
    match settings {
        WaterLoopSettings::WellMixed(settings) => {
            let profiles = LoopProfiles::resolve(settings, read)?;
            Ok(WaterLoop::WellMixed(WellMixedLoop::new(settings, profiles, limit)?))
        }
        WaterLoopSettings::Network(settings) => {
            let network = DistrictNetwork::new(settings, axis, read).map_err(|error| placed(error, node))?;
            Ok(WaterLoop::Network(Box::new(network)))
        }
    }
}

/// A heat pump whose water would leave outside the limits of its refrigerant.
pub(super) struct InsufficientApproach {
    /// The index of the heat pump.
    pub(super) pump: usize,
    /// The key of its COP model that would have to be larger.
    pub(super) key: &'static str,
    /// The message, with a value that would be sufficient.
    pub(super) message: String,
}

/// Returns the first heat pump on the loop whose approach is too small for the spread of its water.
pub(super) fn crossed(water_loop: &WaterLoop, pumps: &[LoopPump]) -> Option<InsufficientApproach> {
    pumps.iter().enumerate().find_map(|(index, LoopPump { pump, .. })| {
        let (spread_k, path) = water_loop.widest_spread_k(index);
        let PinchCrossing { key, approach_k, least_k, spread_k, beyond_k } =
            pump.cop.crossing(pump.service, spread_k)?;
        let (changed, beyond) = match pump.service {
            Service::Heating => ("cooled", "colder than its refrigerant evaporates"),
            Service::Cooling => ("warmed", "warmer than its refrigerant condenses"),
        };
        let message = format!(
            "{key} is {approach_k}, counted from water that is then {changed} by {spread_k} K (water_loop.{path}): it \
             would leave {beyond_k} K {beyond}; expected at least {least_k}, or `loop_water: outlet`"
        );
        Some(InsufficientApproach { pump: index, key, message })
    })
}

/// Connects a network's substations to the heat pumps of `district` on the loop. Returns the balances (site and
/// carrier) that supply the electricity of its pumps and plants.
pub(super) fn bind(
    water_loop: &mut WaterLoop,
    pumps: &[LoopPump],
    district: &District,
    node: &Node,
) -> Result<Vec<[String; 2]>, ConfigError> {
    let WaterLoop::Network(network) = water_loop else { return Ok(Vec::new()) };
    let conversion = |pump: &LoopPump| match &district.technology(&pump.site, &pump.technology)?.kind {
        Kind::Conversion(conversion) => Some(conversion),
        _ => None,
    };
    let machines = pumps.iter().map(|pump| {
        let capacity_kw = conversion(pump).map_or(0.0, |conversion| conversion.capacity_kw);
        let loop_kw = capacity_kw * pump.pump.loop_heat_per_output(pump.start_cop);
        LoopMachine { site: &pump.site, technology: &pump.technology, loop_kw }
    });
    network.bind(&machines.collect::<Vec<_>>()).map_err(|error| placed(error.into(), node))?;

    let request = node.at("electricity").and_then(Node::as_text);
    let carriers = district.carriers();
    let unknown = |name: &str| {
        let known = carriers.iter().map(String::as_str);
        span_of(node, "electricity").error(Problem::unknown_choice(name, known))
    };
    let carrier = match request.or(Some(ELECTRICITY).filter(|name| carriers.iter().any(|known| known == name))) {
        Some(name) => carriers.iter().find(|known| *known == name).cloned().ok_or_else(|| unknown(name))?,
        None => pumps.iter().find_map(conversion).map(|conversion| conversion.carrier_in.clone()).unwrap_or_default(),
    };
    let balances = network.electricity_sites().iter().map(|[name, path]| {
        let span = span_of(node, path);
        let Some(site) = district.sites().iter().find(|site| site.name == *name) else {
            return Err(
                span.error(Problem::unknown_choice(name, district.sites().iter().map(|site| site.name.as_str())))
            );
        };
        if district.touches(site, &carrier) {
            return Ok([name.clone(), carrier.clone()]);
        }
        Err(span.error(Problem::Wrong(format!(
            "nothing at {name} brings or takes {carrier}, which pumps there would need"
        ))))
    });
    balances.collect()
}

/// Returns an error of a network with its position in the file.
fn placed(error: ConfigError, node: &Node) -> ConfigError {
    match error {
        ConfigError::WaterLoop(WaterLoopError::UnknownName { path, name, known }) => {
            span_of(node, &path).error(Problem::unknown_choice(&name, known.iter().map(String::as_str)))
        }
        ConfigError::WaterLoop(WaterLoopError::Network { path, message }) => {
            span_of(node, &path).error(Problem::Wrong(format!("water_loop.{path}: {message}")))
        }
        ConfigError::WaterLoop(error @ WaterLoopError::Range { key, .. }) => {
            span_of(node, key).error(Problem::Wrong(error.to_string()))
        }
        error => error,
    }
}

/// The reader of a district file's loop.
pub(super) struct NativeLoop<'b, 'c> {
    pub(super) series: &'b mut TimeSeries<'c>,
    pub(super) inputs: &'b mut Inputs,
    pub(super) findings: &'b mut Vec<Finding>,
}

impl NativeLoop<'_, '_> {
    /// Reads the loop's settings and the series that they name.
    pub(super) fn read(mut self, node: &Node, axis: &TimeAxis) -> Result<WaterLoop, ConfigError> {
        let (settings, limit) = settings(node)?;
        match settings {
            WaterLoopSettings::WellMixed(settings) => {
                check_well_mixed(&settings, node, self.findings);
                let profiles = LoopProfiles::resolve(&settings, |key, setting| self.profile(node, key, setting))?;
                let ring = WellMixedLoop::new(&settings, profiles, limit.unwrap_or_default());
                Ok(WaterLoop::WellMixed(ring.map_err(|error| self.with_file(error, node))?))
            }
            WaterLoopSettings::Network(settings) => {
                check_network(&settings, node, self.findings);
                let read = |key: &str, setting: &ProfileSetting| self.profile(node, key, setting);
                let network = DistrictNetwork::new(&settings, axis, read).map_err(|error| placed(error, node))?;
                Ok(WaterLoop::Network(Box::new(network)))
            }
        }
    }

    fn profile(&mut self, node: &Node, key: &str, setting: &ProfileSetting) -> Result<Profile, ConfigError> {
        let request = SeriesRequest { reader: READER, key, site: READER, span: span_of(node, key) };
        self.series.profile(setting, request, self.inputs, self.findings)
    }

    /// Returns an error of a well-mixed loop, with the file of the value.
    fn with_file(&self, error: WaterLoopError, node: &Node) -> ConfigError {
        let WaterLoopError::Range { key, .. } = &error else { return placed(error.into(), node) };
        let used = self.series.used().iter().find(|used| used.reader == READER && used.key.ends_with(key));
        let file = used.map_or_else(String::new, |used| {
            format!(" ({}, column `{}`)", used.column.path().display(), used.column.name())
        });
        span_of(node, key).error(Problem::Wrong(format!("{error}{file}")))
    }
}

/// Warns of implausible settings.
fn check_well_mixed(settings: &WellMixedSettings, node: &Node, findings: &mut Vec<Finding>) {
    let mut warn = |key: &str, message: String| {
        findings.push(Finding::warning(Some(span_of(node, key)), message));
    };
    let ground = settings.ground.as_ref().and_then(|ground| match ground.temp_c {
        ProfileSetting::Constant(temp_c) => Some(("ground.temp_c", temp_c)),
        ProfileSetting::File(_) => None,
    });
    for (key, temp_c) in [("min_c", settings.min_c), ("max_c", settings.max_c)].into_iter().chain(ground) {
        if !(USUAL_C[0]..=USUAL_C[1]).contains(&temp_c) {
            warn(key, format!("water_loop.{key} is {temp_c} C; in kelvin?"));
        }
    }
    let units = [("heating", &settings.balancing.heating), ("cooling", &settings.balancing.cooling)];
    for (name, unit) in units {
        let priced = unit.price_eur_per_kwh != ProfileSetting::Constant(0.0) || unit.co2_kg_per_kwh != 0.0;
        if priced && unit.electricity_per_heat == 0.0 {
            let key = format!("balancing.{name}");
            warn(&key, format!("water_loop.{key}: a price or CO2 without `electricity_per_heat` has no effect"));
        }
    }
    if settings.ground.is_none() && units.iter().all(|(_, unit)| unit.electricity_per_heat == 0.0) {
        let message =
            "the balancing unit keeps the loop within its limits for nothing: no `electricity_per_heat` is given";
        findings.push(Finding::note(message));
    }
}

/// Warns of implausible settings of a network.
fn check_network(settings: &NetworkSettings, node: &Node, findings: &mut Vec<Finding>) {
    let mut warn = |key: &str, message: String| {
        findings.push(Finding::warning(Some(span_of(node, key)), message));
    };
    let ground = match &settings.ground.temp_c {
        Some(ProfileSetting::Constant(temp_c)) => Some(("ground.temp_c", *temp_c)),
        _ => settings.ground.wave.map(|wave| ("ground.wave.mean_c", wave.mean_c)),
    };
    let temps = [("min_c", settings.min_c), ("max_c", settings.max_c), ("start.temp_c", settings.start.temp_c)];
    for (key, temp_c) in temps.into_iter().chain(ground) {
        if !(USUAL_C[0]..=USUAL_C[1]).contains(&temp_c) {
            warn(key, format!("water_loop.{key} is {temp_c} C; in kelvin?"));
        }
    }
    for name in settings.pipe_types.keys() {
        if !settings.pipes.values().any(|pipe| pipe.make == *name) {
            warn(&format!("pipe_types.{name}"), format!("no pipe is of the type `{name}`"));
        }
    }
    let free = |meter: &MeterSettings| meter.site.is_none() && meter.price_eur_per_kwh.is_zero();
    let plants = settings.plants.iter().map(|(name, plant)| (format!("plants.{name}"), &plant.meter));
    let sources = settings.waste_heat.iter().map(|(name, source)| (format!("waste_heat.{name}"), &source.meter));
    let main = settings.main_pump.iter().map(|pump| ("main_pump".to_owned(), &pump.meter));
    for (path, _) in plants.chain(sources).chain(main).filter(|(_, meter)| free(meter)) {
        let message =
            format!("water_loop.{path}: its electricity costs nothing: no `meter` with a `site` or a price is given");
        findings.push(Finding { place: Some(span_of(node, &path).to_string()), ..Finding::note(message) });
    }
}

/// Adds `kind` and `at_limit` to the loop's known keys, because they are read separately.
fn with_own_keys(error: ConfigError, map: &Map) -> ConfigError {
    let ConfigError::At { span, problem } = &error else { return error };
    match &**problem {
        Problem::UnknownKey { key, known, .. } if map.get(key).is_some() => {
            let known = known.iter().map(String::as_str).chain(["at_limit", "kind"]);
            span.error(Problem::unknown_key(key, known))
        }
        _ => error,
    }
}

/// Returns the position of a dotted key of the loop, or of the nearest level above it that is present.
fn span_of<'n>(node: &'n Node, key: &str) -> &'n Span {
    let path = key.strip_prefix("water_loop.").unwrap_or(key);
    let mut found = node;
    for part in path.split('.') {
        let below = match part.parse::<usize>() {
            Ok(index) if found.as_list().is_some() => found.as_list().and_then(|list| list.get(index)),
            _ => found.as_map().and_then(|map| map.get(part)),
        };
        match below {
            Some(next) => found = next,
            None => break,
        }
    }
    &found.span
}
