//! Parser of YAML text into nodes.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as TextSpan};

use super::{Conflict, Entry, Map, Node, Source, Span, Value};
use crate::{ConfigError, Problem};

/// The largest number of levels of a document, those of dotted keys and aliases included.
pub const MOST_LEVELS: usize = 64;

/// The largest number of values of a document with its imports. A mapping, a list and each value in them count, those
/// that aliases repeat included.
pub const MOST_VALUES: usize = 1_000_000;

/// Parses one YAML document; keys with dots are expanded into nested mappings.
///
/// # Errors
/// [`ConfigError::At`]: a syntax error, a key that occurs twice, a key that is not a scalar, a second document, an
/// alias without its anchor, more than [`MOST_LEVELS`] levels or [`MOST_VALUES`] values.
pub fn parse(source: &Arc<Source>) -> Result<Node, ConfigError> {
    parse_keeping(source, &[])
}

/// Parses one YAML document as [`parse`] does, but does not expand dotted keys below the keys in `kept`.
///
/// # Errors
/// As [`parse`].
pub fn parse_keeping(source: &Arc<Source>, kept: &[&str]) -> Result<Node, ConfigError> {
    parse_within(source, kept, &mut 0)
}

/// Parses one YAML document as [`parse_keeping`] does, and adds the number of its values to `values`, which may not
/// exceed [`MOST_VALUES`].
pub(in super::super) fn parse_within(
    source: &Arc<Source>,
    kept: &[&str],
    values: &mut usize,
) -> Result<Node, ConfigError> {
    let text = &source.text;
    let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(byte, _)| byte).collect());
    let events = Parser::new_from_str(text);
    let mut builder = NodeBuilder {
        source,
        events,
        anchors: HashMap::new(),
        bytes,
        kept,
        keeping: false,
        values: *values,
        level: 0,
        deepest: 0,
    };
    let mut document = None;
    while let Some((event, span)) = builder.next()? {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            _ if document.is_some() => {
                let problem = Problem::Syntax("a second document in one file".to_owned());
                return Err(builder.span(span).error(problem));
            }
            event => document = Some(builder.node(event, span)?),
        }
    }
    *values = builder.values;
    let start = Span::start_of(source);
    Ok(document.unwrap_or(Node { value: Value::Null, span: start, origin: None }))
}

struct NodeBuilder<'a> {
    source: &'a Arc<Source>,
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: HashMap<usize, Anchored>,
    /// The byte at which each character begins; `None` where all characters are single bytes.
    bytes: Option<Vec<usize>>,
    /// Keys below which dotted keys are not expanded.
    kept: &'a [&'a str],
    /// Whether the parser is below one of them.
    keeping: bool,
    /// The number of values read, those of aliases included.
    values: usize,
    /// The number of levels above the current value.
    level: usize,
    /// The deepest level since the current anchor began.
    deepest: usize,
}

/// A value that aliases may repeat.
#[derive(Clone)]
struct Anchored {
    node: Node,
    /// The number of values in it, with itself.
    values: usize,
    /// The number of levels in it.
    levels: usize,
}

impl<'a> NodeBuilder<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, TextSpan)>, ConfigError> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => {
                let marker = *error.marker();
                Err(self.span(TextSpan::empty(marker)).error(Problem::Syntax(error.info().to_owned())))
            }
        }
    }

    /// Returns a span in bytes for a span in characters.
    fn span(&self, span: TextSpan) -> Span {
        let length = self.source.text.len();
        let byte = |chars: usize| match &self.bytes {
            None => chars.min(length),
            Some(bytes) => bytes.get(chars).copied().unwrap_or(length),
        };
        let (start, end) = (byte(span.start.index()), byte(span.end.index()));
        let source = Arc::clone(self.source);
        Span { source, start, end: end.max(start), line: span.start.line(), column: span.start.col() + 1 }
    }

    fn node(&mut self, event: Event<'a>, at: TextSpan) -> Result<Node, ConfigError> {
        let span = self.span(at);
        let above = (self.values, self.deepest);
        self.deepest = self.level;
        self.count(1, &span)?;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != ScalarStyle::Plain;
                let null = !quoted && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                let scalar = Value::Scalar { text: text.into_owned(), quoted };
                (anchor, if null { Value::Null } else { scalar })
            }
            Event::SequenceStart(anchor, _) => {
                self.descend(1, &span)?;
                let list = self.list()?;
                self.level -= 1;
                (anchor, Value::List(list))
            }
            Event::MappingStart(anchor, _) => {
                self.descend(1, &span)?;
                let map = self.map()?;
                self.level -= 1;
                (anchor, Value::Map(map))
            }
            Event::Alias(anchor) => {
                let unknown = || span.error(Problem::Syntax("an alias without its anchor".to_owned()));
                let (values, levels) =
                    self.anchors.get(&anchor).map(|known| (known.values, known.levels)).ok_or_else(unknown)?;
                self.count(values - 1, &span)?;
                self.descend(levels, &span)?;
                self.level -= levels;
                self.deepest = self.deepest.max(above.1);
                return self.anchors.get(&anchor).map(|known| known.node.clone()).ok_or_else(unknown);
            }
            other => return Err(span.error(Problem::Syntax(format!("unexpected {other:?}")))),
        };
        let node = Node { value, span, origin: None };
        if anchor != 0 {
            // The copy counts too: it takes as much memory.
            let (values, levels) = (self.values - above.0, self.deepest - self.level);
            self.count(values, &node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), values, levels });
        }
        self.deepest = self.deepest.max(above.1);
        Ok(node)
    }

    /// Counts `values` more values.
    fn count(&mut self, values: usize, span: &Span) -> Result<(), ConfigError> {
        self.values = self.values.saturating_add(values);
        if self.values <= MOST_VALUES {
            return Ok(());
        }
        let message = format!("more than {MOST_VALUES} values here, those that aliases repeat and imports included");
        Err(span.error(Problem::Wrong(message)))
    }

    /// Goes down by `levels` levels.
    fn descend(&mut self, levels: usize, span: &Span) -> Result<(), ConfigError> {
        self.level += levels;
        self.deepest = self.deepest.max(self.level);
        if self.level <= MOST_LEVELS {
            return Ok(());
        }
        let message = format!("more than {MOST_LEVELS} levels of lists, mappings and parts of dotted keys");
        Err(span.error(Problem::Wrong(message)))
    }

    fn list(&mut self) -> Result<Vec<Node>, ConfigError> {
        let mut list = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            list.push(self.node(event, span)?);
        }
        Ok(list)
    }

    fn map(&mut self) -> Result<Map, ConfigError> {
        let mut map = Map::default();
        while let Some((event, at)) = self.next()? {
            let key_span = self.span(at);
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(key_span.error(Problem::Syntax("a key must be plain text".to_owned()))),
            };
            let Some((event, at)) = self.next()? else { break };
            let keeping = self.keeping;
            self.keeping |= key.rsplit('.').next().is_some_and(|last| self.kept.contains(&last));
            // Each dot of an expanded key is a level.
            let dots = if keeping { 0 } else { key.matches('.').count() };
            self.count(dots, &key_span)?;
            self.descend(dots, &key_span)?;
            let value = self.node(event, at)?;
            self.level -= dots;
            self.keeping = keeping;
            match map.entry(&key) {
                Some(Entry { key_span: first, .. }) if keeping => {
                    let first = first.clone();
                    return Err(key_span.error(Problem::DuplicateKey { key, first }));
                }
                None if keeping => map.put(&key, &key_span, value),
                _ => map.union(dotted(&key, &key_span, value), Conflict::Duplicate)?,
            }
        }
        Ok(map)
    }
}

/// Returns `a.b: v` as `a: {b: v}`. A key with an empty part is not expanded.
pub fn dotted(key: &str, key_span: &Span, value: Node) -> Map {
    let parts: Vec<&str> = key.split('.').collect();
    let parts = if parts.iter().any(|part| part.is_empty()) { vec![key] } else { parts };
    let entry = |key: &str, value| Entry { key: key.to_owned(), key_span: key_span.clone(), value };
    let (first, rest) = (parts[0], &parts[1..]);
    let nested = rest.iter().rev().fold(value, |value, part| {
        let (span, origin) = (value.span.clone(), value.origin.clone());
        Node { value: Value::Map(vec![entry(part, value)].into()), span, origin }
    });
    vec![entry(first, nested)].into()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn parsed(text: &str) -> Result<Node, ConfigError> {
        parse(&Arc::new(Source { path: "model.yaml".into(), text: text.to_owned() }))
    }

    #[test]
    fn dotted_keys_are_expanded_and_merged() {
        let node = parsed("costs.monetary:\n  om_prod: 0.3 # €/kWh\ncosts:\n  monetary.interest_rate: 0.1\n").unwrap();
        let monetary = node.as_map().unwrap().get("costs").unwrap().as_map().unwrap().get("monetary").unwrap();
        let monetary = monetary.as_map().unwrap();
        assert_eq!(monetary.get("om_prod").unwrap().as_number(), Some(0.3));
        let rate = monetary.entry("interest_rate").unwrap();
        assert_eq!((rate.key_span.line, rate.key_span.column), (4, 3));
        assert_eq!(&rate.key_span.source.text[rate.key_span.start..rate.key_span.end], "monetary.interest_rate");
    }

    #[test]
    fn dotted_keys_are_kept_below_the_given_keys() {
        let text = "a.b: 1\ncase.set: {c.d: 2, e: {f.g: 3}}\nh.i: 4\n";
        let source = Arc::new(Source { path: "model.yaml".into(), text: text.to_owned() });
        let node = parse_keeping(&source, &["set"]).unwrap();
        let set = node.at("case.set").unwrap().as_map().unwrap();
        assert_eq!(set.get("c.d").unwrap().as_number(), Some(2.0));
        assert!(set.get("e").unwrap().as_map().unwrap().get("f.g").is_some());
        assert!(node.at("a.b").is_some() && node.at("h.i").is_some());
        let twice = Arc::new(Source { path: "model.yaml".into(), text: "set: {a.b: {}, a.b: {}}".to_owned() });
        assert!(parse_keeping(&twice, &["set"]).unwrap_err().to_string().contains("defined twice"));
    }

    #[test]
    fn scalars_are_converted_to_the_requested_type() {
        let node = parsed("[1e6, inf, -.inf, .5, True, '1', ~, 2015-01-01, null, 'a''b']").unwrap();
        let list = node.as_list().unwrap();
        let numbers: Vec<_> = list.iter().map(Node::as_number).collect();
        assert_eq!(numbers[..4], [Some(1e6), Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(0.5)]);
        assert_eq!((list[4].as_bool(), numbers[5], numbers[7]), (Some(true), None, None));
        assert_eq!((&list[6].value, &list[8].value), (&Value::Null, &Value::Null));
        assert_eq!(list[9].as_text(), Some("a'b"));
    }

    #[test]
    fn a_repeated_key_is_an_error_with_both_positions() {
        let message = parsed("a: 1\nb: 2\na: 3\n").unwrap_err().to_string();
        assert!(
            message.contains("model.yaml:3:1") && message.contains("`a`") && message.contains("line 1"),
            "{message}"
        );
        assert!(parsed("a.b: 1\na:\n  b: 2\n").is_err());
    }

    #[test]
    fn a_syntax_error_has_its_line() {
        for text in ["a: [1, 2", "a: b: c", "a:\n\t- x", "? [a]\n: b", "*unknown", "a: 1\n---\nb: 2\n"] {
            let message = parsed(text).unwrap_err().to_string();
            assert!(message.contains("model.yaml:"), "{text:?}: {message}");
        }
    }

    #[test]
    fn aliases_stand_for_their_anchors() {
        let node = parsed("a: &x {k: 1}\nb: *x\n").unwrap();
        let b = node.as_map().unwrap().get("b").unwrap().as_map().unwrap();
        assert_eq!(b.get("k").unwrap().as_number(), Some(1.0));
    }

    #[test]
    fn aliases_that_multiply_are_refused() {
        let mut text = "a0: &a0 {k: lol}\n".to_owned();
        for level in 1..10 {
            let aliases = (0..10).map(|key| format!("k{key}: *a{}", level - 1)).collect::<Vec<_>>().join(", ");
            text += &format!("a{level}: &a{level} {{{aliases}}}\n");
        }
        let message = parsed(&text).unwrap_err().to_string();
        assert!(message.contains("model.yaml:7:") && message.contains("1000000 values"), "{message}");
        // Ten times a thousand are no bomb.
        let lines: Vec<&str> = text.lines().take(4).collect();
        assert!(parsed(&lines.join("\n")).is_ok());
    }

    #[test]
    fn deep_nesting_is_refused_however_it_is_written() {
        let message = |text: &str| parsed(text).unwrap_err().to_string();
        let chain: String = (1..2000).map(|link| format!("a{link}: &a{link} [*a{}]\n", link - 1)).collect();
        for text in [
            "- ".repeat(10_000),
            "[".repeat(10_000),
            "{a: ".repeat(10_000),
            format!("{}z: 1", "a.".repeat(400)),
            format!("a0: &a0 1\n{chain}"),
        ] {
            let message = message(&text);
            let limited = message.contains("64 levels") || message.contains("recursion limit");
            assert!(limited && message.contains("model.yaml:"), "{message}");
        }
        assert!(parsed(&format!("{}1", "- ".repeat(MOST_LEVELS))).is_ok());
        assert!(parsed(&format!("{}1", "- ".repeat(MOST_LEVELS + 1))).is_err());
    }

    #[test]
    fn a_hundred_thousand_keys_take_no_quadratic_time() {
        let began = std::time::Instant::now();
        let text: String = (0..100_000).map(|key| format!("o{key}.a: 1\n")).collect();
        assert_eq!(parsed(&text).unwrap().as_map().unwrap().entries().len(), 100_000);
        // In quadratic time it takes a minute; a slow machine has room.
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-c:. \\n\\-\\[\\]{},'\"#&*|>€\\t]{0,60}") {
            let _ = parsed(&text).map_err(|error| error.span().map(Span::marked));
        }
    }
}
