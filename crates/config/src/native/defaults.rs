//! Findings for the defaults of a district file, so that a lost key is noticed.

use serde_json::Value as Json;

use super::reader::ParsedDistrict;
use super::schema::json_schema;
use crate::document::Document;
use crate::yaml::Node;
use crate::{Finding, Level};

/// Keys of a technology that are alternatives to another key, or that most technologies do not need.
const ALTERNATIVES: [&str; 6] =
    ["charge_kw", "discharge_kw", "charge_efficiency", "discharge_efficiency", "start_cop", "cop_series"];

/// Adds one finding per key that was left out, with the places, and one per technology whose keys a site overrides.
pub(super) fn left_out(document: &Document, parsed: &ParsedDistrict, findings: &mut Vec<Finding>) {
    let schema = json_schema();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |key: String, place: &str| match found.iter_mut().find(|(known, _)| *known == key) {
        Some((_, places)) => places.push(place.to_owned()),
        None => found.push((key, vec![place.to_owned()])),
    };
    let map = document.map();
    for key in optional(&schema, &schema).filter(|key| !["import", "overrides", "scenarios"].contains(key)) {
        if map.get(key).is_none() {
            add(key.to_owned(), "district");
        }
    }
    let water_loop = parsed.water_loop.as_ref().map(|water_loop| &water_loop.node);
    let is_network = water_loop.and_then(|node| node.at("kind")).and_then(Node::as_text) == Some("network");
    let parts = [
        ("shortage", map.get("shortage"), "ShortageSettings"),
        ("coupling", map.get("coupling"), "CouplingSettings"),
        ("water_loop", water_loop, if is_network { "NetworkLoopSettings" } else { "LoopSettings" }),
    ];
    for (place, node, settings) in parts {
        let Some(keys) = node.and_then(Node::as_map) else { continue };
        for key in definition(&schema, settings).into_iter().flat_map(|settings| optional(&schema, settings)) {
            if keys.get(key).is_none() {
                add(format!("{place}.{key}"), place);
            }
        }
    }
    for tech in &parsed.site_technologies {
        let Some(keys) = tech.node.as_map() else { continue };
        let kind = keys.get("kind").and_then(Node::as_text).unwrap_or_default();
        let settings = variant(&schema, kind);
        for key in settings.into_iter().flat_map(|settings| optional(&schema, settings)) {
            if keys.get(key).is_none() && !ALTERNATIVES.contains(&key) {
                add(key.to_owned(), &tech.place());
            }
        }
    }
    for tech in &parsed.site_technologies {
        let own = map.get("sites").and_then(|sites| sites.at(&tech.site)?.at("techs")?.at(&tech.name)?.as_map());
        let keys: Vec<&str> = own.into_iter().flat_map(|own| own.entries()).map(|entry| entry.key.as_str()).collect();
        if !keys.is_empty() {
            let message = format!("{} sets anew: {}", tech.place(), keys.join(", "));
            findings.push(Finding { level: Level::Default, ..Finding::note(message) });
        }
    }
    for (key, places) in found {
        let name = key.rsplit('.').next().unwrap_or_default();
        let of_one = places.len() == 1 && (key.contains('.') || places[0] == "district");
        let message = if of_one {
            format!("`{key}` is left to its default")
        } else {
            format!("`{name}` is left to its default: {}", places.join(", "))
        };
        findings.push(Finding { level: Level::Default, ..Finding::note(message) });
    }
}

/// Returns the settings of a kind of technology.
fn variant<'s>(schema: &'s Json, kind: &str) -> Option<&'s Json> {
    let variants = schema.pointer("/$defs/TechnologySettings/oneOf")?.as_array()?;
    let of_kind = |variant: &&Json| variant.pointer("/properties/kind/const").and_then(Json::as_str) == Some(kind);
    resolve(schema, variants.iter().find(of_kind)?)
}

fn definition<'s>(schema: &'s Json, name: &str) -> Option<&'s Json> {
    schema.get("$defs")?.get(name)
}

fn resolve<'s>(schema: &'s Json, part: &'s Json) -> Option<&'s Json> {
    match part.get("$ref").and_then(Json::as_str).and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer),
        None => Some(part),
    }
}

/// Returns the optional properties of settings.
fn optional<'s>(schema: &'s Json, settings: &'s Json) -> impl Iterator<Item = &'s str> {
    let required: Vec<&str> =
        settings.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let settings = resolve(schema, settings).unwrap_or(settings);
    let own = settings.get("properties").and_then(Json::as_object).into_iter().flat_map(|properties| properties.keys());
    own.map(String::as_str).filter(move |key| *key != "kind" && !required.contains(key))
}
