//! Reader of configuration files; the result is a case that can be run.
//!
//! A case is a district, and optionally a loop. Both are read from a district file ([`native`]), or the district from
//! an unchanged Calliope 0.6 model ([`calliope`]) and the loop from a loop file ([`loop_file`]). Every value keeps its
//! position ([`yaml`]), so that an error names file and line, also after imports, overrides and dotted keys.

pub mod calliope;
mod column;
pub mod document;
mod error;
mod inputs;
pub mod key_reference;
pub mod lint;
mod locate;
pub mod loop_file;
pub mod native;
pub mod switches;
mod timeseries;
mod water_loop;
pub mod yaml;

pub use anergy_data::results::sha256;
pub use anergy_data::schema::{Input, Level};
pub use column::Column;
pub use error::nearest;
pub use error::{ConfigError, Finding, Problem};
pub use inputs::{InputCache, Inputs};
pub use loop_file::LoopFile;
pub use timeseries::{Correction, UsedColumn};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use anergy_cosim::Coupled;
use anergy_data::series::trimmed;
use anergy_dispatch::district::District;
use document::Document;
use switches::Preset;
use yaml::{Conflict, Map, Node, Source, Value};

/// The request of a user: the files and options of a case.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Request {
    /// The model file.
    pub model: PathBuf,
    /// A scenario, or overrides separated by commas; `None` for the model as it is.
    pub scenario: Option<String>,
    /// The loop; `None` for a dispatch without a loop.
    pub water_loop: Option<LoopSource>,
    /// A preset that replaces the loop file's own.
    pub preset: Option<Preset>,
    /// Single settings, `key=value`, merged over everything else.
    pub settings: Vec<String>,
    /// A time window, `START..END` or one date, that replaces the model's own.
    pub window: Option<[String; 2]>,
    /// Whether unsupported keys are warnings instead of errors.
    pub ignore_unsupported: bool,
}

/// The source of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopSource {
    /// A loop file.
    File(PathBuf),
    /// The published loop, `networks/iccep2019.yaml`, which is part of the executable.
    Published,
}

/// The format of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A district file.
    District,
    /// A Calliope model.
    Calliope,
}

/// A case that can be run.
#[derive(Debug, Clone)]
pub struct Case {
    /// The format of the model.
    pub format: Format,
    /// The model's own name.
    pub name: String,
    /// The district.
    pub district: District,
    /// The loop and its coupling; `None` without a loop.
    pub coupled: Option<Coupled>,
    /// The columns of time series that the case uses.
    pub columns: Vec<UsedColumn>,
    /// Warnings, notes and defaults in use.
    pub findings: Vec<Finding>,
    /// The configuration with imports and overrides applied; of a loop file, also with its defaults.
    pub resolved: Resolved,
    /// Every file that was read.
    pub inputs: Vec<Input>,
}

/// The configuration with imports and overrides applied; of a loop file, also with its defaults.
#[derive(Debug, Clone, Serialize)]
pub struct Resolved {
    /// The scenario or overrides in use.
    pub scenario: Option<String>,
    /// The model.
    pub model: Map,
    /// The loop; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub water_loop: Option<LoopFile>,
}

/// The top-level keys of a loop file; `--set` applies them to the loop file.
const LOOP_KEYS: [&str; 8] =
    ["name", "preset", "switches", "coupling", "water_loop", "heat_pumps", "stores", "corrections"];

/// The name of the origin of values from `--set`.
pub const SETTING: &str = "--set";

impl Case {
    /// Reads the files of a request.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and what was expected.
    pub fn load(request: &Request) -> Result<Self, ConfigError> {
        Self::load_from(request, &Arc::default())
    }

    /// Reads the files of a request; files in the cache `cache` are not read again.
    ///
    /// # Errors
    /// As [`Case::load`].
    pub fn load_from(request: &Request, cache: &Arc<InputCache>) -> Result<Self, ConfigError> {
        let mut reading = CaseReader { inputs: Inputs::on(Arc::clone(cache)), findings: Vec::new() };
        let water_loop = match &request.water_loop {
            Some(LoopSource::File(path)) => Some(path.as_path()),
            Some(LoopSource::Published) | None => None,
        };
        let scenario = request.scenario.as_deref();
        let mut document = Document::load(&request.model, scenario, water_loop, &mut reading.inputs)?;
        let loop_settings = settings_for(&mut document, request)?;
        let mut case = if document.is_calliope() {
            reading.calliope(request, document, loop_settings)?
        } else {
            reading.native(request, document)?
        };
        let sourceless = case.district.carriers_without_source();
        let message = |(site, carrier)| format!("{carrier} is taken at {site}, and nothing there brings it");
        let found: Vec<String> = sourceless.into_iter().map(message).collect();
        case.findings.extend(found.into_iter().map(|message| Finding::warning(None, message)));
        lint::lint(&mut case);
        Ok(case)
    }
}

/// The inputs and findings collected while files are read.
struct CaseReader {
    inputs: Inputs,
    findings: Vec<Finding>,
}

impl CaseReader {
    fn calliope(mut self, request: &Request, document: Document, settings: Map) -> Result<Case, ConfigError> {
        let loop_file = match &request.water_loop {
            None if request.preset.is_some() => {
                let message = "a preset sets the switches of a loop file, and none is given (`--water-loop FILE`)";
                return Err(ConfigError::Mismatch(message.to_owned()));
            }
            None => None,
            Some(source) => {
                let mut node = yaml::parse(&match source {
                    LoopSource::File(path) => self.inputs.text(path)?,
                    LoopSource::Published => published_loop(),
                })?;
                if let Value::Map(map) = &mut node.value {
                    map.union(settings, Conflict::Replace)?;
                }
                Some(LoopFile::read(&node, request.preset)?)
            }
        };
        let model = calliope::Model::new(document, request.window.as_ref())?;
        let options = calliope::Options {
            ignore_unsupported: request.ignore_unsupported,
            corrections: loop_file.as_ref().map_or(&[], LoopFile::corrections_in_force),
        };
        let (mut district, columns) = model.district(&options, &mut self.inputs, &mut self.findings)?;
        if let Some(file) = &loop_file {
            let shortage = file.shortage(district.shortage());
            district = district.with_shortage(shortage);
        }
        let coupled = loop_file.as_ref().map(|file| file.couple(&district, &mut self.findings)).transpose()?;
        let resolved =
            Resolved { scenario: request.scenario.clone(), model: model.map().clone(), water_loop: loop_file };
        let (findings, inputs) = (self.findings, self.inputs.into_list());
        Ok(Case {
            format: Format::Calliope,
            name: model.name(),
            district,
            coupled,
            columns,
            findings,
            resolved,
            inputs,
        })
    }

    fn native(mut self, request: &Request, document: Document) -> Result<Case, ConfigError> {
        if request.preset.is_some() {
            let message = "a preset sets the switches of a loop file; a district file has them as keys of its own";
            return Err(ConfigError::Mismatch(message.to_owned()));
        }
        if request.water_loop == Some(LoopSource::Published) {
            let message = "the published loop goes with the published model";
            return Err(ConfigError::Mismatch(message.to_owned()));
        }
        let window = request.window.as_ref();
        let native::Built { name, district, coupled, columns, model } =
            native::build(&document, window, &mut self.inputs, &mut self.findings)?;
        let resolved = Resolved { scenario: request.scenario.clone(), model, water_loop: None };
        let (findings, inputs) = (self.findings, self.inputs.into_list());
        Ok(Case { format: Format::District, name, district, coupled, columns, findings, resolved, inputs })
    }
}

/// Merges the settings of `--set` over a document; returns those that belong to the loop file beside it.
fn settings_for(document: &mut Document, request: &Request) -> Result<Map, ConfigError> {
    let of_calliope = document.is_calliope();
    let mut of_loop = Map::default();
    for (index, text) in request.settings.iter().enumerate() {
        let setting = setting(index, text)?;
        let names_loop = setting.entries().iter().all(|entry| LOOP_KEYS.contains(&entry.key.as_str()));
        match (of_calliope && names_loop, &request.water_loop) {
            (false, _) => document.set(setting)?,
            (true, Some(_)) => of_loop.union(setting, Conflict::Replace)?,
            (true, None) => {
                let reason = "it belongs to a loop file, and none is given (`--water-loop FILE`)";
                return Err(setting.entries()[0].key_span.error(Problem::Unsupported {
                    what: setting.entries()[0].key.clone(),
                    reason: Some(reason.to_owned()),
                }));
            }
        }
    }
    Ok(of_loop)
}

/// Returns the text of the published loop.
fn published_loop() -> Arc<Source> {
    let text = include_str!("../../../networks/iccep2019.yaml").to_owned();
    Arc::new(Source { path: "networks/iccep2019.yaml".into(), text })
}

/// Parses `key=value` as a mapping.
fn setting(index: usize, text: &str) -> Result<Map, ConfigError> {
    let malformed = || ConfigError::Setting { text: text.to_owned() };
    let (key, value) = text.split_once('=').ok_or_else(malformed)?;
    if key.trim().is_empty() {
        return Err(malformed());
    }
    let path = if index == 0 { SETTING.to_owned() } else { format!("--set ({})", index + 1) };
    let source = Arc::new(Source { path: path.into(), text: format!("{}: {}", trimmed(key), trimmed(value)) });
    let mut node: Node = yaml::parse(&source)?;
    node.mark(&Arc::from(SETTING));
    match node.value {
        Value::Map(map) => Ok(map),
        _ => Err(malformed()),
    }
}

/// Returns a relative path joined to the folder of `file`.
pub fn beside(file: &Path, relative: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(relative)
}
