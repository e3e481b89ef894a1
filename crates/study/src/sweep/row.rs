//! Results of cases: the rows of the result table.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anergy_config::{Case, InputCache, Request};
use anergy_cosim::coupling::{Observer, Record, Verdict};
use anergy_cosim::participants::NEGLIGIBLE_KWH;
use anergy_cosim::{Cause, CosimError, solver};
use anergy_data::results::{Column, Table};
use anergy_data::schema::columns::sweep::{self as column, Status};
use anergy_data::schema::columns::sweep_series;
use anergy_run::{run_case, summarise, timeseries_table};

use super::SweepError;
use super::scalars::scalars;

/// The result of a case.
#[derive(Debug, Clone)]
pub struct CaseRow {
    /// The number of the case.
    pub index: usize,
    /// The id of the case.
    pub id: String,
    /// The status of the case.
    pub status: Status,
    /// The coupling's verdict; empty without a loop.
    pub verdict: String,
    /// Why there is no plan; empty where there is one.
    pub error: String,
    /// The results by name.
    pub scalars: Vec<(String, f64)>,
    /// The stored series, in the order of the plan; a series is empty where the case has none of that name, and without
    /// a plan.
    pub series: Vec<Vec<f64>>,
}

/// An observer that stops the run of a case when a flag is set.
pub(super) struct StopFlag<'a>(pub(super) &'a AtomicBool);

impl Observer for StopFlag<'_> {
    fn iteration(&mut self, _record: &Record) {}

    fn wants_to_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl CaseRow {
    /// Runs a case; returns `None` where it was stopped before its end.
    ///
    /// # Errors
    /// [`SweepError`] where no row can be made because of the state of files, not because of the case.
    pub(super) fn of(
        index: usize,
        id: &str,
        request: &Request,
        plan: &PlannedInputs<'_>,
        stop: &AtomicBool,
    ) -> Result<Option<Self>, SweepError> {
        // A panic in one case must not lose the results of the others.
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
            Ok(Ok(CaseResult { status, verdict, scalars, series })) => {
                Self { index, id: id.to_owned(), status, verdict, error: String::new(), scalars, series }
            }
            Ok(Err(CaseError::Row(status, error))) => failed(status, error),
            Ok(Err(CaseError::Around(error))) => return Err(error),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
                failed(Status::Failed, format!("internal error: {text}"))
            }
        }))
    }

    /// Returns whether the plan leaves demand unmet.
    #[must_use]
    pub fn has_unmet_demand(&self) -> bool {
        self.scalars.iter().any(|(name, value)| name == column::UNMET_KWH && *value > NEGLIGIBLE_KWH)
    }

    /// Returns the series of rows as a table, a row per step. A series that a case does not have is empty.
    pub(super) fn series_table(rows: &[Self], names: &[String]) -> Table {
        let steps = |row: &Self| row.series.iter().map(Vec::len).max().unwrap_or_default();
        let mut table = Table::default();
        table.push(
            sweep_series::INDEX,
            Column::Count(rows.iter().flat_map(|row| vec![row.index; steps(row)]).collect()),
        );
        table.push(sweep_series::STEP, Column::Count(rows.iter().flat_map(|row| 0..steps(row)).collect()));
        for (place, name) in names.iter().enumerate() {
            let values = rows.iter().flat_map(|row| {
                let values = row.series.get(place);
                (0..steps(row)).map(move |step| values.and_then(|values| values.get(step)).copied().unwrap_or(f64::NAN))
            });
            table.push(name.clone(), Column::Fixed(values.collect()));
        }
        table
    }

    /// Returns rows as a table. A result that a row does not have is empty.
    pub(super) fn table(rows: &[Self]) -> Table {
        let text = |cell: fn(&Self) -> String| Column::Text(rows.iter().map(cell).collect());
        let mut table = Table::default();
        table.push(column::INDEX, Column::Count(rows.iter().map(|row| row.index).collect()));
        table.push(column::ID, text(|row| row.id.clone()));
        table.push(column::STATUS, text(|row| row.status.name().to_owned()));
        table.push(column::VERDICT, text(|row| row.verdict.clone()));
        table.push(column::ERROR, text(|row| row.error.clone()));
        let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            for (place, (name, value)) in row.scalars.iter().enumerate() {
                // Usually all rows have the same results in the same order.
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

struct CaseResult {
    status: Status,
    verdict: String,
    scalars: Vec<(String, f64)>,
    series: Vec<Vec<f64>>,
}

/// The reasons why there is no result.
enum CaseError {
    /// An error of the case, which is reported in its row.
    Row(Status, String),
    /// An error of the files: the same case may succeed later.
    Around(SweepError),
}

/// The part of a plan that all cases share.
pub(super) struct PlannedInputs<'a> {
    /// The names of the stored series.
    pub(super) series: &'a [String],
    /// The hashes of the planned input files.
    pub(super) inputs: &'a HashMap<PathBuf, String>,
    /// The cache of input files.
    pub(super) cache: &'a Arc<InputCache>,
}

/// Reads a case, and checks that it reads the planned files.
fn load(index: usize, request: &Request, plan: &PlannedInputs<'_>) -> Result<Case, CaseError> {
    let case = Case::load_from(request, plan.cache).map_err(|error| match error.is_unreadable() {
        true => CaseError::Around(SweepError::Unreadable { case: index, source: Box::new(error) }),
        false => CaseError::Row(Status::Failed, error.to_string()),
    })?;
    for input in &case.inputs {
        let path = input.path.clone();
        match plan.inputs.get(&path) {
            Some(planned) if *planned == input.sha256 => {}
            Some(_) => return Err(CaseError::Around(SweepError::Changed(path))),
            None => return Err(CaseError::Around(SweepError::Unplanned { path, case: index })),
        }
    }
    Ok(case)
}

fn answer(
    index: usize,
    request: &Request,
    plan: &PlannedInputs<'_>,
    stop: &AtomicBool,
) -> Result<CaseResult, CaseError> {
    let case = load(index, request, plan)?;
    let series = plan.series;
    let run = run_case(&case, solver(&case.district), &mut StopFlag(stop)).map_err(|error: CosimError| {
        let status = if error.cause() == Cause::Infeasible { Status::Infeasible } else { Status::Failed };
        CaseError::Row(status, error.to_string())
    })?;
    let summary = summarise(&case, &run);
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
    Ok(CaseResult { status, verdict, scalars: scalars(&summary), series: kept })
}
