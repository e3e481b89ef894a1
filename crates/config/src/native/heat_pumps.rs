//! Heat pumps: their machines, the temperatures they use, and the loop that some of them share.

use std::ops::RangeInclusive;

use anergy_cosim::coupling::SettingsError;
use anergy_cosim::{Coupled, HeatPumpSettings, LoopPump};
use anergy_data::series::Profile;
use anergy_dispatch::district::settings::{StorageSettings, StoreTemperatureSettings};
use anergy_dispatch::district::{Conversion, District};
use anergy_thermal::heat_pump::{HeatPump, LoopWater, SinkTemperature};
use anergy_thermal::water_loop::DEFAULT_SPREAD_K;

use super::build::DistrictBuilder;
use super::reader::SiteTechnology;
use super::settings::TechnologySettings;
use crate::water_loop::{NativeLoop, bind, crossed};
use crate::yaml::{Map, Node, Span};
use crate::{ConfigError, Finding, Problem};

/// COPs that a dispatch can use.
const USABLE_COP: RangeInclusive<f64> = 1e-6..=1e6;

/// Returns a heat pump as a conversion, with the COPs that hold before the loop is simulated.
pub(super) fn conversion(
    builder: &mut DistrictBuilder<'_, '_>,
    tech: &SiteTechnology,
    settings: &HeatPumpSettings,
) -> Result<Conversion, ConfigError> {
    check_numbers(tech, settings)?;
    if let (Some(_), Some(_)) = (&settings.cop_series, &settings.source_c) {
        let message = "takes either `source_c` (its COP follows from its model) or `cop_series`".to_owned();
        return Err(tech.span(&["cop_series"]).error(Problem::Wrong(format!("{}: {message}", tech.place()))));
    }
    let (store, pump) = machine(builder, tech, settings)?;
    let efficiency = match (&settings.cop_series, &settings.source_c) {
        (Some(series), _) => builder.profile(tech, "cop_series", series)?,
        (None, Some(source)) => {
            let source_c = builder.profile(tech, "source_c", source)?;
            // These COPs are needed before the dispatch, so the store is taken as full, the level that is hardest for
            // the machine.
            let level_kwh = store.and_then(|store| capacity_kwh(builder, tech, &store)).unwrap_or(0.0);
            count_outside(builder, tech, &pump, &source_c, level_kwh);
            check_cops(builder, tech, &pump, &source_c, level_kwh)?;
            source_c.map(|source_c| pump.cop_read_at(source_c, level_kwh))
        }
        (None, None) => Profile::Constant(start_cop(builder, tech, settings, &pump)?),
    };
    // COPs of machines on the loop are checked over the loop's whole range elsewhere.
    if settings.source_c.is_some() || builder.parsed.water_loop.is_none() {
        check_source_is_not_warmed(builder, tech, &pump, &efficiency);
    }
    Ok(Conversion {
        carrier_in: settings.carrier_in.clone(),
        carrier_out: settings.carrier_out.clone(),
        capacity_kw: settings.capacity_kw.most(),
        efficiency,
        output_eur_per_kwh: builder.profile(tech, "output_eur_per_kwh", &settings.output_eur_per_kwh)?,
        input_eur_per_kwh: builder.profile(tech, "input_eur_per_kwh", &settings.input_eur_per_kwh)?,
        byproducts: Vec::new(),
    })
}

fn capacity_kwh(builder: &DistrictBuilder<'_, '_>, tech: &SiteTechnology, store: &str) -> Option<f64> {
    let site_technologies = builder.parsed.site_technologies.iter();
    let found = site_technologies.filter(|known| known.site == tech.site && known.name == store).find_map(stored);
    found.map(|storage| storage.capacity_kwh.most())
}

/// Reports the number of steps in which a machine on a source of its own is outside the range of its model.
fn count_outside(
    builder: &mut DistrictBuilder<'_, '_>,
    tech: &SiteTechnology,
    pump: &HeatPump,
    source_c: &Profile,
    level_kwh: f64,
) {
    let steps = source_c.steps().unwrap_or(1);
    let outside = (0..steps)
        .filter(|&step| pump.cop.outside(&pump.working_point_read_at(source_c.at(step), level_kwh)).is_some());
    let count = outside.count();
    if let Some(step) = (0..steps).find(|&step| !(-80.0..=150.0).contains(&source_c.at(step))) {
        let message = format!("{}: `source_c` is {}; in kelvin?", tech.place(), source_c.at(step));
        builder.findings.push(Finding::warning(Some(tech.span(&["source_c"])), message));
    }
    if count > 0 {
        let (place, range) = (tech.place(), pump.cop.valid_range());
        let message = format!("{place}: its source is outside {range} in {count} of {steps} steps");
        builder.findings.push(Finding::warning(Some(tech.span(&["source_c"])), message));
    }
}

/// Warns of a heating machine whose COP is never above 1; machines with some COPs below 1 are checked like all
/// conversions.
fn check_source_is_not_warmed(
    builder: &mut DistrictBuilder<'_, '_>,
    tech: &SiteTechnology,
    pump: &HeatPump,
    cops: &Profile,
) {
    let lowest = (0..cops.steps().unwrap_or(1)).map(|step| cops.at(step)).fold(f64::INFINITY, f64::min);
    if pump.warms_its_source(lowest) && cops.all(|cop| cop <= 1.0) {
        let key = if tech.node.at("cop_series").is_some() { "cop_series" } else { "cop" };
        let message = format!("{}: its COP is {lowest:.2}; expected at least 1 in heating", tech.place());
        builder.findings.push(Finding::warning(Some(tech.span(&[key])), message));
    }
}

/// Checks that the machine has a COP at all source temperatures; the error names the temperatures and their position.
fn check_cops(
    builder: &DistrictBuilder<'_, '_>,
    tech: &SiteTechnology,
    pump: &HeatPump,
    source_c: &Profile,
    level_kwh: f64,
) -> Result<(), ConfigError> {
    let cop = |step: usize| pump.cop_read_at(source_c.at(step), level_kwh);
    let mut steps = 0..source_c.steps().unwrap_or(1);
    let Some(step) = steps.find(|&step| !USABLE_COP.contains(&cop(step))) else { return Ok(()) };
    let cop = match cop(step) {
        cop if cop.is_finite() => format!("{cop:.3e}"),
        _ => "infinite".to_owned(),
    };
    let [low, high] = [USABLE_COP.start(), USABLE_COP.end()];
    let (source_c, place) = (source_c.at(step), tech.place());
    let used = builder.series.used().iter().find(|used| used.reader == place && used.key == "source_c");
    let of_file = used.map_or_else(String::new, |used| format!(" ({})", used.column.place(step)));
    let message = format!(
        "{place}: the COP at source {source_c} C and sink {} C is {cop}{of_file}; expected a COP from {low:e} to \
         {high:e} (a lift above zero, an approach of the heat exchangers, or `outside: clamp` in its model)",
        pump.sink.temp_c(level_kwh)
    );
    Err(tech.span(&["source_c"]).error(Problem::Wrong(message)))
}

/// Returns the position of a key of a heat pump's COP model, or of the model where the key is absent.
fn cop_span<'d>(tech: &'d SiteTechnology, key: &str) -> &'d Span {
    let cop = tech.node.as_map().and_then(|map| map.get("cop"));
    let key = cop.and_then(Node::as_map).and_then(|map| map.get(key));
    key.or(cop).map_or(&tech.node.span, |node| &node.span)
}

fn check_numbers(tech: &SiteTechnology, settings: &HeatPumpSettings) -> Result<(), ConfigError> {
    settings
        .cop
        .check()
        .map_err(|error| cop_span(tech, error.key).error(Problem::Wrong(format!("{}: {error}", tech.place()))))?;
    let finite = [("sink_c", settings.sink_c, false), ("start_cop", settings.start_cop, true)];
    for (key, value, positive) in finite {
        let Some(value) = value else { continue };
        if !value.is_finite() || (positive && value <= 0.0) {
            let expected = if positive { "a number > 0" } else { "a temperature in degrees Celsius" };
            let message = format!("{}: `{key}` is {value}; expected {expected}", tech.place());
            return Err(tech.span(&[key]).error(Problem::Wrong(message)));
        }
    }
    Ok(())
}

/// Returns the machine, and the store at its site that gives its sink temperature, if there is one.
fn machine(
    builder: &mut DistrictBuilder<'_, '_>,
    tech: &SiteTechnology,
    settings: &HeatPumpSettings,
) -> Result<(Option<String>, HeatPump), ConfigError> {
    let store = settings.store.as_deref().map(|name| store(builder, tech, name)).transpose()?.flatten();
    let sink = match (store, settings.sink_c) {
        (Some((name, sink)), _) => (Some(name), sink),
        (None, Some(sink_c)) => (None, SinkTemperature::fixed(sink_c)),
        (None, None) => {
            let why = match &settings.store {
                Some(store) => {
                    format!("its store `{store}` has no `temperature`, or does not stand there; give one, or `sink_c`")
                }
                None => "give a `store` with a `temperature`, or `sink_c`".to_owned(),
            };
            let message = format!("{}: the temperature on its user's side is unknown: {why}", tech.place());
            return Err(tech.span(&["store"]).error(Problem::Wrong(message)));
        }
    };
    let (store, sink) = sink;
    let pump =
        HeatPump { service: settings.service, cop: settings.cop.clone(), cooling_lift: settings.cooling_lift, sink };
    Ok((store, pump))
}

/// Returns the sink temperature of the store `name` at the heat pump's site.
fn store(
    builder: &mut DistrictBuilder<'_, '_>,
    tech: &SiteTechnology,
    name: &str,
) -> Result<Option<(String, SinkTemperature)>, ConfigError> {
    let here = |known: &&SiteTechnology| known.site == tech.site;
    let site_technologies = &builder.parsed.site_technologies;
    let span = tech.span(&["store"]);
    let Some(found) = site_technologies.iter().filter(here).find(|known| known.name == name) else {
        if !site_technologies.iter().any(|known| known.name == name) {
            let stores = site_technologies.iter().filter(here).filter(|known| stored(known).is_some());
            return Err(span.error(Problem::unknown_choice(name, stores.map(|known| known.name.as_str()))));
        }
        let message =
            format!("the store `{name}` does not stand at {}: {} sees its fixed sink_c", tech.site, tech.name);
        Finding::warning(Some(span), message).once_in(builder.findings);
        return Ok(None);
    };
    let Some(storage) = stored(found) else {
        let message = format!("`{name}` at {} is named as a store but is none", tech.site);
        return Err(span.error(Problem::Wrong(message)));
    };
    let Some(temperature) = storage.temperature else { return Ok(None) };
    Ok(Some((name.to_owned(), sink_of(found, storage, temperature)?)))
}

fn stored(tech: &SiteTechnology) -> Option<&StorageSettings> {
    match &tech.settings {
        TechnologySettings::Storage(settings) | TechnologySettings::Battery(settings) => Some(settings),
        _ => None,
    }
}

fn sink_of(
    tech: &SiteTechnology,
    storage: &StorageSettings,
    temperature: StoreTemperatureSettings,
) -> Result<SinkTemperature, ConfigError> {
    let span = tech.span(&["temperature"]);
    let wrong = |message: String| span.error(Problem::Wrong(format!("{}: {message}", tech.place())));
    let StoreTemperatureSettings { empty_c, full_c, kelvin_per_kwh } = temperature;
    let slope = match (full_c, kelvin_per_kwh) {
        (Some(_), None) if storage.capacity_kwh.chosen_from().is_some() => {
            let message = "`full_c` needs a capacity that is given; of one that is chosen, give `kelvin_per_kwh`";
            return Err(wrong(message.to_owned()));
        }
        // A store without capacity stays empty.
        (Some(_), None) if storage.capacity_kwh.most() == 0.0 => 0.0,
        (Some(full_c), None) => (full_c - empty_c) / storage.capacity_kwh.most(),
        (None, Some(slope)) => slope,
        _ => return Err(wrong("`temperature` takes either `full_c` or `kelvin_per_kwh`".to_owned())),
    };
    let full_c = empty_c + slope * storage.capacity_kwh.most();
    if !(empty_c > -273.15 && full_c > -273.15 && empty_c.is_finite() && full_c.is_finite() && slope.is_finite()) {
        return Err(wrong(format!(
            "its temperature runs from {empty_c} to {full_c} C; expected numbers above -273.15"
        )));
    }
    Ok(SinkTemperature::linear(empty_c, slope))
}

/// Returns the COP before the loop is simulated: the given one, or that at the loop's initial temperature and an empty
/// store.
fn start_cop(
    builder: &DistrictBuilder<'_, '_>,
    tech: &SiteTechnology,
    settings: &HeatPumpSettings,
    pump: &HeatPump,
) -> Result<f64, ConfigError> {
    if let Some(cop) = settings.start_cop {
        return Ok(cop);
    }
    let Some(water_loop) = &builder.parsed.water_loop else {
        let message = format!(
            "{}: draws on a loop, and the district has none; give `source_c`, `cop_series` or a `water_loop`",
            tech.place()
        );
        return Err(tech.node.span.error(Problem::Wrong(message)));
    };
    let initial =
        water_loop.node.at("initial_c").or_else(|| water_loop.node.at("start.temp_c")).and_then(Node::as_number);
    let water = LoopWater { inlet_c: initial.unwrap_or(15.0), spread_k: spread_k(&water_loop.node, tech) };
    let cop = pump.cop(water, 0.0);
    if cop.is_finite() && cop > 0.0 {
        return Ok(cop);
    }
    let message =
        format!("{}: the COP at the loop's initial temperature is {cop:.3}; expected a number > 0", tech.place());
    Err(tech.span(&["cop"]).error(Problem::Wrong(message)))
}

/// Returns the spread of a heat pump's water in the loop's settings, K; on a network that of the first substation of
/// its site.
fn spread_k(water_loop: &Node, tech: &SiteTechnology) -> f64 {
    let substations = water_loop.at("substations").and_then(Node::as_map).into_iter().flat_map(Map::entries);
    let of_site = substations
        .map(|entry| &entry.value)
        .find(|substation| substation.at("site").and_then(Node::as_text) == Some(tech.site.as_str()));
    of_site.unwrap_or(water_loop).at("spread_k").and_then(Node::as_number).unwrap_or(DEFAULT_SPREAD_K)
}

impl DistrictBuilder<'_, '_> {
    /// Returns the loop with its heat pumps; `None` without a loop.
    pub(super) fn coupled(&mut self, district: &District) -> Result<Option<Coupled>, ConfigError> {
        let Some(parsed) = &self.parsed.water_loop else {
            if let Some(node) = &self.parsed.coupling_node {
                let message = "`coupling` has no effect: the district has no water_loop";
                self.findings.push(Finding::warning(Some(&node.span), message));
            }
            return Ok(None);
        };
        let (series, inputs, findings) = (&mut *self.series, &mut *self.inputs, &mut *self.findings);
        let mut water_loop = NativeLoop { series, inputs, findings }.read(&parsed.node, district.axis())?;
        let settings = self.parsed.coupling.clone();
        settings.check().map_err(|error| self.coupling_error(error))?;
        let mut pumps = Vec::new();
        for tech in &self.parsed.site_technologies {
            let TechnologySettings::HeatPump(heat_pump) = &tech.settings else { continue };
            if heat_pump.source_c.is_some() {
                continue;
            }
            let (store, pump) = machine(self, tech, heat_pump)?;
            let start_cop = start_cop(self, tech, heat_pump, &pump)?;
            let (site, technology) = (tech.site.clone(), tech.name.clone());
            pumps.push(LoopPump { site, technology, store, start_cop, pump });
        }
        if pumps.is_empty() {
            let message = "no heat pump of the district is on the loop".to_owned();
            return Err(parsed.node.span.error(Problem::Wrong(message)));
        }
        let auxiliary = bind(&mut water_loop, &pumps, district, &parsed.node)?;
        if let Some(crossed) = crossed(&water_loop, &pumps) {
            let LoopPump { site, technology, .. } = &pumps[crossed.pump];
            let tech = self.parsed.site_technologies.iter().find(|tech| tech.site == *site && tech.name == *technology);
            let span = tech.map_or(&parsed.node.span, |tech| cop_span(tech, crossed.key));
            let message = format!("{technology} at {site}: {}", crossed.message);
            return Err(span.error(Problem::Wrong(message)));
        }
        Ok(Some(Coupled { water_loop, pumps, auxiliary, settings }))
    }

    /// Returns an error of the coupling with the position of its key.
    fn coupling_error(&self, error: SettingsError) -> ConfigError {
        let Some(node) = &self.parsed.coupling_node else { return error.into() };
        let key = match &error {
            SettingsError::Range { key, .. } => *key,
            SettingsError::CannotAverage { .. } => "scheme",
            SettingsError::PriceJumps { .. } => "balancing_price",
            _ => "stop",
        };
        let span: &Span = node.as_map().and_then(|map| map.get(key)).map_or(&node.span, |node| &node.span);
        span.error(Problem::Wrong(error.to_string()))
    }
}
