//! The water loop of a district file.

use super::build::Builder;
use super::reader::WrittenLoop;
use crate::config::timeseries::Asked;
use crate::config::yaml::{Map, Node, Span, Value, from_node};
use crate::config::{ConfigError, Finding, Problem};
use crate::series::ProfileSetting;
use crate::water_loop::{LoopLimit, LoopProfiles, WaterLoopError, WellMixedLoop, WellMixedSettings};

/// What reads the loop's series, in messages.
const READER: &str = "water_loop";

/// Reads the loop's settings and the series that they name.
pub(super) fn read(builder: &mut Builder<'_, '_>, written: &WrittenLoop) -> Result<WellMixedLoop, ConfigError> {
    let mut map = written.node.as_map().cloned().unwrap_or_default();
    let limit = map.remove("at_limit").map_or_else(|| Ok(LoopLimit::default()), |entry| from_node(&entry.value))?;
    let node = Node { value: Value::Map(map.clone()), ..written.node.clone() };
    let settings: WellMixedSettings = from_node(&node).map_err(|error| with_limit(error, &map))?;
    look_at(&settings, &node, builder);
    let profiles = LoopProfiles::resolve(&settings, |key, setting| {
        let span = span_of(&node, key);
        let asked = Asked { reader: READER, key, site: READER, span };
        builder.series.profile(setting, asked, builder.inputs, builder.findings)
    })?;
    WellMixedLoop::new(&settings, profiles, limit).map_err(|error| {
        let WaterLoopError::Range { key, .. } = &error;
        let used = builder.series.used().iter().find(|used| used.reader == READER && used.key.ends_with(key));
        let file = used.map_or_else(String::new, |used| {
            format!(" ({}, column `{}`)", used.column.path().display(), used.column.name())
        });
        span_of(&node, key).error(Problem::Wrong(format!("{error}{file}")))
    })
}

/// Settings that can hardly be meant.
fn look_at(settings: &WellMixedSettings, node: &Node, builder: &mut Builder<'_, '_>) {
    /// Water loops run between these, degrees Celsius.
    const USUAL_C: [f64; 2] = [-20.0, 90.0];
    let mut warn = |key: &str, message: String| {
        builder.findings.push(Finding::warning(Some(span_of(node, key)), message));
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
        builder.findings.push(Finding::note(message));
    }
}

/// `at_limit` is a key of the loop, too, though it is read apart.
fn with_limit(error: ConfigError, map: &Map) -> ConfigError {
    let ConfigError::At { span, problem } = &error else { return error };
    match &**problem {
        Problem::UnknownKey { key, known, .. } if map.get(key).is_some() => {
            let known = known.iter().map(String::as_str).chain(std::iter::once("at_limit"));
            span.error(Problem::unknown_key(key, known))
        }
        _ => error,
    }
}

/// The position of a dotted key of the loop, or of the nearest level above it that is there.
fn span_of<'n>(node: &'n Node, key: &str) -> &'n Span {
    let path = key.strip_prefix("water_loop.").unwrap_or(key);
    let mut found = node;
    for part in path.split('.') {
        match found.as_map().and_then(|map| map.get(part)) {
            Some(next) => found = next,
            None => break,
        }
    }
    &found.span
}
