//! `anergy study`: runs one case in many ways.

use std::io::Write as _;
use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::case::{self, CaseArgs};
use super::output::OutputArgs;
use super::progress::Progress;
use super::{Failure, exit, interrupt};
use crate::coupling::SchemeChoice;
use crate::results::{FolderLock, check_folder, write_file};
use crate::run::JobObserver as _;
use crate::schema::files::{CONVERGENCE_STUDY, CONVERGENCE_STUDY_JOURNAL, TIMINGS};
use crate::study::convergence::{Study as Convergence, StudyPlan};

/// Run a case many ways and compare
#[derive(Debug, Args)]
pub(super) struct Study {
    #[command(subcommand)]
    what: StudyCommand,
}

#[derive(Debug, Subcommand)]
enum StudyCommand {
    Convergence(ConvergenceStudy),
}

/// Schemes, tolerances, beginnings and windows: which of them agree, how soon, and on what
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    anergy study convergence configs/smart_district.yaml --windows 2019-01,2019-07\n  \
    anergy study convergence configs/smart_district.yaml --schemes picard,averaging,newton --tolerances 1e-3,1e-4 \
    \\\n      \
    --starts 3 --windows 2019-01-07..2019-01-13")]
struct ConvergenceStudy {
    #[command(flatten)]
    case: CaseArgs,
    /// Schemes, separated by commas [default: all but anticipative, aitken and anderson]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = schemes())]
    schemes: Vec<SchemeChoice>,
    /// Largest relative gaps that count as converged, separated by commas
    #[arg(long, value_name = "GAPS", value_delimiter = ',', default_value = "1e-3,1e-4")]
    tolerances: Vec<f64>,
    /// Beginnings: the case's own, and the COPs of a loop from its lowest to its highest temperature
    #[arg(long, value_name = "N", default_value_t = 1)]
    starts: usize,
    /// Time windows, separated by commas: START..END, or one date each (2019-07 is July) [default: the case's own]
    #[arg(long, value_name = "WINDOWS", value_delimiter = ',', value_parser = case::window, conflicts_with = "window")]
    windows: Vec<[String; 2]>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Returns a parser of schemes by their names.
fn schemes() -> impl TypedValueParser<Value = SchemeChoice> {
    let named = |name: String| SchemeChoice::ALL.into_iter().find(|choice| choice.name() == name);
    PossibleValuesParser::new(SchemeChoice::ALL.map(SchemeChoice::name))
        .map(move |name| named(name).unwrap_or(SchemeChoice::Auto))
}

impl Study {
    pub(super) fn execute(self) -> Result<u8, Failure> {
        match self.what {
            StudyCommand::Convergence(study) => study.execute(),
        }
    }
}

impl ConvergenceStudy {
    fn execute(self) -> Result<u8, Failure> {
        let name = format!("{}-convergence", self.case.default_name());
        let folder = self.output.place(&name)?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Failure::Write { path, source }
        };
        // The anticipative scheme differs from `auto` only in an additional plan, and accelerated schemes are for
        // smooth responses of the loop.
        let usual = |choice: &SchemeChoice| *choice != SchemeChoice::Anticipative && !choice.is_accelerated();
        let all = || SchemeChoice::ALL.into_iter().filter(usual).collect();
        let windows = self.windows.into_iter().map(Some).collect::<Vec<_>>();
        let plan = StudyPlan {
            schemes: if self.schemes.is_empty() { all() } else { self.schemes },
            tolerances: self.tolerances,
            starts: self.starts,
            windows: if windows.is_empty() { vec![None] } else { windows },
        };
        let mut progress = Progress::new(self.output.quiet);
        progress.doing("reading");
        let case = self.case.load()?;
        progress.findings(&case.findings);
        super::refuse_errors(&case.findings)?;
        // The journal is kept until the study has ended.
        let files = [CONVERGENCE_STUDY_JOURNAL, CONVERGENCE_STUDY, TIMINGS];
        check_folder(&folder, &files, &files[..2]).map_err(Failure::Place)?;
        let _lock = FolderLock::acquire(&folder, &name).map_err(Failure::Place)?;
        std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
        let [journal, csv, timings] = files.map(|file| folder.join(file));
        // A file that cannot be read counts as empty.
        let known = std::fs::read(&journal).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        interrupt::watch();
        let keep = |study: &Convergence| -> Result<(), Failure> {
            let json = serde_json::to_string(study)? + "\n";
            write_file(&journal, |file| file.write_all(json.as_bytes())).map_err(failed(&journal))
        };
        let study = Convergence::run(&self.case.request(), &plan, known, &mut progress, keep)?;
        drop(progress);
        write_file(&csv, |file| file.write_all(&study.table().to_csv())).map_err(failed(&csv))?;
        write_file(&timings, |file| file.write_all(&study.timings().to_csv())).map_err(failed(&timings))?;
        let stopped = interrupt::was_asked_for();
        if !stopped {
            // There is no journal if no trial was new.
            let _ = std::fs::remove_file(&journal);
        }
        match self.output.json {
            true => super::print_unchanged(&(serde_json::to_string_pretty(&study)? + "\n"))?,
            false => super::print(&format!("{}\nwritten to {}\n", study.to_text(), csv.display()))?,
        }
        Ok(if stopped { exit::INCOMPLETE } else { 0 })
    }
}
