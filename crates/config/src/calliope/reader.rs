//! Traversal of a model: checks keys against the vocabulary, reads values, collects findings.

use super::Options;
use super::vocabulary::Vocabulary;
use crate::yaml::{Entry, Map, Node, Span, Value};
use crate::{ConfigError, Finding, Problem};

/// The options and the collected findings while a model is read.
pub(super) struct ModelReader<'a> {
    pub(super) options: &'a Options<'a>,
    pub(super) findings: &'a mut Vec<Finding>,
    without_effect: Vec<String>,
}

impl<'a> ModelReader<'a> {
    pub(super) fn new(options: &'a Options<'a>, findings: &'a mut Vec<Finding>) -> Self {
        Self { options, findings, without_effect: Vec::new() }
    }

    /// Reports an unsupported key of Calliope: an error, or a warning where the user chose that.
    pub(super) fn unsupported(&mut self, span: &Span, what: &str, reason: Option<&str>) -> Result<(), ConfigError> {
        let problem = Problem::Unsupported { what: what.to_owned(), reason: reason.map(str::to_owned) };
        if self.options.ignore_unsupported {
            self.findings.push(Finding::warning(Some(span), format!("{problem}; ignored")));
            return Ok(());
        }
        Err(span.error(problem))
    }

    /// Checks every key of `map` against the vocabulary of its level. `path` is the dotted path of the map.
    pub(super) fn check_keys(&mut self, path: &str, map: &Map, level: &Vocabulary) -> Result<(), ConfigError> {
        for Entry { key, key_span, .. } in map.entries() {
            if level.without_effect.contains(&key.as_str()) {
                self.without_effect.push(joined(path, key));
            } else if level.unsupported.contains(&key.as_str()) {
                self.unsupported(key_span, &joined(path, key), None)?;
            } else if !level.read.contains(&key.as_str()) {
                return Err(key_span.error(Problem::unknown_key(key, level.known())));
            }
        }
        Ok(())
    }

    /// Adds a note of all keys that were accepted without effect.
    pub(super) fn finish(self) {
        if !self.without_effect.is_empty() {
            let listed = summarised(self.without_effect).join(", ");
            self.findings.push(Finding::note(format!("accepted without effect: {listed}")));
        }
    }
}

/// Returns the keys by name: a single key with its path, several of one name with their number.
fn summarised(paths: Vec<String>) -> Vec<String> {
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    for path in paths {
        let name = path.rsplit('.').next().unwrap_or_default().to_owned();
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, paths)) => paths.push(path),
            None => names.push((name, vec![path])),
        }
    }
    let summary = |(name, paths): (String, Vec<String>)| match paths.as_slice() {
        [path] => path.clone(),
        several => format!("{name} ({} times)", several.len()),
    };
    names.into_iter().map(summary).collect()
}

/// Returns the dotted path of `key` below `path`.
pub(super) fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Returns the mapping of a node, or an error that names what the node is instead.
pub(super) fn map_of<'n>(node: &'n Node, what: &str) -> Result<&'n Map, ConfigError> {
    let wrong = || node.span.error(Problem::Wrong(format!("expected {what}, found {}", node.describe())));
    node.as_map().ok_or_else(wrong)
}

/// Returns the number of a node.
pub(super) fn number_of(node: &Node, what: &str) -> Result<f64, ConfigError> {
    let wrong = || node.span.error(Problem::Wrong(format!("`{what}` is {}; expected a number", node.describe())));
    node.as_number().ok_or_else(wrong)
}

/// Returns the truth value of a node.
pub(super) fn truth_of(node: &Node, what: &str) -> Result<bool, ConfigError> {
    let expected = || format!("`{what}` is {}; expected true or false", node.describe());
    node.as_bool().ok_or_else(|| node.span.error(Problem::Wrong(expected())))
}

/// Returns the text of a node.
pub(super) fn text_of<'n>(node: &'n Node, what: &str) -> Result<&'n str, ConfigError> {
    let wrong = || node.span.error(Problem::Wrong(format!("`{what}` is {}; expected one name", node.describe())));
    match &node.value {
        Value::Scalar { text, .. } => Ok(text),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_name_are_counted() {
        let paths = ["techs.a.essentials.name", "run.solver", "techs.b.essentials.name"].map(str::to_owned);
        assert_eq!(summarised(paths.to_vec()), ["name (2 times)", "run.solver"]);
    }
}
