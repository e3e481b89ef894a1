//! Checks of a sweep file that serde cannot express: whether its parts match. Every error has its position.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anergy_config::yaml::{Entry, Map, Node, Span};
use anergy_config::{ConfigError, Inputs, LoopSource, Problem, Request, beside};
use anergy_data::schema::columns::sweep::is_fixed;
use indexmap::IndexMap;

use super::design::{Design, MOST_CASES, MOST_SOBOL_PARAMETERS};
use super::file::{BaseCase, DesignWord, Written};
use super::parameter::{ParameterSetting, Spread, Varied, window};
use super::values::{Scalar, setting};

/// The checker of a sweep file.
pub(super) struct SweepFileChecker<'a> {
    /// The parsed file.
    pub node: &'a Node,
    /// The path of the file.
    pub path: &'a Path,
}

impl SweepFileChecker<'_> {
    /// Returns an error at a key, or at the file where the key is absent.
    fn wrong(&self, key: &str, message: impl Into<String>) -> ConfigError {
        self.node.at(key).unwrap_or(self.node).span.error(Problem::Wrong(message.into()))
    }

    /// Returns the position of an item of a list.
    pub fn item(&self, key: &str, index: usize) -> &Span {
        let list = self.node.at(key).unwrap_or(self.node);
        &list.as_list().and_then(|list| list.get(index)).unwrap_or(list).span
    }

    pub fn base(&self, case: &BaseCase) -> Result<Request, ConfigError> {
        let settings = match self.node.at("case.set") {
            None => Vec::new(),
            Some(node) => {
                let map = node.as_map().ok_or_else(|| self.wrong("case.set", "expected keys and their values"))?;
                map.entries().iter().map(key_and_value).collect::<Result<_, _>>()?
            }
        };
        let refused = |source| self.node.at("case.window").unwrap_or(self.node).span.series_error(source);
        Ok(Request {
            model: beside(self.path, &case.model),
            scenario: case.scenario.clone(),
            water_loop: case.water_loop.as_deref().map(|file| LoopSource::File(beside(self.path, file))),
            preset: case.preset,
            settings,
            window: case.window.as_deref().map(window).transpose().map_err(refused)?,
            ignore_unsupported: false,
        })
    }

    pub fn design(&self, written: &Written) -> Result<Design, ConfigError> {
        let listed = self.node.at("list").is_some();
        let word = written.design.unwrap_or(if listed { DesignWord::List } else { DesignWord::Grid });
        if listed && self.node.at("parameters").is_some() {
            return Err(self.wrong("list", "`list` stands in place of `parameters`: only one of them can be given"));
        }
        if listed && !matches!(word, DesignWord::List | DesignWord::Zip) {
            return Err(self.wrong("design", "`list` gives the cases one by one: its design is `list`"));
        }
        if matches!(word, DesignWord::Grid | DesignWord::Zip | DesignWord::List) {
            if let Some(key) = ["cases", "seed"].into_iter().find(|key| self.node.at(key).is_some()) {
                return Err(self.wrong(key, format!("`{key}` goes with the designs `latin_hypercube` and `sobol`")));
            }
            return Ok(if word == DesignWord::Grid { Design::Grid } else { Design::Zip });
        }
        let missing = || self.wrong("design", "`cases` is missing: this design needs their number");
        let cases = written.cases.ok_or_else(missing)?;
        let seed = written.seed.unwrap_or(0);
        match u32::try_from(cases) {
            Ok(cases @ 1..=MOST_CASES) if word == DesignWord::Sobol => Ok(Design::Sobol { cases, seed }),
            Ok(cases @ 1..=MOST_CASES) => Ok(Design::LatinHypercube { cases, seed }),
            _ => Err(self.wrong("cases", format!("`cases` is {cases}; expected 1 to {MOST_CASES}"))),
        }
    }

    pub fn parameters(
        &self,
        written: IndexMap<String, ParameterSetting>,
        inputs: &mut Inputs,
    ) -> Result<Vec<Varied>, ConfigError> {
        let entries = self.node.at("parameters").and_then(Node::as_map).map_or(&[][..], Map::entries);
        let settings = entries.iter().zip(written.into_values());
        settings.map(|(entry, setting)| Varied::new(entry, setting, self.path, inputs)).collect()
    }

    /// Returns the parameters of cases that are listed one by one.
    pub fn listed(&self, list: &Node, rows: Vec<IndexMap<String, Scalar>>) -> Result<Vec<Varied>, ConfigError> {
        let nodes = list.as_list().unwrap_or_default();
        let first = nodes.first().and_then(Node::as_map).map_or(&[][..], Map::entries);
        let keys: Vec<&str> = first.iter().map(|entry| entry.key.as_str()).collect();
        let mut columns = vec![Vec::with_capacity(rows.len()); keys.len()];
        for (mut row, node) in rows.into_iter().zip(nodes) {
            for (column, key) in columns.iter_mut().zip(&keys) {
                let missing = || node.span.error(Problem::MissingKey { key: (*key).to_owned() });
                column.push(row.swap_remove(*key).ok_or_else(missing)?);
            }
            if let Some(key) = row.keys().next() {
                let at = node.as_map().and_then(|map| map.entry(key)).map_or(&node.span, |entry| &entry.key_span);
                return Err(at.error(Problem::unknown_key(key, keys.iter().copied())));
            }
        }
        let unread = &mut Inputs::default();
        let named = first.iter().zip(columns);
        named.map(|(entry, column)| Varied::new(entry, ParameterSetting::List(column), self.path, unread)).collect()
    }

    /// Checks that design and parameters match.
    pub fn check(&self, design: Design, parameters: &[Varied]) -> Result<(), ConfigError> {
        let key = if self.node.at("list").is_some() { "list" } else { "parameters" };
        if parameters.is_empty() {
            return Err(self.wrong(key, "nothing varies: `parameters` names what does, with its values"));
        }
        let count = design.count(parameters);
        if count > u128::from(MOST_CASES) {
            return Err(self.wrong(key, format!("these are {count} cases; a sweep has {MOST_CASES} at most")));
        }
        let entries = self.node.at("parameters").and_then(Node::as_map);
        let wrong = |parameter: &Varied, message: String| match entries.and_then(|map| map.get(&parameter.key)) {
            Some(node) => node.span.error(Problem::Wrong(message)),
            None => self.wrong(key, message),
        };
        let mut names: HashMap<&str, &str> = HashMap::new();
        for parameter in parameters {
            if is_fixed(&parameter.name) {
                let message =
                    format!("`{}` is a column of the tables already: choose another short name", parameter.name);
                return Err(wrong(parameter, message));
            }
            for name in [&parameter.key, &parameter.name] {
                if let Some(other) = names.insert(name, &parameter.key).filter(|other| **other != parameter.key) {
                    let message = format!("`{name}` is the name of both `{other}` and `{}`", parameter.key);
                    return Err(wrong(parameter, message));
                }
            }
            let drawn = matches!(design, Design::LatinHypercube { .. } | Design::Sobol { .. });
            if matches!(parameter.spread, Spread::Between { .. }) && !drawn {
                let message = "`between` goes with the designs `latin_hypercube` and `sobol`; `linspace` makes a list";
                return Err(wrong(parameter, message.to_owned()));
            }
            if let (Design::Grid, Spread::Values(values)) = (design, &parameter.spread) {
                let mut seen = HashSet::new();
                if let Some(twice) = values.iter().find(|value| !seen.insert(value.setting())) {
                    return Err(wrong(parameter, format!("{} stands twice among the values", twice.setting())));
                }
            }
        }
        let lengths = |parameter: &Varied| Design::Zip.count(std::slice::from_ref(parameter));
        if let Some(other) = parameters.iter().find(|other| lengths(other) != lengths(&parameters[0]))
            && design == Design::Zip
        {
            let (first, here) = (lengths(&parameters[0]), lengths(other));
            let message =
                format!("{here} values, but `{}` has {first}: they go together row by row", parameters[0].key);
            return Err(wrong(other, message));
        }
        if matches!(design, Design::Sobol { .. }) && parameters.len() > MOST_SOBOL_PARAMETERS {
            let message = format!("{} parameters; sobol takes {MOST_SOBOL_PARAMETERS} at most", parameters.len());
            return Err(self.wrong(key, message));
        }
        Ok(())
    }
}

/// Returns an entry of `set` as a user would write it after `--set`.
fn key_and_value(entry: &Entry) -> Result<String, ConfigError> {
    let Entry { key, key_span, value } = entry;
    if key.trim().is_empty() || key.contains('=') {
        return Err(key_span.error(Problem::Wrong(format!("`{key}` cannot be set"))));
    }
    Ok(format!("{key}={}", setting(value)))
}
