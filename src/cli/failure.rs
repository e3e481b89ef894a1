//! Failures of verbs, as shown to a user.

#[cfg(feature = "parquet")]
use std::io::ErrorKind;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::exit;
use crate::config::ConfigError;
use crate::cosim::{Cause, CosimError};
use crate::coupling::JournalError;
use crate::input::{printable, printable_in_place};
use crate::report::ReportError;
use crate::results::ResultsError;
use crate::run::JobError;
use crate::run::journal::ResumeError;
use crate::study::convergence::ConvergenceError;
use crate::study::effects::EffectsError;
use crate::study::reproduce::ReproduceError;
#[cfg(feature = "parquet")]
use crate::study::sweep::SweepError;

/// A failure of a verb.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Study(#[from] CosimError),
    #[error(transparent)]
    Reproduce(#[from] ReproduceError),
    #[error(transparent)]
    Effects(#[from] EffectsError),
    #[error(transparent)]
    Convergence(#[from] ConvergenceError),
    #[error(transparent)]
    Resume(#[from] ResumeError),
    #[cfg(feature = "parquet")]
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("{0}")]
    Usage(String),
    #[error(
        "{count} warning{} count{} as errors under --strict",
        if *count == 1 { "" } else { "s" },
        if *count == 1 { "s" } else { "" }
    )]
    Strict { count: usize },
    #[error(transparent)]
    Job(JobError),
    #[error("{}: cannot be written: {source}", path.display())]
    Write { path: std::path::PathBuf, source: std::io::Error },
    #[error("{}: cannot be read: {source}", path.display())]
    Read { path: std::path::PathBuf, source: std::io::Error },
    #[error(transparent)]
    Place(ResultsError),
    #[error("cannot print the results (they are written): {0}")]
    Print(std::io::Error),
    #[error("cannot write the summary: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write the configuration: {0}")]
    Yaml(#[from] serde_yaml::Error),
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Config(error) => Self::Config(error),
            JobError::Cosim(error) => Self::Study(error),
            JobError::Resume(error) => Self::Resume(error),
            JobError::Results(error) => Self::Results(error),
            error => Self::Job(error),
        }
    }
}

fn exit_code_of(error: &CosimError) -> u8 {
    match error.cause() {
        Cause::Input => exit::BAD_INPUT,
        Cause::Infeasible => exit::INFEASIBLE,
        Cause::Inside => exit::INTERNAL,
    }
}

impl Failure {
    /// Returns the exit code of this failure.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Study(error) => exit_code_of(error),
            Self::Effects(EffectsError::Study { source, .. }) => exit_code_of(source),
            Self::Resume(ResumeError::Journal(JournalError::Io { .. })) => exit::INTERNAL,
            Self::Resume(_) | Self::Convergence(_) => exit::BAD_INPUT,
            #[cfg(feature = "parquet")]
            Self::Sweep(error) => match error {
                // A folder that is not writable is a mistake in the input.
                SweepError::Io { source, .. }
                    if matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) =>
                {
                    exit::BAD_INPUT
                }
                SweepError::Io { .. }
                | SweepError::Results(_)
                | SweepError::Different { .. }
                | SweepError::Unreadable { .. }
                | SweepError::Scheduler { .. } => exit::INTERNAL,
                SweepError::Stopped => exit::INCOMPLETE,
                SweepError::FirstCase(error) => exit_code_of(error),
                _ => exit::BAD_INPUT,
            },
            Self::Config(_)
            | Self::Usage(_)
            | Self::Results(ResultsError::NotARunFolder(_) | ResultsError::InUse { .. })
            | Self::Reproduce(_) => exit::BAD_INPUT,
            Self::Job(JobError::Unserved) => exit::INFEASIBLE,
            Self::Job(_)
            | Self::Place(_)
            | Self::Read { .. }
            | Self::Strict { .. }
            | Self::Write { .. }
            | Self::Effects(_) => exit::BAD_INPUT,
            Self::Report(ReportError::Page(_) | ReportError::Picture { .. }) => exit::INTERNAL,
            Self::Report(_) => exit::BAD_INPUT,
            Self::Results(_) | Self::Json(_) | Self::Yaml(_) | Self::Print(_) => exit::INTERNAL,
        }
    }

    /// Returns the failure as text, with the line of the file if there is one, in colour on a terminal.
    pub(super) fn render(&self) -> String {
        let config = match self {
            Self::Config(error)
            | Self::Reproduce(ReproduceError::Config(error))
            | Self::Convergence(ConvergenceError::Config(error))
            | Self::Effects(EffectsError::Config(error)) => Some(error),
            #[cfg(feature = "parquet")]
            Self::Sweep(SweepError::Config(error)) => Some(error),
            _ => None,
        };
        #[cfg(feature = "parquet")]
        let (config, case) = match self {
            Self::Sweep(SweepError::Case { case, values, source }) => {
                (Some(&**source), format!(" (in case {case}: {values})"))
            }
            _ => (config, String::new()),
        };
        #[cfg(not(feature = "parquet"))]
        let case = String::new();
        let span = config.and_then(ConfigError::span);
        let message = config.map_or_else(|| self.to_string(), |error| error.message() + &case);
        let message = printable(&message);
        let (first, rest) = message.split_once('\n').unwrap_or((&*message, ""));
        let mut report = Level::ERROR.primary_title(first).elements(None::<annotate_snippets::Message<'_>>);
        if let Some(span) = span {
            let path = printable(&span.path().display().to_string()).into_owned();
            let marked = AnnotationKind::Primary.span(span.marked());
            let snippet = Snippet::source(printable_in_place(&span.source.text)).path(path).annotation(marked);
            report = report.element(snippet);
        }
        let renderer = if super::colours(&std::io::stderr()) { Renderer::styled() } else { Renderer::plain() };
        let text = renderer.term_width(DEFAULT_TERM_WIDTH).render(&[report]);
        if rest.is_empty() { text } else { format!("{text}\n{rest}") }
    }
}
