//! The summary of a run: what `summary.json` holds and the terminal shows.

use anergy_config::{Case, Finding, Input};
use anergy_cosim::Run;
use anergy_cosim::coupling::{BalancingPrice, Distance, Gap, Record, Residual, Stop, Unrest, Verdict, Violation};
use anergy_thermal::heat_pump::ValidRange;
use ndarray::Array1;
use serde::Serialize;

use super::MyopiaSummary;
use super::network_summary::NetworkSummary;
use super::starts::Spread;
use super::technologies::{StoreTemperature, TechnologySummary};
use super::{CostMoved, WholeTime};

/// Pieces of the time in [`CouplingSummary::course_c`].
const PIECES: usize = 60;

/// Unmet demand of more than this is told, kWh: less is rounding.
pub const NOT_SERVED_KWH: f64 = 5e-4;

/// A run in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Version of anergy.
    pub version: &'static str,
    /// What the model calls itself.
    pub case: String,
    /// Scenario or overrides.
    pub scenario: Option<String>,
    /// First step.
    pub from: String,
    /// End of the last step.
    pub to: String,
    /// Steps.
    pub steps: usize,
    /// Length of a step, minutes.
    pub step_minutes: i64,
    /// Solver.
    pub solver: String,
    /// Independent parts of the district's LP.
    pub parts: Vec<Part>,
    /// Exit code of the command that made the run, if it was `anergy run`: under `--strict` the verdict alone does not
    /// tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// How the coupling ended.
    pub coupling: Option<CouplingSummary>,
    /// What the loop's pipes, substations and plants did, where it is a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkSummary>,
    /// How far apart the answers from several beginnings are, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<Spread>,
    /// What it costs that the dispatcher does not know what it does to the loop, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub myopia: Option<MyopiaSummary>,
    /// Why that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub myopia_missing: Option<String>,
    /// Money.
    pub cost: Cost,
    /// CO2 of all supplies and of the balancing unit, kg.
    pub co2_kg: f64,
    /// Demand left unserved, all sites and carriers, kWh. No verdict on the coupling tells it.
    pub unmet_kwh: f64,
    /// That as a share of the demand.
    pub unmet_share: f64,
    /// What was decided for the whole time: chosen capacities, peaks, limits.
    #[serde(flatten)]
    pub whole_time: WholeTime,
    /// Energy of every supply, export, store and conversion, kWh.
    pub technologies: Vec<TechnologySummary>,
    /// Temperatures of the stores that heat pumps of the loop fill.
    pub stores: Vec<StoreTemperature>,
    /// Energy through every link, kWh.
    pub links: Vec<LinkSummary>,
    /// Unmet demand and surplus of every balance, kWh.
    pub carriers: Vec<CarrierSummary>,
    /// Worst misses of the answer.
    pub certificate: CertificateSummary,
    /// What is worth a word.
    pub findings: Vec<Finding>,
    /// Files read, with their hashes.
    pub inputs: Vec<Input>,
}

/// An independent part of the LP.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Its sites.
    pub name: String,
    /// Columns over all steps.
    pub columns: usize,
    /// Rows over all steps.
    pub rows: usize,
}

/// How the coupling ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CouplingSummary {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The verdict in words.
    pub explanation: String,
    /// Whether dispatch and loop agree.
    pub converged: bool,
    /// The schemes that ran, in order.
    pub schemes: Vec<SchemeSummary>,
    /// Number of the last iteration, from 0.
    pub last_iteration: usize,
    /// Number of the iteration that is the answer.
    pub answer: usize,
    /// What the run stops for: a relative gap, and a change of the loop temperature in K.
    pub tolerance: Tolerance,
    /// Gap of the answer.
    pub gap: Option<Gap>,
    /// Why the gap is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_missing: Option<String>,
    /// How far the cost moved over the last iterations, which the gap does not tell; none where there was only one.
    pub cost_moved: Option<CostMoved>,
    /// Last change of the loop temperature.
    pub residual: Option<Residual>,
    /// When it changed, and how far it may still go.
    pub moved: Moved,
    /// Lowest, mean and highest loop temperature of the answer, degrees Celsius.
    pub temp_c: [f64; 3],
    /// Course of the loop temperature of the answer: means over equal pieces of the time, 60 at most, degrees Celsius.
    pub course_c: Vec<f64>,
    /// Steps in which the low and the high limit were met.
    pub limit_steps: [usize; 2],
    /// Energy that appeared and vanished (negative) without a source, kWh.
    pub created_kwh: [f64; 2],
    /// Heat from the ground, and into it (negative), kWh.
    pub ground_kwh: [f64; 2],
    /// Energy from the balancing unit, heating and cooling (negative), kWh.
    pub balancing_kwh: [f64; 2],
    /// Electricity or fuel that it took for that, kWh; its cost is in [`Cost`].
    pub balancing_energy_kwh: f64,
    /// Whether the dispatch sees what balancing costs at the margin; told by the settings in `config.resolved.yaml`.
    #[serde(skip)]
    pub sees_balancing: bool,
    /// What that emitted, kg CO2.
    pub balancing_co2_kg: f64,
    /// Time outside the low limit and outside the high one.
    pub violations: [ViolationSummary; 2],
    /// Miss of the loop's energy balance, relative to the energy moved.
    pub loop_balance_residual: f64,
    /// Worst miss of the loop's energy balance in a step, relative to the energy moved in it.
    pub loop_step_balance_residual: f64,
    /// Running steps outside the validity of each heat pump's COP model.
    pub validity: Vec<ValiditySummary>,
}

/// When the loop temperature changed in the last iteration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// Moments at which it changed by more than the tolerance.
    pub moments: usize,
    /// Those where it changed most, and by how much, K.
    pub most_at: Vec<(String, f64)>,
    /// How far it may still go.
    pub distance: Distance,
}

impl Moved {
    fn of(unrest: &Unrest, stamp: impl Fn(usize) -> String) -> Self {
        let most_at = unrest.worst.iter().map(|&(at, change_k)| (stamp(at), change_k)).collect();
        Self { moments: unrest.moments, most_at, distance: unrest.distance }
    }
}

/// What a run stops for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tolerance {
    /// The rule.
    pub stop: Stop,
    /// Largest relative gap.
    pub relative_gap: f64,
    /// Largest change of the loop temperature, K.
    pub temperature_k: f64,
}

/// Iterations in a row of one scheme.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SchemeSummary {
    /// The scheme.
    pub scheme: &'static str,
    /// Iterations.
    pub iterations: usize,
}

/// Time that the loop spent outside a limit: a ring judged by the temperature at the end of each step, a network by the water that came to its
/// substations in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViolationSummary {
    /// The limit, degrees Celsius.
    pub limit_c: f64,
    /// Steps, in hours.
    pub hours: f64,
    /// Excess over time, K h.
    pub kelvin_hours: f64,
    /// Largest excess, K.
    pub worst_k: f64,
    /// The end of the step in which it was largest.
    pub worst_at: Option<String>,
}

/// Running steps of a heat pump outside the validity of its COP model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValiditySummary {
    /// Site.
    pub site: String,
    /// Technology.
    pub technology: String,
    /// The range of validity.
    #[serde(flatten)]
    pub range: ValidRange,
    /// Running steps below it: with a lower lift, or on the easier side of a map.
    pub below: usize,
    /// Running steps above it: with a higher lift, or on the harder side of a map.
    pub above: usize,
    /// All running steps.
    pub running: usize,
    /// Running steps in which a heating machine had a COP below 1.
    pub warming: usize,
}

/// Money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// All of it, EUR.
    pub total_eur: f64,
    /// Import, operation, wear, EUR.
    pub operation_eur: f64,
    /// Forced supply, EUR.
    pub forced_supply_eur: f64,
    /// The price of the CO2 that the supplies and the balancing unit emit, EUR.
    pub co2_eur: f64,
    /// Annuities and upkeep for the time of the run, EUR; those of chosen capacities are in it.
    pub annualised_eur: f64,
    /// What the peaks of imports cost, EUR.
    pub demand_charge_eur: f64,
    /// Electricity or fuel of the loop's balancing unit, EUR.
    pub balancing_eur: f64,
}

/// Energy through a link.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkSummary {
    /// The link.
    pub link: String,
    /// Entered at its `from` end, kWh.
    pub forward_kwh: f64,
    /// Entered at its `to` end, kWh.
    pub backward_kwh: f64,
}

/// Unmet demand and surplus of a carrier at a site.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CarrierSummary {
    /// Site.
    pub site: String,
    /// Carrier.
    pub carrier: String,
    /// Demand left unserved, kWh.
    pub unmet_kwh: f64,
    /// Production not used, kWh.
    pub surplus_kwh: f64,
    /// Worst residual of the balance, kW.
    pub residual_kw: f64,
}

/// Worst misses of the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CertificateSummary {
    /// Any equation, kW or kWh.
    pub equation: f64,
    /// Any bound, kW or kWh.
    pub bound: f64,
    /// The dispatch at the COPs of the answer is proven to be within this share of the cheapest one, where the solver's duals
    /// prove it.
    pub dispatch_gap: Option<f64>,
    /// In how many steps that dispatch could do something else at the same cost, where the solver tells.
    pub tied_steps: Option<usize>,
}

impl Summary {
    /// Whether demand is left unserved, by more than rounding.
    #[must_use]
    pub fn leaves_demand(&self) -> bool {
        self.unmet_kwh > NOT_SERVED_KWH
    }

    /// Returns a warning of demand that is left unserved, in kWh by site and carrier; `None` where all is served.
    #[must_use]
    pub fn unmet_warning(&self) -> Option<Finding> {
        let carriers = self.carriers.iter().filter(|totals| totals.unmet_kwh > NOT_SERVED_KWH);
        let parts: Vec<String> = carriers
            .map(|totals| format!("{} at {} {:.1} kWh", totals.carrier, totals.site, totals.unmet_kwh))
            .collect();
        self.leaves_demand().then(|| {
            let message = format!(
                "{:.1} kWh of demand are not served, {:.2} % of it ({}): more capacity of import, heat pumps or stores is \
                 needed, or a higher price for unmet demand",
                self.unmet_kwh,
                100.0 * self.unmet_share,
                parts.join(", ")
            );
            Finding::shortage(message)
        })
    }

    /// The summary of a finished run.
    #[must_use]
    pub fn of(case: &Case, run: &Run) -> Self {
        let axis = case.district.axis();
        let parts = run.dispatch.parts().into_iter().map(|(name, columns, rows)| Part { name, columns, rows });
        let technologies =
            run.account.technologies.iter().filter_map(|totals| TechnologySummary::of(case, run, totals));
        let residual_of = |site: &str, carrier: &str| {
            let balances = &run.certificate.balances;
            balances.iter().find(|(s, c, _)| s == site && c == carrier).map_or(0.0, |(.., residual)| *residual)
        };
        let balancing_co2_kg = run.coupling.as_ref().map_or(0.0, |coupling| coupling.response.balancing_co2_kg);
        let balancing_eur = run.coupling.as_ref().map_or(0.0, |coupling| coupling.response.balancing_eur);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            case: case.name.clone(),
            scenario: case.resolved.scenario.clone(),
            from: axis.label(0),
            to: axis.label(axis.len()),
            steps: axis.len(),
            step_minutes: axis.step_minutes(),
            solver: run.dispatch.solver_name().to_owned(),
            exit_code: None,
            parts: parts.collect(),
            coupling: coupling(case, run),
            network: NetworkSummary::of(case, run),
            starts: None,
            myopia: run.myopia.as_ref().map(MyopiaSummary::of),
            myopia_missing: run.myopia_missing.clone(),
            cost: Cost {
                total_eur: run.total_eur(),
                operation_eur: run.account.operation_eur,
                forced_supply_eur: run.account.forced_eur,
                co2_eur: run.account.co2_eur + run.balancing_co2_eur(),
                annualised_eur: run.account.annualised_eur,
                demand_charge_eur: run.account.demand_charge_eur,
                balancing_eur,
            },
            technologies: technologies.collect(),
            stores: StoreTemperature::all(case),
            co2_kg: run.account.co2_kg + balancing_co2_kg,
            unmet_kwh: run.account.unmet_kwh(),
            unmet_share: unmet_share(run),
            whole_time: WholeTime::of(run),
            links: run
                .account
                .links
                .iter()
                .map(|totals| LinkSummary {
                    link: totals.link.clone(),
                    forward_kwh: totals.forward_kwh,
                    backward_kwh: totals.backward_kwh,
                })
                .collect(),
            carriers: run
                .account
                .carriers
                .iter()
                .map(|totals| CarrierSummary {
                    site: totals.site.clone(),
                    carrier: totals.carrier.clone(),
                    unmet_kwh: totals.unmet_kwh,
                    surplus_kwh: totals.surplus_kwh,
                    residual_kw: residual_of(&totals.site, &totals.carrier),
                })
                .collect(),
            certificate: CertificateSummary {
                equation: run.certificate.equation,
                bound: run.certificate.bound,
                dispatch_gap: run.certificate.gap,
                tied_steps: run.certificate.tied_steps,
            },
            findings: case.findings.clone(),
            inputs: case.inputs.clone(),
        }
    }
}

fn coupling(case: &Case, run: &Run) -> Option<CouplingSummary> {
    let (outcome, coupled) = (run.coupling.as_ref()?, case.coupled.as_ref()?);
    let last = outcome.records.last()?;
    let answer = &outcome.records[outcome.answer];
    let validity = coupled.pumps.iter().zip(&outcome.response.validity).map(|(pump, validity)| ValiditySummary {
        site: pump.site.clone(),
        technology: pump.technology.clone(),
        range: pump.pump.cop.valid_range(),
        below: validity.below,
        above: validity.above,
        running: validity.running,
        warming: validity.warming,
    });
    let axis = case.district.axis();
    let limits_c = coupled.water_loop.limits_c();
    let violation = |side: usize| {
        let Violation { steps, kelvin_hours, worst_k, at } = answer.violations[side];
        #[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
        let hours = steps as f64 * axis.step_hours();
        let worst_at = (steps > 0).then(|| axis.label(at));
        ViolationSummary { limit_c: limits_c[side], hours, kelvin_hours, worst_k, worst_at }
    };
    Some(CouplingSummary {
        verdict: outcome.verdict,
        explanation: outcome.explain(|at| axis.label(at)) + &not_served(run).unwrap_or_default(),
        converged: outcome.verdict.is_converged(),
        schemes: schemes(&outcome.records),
        last_iteration: last.iteration,
        answer: outcome.answer,
        tolerance: Tolerance {
            stop: coupled.settings.stop,
            relative_gap: coupled.settings.gap_tolerance_in_force(),
            temperature_k: coupled.settings.temperature_tolerance_k,
        },
        gap: outcome.gap,
        gap_missing: outcome.gap_missing.clone(),
        cost_moved: CostMoved::of(&outcome.records, outcome.gap, case.district.co2_price_eur_per_kg()),
        residual: last.residual,
        moved: Moved::of(&outcome.unrest, |at| axis.label(at)),
        temp_c: answer.temp_c,
        course_c: course(&outcome.response.temp_c),
        limit_steps: answer.limit_steps,
        created_kwh: answer.created_kwh,
        ground_kwh: answer.ground_kwh,
        balancing_kwh: answer.balancing_kwh,
        balancing_energy_kwh: answer.balancing_energy_kwh,
        sees_balancing: coupled.settings.balancing_price == BalancingPrice::Marginal,
        balancing_co2_kg: answer.balancing_co2_kg,
        violations: [violation(0), violation(1)],
        loop_balance_residual: answer.balance_residual,
        loop_step_balance_residual: answer.step_balance_residual,
        validity: validity.collect(),
    })
}

/// What a verdict on the agreement of dispatch and loop does not tell.
fn not_served(run: &Run) -> Option<String> {
    let unmet_kwh = run.account.unmet_kwh();
    (unmet_kwh > NOT_SERVED_KWH).then(|| {
        format!(
            ". {unmet_kwh:.1} kWh of demand are not served ({:.2} % of it): the verdict is on the agreement of dispatch and loop \
             alone",
            100.0 * unmet_share(run)
        )
    })
}

/// Demand left unserved as a share of all demand.
fn unmet_share(run: &Run) -> f64 {
    match run.account.demand_kwh {
        0.0 => 0.0,
        demand_kwh => run.account.unmet_kwh() / demand_kwh,
    }
}

/// Means over equal pieces of a series, as many as [`PIECES`] at most.
#[expect(clippy::cast_precision_loss, reason = "a time axis has far fewer than 2^52 steps")]
fn course(series: &Array1<f64>) -> Vec<f64> {
    let (count, pieces) = (series.len(), PIECES.min(series.len()));
    let piece = |index: usize| {
        let (from, to) = (index * count / pieces, (index + 1) * count / pieces);
        series.iter().skip(from).take(to - from).sum::<f64>() / (to - from) as f64
    };
    (0..pieces).map(piece).collect()
}

fn schemes(records: &[Record]) -> Vec<SchemeSummary> {
    let in_a_row = records.chunk_by(|a, b| a.scheme == b.scheme);
    in_a_row.map(|run| SchemeSummary { scheme: run[0].scheme, iterations: run.len() }).collect()
}
