//! The document of a case, with imports, scenario, overrides and settings merged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anergy_data::series::TimeWindow;

use super::error::nearest;
use super::yaml::{self, Conflict, Entry, Map, Node, Source, Span, Value};
use super::{ConfigError, Inputs, Problem, beside};

/// A model file with imports and overrides merged.
#[derive(Debug, Clone)]
pub struct Document {
    path: PathBuf,
    source: Arc<Source>,
    map: Map,
    of_calliope: bool,
}

/// The name of the origin of a loop file that the command line names.
pub(super) const LOOP_OPTION: &str = "--water-loop";

/// The top-level keys that identify a Calliope model.
const OF_CALLIOPE: [&str; 3] = ["model", "run", "locations"];

impl Document {
    /// Reads a model file and its imports, and merges a scenario (or overrides separated by commas) over it. In a
    /// district file, `water_loop` replaces the file's loop before the scenario is merged.
    ///
    /// # Errors
    /// [`ConfigError`]: an unreadable file, a key defined twice across imports or across overrides, an unknown
    /// scenario.
    pub fn load(
        path: &Path,
        scenario: Option<&str>,
        water_loop: Option<&Path>,
        inputs: &mut Inputs,
    ) -> Result<Self, ConfigError> {
        let (source, mut map) = Imports { inputs, trail: Vec::new(), files: 0, values: 0 }.read(path)?;
        let scenarios = map.remove("scenarios");
        let overrides = map.remove("overrides");
        let of_calliope = OF_CALLIOPE.iter().any(|key| map.get(key).is_some());
        if let Some(path) = water_loop.filter(|_| !of_calliope) {
            put_loop(&mut map, path);
        }
        open_up_loop(&mut map);
        if let Some(scenario) = scenario {
            let chosen = combined(scenario, scenarios.as_ref(), overrides.as_ref())?;
            map.union(chosen, Conflict::Replace)?;
        }
        Ok(Self { path: path.to_owned(), source, map, of_calliope })
    }

    /// Returns whether this is a Calliope model rather than a district file.
    #[must_use]
    pub fn is_calliope(&self) -> bool {
        self.of_calliope
    }

    /// Returns the whole content of the document.
    #[must_use]
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Returns the file's name without its extension.
    #[must_use]
    pub fn stem(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Merges settings over the document.
    pub(super) fn set(&mut self, settings: Map) -> Result<(), ConfigError> {
        self.map.union(settings, Conflict::Replace)
    }

    /// Replaces the value at a dotted path.
    pub(super) fn put(&mut self, path: &str, span: &Span, value: Node) -> Result<(), ConfigError> {
        self.map.union(yaml::dotted(path, span, value), Conflict::Replace)
    }
}

/// Replaces the document's loop file by the file `path` of the command line.
fn put_loop(map: &mut Map, path: &Path) {
    let text = path.to_string_lossy().into_owned();
    let span = Span::nowhere(LOOP_OPTION, &text);
    let value = Node { value: Value::Scalar { text, quoted: true }, span: span.clone(), origin: None };
    map.put("water_loop", &span, value);
}

/// Converts `water_loop: FILE` to `water_loop: {file: FILE}`, so that overrides and settings can be merged with it.
fn open_up_loop(map: &mut Map) {
    let Some(entry) = map.entry("water_loop").filter(|entry| entry.value.as_text().is_some()).cloned() else { return };
    let Entry { key, key_span, value } = entry;
    let mut inner = Map::default();
    let (span, origin) = (value.span.clone(), value.origin.clone());
    inner.put("file", &span, value);
    map.replace(&key, &key_span, Node { value: Value::Map(inner), span, origin });
}

/// Returns a list of two dates as a node without a position in a file.
pub(super) fn dates(from: &str, to: &str) -> (Span, Node) {
    let span = Span::nowhere("--window", from);
    let part = |text: &str| Node {
        value: Value::Scalar { text: text.to_owned(), quoted: true },
        span: span.clone(),
        origin: None,
    };
    let value = Node { value: Value::List(vec![part(from), part(to)]), span: span.clone(), origin: None };
    (span, value)
}

/// Parses the time window of one date or a list of two; `None` for an empty node.
pub(super) fn window(node: &Node) -> Result<Option<TimeWindow>, ConfigError> {
    let failed = |source| node.span.series_error(source);
    let window = match (&node.value, node.as_list()) {
        (Value::Null, _) => return Ok(None),
        (Value::Scalar { text, .. }, _) => TimeWindow::single(text),
        (_, Some([first, last])) => match (first.as_text(), last.as_text()) {
            (Some(first), Some(last)) => TimeWindow::between(first, last),
            _ => return Err(node.span.error(Problem::Wrong("expected two dates".to_owned()))),
        },
        _ => {
            let expected = format!("expected one date or a list of two, found {}", node.describe());
            return Err(node.span.error(Problem::Wrong(expected)));
        }
    };
    window.map(Some).map_err(failed)
}

/// The largest number of files that import each other in a chain.
pub const MOST_IMPORT_LEVELS: usize = 32;

/// The largest number of files of a configuration, with all imports.
pub const MOST_IMPORTS: usize = 256;

/// The files of a configuration while they are read.
struct Imports<'a> {
    inputs: &'a mut Inputs,
    /// The files above the one that is read, one spelling of each.
    trail: Vec<PathBuf>,
    files: usize,
    values: usize,
}

impl Imports<'_> {
    /// Reads a file and merges its imports; a key that is defined twice is an error, as in Calliope.
    fn read(&mut self, path: &Path) -> Result<(Arc<Source>, Map), ConfigError> {
        let source = self.inputs.text(path)?;
        self.files += 1;
        let node = yaml::parse_within(&source, &[], &mut self.values)?;
        let span = node.span.clone();
        let Value::Map(mut map) = node.value else {
            return Err(span.error(Problem::Wrong(format!("expected a district, found {}", node.describe()))));
        };
        let Some(Entry { value: list, .. }) = map.remove("import") else { return Ok((source, map)) };
        self.trail.push(self.inputs.canonical(path));
        let files = match (list.as_list(), list.as_text()) {
            (Some(files), _) => files,
            (None, Some(_)) => std::slice::from_ref(&list),
            _ if list.value == Value::Null => &[],
            _ => return Err(list.span.error(Problem::Wrong("expected a list of files to import".to_owned()))),
        };
        for file in files {
            let wrong = |message: String| file.span.error(Problem::Wrong(message));
            let expected = || wrong(format!("expected a file name, found {}", file.describe()));
            let imported = beside(path, file.as_text().ok_or_else(expected)?);
            let shown = imported.display();
            if self.trail.contains(&self.inputs.canonical(&imported)) {
                return Err(wrong(format!("`{shown}` imports itself")));
            }
            if self.trail.len() >= MOST_IMPORT_LEVELS {
                return Err(wrong(format!("a chain of more than {MOST_IMPORT_LEVELS} imports")));
            }
            if self.files >= MOST_IMPORTS {
                return Err(wrong(format!("more than {MOST_IMPORTS} files are imported")));
            }
            let (_, other) = self.read(&imported).map_err(|error| match error {
                ConfigError::Unreadable { path, source } if path == imported => {
                    wrong(format!("{} cannot be read: {source}", path.display()))
                }
                other => other,
            })?;
            map.union(other, Conflict::Duplicate)?;
        }
        self.trail.pop();
        Ok((source, map))
    }
}

/// Merges the overrides of a scenario into one mapping; two of them must not set the same key.
fn combined(scenario: &str, scenarios: Option<&Entry>, overrides: Option<&Entry>) -> Result<Map, ConfigError> {
    let empty = Map::default();
    let map_of = |entry: Option<&'_ Entry>, what: &str| -> Result<Map, ConfigError> {
        let Some(entry) = entry else { return Ok(Map::default()) };
        let wrong = || entry.value.span.error(Problem::Wrong(format!("expected a mapping of {what}")));
        entry.value.as_map().cloned().ok_or_else(wrong)
    };
    let (scenarios, overrides) = (map_of(scenarios, "scenarios")?, map_of(overrides, "overrides")?);
    let unknown = |name: &str| {
        let names = scenarios.entries().iter().chain(overrides.entries()).map(|entry| entry.key.clone());
        let known: Vec<String> = names.collect();
        ConfigError::UnknownScenario { name: name.to_owned(), nearest: nearest(name, &known), known }
    };
    let names: Vec<(String, Option<Span>)> = match scenarios.get(scenario) {
        Some(node) => listed(node)?.into_iter().map(|name| (name, Some(node.span.clone()))).collect(),
        None => scenario.split(',').map(|name| (name.trim().to_owned(), None)).collect(),
    };
    let mut joined = empty;
    for (name, span) in names {
        let node = overrides.get(&name).ok_or_else(|| match &span {
            Some(span) => {
                let known = overrides.entries().iter().map(|entry| entry.key.as_str());
                span.error(Problem::unknown_choice(&name, known))
            }
            None if scenarios.get(&name).is_some() => {
                ConfigError::Mismatch(format!("`{name}` is a scenario; with commas only overrides can be joined"))
            }
            None => unknown(&name),
        })?;
        let wrong = || node.span.error(Problem::Wrong(format!("the override `{name}` is {}", node.describe())));
        let mut map = node.as_map().ok_or_else(wrong)?.clone();
        if let Some(entry) = map.entry("import") {
            let reason = Some("imports within an override; import the file at the top of the model".to_owned());
            return Err(entry.key_span.error(Problem::Unsupported { what: "import".to_owned(), reason }));
        }
        map.mark(&Arc::from(name.as_str()));
        joined.union(map, Conflict::Duplicate)?;
    }
    Ok(joined)
}

/// Parses the overrides of a scenario: a list, or text with commas.
fn listed(node: &Node) -> Result<Vec<String>, ConfigError> {
    let wrong = || node.span.error(Problem::Wrong(format!("expected names of overrides, found {}", node.describe())));
    match (node.as_text(), node.as_list()) {
        (Some(text), _) => Ok(text.split(',').map(|name| name.trim().to_owned()).collect()),
        (_, Some(list)) => list.iter().map(|name| name.as_text().map(str::to_owned).ok_or_else(wrong)).collect(),
        _ => Err(wrong()),
    }
}
