//! The JSON Schema of district files.

use serde_json::{Map, Value, json};

use super::settings::DistrictFile;

/// Returns the JSON Schema (2020-12) of a district file, as editors use it for completion and checks.
///
/// It is less strict than the reader: a site may override single keys of a technology, and any key may be dotted.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(DistrictFile).to_value();
    let partial = partial_technology(&schema);
    if let Some(technology) = schema.pointer_mut("/$defs/TechnologySettings") {
        relax_variants(technology);
    }
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        definitions.insert("SiteTechnology".to_owned(), partial);
    }
    if let Some(techs) = schema.pointer_mut("/$defs/SiteSettings/properties/techs") {
        techs["additionalProperties"] = json!({ "$ref": "#/$defs/SiteTechnology" });
    }
    close_loops(&mut schema);
    allow_dotted_keys(&mut schema);
    if let Some(top) = schema.as_object_mut() {
        top.insert("title".to_owned(), json!("A district for anergy"));
    }
    schema
}

/// Restores `additionalProperties: false` on settings that are merged from two structs.
pub(crate) fn close_loops(schema: &mut Value) {
    for name in ["LoopSettings", "NetworkLoopSettings"] {
        if let Some(settings) = schema.pointer_mut(&format!("/$defs/{name}")) {
            settings["additionalProperties"] = json!(false);
        }
    }
}

/// Removes the required keys of a technology under `techs` except its kind: sites may set the others.
fn relax_variants(technology: &mut Value) {
    for variant in technology.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        variant["required"] = json!(["kind"]);
    }
}

/// Returns the keys of all kinds together, none of them required.
fn partial_technology(schema: &Value) -> Value {
    let mut properties = Map::new();
    let variants = schema.pointer("/$defs/TechnologySettings/oneOf").and_then(Value::as_array);
    for variant in variants.into_iter().flatten() {
        let own = match variant.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => schema.pointer(pointer).and_then(|settings| settings.get("properties")),
            None => None,
        };
        for (key, value) in
            [variant.get("properties"), own].into_iter().flatten().filter_map(Value::as_object).flatten()
        {
            if key != "kind" {
                properties.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    properties.insert("kind".to_owned(), json!({ "enum": super::settings::KINDS }));
    json!({
        "description": "A technology of `techs` with the keys that this site sets anew, or one of its own with its \
         `kind`.",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false
    })
}

/// Allows dotted keys: `a.b: 1` stands for `a: {b: 1}` everywhere.
pub(crate) fn allow_dotted_keys(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("additionalProperties") == Some(&Value::Bool(false)) {
                map.insert("patternProperties".to_owned(), json!({ "^[^.]+[.].+": true }));
            }
            map.values_mut().for_each(allow_dotted_keys);
        }
        Value::Array(list) => list.iter_mut().for_each(allow_dotted_keys),
        _ => {}
    }
}
