//! The progress of a sweep, determined from its folder alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use anergy_data::schema::columns::sweep::Status;

use super::SweepError;
use super::manifest::{Manifest, Shard};
use super::segment::{SeriesFiles, keys, segments};

/// The progress of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The number of cases of the sweep.
    pub cases: usize,
    /// The number of cases with a row.
    pub done: usize,
    /// The number of those without a plan.
    pub failed: usize,
    /// The number of those whose dispatch and loop do not agree.
    pub not_converged: usize,
    /// The number of cases without a row.
    pub missing: usize,
    /// The number of damaged segments.
    pub broken_segments: usize,
    /// The shards with missing cases, for the requested number of shards.
    pub missing_shards: Vec<usize>,
}

/// The known state of a sweep's folder; every segment is read once.
#[derive(Debug)]
pub struct Survey {
    folder: PathBuf,
    keeps_series: bool,
    /// The ids of the cases.
    ids: Vec<String>,
    status: Vec<Option<Status>>,
    seen: HashSet<PathBuf>,
    broken: usize,
}

impl Survey {
    /// Reads the state of the sweep in `folder`.
    ///
    /// # Errors
    /// [`SweepError`] when the folder cannot be read.
    pub fn of(folder: &Path, manifest: &Manifest) -> Result<Self, SweepError> {
        let ids = manifest.cases_of(folder, Shard::WHOLE)?.id;
        let mut survey = Self {
            folder: folder.to_owned(),
            keeps_series: !manifest.series.is_empty(),
            status: vec![None; ids.len()],
            ids,
            seen: HashSet::new(),
            broken: 0,
        };
        survey.look()?;
        Ok(survey)
    }

    /// Reads the segments that are new since the last call.
    ///
    /// # Errors
    /// [`SweepError::Io`].
    pub fn look(&mut self) -> Result<(), SweepError> {
        self.broken = 0;
        let new: Vec<_> =
            segments(&self.folder)?.into_iter().filter(|segment| !self.seen.contains(&segment.path)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let series = if self.keeps_series { SeriesFiles::of(&self.folder)? } else { SeriesFiles::default() };
        for segment in new {
            let table = segment.read()?;
            let Some(keys) = table.as_ref().and_then(keys) else {
                self.broken += 1;
                continue;
            };
            if self.keeps_series && !series.has(keys.series)? {
                self.broken += 1;
                continue;
            }
            for ((&index, id), status) in keys.index.iter().zip(keys.id).zip(keys.status) {
                if self.ids.get(index) == Some(id) {
                    self.status[index] = self.status[index].or(Status::of(status));
                }
            }
            self.seen.insert(segment.path);
        }
        Ok(())
    }

    /// Returns whether a case has a row.
    #[must_use]
    pub fn has(&self, case: usize) -> bool {
        self.status.get(case).is_some_and(Option::is_some)
    }

    /// Returns the number of damaged segments, or segments with damaged series.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.broken
    }

    /// Returns the progress; missing cases are reported for `shards` shards.
    #[must_use]
    pub fn progress(&self, shards: usize) -> Progress {
        let count = |of: fn(Status) -> bool| self.status.iter().flatten().filter(|status| of(**status)).count();
        let (cases, done) = (self.status.len(), count(|_| true));
        let seen: Vec<bool> = self.status.iter().map(Option::is_some).collect();
        Progress {
            cases,
            done,
            failed: count(Status::is_without_answer),
            not_converged: count(|status| status == Status::NotConverged),
            missing: cases - done,
            broken_segments: self.broken,
            missing_shards: missing_shards(&seen, shards),
        }
    }
}

/// Returns the progress of the sweep in `folder`; missing cases are reported for `shards` shards.
///
/// # Errors
/// [`SweepError`] when the folder cannot be read.
pub fn progress(folder: &Path, shards: usize) -> Result<Progress, SweepError> {
    Ok(Survey::of(folder, &Manifest::load(folder)?)?.progress(shards))
}

/// Returns the shards, of `shards`, with cases that are not in `seen`.
pub(super) fn missing_shards(seen: &[bool], shards: usize) -> Vec<usize> {
    let shards = shards.clamp(1, seen.len().max(1));
    let mut missing = vec![false; shards];
    seen.iter().enumerate().filter(|(_, seen)| !**seen).for_each(|(case, _)| missing[case % shards] = true);
    (0..shards).filter(|&shard| missing[shard]).collect()
}

/// Returns numbers as a list with ranges, as `sbatch --array` accepts it: `0-3,7`.
#[must_use]
pub fn as_array(shards: &[usize]) -> String {
    let ranges = shards.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    });
    ranges.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_listed_as_a_scheduler_takes_them() {
        assert_eq!(as_array(&[]), "");
        assert_eq!(as_array(&[4]), "4");
        assert_eq!(as_array(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        let seen = [true, false, true, true, true, false, true];
        assert_eq!(missing_shards(&seen, 4), [1]);
        assert_eq!(missing_shards(&seen, 3), [1, 2]);
        assert_eq!(missing_shards(&seen, 0), [0]);
    }
}
