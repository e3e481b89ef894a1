//! Merging of mappings: imports, overrides, dotted keys.

use std::sync::Arc;

use super::{Entry, Map, Node, Value};
use crate::{ConfigError, Problem};

/// The rule for a key that has a value in both mappings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The key is an error.
    Duplicate,
    /// The new value replaces the old one.
    Replace,
}

/// Keys that define the kind of a mapping.
const KIND_KEYS: [&str; 2] = ["kind", "model"];
/// Keys of a column of a file.
const COLUMN: [&str; 4] = ["file", "column", "scale", "fill"];
/// Keys that exclude each other.
const CHOICE: [&str; 2] = ["initial_kwh", "cyclic_through_kwh"];

impl Map {
    /// Merges `other` into this mapping, key by key. With [`Conflict::Replace`] a mapping with another `kind` or
    /// `model` replaces the old one completely; an empty value (`key:`) is replaced by any value.
    ///
    /// # Errors
    /// With [`Conflict::Duplicate`], when both have a value for a key.
    pub fn union(&mut self, other: Map, conflict: Conflict) -> Result<(), ConfigError> {
        for new in other.entries {
            let Some(position) = self.position(&new.key) else {
                self.push(new);
                continue;
            };
            let old = &mut self.entries[position];
            let Entry { key, key_span, value: Node { value, span, origin } } = new;
            match (&mut old.value.value, value) {
                (Value::Map(map), value) if value.is_empty() => {
                    // An import may repeat a key without a value; in an override that is a change without effect, an
                    // error.
                    if conflict == Conflict::Replace && !map.entries.is_empty() {
                        let message = format!("`{key}` is set to nothing, which changes nothing of what stands there");
                        return Err(key_span.error(Problem::Wrong(message)));
                    }
                }
                (Value::Map(map), Value::Map(other)) if conflict == Conflict::Replace && map.is_other_than(&other) => {
                    // Its name is still from this file; only its content is from another place.
                    (old.value.value, old.value.span) = (Value::Map(other), span);
                }
                (Value::Map(map), Value::Map(other)) => map.union(other, conflict)?,
                // The file has the key, though without a value, so the key keeps its position and its origin.
                (Value::Null, value @ Value::Map(_)) => old.value.value = value,
                (_, value) if conflict == Conflict::Replace => {
                    old.value = Node { value, span, origin };
                    old.key_span = key_span;
                }
                _ => return Err(key_span.error(Problem::DuplicateKey { key, first: old.key_span.clone() })),
            }
        }
        Ok(())
    }

    /// Returns whether `other` describes another kind of object, none of whose keys belong to this one.
    fn is_other_than(&self, other: &Map) -> bool {
        let text = |map: &'_ Map, key| map.get(key).and_then(Node::as_text).map(str::to_owned);
        let names = |map: &'_ Map, keys: &[&str]| map.entries.iter().all(|entry| keys.contains(&entry.key.as_str()));
        let another = |key| matches!((text(self, key), text(other, key)), (Some(a), Some(b)) if a != b);
        // A column of a file is a unit, since its scale does not belong to another file; so is a choice among
        // alternatives.
        let column = names(self, &COLUMN) && names(other, &COLUMN);
        let choice = |keys: &[&str]| !self.entries.is_empty() && names(self, keys) && names(other, keys);
        let other_choice =
            choice(&CHOICE) && self.entries[0].key != other.entries.first().map_or("", |entry| &entry.key);
        KIND_KEYS.iter().any(|key| another(key)) || (column && another("file")) || other_choice
    }

    /// Marks all entries as set by the override `name`.
    pub fn mark(&mut self, name: &Arc<str>) {
        for entry in &mut self.entries {
            entry.value.mark(name);
        }
    }
}

impl Value {
    /// Returns whether the value is null or a mapping without keys.
    fn is_empty(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Map(map) if map.entries.is_empty())
    }
}

impl Node {
    /// Marks the node, and all nodes in it, as set by the override `name`.
    pub fn mark(&mut self, name: &Arc<str>) {
        self.origin = Some(Arc::clone(name));
        match &mut self.value {
            Value::Map(map) => map.mark(name),
            Value::List(list) => list.iter_mut().for_each(|node| node.mark(name)),
            Value::Null | Value::Scalar { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::tests::parsed;
    use super::*;

    fn map(text: &str) -> Map {
        parsed(text).unwrap().as_map().unwrap().clone()
    }

    #[test]
    fn an_override_replaces_and_joins() {
        let mut base = map("techs:\n  hp:\n    cap: 1\n    eff: 2\n  grid:\n");
        base.union(map("techs.hp.cap: 5\ntechs.grid.cap: 7\n"), Conflict::Replace).unwrap();
        assert_eq!(
            serde_yaml::to_string(&base).unwrap(),
            "techs:\n  hp:\n    cap: 5\n    eff: 2\n  grid:\n    cap: 7\n"
        );
    }

    #[test]
    fn another_model_replaces_all_keys_of_the_old_one() {
        let mut base = map("cop: {model: carnot, quality_grade: 0.5}\n");
        base.union(map("cop: {model: quadratic, coefficients: [1]}\n"), Conflict::Replace).unwrap();
        assert_eq!(serde_yaml::to_string(&base).unwrap(), "cop:\n  model: quadratic\n  coefficients:\n  - 1\n");
        base.union(map("cop: {model: quadratic, outside: clamp}\n"), Conflict::Replace).unwrap();
        assert!(serde_yaml::to_string(&base).unwrap().contains("coefficients"));
    }

    #[test]
    fn an_import_that_redefines_a_key_is_an_error() {
        let mut base = map("a: {b: 1}\n");
        let error = base.union(map("a: {b: 2}\n"), Conflict::Duplicate).unwrap_err();
        assert!(error.to_string().contains("`b`"), "{error}");
    }
}
