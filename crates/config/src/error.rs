//! Errors of a configuration, and findings: warnings and notes.

use std::path::PathBuf;

use anergy_cosim::coupling::SettingsError;
use anergy_data::input::beginning;
use anergy_data::schema::{self, Level};
use anergy_data::series::SeriesError;
use anergy_dispatch::district::DistrictError;
use anergy_thermal::water_loop::WaterLoopError;
use serde::Serialize;

use super::yaml::Span;

/// The kinds of errors at a position of a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text is not valid YAML.
    #[error("not readable as YAML: {0}")]
    Syntax(String),
    /// A key occurs twice.
    #[error("`{}` is defined twice; first in {} line {}", beginning(key), first.path().display(), first.line)]
    DuplicateKey {
        /// The key.
        key: String,
        /// The position of its first occurrence.
        first: Span,
    },
    /// A key that is not known.
    #[error("unknown key `{}`{}", beginning(key), suggestion(nearest.as_deref(), known))]
    UnknownKey {
        /// The key.
        key: String,
        /// The most similar known key; `None` if none is similar.
        nearest: Option<String>,
        /// All known keys.
        known: Vec<String>,
    },
    /// A word that is not one of the choices.
    #[error("unknown choice `{}`{}", beginning(word), suggestion(nearest.as_deref(), known))]
    UnknownChoice {
        /// The word.
        word: String,
        /// The most similar choice; `None` if none is similar.
        nearest: Option<String>,
        /// All choices.
        known: Vec<String>,
    },
    /// A required key is missing.
    #[error("`{key}` is missing")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A feature of Calliope that is not supported.
    #[error("`{what}` is not supported{}", reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
    Unsupported {
        /// The feature.
        what: String,
        /// The reason, or an alternative.
        reason: Option<String>,
    },
    /// A value that is not valid at this position.
    #[error("{0}")]
    Wrong(String),
}

impl Problem {
    /// Creates an error of an unknown key; `known` are the known keys.
    pub fn unknown_key<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        Self::UnknownKey { key: key.to_owned(), nearest: nearest(key, &known), known }
    }

    /// Creates an error of an unknown word; `known` are the choices.
    pub fn unknown_choice<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        Self::UnknownChoice { word: word.to_owned(), nearest: nearest(word, &known), known }
    }
}

/// The largest number of known names that a message lists.
const MOST_SUGGESTIONS: usize = 60;

fn suggestion(nearest: Option<&str>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(nearest), _) => format!("; did you mean `{nearest}`?"),
        (None, []) => String::new(),
        (None, known) => {
            let more = known.len().saturating_sub(MOST_SUGGESTIONS);
            let names: Vec<String> =
                known.iter().take(MOST_SUGGESTIONS).map(|name| format!("`{}`", beginning(name))).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("; known are {}{more}", names.join(", "))
        }
    }
}

/// Returns the known word most similar to `word`; `None` if none is similar.
pub fn nearest(word: &str, known: &[String]) -> Option<String> {
    let closeness = |name: &String| strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
    let best = known.iter().max_by(|a, b| closeness(a).total_cmp(&closeness(b)))?;
    (closeness(best) >= 0.5).then(|| best.clone())
}

/// The reasons why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An error at a position of a file.
    #[error("{span}: {problem}")]
    At {
        /// The position.
        span: Span,
        /// The error.
        problem: Box<Problem>,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A scenario or override that the model does not define.
    #[error("no scenario or override is named `{name}`{}", suggestion(nearest.as_deref(), known))]
    UnknownScenario {
        /// The name.
        name: String,
        /// The most similar name; `None` if none is similar.
        nearest: Option<String>,
        /// All defined names.
        known: Vec<String>,
    },
    /// A `--set` that is not of the form `key=value`.
    #[error("`--set {text}` is not of the form key=value")]
    Setting {
        /// The given text.
        text: String,
    },
    /// An error in a time series.
    #[error("{}{source}", asked.as_ref().map(|span| format!("{span}: ")).unwrap_or_default())]
    Series {
        /// The position in the configuration of the reference to the series; `None` if there is none.
        asked: Option<Span>,
        /// The error.
        source: Box<SeriesError>,
    },
    /// The district is not valid.
    #[error(transparent)]
    District(Box<DistrictError>),
    /// The loop is not valid.
    #[error(transparent)]
    WaterLoop(#[from] WaterLoopError),
    /// The coupling's settings are not valid.
    #[error(transparent)]
    Coupling(#[from] SettingsError),
    /// The loop does not match the district.
    #[error("{0}")]
    Mismatch(String),
}

impl From<DistrictError> for ConfigError {
    fn from(error: DistrictError) -> Self {
        Self::District(Box::new(error))
    }
}

impl ConfigError {
    /// Returns the position in a file; `None` where there is none.
    #[must_use]
    pub fn span(&self) -> Option<&Span> {
        match self {
            Self::At { span, .. } => Some(span),
            Self::Series { asked, .. } => asked.as_ref(),
            _ => None,
        }
    }

    /// Returns whether a required file cannot be read, as opposed to a mistake in its content.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        let source = match self {
            Self::Unreadable { source, .. } => source,
            Self::Series { source, .. } => match &**source {
                SeriesError::Unreadable { source, .. } => source,
                _ => return false,
            },
            _ => return false,
        };
        source.kind() != std::io::ErrorKind::InvalidData
    }

    /// Returns the message without the position.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::At { problem, .. } => problem.to_string(),
            Self::Series { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }
}

impl Span {
    /// Creates an error of a time series that is referred to at this position.
    pub fn series_error(&self, source: SeriesError) -> ConfigError {
        ConfigError::Series { asked: Some(self.clone()), source: Box::new(source) }
    }

    /// Creates an error at this position.
    #[must_use]
    pub fn error(&self, problem: Problem) -> ConfigError {
        ConfigError::At { span: self.clone(), problem: Box::new(problem) }
    }
}

/// A warning or a note on a model, or a default that it uses. It is written as
/// [`schema::Finding`](anergy_data::schema::Finding).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(into = "schema::Finding")]
pub struct Finding {
    /// Severity.
    pub level: Level,
    /// `file:line:column`; `None` where there is no position.
    pub place: Option<String>,
    /// The message.
    pub message: String,
    /// Whether the finding reports demand that cannot be served.
    pub is_shortage: bool,
}

impl From<Finding> for schema::Finding {
    fn from(Finding { level, place, message, .. }: Finding) -> Self {
        Self { level, place, message }
    }
}

impl Finding {
    /// Creates a warning.
    pub fn warning(span: Option<&Span>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            place: span.map(ToString::to_string),
            message: message.into(),
            is_shortage: false,
        }
    }

    /// Creates a warning about demand that cannot be served.
    pub fn shortage(message: impl Into<String>) -> Self {
        Self { is_shortage: true, ..Self::warning(None, message) }
    }

    /// Adds the finding to `findings`, unless it is there already.
    pub fn once_in(self, findings: &mut Vec<Self>) {
        if !findings.contains(&self) {
            findings.push(self);
        }
    }

    /// Creates a note.
    pub fn note(message: impl Into<String>) -> Self {
        Self { level: Level::Note, place: None, message: message.into(), is_shortage: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_similar_words_are_suggested() {
        let known = ["storage_loss".to_owned(), "energy_eff".to_owned()];
        assert_eq!(nearest("enrgy_eff", &known).as_deref(), Some("energy_eff"));
        assert_eq!(nearest("STORAGE_LOS", &known).as_deref(), Some("storage_loss"));
        assert_eq!(nearest("zzz", &known), None);
    }
}
