//! A column of a file, and how its steps become those of a run.

use std::path::Path;
use std::sync::Arc;

use anergy_data::series::{Frame, SeriesError, TimeAxis};

/// A column of a file over the time of the run.
#[derive(Debug, Clone)]
pub struct Column {
    frame: Arc<Frame>,
    name: String,
    /// Row of the file in which the run begins.
    offset: usize,
    /// Length of a step of the run over that of a step of the file.
    ratio: Ratio,
    steps: usize,
}

/// How the steps of a file become those of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ratio {
    /// One to one.
    Same,
    /// This many rows of the file are averaged.
    Mean(usize),
    /// A row of the file holds for this many steps, the first of which is this far into its row.
    Hold { times: usize, into: usize },
}

impl Column {
    /// Where step `step` of the run stands: `file:line, column`.
    #[must_use]
    pub fn place(&self, step: usize) -> String {
        let line = self.frame.line(self.row(step));
        format!("{}:{line}, column `{}`", self.frame.path().display(), self.name)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.frame.path()
    }

    /// The name of the column.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rows of the file that the run covers: their values as they stand in the file, gaps as NaN.
    #[must_use]
    pub fn written(&self) -> &[f64] {
        let rows = match self.ratio {
            Ratio::Same => self.steps,
            Ratio::Mean(count) => self.steps * count,
            Ratio::Hold { times, into } => (self.steps + into).div_ceil(times),
        };
        self.frame.column(&self.name).map_or(&[], |values| &values[self.offset..self.offset + rows])
    }

    /// Time stamp, and line in the file, of row `row` of [`Column::written`].
    #[must_use]
    pub fn row_place(&self, row: usize) -> (String, u64) {
        (self.frame.axis().label(self.offset + row), self.frame.line(self.offset + row))
    }

    /// The first of the rows of [`Column::written`] behind step `step` of the run.
    #[must_use]
    pub fn row_of(&self, step: usize) -> usize {
        match self.ratio {
            Ratio::Same => step,
            Ratio::Mean(count) => step * count,
            Ratio::Hold { times, into } => (step + into) / times,
        }
    }

    fn row(&self, step: usize) -> usize {
        self.offset + self.row_of(step)
    }

    /// How its steps become those of the run where they are others: `averaged` or `held`.
    pub(super) fn resampling(&self) -> Option<&'static str> {
        match self.ratio {
            Ratio::Same => None,
            Ratio::Mean(_) => Some("averaged"),
            Ratio::Hold { .. } => Some("held"),
        }
    }

    /// The time axis of its file, and of the rows that the run covers.
    pub(super) fn axes(&self) -> [TimeAxis; 2] {
        let axis = *self.frame.axis();
        [axis, axis.slice(self.offset, self.written().len())]
    }

    /// One value a step of the run, from values a row of [`Column::written`].
    pub(super) fn resampled(&self, rows: Vec<f64>) -> Vec<f64> {
        match self.ratio {
            Ratio::Same => rows,
            #[expect(clippy::cast_precision_loss, reason = "few rows make a step")]
            Ratio::Mean(count) => rows.chunks(count).map(|rows| rows.iter().sum::<f64>() / count as f64).collect(),
            Ratio::Hold { .. } => (0..self.steps).map(|step| rows[self.row_of(step)]).collect(),
        }
    }
}

/// Where a run lies in a file.
pub(super) fn place_in(frame: Arc<Frame>, name: String, axis: &TimeAxis) -> Result<Column, SeriesError> {
    let (run, file) = (axis.step_minutes(), frame.axis().step_minutes());
    let times = |a: i64, b: i64| usize::try_from(a / b).unwrap_or(1);
    let (ratio, start, rows) = match () {
        () if run == file => (Ratio::Same, axis.stamp(0), axis.len()),
        () if run % file == 0 => (Ratio::Mean(times(run, file)), axis.stamp(0), axis.len() * times(run, file)),
        () if file % run == 0 => {
            let minutes = axis.stamp(0).duration_since(frame.axis().stamp(0)).as_mins().rem_euclid(file);
            if minutes % run != 0 {
                let path = frame.path().to_owned();
                return Err(SeriesError::OtherStep { path, found_minutes: file, expected_minutes: run });
            }
            let (times, into) = (times(file, run), usize::try_from(minutes / run).unwrap_or(0));
            let start = axis.stamp(0).saturating_sub(jiff::SignedDuration::from_mins(minutes));
            (Ratio::Hold { times, into }, start, (axis.len() + into).div_ceil(times))
        }
        () => {
            let path = frame.path().to_owned();
            return Err(SeriesError::OtherStep { path, found_minutes: file, expected_minutes: run });
        }
    };
    let offset = frame.offset_of(&TimeAxis::new(start, file, rows).at_utc_offset(axis.utc_offset()))?;
    Ok(Column { frame, name, offset, ratio, steps: axis.len() })
}
