//! How far a sweep has come, from its folder alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::SweepError;
use super::manifest::Manifest;
use super::row::Status;
use super::segment::{keys, segments};

/// How far a sweep has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Cases of the sweep.
    pub cases: usize,
    /// Those with a row.
    pub done: usize,
    /// Those of them without an answer.
    pub failed: usize,
    /// Those of them whose dispatch and loop do not agree.
    pub not_converged: usize,
    /// Those without a row.
    pub missing: usize,
    /// Segments that are not what was written.
    pub broken_segments: usize,
    /// Shards with cases missing, of as many as were asked about.
    pub missing_shards: Vec<usize>,
}

/// What is known of a sweep's folder; looks at every segment once.
#[derive(Debug)]
pub struct Survey {
    seen: Vec<bool>,
    read: HashSet<PathBuf>,
    broken: HashSet<PathBuf>,
    done: usize,
    failed: usize,
    not_converged: usize,
}

impl Survey {
    /// Before the first look.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            seen: vec![false; manifest.cases],
            read: HashSet::new(),
            broken: HashSet::new(),
            done: 0,
            failed: 0,
            not_converged: 0,
        }
    }

    /// Looks at the segments that have come since.
    ///
    /// # Errors
    /// [`SweepError::Io`].
    pub fn look(&mut self, folder: &Path) -> Result<(), SweepError> {
        for segment in segments(folder)? {
            if self.read.contains(&segment.path) {
                continue;
            }
            let table = segment.read()?;
            let Some((index, _, status)) = table.as_ref().and_then(keys) else {
                self.broken.insert(segment.path);
                continue;
            };
            for (&index, status) in index.iter().zip(status) {
                let Some(seen) = self.seen.get_mut(index).filter(|seen| !**seen) else { continue };
                *seen = true;
                self.done += 1;
                self.not_converged += usize::from(status == Status::NotConverged.name());
                self.failed +=
                    usize::from([Status::Failed, Status::Infeasible].map(Status::name).contains(&status.as_str()));
            }
            self.read.insert(segment.path);
        }
        Ok(())
    }

    /// How far it has come, seen as `shards` shards.
    #[must_use]
    pub fn progress(&self, shards: usize) -> Progress {
        let cases = self.seen.len();
        Progress {
            cases,
            done: self.done,
            failed: self.failed,
            not_converged: self.not_converged,
            missing: cases - self.done,
            broken_segments: self.broken.len(),
            missing_shards: missing_shards(&self.seen, shards),
        }
    }
}

/// How far the sweep in `folder` has come, seen as `shards` shards.
///
/// # Errors
/// [`SweepError`] when the folder cannot be read.
pub fn progress(folder: &Path, shards: usize) -> Result<Progress, SweepError> {
    let mut survey = Survey::new(&Manifest::load(folder)?);
    survey.look(folder)?;
    Ok(survey.progress(shards))
}

/// The shards, of `shards`, that have cases which are not seen.
pub(super) fn missing_shards(seen: &[bool], shards: usize) -> Vec<usize> {
    let shards = shards.max(1);
    let mut missing = vec![false; shards];
    seen.iter().enumerate().filter(|(_, seen)| !**seen).for_each(|(case, _)| missing[case % shards] = true);
    (0..shards).filter(|&shard| missing[shard]).collect()
}

/// Numbers as a list with ranges, as `sbatch --array` takes it: `0-3,7`.
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
