//! `anergy run`: one case to its end.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::case::{self, CaseArgs};
use super::output::{self, OutputArgs};
use super::progress::Progress;
use super::{Failure, exit, interrupt};
use crate::config::{Finding, Level, Request};
use crate::cosim::{self, Cause, StudyError, solver};
use crate::coupling::Verdict;
use crate::results::RunFolder;
use crate::run::journal::{Asked, ResumeError, RunJournal};
use crate::run::{
    anticipative_plan_table, anticipative_table, network_warning, run_case, run_case_with_journal, starts, summarise,
    unmet_warning,
};
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
    anergy run --resume results/smart_district\n\nExit codes: 0 converged (also stopped by the published rule), 1 internal, 2 bad input, 3 not converged, 4 infeasible,\n5 \
    incomplete. Demand that is not served, and a loop that\ndoes not bring what is taken from it, are warned of; with --strict they are 4.")]
pub(super) struct Run {
    #[command(flatten)]
    case: Option<CaseArgs>,
    /// Go on with a run that was stopped or killed, from its run folder: it comes to the same results
    #[arg(long, value_name = "RUN_FOLDER", conflicts_with_all = ["CaseArgs", "out", "name", "starts"])]
    resume: Option<PathBuf>,
    /// Run it from so many beginnings and say how far apart the answers are: its own, and the COPs of a loop from its lowest to its
    /// highest temperature
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    starts: u16,
    #[command(flatten)]
    output: OutputArgs,
}

/// What is run, and where its results go.
struct Job {
    place: PathBuf,
    request: Request,
    strict: bool,
    starts: usize,
    /// What it was asked for, where it goes on.
    begun: Option<Asked>,
}

impl Run {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        let mut progress = Progress::new(self.output.quiet);
        let Some(Job { place, request, strict, starts, begun }) = self.job()? else { return self.ended() };
        progress.doing("reading");
        let began = Instant::now();
        let case = case::load(&request, strict)?;
        let read_seconds = began.elapsed().as_secs_f64();
        progress.findings(&case.findings);
        refuse_errors(&case.findings)?;
        let backend = solver(&case.district);
        let mut journal = match case.coupled {
            Some(_) => {
                let asked = Asked::of(request, strict, starts, &case, backend.name());
                let asked = asked.map_err(|source| Failure::Write { path: place.clone(), source })?;
                if begun.is_none() && Asked::read(&place).is_ok() {
                    progress.say(
                        "note: an unfinished run stood here; it is begun anew (--resume would have gone on with it)",
                    );
                }
                Some(journal(&place, &asked, begun.as_ref())?)
            }
            None => None,
        };
        progress.doing("dispatching");
        let run = match &mut journal {
            Some(journal) => {
                interrupt::watch();
                run_case_with_journal(&case, backend, journal, &mut progress)
            }
            None => run_case(&case, backend, &mut progress),
        };
        let run = match (run, journal) {
            (Ok(run), Some(mut journal)) => {
                journal.finish().map_err(ResumeError::from)?;
                run
            }
            (Ok(run), None) => run,
            (Err(error), Some(journal)) if fails_again(&error) => {
                journal.discard();
                return Err(error.into());
            }
            (Err(error), _) => return Err(error.into()),
        };
        let spread = if starts > 1 { starts::spread(&case, &run, starts, backend, &mut progress) } else { None };
        let mut extra: Vec<_> = spread.iter().map(|spread| (files::STARTS, starts::starts_table(spread))).collect();
        extra.extend(anticipative_table(&run).map(|table| (files::ANTICIPATIVE, table)));
        extra.extend(anticipative_plan_table(&case, &run).map(|table| (files::ANTICIPATIVE_PLAN, table)));
        let mut summary = Summary { starts: spread, ..summarise(&case, &run) };
        let loop_short = summary.network.as_ref().and_then(network_warning);
        let unserved = unmet_warning(&summary).into_iter().chain(loop_short);
        let unserved: Vec<Finding> = unserved.map(|finding| case::judged(finding, strict)).collect();
        progress.findings(&unserved);
        let code = exit_code(&run, &summary, strict && !unserved.is_empty());
        summary.exit_code = Some(code);
        let split = output::time_split(&run, read_seconds);
        let folder = output::write(&place, &case, &run, &summary, &extra, progress, read_seconds)?;
        super::print(&if self.output.json {
            format!("{}\n", serde_json::to_string_pretty(&summary)?)
        } else {
            output::text(&summary, &case, &split, &folder)
        })?;
        Ok(code)
    }

    /// The run to go on with has ended: its summary, and its exit code; that of its verdict where it has none.
    fn ended(&self) -> Result<u8, Failure> {
        let Some(folder) = &self.resume else { return Ok(0) };
        let path = folder.join(files::SUMMARY);
        let text = std::fs::read_to_string(&path).map_err(|source| Failure::Read { path: path.clone(), source })?;
        if !self.output.quiet {
            super::say(&format!("{}: this run has ended; there is nothing to go on with", folder.display()));
        }
        if self.output.json {
            super::print(&text)?;
        }
        let summary: Summary = serde_json::from_str(&text)?;
        let verdict = summary.coupling.map(|coupling| coupling.verdict);
        Ok(summary.exit_code.unwrap_or_else(|| of_verdict(verdict)))
    }

    /// What is to be done; nothing where the run to go on with has ended.
    fn job(&self) -> Result<Option<Job>, Failure> {
        let (Some(case), None) = (&self.case, &self.resume) else {
            return self.resume.as_deref().map_or(Ok(None), resumed);
        };
        let place = self.output.place(&case.default_name())?;
        RunFolder::check(&place).map_err(Failure::Place)?;
        Ok(Some(Job {
            place,
            request: case.request(),
            strict: case.is_strict(),
            starts: self.starts.into(),
            begun: None,
        }))
    }
}

fn resumed(folder: &Path) -> Result<Option<Job>, Failure> {
    let unusable = |source| Failure::Write { path: folder.to_owned(), source };
    let place = std::path::absolute(folder).map_err(unusable)?;
    let begun = match Asked::read(&place) {
        Err(ResumeError::NoJournal(_)) if RunFolder::is_complete(&place) => return Ok(None),
        begun => begun?,
    };
    RunFolder::check(&place).map_err(Failure::Place)?;
    // Paths of the request mean what they meant then.
    std::env::set_current_dir(&begun.directory).map_err(|_| ResumeError::Changed {
        folder: folder.to_owned(),
        reason: format!("it was begun in {}, which cannot be entered", begun.directory.display()),
    })?;
    Ok(Some(Job {
        place,
        request: begun.request.clone(),
        strict: begun.strict,
        starts: begun.starts,
        begun: Some(begun),
    }))
}

/// Exit code of a run that came to its end; `unserved`: it left demand unserved and is judged strictly.
fn exit_code(run: &cosim::Run, summary: &Summary, unserved: bool) -> u8 {
    match run.coupling.as_ref().map(|coupling| coupling.verdict) {
        _ if summary.starts.as_ref().is_some_and(|spread| !spread.is_complete()) => exit::INCOMPLETE,
        Some(Verdict::Interrupted) => exit::INCOMPLETE,
        _ if unserved => exit::INFEASIBLE,
        verdict => of_verdict(verdict),
    }
}

/// Exit code of a verdict; without a loop there is none, and nothing to converge.
fn of_verdict(verdict: Option<Verdict>) -> u8 {
    match verdict {
        None | Some(Verdict::Converged | Verdict::StoppedByPaperRule { .. }) => 0,
        Some(Verdict::Interrupted) => exit::INCOMPLETE,
        Some(Verdict::Infeasible { .. }) => exit::INFEASIBLE,
        Some(_) => exit::NOT_CONVERGED,
    }
}

/// Stops where a finding is an error: under `--strict`, every warning is. Demand that cannot be served alone makes the case
/// infeasible, and nothing in it wrong.
fn refuse_errors(findings: &[Finding]) -> Result<(), Failure> {
    let mut errors = findings.iter().filter(|finding| finding.level == Level::Error).peekable();
    if errors.peek().is_some() && errors.all(|finding| finding.is_shortage) {
        return Err(Failure::Unserved);
    }
    super::refuse_errors(findings)
}

/// Whether the run would fail just so if it went on.
fn fails_again(error: &StudyError) -> bool {
    error.cause() != Cause::Inside && !matches!(error, StudyError::Journal(_))
}

/// The journal of the run: that of `begun`, if nothing has changed since.
fn journal(place: &Path, asked: &Asked, begun: Option<&Asked>) -> Result<RunJournal, ResumeError> {
    let Some(begun) = begun else { return Ok(RunJournal::begin(place, asked)?) };
    begun.is_same(asked, place)?;
    Ok(RunJournal::open(place))
}
