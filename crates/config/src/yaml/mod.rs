//! YAML with positions: a tree of [`Node`]s with positions that are kept through imports, overrides and dotted keys, so
//! that every error can show its line.

mod de;
mod merge;
mod parse;

pub use de::{DeError, from_node};
pub use merge::Conflict;
pub use parse::{dotted, parse, parse_keeping};

use std::fmt;
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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    entries: Vec<Entry>,
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
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Adds an entry, or replaces its value.
    pub fn put(&mut self, key: &str, key_span: &Span, value: Node) {
        self.remove(key);
        self.entries.push(Entry { key: key.to_owned(), key_span: key_span.clone(), value });
    }

    /// Replaces the value of `key`, which keeps its position in the order.
    pub fn replace(&mut self, key: &str, key_span: &Span, value: Node) {
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.value = value,
            None => self.put(key, key_span, value),
        }
    }

    /// Removes and returns the entry of `key`.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let position = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(position))
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
        static EMPTY: Map = Map { entries: Vec::new() };
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
