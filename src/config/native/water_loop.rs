//! The water loop of a district file.

use super::build::Builder;
use super::reader::WrittenLoop;
use crate::config::timeseries::Asked;
use crate::config::yaml::{Map, Node, Span, Value, from_node};
use crate::config::{ConfigError, Problem};
use crate::water_loop::{LoopLimit, LoopProfiles, WaterLoopError, WellMixedLoop, WellMixedSettings};

/// What reads the loop's series, in messages.
const READER: &str = "water_loop";

/// Reads the loop's settings and the series that they name.
pub(super) fn read(builder: &mut Builder<'_, '_>, written: &WrittenLoop) -> Result<WellMixedLoop, ConfigError> {
    let mut map = written.node.as_map().cloned().unwrap_or_default();
    let limit = map.remove("at_limit").map_or_else(|| Ok(LoopLimit::default()), |entry| from_node(&entry.value))?;
    let node = Node { value: Value::Map(map.clone()), ..written.node.clone() };
    let settings: WellMixedSettings = from_node(&node).map_err(|error| with_limit(error, &map))?;
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
