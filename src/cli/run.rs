//! `anergy run`: runs one case.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use super::case::CaseArgs;
use super::output::{self, OutputArgs};
use super::progress::Progress;
use crate::results::RunFolder;
use crate::run::{Artifacts, Ending, Job, Resumed};
use crate::schema::{Summary, files};

/// Run a district to its end: dispatch and water loop in turn, until they agree
#[derive(Debug, Args)]
#[command(
    mut_arg("model", |model| model.required(false).required_unless_present("resume").conflicts_with("resume")),
    after_help = "Examples:\n  \
    anergy run configs/smart_district.yaml\n  \
    anergy run configs/smart_district.yaml --scenario batteries --window 2019-07 --set coupling.gap_tolerance=1e-4\n  \
    anergy run configs/small_district/model.yaml --water-loop networks/small_ring.yaml\n  \
    anergy run smarti/model_op.yaml --scenario zero_alt_storage --water-loop networks/iccep2019.yaml \\\n      \
    --preset corrected --window 2015-07-01..2015-07-31 --set switches.loop_limit=clamp\n  \
    anergy run --resume results/smart_district\n\nExit codes: 0 converged (also stopped by the published rule), 1 \
    internal, 2 bad input, 3 not converged, 4 infeasible,\n5 \
    incomplete. Demand that is not served, and a loop that\ndoes not bring what is taken from it, are warned of; with --strict they are 4.")]
pub(super) struct Run {
    #[command(flatten)]
    case: Option<CaseArgs>,
    /// Go on with a run that was stopped or killed, from its run folder: it comes to the same results
    #[arg(long, value_name = "RUN_FOLDER", conflicts_with_all = ["CaseArgs", "out", "name", "starts"])]
    resume: Option<PathBuf>,
    /// Run it from so many beginnings and say how far apart the answers are: its own, and the COPs of a loop from its
    /// lowest to its highest temperature
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    starts: u16,
    #[command(flatten)]
    output: OutputArgs,
}

impl Run {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let Some((place, job)) = self.job()? else { return self.ended() };
        let mut progress = Progress::new(self.output.quiet);
        let earlier = std::fs::read_to_string(place.join(files::CONFIG)).ok();
        let artifacts = job.run(Some(&place), &mut progress)?;
        if earlier
            .is_some_and(|earlier| serde_yaml::to_string(&artifacts.case.resolved).is_ok_and(|now| now != earlier))
        {
            let place = place.display();
            progress.warn(&format!("{place} held a run of another configuration, which this one replaces"));
        }
        let folder = output::write(&place, &artifacts, progress)?;
        let Artifacts { case, run, summary, ending, read_seconds, .. } = &artifacts;
        super::print_unchanged(&if self.output.json {
            format!("{}\n", serde_json::to_string_pretty(summary)?)
        } else {
            output::text(summary, case, &output::time_split(run, *read_seconds), &folder)
        })?;
        Ok(ending.exit_code())
    }

    /// Reports that the run to be resumed has ended, and returns its exit code; that of its verdict if none is
    /// recorded.
    fn ended(&self) -> Result<u8, Failure> {
        let Some(folder) = &self.resume else { return Ok(0) };
        let path = folder.join(files::SUMMARY);
        let text = std::fs::read_to_string(&path).map_err(|source| Failure::Read { path: path.clone(), source })?;
        if !self.output.quiet {
            super::say(&format!("{}: this run has ended; there is nothing to go on with", folder.display()));
        }
        if self.output.json {
            super::print_unchanged(&text)?;
        }
        let summary: Summary = serde_json::from_str(&text)?;
        let verdict = summary.coupling.map(|coupling| coupling.verdict);
        Ok(summary.exit_code.unwrap_or_else(|| Ending::of_verdict(verdict).exit_code()))
    }

    /// Returns the job and the path of its run folder; `None` where the run to be resumed has ended.
    fn job(&self) -> Result<Option<(PathBuf, Job)>, Failure> {
        let (place, job) = match (&self.case, &self.resume) {
            (Some(case), None) => {
                let mut job = case.job();
                job.starts = self.starts.into();
                (self.output.place(&case.default_name())?, job)
            }
            (_, Some(folder)) => match resumed(folder)? {
                Some(resumed) => resumed,
                None => return Ok(None),
            },
            (None, None) => return Ok(None),
        };
        RunFolder::check(&place).map_err(Failure::Place)?;
        Ok(Some((place, job)))
    }
}

/// Returns the run folder and the job that resumes its run; `None` where the run has ended.
fn resumed(folder: &Path) -> Result<Option<(PathBuf, Job)>, Failure> {
    let unusable = |source| Failure::Write { path: folder.to_owned(), source };
    let place = std::path::absolute(folder).map_err(unusable)?;
    Ok(match Job::resume(&place)? {
        Resumed::Ended => None,
        Resumed::Unfinished(job) => Some((place, *job)),
    })
}
