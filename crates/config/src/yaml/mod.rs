//! YAML with positions: a tree of [`Node`]s with positions that are kept through imports, overrides and dotted keys, so
//! that every error can show its line.

mod de;
mod merge;
mod parse;

pub use de::{DeError, from_node};
pub use merge::Conflict;
pub(super) use parse::parse_within;
pub use parse::{MOST_LEVELS, MOST_VALUES, dotted, parse, parse_keeping};

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A text and the file it came from.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path of the file, or a name for text that is not from a file (`--set`).
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// A range of a text.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// The text.
    pub source: Arc<Source>,
    /// First byte.
    pub start: usize,
    /// Byte past the last one.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte in characters, from 1.
    pub column: usize,
}

impl Span {
    /// Returns the span of the whole of a text that is not from a file.
    #[must_use]
    pub fn nowhere(name: &str, text: &str) -> Self {
        let source = Arc::new(Source { path: name.into(), text: text.to_owned() });
        Self { source, start: 0, end: text.len(), line: 1, column: 1 }
    }

    /// Returns the span of the beginning of a text.
    #[must_use]
    pub fn start_of(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), start: 0, end: 0, line: 1, column: 1 }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// Returns the range of bytes to mark in a message: whole characters of the first line, at least one where the text
    /// has one.
    #[must_use]
    pub fn marked(&self) -> Range<usize> {
        let text = &self.source.text;
        let mut start = self.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let line = text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r').len();
        let mut end = self.end.clamp(start, start + line);
        if end == start {
            end += text[start..].chars().next().map_or(0, char::len_utf8);
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.path.display(), self.line, self.column)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A value with its position, and the override that set it, if one did.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The position of the value.
    pub span: Span,
    /// The name of the override that set it; `None` for the file's own values.
    pub origin: Option<Arc<str>>,
}

/// A YAML value. Scalars remain text until they are converted to the requested type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// An empty value, `~` or `null`.
    Null,
    /// Text.
    Scalar {
        /// The text, unescaped.
        text: String,
        /// Whether the text was quoted: then it is neither a number nor a truth value.
        quoted: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Map),
}

/// A mapping in the order of its text.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: Vec<Entry>,
    /// The positions of the keys; `None` where the entries are few.
    positions: Option<HashMap<String, usize>>,
}

/// The number of entries up to which a key is found by comparing it with each of them.
const FEW_ENTRIES: usize = 16;

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl From<Vec<Entry>> for Map {
    /// Creates a mapping of entries with different keys.
    fn from(entries: Vec<Entry>) -> Self {
        let mut map = Self { entries, positions: None };
        map.find_positions();
        map
    }
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The position of the key.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Map {
    /// Returns the entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the entry of `key`.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.position(key).map(|position| &self.entries[position])
    }

    /// Returns the position of `key`.
    fn position(&self, key: &str) -> Option<usize> {
        match &self.positions {
            Some(positions) => positions.get(key).copied(),
            None => self.entries.iter().position(|entry| entry.key == key),
        }
    }

    /// Adds an entry whose key the mapping does not have.
    fn push(&mut self, entry: Entry) {
        let position = self.entries.len();
        match &mut self.positions {
            Some(positions) => {
                positions.insert(entry.key.clone(), position);
                self.entries.push(entry);
            }
            None => {
                self.entries.push(entry);
                self.find_positions();
            }
        }
    }

    fn find_positions(&mut self) {
        let position = |(position, entry): (usize, &Entry)| (entry.key.clone(), position);
        self.positions =
            (self.entries.len() > FEW_ENTRIES).then(|| self.entries.iter().enumerate().map(position).collect());
    }

    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Adds an entry, or replaces its value.
    pub fn put(&mut self, key: &str, key_span: &Span, value: Node) {
        self.remove(key);
        self.push(Entry { key: key.to_owned(), key_span: key_span.clone(), value });
    }

    /// Replaces the value of `key`, which keeps its position in the order.
    pub fn replace(&mut self, key: &str, key_span: &Span, value: Node) {
        match self.position(key) {
            Some(position) => self.entries[position].value = value,
            None => self.put(key, key_span, value),
        }
    }

    /// Removes and returns the entry of `key`.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let position = self.position(key)?;
        let entry = self.entries.remove(position);
        self.find_positions();
        Some(entry)
    }
}

impl Node {
    /// Returns a description of the node for messages: the text itself where it is short.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar { text, .. } => format!("`{}`", anergy_data::series::shown(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    /// Returns the number of a scalar: `1`, `1e6`, `.5`, `inf`, `.inf`, `-inf`.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match &self.value {
            Value::Scalar { text, quoted: false } => number(text),
            _ => None,
        }
    }

    /// Returns the truth value of a scalar: `true` or `false`, in YAML 1.2's spellings.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Scalar { text, quoted: false } => truth(text),
            _ => None,
        }
    }

    /// Returns the text of a scalar.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns the mapping; a null value counts as an empty one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        static EMPTY: Map = Map { entries: Vec::new(), positions: None };
        match &self.value {
            Value::Map(map) => Some(map),
            Value::Null => Some(&EMPTY),
            _ => None,
        }
    }

    /// Returns the node at a dotted path below this one.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |node, part| node.as_map()?.get(part))
    }

    /// Returns the list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

/// Parses a number in YAML's spelling, with Calliope's bare `inf`; `nan` is not accepted.
pub(super) fn number(text: &str) -> Option<f64> {
    match text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase().as_str() {
        "inf" | ".inf" => Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        rest if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::List(list) => serializer.collect_seq(list),
            Value::Map(map) => map.serialize(serializer),
            Value::Scalar { text, quoted: true } => serializer.serialize_str(text),
            Value::Scalar { text, quoted: false } => match (truth(text), text.parse::<i64>(), number(text)) {
                (Some(truth), ..) => serializer.serialize_bool(truth),
                (_, Ok(integer), _) => serializer.serialize_i64(integer),
                (.., Some(number)) => serializer.serialize_f64(number),
                _ => serializer.serialize_str(text),
            },
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for entry in &self.entries {
            map.serialize_entry(&entry.key, &entry.value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_characters_of_one_line_are_marked() {
        let span = |text: &str, start, end| {
            let span = Span::nowhere("a.yaml", text);
            Span { start, end, ..span }.marked()
        };
        assert_eq!(span("a\u{feff}", 1, 1), 1..4);
        assert_eq!(span(" ü: 3", 1, 2), 1..3);
        assert_eq!(span(" ü: 3", 2, 2), 1..3, "a start within a character");
        assert_eq!(span("abc\r\ndef\n", 1, 9), 1..3, "the first line alone");
        assert_eq!(span("abc\n", 4, 9), 4..4);
        assert_eq!(span("", 0, 0), 0..0);
        assert_eq!(span("ü", 7, 9), 2..2);
    }

    #[test]
    fn a_large_mapping_finds_its_keys() {
        let place = Span::nowhere("a.yaml", "");
        let mut map = Map::default();
        let null = || Node { value: Value::Null, span: place.clone(), origin: None };
        (0..100).for_each(|key| map.put(&key.to_string(), &place, null()));
        for gone in ["0", "50", "99"] {
            assert!(map.remove(gone).is_some_and(|entry| entry.key == gone) && map.get(gone).is_none());
        }
        assert!(
            (1..99).filter(|key| *key != 50).all(|key| map.entry(&key.to_string()).unwrap().key == key.to_string())
        );
        (1..90).for_each(|key| drop(map.remove(&key.to_string())));
        assert_eq!(map.entries().len(), 9);
        assert!(map.positions.is_none() && map.get("95").is_some() && map.get("5").is_none());
    }
}
