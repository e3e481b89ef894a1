//! Columns of files, and their conversion to the steps of a run.

use std::path::Path;
use std::sync::Arc;

use anergy_data::series::{Frame, SeriesError, TimeAxis};

/// A column of a file over the time of the run.
#[derive(Debug, Clone)]
pub struct Column {
    frame: Arc<Frame>,
    name: String,
    /// The row of the file at which the run begins.
    offset: usize,
    /// The ratio of the length of a step of the run to the length of a step of the file.
    ratio: StepRatio,
    steps: usize,
}

/// The conversion of the steps of a file to the steps of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepRatio {
    /// The steps are equal.
    Same,
    /// The mean over this many rows of the file.
    Mean(usize),
    /// Every row of the file holds for `times` steps; the run begins `into` steps after the start of its first row.
    Hold { times: usize, into: usize },
}

impl Column {
    /// Returns the position of step `step` of the run: `file:line, column`.
    #[must_use]
    pub fn place(&self, step: usize) -> String {
        let line = self.frame.line(self.row(step));
        format!("{}:{line}, column `{}`", self.frame.path().display(), self.name)
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.frame.path()
    }

    /// Returns the name of the column.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the values of the rows that the run covers, unconverted, gaps as NaN.
    #[must_use]
    pub fn written(&self) -> &[f64] {
        let rows = match self.ratio {
            StepRatio::Same => self.steps,
            StepRatio::Mean(count) => self.steps * count,
            StepRatio::Hold { times, into } => (self.steps + into).div_ceil(times),
        };
        self.frame.column(&self.name).map_or(&[], |values| &values[self.offset..self.offset + rows])
    }

    /// Returns the rows of the file that the run covers and, where gaps are at their ends, the rows beside them up to
    /// the next values; and the number of rows before those that the run covers.
    pub(super) fn with_neighbours(&self) -> (Self, usize) {
        let rows = self.written();
        let all = self.frame.column(&self.name).unwrap_or(&[]);
        let end = self.offset + rows.len();
        let is_gap = |value: Option<&f64>| value.is_some_and(|value| value.is_nan());
        let before = match is_gap(rows.first()) {
            true => all[..self.offset].iter().rev().position(|value| !value.is_nan()).map_or(0, |gaps| gaps + 1),
            false => 0,
        };
        let after = match is_gap(rows.last()) {
            true => all[end..].iter().position(|value| !value.is_nan()).map_or(0, |gaps| gaps + 1),
            false => 0,
        };
        let steps = before + rows.len() + after;
        let (frame, name, offset) = (Arc::clone(&self.frame), self.name.clone(), self.offset - before);
        (Self { frame, name, offset, ratio: StepRatio::Same, steps }, before)
    }

    /// Returns the time stamp of row `row` of [`Column::written`], and its line in the file.
    #[must_use]
    pub fn row_place(&self, row: usize) -> (String, u64) {
        (self.frame.axis().label(self.offset + row), self.frame.line(self.offset + row))
    }

    /// Returns the first of the rows of [`Column::written`] for step `step` of the run.
    #[must_use]
    pub fn row_of(&self, step: usize) -> usize {
        match self.ratio {
            StepRatio::Same => step,
            StepRatio::Mean(count) => step * count,
            StepRatio::Hold { times, into } => (step + into) / times,
        }
    }

    fn row(&self, step: usize) -> usize {
        self.offset + self.row_of(step)
    }

    /// Returns the kind of conversion, `averaged` or `held`; `None` where the steps are equal.
    pub(super) fn resampling(&self) -> Option<&'static str> {
        match self.ratio {
            StepRatio::Same => None,
            StepRatio::Mean(_) => Some("averaged"),
            StepRatio::Hold { .. } => Some("held"),
        }
    }

    /// Returns the time axis of the file, and the axis of the rows that the run covers.
    pub(super) fn axes(&self) -> [TimeAxis; 2] {
        let axis = *self.frame.axis();
        [axis, axis.slice(self.offset, self.written().len())]
    }

    /// Returns one value per step of the run, from one value per row of [`Column::written`].
    pub(super) fn resampled(&self, rows: Vec<f64>) -> Vec<f64> {
        match self.ratio {
            StepRatio::Same => rows,
            #[expect(clippy::cast_precision_loss, reason = "few rows make a step")]
            StepRatio::Mean(count) => rows.chunks(count).map(|rows| rows.iter().sum::<f64>() / count as f64).collect(),
            StepRatio::Hold { .. } => (0..self.steps).map(|step| rows[self.row_of(step)]).collect(),
        }
    }
}

/// Finds the time of a run in a file.
pub(super) fn place_in(frame: Arc<Frame>, name: String, axis: &TimeAxis) -> Result<Column, SeriesError> {
    let (run, file) = (axis.step_minutes(), frame.axis().step_minutes());
    let times = |a: i64, b: i64| usize::try_from(a / b).unwrap_or(1);
    let (ratio, start, rows) = match () {
        () if run == file => (StepRatio::Same, axis.stamp(0), axis.len()),
        () if run % file == 0 => (StepRatio::Mean(times(run, file)), axis.stamp(0), axis.len() * times(run, file)),
        () if file % run == 0 => {
            let minutes = axis.stamp(0).duration_since(frame.axis().stamp(0)).as_mins().rem_euclid(file);
            if minutes % run != 0 {
                let path = frame.path().to_owned();
                return Err(SeriesError::OtherStep { path, found_minutes: file, expected_minutes: run });
            }
            let (times, into) = (times(file, run), usize::try_from(minutes / run).unwrap_or(0));
            let start = axis.stamp(0).saturating_sub(jiff::SignedDuration::from_mins(minutes));
            (StepRatio::Hold { times, into }, start, (axis.len() + into).div_ceil(times))
        }
        () => {
            let path = frame.path().to_owned();
            return Err(SeriesError::OtherStep { path, found_minutes: file, expected_minutes: run });
        }
    };
    let offset = frame.offset_of(&TimeAxis::new(start, file, rows).at_utc_offset(axis.utc_offset()))?;
    Ok(Column { frame, name, offset, ratio, steps: axis.len() })
}
