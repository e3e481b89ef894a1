//! Sweep files (`configs/sweeps/*.yaml`): the base case, the parameters, the design, and the results stored of each
//! case.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anergy_config::switches::Preset;
use anergy_config::yaml::{Node, Source, from_node, parse_keeping};
use anergy_config::{ConfigError, Inputs, Problem, Request};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::constraint::Constraint;
use super::design::{Cases, Design};
use super::parameter::{ParameterSetting, Varied};
use super::reading::SweepFileChecker;
use super::values::Scalar;
#[cfg(feature = "parquet")]
use anergy_config::{SETTING, nearest};
#[cfg(feature = "parquet")]
use anergy_data::schema::files::TIMESERIES;

/// The keys of mappings whose own keys are dotted.
const DOTTED_MAPS: [&str; 3] = ["parameters", "list", "set"];

/// A sweep file as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A sweep for anergy", rename = "Sweep")]
pub(super) struct Written {
    /// What the sweep is called; the file's name without its ending unless given.
    pub name: Option<String>,
    /// The base case.
    pub case: BaseCase,
    /// How parameters become cases; `grid` unless given.
    pub design: Option<DesignWord>,
    /// Number of cases, for `latin_hypercube` and `sobol`.
    #[schemars(range(min = 1, max = 10_000_000_u32))]
    pub cases: Option<u64>,
    /// Seed of `latin_hypercube` and `sobol`; 0 unless given. With 0, `sobol` is the plain sequence.
    pub seed: Option<u64>,
    /// What varies: dotted keys as after `--set`, or `scenario`, or `window`, each with its values.
    #[serde(default)]
    pub parameters: IndexMap<String, ParameterSetting>,
    /// The cases themselves, in place of `parameters`: a value for every key in each of them.
    #[serde(default)]
    pub list: Vec<IndexMap<String, Scalar>>,
    /// Conditions between parameters; a case for which one is false is left out.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// What is kept of each case beside its summary.
    #[serde(default)]
    pub outputs: Outputs,
}

/// The base case; paths are relative to the sweep file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BaseCase {
    /// A district file, or a Calliope model.
    pub model: String,
    /// A scenario of the model, or overrides separated by commas.
    pub scenario: Option<String>,
    /// A loop file.
    pub water_loop: Option<String>,
    /// A preset in place of the loop file's own.
    pub preset: Option<Preset>,
    /// `START..END`, or one date for both, such as `2019-07`.
    pub window: Option<String>,
    /// Settings by dotted keys, as after `--set`.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    #[expect(dead_code, reason = "read from the nodes, with their spelling")]
    pub set: serde::de::IgnoredAny,
}

/// What is kept of each case beside its summary.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Outputs {
    /// Columns of `timeseries.csv`.
    #[serde(default)]
    pub series: Vec<String>,
}

/// How parameters become cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DesignWord {
    /// Every combination; the last parameter varies fastest.
    Grid,
    /// The first values of all parameters, then the second ones, and so on.
    Zip,
    /// As `zip`.
    List,
    /// A Latin hypercube of `cases` cases.
    LatinHypercube,
    /// The first `cases` points of a Sobol sequence.
    Sobol,
}

/// A sweep file that has been read and checked.
#[derive(Debug, Clone)]
pub struct SweepFile {
    /// The name of the sweep.
    pub name: String,
    /// The path of the file.
    pub path: PathBuf,
    /// The design, which makes cases of the parameters.
    pub design: Design,
    /// The parameters, in the order of the file.
    pub parameters: Vec<Varied>,
    /// The constraints that every case satisfies.
    pub constraints: Vec<Constraint>,
    /// The columns of `timeseries.csv` that are stored for each case.
    pub series: Vec<String>,
    base: Request,
    /// The parsed file, for the positions of errors that only a case reveals.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only sweeps that are run make such mistakes"))]
    node: Node,
}

/// Returns the JSON Schema (2020-12) of a sweep file, as editors use it for completion and checks.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Written).to_value()
}

impl SweepFile {
    /// Reads a sweep file, and the columns of values that it refers to.
    ///
    /// # Errors
    /// [`ConfigError`], with file and line: an unknown key or word (with the most similar known one), numbers that are
    /// not finite, lists that are empty or of unequal length, names given twice, a number of cases that is superfluous
    /// or missing, more than [`MOST_CASES`](super::design::MOST_CASES) cases, constraints that cannot be parsed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut inputs = Inputs::default();
        let source = inputs.text(path)?;
        Self::read(&source, inputs)
    }

    fn read(source: &Arc<Source>, mut inputs: Inputs) -> Result<Self, ConfigError> {
        let node = parse_keeping(source, &DOTTED_MAPS)?;
        let mut written: Written = from_node(&node)?;
        let reading = SweepFileChecker { node: &node, path: &source.path };
        let base = reading.base(&written.case)?;
        let design = reading.design(&written)?;
        let parameters = match node.at("list") {
            Some(list) => reading.listed(list, std::mem::take(&mut written.list))?,
            None => reading.parameters(std::mem::take(&mut written.parameters), &mut inputs)?,
        };
        reading.check(design, &parameters)?;
        let conditions = written.constraints.iter().enumerate();
        let constraints =
            conditions.map(|(index, text)| Constraint::parse(text, reading.item("constraints", index), &parameters));
        let constraints = constraints.collect::<Result<_, _>>()?;
        let series = written.outputs.series;
        if let Some(index) = (1..series.len()).find(|&index| series[..index].contains(&series[index])) {
            let message = format!("`{}` stands twice among the series", series[index]);
            return Err(reading.item("outputs.series", index).error(Problem::Wrong(message)));
        }
        let stem = || source.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let (name, path) = (written.name.unwrap_or_else(stem), source.path.clone());
        Ok(Self { name, path, design, parameters, constraints, series, base, node })
    }

    /// Returns the request of the base case, with paths joined to the folder of the sweep file.
    #[must_use]
    pub fn request(&self) -> Request {
        self.base.clone()
    }

    /// Returns the number of cases before constraints.
    #[must_use]
    pub fn combinations(&self) -> u128 {
        self.design.count(&self.parameters)
    }

    /// Returns the cases that satisfy all constraints.
    ///
    /// # Errors
    /// [`ConfigError`], with the position of the constraint, when it is undefined for a case, or when no case is left.
    pub fn cases(&self) -> Result<Cases, ConfigError> {
        let mut cases = self.design.cases(&self.parameters);
        if self.constraints.is_empty() {
            return Ok(cases);
        }
        let mut keep = vec![true; cases.len()];
        for constraint in &self.constraints {
            constraint.strike(&cases.parameters, &mut keep)?;
            if !keep.contains(&true) {
                return Err(constraint.refuses_all(cases.len()));
            }
        }
        cases.parameters.iter_mut().for_each(|parameter| parameter.values.retain(&keep));
        Ok(cases)
    }
}

#[cfg(feature = "parquet")]
impl SweepFile {
    /// Returns an error of a case with its position in this file, if its cause is in this file.
    pub(super) fn place(&self, error: ConfigError) -> ConfigError {
        let at = |keys: &[&str]| keys.iter().find_map(|key| self.node.at(key)).map(|node| node.span.clone());
        let within = |mapping: &str, key: &str| Some(self.node.at(mapping)?.as_map()?.get(key)?.span.clone());
        let span = match &error {
            ConfigError::UnknownScenario { .. } => at(&["parameters.scenario", "list", "case.scenario"]),
            ConfigError::Unreadable { path, .. } if *path == self.base.model => at(&["case.model"]),
            other => other.span().filter(|span| span.path().to_string_lossy().starts_with(SETTING)).and_then(|span| {
                let key = span.source.text.split(": ").next().unwrap_or_default();
                within("parameters", key).or_else(|| at(&["list"])).or_else(|| within("case.set", key))
            }),
        };
        match span {
            Some(span) => span.error(Problem::Wrong(error.message())),
            None => error,
        }
    }

    /// Checks that all series are among the `known` ones.
    pub(super) fn check_series(&self, known: &[String]) -> Result<(), ConfigError> {
        let Some(index) = self.series.iter().position(|name| !known.contains(name)) else { return Ok(()) };
        let name = &self.series[index];
        let meant = nearest(name, known).map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
        let list = self.node.at("outputs.series").and_then(Node::as_list).unwrap_or_default();
        let span = &list.get(index).unwrap_or(&self.node).span;
        let message = format!("there is no column `{name}` in the first case's {TIMESERIES}{meant}");
        Err(span.error(Problem::Wrong(message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a sweep file whose text after its `case` (line 1) is `text`.
    fn read(text: &str) -> Result<SweepFile, String> {
        let text = format!("case: {{model: ../district.yaml}}\n{text}");
        let source = Arc::new(Source { path: "sweeps/mass.yaml".into(), text });
        SweepFile::read(&source, Inputs::default()).map_err(|error| error.to_string())
    }

    fn column(sweep: &SweepFile, index: usize) -> Vec<String> {
        let cases = sweep.cases().unwrap();
        (0..cases.len()).map(|case| cases.parameters[index].values.text(case)).collect()
    }

    #[test]
    fn every_spelling_of_values_is_read() {
        let spellings = [
            ("[1, 'x', true]", "1 x true"),
            ("{values: [file=a.csv:x, 0.2]}", "file=a.csv:x 0.2"),
            ("{linspace: [-0.3, 0.3], points: 7}", "-0.3 -0.2 -0.1 0 0.1 0.2 0.3"),
            ("{logspace: [1e-2, 1e4], points: 7}", "0.01 0.1 1 10 100 1000 10000"),
            ("{range: [0, 10], step: 2.5}", "0 2.5 5 7.5 10"),
            ("{range: [0, 0.35], step: 0.1}", "0 0.1 0.2 0.3"),
            ("{range: [3, 1], step: -1}", "3 2 1"),
        ];
        for (spelling, values) in spellings {
            let sweep = read(&format!("parameters: {{a.b: {spelling}}}\n")).unwrap();
            assert_eq!(column(&sweep, 0).join(" "), values, "{spelling}");
        }
    }

    #[test]
    fn parameters_keep_their_order_and_their_dots() {
        let sweep = read("parameters: {a.b: [1, 2], c: [3, 4], a.d: {values: [5, 6], as: last}}\n").unwrap();
        let named: Vec<(&str, &str)> =
            sweep.parameters.iter().map(|parameter| (parameter.key.as_str(), parameter.name.as_str())).collect();
        assert_eq!(named, [("a.b", "a.b"), ("c", "c"), ("a.d", "last")]);
        assert_eq!(column(&sweep, 2).join(" "), "5 6 5 6 5 6 5 6");
        assert_eq!((sweep.name.as_str(), sweep.series.len()), ("mass", 0));
        let listed = read("list: [{a.b: 1, c: x}, {c: y, a.b: 2}]\n").unwrap();
        assert_eq!((column(&listed, 0).join(" "), column(&listed, 1).join(" ")), ("1 2".into(), "x y".into()));
    }

    #[test]
    fn the_base_case_is_beside_the_file() {
        let text = "case: {model: m.yaml, water_loop: ../l.yaml, preset: published, scenario: s, window: 2019-07, \
                    set: {a.b: 1e-3, c: {d.e: [x, '1']}, f: file=a.csv:x}}\nparameters: {scenario: [base, t]}\n";
        let source = Arc::new(Source { path: "sweeps/mass.yaml".into(), text: text.to_owned() });
        let request = SweepFile::read(&source, Inputs::default()).unwrap().request();
        assert_eq!(request.model, Path::new("sweeps/m.yaml"));
        assert_eq!(request.water_loop, Some(anergy_config::LoopSource::File("sweeps/../l.yaml".into())));
        assert_eq!(request.settings, ["a.b=1e-3", r#"c={"d.e": ["x", "1"]}"#, "f=file=a.csv:x"]);
        assert_eq!(request.window, Some(["2019-07".to_owned(), "2019-07".to_owned()]));
        assert_eq!((request.scenario.as_deref(), request.preset), (Some("s"), Some(Preset::Published)));
    }

    #[test]
    fn columns_of_a_file_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("cases.csv", "\u{feff}mass, kind\r\n1e5, a\r\n2.50, true\r\n");
        write(
            "sweep.yaml",
            "case: {model: m.yaml}\ndesign: zip\nparameters:\n  a: {file: cases.csv, column: mass}\n  b: {file: \
             cases.csv, column: kind}\n",
        );
        let sweep = SweepFile::load(&folder.path().join("sweep.yaml")).unwrap();
        assert_eq!((column(&sweep, 0).join(" "), column(&sweep, 1).join(" ")), ("100000 2.5".into(), "a true".into()));
        for (cells, what) in [("1\nnan", "cases.csv:3"), ("", "no rows"), ("1\n2,3", "line")] {
            write("cases.csv", &format!("mass\n{cells}\n"));
            let message = SweepFile::load(&folder.path().join("sweep.yaml")).unwrap_err().to_string();
            assert!(message.contains("sweep.yaml:4") && message.contains(what), "{message}");
        }
    }

    #[test]
    fn errors_have_line_and_suggestion() {
        let mistakes = [
            ("paramters: {a: [1]}", ":2:1", "did you mean `parameters`?"),
            ("parameters:\n  a: {linspcae: [1, 2], points: 3}", ":3:7", "did you mean `linspace`?"),
            ("parameters:\n  a: {linspace: [1, 2], points: 1}", ":3:33", "expected 2 to"),
            ("parameters:\n  a: {linspace: [1, 2]}", ":3", "`points` is missing"),
            ("parameters:\n  a: {linspace: [1, inf], points: 3}", ":3:17", "finite"),
            ("parameters:\n  a: {logspace: [0, 1], points: 3}", ":3:17", "> 0"),
            ("parameters:\n  a: {range: [0, 1], step: -1}", ":3:28", "do not lead"),
            ("parameters:\n  a: {range: [0, 1], step: 1e-9}", ":3:28", "more than"),
            ("parameters:\n  a: {linspace: [0, 1], points: 3, step: 1}", ":3:42", "goes with `range`"),
            ("parameters:\n  a: {values: [1], range: [0, 1], step: 1}", ":3:27", "both `values` and `range`"),
            ("parameters:\n  a: {as: b}", ":3", "expected one of `values`"),
            ("parameters:\n  a: {between: [0, 1]}", ":3", "goes with the designs"),
            ("parameters:\n  a: {file: nowhere.csv, column: x}", ":3:13", "cannot be read"),
            ("parameters:\n  a: {scenarios: [x]}", ":3", "goes with the parameter `scenario`"),
            ("parameters:\n  a: []", ":3:6", "no values"),
            ("parameters:\n  a: 5", ":3:6", "expected a list of values"),
            ("parameters:\n  a:", ":3", "found nothing"),
            ("parameters:\n  a: [1, nan]", ":3:10", "finite"),
            ("parameters:\n  a: [1, .inf]", ":3:10", "finite"),
            ("parameters:\n  a: [1, [2]]", ":3:10", "found a list"),
            ("parameters:\n  a: [1, 2, 1.0]", ":3:6", "1 stands twice"),
            ("parameters:\n  a: [1]\n  a: [2]", ":4:3", "defined twice"),
            ("parameters:\n  a: {values: [1], as: c}\n  b: {values: [1], as: c}", ":4:6", "name of both `a` and `b`"),
            ("parameters:\n  a: [1]\n  b: {values: [1], as: a}", ":4:6", "name of both `a` and `b`"),
            ("parameters:\n  a=b: [1]", ":3:3", "cannot be a parameter"),
            ("parameters:\n  window: [2019, 2019-13]", ":3", "2019-13"),
            ("parameters: {}", ":2", "nothing varies"),
            ("design: sobl\nparameters: {a: [1]}", ":2:9", "did you mean `sobol`?"),
            ("design: sobol\nparameters: {a: [1]}", ":2:9", "`cases` is missing"),
            ("cases: 5\nparameters: {a: [1]}", ":2:8", "goes with the designs"),
            ("seed: 5\nparameters: {a: [1]}", ":2:7", "goes with the designs"),
            ("cases: 5000000000\ndesign: sobol\nparameters: {a: [1]}", ":2:8", "expected 1 to 10000000"),
            ("cases: 0\ndesign: sobol\nparameters: {a: [1]}", ":2:8", "expected 1 to 10000000"),
            ("design: zip\nparameters:\n  a: [1, 2]\n  b: [1]", ":5:6", "row by row"),
            ("list: [{a: 1}, {b: 2}]", ":2:16", "`a` is missing"),
            ("list: [{aa: 1}, {aa: 2, ab: 3}]", ":2:25", "did you mean `aa`?"),
            ("list: [{a: 1}]\nparameters: {a: [1]}", ":2:7", "in place of"),
            ("list: [{a: 1}]\ndesign: grid", ":3:9", "its design is `list`"),
            ("parameters: {mass: [1]}\nconstraints:\n  - mas < 3", ":4:5", "did you mean `mass`?"),
            ("parameters: {a: [1]}\noutputs: {series: [x, x]}", ":3:23", "stands twice"),
            ("parameters: {a: [1]}\noutputs: {serie: [x]}", ":3:11", "did you mean `series`?"),
        ];
        for (text, place, what) in mistakes {
            let message = read(text).expect_err(text);
            let placed = message.starts_with(&format!("sweeps/mass.yaml{place}"));
            assert!(placed && message.contains(what), "{text:?}: {message}");
        }
        let points = "{linspace: [0, 1], points: 100000}";
        let message = read(&format!("parameters: {{a: {points}, b: {points}}}")).unwrap_err();
        assert!(message.contains("10000000000 cases"), "{message}");
        let none = read("parameters: {a: [1]}\nconstraints: [a > 1]").unwrap().cases().unwrap_err().to_string();
        assert!(none.contains(":3:15") && none.contains("leaves none of the 1 cases"), "{none}");
    }

    #[test]
    fn constraints_on_a_million_cases_are_quick() {
        let axis = "{linspace: [0, 1], points: 1000}";
        let sweep =
            read(&format!("parameters: {{a: {axis}, b: {axis}}}\nconstraints: [a <= b && a + b < 3 * b + 1]\n"));
        let start = std::time::Instant::now();
        assert_eq!(sweep.unwrap().cases().unwrap().len(), 500_500);
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    }

    #[test]
    fn the_examples_are_read_and_match_their_schema() {
        let schema = json_schema();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let published = std::fs::read_to_string(root.join("sweep.schema.json")).unwrap();
        let published: serde_json::Value = serde_json::from_str(&published).unwrap();
        assert!(published == schema, "configs/sweep.schema.json is that of another version");
        let validator = jsonschema::validator_for(&schema).unwrap();
        for (name, count) in [("loop_mass", 50), ("sizes_sobol", 61)] {
            let path = root.join(format!("sweeps/{name}.yaml"));
            let sweep = SweepFile::load(&path).unwrap();
            let cases = sweep.cases().unwrap();
            assert_eq!(cases.len(), count, "{name}");
            for case in [0, count - 1] {
                anergy_config::Case::load(&cases.request(&sweep.request(), case)).unwrap();
            }
            let json: serde_json::Value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
        }
        assert!(!validator.is_valid(&serde_json::json!({ "case": { "model": "m" }, "paramters": {} })));
    }

    proptest! {
        #[test]
        fn no_case_violates_a_constraint(
            a in proptest::collection::btree_set(-50i32..50, 1..12),
            b in proptest::collection::btree_set(-50i32..50, 1..12),
            factor in -3i32..4,
        ) {
            let text = format!("parameters: {{a: {a:?}, b.c: {{values: {b:?}, as: b}}}}\nconstraints: ['a < {factor} \
                * {{b.c}} || b == 0']\n");
            let text = text.replace("a: {", "a: [").replace("}, b.c", "], b.c").replace("values: {", "values: [").replace("}, as", "], as");
            let sweep = read(&text).unwrap();
            let fulfils = |a: i32, b: i32| a < factor * b || b == 0;
            let expected: Vec<(f64, f64)> = a
                .iter()
                .flat_map(|&a| b.iter().map(move |&b| (a, b)))
                .filter(|&(a, b)| fulfils(a, b))
                .map(|(a, b)| (f64::from(a), f64::from(b)))
                .collect();
            match sweep.cases() {
                Err(_) => prop_assert!(expected.is_empty()),
                Ok(cases) => {
                    let number = |index: usize, case| cases.parameters[index].values.number(case).unwrap();
                    let kept: Vec<(f64, f64)> = (0..cases.len()).map(|case| (number(0, case), number(1, case))).collect();
                    prop_assert_eq!(kept, expected);
                }
            }
        }

        #[test]
        fn no_text_panics(text in "(design: (zip|sobol)\n)?(cases: [0-9]\n)?(list|parameters): [\\[\\]{}a-c:, 0-9.]{0,40}\n?") {
            let _ = read(&text).map(|sweep| sweep.cases());
        }
    }
}
