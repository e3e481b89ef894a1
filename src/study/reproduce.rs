//! The smart district of ICCEP 2019, run as published and held against its published figures.
//!
//! The figures below are facts about the published model as Calliope 0.6.3 with CBC solves it; they were also met by an
//! independent replica. Judged is what such replicas agree on; the rest is shown.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Run, StudyError, converge};
use crate::config::switches::Preset;
use crate::config::{Case, ConfigError, LoopSource, Request};
use crate::coupling::Observer;
use crate::lp::Backend;

/// Loop temperatures of the week must agree within this in every hour and iteration, K.
const WEEK_TEMPERATURE_K: f64 = 1e-6;
/// Costs of the week must agree within this, EUR.
const WEEK_COST_EUR: f64 = 0.01;
/// Mean loop temperature difference of a year's iteration, K: a few tied hours may differ between vertex solutions.
const YEAR_MEAN_TEMPERATURE_K: f64 = 1e-3;
/// Costs of the year must agree within this, EUR.
const YEAR_COST_EUR: f64 = 10.0;
/// Iterations of the year whose temperatures are judged; in the last one a single reset falls into another hour.
const YEAR_JUDGED_ITERATIONS: usize = 11;
/// Resets of the year must agree within this.
const YEAR_RESETS: f64 = 1.0;
/// Energies that were published rounded to a kWh must agree within this, kWh.
const ROUNDED_KWH: f64 = 0.6;

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

    fn scenario(self) -> &'static str {
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
    pub run: Run,
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
    /// [`StudyError`] when the run fails. A difference is no error.
    pub fn run(self, backend: &'static dyn Backend, observer: &mut dyn Observer) -> Result<Reproduction, StudyError> {
        let Self { case, window, scenario, reference, read_seconds } = self;
        let run = converge::run(&case, backend, observer)?;
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
    if columns.is_empty() {
        return Err(wrong("it has no column `iter_0`".to_owned()));
    }
    let mut temperatures = vec![Vec::new(); columns.len()];
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        for (values, &position) in temperatures.iter_mut().zip(&columns) {
            let cell = record.get(position).unwrap_or_default();
            values.push(cell.parse().map_err(|_| wrong(format!("`{cell}` is not a number")))?);
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

/// Costs of the week's iterations 0 to 11, EUR.
const WEEK_COSTS: [f64; 12] = [
    29_976.281_05,
    29_604.353_82,
    29_584.226_20,
    29_590.446_89,
    29_589.980_27,
    29_589.541_31,
    29_589.946_97,
    29_590.470_27,
    29_590.578_15,
    29_590.439_69,
    29_589.981_23,
    29_589.541_22,
];

/// Mean relative change of the week's loop temperature, iterations 1 to 11.
const WEEK_CHANGES: [f64; 11] = [
    0.071_707_55,
    0.006_307_40,
    0.000_349_08,
    0.000_303_56,
    0.000_392_74,
    0.000_369_75,
    0.000_074_32,
    0.000_098_88,
    0.000_259_61,
    0.000_299_49,
    0.000_392_65,
];

/// Iteration, cost EUR, grid kWh of buildings and commercial, loop min/mean/max C, resets low/high, mean relative change,
/// largest change K of the year.
type YearRow = (usize, f64, [f64; 2], [f64; 3], [f64; 2], Option<[f64; 2]>);

const YEAR: [YearRow; 5] = [
    (0, 1_444_756.08, [281_223.0, 340_173.0], [10.000, 14.990, 19.997], [83.0, 158.0], None),
    (1, 1_443_734.22, [280_907.0, 340_176.0], [10.002, 15.001, 19.999], [87.0, 155.0], Some([0.133_05, 5.02])),
    (2, 1_444_119.22, [281_780.0, 340_295.0], [10.001, 14.891, 19.997], [87.0, 154.0], Some([0.082_69, 5.14])),
    (5, 1_444_277.80, [282_390.0, 340_383.0], [10.001, 14.928, 19.995], [87.0, 154.0], Some([0.039_87, 5.04])),
    (11, 1_444_296.47, [282_374.0, 340_378.0], [10.001, 14.995, 20.000], [87.0, 155.0], Some([0.048_00, 5.09])),
];

/// Site, heat pump, useful heat or cold and electricity of the year's iteration 11, kWh.
const YEAR_HEAT_PUMPS: [(&str, &str, f64, f64); 5] = [
    ("buildings", "hp_dhw", 1_576_104.0, 406_094.0),
    ("buildings", "hp_clim_hot", 1_204_823.0, 243_464.0),
    ("commercial", "hp_clim_hot", 179_923.0, 35_150.0),
    ("buildings", "hp_clim_cold", 2_263_203.0, 282_460.0),
    ("commercial", "hp_clim_cold", 923_820.0, 111_091.0),
];

fn figures(run: &Run, window: &Window, scenario: Scenario) -> Vec<Comparison> {
    match (scenario, window, &run.coupling) {
        (Scenario::Baseline, Window::Week, _) => baseline_week(run),
        (Scenario::Smarti, Window::Week, Some(coupling)) => smarti_week(coupling),
        (Scenario::Smarti, Window::Year, Some(coupling)) => smarti_year(coupling),
        _ => Vec::new(),
    }
}

fn baseline_week(run: &Run) -> Vec<Comparison> {
    let figure = |figure: &str, published, ours, tolerance| Comparison {
        figure: figure.to_owned(),
        iteration: None,
        published,
        ours,
        tolerance: Some(tolerance),
    };
    let grid = |site| run.account.technology(site, "grid").map_or(f64::NAN, |totals| totals.delivered_kwh);
    vec![
        figure("cost, EUR", 31_310.88, run.account.cost_eur(), WEEK_COST_EUR),
        figure("grid buildings, kWh", 20_190.0, grid("buildings"), ROUNDED_KWH),
        figure("grid commercial, kWh", 9_688.0, grid("commercial"), ROUNDED_KWH),
        figure("surplus, kWh", 8_522.63, run.account.surplus_kwh(), 0.01),
        figure("unmet demand, kWh", 0.0, run.account.unmet_kwh(), 1e-3),
    ]
}

fn smarti_week(coupling: &super::Coupling) -> Vec<Comparison> {
    let mut figures = Vec::new();
    for (iteration, record) in coupling.records.iter().enumerate() {
        let mut add = |figure: &str, published: Option<&f64>, ours, tolerance| {
            if let Some(&published) = published {
                let (figure, iteration) = (figure.to_owned(), Some(iteration));
                figures.push(Comparison { figure, iteration, published, ours, tolerance });
            }
        };
        add("cost, EUR", WEEK_COSTS.get(iteration), record.cost.cost_eur, Some(WEEK_COST_EUR));
        let change = record.residual.map_or(f64::NAN, |residual| residual.mean_relative);
        add("mean relative change", iteration.checked_sub(1).and_then(|k| WEEK_CHANGES.get(k)), change, Some(1e-7));
    }
    if let Some(record) = coupling.records.last() {
        #[expect(clippy::cast_precision_loss, reason = "resets are few")]
        let resets = record.limit_steps.iter().sum::<usize>() as f64;
        let iteration = Some(record.iteration);
        let figure = "resets".to_owned();
        figures.push(Comparison { figure, iteration, published: 5.0, ours: resets, tolerance: Some(0.0) });
    }
    figures
}

fn smarti_year(coupling: &super::Coupling) -> Vec<Comparison> {
    let mut figures = Vec::new();
    for (iteration, cost, grid, temp_c, resets, change) in YEAR {
        let Some(record) = coupling.records.get(iteration) else { continue };
        let mut add = |figure: &str, published, ours, tolerance| {
            let (figure, iteration) = (figure.to_owned(), Some(iteration));
            figures.push(Comparison { figure, iteration, published, ours, tolerance });
        };
        add("cost, EUR", cost, record.cost.cost_eur, Some(YEAR_COST_EUR));
        let account = &coupling.accounts[iteration];
        for (site, published) in ["buildings", "commercial"].into_iter().zip(grid) {
            let ours = account.technology(site, "grid").map_or(f64::NAN, |totals| totals.delivered_kwh);
            add(&format!("grid {site}, kWh"), published, ours, None);
        }
        for (name, (published, ours)) in ["min", "mean", "max"].into_iter().zip(temp_c.into_iter().zip(record.temp_c)) {
            add(&format!("loop {name}, C"), published, ours, None);
        }
        for (name, (published, ours)) in ["low", "high"].into_iter().zip(resets.into_iter().zip(record.limit_steps)) {
            #[expect(clippy::cast_precision_loss, reason = "resets are few")]
            add(&format!("resets {name}"), published, ours as f64, Some(YEAR_RESETS));
        }
        if let (Some([relative, largest]), Some(residual)) = (change, record.residual) {
            add("mean relative change", relative, residual.mean_relative, None);
            add("largest change, K", largest, residual.max_k, None);
        }
        if iteration == 11 {
            for (site, pump, useful, electricity) in YEAR_HEAT_PUMPS {
                let totals = account.technology(site, pump);
                let (ours, input) = totals.map_or((f64::NAN, f64::NAN), |t| (t.delivered_kwh, t.taken_kwh));
                add(&format!("{pump} {site}, kWh"), useful, ours, None);
                add(&format!("{pump} {site} electricity, kWh"), electricity, input, None);
            }
        }
    }
    figures
}
