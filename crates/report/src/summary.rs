//! What a report reads of `summary.json`. Fields that a version of it does not have stay empty.

use serde::Deserialize;

/// Unmet demand of more than this is told, kWh: less is rounding.
pub(super) const NOT_SERVED_KWH: f64 = 5e-4;

/// A run in short.
#[derive(Debug, Clone, Deserialize)]
pub struct Summary {
    pub(super) version: String,
    pub(super) case: String,
    pub(super) scenario: Option<String>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) steps: usize,
    pub(super) step_minutes: i64,
    pub(super) solver: String,
    pub(super) coupling: Option<Coupling>,
    pub(super) network: Option<Network>,
    pub(super) starts: Option<Spread>,
    pub(super) myopia: Option<Myopia>,
    pub(super) cost: Cost,
    pub(super) co2_kg: f64,
    pub(super) unmet_share: Option<f64>,
    pub(super) technologies: Vec<Technology>,
    #[serde(default)]
    pub(super) stores: Vec<Store>,
    pub(super) carriers: Vec<Carrier>,
    pub(super) certificate: Certificate,
    pub(super) findings: Vec<Finding>,
    pub(super) inputs: Vec<Input>,
}

impl Summary {
    /// Returns the demand that is left unserved, all sites and carriers, in kWh.
    pub(super) fn unmet_kwh(&self) -> f64 {
        self.carriers.iter().map(|carrier| carrier.unmet_kwh).sum()
    }

    /// Returns that as a share of the demand in words, in brackets; nothing where it is not told.
    pub(super) fn unmet_share_in_words(&self) -> String {
        self.unmet_share.map_or_else(String::new, |share| format!(" ({:.2} % of it)", 100.0 * share))
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Coupling {
    pub(super) verdict: String,
    pub(super) explanation: String,
    pub(super) converged: bool,
    pub(super) schemes: Vec<Scheme>,
    pub(super) answer: usize,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) gap: Option<Gap>,
    pub(super) gap_missing: Option<String>,
    pub(super) cost_moved: Option<CostMoved>,
    pub(super) residual: Option<Residual>,
    pub(super) temp_c: [f64; 3],
    pub(super) created_kwh: [f64; 2],
    pub(super) ground_kwh: [f64; 2],
    pub(super) balancing_kwh: [f64; 2],
    pub(super) balancing_energy_kwh: f64,
    pub(super) violations: [Violation; 2],
    pub(super) loop_balance_residual: f64,
    pub(super) loop_step_balance_residual: f64,
    pub(super) validity: Vec<Validity>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct CostMoved {
    pub(super) iterations: usize,
    pub(super) eur: f64,
    pub(super) relative: f64,
    pub(super) gaps: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Spread {
    pub(super) asked: usize,
    pub(super) cost_eur: f64,
    pub(super) cost_relative: f64,
    #[serde(default)]
    pub(super) unmet_kwh: f64,
    pub(super) temp_k: f64,
    pub(super) temp_mean_k: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Myopia {
    pub(super) equilibrium_eur: f64,
    pub(super) anticipative_eur: f64,
    pub(super) price_eur: f64,
    pub(super) price_relative: f64,
    pub(super) gap_eur: Option<f64>,
    pub(super) price_beyond_gap_eur: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Scheme {
    pub(super) scheme: String,
    pub(super) iterations: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tolerance {
    pub(super) relative_gap: f64,
    pub(super) temperature_k: f64,
    pub(super) stop: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Gap {
    pub(super) relative: f64,
    pub(super) absolute_eur: f64,
    pub(super) cost_eur: Option<f64>,
    #[serde(default)]
    pub(super) unmet_kwh: f64,
    pub(super) unmet_relative: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Residual {
    pub(super) mean_k: f64,
    pub(super) max_k: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Violation {
    pub(super) limit_c: f64,
    pub(super) hours: f64,
    pub(super) kelvin_hours: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Validity {
    pub(super) site: String,
    pub(super) technology: String,
    pub(super) below: usize,
    pub(super) above: usize,
    pub(super) running: usize,
    /// Of runs that count them.
    #[serde(default)]
    pub(super) warming: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Network {
    pub(super) pumps_kwh: f64,
    pub(super) waste_heat_kwh: f64,
    pub(super) units: Vec<Unit>,
    pub(super) limits: Vec<Excess>,
    pub(super) unmet: Vec<Excess>,
    pub(super) map: Option<NetworkMap>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) heating_kwh: f64,
    pub(super) cooling_kwh: f64,
    pub(super) electricity_kwh: f64,
    pub(super) most_kw: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Excess {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) limit_c: Option<f64>,
    pub(super) hours: f64,
    pub(super) worst_k: f64,
    pub(super) worst_at: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct NetworkMap {
    pub(super) places: Vec<Place>,
    pub(super) pipes: Vec<Pipe>,
    pub(super) substations: Vec<[String; 2]>,
    pub(super) plants: Vec<[String; 2]>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) x_m: Option<f64>,
    pub(super) y_m: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Pipe {
    pub(super) name: String,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Cost {
    pub(super) total_eur: f64,
    pub(super) operation_eur: f64,
    pub(super) forced_supply_eur: f64,
    pub(super) co2_eur: f64,
    pub(super) annualised_eur: f64,
    #[serde(default)]
    pub(super) demand_charge_eur: f64,
    pub(super) balancing_eur: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Technology {
    pub(super) site: String,
    pub(super) technology: String,
    #[serde(default)]
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) carrier: String,
    pub(super) service: Option<Service>,
    pub(super) delivered_kwh: f64,
    pub(super) taken_kwh: f64,
    #[serde(default)]
    pub(super) peak_kw: f64,
    pub(super) curtailed_kwh: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Import,
    Source,
    Export,
    Storage,
    HeatPump,
    Conversion,
    #[default]
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Service {
    Heating,
    Cooling,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Store {
    pub(super) site: String,
    pub(super) store: String,
    pub(super) at_empty_c: f64,
    pub(super) kelvin_per_kwh: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Carrier {
    pub(super) unmet_kwh: f64,
    pub(super) surplus_kwh: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Certificate {
    pub(super) equation: f64,
    pub(super) bound: f64,
    pub(super) dispatch_gap: Option<f64>,
    pub(super) tied_steps: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Finding {
    pub(super) level: String,
    pub(super) place: Option<String>,
    pub(super) message: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Input {
    pub(super) path: String,
    pub(super) sha256: String,
}
