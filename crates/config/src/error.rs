//! What can be wrong with a configuration, and the findings that are worth a word though nothing is wrong.

use std::path::PathBuf;

use anergy_cosim::coupling::SettingsError;
use anergy_data::schema::{self, Level};
use anergy_data::series::SeriesError;
use anergy_dispatch::district::DistrictError;
use anergy_thermal::water_loop::WaterLoopError;
use serde::Serialize;

use super::yaml::Span;

/// What is wrong at a place of a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not YAML.
    #[error("not readable as YAML: {0}")]
    Syntax(String),
    /// A key stands twice.
    #[error("`{key}` is defined twice; first in {} line {}", first.path().display(), first.line)]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stood first.
        first: Span,
    },
    /// A key that nothing reads.
    #[error("unknown key `{key}`{}", suggestion(nearest.as_deref(), known))]
    UnknownKey {
        /// The key.
        key: String,
        /// The known key nearest to it.
        nearest: Option<String>,
        /// All known keys.
        known: Vec<String>,
    },
    /// A word that is none of the choices.
    #[error("unknown choice `{word}`{}", suggestion(nearest.as_deref(), known))]
    UnknownChoice {
        /// The word.
        word: String,
        /// The choice nearest to it.
        nearest: Option<String>,
        /// All choices.
        known: Vec<String>,
    },
    /// A key that must be there.
    #[error("`{key}` is missing")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// Something that exists in Calliope and not here.
    #[error("`{what}` is not supported{}", reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
    Unsupported {
        /// What it is.
        what: String,
        /// Why, or what to do instead.
        reason: Option<String>,
    },
    /// A value that makes no sense where it stands.
    #[error("{0}")]
    Wrong(String),
}

impl Problem {
    /// An unknown key among `known` ones.
    pub fn unknown_key<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        Self::UnknownKey { key: key.to_owned(), nearest: nearest(key, &known), known }
    }

    /// An unknown word among `known` ones.
    pub fn unknown_choice<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        Self::UnknownChoice { word: word.to_owned(), nearest: nearest(word, &known), known }
    }
}

fn suggestion(nearest: Option<&str>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(nearest), _) => format!("; did you mean `{nearest}`?"),
        (None, []) => String::new(),
        (None, known) => {
            format!("; known are {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The known word nearest to `word`, if any is near.
pub fn nearest(word: &str, known: &[String]) -> Option<String> {
    let closeness = |name: &String| strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
    let best = known.iter().max_by(|a, b| closeness(a).total_cmp(&closeness(b)))?;
    (closeness(best) >= 0.5).then(|| best.clone())
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Something is wrong at a place of a file.
    #[error("{span}: {problem}")]
    At {
        /// The place.
        span: Span,
        /// What is wrong there.
        problem: Box<Problem>,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A scenario or override that the model does not have.
    #[error("no scenario or override is named `{name}`{}", suggestion(nearest.as_deref(), known))]
    UnknownScenario {
        /// The name.
        name: String,
        /// The nearest there is.
        nearest: Option<String>,
        /// All there are.
        known: Vec<String>,
    },
    /// A `--set` that is no `key=value`.
    #[error("`--set {text}` is not of the form key=value")]
    Setting {
        /// What was given.
        text: String,
    },
    /// A time series is wrong; the place that asks for it, if any.
    #[error("{}{source}", asked.as_ref().map(|span| format!("{span}: ")).unwrap_or_default())]
    Series {
        /// Where it is asked for.
        asked: Option<Span>,
        /// What is wrong.
        source: Box<SeriesError>,
    },
    /// The district makes no sense.
    #[error(transparent)]
    District(Box<DistrictError>),
    /// The loop makes no sense.
    #[error(transparent)]
    WaterLoop(#[from] WaterLoopError),
    /// The coupling's settings make no sense.
    #[error(transparent)]
    Coupling(#[from] SettingsError),
    /// The loop and the district do not fit together.
    #[error("{0}")]
    Mismatch(String),
}

impl From<DistrictError> for ConfigError {
    fn from(error: DistrictError) -> Self {
        Self::District(Box::new(error))
    }
}

impl ConfigError {
    /// The place in a file, where there is one.
    #[must_use]
    pub fn span(&self) -> Option<&Span> {
        match self {
            Self::At { span, .. } => Some(span),
            Self::Series { asked, .. } => asked.as_ref(),
            _ => None,
        }
    }

    /// Whether a file that should be there cannot be read now, as opposed to a mistake in what was read.
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

    /// The message without its place.
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
    /// An error in a time series that is asked for at this place.
    pub fn series_error(&self, source: SeriesError) -> ConfigError {
        ConfigError::Series { asked: Some(self.clone()), source: Box::new(source) }
    }

    /// An error at this place.
    #[must_use]
    pub fn error(&self, problem: Problem) -> ConfigError {
        ConfigError::At { span: self.clone(), problem: Box::new(problem) }
    }
}

/// A warning or a note on a model, or a default that it leaves in force. It is written as
/// [`schema::Finding`](anergy_data::schema::Finding).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(into = "schema::Finding")]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// `file:line:column`, where there is a place.
    pub place: Option<String>,
    /// What was found.
    pub message: String,
    /// Whether it tells of demand that cannot be served.
    pub is_shortage: bool,
}

impl From<Finding> for schema::Finding {
    fn from(Finding { level, place, message, .. }: Finding) -> Self {
        Self { level, place, message }
    }
}

impl Finding {
    /// A warning.
    pub fn warning(span: Option<&Span>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            place: span.map(ToString::to_string),
            message: message.into(),
            is_shortage: false,
        }
    }

    /// A warning of demand that cannot be served.
    pub fn shortage(message: impl Into<String>) -> Self {
        Self { is_shortage: true, ..Self::warning(None, message) }
    }

    /// Adds it to `findings`, unless it stands there.
    pub fn once_in(self, findings: &mut Vec<Self>) {
        if !findings.contains(&self) {
            findings.push(self);
        }
    }

    /// A note.
    pub fn note(message: impl Into<String>) -> Self {
        Self { level: Level::Note, place: None, message: message.into(), is_shortage: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let known = ["storage_loss".to_owned(), "energy_eff".to_owned()];
        assert_eq!(nearest("enrgy_eff", &known).as_deref(), Some("energy_eff"));
        assert_eq!(nearest("STORAGE_LOS", &known).as_deref(), Some("storage_loss"));
        assert_eq!(nearest("zzz", &known), None);
    }
}
