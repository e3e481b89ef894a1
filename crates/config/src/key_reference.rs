//! Reference pages of all keys, generated from the JSON Schemas: meaning, unit, type, default and range of every key.
//!
//! Every definition is described once: inside the table of the only key that uses it, under its dotted path, or else in
//! a section of its own, to which the keys link.

mod phrases;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::native::settings::TechnologySettings;
use super::{loop_file, native};

/// The text above a page's tables.
struct Page<'s> {
    title: &'s str,
    /// The command that writes the page.
    command: &'s str,
    /// The description of the file.
    opening: &'s str,
}

/// Returns the keys of a district file, as Markdown.
#[must_use]
pub fn district_page() -> String {
    let mut schema = native::json_schema();
    mark_required_keys(&mut schema);
    refer_sites_to_technologies(&mut schema);
    let page = Page {
        title: "Keys of a district file",
        command: "anergy schema --format markdown district > docs/src/keys.md",
        opening: "A district file has these keys at its top. Any key may also be written dotted: \
            `shortage.unmet_eur_per_kwh: 50`. A technology may leave keys that are required to the sites that use it.",
    };
    markdown(&schema, &page)
}

/// Returns the keys of a loop file, as Markdown.
#[must_use]
pub fn loop_page() -> String {
    let page = Page {
        title: "Keys of a loop file",
        command: "anergy schema --format markdown loop > docs/src/keys-loop.md",
        opening: "A loop file describes a water loop by itself. A district names it under `water_loop`, or \
            `--water-loop` does; of the file it then takes `water_loop` alone. Beside a Calliope model all keys \
                  count.",
    };
    markdown(&loop_file::json_schema(), &page)
}

/// Returns the keys of a sweep file, as Markdown; `schema` is its JSON Schema.
#[must_use]
pub fn sweep_page(schema: &Value) -> String {
    let page = Page {
        title: "Keys of a sweep file",
        command: "anergy schema --format markdown sweep > docs/src/keys-sweep.md",
        opening: "[Sweeps](sweeps.md) tells what they are for.",
    };
    markdown(schema, &page)
}

/// Marks the required keys of technologies. The schema for editors requires a technology's `kind` alone, as sites may
/// set the other keys; the reference lists the keys that must be set in one of the two places.
fn mark_required_keys(schema: &mut Value) {
    let whole = schemars::schema_for!(TechnologySettings).to_value();
    let variants = |schema: &Value| schema.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(technology) = schema.pointer_mut("/$defs/TechnologySettings") else { return };
    let mut joined = variants(technology);
    for (variant, whole) in joined.iter_mut().zip(variants(&whole)) {
        variant["required"] = whole["required"].clone();
        let is_battery = variant.pointer("/properties/kind/const").is_some_and(|kind| kind == "battery");
        if let Some(required) = variant["required"].as_array_mut().filter(|_| is_battery) {
            // The reader sets a battery's carrier itself.
            required.retain(|key| key != "carrier");
        }
    }
    technology["oneOf"] = json!(joined);
}

/// Replaces the keys that a site may override by a reference to the keys of technologies, so that they are listed once.
fn refer_sites_to_technologies(schema: &mut Value) {
    if let Some(site) = schema.pointer_mut("/$defs/SiteTechnology") {
        let description = site["description"].clone();
        *site = json!({ "description": description, "anyOf": [{ "$ref": "#/$defs/TechnologySettings" }] });
    }
}

/// A row of a table of keys.
struct KeyRow {
    key: String,
    meaning: String,
    unit: String,
    kind: String,
    default: String,
    range: String,
}

/// The state while a page is written.
struct PageWriter<'s> {
    definitions: &'s Map<String, Value>,
    /// The number of references to each definition.
    uses: BTreeMap<&'s str, usize>,
    /// Definitions that have, or will have, a section.
    announced: BTreeSet<&'s str>,
    waiting: VecDeque<&'s str>,
}

fn markdown(schema: &Value, page: &Page<'_>) -> String {
    let empty = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&empty);
    let mut uses = BTreeMap::new();
    count_uses(schema, &mut uses);
    let mut writer = PageWriter { definitions, uses, announced: BTreeSet::new(), waiting: VecDeque::new() };
    let mut text = format!(
        "<!-- Written by `{}` from the settings' documentation; a test compares. -->\n\n# {}\n\n{}\n\n{}\n",
        page.command, page.title, page.opening, COLUMNS
    );
    let mut rows = Vec::new();
    writer.rows("", schema, &mut rows);
    write_table(&mut text, &rows);
    while let Some(name) = writer.waiting.pop_front() {
        writer.section(name, &mut text);
    }
    text
}

/// The explanation of the columns of every table.
const COLUMNS: &str = "`NAME` stands for a name of your own. A dash as default: the key may be left out, and then \
    counts for nothing or as its meaning says. Values that are out of their range are refused.";

fn count_uses<'s>(part: &'s Value, uses: &mut BTreeMap<&'s str, usize>) {
    match part {
        Value::Object(map) => {
            if let Some(name) = reference(part) {
                *uses.entry(name).or_default() += 1;
            }
            map.values().for_each(|value| count_uses(value, uses));
        }
        Value::Array(list) => list.iter().for_each(|value| count_uses(value, uses)),
        _ => {}
    }
}

/// Returns the name of the definition that a part of a schema refers to.
fn reference(part: &Value) -> Option<&str> {
    part.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// Returns the alternatives of a part without `null`, which stands for an absent key; `None` where the part has no
/// alternatives.
fn alternatives(part: &Value) -> Option<Vec<&Value>> {
    let list = part.get("anyOf").or_else(|| part.get("oneOf"))?.as_array()?;
    Some(list.iter().filter(|each| each.get("type").and_then(Value::as_str) != Some("null")).collect())
}

/// Returns the only alternative to `null` of a part, or else the part itself.
fn without_null(part: &Value) -> &Value {
    match alternatives(part).as_deref() {
        Some([only]) => only,
        _ => part,
    }
}

fn properties(part: &Value) -> Option<&Map<String, Value>> {
    part.get("properties").and_then(Value::as_object)
}

fn text_of<'v>(part: &'v Value, key: &str) -> &'v str {
    part.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl<'s> PageWriter<'s> {
    /// Adds the rows of an object's keys under a path, and of nested objects that no other place uses.
    fn rows(&mut self, path: &str, object: &'s Value, rows: &mut Vec<KeyRow>) {
        let required: Vec<&str> =
            object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in properties(object).into_iter().flatten() {
            let key = format!("{path}{name}");
            let inner = without_null(property);
            let (kind, nested) = self.kind_of(inner);
            let default = match property.get("default") {
                _ if required.contains(&name.as_str()) => "required".to_owned(),
                Some(default) => phrases::default(default),
                None => "-".to_owned(),
            };
            let described = [property, inner].into_iter().map(|part| text_of(part, "description"));
            let meaning = described.filter(|text| !text.is_empty()).map(str::to_owned).next().unwrap_or_default();
            let unit = phrases::unit(name, &meaning).unwrap_or_default().to_owned();
            let range = phrases::range(inner);
            rows.push(KeyRow { meaning, unit, kind, default, range, key: key.clone() });
            if let Some((step, object)) = nested {
                self.rows(&format!("{key}.{step}"), object, rows);
            }
        }
    }

    /// Returns the type of a value in words, and the object whose keys follow in the same table with the path segment
    /// that leads to it.
    fn kind_of(&mut self, part: &'s Value) -> (String, Option<(&'static str, &'s Value)>) {
        if let Some(name) = reference(part) {
            let definition = &self.definitions[name];
            if properties(definition).is_some() && self.uses.get(name) == Some(&1) {
                return ("these keys:".to_owned(), Some(("", definition)));
            }
            return (self.link(name), None);
        }
        if properties(part).is_some() {
            return ("these keys:".to_owned(), Some(("", part)));
        }
        if let Some(list) = alternatives(part) {
            let kinds: Vec<String> = list.into_iter().map(|each| self.plain_kind(each)).collect();
            return (kinds.join(" or "), None);
        }
        match part.get("additionalProperties") {
            Some(values @ Value::Object(_)) => match self.kind_of(values) {
                (_, Some((step, object))) => {
                    ("by name, each:".to_owned(), Some(("NAME.", object)).filter(|_| step.is_empty()))
                }
                (kind, None) => (format!("by name, each {kind}"), None),
            },
            Some(Value::Bool(true)) => ("any keys".to_owned(), None),
            _ => (self.plain_kind(part), None),
        }
    }

    /// Returns the type of a value without keys of its own in the same table.
    fn plain_kind(&mut self, part: &'s Value) -> String {
        if let Some(name) = reference(part) {
            return self.link(name);
        }
        if let Some(word) = part.get("const") {
            return format!("`{}`", phrases::literal(word));
        }
        if let Some(words) = part.get("enum").and_then(Value::as_array) {
            return words.iter().map(|word| format!("`{}`", phrases::literal(word))).collect::<Vec<_>>().join(", ");
        }
        if let Some(values) = part.get("additionalProperties").filter(|values| values.is_object()) {
            return format!("mapping of names to {}", self.plain_kind(values));
        }
        if text_of(part, "type") == "array" || part.get("items").is_some() {
            let each = part.get("items").map_or_else(String::new, |items| self.plain_kind(items));
            return phrases::list(part, &each);
        }
        phrases::scalar(part)
    }

    /// Returns a link to the section of a definition, or its type where a single word describes it.
    fn link(&mut self, name: &'s str) -> String {
        let definition = &self.definitions[name];
        match alternatives(definition) {
            Some(list) if list.iter().all(|each| each.get("const").is_some()) => {
                let words = list.iter().map(|each| self.plain_kind(each)).collect::<Vec<_>>().join(", ");
                if list.len() == 1 {
                    return words;
                }
                self.announce(name);
                format!("{words} ([meaning](#{}))", phrases::anchor(name))
            }
            Some(list) if list.iter().all(|each| properties(each).is_none() && reference(each).is_none()) => {
                list.into_iter().map(|each| self.plain_kind(each)).collect::<Vec<_>>().join(" or ")
            }
            None if properties(definition).is_none() => self.plain_kind(definition),
            _ => {
                self.announce(name);
                format!("[{}](#{})", phrases::label(name), phrases::anchor(name))
            }
        }
    }

    fn announce(&mut self, name: &'s str) {
        if self.announced.insert(name) {
            self.waiting.push_back(name);
        }
    }

    /// Writes a definition in a section of its own.
    fn section(&mut self, name: &'s str, text: &mut String) {
        let definition = &self.definitions[name];
        let _ =
            write!(text, "\n## {}\n\n{}\n", phrases::title(name), phrases::line(text_of(definition, "description")));
        if properties(definition).is_some() {
            let mut rows = Vec::new();
            self.rows("", definition, &mut rows);
            return write_table(text, &rows);
        }
        let list = alternatives(definition).unwrap_or_default();
        let (with_keys, plain): (Vec<&Value>, Vec<&Value>) =
            list.into_iter().partition(|each| properties(each).is_some());
        if !plain.is_empty() {
            text.push('\n');
        }
        for each in plain {
            let kind = self.plain_kind(each);
            let meaning = phrases::line(text_of(each, "description"));
            let range = phrases::range(each);
            let range = if range.is_empty() { range } else { format!(" {range}") };
            let _ = writeln!(text, "- {kind}{range}{}{meaning}", if meaning.is_empty() { "" } else { ": " });
        }
        for each in with_keys {
            self.variant(each, text);
        }
    }

    /// Writes an alternative with keys of its own: named by the word that selects it, or by its only key.
    fn variant(&mut self, variant: &'s Value, text: &mut String) {
        let keys = properties(variant);
        let tag = keys.into_iter().flatten().find_map(|(key, value)| Some((key, value.get("const")?)));
        let name = match (tag, keys.and_then(|keys| keys.keys().next())) {
            (Some((key, word)), _) => format!("{key}: {}", phrases::literal(word)),
            (None, Some(first)) => first.clone(),
            (None, None) => return,
        };
        let _ = write!(text, "\n### `{name}`\n\n{}\n", phrases::line(text_of(variant, "description")));
        let mut rows = Vec::new();
        self.rows("", variant, &mut rows);
        write_table(text, &rows);
    }
}

fn write_table(text: &mut String, rows: &[KeyRow]) {
    text.push_str("\n| key | meaning | unit | type | default | range |\n|---|---|---|---|---|---|\n");
    for KeyRow { key, meaning, unit, kind, default, range } in rows {
        let cells =
            [format!("`{key}`"), phrases::line(meaning), unit.clone(), kind.clone(), default.clone(), range.clone()];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

#[cfg(test)]
mod tests;
