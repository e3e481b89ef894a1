//! `anergy run`: one case to its end.

use std::time::Instant;

use clap::Args;

use super::case::CaseArgs;
use super::output::{self, OutputArgs};
use super::progress::Progress;
use super::{Failure, exit};
use crate::coupling::Verdict;
use crate::results::RunFolder;
use crate::study::{self, Summary, converge};

/// Run a district to its end: dispatch and water loop in turn, until they agree
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy run configs/smart_district.yaml\n  \
    anergy run configs/smart_district.yaml --scenario batteries --window 2019-07 --set coupling.gap_tolerance=1e-4\n  \
    anergy run configs/small_district/model.yaml --water-loop networks/small_ring.yaml\n  \
    anergy run smarti/model_op.yaml --scenario zero_alt_storage --water-loop networks/iccep2019.yaml \\\n      \
    --preset corrected --window 2015-07-01..2015-07-31 --set switches.loop_limit=clamp")]
pub(super) struct Run {
    #[command(flatten)]
    case: CaseArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl Run {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let mut progress = Progress::new(self.output.quiet);
        let place = self.output.place(&self.case.default_name())?;
        RunFolder::check(&place).map_err(Failure::Place)?;
        progress.doing("reading");
        let began = Instant::now();
        let case = self.case.load()?;
        let read_seconds = began.elapsed().as_secs_f64();
        progress.findings(&case.findings);
        super::refuse_errors(&case.findings)?;
        let backend = study::solver(&case.district);
        progress.doing("dispatching");
        let run = converge::run(&case, backend, &mut progress)?;
        let summary = Summary::of(&case, &run);
        let split = output::time_split(&run, read_seconds);
        let folder = output::write(&place, &case, &run, &summary, &[], progress, read_seconds)?;
        super::print(&if self.output.json {
            format!("{}\n", serde_json::to_string_pretty(&summary)?)
        } else {
            output::text(&summary, &split, &folder)
        })?;
        Ok(match run.coupling.map(|coupling| coupling.verdict) {
            None | Some(Verdict::Converged | Verdict::StoppedByPaperRule { .. }) => 0,
            Some(_) => exit::NOT_CONVERGED,
        })
    }
}
