//! The content of `summary.json`: a run's case, outcome, cost, and the energies of every part of the district.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::number::number;
use super::{CouplingSummary, MyopiaSummary, NetworkSummary, Spread, StoreTemperature, TechnologySummary, WholeTime};

/// Unmet demand above this threshold is reported, kWh; smaller values are rounding.
pub const NOT_SERVED_KWH: f64 = 5e-4;

/// The summary of a run: the content of `summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of anergy that made the run.
    pub version: String,
    /// Name that the model gives itself.
    pub case: String,
    /// Scenario or overrides; absent (`null`) where none was chosen.
    pub scenario: Option<String>,
    /// Time stamp of the beginning of the first step.
    pub from: String,
    /// Time stamp of the end of the last step.
    pub to: String,
    /// Clock of all time stamps of the results, `UTC+01:00`: that of the first row of the series, all year; absent
    /// where the stamps of the series have no UTC offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// Number of time steps.
    pub steps: usize,
    /// Length of a time step, minutes.
    pub step_minutes: i64,
    /// Name of the LP solver.
    pub solver: String,
    /// Independent parts of the district's LP.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Exit code of the command `anergy run`, which under `--strict` does not follow from the verdict alone; absent
    /// where another command made the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// Outcome of the coupling of dispatch and loop; absent (`null`) without a loop.
    pub coupling: Option<CouplingSummary>,
    /// Summary of the loop's pipes, substations and plants; absent where the loop is not a network of pipes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkSummary>,
    /// Spread of the solutions from several initial points; absent where only one was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<Spread>,
    /// The price of myopia; absent unless the scheme is `anticipative`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub myopia: Option<MyopiaSummary>,
    /// Why `myopia` was requested and is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub myopia_missing: Option<String>,
    /// Cost of the run by parts, EUR.
    pub cost: Cost,
    /// CO2 of all supplies and of the balancing unit, kg.
    pub co2_kg: f64,
    /// Demand left unserved, all sites and carriers, kWh. The verdict on the coupling does not include it.
    #[serde(default, deserialize_with = "number")]
    pub unmet_kwh: f64,
    /// Unmet demand as a share of all demand, without a unit; absent in summaries of older versions.
    pub unmet_share: Option<f64>,
    /// Decisions for the whole time: chosen capacities, peaks, use of limits.
    #[serde(flatten)]
    pub whole_time: WholeTime,
    /// Energy of every supply, export, store and conversion, kWh.
    pub technologies: Vec<TechnologySummary>,
    /// Temperatures of the stores that heat pumps of the loop fill.
    #[serde(default)]
    pub stores: Vec<StoreTemperature>,
    /// Energy through every link, kWh.
    #[serde(default)]
    pub links: Vec<LinkSummary>,
    /// Unmet demand and surplus of every balance, kWh.
    pub carriers: Vec<CarrierSummary>,
    /// Largest residuals of the solution.
    pub certificate: CertificateSummary,
    /// Warnings and notes on the model, and the defaults that it leaves in force.
    pub findings: Vec<Finding>,
    /// Files read, with their hashes.
    pub inputs: Vec<Input>,
}

/// An independent part of the district's LP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Names of its sites.
    pub name: String,
    /// Number of columns (variables) over all steps.
    pub columns: usize,
    /// Number of rows (constraints) over all steps.
    pub rows: usize,
}

/// Cost of a run by parts, EUR.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Sum of all parts, EUR.
    pub total_eur: f64,
    /// Import, operation and wear, EUR.
    pub operation_eur: f64,
    /// Forced supply, EUR.
    pub forced_supply_eur: f64,
    /// Price of the CO2 that the supplies and the balancing unit emit, EUR.
    pub co2_eur: f64,
    /// Annuities and upkeep for the time of the run, those of chosen capacities included, EUR.
    pub annualised_eur: f64,
    /// Demand charges for the peaks of imports, EUR.
    #[serde(default)]
    pub demand_charge_eur: f64,
    /// Electricity or fuel of the loop's balancing unit, EUR.
    pub balancing_eur: f64,
}

/// Energy through a link between two sites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkSummary {
    /// Name of the link.
    pub link: String,
    /// Energy that entered at its `from` end, kWh.
    #[serde(default, deserialize_with = "number")]
    pub forward_kwh: f64,
    /// Energy that entered at its `to` end, kWh.
    #[serde(default, deserialize_with = "number")]
    pub backward_kwh: f64,
}

/// Unmet demand and surplus of a carrier at a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarrierSummary {
    /// Name of the site.
    #[serde(default)]
    pub site: String,
    /// Name of the carrier.
    #[serde(default)]
    pub carrier: String,
    /// Demand left unserved, kWh.
    pub unmet_kwh: f64,
    /// Production not used, kWh.
    pub surplus_kwh: f64,
    /// Largest residual of the balance in a step, kW.
    #[serde(default, deserialize_with = "number")]
    pub residual_kw: f64,
}

/// The certificate of the solution: largest residuals, and the proof of optimality of its dispatch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateSummary {
    /// Largest residual of an equation, kW or kWh.
    pub equation: f64,
    /// Largest excess over a bound, kW or kWh.
    pub bound: f64,
    /// Share of the cost within which the dispatch at the solution's COPs is proven to be optimal; absent (`null`)
    /// where the solver gives no duals.
    pub dispatch_gap: Option<f64>,
    /// Number of steps in which that dispatch is a degenerate optimum: another plan has the same cost; absent (`null`)
    /// where the solver does not tell.
    pub tied_steps: Option<usize>,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A key is not given, so its default applies.
    Default,
    /// Information.
    Note,
    /// A value that is probably a mistake.
    Warning,
    /// A warning under `--strict`.
    Error,
}

impl Level {
    /// Returns the name of the level, as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A warning or a note on the model, or a default that it leaves in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Severity.
    pub level: Level,
    /// Place in a file as `file:line:column`; absent (`null`) where there is none.
    pub place: Option<String>,
    /// What was found.
    pub message: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path as it was given.
    pub path: PathBuf,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

impl Summary {
    /// Returns whether demand is left unserved by more than rounding.
    #[must_use]
    pub fn leaves_demand(&self) -> bool {
        self.unmet_kwh > NOT_SERVED_KWH
    }
}
