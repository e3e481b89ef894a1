//! What went wrong, as a user sees it.

use std::io::IsTerminal;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::exit;
use crate::config::ConfigError;
use crate::dispatch::DispatchError;
use crate::lp::LpError;
use crate::results::ResultsError;
use crate::study::StudyError;
use crate::study::reproduce::ReproduceError;

/// Any failure of a verb.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Study(#[from] StudyError),
    #[error(transparent)]
    Reproduce(#[from] ReproduceError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Lp(#[from] LpError),
    #[error("{0}")]
    Usage(String),
    #[error("cannot write the summary: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write the configuration: {0}")]
    Yaml(#[from] serde_yaml::Error),
}

impl Failure {
    /// The exit code of this failure.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Study(error) => study_code(error),
            Self::Lp(error) => lp_code(error),
            Self::Config(_) | Self::Usage(_) | Self::Results(ResultsError::NotARunFolder(_)) | Self::Reproduce(_) => {
                exit::BAD_INPUT
            }
            Self::Results(_) | Self::Json(_) | Self::Yaml(_) => exit::INTERNAL,
        }
    }

    /// The failure as text: with the line it stands on where there is one, in colour on a terminal.
    pub(super) fn render(&self) -> String {
        let config = match self {
            Self::Config(error) | Self::Reproduce(ReproduceError::Config(error)) => Some(error),
            _ => None,
        };
        let span = config.and_then(ConfigError::span);
        let message = config.map_or_else(|| self.to_string(), ConfigError::message);
        let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
        let mut report = Level::ERROR.primary_title(first).elements(None::<annotate_snippets::Message<'_>>);
        if let Some(span) = span {
            let range = span.start..span.end.max(span.start + 1).min(span.source.text.len().max(span.start));
            let path = span.path().display().to_string();
            let snippet = Snippet::source(&span.source.text).path(path).annotation(AnnotationKind::Primary.span(range));
            report = report.element(snippet);
        }
        let styled =
            std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let text = renderer.term_width(DEFAULT_TERM_WIDTH).render(&[report]);
        if rest.is_empty() { text } else { format!("{text}\n{rest}") }
    }
}

fn study_code(error: &StudyError) -> u8 {
    match error {
        StudyError::Dispatch { source: DispatchError::Infeasible(_), .. } => exit::INFEASIBLE,
        StudyError::Dispatch { source: DispatchError::Lp(error), .. } => lp_code(error),
        StudyError::Settings(_) | StudyError::CopNotPositive { .. } => exit::BAD_INPUT,
    }
}

fn lp_code(error: &LpError) -> u8 {
    match error {
        LpError::Infeasible { .. } => exit::INFEASIBLE,
        LpError::Unbounded { .. } | LpError::TooLarge { .. } | LpError::NoBackend => exit::BAD_INPUT,
        LpError::NoAnswer { .. } | LpError::BadAnswer { .. } => exit::INTERNAL,
    }
}
