//! Values that may be numbers or columns of CSV files.

use std::path::{Path, PathBuf};

use crate::config::yaml::{Node, Span};
use crate::config::{ConfigError, Finding, Inputs, LoopFile, Problem, beside};
use crate::series::{Frame, Profile, TimeAxis, TimeWindow};

/// Reads columns of a model's CSV files over one time window.
pub(super) struct TimeSeries<'a> {
    folder: PathBuf,
    window: Option<TimeWindow>,
    axis: Option<TimeAxis>,
    corrections: Option<&'a LoopFile>,
}

/// A value as it was read: the numbers, and the file behind them if there is one.
pub(super) struct Values {
    pub(super) profile: Profile,
    pub(super) column: Option<Column>,
}

/// A column of a file over the window of the run.
pub(super) struct Column {
    frame: std::sync::Arc<Frame>,
    offset: usize,
    name: String,
}

impl Column {
    /// Where step `step` of the run stands: `file:line, column`.
    pub(super) fn place(&self, step: usize) -> String {
        let line = self.frame.line(self.offset + step);
        format!("{}:{line}, column `{}`", self.frame.path().display(), self.name)
    }
}

impl<'a> TimeSeries<'a> {
    pub(super) fn new(
        model: &Path,
        data_path: Option<&str>,
        window: Option<TimeWindow>,
        corrections: Option<&'a LoopFile>,
    ) -> Self {
        Self { folder: beside(model, data_path.unwrap_or("")), window, axis: None, corrections }
    }

    /// The time axis of the run; `None` until a series has been read.
    pub(super) fn axis(&self) -> Option<TimeAxis> {
        self.axis
    }

    /// The value of `node`: a number, or `file=x.csv` (the column named like the site) or `file=x.csv:column`. Gaps take
    /// `default`, which is reported.
    pub(super) fn values(
        &mut self,
        node: &Node,
        what: &str,
        site: &str,
        default: f64,
        inputs: &mut Inputs,
        findings: &mut Vec<Finding>,
    ) -> Result<Values, ConfigError> {
        if let Some(number) = node.as_number() {
            return Ok(Values { profile: Profile::Constant(number), column: None });
        }
        let wrong = || {
            let expected = format!("`{what}` is {}; expected a number or file=NAME.csv[:COLUMN]", node.describe());
            node.span.error(Problem::Wrong(expected))
        };
        let reference = node.as_text().and_then(|text| text.strip_prefix("file=")).ok_or_else(wrong)?;
        let (file, column) = match reference.split_once(':') {
            Some((file, column)) => (file.trim(), column.trim()),
            None => (reference.trim(), site),
        };
        let failed = |source| node.span.series_error(source);
        let frame = inputs.frame(&self.folder.join(file), &node.span)?;
        let axis = self.axis_for(&frame).map_err(failed)?;
        let offset = frame.offset_of(&axis).map_err(failed)?;
        let mut values = frame.column(column).map_err(failed)?[offset..offset + axis.len()].to_vec();
        self.correct(file, column, &axis, &mut values, &node.span, findings)?;
        let column = Column { frame, offset, name: column.to_owned() };
        fill(&mut values, what, default, &column, findings);
        Ok(Values { profile: Profile::Series(values), column: Some(column) })
    }

    /// The axis of the run: the window's part of the first file that is read.
    fn axis_for(&mut self, frame: &Frame) -> Result<TimeAxis, crate::series::SeriesError> {
        if let Some(axis) = self.axis {
            return Ok(axis);
        }
        let (first, count) = match &self.window {
            None => (0, frame.axis().len()),
            Some(window) => frame.steps_within(window)?,
        };
        let axis = frame.axis().slice(first, count);
        self.axis = Some(axis);
        Ok(axis)
    }

    fn correct(
        &self,
        file: &str,
        column: &str,
        axis: &TimeAxis,
        values: &mut [f64],
        asked: &Span,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ConfigError> {
        let Some(loop_file) = self.corrections else { return Ok(()) };
        for correction in loop_file.corrections_of(file).filter(|correction| correction.column == column) {
            let failed = |source| asked.series_error(source);
            let at = TimeWindow::single(&correction.at).map_err(failed)?;
            let (step, count) = axis.steps_within(&at);
            if count == 0 || values[step].abs() <= correction.only_above {
                continue;
            }
            let (old, new) = (values[step], values[step] / correction.divide_by);
            values[step] = new;
            let because = &correction.because;
            let message = format!("{file}, column `{column}`, {}: {old} mended to {new}: {because}", correction.at);
            if !findings.iter().any(|finding| finding.message == message) {
                findings.push(Finding::note(message));
            }
        }
        Ok(())
    }
}

/// Fills gaps with `default`, as Calliope does, and says so.
fn fill(values: &mut [f64], what: &str, default: f64, column: &Column, findings: &mut Vec<Finding>) {
    let gaps: Vec<usize> = (0..values.len()).filter(|&step| values[step].is_nan()).collect();
    let Some(&first) = gaps.first() else { return };
    for &gap in &gaps {
        values[gap] = default;
    }
    let message = format!(
        "{}: {} gap(s) of `{what}` filled with Calliope's default {default}, the first of them here",
        column.place(first),
        gaps.len()
    );
    if !findings.iter().any(|finding| finding.message == message) {
        findings.push(Finding::warning(None, message));
    }
}
