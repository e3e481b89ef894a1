use super::*;

/// Collects every object of a schema that has keys, at any depth.
fn objects<'v>(part: &'v Value, found: &mut Vec<&'v Map<String, Value>>) {
    match part {
        Value::Object(map) => {
            // A definition named `properties` would be taken for keys; there is none, and no key has that name.
            found.extend(properties(part));
            map.values().for_each(|value| objects(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| objects(value, found)),
        _ => {}
    }
}

fn rows_of(page: &str) -> Vec<&str> {
    let keys = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    keys.map(|(key, _)| key).collect()
}

/// Asserts that the keys of all objects are the rows of the page, each as often as it is a key.
fn assert_complete(schema: &Value, page: &str) {
    let mut found = Vec::new();
    objects(schema, &mut found);
    let mut expected: Vec<&str> = found.into_iter().flat_map(|keys| keys.keys().map(String::as_str)).collect();
    let mut told: Vec<&str> = rows_of(page).into_iter().map(|key| key.rsplit('.').next().unwrap()).collect();
    expected.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn every_key_of_every_object_is_described_once() {
    let mut district = native::json_schema();
    refer_sites_to_technologies(&mut district);
    assert_complete(&district, &district_page());
    assert_complete(&loop_file::json_schema(), &loop_page());
}

#[test]
fn every_link_has_its_section() {
    for page in [district_page(), loop_page(), sweep_page(&sample())] {
        let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
        let anchors: Vec<String> = headings.map(|title| title.to_lowercase().replace(' ', "-")).collect();
        let links: Vec<&str> = page.split("](#").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
        assert!(!links.is_empty());
        for link in links {
            assert!(anchors.iter().filter(|anchor| *anchor == link).count() == 1, "#{link} in {anchors:?}");
        }
    }
}

/// Returns a schema with an example of every construct.
fn sample() -> Value {
    json!({
        "$defs": {
            "PartSettings": {"description": "A part.", "properties": {"length_m": {"type": "number", "exclusiveMinimum": 0.0}}},
            "Shared": {"description": "Shared.", "properties": {"name": {"type": "string"}}},
            "Choice": {"description": "A choice.", "oneOf": [
                {"const": "left", "description": "To the left."}, {"const": "right", "description": "To the right."}]},
            "Machine": {"description": "A machine.", "oneOf": [
                {"description": "It pumps.", "properties": {"kind": {"const": "pump"}, "power_kw": {"type": "number"}}, "required": ["kind"]}]}
        },
        "properties": {
            "part": {"description": "The only part.", "anyOf": [{"$ref": "#/$defs/PartSettings"}, {"type": "null"}]},
            "parts": {"description": "Others.", "additionalProperties": {"properties": {"mass_kg": {"type": "number", "minimum": 1, "maximum": 2}}}},
            "one": {"$ref": "#/$defs/Shared"},
            "two": {"$ref": "#/$defs/Shared"},
            "way": {"$ref": "#/$defs/Choice", "default": "left", "description": "Which | way."},
            "machine": {"$ref": "#/$defs/Machine"},
            "limits_c": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2, "default": [5.0, 80.5]},
            "seed": {"type": ["integer", "null"], "description": "Seed."}
        },
        "required": ["one"]
    })
}

#[test]
fn a_table_says_path_meaning_unit_type_default_and_range() {
    let schema = sample();
    let page = markdown(&schema, &Page { title: "Sample", command: "make", opening: "Keys." });
    for row in [
        "| `part` | The only part. |  | these keys: | - |  |",
        "| `part.length_m` |  | m | number | - | > 0 |",
        "| `parts` | Others. |  | by name, each: | - |  |",
        "| `parts.NAME.mass_kg` |  | kg | number | - | &ge; 1, &le; 2 |",
        "| `one` |  |  | [shared](#shared) | required |  |",
        "| `two` |  |  | [shared](#shared) | - |  |",
        "| `way` | Which \\| way. |  | `left`, `right` ([meaning](#choice)) | `left` |  |",
        "| `limits_c` |  | C | list of 2, each number | `[5, 80.5]` |  |",
        "| `seed` | Seed. |  | whole number | - |  |",
        "| `kind` |  |  | `pump` | required |  |",
        "### `kind: pump`",
        "- `left`: To the left.",
    ] {
        assert!(page.lines().any(|line| line == row), "{row}\nin\n{page}");
    }
    assert_complete(&schema, &page);
    assert_eq!(page.matches("## Shared\n").count(), 1, "a definition with two uses has one section");
    assert!(!page.contains("## Part"), "a definition with one use has no section");
}

#[test]
fn names_and_meanings_say_units() {
    for (name, meaning, unit) in [
        ("capacity_kw", "", Some("kW")),
        ("price_eur_per_kwh", "", Some("EUR/kWh")),
        ("conductance_kw_per_k", "", Some("kW/K")),
        ("heat_capacity_j_m3_k", "", Some("J/(m3 K)")),
        ("min_c", "", Some("C")),
        ("spread", "How far, K.", Some("K")),
        ("at", "Time stamp.", None),
        ("max_iterations", "Iterations at most.", None),
    ] {
        assert_eq!(phrases::unit(name, meaning), unit, "{name}");
    }
}

/// Keys that the program requires of a technology are in the table, although the schema for editors does not require
/// them.
#[test]
fn required_keys_of_technologies_are_listed() {
    let page = district_page();
    let import = page.split("### `kind: import`").nth(1).unwrap().split("\n### ").next().unwrap();
    for (key, default) in [("carrier", "required"), ("price_eur_per_kwh", "required"), ("co2_kg_per_kwh", "`0`")] {
        let row = import.lines().find(|line| line.starts_with(&format!("| `{key}` |"))).unwrap();
        assert!(row.contains(&format!("| {default} |")), "{row}");
    }
    let battery = page.split("### `kind: battery`").nth(1).unwrap().split("\n### ").next().unwrap();
    let row = battery.lines().find(|line| line.starts_with("| `carrier` |")).unwrap();
    assert!(row.contains("| - |"), "the reader gives a battery its carrier: {row}");
}
