//! Reader of the files of a run folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anergy_data::results::sha256;
use anergy_data::schema::columns::timeseries::ALWAYS_FINITE;
use anergy_data::schema::{Summary, files};

use super::ReportError;
use super::axis::Axis;
use super::frame::Frame;

/// The results of a run.
#[derive(Debug, Clone)]
pub struct RunResults {
    /// The name of the run, which is the name of its folder.
    pub name: String,
    pub(super) summary: Summary,
    /// The time axis of `series`.
    pub(super) axis: Axis,
    pub(super) series: Frame,
    pub(super) prices: Option<Frame>,
    pub(super) convergence: Option<Frame>,
    pub(super) temperatures: Option<Frame>,
    pub(super) network: Option<Frame>,
    pub(super) comparison: Option<Frame>,
    pub(super) starts: Option<Frame>,
    /// SHA-256 of the resolved configuration.
    pub(super) config_sha256: Option<String>,
    /// The settings by their dotted keys, as text.
    pub(super) settings: BTreeMap<String, String>,
}

impl RunResults {
    /// Reads the files of a run folder; `name` is the name of the run.
    ///
    /// # Errors
    /// [`ReportError`] with the file that is missing or damaged.
    pub fn read(folder: &Path, name: &str) -> Result<Self, ReportError> {
        let path = folder.join(files::SUMMARY);
        let text = fs::read(&path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => ReportError::NotResults(folder.to_owned()),
            _ => ReportError::Io { path: path.clone(), source },
        })?;
        let summary: Summary = serde_json::from_slice(&text).map_err(|source| ReportError::Summary { path, source })?;
        let table = |file: &str| Frame::read(&folder.join(file));
        // The largest table takes as long as all others together.
        let (series, others) = rayon::join(
            || table(files::TIMESERIES),
            || -> Result<_, ReportError> {
                Ok((table(files::PRICES)?, table(files::LOOP_TEMPERATURE)?, table(files::NETWORK)?))
            },
        );
        let (prices, temperatures, network) = others?;
        let series_path = folder.join(files::TIMESERIES);
        let missing = || ReportError::Io {
            path: series_path.clone(),
            source: std::io::Error::new(ErrorKind::NotFound, "there is no such file"),
        };
        let series = series?.ok_or_else(missing)?;
        let axis = series.axis(&series_path)?;
        series.check_numbers(&series_path, &ALWAYS_FINITE)?;
        same_length(&summary, &series, &series_path)?;
        let config = fs::read_to_string(folder.join(files::CONFIG)).ok();
        Ok(Self {
            settings: config.as_deref().map(settings).unwrap_or_default(),
            config_sha256: config.map(|text| sha256(text.as_bytes())),
            name: name.to_owned(),
            summary,
            axis,
            series,
            prices,
            temperatures,
            network,
            convergence: table(files::CONVERGENCE)?,
            comparison: table(files::COMPARISON)?,
            starts: table(files::STARTS)?,
        })
    }

    /// Returns the title of the run.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.summary.scenario {
            Some(scenario) => format!("{}, {scenario}", self.summary.case),
            None => self.summary.case.clone(),
        }
    }

    /// Returns the demand that is left unserved, all sites and carriers, in kWh.
    pub(super) fn unmet_kwh(&self) -> f64 {
        self.summary.carriers.iter().map(|carrier| carrier.unmet_kwh).sum()
    }

    /// Returns the unmet demand as a share of all demand in words, in brackets; empty where it is not known.
    pub(super) fn unmet_share_in_words(&self) -> String {
        self.summary.unmet_share.map_or_else(String::new, |share| format!(" ({:.2} % of it)", 100.0 * share))
    }
}

/// Checks that the series are complete.
fn same_length(summary: &Summary, series: &Frame, path: &Path) -> Result<(), ReportError> {
    if series.rows() == summary.steps {
        return Ok(());
    }
    let message =
        format!("the file ends after {} steps; expected the {} of {}", series.rows(), summary.steps, files::SUMMARY);
    Err(ReportError::Table { path: path.to_owned(), line: series.rows() as u64 + 1, message })
}

/// Returns the scalars of a YAML text by their dotted keys; empty for an invalid text.
fn settings(text: &str) -> BTreeMap<String, String> {
    fn add(key: &str, value: &serde_yaml::Value, all: &mut BTreeMap<String, String>) {
        let below = |part: &str| if key.is_empty() { part.to_owned() } else { format!("{key}.{part}") };
        match value {
            serde_yaml::Value::Mapping(map) => {
                for (part, value) in map {
                    add(&below(&scalar(part)), value, all);
                }
            }
            serde_yaml::Value::Sequence(list) if list.iter().any(|item| item.is_mapping() || item.is_sequence()) => {
                for (index, value) in list.iter().enumerate() {
                    add(&below(&index.to_string()), value, all);
                }
            }
            value => {
                all.insert(key.to_owned(), scalar(value));
            }
        }
    }
    let mut all = BTreeMap::new();
    if let Ok(value) = serde_yaml::from_str(text) {
        add("", &value, &mut all);
    }
    all
}

/// Returns a value on one line.
fn scalar(value: &serde_yaml::Value) -> String {
    match value {
        serde_yaml::Value::String(text) => text.clone(),
        value => serde_json::to_string(value).unwrap_or_default(),
    }
}
