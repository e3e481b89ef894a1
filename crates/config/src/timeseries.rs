//! Values that are numbers or columns of CSV files.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anergy_data::series::{
    FileColumn, Fill, Frame, Profile, ProfileSetting, SeriesError, SeriesGap, TimeAxis, TimeWindow, gaps,
};
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::{Column, place_in};
use super::yaml::Span;
use super::{ConfigError, Finding, Inputs, Problem, beside};

/// A value of a time series that is known to be wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Name of the CSV file.
    pub file: String,
    /// Column.
    pub column: String,
    /// Time stamp.
    pub at: String,
    /// What the value is divided by.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub divide_by: f64,
    /// Values at or below this size are not touched.
    pub only_above: f64,
    /// Why it is wrong.
    pub because: String,
}

/// The reader of columns of CSV files on one time axis.
pub(super) struct TimeSeries<'a> {
    folder: PathBuf,
    window: Option<TimeWindow>,
    step_minutes: Option<i64>,
    axis: Option<TimeAxis>,
    corrections: &'a [Correction],
    /// For each correction, whether its column was read, and whether it changed a value.
    corrected: Vec<CorrectionUse>,
    /// Whether files with a step other than the run's are averaged or held.
    resamples: bool,
    /// The offset from UTC of the first file, `None` for stamps without one; the outer `None` before any file.
    clock: Option<Option<Offset>>,
    /// A window that does not begin and end with steps.
    off_steps: Option<Finding>,
    used: Vec<UsedColumn>,
}

/// The use of a correction.
#[derive(Debug, Clone, Copy, Default)]
struct CorrectionUse {
    read: bool,
    in_time: bool,
}

/// A column that the case uses, and its purpose.
#[derive(Debug, Clone)]
pub struct UsedColumn {
    /// The user of the column in messages: a technology at a site, or a key.
    pub reader: String,
    /// The key that refers to the column.
    pub key: String,
    /// The column.
    pub column: Column,
    /// Its rows within the time of the run, after corrections; gaps as NaN.
    pub rows: Arc<[f64]>,
}

/// A request for a value, and its position.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeriesRequest<'s> {
    /// The user of the value in messages.
    pub reader: &'s str,
    /// The key that refers to the value.
    pub key: &'s str,
    /// The default column name.
    pub site: &'s str,
    /// The position of the value in the configuration.
    pub span: &'s Span,
}

impl<'a> TimeSeries<'a> {
    pub(super) fn new(folder: PathBuf, window: Option<TimeWindow>, corrections: &'a [Correction]) -> Self {
        let corrected = vec![CorrectionUse::default(); corrections.len()];
        let (step_minutes, axis) = (None, None);
        Self {
            folder,
            window,
            step_minutes,
            axis,
            corrections,
            corrected,
            resamples: false,
            clock: None,
            off_steps: None,
            used: Vec::new(),
        }
    }

    /// Returns the folder `path` as given in `file`.
    pub(super) fn folder_of(file: &Path, path: Option<&str>) -> PathBuf {
        beside(file, path.unwrap_or(""))
    }

    /// Accepts files whose step differs from the run's: finer ones are averaged, coarser ones hold their values. That
    /// is right for powers and prices, and wrong for energies per step.
    pub(super) fn resampling(self) -> Self {
        Self { resamples: true, ..self }
    }

    /// Sets the step of the run, minutes.
    pub(super) fn resample_to(&mut self, minutes: i64) {
        self.step_minutes = Some(minutes);
    }

    /// Sets the time axis without a file.
    pub(super) fn fix_axis(&mut self, axis: TimeAxis) {
        self.axis = Some(axis);
    }

    /// Returns the time axis of the run; `None` until a series has been read.
    pub(super) fn axis(&self) -> Option<TimeAxis> {
        self.axis
    }

    /// Sets the time axis from a file, so that it is known before the first value is read.
    pub(super) fn begin_with(
        &mut self,
        written: &FileColumn,
        span: &Span,
        inputs: &mut Inputs,
    ) -> Result<TimeAxis, ConfigError> {
        let frame = inputs.frame(&self.folder.join(&written.file), span)?;
        self.axis_for(&frame).map_err(|source| span.series_error(source))
    }

    /// Returns the requested time window.
    pub(super) fn window(&self) -> Option<TimeWindow> {
        self.window
    }

    /// Returns the columns that were read so far.
    pub(super) fn used(&self) -> &[UsedColumn] {
        &self.used
    }

    /// Returns the columns that were read.
    pub(super) fn into_used(self) -> Vec<UsedColumn> {
        self.used
    }

    /// Returns the value of a setting over the time of the run.
    pub(super) fn profile(
        &mut self,
        setting: &ProfileSetting,
        request: SeriesRequest<'_>,
        inputs: &mut Inputs,
        findings: &mut Vec<Finding>,
    ) -> Result<Profile, ConfigError> {
        match setting {
            ProfileSetting::Constant(value) => Ok(Profile::Constant(*value)),
            ProfileSetting::File(column) => Ok(self.column(column, None, request, inputs, findings)?.0),
        }
    }

    /// Returns a column of a file over the time of the run. Gaps are filled by the column's own fill rule, else by
    /// `default_fill` (Calliope's default), which is reported; without either a gap is an error.
    pub(super) fn column(
        &mut self,
        written: &FileColumn,
        default_fill: Option<f64>,
        request: SeriesRequest<'_>,
        inputs: &mut Inputs,
        findings: &mut Vec<Finding>,
    ) -> Result<(Profile, Column), ConfigError> {
        let failed = |source| request.span.series_error(source);
        let frame = inputs.frame(&self.folder.join(&written.file), request.span)?;
        let axis = self.axis_for(&frame).map_err(failed)?;
        if let Some(finding) = self.off_steps.take() {
            finding.once_in(findings);
        }
        if let Some(spelling) = frame.spelling() {
            Finding::note(format!("{}: {spelling}", frame.path().display())).once_in(findings);
        }
        if let Some((rows, hint)) = frame.missing_rows() {
            if written.fill.is_none() {
                frame.check_complete().map_err(failed)?;
            }
            let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
            let message = format!(
                "{}: {rows} row{} missing, which `fill` fills{hint}",
                frame.path().display(),
                if rows == 1 { " is" } else { "s are" }
            );
            Finding::warning(None, message).once_in(findings);
        }
        let name = written.column.as_deref().unwrap_or(request.site).to_owned();
        frame.column(&name).map_err(failed)?;
        if !self.resamples && frame.axis().step_minutes() != axis.step_minutes() {
            let (found_minutes, expected_minutes) = (frame.axis().step_minutes(), axis.step_minutes());
            let path = frame.path().to_owned();
            return Err(failed(SeriesError::OtherStep { path, found_minutes, expected_minutes }));
        }
        let column = place_in(frame, name, &axis).map_err(failed)?;
        if let Some(how) = column.resampling() {
            let (path, minutes) = (column.path().display(), column.axes()[0].step_minutes());
            let message = format!(
                "{path}: its steps of {minutes} min are {how} for a run in steps of {} min",
                axis.step_minutes()
            );
            Finding::note(message).once_in(findings);
        }
        // Gaps at the ends of the time of the run are filled as those within it, from the values beside them.
        let (wide, before) = column.with_neighbours();
        let count = column.written().len();
        let mut values = wide.written().to_vec();
        self.correct(&written.file, &wide, &mut values, request.span, findings)?;
        let rows = values[before..before + count].into();
        fill(&mut values, before..before + count, written.fill, default_fill, &wide, request, findings)?;
        let mut values = values[before..before + count].to_vec();
        if let Some(scale) = written.scale {
            values.iter_mut().for_each(|value| *value *= scale);
        }
        self.used.push(UsedColumn {
            reader: request.reader.to_owned(),
            key: request.key.to_owned(),
            column: column.clone(),
            rows,
        });
        Ok((Profile::Series(column.resampled(values)), column))
    }

    /// Returns the axis of the run: the part of the first file that is within the window. Every file has to have the
    /// clock of the first.
    fn axis_for(&mut self, frame: &Frame) -> Result<TimeAxis, SeriesError> {
        let clock = *self.clock.get_or_insert(frame.axis().utc_offset());
        frame.check_clock(clock)?;
        if let Some(axis) = &mut self.axis {
            if axis.utc_offset().is_some() {
                frame.check_clock(axis.utc_offset())?;
            }
            // The dates of a window without offset are those of the files.
            *axis = axis.at_utc_offset(clock);
            return Ok(*axis);
        }
        let window = self.window.map(|window| window.on_clock(clock, frame.path())).transpose()?;
        let mut axis = match &window {
            None => *frame.axis(),
            Some(window) => {
                let (first, count) = frame.steps_within(window)?;
                frame.axis().slice(first, count)
            }
        };
        if let Some(minutes) = self.step_minutes {
            axis = self.in_steps_of(minutes, axis, frame, window.as_ref())?;
        }
        if let Some(window) = window.filter(|window| !window.is_on_steps_of(&axis)) {
            let message = format!(
                "the time window from {window} does not begin and end with steps of {} min: the run is from {} to \
                 before {}",
                axis.step_minutes(),
                axis.label(0),
                axis.label(axis.len())
            );
            self.off_steps = Some(Finding::warning(None, message));
        }
        self.axis = Some(axis);
        Ok(axis)
    }

    /// Returns the part of a file within the window in steps of `minutes`; `axis` is that part in steps of the file.
    fn in_steps_of(
        &self,
        minutes: i64,
        axis: TimeAxis,
        frame: &Frame,
        window: Option<&TimeWindow>,
    ) -> Result<TimeAxis, SeriesError> {
        let step = axis.step_minutes();
        let length = |axis: &TimeAxis| step.saturating_mul(i64::try_from(axis.len()).unwrap_or(i64::MAX));
        let steps = |minutes_in_all: i64| usize::try_from(minutes_in_all / minutes).unwrap_or(0);
        if step % minutes == 0 {
            // Rows that are held may begin before the window.
            let fine = TimeAxis::new(frame.axis().stamp(0), minutes, steps(length(frame.axis())));
            let fine = fine.at_utc_offset(axis.utc_offset());
            let (first, count) = window.map_or((0, fine.len()), |window| fine.steps_within(window));
            return Ok(fine.slice(first, count));
        }
        if length(&axis) % minutes != 0 {
            let path = frame.path().to_owned();
            return Err(SeriesError::OtherStep { path, found_minutes: step, expected_minutes: minutes });
        }
        Ok(TimeAxis::new(axis.stamp(0), minutes, steps(length(&axis))).at_utc_offset(axis.utc_offset()))
    }

    fn correct(
        &mut self,
        file: &str,
        column: &Column,
        values: &mut [f64],
        request: &Span,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ConfigError> {
        let name = Path::new(file).file_name();
        let of_column = |known: &&Correction| {
            (known.file == file || name.is_some_and(|name| *name == *known.file)) && known.column == column.name()
        };
        for (correction, became) in
            self.corrections.iter().zip(&mut self.corrected).filter(|(known, _)| of_column(known))
        {
            let [file_axis, axis] = column.axes();
            let at = TimeWindow::single(&correction.at)
                .and_then(|at| at.on_clock(file_axis.utc_offset(), column.path()))
                .map_err(|source| request.series_error(source))?;
            let (first, count) = axis.steps_within(&at);
            became.read = true;
            became.in_time |= file_axis.steps_within(&at).1 > 0;
            for (row, value) in values.iter_mut().enumerate().skip(first).take(count) {
                if value.is_nan() || value.abs() <= correction.only_above {
                    continue;
                }
                let (old, new) = (*value, *value / correction.divide_by);
                *value = new;
                let (stamp, because) = (axis.label(row), &correction.because);
                let message = format!("{file}, column `{}`, {stamp}: {old} mended to {new}: {because}", column.name());
                Finding::note(message).once_in(findings);
            }
        }
        Ok(())
    }

    /// Warns of corrections to which no column or no step of the run belongs.
    pub(super) fn idle_corrections(&self, findings: &mut Vec<Finding>) {
        for (correction, became) in self.corrections.iter().zip(&self.corrected) {
            let Correction { file, column, at, .. } = correction;
            let why = match became {
                CorrectionUse { read: false, .. } => "nothing reads that column",
                CorrectionUse { in_time: false, .. } => "there is no such step",
                _ => continue,
            };
            let message = format!("the correction of {file}, column `{column}`, at {at} has no effect: {why}");
            findings.push(Finding::warning(None, message));
        }
    }
}

/// Fills the gaps in the rows `within` and reports them, or returns an error; other rows are only neighbours.
fn fill(
    values: &mut [f64],
    within: Range<usize>,
    rule: Option<Fill>,
    default: Option<f64>,
    column: &Column,
    request: SeriesRequest<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ConfigError> {
    let mut runs = gaps(values);
    runs.retain(|gap| gap.first < within.end && gap.first + gap.steps > within.start);
    let Some(first) = runs.first().map(|gap| gap.first.max(within.start)) else { return Ok(()) };
    let count = values[within].iter().filter(|value| value.is_nan()).count();
    let (stamp, line) = column.row_place(first);
    let place = format!("{}:{line}, column `{}`", column.path().display(), column.name());
    let (fill, how) = match (rule, default) {
        (Some(rule), _) => (rule, "as its `fill` says".to_owned()),
        (None, Some(value)) => (Fill::Value(value), format!("with Calliope's default {value}")),
        (None, None) => {
            let message = format!(
                "{place}: no value at {stamp}{}; write one, or say how to fill gaps: \
                 {{file: .., column: .., fill: 0 | previous | interpolate}}",
                if count > 1 { format!(" and {} more steps", count - 1) } else { String::new() }
            );
            return Err(request.span.error(Problem::Wrong(message)));
        }
    };
    for SeriesGap { first, steps } in runs {
        let before = first.checked_sub(1).map(|row| values[row]);
        let after = values.get(first + steps).copied();
        for step in 0..steps {
            let value = match (fill, before, after) {
                (Fill::Value(value), ..) => Some(value),
                (Fill::Previous, before, _) => before,
                #[expect(clippy::cast_precision_loss, reason = "rows of a file are far fewer than 2^52")]
                (Fill::Interpolate, Some(before), Some(after)) => {
                    Some(before + (step + 1) as f64 / (steps + 1) as f64 * (after - before))
                }
                (Fill::Interpolate, one, other) => one.or(other),
            };
            values[first + step] = value.ok_or_else(|| {
                let message = format!("{place}: the gap at {stamp} has no value beside it to go on with");
                request.span.error(Problem::Wrong(message))
            })?;
        }
    }
    let plural = if count == 1 { "gap" } else { "gaps" };
    let message = format!("{place}: {} {plural} of `{}` filled {how}, the first of them here", count, request.key);
    Finding::warning(None, message).once_in(findings);
    Ok(())
}
