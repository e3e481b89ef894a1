//! Calliope models: name and time window.

use anergy_data::series::TimeWindow;

use crate::ConfigError;
use crate::document::{self, Document};
use crate::yaml::{Map, Node};

/// A Calliope model with imports, overrides and settings merged.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) document: Document,
}

impl Model {
    /// Creates a Calliope model from a document; `window` replaces the model's own time window.
    ///
    /// # Errors
    /// [`ConfigError`] when the model has no place for a window.
    pub fn new(mut document: Document, window: Option<&[String; 2]>) -> Result<Self, ConfigError> {
        if let Some([from, to]) = window {
            let (span, value) = document::dates(from, to);
            document.put("model.subset_time", &span, value)?;
        }
        Ok(Self { document })
    }

    /// Returns the model's own name, or the name of its file.
    #[must_use]
    pub fn name(&self) -> String {
        let named = self.document.map().get("model").and_then(Node::as_map).and_then(|model| model.get("name"));
        named.and_then(Node::as_text).map_or_else(|| self.document.stem(), str::to_owned)
    }

    /// Returns the whole content of the model.
    #[must_use]
    pub fn map(&self) -> &Map {
        self.document.map()
    }

    /// Parses the time window `subset_time`; `None` where there is none.
    pub(super) fn window(subset_time: Option<&Node>) -> Result<Option<TimeWindow>, ConfigError> {
        subset_time.map_or(Ok(None), document::window)
    }
}
