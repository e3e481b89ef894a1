//! The summary of a run: the content of `summary.json`, also shown in the terminal.

use anergy_config::{Case, Finding};
use anergy_cosim::CosimResult;
use anergy_cosim::coupling::{LimitViolation, Record, Unrest};
use anergy_data::schema::{
    CarrierSummary, CertificateSummary, Cost, CouplingSummary, LinkSummary, Moved, NOT_SERVED_KWH, Part, SchemeSummary,
    Summary, Tolerance, ValiditySummary, ViolationSummary,
};
use ndarray::Array1;

use super::cost_moved::cost_moved;
use super::myopia::myopia_summary;
use super::network_summary::network_summary;
use super::technologies::{store_temperatures, technology_summary};
use super::whole_time::whole_time;

/// Largest number of intervals in [`CouplingSummary::course_c`].
const PIECES: usize = 60;

/// Returns a warning of demand that is left unserved, in kWh by site and carrier; `None` where all is served.
#[must_use]
pub fn unmet_warning(summary: &Summary) -> Option<Finding> {
    let carriers = summary.carriers.iter().filter(|totals| totals.unmet_kwh > NOT_SERVED_KWH);
    let parts: Vec<String> =
        carriers.map(|totals| format!("{} at {} {:.1} kWh", totals.carrier, totals.site, totals.unmet_kwh)).collect();
    summary.leaves_demand().then(|| {
        let message = format!(
            "{:.1} kWh of demand are not served, {:.2} % of it ({}): more capacity of import, heat pumps or stores is \
                 needed, or a higher price for unmet demand",
            summary.unmet_kwh,
            100.0 * summary.unmet_share.unwrap_or_default(),
            parts.join(", ")
        );
        Finding::shortage(message)
    })
}

/// Returns the summary of a finished run.
#[must_use]
pub fn summarise(case: &Case, run: &CosimResult) -> Summary {
    let axis = case.district.axis();
    let parts = run.dispatch.parts().into_iter().map(|(name, columns, rows)| Part { name, columns, rows });
    let technologies = run.account.technologies.iter().filter_map(|totals| technology_summary(case, run, totals));
    let residual_of = |site: &str, carrier: &str| {
        let balances = &run.certificate.balances;
        balances.iter().find(|(s, c, _)| s == site && c == carrier).map_or(0.0, |(.., residual)| *residual)
    };
    let balancing_co2_kg = run.coupling.as_ref().map_or(0.0, |coupling| coupling.response.balancing_co2_kg);
    let balancing_eur = run.coupling.as_ref().map_or(0.0, |coupling| coupling.response.balancing_eur);
    Summary {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        case: case.name.clone(),
        scenario: case.resolved.scenario.clone(),
        from: axis.label(0),
        to: axis.label(axis.len()),
        clock: axis.clock(),
        steps: axis.len(),
        step_minutes: axis.step_minutes(),
        solver: run.dispatch.solver_name(),
        exit_code: None,
        parts: parts.collect(),
        coupling: coupling(case, run),
        network: network_summary(case, run),
        starts: None,
        myopia: run.myopia.as_ref().map(myopia_summary),
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
        stores: store_temperatures(case),
        co2_kg: run.account.co2_kg + balancing_co2_kg,
        unmet_kwh: run.account.unmet_kwh(),
        unmet_share: Some(unmet_share(run)),
        whole_time: whole_time(run),
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
        findings: case.findings.iter().cloned().map(Into::into).collect(),
        inputs: case.inputs.clone(),
    }
}

fn coupling(case: &Case, run: &CosimResult) -> Option<CouplingSummary> {
    let (outcome, coupled) = (run.coupling.as_ref()?, case.coupled.as_ref()?);
    let last = outcome.records.last()?;
    let answer = &outcome.records[outcome.answer];
    let validity = coupled.pumps.iter().zip(&outcome.response.validity).map(|(pump, validity)| ValiditySummary {
        site: pump.site.clone(),
        technology: pump.technology.clone(),
        range: Some(pump.pump.cop.valid_range()),
        below: validity.below,
        above: validity.above,
        running: validity.running,
        warming: validity.warming,
    });
    let axis = case.district.axis();
    let limits_c = coupled.water_loop.limits_c();
    let violation = |side: usize| {
        let LimitViolation { steps, kelvin_hours, worst_k, at } = answer.violations[side];
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
        tolerance: Some(Tolerance {
            stop: coupled.settings.stop,
            relative_gap: coupled.settings.gap_tolerance_in_force(),
            temperature_k: coupled.settings.temperature_tolerance_k,
        }),
        gap: outcome.gap,
        gap_missing: outcome.gap_missing.clone(),
        cost_moved: cost_moved(&outcome.records, outcome.gap, case.district.co2_price_eur_per_kg()),
        residual: last.residual,
        moved: moved(&outcome.unrest, |at| axis.label(at)),
        temp_c: answer.temp_c,
        course_c: course(&outcome.response.temp_c),
        limit_steps: answer.limit_steps,
        created_kwh: answer.created_kwh,
        ground_kwh: answer.ground_kwh,
        balancing_kwh: answer.balancing_kwh,
        balancing_energy_kwh: answer.balancing_energy_kwh,
        balancing_co2_kg: answer.balancing_co2_kg,
        violations: [violation(0), violation(1)],
        loop_balance_residual: answer.balance_residual,
        loop_step_balance_residual: answer.step_balance_residual,
        validity: validity.collect(),
    })
}

/// Returns the change of the loop temperature in the last iteration; `stamp` returns the time stamp of an index into
/// the loop temperatures.
fn moved(unrest: &Unrest, stamp: impl Fn(usize) -> String) -> Moved {
    let most_at = unrest.worst.iter().map(|&(at, change_k)| (stamp(at), change_k)).collect();
    Moved { moments: unrest.moments, most_at, distance: unrest.distance }
}

/// Returns the unmet demand in words, which the verdict on the coupling does not include; `None` where all is served.
fn not_served(run: &CosimResult) -> Option<String> {
    let unmet_kwh = run.account.unmet_kwh();
    (unmet_kwh > NOT_SERVED_KWH).then(|| {
        format!(
            ". {unmet_kwh:.1} kWh of demand are not served ({:.2} % of it): the verdict is on the agreement of \
             dispatch and loop alone",
            100.0 * unmet_share(run)
        )
    })
}

/// Returns the demand left unserved as a share of all demand.
fn unmet_share(run: &CosimResult) -> f64 {
    match run.account.demand_kwh {
        0.0 => 0.0,
        demand_kwh => run.account.unmet_kwh() / demand_kwh,
    }
}

/// Returns means over equal intervals of a series, at most [`PIECES`] of them.
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
    in_a_row.map(|run| SchemeSummary { scheme: run[0].scheme.to_owned(), iterations: run.len() }).collect()
}
