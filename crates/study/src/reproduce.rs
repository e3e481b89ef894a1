//! Reproduction of the smart district of ICCEP 2019: a run as published, compared with its published figures.
//!
//! Figures and temperatures are checked where independent solutions of the published model agree; the others are shown.
//! The figures are in `iccep2019.rs`.

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

/// The tolerance of the week's loop temperatures in every hour and iteration, K.
const WEEK_TEMPERATURE_K: f64 = 1e-6;
/// The tolerance of the mean difference of the loop temperature in a year's iteration, K: vertex solutions may differ
/// in a few hours with a degenerate optimum.
const YEAR_MEAN_TEMPERATURE_K: f64 = 1e-3;
/// The number of iterations of the published model.
pub(super) const PUBLISHED_ITERATIONS: usize = 12;
/// The number of iterations of the year whose temperatures are checked; in the last iteration a single reset is in
/// another hour.
const YEAR_JUDGED_ITERATIONS: usize = 11;

/// The part of the year.
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
    /// Returns the first and the last date.
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

    /// Returns the name for tables and folders, one word.
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

/// The published models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// The smart district with stores and the water loop.
    Smarti,
    /// The baseline without stores, with constant COPs and no loop.
    Baseline,
}

impl Scenario {
    /// Returns the name of the model, also the folder of the published data.
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

/// A figure beside its published value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The name of the quantity.
    pub figure: String,
    /// The iteration of the figure; `None` where it belongs to no iteration.
    pub iteration: Option<usize>,
    /// The published value.
    pub published: f64,
    /// The value of this run.
    pub ours: f64,
    /// The largest difference allowed; `None` when the figure is shown without a check.
    pub tolerance: Option<f64>,
}

impl Comparison {
    /// Returns the value of this run minus the published value.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.ours - self.published
    }

    /// Returns whether the figure is within its tolerance; true without a tolerance.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.tolerance.is_none_or(|tolerance| self.difference().abs() <= tolerance)
    }
}

/// The loop temperatures of one iteration compared with the reference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TemperatureComparison {
    /// The iteration.
    pub iteration: usize,
    /// Mean |difference|, K.
    pub mean_k: f64,
    /// Largest |difference|, K.
    pub max_k: f64,
    /// The first step with a difference above 1e-6 K; `None` without one.
    pub first_step: Option<usize>,
    /// The statistic that is checked, `mean` or `max`, and its limit, K; `None` without a check.
    pub judged: Option<(&'static str, f64)>,
}

impl TemperatureComparison {
    /// Returns whether the statistic is within its limit; true without a check.
    #[must_use]
    pub fn is_within(&self) -> bool {
        match self.judged {
            None => true,
            Some(("max", limit)) => self.max_k <= limit,
            Some((_, limit)) => self.mean_k <= limit,
        }
    }
}

/// The result of a reproduction.
#[derive(Debug)]
pub struct Reproduction {
    /// The case.
    pub case: Case,
    /// The run.
    pub run: CosimResult,
    /// The figures beside the published ones.
    pub figures: Vec<Comparison>,
    /// The loop temperatures compared with the reference; `None` when there is no reference.
    pub temperatures: Option<Vec<TemperatureComparison>>,
    /// The file of the reference temperatures; `None` without one.
    pub reference: Option<PathBuf>,
    /// Duration of reading the case, seconds.
    pub read_seconds: f64,
}

impl Reproduction {
    /// Returns whether any figure or temperature was compared.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        !self.figures.is_empty() || self.temperatures.is_some()
    }

    /// Returns whether every checked figure and temperature is within its tolerance.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.figures.iter().all(Comparison::is_within)
            && self.temperatures.iter().flatten().all(TemperatureComparison::is_within)
    }
}

/// The reasons why there is no reproduction.
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
        /// The error.
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
    /// Reads the published case under `data` (which holds `smarti/` and `baseline/`), and the hourly loop temperatures
    /// under `reference` if there are any for this window and scenario.
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

    /// Runs the case and compares it with the published figures and temperatures.
    ///
    /// # Errors
    /// [`CosimError`] when the run fails. A difference is not an error.
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

/// Returns the file of the reference temperatures of a window; `None` if the folder has none.
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

/// Returns temperatures by iteration, from a table with columns `step` and `iter_0`, `iter_1`, ...; the file is
/// decompressed if its extension is `gz`.
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
