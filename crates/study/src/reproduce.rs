//! The smart district of ICCEP 2019, run as published and held against its published figures.
//!
//! Figures and temperatures are judged where independent solutions of the published model agree; the rest is shown. The
//! figures stand in `iccep2019.rs`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anergy_config::switches::Preset;
use anergy_config::{Case, ConfigError, LoopSource, Request};
use anergy_cosim::coupling::Observer;
use anergy_cosim::{CosimError, CosimResult};
use anergy_lp::Backend;
use anergy_run::run_case;
use serde::Serialize;

use super::iccep2019::figures;

/// Loop temperatures of the week must agree within this in every hour and iteration, K.
const WEEK_TEMPERATURE_K: f64 = 1e-6;
/// Mean loop temperature difference of a year's iteration, K: a few tied hours may differ between vertex solutions.
const YEAR_MEAN_TEMPERATURE_K: f64 = 1e-3;
/// Iterations that the published model makes.
pub(super) const PUBLISHED_ITERATIONS: usize = 12;
/// Iterations of the year whose temperatures are judged; in the last one a single reset falls into another hour.
const YEAR_JUDGED_ITERATIONS: usize = 11;

/// Which part of the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// 1 to 7 January.
    Week,
    /// January.
    January,
    /// July.
    July,
    /// The whole year.
    Year,
    /// From one date to another, both included.
    Between(String, String),
}

impl Window {
    /// First and last date.
    #[must_use]
    pub fn dates(&self) -> [String; 2] {
        let (first, last) = match self {
            Self::Week => ("2015-01-01", "2015-01-07"),
            Self::January => ("2015-01-01", "2015-01-31"),
            Self::July => ("2015-07-01", "2015-07-31"),
            Self::Year => ("2015-01-01", "2015-12-31"),
            Self::Between(first, last) => (first.as_str(), last.as_str()),
        };
        [first.to_owned(), last.to_owned()]
    }

    /// One word, for tables and folders.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Week => "week".to_owned(),
            Self::January => "january".to_owned(),
            Self::July => "july".to_owned(),
            Self::Year => "year".to_owned(),
            Self::Between(first, last) => format!("{first}..{last}"),
        }
    }
}

/// Which of the two published models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// The smart district with stores and the water loop.
    Smarti,
    /// The baseline without stores, with constant COPs and no loop.
    Baseline,
}

impl Scenario {
    /// Folder of the published data, and one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Smarti => "smarti",
            Self::Baseline => "baseline",
        }
    }

    pub(super) fn scenario(self) -> &'static str {
        match self {
            Self::Smarti => "zero_alt_storage",
            Self::Baseline => "no_TES",
        }
    }
}

/// One figure against its published value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What is compared.
    pub figure: String,
    /// The iteration, where it belongs to one.
    pub iteration: Option<usize>,
    /// The published value.
    pub published: f64,
    /// Ours.
    pub ours: f64,
    /// How far apart they may be; `None` when it is only shown.
    pub tolerance: Option<f64>,
}

impl Comparison {
    /// Ours minus published.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.ours - self.published
    }

    /// Whether the figure is within its tolerance, if it has one.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.tolerance.is_none_or(|tolerance| self.difference().abs() <= tolerance)
    }
}

/// Loop temperatures of one iteration against the reference, K.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TemperatureComparison {
    /// The iteration.
    pub iteration: usize,
    /// Mean |difference|.
    pub mean_k: f64,
    /// Largest |difference|.
    pub max_k: f64,
    /// First step at which it exceeds 1e-6 K.
    pub first_step: Option<usize>,
    /// What is judged: `mean` or `max`, and its limit.
    pub judged: Option<(&'static str, f64)>,
}

impl TemperatureComparison {
    /// Whether it is within its tolerance, if it has one.
    #[must_use]
    pub fn is_within(&self) -> bool {
        match self.judged {
            None => true,
            Some(("max", limit)) => self.max_k <= limit,
            Some((_, limit)) => self.mean_k <= limit,
        }
    }
}

/// What a reproduction found.
#[derive(Debug)]
pub struct Reproduction {
    /// The case.
    pub case: Case,
    /// The run.
    pub run: CosimResult,
    /// Figures against published ones.
    pub figures: Vec<Comparison>,
    /// Loop temperatures against the reference; `None` when there is no reference to compare with.
    pub temperatures: Option<Vec<TemperatureComparison>>,
    /// Where the reference temperatures were read.
    pub reference: Option<PathBuf>,
    /// Seconds that reading the case took.
    pub read_seconds: f64,
}

impl Reproduction {
    /// Whether anything was compared at all.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        !self.figures.is_empty() || self.temperatures.is_some()
    }

    /// Whether every judged figure and temperature is within its tolerance.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.figures.iter().all(Comparison::is_within)
            && self.temperatures.iter().flatten().all(TemperatureComparison::is_within)
    }
}

/// Why there is no reproduction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReproduceError {
    /// The published model cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The reference cannot be read.
    #[error("{}: not a table of reference temperatures: {message}", path.display())]
    Reference {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

/// The published case, read and ready to run.
#[derive(Debug)]
pub struct Published {
    /// The case.
    pub case: Case,
    window: Window,
    scenario: Scenario,
    reference: Option<(PathBuf, Vec<Vec<f64>>)>,
    read_seconds: f64,
}

impl Published {
    /// Reads the published case under `data` (which holds `smarti/` and `baseline/`), and the hourly loop temperatures under
    /// `reference` where they are for this window and scenario.
    ///
    /// # Errors
    /// [`ReproduceError`] when data or reference cannot be read.
    pub fn load(
        data: &Path,
        reference: Option<&Path>,
        window: &Window,
        scenario: Scenario,
    ) -> Result<Self, ReproduceError> {
        let began = std::time::Instant::now();
        let case = Case::load(&Request {
            model: data.join(scenario.name()).join("model_op.yaml"),
            scenario: Some(scenario.scenario().to_owned()),
            water_loop: (scenario == Scenario::Smarti).then_some(LoopSource::Published),
            preset: (scenario == Scenario::Smarti).then_some(Preset::Published),
            settings: Vec::new(),
            window: Some(window.dates()),
            ignore_unsupported: false,
        })?;
        let file = reference.and_then(|folder| reference_file(folder, window, scenario));
        let reference = file.map(|file| read_temperatures(&file).map(|values| (file, values))).transpose()?;
        let read_seconds = began.elapsed().as_secs_f64();
        Ok(Self { case, window: window.clone(), scenario, reference, read_seconds })
    }

    /// Runs it and compares it with the published figures and temperatures.
    ///
    /// # Errors
    /// [`CosimError`] when the run fails. A difference is no error.
    pub fn run(self, backend: &'static dyn Backend, observer: &mut dyn Observer) -> Result<Reproduction, CosimError> {
        let Self { case, window, scenario, reference, read_seconds } = self;
        let run = run_case(&case, backend, observer)?;
        let figures = figures(&run, &window, scenario);
        let (reference, published) = reference.unzip();
        let temperatures = match (published, &run.coupling) {
            (Some(published), Some(coupling)) => {
                Some(compare_temperatures(&published, &coupling.temperatures, &window))
            }
            _ => None,
        };
        Ok(Reproduction { case, run, figures, temperatures, reference, read_seconds })
    }
}

/// The reference temperatures of a window, if the folder has them.
fn reference_file(folder: &Path, window: &Window, scenario: Scenario) -> Option<PathBuf> {
    if scenario == Scenario::Baseline {
        return None;
    }
    let file = match window {
        Window::Week => folder.join("week/T_ring.csv"),
        Window::Year => folder.join("year/T_ring.csv.gz"),
        _ => return None,
    };
    file.is_file().then_some(file)
}

/// Temperatures by iteration, from a table with columns `step` and `iter_0`, `iter_1`, ...; gzip by the file's ending.
fn read_temperatures(path: &Path) -> Result<Vec<Vec<f64>>, ReproduceError> {
    let wrong = |message: String| ReproduceError::Reference { path: path.to_owned(), message };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let reader: Box<dyn Read> = if path.extension().is_some_and(|ending| ending == "gz") {
        Box::new(flate2::read::GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut reader = csv::Reader::from_reader(reader);
    let headers = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let mut columns = Vec::new();
    while let Some(position) = headers.iter().position(|name| name == format!("iter_{}", columns.len())) {
        columns.push(position);
    }
    if columns.len() != PUBLISHED_ITERATIONS {
        let found = columns.len();
        return Err(wrong(format!("it has {found} of the columns `iter_0` to `iter_{}`", PUBLISHED_ITERATIONS - 1)));
    }
    let mut temperatures = vec![Vec::new(); columns.len()];
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        for (values, &position) in temperatures.iter_mut().zip(&columns) {
            let cell = record.get(position).unwrap_or_default();
            let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
            values.push(number.ok_or_else(|| wrong(format!("`{cell}` is not a number")))?);
        }
    }
    Ok(temperatures)
}

fn compare_temperatures(
    published: &[Vec<f64>],
    ours: &[ndarray::Array1<f64>],
    window: &Window,
) -> Vec<TemperatureComparison> {
    let compare = |(iteration, (published, ours)): (usize, (&Vec<f64>, &ndarray::Array1<f64>))| {
        let judged = match window {
            Window::Week => Some(("max", WEEK_TEMPERATURE_K)),
            Window::Year if iteration < YEAR_JUDGED_ITERATIONS => Some(("mean", YEAR_MEAN_TEMPERATURE_K)),
            _ => None,
        };
        if published.len() != ours.len() {
            let no = f64::INFINITY;
            return TemperatureComparison { iteration, mean_k: no, max_k: no, first_step: Some(0), judged };
        }
        let differences: Vec<f64> = published.iter().zip(ours).map(|(a, b)| (a - b).abs()).collect();
        #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
        let mean_k = differences.iter().sum::<f64>() / differences.len() as f64;
        TemperatureComparison {
            iteration,
            mean_k,
            max_k: differences.iter().copied().fold(0.0, f64::max),
            first_step: differences.iter().position(|difference| *difference > WEEK_TEMPERATURE_K),
            judged,
        }
    };
    published.iter().zip(ours).enumerate().map(compare).collect()
}
