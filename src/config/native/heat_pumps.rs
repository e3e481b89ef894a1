//! Heat pumps: their machines, the temperatures they see, and the loop that some of them share.

use super::build::Builder;
use super::reader::Draft;
use super::settings::TechnologySettings;
use crate::config::loop_file::{Coupled, LoopPump};
use crate::config::yaml::{Node, Span};
use crate::config::{ConfigError, Finding, Problem};
use crate::coupling::SettingsError;
use crate::district::Conversion;
use crate::district::settings::{StorageSettings, StoreTemperatureSettings};
use crate::heat_pump::{HeatPump, HeatPumpSettings, SinkTemperature};
use crate::series::Profile;

/// A heat pump as a conversion: with the COPs it has before any loop is known.
pub(super) fn conversion(
    builder: &mut Builder<'_, '_>,
    draft: &Draft,
    settings: &HeatPumpSettings,
) -> Result<Conversion, ConfigError> {
    check_numbers(draft, settings)?;
    let (_, pump) = machine(builder, draft, settings)?;
    let efficiency = match (&settings.cop_series, &settings.source_c) {
        (Some(series), _) => builder.profile(draft, "cop_series", series)?,
        (None, Some(source)) => {
            let source_c = builder.profile(draft, "source_c", source)?;
            source_c.map(|source_c| pump.cop(source_c, 0.0))
        }
        (None, None) => Profile::Constant(start_cop(builder, draft, settings, &pump)?),
    };
    Ok(Conversion {
        carrier_in: settings.carrier_in.clone(),
        carrier_out: settings.carrier_out.clone(),
        capacity_kw: settings.capacity_kw,
        efficiency,
        output_eur_per_kwh: builder.profile(draft, "output_eur_per_kwh", &settings.output_eur_per_kwh)?,
        input_eur_per_kwh: builder.profile(draft, "input_eur_per_kwh", &settings.input_eur_per_kwh)?,
        byproducts: Vec::new(),
    })
}

fn check_numbers(draft: &Draft, settings: &HeatPumpSettings) -> Result<(), ConfigError> {
    settings.cop.check().map_err(|error| {
        let cop = draft.node.as_map().and_then(|map| map.get("cop"));
        let key = cop.and_then(Node::as_map).and_then(|map| map.get(error.key));
        let span = key.or(cop).map_or(&draft.node.span, |node| &node.span);
        span.error(Problem::Wrong(format!("{}: {error}", draft.place())))
    })?;
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
            let key = match &settings.store {
                Some(store) => format!("sink_c (the store `{store}` has no `temperature`, or does not stand there)"),
                None => "store (or sink_c)".to_owned(),
            };
            return Err(draft.node.span.error(Problem::MissingKey { key }));
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
        push_once(builder.findings, Finding::warning(Some(span), message));
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
        (Some(full_c), None) => (full_c - empty_c) / storage.capacity_kwh,
        (None, Some(slope)) => slope,
        _ => return Err(wrong("`temperature` takes either `full_c` or `kelvin_per_kwh`".to_owned())),
    };
    let full_c = empty_c + slope * storage.capacity_kwh;
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
        let key = "source_c (or cop_series, or start_cop): the district has no water_loop that it could draw from";
        return Err(draft.node.span.error(Problem::MissingKey { key: key.to_owned() }));
    };
    let initial = water_loop.node.as_map().and_then(|map| map.get("initial_c")).and_then(Node::as_number);
    let cop = pump.cop(initial.unwrap_or(15.0), 0.0);
    if cop.is_finite() && cop > 0.0 {
        return Ok(cop);
    }
    let message =
        format!("{}: the COP at the loop's initial temperature is {cop:.3}; expected a number > 0", draft.place());
    Err(draft.span(&["cop"]).error(Problem::Wrong(message)))
}

impl Builder<'_, '_> {
    /// The loop with the heat pumps on it.
    pub(super) fn coupled(&mut self) -> Result<Option<Coupled>, ConfigError> {
        let Some(written) = &self.written.water_loop else { return Ok(None) };
        let water_loop = super::water_loop::read(self, written)?;
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
        Ok(Some(Coupled { water_loop, pumps, settings }))
    }

    /// Where the key of the coupling that is wrong stands.
    fn coupling_error(&self, error: SettingsError) -> ConfigError {
        let Some(node) = &self.written.coupling_node else { return error.into() };
        let key = match &error {
            SettingsError::Range { key, .. } => *key,
            _ => "stop",
        };
        let span: &Span = node.as_map().and_then(|map| map.get(key)).map_or(&node.span, |node| &node.span);
        span.error(Problem::Wrong(error.to_string()))
    }
}

fn push_once(findings: &mut Vec<Finding>, finding: Finding) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}
