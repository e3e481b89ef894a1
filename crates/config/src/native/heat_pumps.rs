//! Heat pumps: their machines, the temperatures they see, and the loop that some of them share.

use std::ops::RangeInclusive;

use anergy_cosim::coupling::SettingsError;
use anergy_cosim::{Coupled, HeatPumpSettings, LoopPump};
use anergy_data::series::Profile;
use anergy_dispatch::district::settings::{StorageSettings, StoreTemperatureSettings};
use anergy_dispatch::district::{Conversion, District};
use anergy_thermal::heat_pump::{HeatPump, LoopWater, SinkTemperature};
use anergy_thermal::water_loop::DEFAULT_SPREAD_K;

use super::build::Builder;
use super::reader::Draft;
use super::settings::TechnologySettings;
use crate::water_loop::{NativeLoop, bind, crossed};
use crate::yaml::{Map, Node, Span};
use crate::{ConfigError, Finding, Problem};

/// COPs that a dispatch can reckon with.
const USABLE_COP: RangeInclusive<f64> = 1e-6..=1e6;

/// A heat pump as a conversion: with the COPs it has before any loop is known.
pub(super) fn conversion(
    builder: &mut Builder<'_, '_>,
    draft: &Draft,
    settings: &HeatPumpSettings,
) -> Result<Conversion, ConfigError> {
    check_numbers(draft, settings)?;
    if let (Some(_), Some(_)) = (&settings.cop_series, &settings.source_c) {
        let message = "takes either `source_c` (its COP follows from its model) or `cop_series`".to_owned();
        return Err(draft.span(&["cop_series"]).error(Problem::Wrong(format!("{}: {message}", draft.place()))));
    }
    let (store, pump) = machine(builder, draft, settings)?;
    let efficiency = match (&settings.cop_series, &settings.source_c) {
        (Some(series), _) => builder.profile(draft, "cop_series", series)?,
        (None, Some(source)) => {
            let source_c = builder.profile(draft, "source_c", source)?;
            // Known before the dispatch, so at the level that asks most of the machine: a full store.
            let level_kwh = store.and_then(|store| capacity_kwh(builder, draft, &store)).unwrap_or(0.0);
            count_outside(builder, draft, &pump, &source_c, level_kwh);
            check_cops(builder, draft, &pump, &source_c, level_kwh)?;
            source_c.map(|source_c| pump.cop_read_at(source_c, level_kwh))
        }
        (None, None) => Profile::Constant(start_cop(builder, draft, settings, &pump)?),
    };
    // Of those on the loop the COPs are looked at over all its range.
    if settings.source_c.is_some() || builder.written.water_loop.is_none() {
        look_for_warmed_source(builder, draft, &pump, &efficiency);
    }
    Ok(Conversion {
        carrier_in: settings.carrier_in.clone(),
        carrier_out: settings.carrier_out.clone(),
        capacity_kw: settings.capacity_kw.most(),
        efficiency,
        output_eur_per_kwh: builder.profile(draft, "output_eur_per_kwh", &settings.output_eur_per_kwh)?,
        input_eur_per_kwh: builder.profile(draft, "input_eur_per_kwh", &settings.input_eur_per_kwh)?,
        byproducts: Vec::new(),
    })
}

fn capacity_kwh(builder: &Builder<'_, '_>, draft: &Draft, store: &str) -> Option<f64> {
    let drafts = builder.written.drafts.iter();
    let found = drafts.filter(|known| known.site == draft.site && known.name == store).find_map(stored);
    found.map(|storage| storage.capacity_kwh.most())
}

/// Says in how many steps a machine on a source of its own leaves the range of its model.
fn count_outside(builder: &mut Builder<'_, '_>, draft: &Draft, pump: &HeatPump, source_c: &Profile, level_kwh: f64) {
    let steps = source_c.steps().unwrap_or(1);
    let outside = (0..steps)
        .filter(|&step| pump.cop.outside(&pump.working_point_read_at(source_c.at(step), level_kwh)).is_some());
    let count = outside.count();
    if let Some(step) = (0..steps).find(|&step| !(-80.0..=150.0).contains(&source_c.at(step))) {
        let message = format!("{}: `source_c` is {}; in kelvin?", draft.place(), source_c.at(step));
        builder.findings.push(Finding::warning(Some(draft.span(&["source_c"])), message));
    }
    if count > 0 {
        let (place, range) = (draft.place(), pump.cop.valid_range());
        let message = format!("{place}: its source is outside {range} in {count} of {steps} steps");
        builder.findings.push(Finding::warning(Some(draft.span(&["source_c"])), message));
    }
}

/// Warns of a machine that heats and never has a COP above 1; where only some are below, all conversions are looked at alike.
fn look_for_warmed_source(builder: &mut Builder<'_, '_>, draft: &Draft, pump: &HeatPump, cops: &Profile) {
    let lowest = (0..cops.steps().unwrap_or(1)).map(|step| cops.at(step)).fold(f64::INFINITY, f64::min);
    if pump.warms_its_source(lowest) && cops.all(|cop| cop <= 1.0) {
        let key = if draft.node.at("cop_series").is_some() { "cop_series" } else { "cop" };
        let message = format!("{}: its COP is {lowest:.2}; expected at least 1 in heating", draft.place());
        builder.findings.push(Finding::warning(Some(draft.span(&[key])), message));
    }
}

/// Refuses temperatures of a source at which the machine has no COP, with the temperatures and their place.
fn check_cops(
    builder: &Builder<'_, '_>,
    draft: &Draft,
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
    let (source_c, place) = (source_c.at(step), draft.place());
    let used = builder.series.used().iter().find(|used| used.reader == place && used.key == "source_c");
    let of_file = used.map_or_else(String::new, |used| format!(" ({})", used.column.place(step)));
    let message = format!(
        "{place}: the COP at source {source_c} C and sink {} C is {cop}{of_file}; expected a COP from {low:e} to {high:e} \
         (a lift above zero, an approach of the heat exchangers, or `outside: clamp` in its model)",
        pump.sink.temp_c(level_kwh)
    );
    Err(draft.span(&["source_c"]).error(Problem::Wrong(message)))
}

/// Where a key of a heat pump's COP model stands, or the model where the key is left out.
fn cop_span<'d>(draft: &'d Draft, key: &str) -> &'d Span {
    let cop = draft.node.as_map().and_then(|map| map.get("cop"));
    let key = cop.and_then(Node::as_map).and_then(|map| map.get(key));
    key.or(cop).map_or(&draft.node.span, |node| &node.span)
}

fn check_numbers(draft: &Draft, settings: &HeatPumpSettings) -> Result<(), ConfigError> {
    settings
        .cop
        .check()
        .map_err(|error| cop_span(draft, error.key).error(Problem::Wrong(format!("{}: {error}", draft.place()))))?;
    let finite = [("sink_c", settings.sink_c, false), ("start_cop", settings.start_cop, true)];
    for (key, value, positive) in finite {
        let Some(value) = value else { continue };
        if !value.is_finite() || (positive && value <= 0.0) {
            let expected = if positive { "a number > 0" } else { "a temperature in degrees Celsius" };
            let message = format!("{}: `{key}` is {value}; expected {expected}", draft.place());
            return Err(draft.span(&[key]).error(Problem::Wrong(message)));
        }
    }
    Ok(())
}

/// The machine, and the store at its site that gives its sink temperature, if there is one.
fn machine(
    builder: &mut Builder<'_, '_>,
    draft: &Draft,
    settings: &HeatPumpSettings,
) -> Result<(Option<String>, HeatPump), ConfigError> {
    let store = settings.store.as_deref().map(|name| store(builder, draft, name)).transpose()?.flatten();
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
            let message = format!("{}: the temperature on its user's side is unknown: {why}", draft.place());
            return Err(draft.span(&["store"]).error(Problem::Wrong(message)));
        }
    };
    let (store, sink) = sink;
    let pump =
        HeatPump { service: settings.service, cop: settings.cop.clone(), cooling_lift: settings.cooling_lift, sink };
    Ok((store, pump))
}

/// The sink temperature of the store `name` at the heat pump's site.
fn store(
    builder: &mut Builder<'_, '_>,
    draft: &Draft,
    name: &str,
) -> Result<Option<(String, SinkTemperature)>, ConfigError> {
    let here = |known: &&Draft| known.site == draft.site;
    let drafts = &builder.written.drafts;
    let span = draft.span(&["store"]);
    let Some(found) = drafts.iter().filter(here).find(|known| known.name == name) else {
        if !drafts.iter().any(|known| known.name == name) {
            let stores = drafts.iter().filter(here).filter(|known| stored(known).is_some());
            return Err(span.error(Problem::unknown_choice(name, stores.map(|known| known.name.as_str()))));
        }
        let message =
            format!("the store `{name}` does not stand at {}: {} sees its fixed sink_c", draft.site, draft.name);
        Finding::warning(Some(span), message).once_in(builder.findings);
        return Ok(None);
    };
    let Some(storage) = stored(found) else {
        let message = format!("`{name}` at {} is named as a store but is none", draft.site);
        return Err(span.error(Problem::Wrong(message)));
    };
    let Some(temperature) = storage.temperature else { return Ok(None) };
    Ok(Some((name.to_owned(), sink_of(found, storage, temperature)?)))
}

fn stored(draft: &Draft) -> Option<&StorageSettings> {
    match &draft.settings {
        TechnologySettings::Storage(settings) | TechnologySettings::Battery(settings) => Some(settings),
        _ => None,
    }
}

fn sink_of(
    draft: &Draft,
    storage: &StorageSettings,
    temperature: StoreTemperatureSettings,
) -> Result<SinkTemperature, ConfigError> {
    let span = draft.span(&["temperature"]);
    let wrong = |message: String| span.error(Problem::Wrong(format!("{}: {message}", draft.place())));
    let StoreTemperatureSettings { empty_c, full_c, kelvin_per_kwh } = temperature;
    let slope = match (full_c, kelvin_per_kwh) {
        (Some(_), None) if storage.capacity_kwh.chosen_from().is_some() => {
            let message = "`full_c` needs a capacity that is given; of one that is chosen, give `kelvin_per_kwh`";
            return Err(wrong(message.to_owned()));
        }
        // Nothing fits into a store without capacity, so it stays as it is empty.
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

/// COP before the loop is known: the one given, or that at the loop's initial temperature and an empty store.
fn start_cop(
    builder: &Builder<'_, '_>,
    draft: &Draft,
    settings: &HeatPumpSettings,
    pump: &HeatPump,
) -> Result<f64, ConfigError> {
    if let Some(cop) = settings.start_cop {
        return Ok(cop);
    }
    let Some(water_loop) = &builder.written.water_loop else {
        let message = format!(
            "{}: draws on a loop, and the district has none; give `source_c`, `cop_series` or a `water_loop`",
            draft.place()
        );
        return Err(draft.node.span.error(Problem::Wrong(message)));
    };
    let initial =
        water_loop.node.at("initial_c").or_else(|| water_loop.node.at("start.temp_c")).and_then(Node::as_number);
    let water = LoopWater { inlet_c: initial.unwrap_or(15.0), spread_k: spread_k(&water_loop.node, draft) };
    let cop = pump.cop(water, 0.0);
    if cop.is_finite() && cop > 0.0 {
        return Ok(cop);
    }
    let message =
        format!("{}: the COP at the loop's initial temperature is {cop:.3}; expected a number > 0", draft.place());
    Err(draft.span(&["cop"]).error(Problem::Wrong(message)))
}

/// The spread of a heat pump's water as the loop's settings have it, K: on a network that of the first substation of its site.
fn spread_k(water_loop: &Node, draft: &Draft) -> f64 {
    let substations = water_loop.at("substations").and_then(Node::as_map).into_iter().flat_map(Map::entries);
    let of_site = substations
        .map(|entry| &entry.value)
        .find(|substation| substation.at("site").and_then(Node::as_text) == Some(draft.site.as_str()));
    of_site.unwrap_or(water_loop).at("spread_k").and_then(Node::as_number).unwrap_or(DEFAULT_SPREAD_K)
}

impl Builder<'_, '_> {
    /// The loop with the heat pumps on it.
    pub(super) fn coupled(&mut self, district: &District) -> Result<Option<Coupled>, ConfigError> {
        let Some(written) = &self.written.water_loop else {
            if let Some(node) = &self.written.coupling_node {
                let message = "`coupling` has no effect: the district has no water_loop";
                self.findings.push(Finding::warning(Some(&node.span), message));
            }
            return Ok(None);
        };
        let (series, inputs, findings) = (&mut *self.series, &mut *self.inputs, &mut *self.findings);
        let mut water_loop = NativeLoop { series, inputs, findings }.read(&written.node, district.axis())?;
        let settings = self.written.coupling.clone();
        settings.check().map_err(|error| self.coupling_error(error))?;
        let mut pumps = Vec::new();
        for draft in &self.written.drafts {
            let TechnologySettings::HeatPump(heat_pump) = &draft.settings else { continue };
            if heat_pump.source_c.is_some() {
                continue;
            }
            let (store, pump) = machine(self, draft, heat_pump)?;
            let start_cop = start_cop(self, draft, heat_pump, &pump)?;
            let (site, technology) = (draft.site.clone(), draft.name.clone());
            pumps.push(LoopPump { site, technology, store, start_cop, pump });
        }
        if pumps.is_empty() {
            let message = "no heat pump of the district is on the loop".to_owned();
            return Err(written.node.span.error(Problem::Wrong(message)));
        }
        let auxiliary = bind(&mut water_loop, &pumps, district, &written.node)?;
        if let Some(crossed) = crossed(&water_loop, &pumps) {
            let LoopPump { site, technology, .. } = &pumps[crossed.pump];
            let draft = self.written.drafts.iter().find(|draft| draft.site == *site && draft.name == *technology);
            let span = draft.map_or(&written.node.span, |draft| cop_span(draft, crossed.key));
            let message = format!("{technology} at {site}: {}", crossed.message);
            return Err(span.error(Problem::Wrong(message)));
        }
        Ok(Some(Coupled { water_loop, pumps, auxiliary, settings }))
    }

    /// Where the key of the coupling that is wrong stands.
    fn coupling_error(&self, error: SettingsError) -> ConfigError {
        let Some(node) = &self.written.coupling_node else { return error.into() };
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
