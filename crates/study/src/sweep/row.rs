//! What came of a case: a row of the result table.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anergy_config::{Case, Request, Shelf};
use anergy_cosim::coupling::{Observer, Record, Verdict};
use anergy_cosim::participants::NEGLIGIBLE_KWH;
use anergy_cosim::{Cause, StudyError, solver};
use anergy_data::results::{Column, Table};
use anergy_run::{CarrierSummary, Summary};
use anergy_run::{NetworkSummary, run_case, timeseries_table};

use super::SweepError;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// With a plan, and dispatch and loop in agreement where there is a loop (or stopped by the published rule).
    Ok,
    /// With a plan that dispatch and loop do not agree on.
    NotConverged,
    /// There is no plan.
    Infeasible,
    /// Without an answer.
    Failed,
}

impl Status {
    const ALL: [Self; 4] = [Self::Ok, Self::NotConverged, Self::Infeasible, Self::Failed];

    /// The one of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether there is no plan.
    #[must_use]
    pub fn is_without_answer(self) -> bool {
        matches!(self, Self::Infeasible | Self::Failed)
    }

    /// As it stands in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotConverged => "not_converged",
            Self::Infeasible => "infeasible",
            Self::Failed => "failed",
        }
    }
}

/// What came of a case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// How it ended.
    pub status: Status,
    /// The coupling's verdict; empty without a loop.
    pub verdict: String,
    /// Why there is no answer; empty where there is one.
    pub error: String,
    /// Its results by name.
    pub scalars: Vec<(String, f64)>,
    /// The series that are kept, in the order of the plan; empty where it has none of that name, and without an answer.
    pub series: Vec<Vec<f64>>,
}

/// Ends a case when asked to.
pub(super) struct Stopping<'a>(pub(super) &'a AtomicBool);

impl Observer for Stopping<'_> {
    fn iteration(&mut self, _record: &Record) {}

    fn wants_to_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Row {
    /// Runs a case; `None` where it was stopped before its end.
    ///
    /// # Errors
    /// [`SweepError`] where no row can be made because of the files around, not because of the case.
    pub(super) fn of(
        index: usize,
        id: &str,
        request: &Request,
        plan: &Planned<'_>,
        stop: &AtomicBool,
    ) -> Result<Option<Self>, SweepError> {
        // A mistake of ours in one case is no reason to lose the others.
        let caught = catch_unwind(AssertUnwindSafe(|| answer(index, request, plan, stop)));
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let failed = |status, error: String| Self {
            index,
            id: id.to_owned(),
            status,
            verdict: String::new(),
            error,
            scalars: Vec::new(),
            series: Vec::new(),
        };
        Ok(Some(match caught {
            Ok(Ok(Answer { status, verdict, scalars, series })) => {
                Self { index, id: id.to_owned(), status, verdict, error: String::new(), scalars, series }
            }
            Ok(Err(NoAnswer::Row(status, error))) => failed(status, error),
            Ok(Err(NoAnswer::Around(error))) => return Err(error),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
                failed(Status::Failed, format!("internal error: {text}"))
            }
        }))
    }

    /// Whether its plan leaves demand unmet.
    #[must_use]
    pub fn has_unmet_demand(&self) -> bool {
        self.scalars.iter().any(|(name, value)| name == "unmet_kwh" && *value > NEGLIGIBLE_KWH)
    }

    /// The series of rows as a table, a row a step. Series that a case has not are empty.
    pub(super) fn series_table(rows: &[Self], names: &[String]) -> Table {
        let steps = |row: &Self| row.series.iter().map(Vec::len).max().unwrap_or_default();
        let mut table = Table::default();
        table.push("index", Column::Count(rows.iter().flat_map(|row| vec![row.index; steps(row)]).collect()));
        table.push("step", Column::Count(rows.iter().flat_map(|row| 0..steps(row)).collect()));
        for (place, name) in names.iter().enumerate() {
            let values = rows.iter().flat_map(|row| {
                let values = row.series.get(place);
                (0..steps(row)).map(move |step| values.and_then(|values| values.get(step)).copied().unwrap_or(f64::NAN))
            });
            table.push(name.clone(), Column::Fixed(values.collect()));
        }
        table
    }

    /// Rows as a table. Results that a row has not are empty.
    pub(super) fn table(rows: &[Self]) -> Table {
        let text = |cell: fn(&Self) -> String| Column::Text(rows.iter().map(cell).collect());
        let mut table = Table::default();
        table.push("index", Column::Count(rows.iter().map(|row| row.index).collect()));
        table.push("id", text(|row| row.id.clone()));
        table.push("status", text(|row| row.status.name().to_owned()));
        table.push("verdict", text(|row| row.verdict.clone()));
        table.push("error", text(|row| row.error.clone()));
        let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            for (place, (name, value)) in row.scalars.iter().enumerate() {
                // As a rule all rows have the same results in the same order.
                let known = match columns.get(place) {
                    Some((known, _)) if known == name => Some(place),
                    _ => columns.iter().position(|(known, _)| known == name),
                };
                let column = known.unwrap_or_else(|| {
                    columns.push((name.clone(), vec![f64::NAN; rows.len()]));
                    columns.len() - 1
                });
                columns[column].1[at] = *value;
            }
        }
        columns.into_iter().for_each(|(name, values)| table.push(name, Column::Number(values)));
        table
    }
}

struct Answer {
    status: Status,
    verdict: String,
    scalars: Vec<(String, f64)>,
    series: Vec<Vec<f64>>,
}

/// Why there is no answer.
enum NoAnswer {
    /// It lies in the case: that is its row.
    Row(Status, String),
    /// It lies in the files around: the same case may have an answer later.
    Around(SweepError),
}

/// What a plan says of all cases.
pub(super) struct Planned<'a> {
    /// Series that are kept.
    pub(super) series: &'a [String],
    /// Hashes of the files that cases read.
    pub(super) inputs: &'a HashMap<PathBuf, String>,
    /// Files that were read already.
    pub(super) shelf: &'a Arc<Shelf>,
}

/// Reads a case, and sees to it that it reads what was planned.
fn load(index: usize, request: &Request, plan: &Planned<'_>) -> Result<Case, NoAnswer> {
    let case = Case::load_from(request, plan.shelf).map_err(|error| match error.is_unreadable() {
        true => NoAnswer::Around(SweepError::Unreadable { case: index, source: Box::new(error) }),
        false => NoAnswer::Row(Status::Failed, error.to_string()),
    })?;
    for input in &case.inputs {
        let path = input.path.clone();
        match plan.inputs.get(&path) {
            Some(planned) if *planned == input.sha256 => {}
            Some(_) => return Err(NoAnswer::Around(SweepError::Changed(path))),
            None => return Err(NoAnswer::Around(SweepError::Unplanned { path, case: index })),
        }
    }
    Ok(case)
}

fn answer(index: usize, request: &Request, plan: &Planned<'_>, stop: &AtomicBool) -> Result<Answer, NoAnswer> {
    let case = load(index, request, plan)?;
    let series = plan.series;
    let run = run_case(&case, solver(&case.district), &mut Stopping(stop)).map_err(|error: StudyError| {
        let status = if error.cause() == Cause::Infeasible { Status::Infeasible } else { Status::Failed };
        NoAnswer::Row(status, error.to_string())
    })?;
    let summary = Summary::of(&case, &run);
    let (status, verdict) = match summary.coupling.as_ref().map(|coupling| coupling.verdict) {
        None => (Status::Ok, String::new()),
        Some(verdict) => {
            let status = match verdict {
                Verdict::Infeasible { .. } => Status::Infeasible,
                Verdict::StoppedByPaperRule { .. } => Status::Ok,
                verdict if verdict.is_converged() => Status::Ok,
                _ => Status::NotConverged,
            };
            (status, verdict.name().to_owned())
        }
    };
    let mut kept = Vec::new();
    if !series.is_empty() {
        let mut known: HashMap<String, Column> = timeseries_table(&case, &run).into_columns().into_iter().collect();
        kept.extend(series.iter().map(|name| match known.remove(name) {
            Some(Column::Number(values)) => values,
            _ => Vec::new(),
        }));
    }
    Ok(Answer { status, verdict, scalars: scalars(&summary), series: kept })
}

/// The results of a case by name: those of [`SCALARS`](super::columns::SCALARS), then those of its technologies and links.
fn scalars(summary: &Summary) -> Vec<(String, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 steps and iterations")]
    let count = |count: usize| count as f64;
    let cost = &summary.cost;
    let sum = |part: fn(&CarrierSummary) -> f64| summary.carriers.iter().map(part).sum::<f64>();
    let mut all = vec![
        ("cost_eur", cost.total_eur),
        ("operation_eur", cost.operation_eur),
        ("forced_supply_eur", cost.forced_supply_eur),
        ("co2_price_eur", cost.co2_eur),
        ("annualised_eur", cost.annualised_eur),
        ("demand_charge_eur", cost.demand_charge_eur),
        ("balancing_eur", cost.balancing_eur),
        ("co2_kg", summary.co2_kg),
        ("unmet_kwh", sum(|carrier| carrier.unmet_kwh)),
        ("surplus_kwh", sum(|carrier| carrier.surplus_kwh)),
    ];
    if let Some(coupling) = &summary.coupling {
        let [low, high] = &coupling.violations;
        all.extend([
            ("iterations", count(coupling.last_iteration + 1)),
            ("relative_gap", coupling.gap.map_or(f64::NAN, |gap| gap.relative)),
            ("gap_eur", coupling.gap.map_or(f64::NAN, |gap| gap.absolute_eur)),
            ("mean_change_k", coupling.residual.map_or(f64::NAN, |residual| residual.mean_k)),
            ("max_change_k", coupling.residual.map_or(f64::NAN, |residual| residual.max_k)),
            ("loop_min_c", coupling.temp_c[0]),
            ("loop_mean_c", coupling.temp_c[1]),
            ("loop_max_c", coupling.temp_c[2]),
            ("steps_at_low_limit", count(coupling.limit_steps[0])),
            ("steps_at_high_limit", count(coupling.limit_steps[1])),
            ("balancing_heating_kwh", coupling.balancing_kwh[0]),
            ("balancing_cooling_kwh", coupling.balancing_kwh[1]),
            ("balancing_energy_kwh", coupling.balancing_energy_kwh),
            ("ground_gain_kwh", coupling.ground_kwh[0]),
            ("ground_loss_kwh", coupling.ground_kwh[1]),
            ("worst_below_low_limit_k", low.worst_k),
            ("worst_above_high_limit_k", high.worst_k),
        ]);
    }
    all.push(("certificate_kw", summary.certificate.equation.max(summary.certificate.bound)));
    let mut named: Vec<(String, f64)> = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for technology in &summary.technologies {
        let at = format!("{}|{}", technology.site, technology.technology);
        named.push((format!("{at}|delivered_kwh"), technology.delivered_kwh));
        named.push((format!("{at}|taken_kwh"), technology.taken_kwh));
    }
    named.extend(summary.network.iter().flat_map(NetworkSummary::scalars));
    for capacity in &summary.whole_time.capacities {
        let at = format!("{}|{}", capacity.site, capacity.technology);
        named.extend(capacity.capacity_kw.map(|chosen| (format!("{at}|capacity_kw"), chosen)));
        named.extend(capacity.capacity_kwh.map(|chosen| (format!("{at}|capacity_kwh"), chosen)));
    }
    for peak in &summary.whole_time.peaks {
        named.push((format!("{}|{}|peak_kw", peak.site, peak.technology), peak.peak_kw));
    }
    for link in &summary.links {
        named.push((format!("{}|forward_kwh", link.link), link.forward_kwh));
        named.push((format!("{}|backward_kwh", link.link), link.backward_kwh));
    }
    named
}
