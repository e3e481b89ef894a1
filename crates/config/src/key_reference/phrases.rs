//! The words in the tables of keys: units, ranges, defaults, titles.

use serde_json::Value;

/// Units by the suffix of a key's name; the longest suffix that matches counts.
const UNITS: [(&str, &str); 44] = [
    ("c", "C"),
    ("k", "K"),
    ("kw", "kW"),
    ("kwh", "kWh"),
    ("m", "m"),
    ("kg", "kg"),
    ("kg_s", "kg/s"),
    ("kpa", "kPa"),
    ("days", "days"),
    ("day", "days"),
    ("minutes", "min"),
    ("lifetime_years", "years"),
    ("per_hour", "1/h"),
    ("m_s", "m/s"),
    ("pa_m", "Pa/m"),
    ("pa_s", "Pa s"),
    ("kg_m3", "kg/m3"),
    ("w_m_k", "W/(m K)"),
    ("m_k_w", "m K/W"),
    ("j_kg_k", "J/(kg K)"),
    ("j_m3_k", "J/(m3 K)"),
    ("m2_day", "m2/day"),
    ("kw_per_k", "kW/K"),
    ("kwh_per_k", "kWh/K"),
    ("kj_per_kg_k", "kJ/(kg K)"),
    ("kwh_per_m3", "kWh/m3"),
    ("kelvin_per_kwh", "K/kWh"),
    ("eur_per_kwh", "EUR/kWh"),
    ("eur_per_kw", "EUR/kW"),
    ("eur_per_t", "EUR/t"),
    ("eur_per_kw_year", "EUR/(kW a)"),
    ("per_kw_eur", "EUR/kW"),
    ("per_kwh_eur", "EUR/kWh"),
    ("kg_per_kwh", "kg/kWh"),
    ("limit_kg", "kg"),
    ("mass_kg", "kg"),
    ("resource_per_kw", "kW/kW"),
    ("electricity_per_heat", "kWh/kWh"),
    ("efficiency", "1"),
    ("share", "1"),
    ("interest_rate", "1/a"),
    ("carrier_ratios", "kWh/kWh"),
    ("quality_grade", "1"),
    ("relaxation", "1"),
];

/// Returns the unit of a key, from its name or else from the end of its description.
pub(super) fn unit<'u>(name: &str, meaning: &str) -> Option<&'u str> {
    let ends =
        |unit: &&(&str, &str)| name == unit.0 || name.strip_suffix(unit.0).is_some_and(|rest| rest.ends_with('_'));
    if let Some((_, unit)) = UNITS.iter().filter(ends).max_by_key(|(end, _)| end.len()) {
        return Some(unit);
    }
    let said = |unit: &&str| meaning.trim_end_matches('.').ends_with(&format!(", {unit}"));
    UNITS.iter().map(|(_, unit)| *unit).find(said)
}

/// Returns a description on one line.
pub(super) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a value as written in a file.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        Value::Array(list) => format!("[{}]", list.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Returns a default in words; empty for a default that is not worth showing.
pub(super) fn default(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => "-".to_owned(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        other => format!("`{}`", literal(other)),
    }
}

/// Returns the range of a number in words.
pub(super) fn range(part: &Value) -> String {
    let bound = |key: &str| part.get(key).map(literal);
    let low =
        bound("minimum").map(|low| format!("&ge; {low}")).or_else(|| Some(format!("> {}", bound("exclusiveMinimum")?)));
    let high = bound("maximum")
        .map(|high| format!("&le; {high}"))
        .or_else(|| Some(format!("< {}", bound("exclusiveMaximum")?)));
    low.into_iter().chain(high).collect::<Vec<_>>().join(", ")
}

/// Returns a list type in words, with its length if that is fixed and the type of its entries.
pub(super) fn list(part: &Value, each: &str) -> String {
    let length = |key: &str| part.get(key).and_then(Value::as_u64);
    match (length("minItems"), length("maxItems")) {
        (Some(least), Some(most)) if least == most => format!("list of {least}, each {each}"),
        _ => format!("list, each {each}"),
    }
}

/// Returns a type in words, without `null`, which stands for an absent key.
pub(super) fn scalar(part: &Value) -> String {
    let names: Vec<&str> = match part.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(name)) => vec![name],
        _ => Vec::new(),
    };
    let word = |name: &str| match name {
        "number" => "number".to_owned(),
        "integer" => "whole number".to_owned(),
        "string" => match part.get("pattern").and_then(Value::as_str) {
            Some(pattern) if pattern.starts_with("^file=") => "`file=NAME.csv:COLUMN`".to_owned(),
            _ => "text".to_owned(),
        },
        "boolean" => "`true`, `false`".to_owned(),
        other => other.to_owned(),
    };
    let words: Vec<String> = names.into_iter().filter(|name| *name != "null").map(word).collect();
    if words.is_empty() { "anything".to_owned() } else { words.join(" or ") }
}

/// Returns the title of a definition's section: its name in words.
pub(super) fn title(name: &str) -> String {
    let short = name.strip_suffix("Settings").filter(|short| !["Fluid", "Ground", "StoreTemperature"].contains(short));
    let mut title = String::new();
    for letter in short.unwrap_or(name).chars() {
        if letter.is_uppercase() && !title.is_empty() {
            title.push(' ');
            title.extend(letter.to_lowercase());
        } else {
            title.push(letter);
        }
    }
    title
        .split(' ')
        .map(|word| if word.eq_ignore_ascii_case("cop") { "COP" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the name of a definition in words, as used within a sentence.
pub(super) fn label(name: &str) -> String {
    title(name).to_lowercase().replace("cop", "COP")
}

/// Returns the anchor that mdBook gives to the title of a section.
pub(super) fn anchor(name: &str) -> String {
    title(name).to_lowercase().replace(' ', "-")
}
