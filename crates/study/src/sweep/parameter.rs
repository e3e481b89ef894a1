//! The spelling of a parameter's values: a list, or a mapping that describes their source.

use std::fmt;
use std::path::Path;

use anergy_config::yaml::{Entry, Node};
use anergy_config::{ConfigError, Inputs, Problem, beside};
use anergy_data::series::{SeriesError, TimeWindow, shown, trimmed};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::values::Scalar;

/// The key of the parameter that selects a scenario.
pub const SCENARIO: &str = "scenario";
/// The key of the parameter that selects a time window.
pub const WINDOW: &str = "window";
/// The word for the scenario of the base case.
pub const BASE: &str = "base";

/// The largest number of values of a parameter; a larger number is a mistake.
const MOST_VALUES: u64 = 1_000_000;

/// The values of a parameter as they are written.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum ParameterSetting {
    /// A plain list of values.
    List(#[schemars(length(min = 1))] Vec<Scalar>),
    /// Where the values come from.
    Spread(Box<SpreadSettings>),
}

/// Where the values of a parameter come from: one of `values`, `linspace`, `logspace`, `range`, `file`, `between` and
/// `scenarios`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpreadSettings {
    /// A list of values.
    pub values: Option<Vec<Scalar>>,
    /// First and last of `points` numbers at equal distances.
    pub linspace: Option<[f64; 2]>,
    /// First and last of `points` numbers > 0 at equal ratios.
    pub logspace: Option<[f64; 2]>,
    /// How many numbers `linspace` or `logspace` makes, at least 2.
    #[schemars(range(min = 2))]
    pub points: Option<u64>,
    /// First number, and the last one where a `step` hits it.
    pub range: Option<[f64; 2]>,
    /// Distance of the numbers of `range`; not 0.
    pub step: Option<f64>,
    /// CSV file with a header, relative to the sweep file.
    pub file: Option<String>,
    /// Column of `file`.
    pub column: Option<String>,
    /// Least and greatest number, for `latin_hypercube` and `sobol`.
    pub between: Option<[f64; 2]>,
    /// How `between` is filled: evenly (`linear`, the default) or evenly in the logarithm (`log`).
    pub scale: Option<Scale>,
    /// Scenarios or overrides of the model; `base` stands for that of the base case. Only for the parameter `scenario`.
    pub scenarios: Option<Vec<String>>,
    /// Short name, for constraints and tables; the key unless given.
    #[serde(rename = "as")]
    pub short_name: Option<String>,
}

/// How the space between two numbers is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly in the logarithm.
    Log,
}

/// A parameter and its possible values.
#[derive(Debug, Clone, PartialEq)]
pub struct Varied {
    /// Dotted key as after `--set`, or [`SCENARIO`], or [`WINDOW`].
    pub key: String,
    /// Short name; equal to the key if none is given.
    pub name: String,
    /// The possible values.
    pub spread: Spread,
}

/// The possible values of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Spread {
    /// One of these values; the list is not empty.
    Values(Vec<Scalar>),
    /// Any number in an interval.
    Between {
        /// The minimum, finite.
        low: f64,
        /// The maximum, finite and larger than `low`.
        high: f64,
        /// The distribution in the interval; with `log`, `low` is > 0.
        scale: Scale,
    },
}

impl Varied {
    /// Returns whether the parameter is a number in every case.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        match &self.spread {
            Spread::Values(values) => values.iter().all(|value| value.number().is_some()),
            Spread::Between { .. } => true,
        }
    }

    /// Determines the possible values of a parameter; `path` is the sweep file.
    pub(super) fn new(
        entry: &Entry,
        setting: ParameterSetting,
        path: &Path,
        inputs: &mut Inputs,
    ) -> Result<Self, ConfigError> {
        let Entry { key, key_span, value: node } = entry;
        if key.trim().is_empty() || key.contains(['=', '{', '}']) {
            let message =
                format!("`{key}` cannot be a parameter: its name is empty or has one of the signs = {{ }} in it");
            return Err(key_span.error(Problem::Wrong(message)));
        }
        let (name, spread) = match setting {
            ParameterSetting::List(values) => (None, Spread::Values(values)),
            ParameterSetting::Spread(settings) => {
                (settings.short_name.clone(), SpreadMapping { node, settings: *settings }.spread(path, inputs)?)
            }
        };
        let name = name.unwrap_or_else(|| key.clone());
        if name.trim().is_empty() || name.contains(['{', '}']) {
            let message = "a short name is not empty and has no curly brackets in it".to_owned();
            return Err(node.span.error(Problem::Wrong(message)));
        }
        if matches!(&spread, Spread::Values(values) if values.is_empty()) {
            return Err(node.span.error(Problem::Wrong(format!("`{key}` has no values"))));
        }
        let spread = match (key.as_str(), spread) {
            (SCENARIO | WINDOW, Spread::Values(values)) => Spread::Values(words(key, values, node)?),
            (SCENARIO | WINDOW, Spread::Between { .. }) => {
                let message = format!("`{key}` is a word: give it a list of values");
                return Err(node.span.error(Problem::Wrong(message)));
            }
            (_, spread) => spread,
        };
        let of_scenarios = node.as_map().is_some_and(|map| map.get("scenarios").is_some());
        if of_scenarios && key != SCENARIO {
            let message = format!("`scenarios` goes with the parameter `{SCENARIO}`, not with `{key}`");
            return Err(node.span.error(Problem::Wrong(message)));
        }
        Ok(Self { key: key.clone(), name, spread })
    }
}

/// Parses `START..END`, or one date for both.
pub(super) fn window(text: &str) -> Result<[String; 2], SeriesError> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (first.trim(), last.trim());
    TimeWindow::between(first, last)?;
    Ok([first.to_owned(), last.to_owned()])
}

/// Converts the values of scenarios and windows to texts, also those that look like numbers.
fn words(key: &str, values: Vec<Scalar>, node: &Node) -> Result<Vec<Scalar>, ConfigError> {
    let word = |value: Scalar| {
        let word = value.plain();
        if key == WINDOW {
            window(&word).map_err(|source| node.span.series_error(source))?;
        }
        Ok(Scalar::Text(word))
    };
    values.into_iter().map(word).collect()
}

/// A mapping of settings and its position.
struct SpreadMapping<'a> {
    node: &'a Node,
    settings: SpreadSettings,
}

impl SpreadMapping<'_> {
    /// Returns an error at the value of a key.
    fn wrong(&self, key: &str, message: impl Into<String>) -> ConfigError {
        let at = self.node.as_map().and_then(|map| map.get(key)).unwrap_or(self.node);
        at.span.error(Problem::Wrong(message.into()))
    }

    fn spread(&self, path: &Path, inputs: &mut Inputs) -> Result<Spread, ConfigError> {
        const SOURCES: [&str; 7] = ["values", "linspace", "logspace", "range", "file", "between", "scenarios"];
        const COMPANIONS: [(&str, &[&str]); 4] = [
            ("points", &["linspace", "logspace"]),
            ("step", &["range"]),
            ("column", &["file"]),
            ("scale", &["between"]),
        ];
        let given = |key: &&str| self.node.as_map().and_then(|map| map.get(key)).is_some();
        let sources: Vec<&str> = SOURCES.into_iter().filter(given).collect();
        let [source] = sources[..] else {
            let (first, rest) = (sources.first().copied().unwrap_or_default(), &sources[1.min(sources.len())..]);
            let message = match rest.first() {
                Some(second) => format!("both `{first}` and `{second}` say what the values are"),
                None => format!("expected one of {}", SOURCES.map(|key| format!("`{key}`")).join(", ")),
            };
            return Err(self.wrong(rest.first().copied().unwrap_or_default(), message));
        };
        for (companion, with) in COMPANIONS {
            if given(&companion) && !with.contains(&source) {
                let with = with.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ");
                return Err(self.wrong(companion, format!("`{companion}` goes with {with}, not with `{source}`")));
            }
        }
        let SpreadSettings { values, linspace, logspace, range, file, between, scenarios, .. } = &self.settings;
        if let Some(bounds) = [linspace, logspace, range, between].into_iter().find_map(|bounds| *bounds) {
            return self.of_numbers(source, bounds);
        }
        match (values, scenarios, file) {
            (Some(values), ..) => Ok(Spread::Values(values.clone())),
            (_, Some(names), _) => Ok(Spread::Values(names.iter().cloned().map(Scalar::Text).collect())),
            (.., Some(file)) => self.column(&beside(path, file), inputs).map(Spread::Values),
            _ => Err(self.wrong(source, format!("`{source}` says nothing"))),
        }
    }

    fn of_numbers(&self, source: &str, [first, last]: [f64; 2]) -> Result<Spread, ConfigError> {
        if !(first.is_finite() && last.is_finite() && (last - first).is_finite()) {
            return Err(self.wrong(source, format!("`{source}` needs two finite numbers, found {first} and {last}")));
        }
        let logarithmic = source == "logspace" || self.settings.scale == Some(Scale::Log);
        if logarithmic && !(first > 0.0 && last > 0.0) {
            let message = format!("a logarithm needs numbers > 0, found {first} and {last}");
            return Err(self.wrong(source, message));
        }
        let numbers = match source {
            "between" if first < last => {
                let scale = self.settings.scale.unwrap_or_default();
                return Ok(Spread::Between { low: first, high: last, scale });
            }
            "between" => {
                return Err(self.wrong(source, format!("there is nothing between {first} and {last}")));
            }
            "range" => self.stepped(first, last)?,
            _ => {
                let points = self.settings.points.ok_or_else(|| self.wrong("points", "`points` is missing"))?;
                if !(2..=MOST_VALUES).contains(&points) {
                    let message = format!("`points` is {points}; expected 2 to {MOST_VALUES}");
                    return Err(self.wrong("points", message));
                }
                if first.to_bits() == last.to_bits() {
                    return Err(self.wrong(source, format!("`{source}` begins and ends with {first}")));
                }
                if logarithmic { geometric(first, last, points) } else { linear(first, last, points) }
            }
        };
        Ok(Spread::Values(numbers.into_iter().map(Scalar::Number).collect()))
    }

    #[expect(clippy::cast_precision_loss, reason = "at most ten million")]
    fn stepped(&self, first: f64, last: f64) -> Result<Vec<f64>, ConfigError> {
        let step = self.settings.step.ok_or_else(|| self.wrong("step", "`step` is missing"))?;
        // The end is included if only rounding prevents an exact number of steps.
        let steps = (last - first) / step;
        let whole = (steps * (1.0 + 1e-12) + 1e-9).floor();
        if !(step.is_finite() && step != 0.0 && steps >= 0.0) {
            return Err(self.wrong("step", format!("steps of {step} do not lead from {first} to {last}")));
        }
        if whole >= MOST_VALUES as f64 {
            let message = format!("steps of {step} from {first} to {last} make more than {MOST_VALUES} values");
            return Err(self.wrong("step", message));
        }
        let scale = first.abs().max(last.abs());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and ten million")]
        let count = whole as u64;
        let mut numbers: Vec<f64> = (0..=count).map(|index| rounded(first + index as f64 * step, scale)).collect();
        numbers[0] = first;
        if let Some(end) = numbers.last_mut().filter(|end| (**end - last).abs() <= 1e-8 * step.abs()) {
            *end = last;
        }
        Ok(numbers)
    }

    fn column(&self, path: &Path, inputs: &mut Inputs) -> Result<Vec<Scalar>, ConfigError> {
        let name = self.settings.column.as_deref().ok_or_else(|| self.wrong("column", "`column` is missing"))?;
        let source = inputs.text(path).map_err(|error| self.wrong("file", error.message()))?;
        let wrong = |error: csv::Error| self.wrong("file", format!("{}: {error}", path.display()));
        // The CSV reader counts one line too few after Windows line ends.
        let text = source.text.replace("\r\n", "\n");
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let header = reader.headers().map_err(wrong)?.clone();
        let mut found =
            header.iter().map(trimmed).enumerate().filter(|(_, known)| *known == name).map(|(index, _)| index);
        let unknown = || {
            let at = self.node.as_map().and_then(|map| map.get("column")).unwrap_or(self.node);
            at.span.error(Problem::unknown_choice(name, header.iter().map(trimmed)))
        };
        let index = found.next().ok_or_else(unknown)?;
        if found.next().is_some() {
            return Err(self.wrong("column", format!("{}: two columns are named `{name}`", path.display())));
        }
        let mut values = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(wrong)? {
            let (cell, line) = (trimmed(&record[index]), record.position().map_or(0, csv::Position::line));
            let refused = || {
                let expected = "expected a finite number or a text";
                self.wrong(
                    "column",
                    format!("{}:{line}: column `{name}`: {expected}, found `{}`", path.display(), shown(cell)),
                )
            };
            // Unicode's other spaces are invisible, so they are not accepted as a part of a value.
            let seen = (cell.trim() == cell).then_some(cell);
            values.push(seen.and_then(Scalar::parse).ok_or_else(refused)?);
        }
        if values.is_empty() {
            return Err(self.wrong("file", format!("{}: has no rows below its header", path.display())));
        }
        Ok(values)
    }
}

/// Returns `points` equidistant numbers, including both ends.
#[expect(clippy::cast_precision_loss, reason = "at most ten million")]
fn linear(first: f64, last: f64, points: u64) -> Vec<f64> {
    let (scale, steps) = (first.abs().max(last.abs()), (points - 1) as f64);
    let inner = (1..points - 1).map(|index| rounded(first + (last - first) * (index as f64 / steps), scale));
    std::iter::once(first).chain(inner).chain([last]).collect()
}

/// Returns `points` numbers with equal ratios, including both ends.
#[expect(clippy::cast_precision_loss, reason = "at most ten million")]
fn geometric(first: f64, last: f64, points: u64) -> Vec<f64> {
    let steps = (points - 1) as f64;
    let between = |index| {
        let number = (first.ln() + (last.ln() - first.ln()) * (index as f64 / steps)).exp();
        rounded(number, number)
    };
    std::iter::once(first).chain((1..points - 1).map(between)).chain([last]).collect()
}

/// Returns a number rounded to thirteen digits of `scale`, so that 3 * 0.1 is written 0.3, and decades are exact.
fn rounded(number: f64, scale: f64) -> f64 {
    if scale == 0.0 {
        return number;
    }
    #[expect(clippy::cast_possible_truncation, reason = "an exponent is between -324 and 308")]
    let decimals = usize::try_from(12 - scale.log10().floor() as i64).unwrap_or(0);
    // Adding zero removes the sign of minus zero.
    format!("{number:.decimals$}").parse().unwrap_or(number) + 0.0
}

impl<'de> Deserialize<'de> for ParameterSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ParameterVisitor;
        impl<'de> Visitor<'de> for ParameterVisitor {
            type Value = ParameterSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a list of values, or a mapping with `values`, `linspace`, `logspace`, `range`, `file` or \
                    `between`",
                )
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<ParameterSetting, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(ParameterSetting::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ParameterSetting, A::Error> {
                let settings = SpreadSettings::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ParameterSetting::Spread(Box::new(settings)))
            }

            fn visit_unit<E: de::Error>(self) -> Result<ParameterSetting, E> {
                Err(E::invalid_type(de::Unexpected::Unit, &self))
            }
        }
        deserializer.deserialize_any(ParameterVisitor)
    }
}
